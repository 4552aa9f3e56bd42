// Bulk actions on their way to the destination or accepted and not ended there, with what was sent, so that any worker can
// settle them after any crash; and single writes that may still arrive. It knows rows, not the vendor.
import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { ActionKind } from '../connector.ts';
import { time } from '../db/column-types.ts';
import { json, type Queryable, toTimestamp } from '../db/database.ts';
import { activeTrace } from '../engine/trace/trace.ts';
import { leasedBy } from '../engine/work/worker-registry.ts';
import { type BatchItem, dropItems, itemCount, keepItems } from './batch-items.ts';
import { keepActionId } from './bulk-actions.ts';

/** A bulk action on its way to the destination, or accepted and not ended there; or a single write that may still arrive. */
export const batches = pgTable(
  'batches',
  {
    id: uuid().primaryKey(),
    /** Null until the destination has named it; it stays so where the answer was lost, or the worker before it came. */
    actionId: text('action_id'),
    /** What it was sent as. `single`: a write of one customer of which nothing was heard, and which has no action. */
    kind: text().$type<ActionKind | 'single'>().notNull().default('bulk'),
    /** Present while its action is looked up, since the answer with its name was lost. */
    lost: jsonb().$type<Loss>(),
    submittedAt: time('submitted_at').notNull(),
    polls: integer().notNull().default(0),
    dueAt: time('due_at').notNull(),
    lease: uuid(),
    /** The span that sent it, where it was traced. */
    traceparent: text(),
  },
  (t) => [index('batches_due').on(t.dueAt)],
);

export interface Batch extends Omit<typeof batches.$inferSelect, 'dueAt' | 'lease' | 'traceparent'> {
  items: BatchItem[];
}

/** How the answer was lost. */
export interface Loss {
  /** When that was known, epoch milliseconds. */
  at: number;
  /** Something answered in the vendor's place. */
  answered: boolean;
  /** It was said that the vendor is unavailable (503). Absent in what earlier releases kept. */
  unavailable?: boolean;
  /** It counts as an attempt where nothing is found. */
  counted: boolean;
  message: string;
}

/** Of a batch of which the destination has named no action. */
export const noAction = { actionId: null, polls: 0, lost: null };

/** Keeps a batch, before it is sent, in a transaction. `lease`: of the worker that sends it. */
export async function keepBatch(
  db: Queryable,
  batch: Batch,
  {
    dueAt,
    lease = null,
    yieldToUrgent,
  }: { dueAt: number; lease?: string | null; yieldToUrgent?: () => Promise<void> },
): Promise<void> {
  await db.rows(sql`
    insert into batches (id, action_id, kind, submitted_at, due_at, lease, traceparent)
    values (${batch.id}::uuid, ${batch.actionId}, ${batch.kind}, ${toTimestamp(batch.submittedAt)}, ${toTimestamp(dueAt)}, ${lease}::uuid, ${activeTrace() ?? null})`);
  await keepItems(db, batch.id, batch.items, yieldToUrgent);
}

/** Keeps the name of its action, which is asked about from then on; the whole batch where others gave it up meanwhile. */
export async function nameBatch(
  db: Queryable,
  batch: Batch & { actionId: string },
  { now, dueAt }: { now: number; dueAt: number },
): Promise<void> {
  await keepActionId(db, batch.actionId, now);
  const rows = await db.rows(sql`
    update batches set action_id = ${batch.actionId}, lost = null, due_at = ${toTimestamp(dueAt)}, lease = null
    where id = ${batch.id}::uuid returning id`);
  if (rows.length === 0) await keepBatch(db, batch, { dueAt });
}

/** Keeps the name of an action that was looked up, of a batch that is held. False where another batch of ours has it. */
export async function nameLost(
  db: Queryable,
  { id, actionId, lease, now }: { id: string; actionId: string; lease: string; now: number },
): Promise<boolean> {
  if (!(await holdBatch(db, id, lease)) || !(await keepActionId(db, actionId, now))) return false;
  await db.rows(sql`update batches set action_id = ${actionId}, lost = null where id = ${id}::uuid`);
  return true;
}

