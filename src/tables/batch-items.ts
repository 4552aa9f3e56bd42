// The batch_items table: what a bulk action carries, in parts, so that one of 25,000 customers is never a value or a text of
// its own: such a text is tens of megabytes, and holds up the process while it is made or read. It knows no vendor.
import { sql } from 'drizzle-orm';
import { integer, jsonb, pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core';
import type { Fields } from '../connector.ts';
import { json, type Queryable } from '../db/database.ts';

/** What was sent in a bulk action. A batch's parts are numbered from 0 without a gap. */
export const batchItems = pgTable(
  'batch_items',
  {
    batchId: uuid('batch_id').notNull(),
    part: integer().notNull(),
    /** A list of `BatchItem`. */
    items: jsonb().notNull(),
  },
  (t) => [primaryKey({ columns: [t.batchId, t.part] })],
);

export interface BatchItem {
  sourceId: string;
  /** The revision sent. */
  revision: number;
  /** What will be acknowledged when it is accepted. Null: the destination then has nothing of it. */
  acknowledges: Fields | null;
  attempts: number;
  /** Whether an attempt before this one is still in doubt. */
  uncertain: boolean;
  /** Fields that were left out of it on purpose: whether they are there afterwards shows what bulk does to objects. */
  leftOut?: readonly string[];
  /** When it was written last before, by the destination's clock, epoch milliseconds: what it showed then proves nothing. */
  writtenAt?: number;
  /** The part of its batch in which it is stored. */
  part?: number;
}

/** So many customers to a part: as many as are settled at once, so that no more are read for it. */
export const partSize = 250;

/** Within the transaction that keeps the batch. `yieldToUrgent`: awaited between two parts. */
export async function keepItems(
  db: Queryable,
  batchId: string,
  items: readonly BatchItem[],
  yieldToUrgent: () => Promise<void> = async () => {},
): Promise<void> {
  for (let part = 0; part * partSize < items.length; part += 1) {
    if (part > 0) await yieldToUrgent();
    const some = items.slice(part * partSize, (part + 1) * partSize);
    await db.rows(
      sql`insert into batch_items (batch_id, part, items) values (${batchId}::uuid, ${part}, ${json(some)})`,
    );
  }
}

/** How many a batch carries. */
export async function itemCount(db: Queryable, batchId: string): Promise<number> {
  const [row] = await db.rows<{ count: number }>(sql`
    select part * ${partSize}::int + jsonb_array_length(items) as count
    from batch_items where batch_id = ${batchId}::uuid order by part desc limit 1`);
  return row?.count ?? 0;
}

/** Of a batch that is held. `yieldToUrgent`: awaited between two parts. */
export async function itemsOf(
  db: Queryable,
  batchId: string,
  yieldToUrgent: () => Promise<void>,
): Promise<BatchItem[]> {
  const parts = await db.rows<{ part: number }>(
    sql`select part from batch_items where batch_id = ${batchId}::uuid order by part`,
  );
  const all: BatchItem[] = [];
  for (const [index, { part }] of parts.entries()) {
    if (index > 0) await yieldToUrgent();
    const [row] = await db.rows<{ items: BatchItem[] }>(
      sql`select items from batch_items where batch_id = ${batchId}::uuid and part = ${part}`,
    );
    for (const item of row?.items ?? []) all.push({ ...item, part });
  }
  return all;
}

/** A statement: the batch carries nothing any more. */
export const dropItems = (batchId: string) => sql`delete from batch_items where batch_id = ${batchId}::uuid`;

/**
 * Forgets what was sent of a customer who is erased, but for the source ID: the vendor's answer is matched by it. Returns
 * in how many actions under way the customer is.
 */
export async function forgetInBatches(db: Queryable, sourceId: string): Promise<number> {
  const item = json([{ sourceId }]);
  const rows = await db.rows(sql`
    update batch_items set items = (
      select jsonb_agg(case when item ->> 'sourceId' = ${sourceId} then item || '{"acknowledges": {}}' else item end order by place)
      from jsonb_array_elements(items) with ordinality as all_of_them (item, place))
    where items @> ${item}
    returning batch_id`);
  return rows.length;
}
