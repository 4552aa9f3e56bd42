// The newest state of every record, as its source has it: two clocks a row, one of the body and one of the deletion,
// so that any order of arrival gives the same row. It knows no mapping and no customer.
import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Fields, JsonObject, SourceRecord } from '../../connector.ts';
import { at, json, ms, type Queryable, texts } from '../../db/database.ts';

/** What is stored of a record, as far as ingest needs it to decide. Times are epoch milliseconds. */
export interface StoredRecord {
  recordId: string;
  sourceId: string | null;
  changedAt: number;
  deletedAt: number | null;
  hash: string;
}

/** When each key of a body changed, by the source's clock, epoch milliseconds. */
export type Clocks = { [key: string]: number };

/** A record whose body was put together from parts; see sync/inbox/partial-records. */
export interface ComposedRecord extends SourceRecord {
  clocks?: Clocks;
  /** It was deleted then, and parts that came after it stand. */
  deletedAt?: number;
}

export interface RecordRow {
  recordId: string;
  sourceId: string | null;
  changedAt: number;
  deletedAt: number | null;
  hash: string;
  body: JsonObject;
  /** Null where the body came whole. */
  clocks: Clocks | null;
  filtered: string | null;
  faults: { field: string; reason: string }[] | null;
  /** The last good values of the fields in `faults`. */
  good: Fields | null;
}

/** A record that stands or stood, with what a fold needs of it. */
export interface StandingRecord {
  source: string;
  stream: string;
  recordId: string;
  sourceId: string;
  changedAt: number;
  deleted: boolean;
  mergedInto: string | null;
  body: JsonObject;
  good: Fields | null;
}

/** Whether a record's word counts: it was neither deleted nor taken over by another. */
export function stands(record: StandingRecord): boolean {
  return !record.deleted && record.mergedInto === null;
}

/** Of a body in the order of its own keys: one connector builds its bodies in one order. */
export function bodyHash(record: SourceRecord): string {
  return createHash('sha256').update(JSON.stringify(record.body)).digest('base64').slice(0, 27);
}

/** The stored clocks and hashes of these records, in one indexed read; with `lock` they stay so until the transaction ends. */
export async function storedRecords(
  db: Queryable,
  source: string,
  stream: string,
  recordIds: readonly string[],
  { lock = false } = {},
): Promise<Map<string, StoredRecord>> {
  const rows = await db.rows<StoredRecord>(sql`
    select record_id as "recordId", source_id as "sourceId", ${ms(sql`changed_at`)} as "changedAt",
           ${ms(sql`deleted_at`)} as "deletedAt", hash
    from ${these(source, stream, recordIds)}
    ${lock ? sql`for update` : sql``}`);
  return new Map(rows.map((row) => [row.recordId, row]));
}

/**
 * These rows by their key, each looked up apart. Without statistics (a new table, PGlite, which has no autovacuum) the
 * planner takes a source's stream for one row, and would read all of it to find the few.
 */
const these = (source: string, stream: string, recordIds: readonly string[]) => sql`
  jsonb_array_elements_text(${json(recordIds)}) as wanted (id) cross join lateral
    (select * from records where source = ${source} and stream = ${stream} and record_id = wanted.id limit 1) as record`;

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
    insert into records (source, stream, record_id, source_id, changed_at, deleted_at, hash, body, clocks, filtered, faults, good, run_id, received_at)
    select ${source}, ${stream}, "recordId", "sourceId", to_timestamp("changedAt" / 1000), to_timestamp("deletedAt" / 1000),
           hash, body, clocks, filtered, faults, good, ${context.runId}::bigint, ${at(context.now)}
    from jsonb_to_recordset(${json(ordered)}) as row
      ("recordId" text, "sourceId" text, "changedAt" float8, "deletedAt" float8, hash text, body jsonb, clocks jsonb, filtered text, faults jsonb, good jsonb)
    on conflict (source, stream, record_id) do update set
      source_id = ${sourceId},
      deleted_at = greatest(records.deleted_at, excluded.deleted_at),
      changed_at = greatest(records.changed_at, excluded.changed_at),
      hash = case when excluded.changed_at >= records.changed_at then excluded.hash else records.hash end,
      body = case when excluded.changed_at >= records.changed_at then excluded.body else records.body end,
      clocks = case when excluded.changed_at >= records.changed_at then excluded.clocks else records.clocks end,
      filtered = case when excluded.changed_at >= records.changed_at then excluded.filtered else records.filtered end,
      faults = case when excluded.changed_at >= records.changed_at then excluded.faults else records.faults end,
      good = case when excluded.changed_at >= records.changed_at then excluded.good else records.good end,
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

/** Every record that speaks or spoke of these customers and is not filtered. */
export async function recordsOf(db: Queryable, sourceIds: readonly string[]): Promise<StandingRecord[]> {
  return db.rows(sql`
    select source, stream, record_id as "recordId", source_id as "sourceId", ${ms(sql`changed_at`)} as "changedAt",
           coalesce(deleted_at >= changed_at, false) as deleted, merged_into as "mergedInto", body, good
    from records
    where source_id = any(${texts(sourceIds)}) and filtered is null`);
}

/** The bodies of these records and their last good values, for the few of which a new version has faults. */
export async function storedBodies(
  db: Queryable,
  source: string,
  stream: string,
  recordIds: readonly string[],
): Promise<Map<string, { body: JsonObject; good: Fields | null }>> {
  const rows = await db.rows<{ recordId: string; body: JsonObject; good: Fields | null }>(sql`
    select record_id as "recordId", body, good from ${these(source, stream, recordIds)}`);
  return new Map(rows.map((row) => [row.recordId, row]));
}