/** Its action is looked up from `dueAt` on. False where it is gone. */
export async function loseBatch(db: Queryable, id: string, loss: Loss, dueAt: number): Promise<boolean> {
  const rows = await db.rows(sql`
    update batches set lost = ${json(loss)}, due_at = ${toTimestamp(dueAt)}, lease = null
    where id = ${id}::uuid and action_id is null returning id`);
  return rows.length === 1;
}

/** Its action is asked about and looked up no longer, and made up for from `dueAt` on. */
export async function giveUpLost(db: Queryable, id: string, lease: string, dueAt: number): Promise<void> {
  await db.rows(sql`
    update batches set action_id = null, lost = null, due_at = ${toTimestamp(dueAt)}, lease = null
    where id = ${id}::uuid and lease = ${lease}::uuid`);
}

/** A batch that is asked about: what it carries is read only once it is needed. */
export interface ClaimedBatch extends Omit<Batch, 'items'> {
  customers: number;
  traceparent: string | null;
}

/** Claims one batch that is due to be asked about. */
export async function claimBatch(
  db: Queryable,
  lease: string,
  now: number,
  leaseMs: number,
): Promise<ClaimedBatch | null> {
  const [batch] = await db.rows<Omit<ClaimedBatch, 'customers'>>(sql`
    update batches set lease = ${lease}::uuid, due_at = ${toTimestamp(now + leaseMs)}, polls = polls + 1
    where id = (select id from batches where due_at <= ${toTimestamp(now)} order by due_at limit 1 for update skip locked)
    returning id, action_id, kind, submitted_at, polls, lost, traceparent`);
  return batch ? { ...batch, customers: await itemCount(db, batch.id) } : null;
}

/** Puts a batch off until it is asked about again. */
export async function putOffBatch(db: Queryable, id: string, lease: string, dueAt: number): Promise<void> {
  await db.rows(
    sql`update batches set due_at = ${toTimestamp(dueAt)}, lease = null where id = ${id}::uuid and lease = ${lease}::uuid`,
  );
}

/** Of a batch that has ended these are still to be settled, from `dueAt` on. Within the transaction that holds it. */
export async function leaveOf(
  db: Queryable,
  id: string,
  { items, dueAt }: { items: readonly BatchItem[]; dueAt: number },
): Promise<void> {
  await db.rows(dropItems(id));
  await keepItems(db, id, items);
  await db.rows(sql`update batches set due_at = ${toTimestamp(dueAt)}, lease = null where id = ${id}::uuid`);
}

/** Locks the batch to settle it; false where another worker holds it by now. */
export async function holdBatch(db: Queryable, id: string, lease: string): Promise<boolean> {
  const rows = await db.rows(
    sql`select 1 from batches where id = ${id}::uuid and lease = ${lease}::uuid for update`,
  );
  return rows.length === 1;
}

/** Takes a batch away that is settled, or did not reach the destination. */
export async function endBatch(db: Queryable, id: string): Promise<void> {
  await db.rows(sql`
    with dropped as (${dropItems(id)}) delete from batches where id = ${id}::uuid`);
}

/** How many the destination has named, and when the next is due to be looked at, epoch milliseconds. */
export async function batchesUnderWay(db: Queryable): Promise<number> {
  const [row] = await db.rows<{ count: number }>(sql`select count(action_id) as count from batches`);
  return row?.count ?? 0;
}

/** When the next batch is to be asked about. */
export const batchDueAt = sql`select min(due_at) from batches`;

/**
 * What a dead worker was asking about may be asked about at once. What it was sending is looked up, where there is a `loss`,
 * from `waitMs` after it was sent.
 */
export async function freeBatches(
  db: Queryable,
  worker: string,
  { now, loss, waitMs }: { now: number; loss: Loss | null; waitMs: number },
): Promise<void> {
  await db.rows(sql`
    update batches set lease = null,
      due_at = case when lost is null and unheard then greatest(submitted_at + ${waitMs} * interval '1 ms', ${toTimestamp(now)}) else ${toTimestamp(now)} end,
      lost = case when unheard then ${loss === null ? sql`null` : json(loss)} else lost end
    from (select id, action_id is null and polls = 0 as unheard from batches as found
          where ${leasedBy(sql`lease`, worker)} for update) as freed
    where batches.id = freed.id`);
}
