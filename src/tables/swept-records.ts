// The swept_records table: record IDs that a full reading has met, until it has ended. It knows no page and no vendor.
import { sql } from 'drizzle-orm';
import { bigint, boolean, pgTable, text } from 'drizzle-orm/pg-core';
import { type Queryable, texts, toTimestamp } from '../db/database.ts';

/** Record IDs that a full reading has met, until it has ended: a row for each page, not for each record. */
export const sweptRecords = pgTable('swept_records', {
  runId: bigint('run_id', { mode: 'number' }).notNull(),
  stream: text().notNull(),
  /** The page was read from no cursor: this run has read the stream from its very beginning. */
  first: boolean().notNull(),
  recordIds: text('record_ids').array().notNull(),
});

/** Notes what one page holds, in the page's transaction. `first`: it was read from no cursor. */
export async function noteMet(
  db: Queryable,
  { runId, stream, first }: { runId: number; stream: string; first: boolean },
  recordIds: readonly string[],
): Promise<void> {
  if (!first && recordIds.length === 0) return;
  await db.rows(sql`
    insert into swept_records (run_id, stream, first, record_ids)
    values (${runId}::bigint, ${stream}, ${first}, ${texts(recordIds)})`);
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
    select 1 from swept_records where run_id = ${runId}::bigint and stream = ${stream} and first limit 1`);
  return rows.length > 0;
}

const metIds = (runId: number, stream: string) => sql`
  select unnest(record_ids) as record_id from swept_records where run_id = ${runId}::bigint and stream = ${stream}`;

/** How many records were met: one that moved to another page while it was read was met once. */
export async function countMet(db: Queryable, runId: number, stream: string): Promise<number> {
  const [met] = await db.rows<{ count: number }>(sql`
    select count(*) as count from (select distinct record_id from (${metIds(runId, stream)}) as met) as met`);
  return met!.count;
}

/** So many are looked for at a time: each time all that were met are compared. */
const lookedFor = 5_000;

/**
 * Standing records that were not met, and that did not change since `changedBefore`, in parts of at most `limit`. With `except`,
 * which is never planned as a loop over all that were met for every record: a table filled minutes ago has no statistics
 * (27 s for 20,000 with `not exists`).
 */
export async function* unmetRecords(
  db: Queryable,
  { source, stream, run }: { source: { name: string }; stream: { name: string }; run: { id: number } },
  { limit, changedBefore }: { limit: number; changedBefore?: number },
): AsyncGenerator<{ recordId: string; changedAt: number }[]> {
  const isOld = changedBefore === undefined ? sql`true` : sql`changed_at < ${toTimestamp(changedBefore)}`;
  for (let after = ''; ; ) {
    const unmet = await db.rows<{ recordId: string; changedAt: number }>(sql`
      with unmet as materialized (
        select record_id from (
          select record_id from records
          where source = ${source.name} and stream = ${stream.name} and record_id > ${after} and ${isOld}
            and (deleted_at is null or deleted_at < changed_at) and merged_into is null
          except ${metIds(run.id, stream.name)}) as unmet
        order by record_id limit ${lookedFor})
      select record_id, changed_at from unmet cross join lateral (
        select changed_at from records where source = ${source.name} and stream = ${stream.name} and records.record_id = unmet.record_id limit 1) as record
      order by record_id`);
    for (let from = 0; from < unmet.length; from += limit) yield unmet.slice(from, from + limit);
    if (unmet.length < lookedFor) return;
    after = unmet.at(-1)!.recordId;
  }
}