/** What is stored of these records, for composing them anew. */
export async function storedParts(
  db: Queryable,
  source: string,
  stream: string,
  recordIds: readonly string[],
): Promise<Map<string, StoredParts>> {
  const rows = await db.rows<StoredParts & { recordId: string }>(sql`
    select record_id as "recordId", body, clocks, ${ms(sql`changed_at`)} as "changedAt", ${ms(sql`deleted_at`)} as "deletedAt"
    from ${these(source, stream, recordIds)}`);
  return new Map(rows.map(({ recordId, ...row }) => [recordId, row]));
}

export interface StoredParts {
  body: JsonObject;
  clocks: Clocks | null;
  changedAt: number;
  deletedAt: number | null;
}

/**
 * Marks records as taken over by others of their stream: they stand no more. What is not known yet gets an empty row, so
 * that it does not stand when it comes late. What a person has parted again stays parted. Returns the customers they
 * spoke of.
 */
export async function mergeRecords(
  db: Queryable,
  source: string,
  stream: string,
  merges: readonly { recordId: string; into: string }[],
  now: number,
): Promise<string[]> {
  if (merges.length === 0) return [];
  const rows = await db.rows<{ sourceId: string | null }>(sql`
    insert into records (source, stream, record_id, changed_at, hash, body, merged_into, received_at)
    select distinct on ("recordId") ${source}, ${stream}, "recordId", to_timestamp(0), '', '{}', "into", ${at(now)}
    from jsonb_to_recordset(${json(merges)}) as row ("recordId" text, "into" text)
    order by "recordId"
    on conflict (source, stream, record_id) do update set merged_into = excluded.merged_into
    where records.merged_into is distinct from excluded.merged_into and records.unmerged_from is distinct from excluded.merged_into
    returning source_id as "sourceId"`);
  return rows.flatMap((row) => row.sourceId ?? []);
}

/** The source IDs that these records were given, in the order asked for. */
export async function sourceIdsOf(
  db: Queryable,
  source: string,
  stream: string,
  recordIds: readonly string[],
): Promise<Map<string, string>> {
  const rows = await db.rows<{ recordId: string; sourceId: string }>(sql`
    select record_id as "recordId", source_id as "sourceId" from ${these(source, stream, recordIds)} where source_id is not null`);
  return new Map(rows.map((row) => [row.recordId, row.sourceId]));
}

/** A record parted again from the one that had taken it over. */
export interface Parted {
  stream: string;
  recordId: string;
  sourceId: string | null;
  /** The record it was parted from. */
  from: string;
}

/** Parts a record again from the one that took it over, in each of these streams; a repeat of the vendor's word no longer counts. */
export async function unmergeRecord(
  db: Queryable,
  source: string,
  streams: readonly string[],
  recordId: string,
): Promise<Parted[]> {
  return db.rows(sql`
    update records set unmerged_from = merged_into, merged_into = null
    where source = ${source} and stream = any(${texts(streams)}) and record_id = ${recordId} and merged_into is not null
    returning stream, record_id as "recordId", source_id as "sourceId", unmerged_from as "from"`);
}

/** The records that this one has taken over, by their IDs. */
export async function takenOverBy(
  db: Queryable,
  source: string,
  stream: string,
  recordId: string,
): Promise<{ recordId: string; sourceId: string | null }[]> {
  return db.rows(sql`
    select record_id as "recordId", source_id as "sourceId" from records
    where source = ${source} and stream = ${stream} and merged_into = ${recordId} order by record_id`);
}

/** Gives a record another source ID: only where the one it has was another record's. */
export async function reassignRecord(
  db: Queryable,
  source: string,
  stream: string,
  recordId: string,
  sourceId: string,
): Promise<void> {
  await db.rows(sql`
    update records set source_id = ${sourceId}
    where source = ${source} and stream = ${stream} and record_id = ${recordId}`);
}

/** What a changed mapping decides of stored records: each row as it is to be. The bodies and clocks stay. */
export async function remapRecords(
  db: Queryable,
  source: string,
  rows: readonly (Pick<RecordRow, 'recordId' | 'sourceId' | 'filtered' | 'faults' | 'good'> & {
    stream: string;
  })[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.rows(sql`
    update records set source_id = row."sourceId", filtered = row.filtered,
      faults = nullif(row.faults, 'null'), good = nullif(row.good, 'null')
    from jsonb_to_recordset(${json(rows)}) as row
      (stream text, "recordId" text, "sourceId" text, filtered text, faults jsonb, good jsonb)
    where source = ${source} and records.stream = row.stream and record_id = row."recordId"`);
}

/**
 * Forgets every record of a customer who is erased, and their IDs wherever other records name them. Returns what they
 * were.
 */
export async function forgetRecords(
  db: Queryable,
  sourceId: string,
): Promise<{ source: string; stream: string; recordId: string; body: JsonObject }[]> {
  const gone = await db.rows<{ source: string; stream: string; recordId: string; body: JsonObject }>(sql`
    delete from records where source_id = ${sourceId} returning source, stream, record_id as "recordId", body`);
  if (gone.length === 0) return [];
  const keys = gone.map(({ source, stream, recordId }) => ({ source, stream, recordId }));
  await db.rows(sql`
    update records set
      merged_into = case when merged_into = row."recordId" then 'erased' else merged_into end,
      unmerged_from = case when unmerged_from = row."recordId" then 'erased' else unmerged_from end
    from jsonb_to_recordset(${json(keys)}) as row (source text, stream text, "recordId" text)
    where records.source = row.source and records.stream = row.stream and row."recordId" in (merged_into, unmerged_from)`);
  return gone;
}
