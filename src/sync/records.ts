// The newest state of every record, as its source has it: two clocks a row, one of the body and one of the deletion,
// so that any order of arrival gives the same row. It knows no mapping and no customer.
import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { JsonObject, SourceRecord } from '../connector.ts';
import { at, json, ms, type Queryable, texts } from '../db/database.ts';

/** What is stored of a record, as far as ingest needs it to decide. Times are epoch milliseconds. */
export interface StoredRecord {
  recordId: string;
  sourceId: string | null;
  changedAt: number;
  deletedAt: number | null;
  hash: string;
}

export interface RecordRow {
  recordId: string;
  sourceId: string | null;
  changedAt: number;
  deletedAt: number | null;
  hash: string;
  body: JsonObject;
  filtered: string | null;
  faults: { field: string; reason: string }[] | null;
}

/** A record that stands or stood, with what a fold needs of it. */
export interface StandingRecord {
  source: string;
  stream: string;
  recordId: string;
  sourceId: string;
  changedAt: number;
  deleted: boolean;
  body: JsonObject;
}

/** Of a body in the order of its own keys: one connector builds its bodies in one order. */
export function bodyHash(record: SourceRecord): string {
  return createHash('sha256').update(JSON.stringify(record.body)).digest('base64').slice(0, 27);
}

/** The stored clocks and hashes of these records, in one indexed read. */
export async function storedRecords(
  db: Queryable,
  source: string,
  stream: string,
  recordIds: readonly string[],
): Promise<Map<string, StoredRecord>> {
  const rows = await db.rows<StoredRecord>(sql`
    select record_id as "recordId", source_id as "sourceId", ${ms(sql`changed_at`)} as "changedAt",
           ${ms(sql`deleted_at`)} as "deletedAt", hash
    from records
    where source = ${source} and stream = ${stream} and record_id = any(${texts(recordIds)})`);
  return new Map(rows.map((row) => [row.recordId, row]));
}

/**
 * Writes these records, each ID at most once. A row that another worker has meanwhile brought further keeps its newer
 * clocks. Returns what stands now, with the source ID that it had before.
 */
export async function writeRecords(
  db: Queryable,
  source: string,
  stream: string,
  rows: readonly RecordRow[],
  context: { runId: number | null; now: number; sourceId: 'sticky' | 'follow' },
): Promise<{ recordId: string; sourceId: string | null }[]> {
  const ordered = [...rows].sort((a, b) => (a.recordId < b.recordId ? -1 : 1)); // one order for all workers: no deadlock
  const sourceId =
    context.sourceId === 'sticky'
      ? sql`coalesce(records.source_id, excluded.source_id)`
      : sql`case when excluded.changed_at >= records.changed_at then excluded.source_id else records.source_id end`;
  return db.rows(sql`
    insert into records (source, stream, record_id, source_id, changed_at, deleted_at, hash, body, filtered, faults, run_id, received_at)
    select ${source}, ${stream}, "recordId", "sourceId", to_timestamp("changedAt" / 1000), to_timestamp("deletedAt" / 1000),
           hash, body, filtered, faults, ${context.runId}::bigint, ${at(context.now)}
    from jsonb_to_recordset(${json(ordered)}) as row
      ("recordId" text, "sourceId" text, "changedAt" float8, "deletedAt" float8, hash text, body jsonb, filtered text, faults jsonb)
    on conflict (source, stream, record_id) do update set
      source_id = ${sourceId},
      deleted_at = greatest(records.deleted_at, excluded.deleted_at),
      changed_at = greatest(records.changed_at, excluded.changed_at),
      hash = case when excluded.changed_at >= records.changed_at then excluded.hash else records.hash end,
      body = case when excluded.changed_at >= records.changed_at then excluded.body else records.body end,
      filtered = case when excluded.changed_at >= records.changed_at then excluded.filtered else records.filtered end,
      faults = case when excluded.changed_at >= records.changed_at then excluded.faults else records.faults end,
      run_id = excluded.run_id,
      received_at = excluded.received_at
    returning record_id as "recordId", source_id as "sourceId"`);
}

/** Moves on the clock of records whose body is the same as before. */
export async function touchRecords(
  db: Queryable,
  source: string,
  stream: string,
  rows: readonly { recordId: string; changedAt: number }[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.rows(sql`
    update records set changed_at = greatest(changed_at, to_timestamp(row."changedAt" / 1000))
    from jsonb_to_recordset(${json(rows)}) as row ("recordId" text, "changedAt" float8)
    where source = ${source} and stream = ${stream} and record_id = row."recordId"`);
}

/** Every record that speaks or spoke of these customers and is not filtered; `deleted` ones stand no more. */
export async function recordsOf(db: Queryable, sourceIds: readonly string[]): Promise<StandingRecord[]> {
  return db.rows(sql`
    select source, stream, record_id as "recordId", source_id as "sourceId", ${ms(sql`changed_at`)} as "changedAt",
           coalesce(deleted_at >= changed_at, false) as deleted, body
    from records
    where source_id = any(${texts(sourceIds)}) and filtered is null`);
}
