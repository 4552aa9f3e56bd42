// Calls made, by quota, lane and hour: counted in memory and added to the table a few times a minute. It knows neither
// limits nor windows.
import { sql } from 'drizzle-orm';
import { integer, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { time } from '../../db/column-types.ts';
import { type Database, jsonList, type Queryable, texts, toTimestamp } from '../../db/database.ts';
import { type Lane, laneNumber, lanes } from './lanes.ts';
import type { QuotaKey } from './slices.ts';

/** Calls made, by lane and hour. */
export const quotaSpend = pgTable(
  'quota_spend',
  {
    account: text().notNull(),
    quota: text().notNull(),
    lane: smallint().notNull(),
    hour: time('hour').notNull(),
    calls: integer().notNull(),
    /** Of them those that the vendor refused with 429. */
    refused: integer().notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.account, t.quota, t.hour, t.lane] })],
);

const hourMs = 3_600_000;

/** A year, and what a yearly report is late. */
const keptDays = 400;

export interface Spent {
  quota: string;
  lane: Lane;
  /** When the hour began, epoch milliseconds. */
  hour: number;
  /** Calls that drew on the quota. A call that draws on several counts for each. */
  calls: number;
  /** Of them those that the vendor refused with 429 for this quota's sake. */
  refused: number;
}

interface Count extends QuotaKey {
  lane: number;
  hour: number;
  calls: number;
  refused: number;
}

/** The calls of this process that are not in the table yet. A process that dies takes them with it: a second's worth. */
export class Spending {
  #counts = new Map<string, Count>();
  /** Resolves when what was begun to be added is added, or kept. */
  #flushed: Promise<void> = Promise.resolve();

  get pending(): boolean {
    return this.#counts.size > 0;
  }

  /** One call was sent at `now`. */
  count(key: QuotaKey, lane: Lane, now: number, refused: boolean): void {
    const hour = Math.floor(now / hourMs) * hourMs;
    this.#add({ ...key, lane: laneNumber(lane), hour, calls: 1, refused: refused ? 1 : 0 });
  }

  /**
   * Adds all of it to the table by one statement, also what another call is about to add: who reads the table afterwards
   * finds every call that was made before. What could not be added is kept.
   */
  flush(database: Database): Promise<void> {
    const flushed = this.#flushed.then(() => this.#addAll(database));
    this.#flushed = flushed.catch(() => {});
    return flushed;
  }

  async #addAll(database: Database): Promise<void> {
    if (!this.pending) return;
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    try {
      // In one order, so that two workers never wait for each other's rows crosswise.
      await database.rows(sql`
        insert into quota_spend (account, quota, lane, hour, calls, refused)
        select account, quota, lane, to_timestamp(hour / 1000), calls, refused
        from json_to_recordset(${jsonList(counts)})
          as spent (account text, quota text, lane smallint, hour float8, calls int, refused int)
        order by account, quota, hour, lane
        on conflict (account, quota, hour, lane) do update set
          calls = quota_spend.calls + excluded.calls, refused = quota_spend.refused + excluded.refused`);
    } catch (error) {
      for (const count of counts) this.#add(count);
      throw error;
    }
  }

  #add(count: Count): void {
    const key = JSON.stringify([count.account, count.quota, count.lane, count.hour]);
    const known = this.#counts.get(key);
    if (!known) {
      this.#counts.set(key, { ...count });
      return;
    }
    known.calls += count.calls;
    known.refused += count.refused;
  }
}

/** What all workers have spent of the quotas of an account since the hour of `from`, by hour, quota and lane. */
export async function readSpend(
  db: Queryable,
  { account, from }: { account: string; from: number },
): Promise<Spent[]> {
  return (await readSpendOfAll(db, { accounts: [account], from })).get(account) ?? [];
}

/** The same of several accounts, by account. */
export async function readSpendOfAll(
  db: Queryable,
  { accounts, from }: { accounts: readonly string[]; from: number },
): Promise<Map<string, Spent[]>> {
  const first = Math.floor(from / hourMs) * hourMs;
  const rows = await db.rows<Omit<Spent, 'lane'> & { lane: number; account: string }>(sql`
    select account, quota, lane::int as lane, hour, calls, refused from quota_spend
    where account = any(${texts(accounts)}) and hour >= ${toTimestamp(first)}
    order by account, hour, quota, lane`);
  const byAccount = Map.groupBy(rows, ({ account }) => account);
  return new Map(
    [...byAccount].map(([account, list]) => [
      account,
      list.map(({ account: _, lane, ...row }) => ({ ...row, lane: lanes[lane] ?? 'backfill' })),
    ]),
  );
}

/** Forgets what is older than 400 days. */
export async function forgetSpend(db: Queryable, now: number): Promise<void> {
  await db.rows(sql`delete from quota_spend where hour < ${toTimestamp(now - keptDays * 24 * hourMs)}`);
}

/** Calls of these accounts in these lanes so far. */
export async function callsByQuota(
  db: Queryable,
  accounts: readonly string[],
  from: readonly Lane[],
): Promise<{ account: string; quota: string; calls: number }[]> {
  return db.rows(sql`
    select account, quota, sum(calls)::float8 as calls from quota_spend
    where account = any(${texts(accounts)}) and lane in ${from.map(laneNumber)}
    group by account, quota`);
}
