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
