// The swept_records table: record IDs that a full reading has met, until it has ended. It knows no page and no vendor.
import { sql } from 'drizzle-orm';
import { bigint, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { type Queryable, texts, toTimestamp } from '../db/database.ts';

/** Record IDs that a full reading has met, until it has ended. */
export const sweptRecords = pgTable(
  'swept_records',
  {
    runId: bigint('run_id', { mode: 'number' }).notNull(),
    stream: text().notNull(),
    recordId: text('record_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.stream, t.recordId] })],
);

/** Stands among the IDs met for "this run read from the very beginning"; no record has the empty ID. */
export const beginning = '';

/** Notes what one page holds, in the page's transaction. `first`: it was read from no cursor. */
export async function noteMet(
  db: Queryable,
  { runId, stream, first }: { runId: number; stream: string; first: boolean },
  recordIds: readonly string[],
): Promise<void> {
  const ids = first ? [beginning, ...recordIds] : recordIds;
  if (ids.length === 0) return;
  await db.rows(sql`
    insert into swept_records (run_id, stream, record_id)
    select ${runId}::bigint, ${stream}, unnest(${texts(ids)}) on conflict do nothing`);
}

/** Forgets what this run has met of the stream: its reading begins again. */
export async function forgetMetBy(db: Queryable, runId: number, stream: string): Promise<void> {
  await db.rows(sql`delete from swept_records where run_id = ${runId}::bigint and stream = ${stream}`);
}

/** Forgets what was met by runs that have ended. */
export async function forgetMet(db: Queryable): Promise<void> {
  await db.rows(sql`
    delete from swept_records using runs where runs.id = swept_records.run_id and runs.state <> 'requested'`);
}

/** True where this run read the stream from its very beginning. */
export async function hasBegun(db: Queryable, runId: number, stream: string): Promise<boolean> {
  const rows = await db.rows(sql`
    select 1 from swept_records where run_id = ${runId}::bigint and stream = ${stream} and record_id = ${beginning}`);
  return rows.length > 0;
}

export async function countMet(db: Queryable, runId: number, stream: string): Promise<number> {
  const [met] = await db.rows<{ count: number }>(sql`
    select count(*) as count from swept_records
    where run_id = ${runId}::bigint and stream = ${stream} and record_id <> ${beginning}`);
  return met!.count;
}

/**
 * Standing records that were not met, and that did not change since `changedBefore`. Each is looked up among the met by
 * its whole key: a `not exists` would be planned from statistics that a table filled minutes ago does not have, and was
 * seen to read all of it for every record (27 s for 20,000; 0.1 s so).
 */
export async function unmetRecords(
  db: Queryable,
  { source, stream, run }: { source: { name: string }; stream: { name: string }; run: { id: number } },
  page: { after: string; limit: number; changedBefore?: number },
): Promise<{ recordId: string; changedAt: number }[]> {
  const { after, limit, changedBefore } = page;
  return db.rows(sql`
    select records.record_id, changed_at from records
    left join lateral (
      select true as met from swept_records
      where run_id = ${run.id}::bigint and stream = ${stream.name} and record_id = records.record_id limit 1) as sweep on true
    where source = ${source.name} and records.stream = ${stream.name} and records.record_id > ${after}
      and ${changedBefore === undefined ? sql`true` : sql`changed_at < ${toTimestamp(changedBefore)}`}
      and (deleted_at is null or deleted_at < changed_at) and merged_into is null and met is null
    order by records.record_id limit ${limit}`);
}
