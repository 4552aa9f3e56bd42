// The destination_censuses table: how far the reading of all customers of the destination's account has come, and since when
// what has changed there is to be asked for. It knows rows and asks nobody.
import { sql } from 'drizzle-orm';
import { bigint, check, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { Json } from '../connector.ts';
import { time } from '../db/column-types.ts';
import { json, type Queryable, toTimestamp } from '../db/database.ts';

export const destinationCensuses = pgTable(
  'destination_censuses',
  {
    account: text().primaryKey(),
    state: text().$type<CensusState>().notNull(),
    /** Where the list goes on; null: from the beginning. */
    cursor: jsonb().$type<Json>(),
    /** How many customers the destination said it has; null where it was not asked yet. */
    total: bigint({ mode: 'number' }),
    /** So many more the destination counted than we know by their source ID, when all had been listed: they have none. */
    nameless: bigint({ mode: 'number' }).notNull().default(0),
    /** Customers created, and updated, since then are still to be asked for. */
    createdSince: time('created_since').notNull(),
    updatedSince: time('updated_since').notNull(),
    lease: uuid(),
    leasedUntil: time('leased_until'),
  },
  (t) => [check('destination_censuses_lease', sql`(${t.lease} is null) = (${t.leasedUntil} is null)`)],
);

/** `declined`: to read those about to be written one by one costs less. */
export type CensusState = 'listing' | 'declined' | 'listed';

export type CensusRow = Omit<typeof destinationCensuses.$inferSelect, 'account' | 'lease' | 'leasedUntil'>;

const columns = sql`state, cursor, total, nameless, created_since, updated_since`;

export async function censusOf(db: Queryable, account: string): Promise<CensusRow | null> {
  const [row] = await db.rows<CensusRow>(sql`
    select ${columns} from destination_censuses where account = ${account}`);
  return row ?? null;
}

/** Takes the reading over until the lease runs out; null where another worker has it, or it has ended. */
export async function claimCensus(
  db: Queryable,
  account: string,
  { lease, now, leaseMs }: { lease: string; now: number; leaseMs: number },
): Promise<CensusRow | null> {
  const [row] = await db.rows<CensusRow>(sql`
    insert into destination_censuses (account, state, created_since, updated_since, lease, leased_until)
    values (${account}, 'listing', ${toTimestamp(now)}, ${toTimestamp(now)}, ${lease}::uuid, ${toTimestamp(now + leaseMs)})
    on conflict (account) do update set lease = excluded.lease, leased_until = excluded.leased_until
      where destination_censuses.state <> 'listed'
        and (destination_censuses.lease is null or destination_censuses.leased_until <= ${toTimestamp(now)})
    returning ${columns}`);
  return row ?? null;
}

/** Keeps how far it has come, and lets go of it. False where another worker has it by now. */
export async function keepCensus(
  db: Queryable,
  account: string,
  lease: string,
  row: CensusRow,
): Promise<boolean> {
  const rows = await db.rows(sql`
    update destination_censuses set state = ${row.state}, cursor = ${row.cursor === null ? sql`null` : json(row.cursor)},
      total = ${row.total}, nameless = ${row.nameless}, created_since = ${toTimestamp(row.createdSince)},
      updated_since = ${toTimestamp(row.updatedSince)}, lease = null, leased_until = null
    where account = ${account} and lease = ${lease}::uuid returning account`);
  return rows.length > 0;
}

/** Nothing came of it: the next one goes on from where it stands. */
export async function releaseCensus(db: Queryable, account: string, lease: string): Promise<void> {
  await db.rows(sql`
    update destination_censuses set lease = null, leased_until = null
    where account = ${account} and lease = ${lease}::uuid`);
}

/** All that was created, or updated, before these moments has been seen. */
export async function advanceCensus(
  db: Queryable,
  account: string,
  {
    createdSince,
    updatedSince,
    nameless,
  }: { createdSince?: number; updatedSince?: number; nameless?: number },
): Promise<void> {
  await db.rows(sql`
    update destination_censuses set
      created_since = greatest(created_since, ${createdSince === undefined ? sql`created_since` : toTimestamp(createdSince)}),
      updated_since = greatest(updated_since, ${updatedSince === undefined ? sql`updated_since` : toTimestamp(updatedSince)}),
      nameless = ${nameless === undefined ? sql`nameless` : sql`${nameless}`}
    where account = ${account}`);
}

/** Those of other accounts are of no use: their customers are not the ones that are kept. */
export async function dropOtherCensuses(db: Queryable, account: string): Promise<void> {
  await db.rows(sql`delete from destination_censuses where account <> ${account}`);
}
