// What the destination acknowledged of each customer, by field. It is what the next difference is taken against.
import { sql } from 'drizzle-orm';
import { integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { Fields } from '../connector.ts';
import { time } from '../db/column-types.ts';
import { jsonList, type Queryable, texts, toTimestamp } from '../db/database.ts';
import type { CustomerRow } from './customers.ts';

/** What the destination acknowledged, by field. */
export const acknowledgements = pgTable('acknowledgements', {
  sourceId: text('source_id').primaryKey(),
  revision: integer().notNull(),
  fields: jsonb().$type<Fields>().notNull(),
  acknowledgedAt: time('acknowledged_at').notNull(),
});

export type Acknowledgement = Omit<typeof acknowledgements.$inferSelect, 'acknowledgedAt'>;

const newerOnly = sql`
    on conflict (source_id) do update set
      revision = excluded.revision, fields = excluded.fields, acknowledged_at = excluded.acknowledged_at
    where acknowledgements.revision <= excluded.revision`;

/** Keeps these as acknowledged; an older revision never replaces a newer one. */
export async function keepAcknowledged(
  db: Queryable,
  rows: readonly Acknowledgement[],
  now: number,
): Promise<void> {
  if (rows.length === 0) return;
  await db.rows(sql`
    insert into acknowledgements (source_id, revision, fields, acknowledged_at)
    select "sourceId", revision, fields, ${toTimestamp(now)}
    from json_to_recordset(${jsonList(rows)}) as row ("sourceId" text, revision int, fields jsonb)
    ${newerOnly}`);
}

/** Keeps what these customers of a batch were sent as acknowledged, from where it is stored: it need not come here and go back. */
export async function keepSent(
  db: Queryable,
  { batchId, parts }: { batchId: string; parts: readonly number[] },
  sourceIds: readonly string[],
  now: number,
): Promise<void> {
  await db.rows(sql`
    insert into acknowledgements (source_id, revision, fields, acknowledged_at)
    select item ->> 'sourceId', (item ->> 'revision')::int, item -> 'acknowledges', ${toTimestamp(now)}
    from json_array_elements_text(${jsonList(parts)}) as number
    join batch_items on batch_id = ${batchId}::uuid and part = number::int
    cross join lateral jsonb_array_elements(items) as item
    join json_array_elements_text(${jsonList(sourceIds)}) as wanted (id) on item ->> 'sourceId' = wanted.id
    where jsonb_typeof(item -> 'acknowledges') = 'object'
    ${newerOnly}`);
}

/** Whether the destination has acknowledged anybody. */
export async function anyAcknowledged(db: Queryable): Promise<boolean> {
  const [row] = await db.rows<{ any: boolean }>(sql`select exists (select 1 from acknowledgements) as any`);
  return row?.any === true;
}

/** Forgets what was acknowledged of these customers: the destination holds none of it any more. */
export async function dropAcknowledged(db: Queryable, sourceIds: readonly string[]): Promise<void> {
  if (sourceIds.length === 0) return;
  await db.rows(sql`delete from acknowledgements where source_id = any(${texts(sourceIds)})`);
}

/** Forgets what the destination acknowledged of a customer who is erased. */
export async function forgetAcknowledgement(db: Queryable, sourceId: string): Promise<number> {
  const rows = await db.rows(
    sql`delete from acknowledgements where source_id = ${sourceId} returning source_id`,
  );
  return rows.length;
}

export async function acknowledgedFields(
  db: Queryable,
  sourceIds: readonly string[],
): Promise<Map<string, Fields>> {
  const rows = await db.rows<{ sourceId: string; fields: Fields }>(sql`
    select source_id, fields from acknowledgements where source_id = any(${texts(sourceIds)})`);
  return new Map(rows.map((row) => [row.sourceId, row.fields]));
}

export interface SendableRow extends Omit<CustomerRow, 'orphaned' | 'clash'> {
  /** All its records have left it, and nobody refused to let it go. */
  gone: boolean;
  /** An undo has it taken away, whatever its records say. */
  withheld: boolean;
  acknowledged: Fields | null;
}

export async function sendableRows(
  db: Queryable,
  sourceIds: readonly string[],
  state: 'waiting' | 'held',
): Promise<(SendableRow & { uncertain: boolean })[]> {
  return db.rows(sql`
    select source_id, customers.revision, customers.fields, dropped, orphaned and not deletion_refused as gone, withheld_by is not null as withheld,
           acknowledgements.fields as acknowledged, uncertain
    from customers join deliveries using (source_id) left join acknowledgements using (source_id)
    where source_id = any(${texts(sourceIds)}) and state = ${state}`);
}

export type PreviewedCustomer = CustomerRow & {
  deletionRefused: boolean;
  acknowledged: Fields | null;
};

// ── Rows ────────────────────────────────────────────────────────────────────────────────────────────────────────

export async function previewedCustomersAfter(
  db: Queryable,
  last: string | null,
  limit: number,
): Promise<PreviewedCustomer[]> {
  return db.rows(sql`
    select source_id, customers.revision, customers.fields, dropped, orphaned, deletion_refused, clash,
           acknowledgements.fields as acknowledged
    from (select * from customers where ${last === null ? sql`true` : sql`source_id > ${last}`}
          order by source_id limit ${limit}) as customers
    left join acknowledgements using (source_id)
    order by source_id`);
}

/** So many acknowledged customers are asked for. */
const samples = 5;

/** Customers that the destination has said it holds, taken from all over the table. */
export async function acknowledgedCustomers(db: Queryable): Promise<string[]> {
  const rows = await db.rows<{ sourceId: string }>(sql`
    (select source_id from acknowledgements order by acknowledged_at desc limit ${samples})
    union (select source_id from acknowledgements order by source_id limit 1)`);
  return rows.map(({ sourceId }) => sourceId).slice(0, samples);
}

interface HeldCustomer {
  sourceId: string;
  acknowledged: Fields | null;
  /** Something is on its way, or waits: what is held now says nothing yet. */
  waits: boolean;
  deliveredAt: number | null;
}

export async function heldCustomers(
  tx: Queryable,
  sourceIds: readonly string[],
): Promise<Map<string, HeldCustomer>> {
  const rows = await tx.rows<HeldCustomer>(sql`
    select source_id, acknowledgements.fields as acknowledged, state in ('waiting', 'held') as waits,
           delivered_at
    from deliveries left join acknowledgements using (source_id)
    where source_id = any(${texts(sourceIds)})`);
  return new Map(rows.map((row) => [row.sourceId, row]));
}

/** Those that are delivered, as far as anybody knows. */
export async function settledRows(
  db: Queryable,
  sourceIds: readonly string[],
): Promise<(PreviewedCustomer & { acknowledged: Fields })[]> {
  return db.rows(sql`
    select source_id, customers.revision, customers.fields, dropped, orphaned, clash, deletion_refused,
           acknowledgements.fields as acknowledged
    from customers join deliveries using (source_id) join acknowledgements using (source_id)
    where source_id = any(${texts(sourceIds)}) and state = 'delivered' and not uncertain`);
}

type BesideAcknowledged = Omit<PreviewedCustomer, 'revision' | 'clash'> & { withheldBy: number | null };

/** Customers with what the destination acknowledged of each, by source ID. */
export async function customersBesideAcknowledged(
  db: Queryable,
  sourceIds: readonly string[],
): Promise<Map<string, BesideAcknowledged>> {
  const rows = await db.rows<BesideAcknowledged>(sql`
    select source_id, customers.fields, dropped, orphaned, deletion_refused, withheld_by, acknowledgements.fields as acknowledged
    from customers left join acknowledgements using (source_id)
    where source_id = any(${texts(sourceIds)})`);
  return new Map(rows.map((row) => [row.sourceId, row]));
}
