// The customers that a verification has met, or chosen at random, until it has ended. It knows rows and compares nothing.
import { sql } from 'drizzle-orm';
import { bigint, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Fields } from '../connector.ts';
import { type Queryable, texts, toTimestamp } from '../db/database.ts';

/** Customers that a full verification has met, until it has ended. */
export const verifiedCustomers = pgTable(
  'verified_customers',
  {
    verificationId: bigint('verification_id', { mode: 'number' }).notNull(),
    sourceId: text('source_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.verificationId, t.sourceId] })],
);

/** What we hold of a customer that a verification looks at. */
export interface KnownCustomer {
  sourceId: string;
  /** What the destination acknowledged; null: nothing. */
  acknowledged: Fields | null;
  /** Something is on its way, was delivered after `since`, or nobody knows: what is found says nothing. */
  inFlight: boolean;
  /** What was known to differ before. */
  drift: 'differs' | 'deleted' | 'unknown' | null;
  /** The destination's own webhook had said that it was deleted there. */
  deletedThere: boolean;
}

const known = (since: number) => sql`
  acknowledgements.fields as acknowledged,
  coalesce(deliveries.state = 'waiting' or deliveries.uncertain or deliveries.delivered_at >= ${toTimestamp(since)}, false) as in_flight,
  drifts.kind as drift, coalesce(drifts.kind = 'deleted' and drifts."by" = 'webhook', false) as deleted_there`;

/** Of these customers those that we know anything of. `since`: when reading them was begun, epoch milliseconds. */
export async function knownOf(
  db: Queryable,
  sourceIds: readonly string[],
  since: number,
): Promise<Map<string, KnownCustomer>> {
  if (sourceIds.length === 0) return new Map();
  const rows = await db.rows<KnownCustomer>(sql`
    select wanted.id as source_id, ${known(since)}
    from unnest(${texts(sourceIds)}) as wanted (id)
    left join acknowledgements on acknowledgements.source_id = wanted.id
    left join deliveries on deliveries.source_id = wanted.id
    left join drifts on drifts.source_id = wanted.id
    where acknowledgements.source_id is not null or deliveries.source_id is not null`);
  return new Map(rows.map((row) => [row.sourceId, row]));
}

/** Notes whom a reading met. Returns those whom it had not met before. */
export async function noteMet(
  db: Queryable,
  verificationId: number,
  sourceIds: readonly string[],
): Promise<Set<string>> {
  if (sourceIds.length === 0) return new Set();
  const rows = await db.rows<{ sourceId: string }>(sql`
    insert into verified_customers (verification_id, source_id)
    select ${verificationId}::bigint, unnest(${texts(sourceIds)}) on conflict do nothing returning source_id`);
  return new Set(rows.map((row) => row.sourceId));
}

/**
 * Those acknowledged and not met, by source ID. Each is looked up by its whole key, as in a sweep: the table was filled
 * minutes ago, and no statistics are to be relied on.
 */
export async function notMet(
  db: Queryable,
  verificationId: number,
  page: { after: string; since: number; limit: number },
): Promise<KnownCustomer[]> {
  return db.rows(sql`
    select acknowledgements.source_id, ${known(page.since)}
    from acknowledgements
    left join deliveries on deliveries.source_id = acknowledgements.source_id
    left join drifts on drifts.source_id = acknowledgements.source_id
    left join lateral (
      select true as met from verified_customers
      where verification_id = ${verificationId}::bigint and source_id = acknowledgements.source_id limit 1) as verified on true
    where acknowledgements.source_id > ${page.after} and met is null
    order by acknowledgements.source_id limit ${page.limit}`);
}

/** Chooses so many of the acknowledged at random, each set of them as likely as any other. */
export async function choose(db: Queryable, verificationId: number, most: number): Promise<void> {
  await db.rows(sql`
    insert into verified_customers (verification_id, source_id)
    select ${verificationId}::bigint, source_id from acknowledgements order by random() limit ${most} on conflict do nothing`);
}

export async function chosen(
  db: Queryable,
  verificationId: number,
  page: { after: string; limit: number },
): Promise<string[]> {
  const rows = await db.rows<{ sourceId: string }>(sql`
    select source_id from verified_customers
    where verification_id = ${verificationId}::bigint and source_id > ${page.after} order by source_id limit ${page.limit}`);
  return rows.map((row) => row.sourceId);
}

/** True where something is being delivered, or falls due within `soonMs`, and nothing holds all deliveries back. */
export async function someAreUnderWay(
  db: Queryable,
  { now, soonMs }: { now: number; soonMs: number },
): Promise<boolean> {
  const [row] = await db.rows<{ going: boolean }>(sql`
    select exists(
      select 1 from deliveries where state = 'waiting'
        and (lease is not null or batch_id is not null or due_at <= ${toTimestamp(now + soonMs)}))
      and not exists(select 1 from pauses where name = 'destination') as going`);
  return row?.going ?? false;
}

export async function countAcknowledged(db: Queryable): Promise<number> {
  const [row] = await db.rows<{ count: number }>(sql`select count(*) as count from acknowledgements`);
  return row?.count ?? 0;
}

/** A verification has ended. */
export async function forgetMet(db: Queryable, verificationId: number): Promise<void> {
  await db.rows(sql`delete from verified_customers where verification_id = ${verificationId}::bigint`);
}

/** Of one who is erased. */
export async function forgetVerified(db: Queryable, sourceId: string): Promise<void> {
  await db.rows(sql`
    delete from verified_customers using verifications
    where verifications.state = 'requested' and verification_id = verifications.id and source_id = ${sourceId}`);
}
