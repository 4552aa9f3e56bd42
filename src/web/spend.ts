// What was spent of each account's quotas, for the API and the pages.
import { readSpendOfAll, type Spent } from '../engine/quota/spend.ts';
import { destinationName } from '../tables/pauses.ts';
import type { Deps } from './deps.ts';

const hourMs = 3_600_000;

export interface VendorSpend {
  /** The source, or `destination`. */
  name: string;
  account: string;
  spent: Spent[];
}

export interface QuotaSpend {
  quota: string;
  lines: Spent[];
  calls: number;
  refused: number;
}

/** The quota with most calls first: it stands for the calls of the account, as every call draws on it. */
export function byQuota(spent: readonly Spent[]): QuotaSpend[] {
  return [...Map.groupBy(spent, ({ quota }) => quota)]
    .map(([quota, lines]) => ({
      quota,
      lines,
      calls: lines.reduce((sum, { calls }) => sum + calls, 0),
      refused: lines.reduce((sum, { refused }) => sum + refused, 0),
    }))
    .sort((one, other) => other.calls - one.calls);
}

/** Calls by hour, each counted once: of every account its first quota; refusals of all its quotas. */
export function callsByHour(vendors: readonly VendorSpend[]): { hour: number; count: number; bad: number }[] {
  const hours = new Map<number, { hour: number; count: number; bad: number }>();
  for (const [, [vendor]] of Map.groupBy(vendors, ({ account }) => account)) {
    byQuota(vendor!.spent).forEach(({ lines }, index) => {
      for (const { hour, calls, refused } of lines) {
        const known = hours.get(hour) ?? { hour, count: 0, bad: 0 };
        const count = known.count + (index === 0 ? calls : 0);
        hours.set(hour, { hour, count, bad: known.bad + refused });
      }
    });
  }
  return [...hours.values()];
}

/** When so many hours began, the present one among them, epoch milliseconds. */
export function hoursFrom(now: number, hours: number): number {
  return Math.floor(now / hourMs) * hourMs - (hours - 1) * hourMs;
}

/** By vendor, in the order of the configuration, of the last hours and the present one. */
export async function spendOf({ tributary }: Deps, hours: number): Promise<VendorSpend[]> {
  const { database, clock, rules, config } = tributary;
  const from = hoursFrom(clock.now(), hours);
  const { connector, settings } = config.destination;
  const accounts = [
    ...rules.sources.flatMap(({ name, description }) =>
      description ? [{ name, account: description.account }] : [],
    ),
    { name: destinationName, account: connector.api!(settings).account },
  ];
  const spent = await readSpendOfAll(database, { accounts: accounts.map(({ account }) => account), from });
  return accounts.map(({ name, account }) => ({ name, account, spent: spent.get(account) ?? [] }));
}
