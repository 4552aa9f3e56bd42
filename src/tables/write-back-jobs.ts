// Jobs at vendors that write many people and are asked about until they end. Each is kept before it is sent, so that one whose
// answer was lost can be made up for. It does not know what a job is.
import { sql } from 'drizzle-orm';
import { boolean, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { Attributes } from '../connector.ts';
import { time } from '../db/column-types.ts';
import { json, type Queryable, toTimestamp } from '../db/database.ts';
import { activeTrace } from '../engine/trace/trace.ts';
import { leasedBy } from '../engine/work/worker-registry.ts';

/** When a job that nobody could name has most likely ended, and when it has for sure. */
export const lostJobMs = [600_000, 3_600_000] as const;

/** Jobs at vendors that write many people. */
export const writeBackJobs = pgTable('write_back_jobs', {
  id: uuid().primaryKey(),
  source: text().notNull(),
  /** The vendor's ID of the job; null before its answer is known. */
  vendorId: text('vendor_id'),
  items: jsonb().$type<SentPerson[]>().notNull(),
  submittedAt: time('submitted_at').notNull(),
  dueAt: time('due_at').notNull(),
  polls: integer().notNull().default(0),
  /** Its answer was lost: people may be written by it at any time. */
  lost: boolean().notNull().default(false),
  lease: uuid(),
  /** The span that sent it, where it was traced. */
  traceparent: text(),
});

/** A person as they were sent. */
export interface SentPerson {
  sourceId: string;
  recordId: string | null;
  revision: number;
  attributes: Attributes;
  attempts: number;
  uncertain: boolean;
  /** When the request with them left, epoch milliseconds; absent before that. */
  sentAt?: number;
}

export type WriteBackJob = Pick<
  typeof writeBackJobs.$inferSelect,
  'id' | 'source' | 'vendorId' | 'items' | 'submittedAt' | 'polls' | 'lost' | 'traceparent'
>;

const columns = sql`id, source, vendor_id, items, submitted_at, polls, lost, traceparent`;

export async function keepJob(
  db: Queryable,
  job: {
    id: string;
    source: string;
    items: readonly SentPerson[];
    now: number;
    dueAt: number;
    lease: string;
  },
): Promise<void> {
  await db.rows(sql`
    insert into write_back_jobs (id, source, items, submitted_at, due_at, lease, traceparent)
    values (${job.id}::uuid, ${job.source}, ${json(job.items)}, ${toTimestamp(job.now)}, ${toTimestamp(job.dueAt)}, ${job.lease}::uuid,
      ${activeTrace() ?? null})`);
}

/** The vendor has named the job: the first worker that is free asks about it. */
export async function nameJob(
  db: Queryable,
  id: string,
  named: { vendorId: string; dueAt: number },
): Promise<void> {
  await db.rows(sql`
    update write_back_jobs set vendor_id = ${named.vendorId}, due_at = ${toTimestamp(named.dueAt)}, lease = null
    where id = ${id}::uuid`);
}

/** The answer to it was lost. It is made up for at `dueAt`. */
export async function loseJob(db: Queryable, id: string, dueAt: number): Promise<void> {
  await db.rows(sql`
    update write_back_jobs set lost = true, due_at = ${toTimestamp(dueAt)}, lease = null where id = ${id}::uuid`);
}

/** Takes one that is due for `leaseMs`. */
export async function claimJob(
  db: Queryable,
  source: string,
  claim: { lease: string; now: number; leaseMs: number },
): Promise<WriteBackJob | null> {
  const [row] = await db.rows<WriteBackJob>(sql`
    update write_back_jobs set lease = ${claim.lease}::uuid, due_at = ${toTimestamp(claim.now + claim.leaseMs)}, polls = polls + 1
    where id = (select id from write_back_jobs where source = ${source} and due_at <= ${toTimestamp(claim.now)}
                order by due_at limit 1 for update skip locked)
    returning ${columns}`);
  return row ?? null;
}

/** Holds a job until the transaction ends. False where it is not ours any more. */
export async function holdJob(db: Queryable, id: string, lease: string): Promise<boolean> {
  const rows = await db.rows(
    sql`select id from write_back_jobs where id = ${id}::uuid and lease = ${lease}::uuid for update`,
  );
  return rows.length > 0;
}

export async function putOffJob(
  db: Queryable,
  id: string,
  { lease, dueAt }: { lease: string; dueAt: number },
): Promise<void> {
  await db.rows(sql`
    update write_back_jobs set lease = null, due_at = ${toTimestamp(dueAt)} where id = ${id}::uuid and lease = ${lease}::uuid`);
}

export async function endJob(db: Queryable, id: string): Promise<void> {
  await db.rows(sql`delete from write_back_jobs where id = ${id}::uuid`);
}

export async function nextJobDue(db: Queryable, source: string): Promise<number | null> {
  const [row] = await db.rows<{ next: number | null }>(
    sql`select min(due_at) as next from write_back_jobs where source = ${source}`,
  );
  return row?.next ?? null;
}

/** What a dead worker was asking about may be asked about at once; what it was sending is lost, and made up for after `waitMs`. */
export async function freeJobs(
  db: Queryable,
  worker: string,
  { now, waitMs }: { now: number; waitMs: number },
): Promise<void> {
  await db.rows(sql`
    update write_back_jobs set lease = null, lost = vendor_id is null,
      due_at = case when vendor_id is null and not lost then ${toTimestamp(now + waitMs)} else ${toTimestamp(now)} end
    where ${leasedBy(sql`lease`, worker)}`);
}

/** Forgets what was sent of a customer who is erased, but for the source ID. Returns in how many jobs the customer is. */
export async function forgetInJobs(db: Queryable, sourceId: string): Promise<number> {
  const rows = await db.rows(sql`
    update write_back_jobs set items = (
      select jsonb_agg(case when item ->> 'sourceId' = ${sourceId} then item || '{"attributes": {}}' else item end order by place)
      from jsonb_array_elements(items) with ordinality as all_of_them (item, place))
    where items @> ${json([{ sourceId }])} returning id`);
  return rows.length;
}
