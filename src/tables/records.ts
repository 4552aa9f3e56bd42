// The newest state of every record, as its source has it: two clocks a row, one of the body and one of the deletion,
// so that any order of arrival gives the same row. It knows no mapping and no customer.
import { hash } from 'node:crypto';
import { type SQL, sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Fields, JsonObject, SourceRecord } from '../connector.ts';
import type { Acknowledged, OpenOrAcknowledged } from '../contract/parts.ts';
import type { Clocks, KnownRecord } from '../customer/composing.ts';
import type { FieldFault, Said } from '../customer/mapping.ts';
import { time } from '../db/column-types.ts';
import { json, jsonList, type Queryable, texts, toTimestamp } from '../db/database.ts';
import { areFaulty, type FaultFilter, isFaultOf } from './faults.ts';

/** Without the value, which is in the body. Those kept by earlier versions have no print. */
type KeptFault = Pick<FieldFault, 'field' | 'reason'> & Partial<Pick<FieldFault, 'print'>>;

/** The newest state of each record, as the source has it. */
export const records = pgTable(
  'records',
  {
    source: text().notNull(),
    stream: text().notNull(),
    recordId: text('record_id').notNull(),
    /** The customer it speaks of; null where the record is filtered. Sticky once assigned. */
    sourceId: text('source_id'),
    /** The source's clock of `body`; the epoch where only the deletion is known. */
    changedAt: time('changed_at').notNull(),
    /** The source's clock of the deletion. The record stands unless it was deleted at or after `changed_at`. */
    deletedAt: time('deleted_at'),
    /** Of the body. */
    hash: text().notNull(),
    body: jsonb().$type<JsonObject>().notNull(),
    /** Of a record that is told of in parts: the source's clock of each key of `body`, epoch milliseconds. */
    clocks: jsonb().$type<Clocks>(),
    /** Why it is no contribution, where it is none. */
    filtered: text(),
    /** Fields that failed their type or rule. */
    faults: jsonb().$type<KeptFault[]>(),
    /** Of fields that fail, by field: a person knows of the value and lets it be, until it or its reason changes. */
    acknowledged: jsonb().$type<{ [field: string]: Acknowledged }>(),
    /** The last good values of fields that fail now, by field: they stand until a good one comes. */
    good: jsonb().$type<Fields>(),
    /** The record that took this one over when the vendor merged them: then this one stands no more. */
    mergedInto: text('merged_into'),
    /** The record whose taking over a person has undone. */
    unmergedFrom: text('unmerged_from'),
    runId: bigint('run_id', { mode: 'number' }),
    receivedAt: time('received_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.source, t.stream, t.recordId] }),
    index('records_source_id').on(t.sourceId).where(sql`${t.sourceId} is not null`),
    index('records_faulty').on(t.source).where(sql`${t.faults} is not null`),
    index('records_merged').on(t.source, t.stream, t.mergedInto).where(sql`${t.mergedInto} is not null`),
  ],
);

type Stored = typeof records.$inferSelect;

/** A record as it is stored. A stub has no hash: only its deletion or its merge is known. */
export type PreviewedRecord = Omit<StandingRecord, 'sourceId'> & MappedState & { hash: string };

const previewColumns = sql`
  r.source, r.stream, r.record_id, r.source_id, r.changed_at,
  coalesce(r.deleted_at >= r.changed_at, false) as deleted, r.merged_into, r.hash, r.body, r.filtered,
  r.faults, r.good`;

export async function previewedRecords(
  db: Queryable,
  sourceIds: readonly string[],
): Promise<PreviewedRecord[]> {
  return db.rows(sql`
    select ${previewColumns} from records as r where source_id = any(${texts(sourceIds)})
    order by r.source_id, r.source, r.stream, r.record_id`);
}

/** Records without a customer: filtered from the first, or without a source ID. */
export async function strayRecordsAfter(
  db: Queryable,
  last: PreviewedRecord | null,
  limit: number,
): Promise<PreviewedRecord[]> {
  const after = last
    ? sql`(r.source, r.stream, r.record_id) > (${last.source}, ${last.stream}, ${last.recordId})`
    : sql`true`;
  return db.rows(sql`
    select ${previewColumns} from records as r
    where ${after} and hash <> '' and not exists (select 1 from customers where customers.source_id = r.source_id)
    order by r.source, r.stream, r.record_id limit ${limit}`);
}

/** Held until the transaction ends, by one at a time for each stream. */
export async function lockParts(db: Queryable, source: string, stream: string): Promise<void> {
  await db.rows(sql`select pg_advisory_xact_lock(hashtextextended(${`parts ${source} ${stream}`}, 7225122))`);
}

/** Standing records of a source, by stream; `bytesEach`: of a body, on average of 200. */
export async function sizesOfRecords(
  db: Queryable,
  source: string,
): Promise<Map<string, { count: number; bytesEach: number | null }>> {
  const rows = await db.rows<{ stream: string; count: number; bytesEach: number | null }>(sql`
    select stream, count(*) as count,
      (select avg(octet_length(body::text))::float8 from (
        select body from records as r where r.source = ${source} and r.stream = records.stream limit 200) as sampled) as bytes_each
    from records
    where source = ${source} and (deleted_at is null or deleted_at < changed_at) and merged_into is null
    group by stream`);
  return new Map(rows.map(({ stream, ...row }) => [stream, row]));
}

/** What of a record's row its mapping decides. */
export type MappedState = Pick<Stored, 'sourceId' | 'filtered' | 'faults' | 'good'>;

/** What is stored of a record, as far as ingest needs it to decide. Times are epoch milliseconds. */
export interface StoredRecord
  extends Pick<Stored, 'recordId' | 'sourceId' | 'changedAt' | 'deletedAt' | 'hash' | 'receivedAt'> {
  /** Values of the body, or last good ones, have clocks of their own. */
  hasClocks: boolean;
  /** Values of it fail their type or rule: older states may hold the last good ones. */
  hasFaults: boolean;
  /** A run brought this state: the vendor was read. */
  byRun: boolean;
}

/** The same with what composing needs; its rows are locked until the transaction ends. */
export interface LockedRecord extends StoredRecord, StoredParts {}

/** A record on its way in: its body may have been put together from parts, see sync/inbox/partial-records. */
export interface ComposedRecord extends SourceRecord {
  clocks?: Clocks;
  /** It was deleted then, and parts that came after it stand. */
  deletedAt?: number;
  /** The source gave no time: `changedAt` is when it came. A repeat of the present state is no news. */
  undated?: true;
}

export interface RecordRow
  extends Omit<
    Stored,
    'source' | 'stream' | 'acknowledged' | 'mergedInto' | 'unmergedFrom' | 'runId' | 'receivedAt'
  > {
  /** Its row is there, and locked. */
  isKnown: boolean;
  /** Its source ID takes the place of one that did not stick. */
  hasMoved?: true;
  /** The row takes the place of the stored one, whatever their clocks say. */
  replaces?: true;
}

/** A record that stands or stood, with what a fold needs of it. */
export interface StandingRecord
  extends Pick<Stored, 'source' | 'stream' | 'recordId' | 'changedAt' | 'mergedInto' | 'body' | 'good'> {
  sourceId: string;
  deleted: boolean;
  /** What the body says, where it has just been mapped. */
  said?: Said | undefined;
}

/** Whether a record's word counts: it was neither deleted nor taken over by another. */
export function stands(record: StandingRecord): boolean {
  return !record.deleted && record.mergedInto === null;
}

/** Of a body in the order of its own keys: one connector builds its bodies in one order. */
export function bodyHash(record: SourceRecord): string {
  return hash('sha256', JSON.stringify(record.body), 'base64').slice(0, 27);
}

const storedColumns = sql`
  record_id, source_id, changed_at, deleted_at, record.hash, clocks is not null as has_clocks, faults is not null as has_faults, received_at, run_id is not null as by_run`;

/** The stored clocks and hashes of these records, in one indexed read. */
export async function storedRecords(
  db: Queryable,
  source: string,
  stream: string,
  recordIds: readonly string[],
): Promise<Map<string, StoredRecord>> {
  const rows = await db.rows<StoredRecord>(sql`
    select ${storedColumns} from ${rowsById(source, stream, recordIds)}`);
  return new Map(rows.map((row) => [row.recordId, row]));
}

/** What tells that a record is as it is stored. `hash` null: it has to be looked at. */
export interface RecordState {
  recordId: string;
  changedAt: number;
  hash: string | null;
}

/** The stored clocks and hashes of those of these records that are not stored in just this state. */
export async function recordsNotAs(
  db: Queryable,
  source: string,
  stream: string,
  states: readonly RecordState[],
): Promise<{ stored: Map<string, StoredRecord>; same: Set<string> }> {
  const rows = await db.rows<StoredRecord & { id: string }>(sql`
    select "recordId" as id, ${storedColumns} from json_to_recordset(${jsonList(states)}) as wanted
      ("recordId" text, "changedAt" float8, hash text)
    left join lateral
      (select * from records where source = ${source} and stream = ${stream} and record_id = wanted."recordId" limit 1) as record on true
    where wanted.hash is null or record.hash is distinct from wanted.hash or record.changed_at <> to_timestamp("changedAt" / 1000)`);
  const others = new Set(rows.map(({ id }) => id));
  return {
    stored: new Map(rows.flatMap(({ id, ...row }) => (row.recordId === null ? [] : [[id, row]]))),
    same: new Set(states.flatMap(({ recordId }) => (others.has(recordId) ? [] : [recordId]))),
  };
}

/** All that is stored of these records, which stays so until the transaction ends. Sorted, so that no two workers wait for each other. */
export async function lockRecords(
  db: Queryable,
  source: string,
  stream: string,
  recordIds: readonly string[],
): Promise<Map<string, LockedRecord>> {
  if (recordIds.length === 0) return new Map();
  const rows = await db.rows<LockedRecord>(sql`
    select ${storedColumns}, body, clocks, good
    from ${rowsById(source, stream, recordIds.toSorted())} for update`);
  return new Map(rows.map((row) => [row.recordId, row]));
}

/** A stored record as a source proof compares it. */
export interface ProvenRecord
  extends LockedRecord,
    Pick<Stored, 'mergedInto' | 'unmergedFrom' | 'filtered'> {}

/** All that is stored of these records, without a lock. */
export async function recordsToProve(
  db: Queryable,
  source: string,
  stream: string,
  recordIds: readonly string[],
): Promise<Map<string, ProvenRecord>> {
  const rows = await db.rows<ProvenRecord>(sql`
    select ${storedColumns}, body, clocks, good, merged_into, unmerged_from, filtered
    from ${rowsById(source, stream, recordIds)}`);
  return new Map(rows.map((row) => [row.recordId, row]));
}

/** Standing records that are left out, by record ID. */
export const filteredRecordsAfter = standingRecordsAfter(sql`filtered is not null`);

/** Standing records that speak of a customer with another ID than their own, by record ID. */
export const recordsOfOthersAfter = standingRecordsAfter(sql`source_id <> record_id`);

function standingRecordsAfter(which: SQL) {
  return (
    db: Queryable,
    source: string,
    stream: string,
    { after, limit }: { after: string; limit: number },
  ): Promise<ProvenRecord[]> =>
    db.rows(sql`
    select ${storedColumns}, body, clocks, good, merged_into, unmerged_from, filtered
    from records as record
    where source = ${source} and stream = ${stream} and record_id > ${after} and ${which} and hash <> ''
      and (deleted_at is null or deleted_at < changed_at) and merged_into is null
    order by record_id limit ${limit}`);
}

/** Whether the first hundred standing records of a stream mostly speak of customers that have the records' own IDs. */
export async function speakForOwnIds(db: Queryable, source: string, stream: string): Promise<boolean> {
  const [row] = await db.rows<{ own: boolean }>(sql`
    select coalesce(avg((source_id = record_id)::int) > 0.5, false) as own from (
      select record_id, source_id from records
      where source = ${source} and stream = ${stream} and source_id is not null order by record_id limit 100) as first`);
  return row!.own;
}

/** Standing records whose customer has never been delivered, and that nothing delivers, holds or has given up, by record ID. */
export async function undeliveredRecordsAfter(
  db: Queryable,
  source: string,
  stream: string,
  { after, limit, changedBefore }: { after: string; limit: number; changedBefore: number },
): Promise<{ recordId: string; sourceId: string }[]> {
  return db.rows(sql`
    select record_id, records.source_id from records
    left join deliveries on deliveries.source_id = records.source_id
    where source = ${source} and stream = ${stream} and record_id > ${after} and filtered is null and records.source_id is not null
      and (deleted_at is null or deleted_at < records.changed_at) and merged_into is null and deliveries.source_id is null
      and received_at < ${toTimestamp(changedBefore)}
    order by record_id limit ${limit}`);
}

/**
 * These rows by their key, each looked up apart. Without statistics (a new table, PGlite, which has no autovacuum) the
 * planner takes a source's stream for one row, and would read all of it to find the few.
 */
const rowsById = (source: string, stream: string, recordIds: readonly string[]) => sql`
  json_array_elements_text(${jsonList(recordIds)}) as wanted (id) cross join lateral
    (select * from records where source = ${source} and stream = ${stream} and record_id = wanted.id limit 1) as record`;

/**
 * Writes these records, each ID at most once. A row that was not known, and that another worker has made meanwhile, stays
 * as it is and is left out of the answer: it is to be judged again. Returns what stands now. A known row surely conflicts,
 * so that the `run_id` it would insert is free to say that it is known.
 */
export async function writeRecords(
  db: Queryable,
  source: string,
  stream: string,
  rows: readonly RecordRow[],
  context: {
    runId: number | null;
    receivedAt: number;
    sourceId: 'sticky' | 'follow';
  },
): Promise<{ recordId: string; sourceId: string | null }[]> {
  const [known, moved, replaced] = [-1, -2, -3];
  const ordered = rows
    .map(({ isKnown, hasMoved, replaces, ...row }) => ({
      ...row,
      known: replaces ? replaced : hasMoved ? moved : isKnown ? known : null,
    }))
    .sort((a, b) => (a.recordId < b.recordId ? -1 : 1)); // one order for all workers: no deadlock
  const replaces = sql`excluded.run_id = ${replaced}`;
  const counts = sql`(${replaces} or excluded.changed_at >= records.changed_at)`;
  const sourceId =
    context.sourceId === 'sticky'
      ? sql`case when excluded.run_id in (${moved}, ${replaced}) then excluded.source_id else coalesce(records.source_id, excluded.source_id) end`
      : sql`case when ${counts} then excluded.source_id else records.source_id end`;
  return db.rows(sql`
    insert into records (source, stream, record_id, source_id, changed_at, deleted_at, hash, body, clocks, filtered, faults, good, run_id, received_at)
    select ${source}, ${stream}, "recordId", "sourceId", to_timestamp("changedAt" / 1000), to_timestamp("deletedAt" / 1000),
           hash, body, clocks, filtered, faults, good, coalesce(known, ${context.runId}::bigint), ${toTimestamp(context.receivedAt)}
    from json_to_recordset(${jsonList(ordered)}) as row
      ("recordId" text, "sourceId" text, "changedAt" float8, "deletedAt" float8, hash text, body jsonb, clocks jsonb, filtered text, faults jsonb, good jsonb, known bigint)
    on conflict (source, stream, record_id) do update set
      source_id = ${sourceId},
      deleted_at = case when ${replaces} then excluded.deleted_at else greatest(records.deleted_at, excluded.deleted_at) end,
      changed_at = case when ${replaces} then excluded.changed_at else greatest(records.changed_at, excluded.changed_at) end,
      hash = case when ${counts} then excluded.hash else records.hash end,
      body = case when ${counts} then excluded.body else records.body end,
      clocks = case when ${counts} then excluded.clocks else records.clocks end,
      filtered = case when ${counts} then excluded.filtered else records.filtered end,
      faults = case when ${counts} then excluded.faults else records.faults end,
      good = case when ${counts} then excluded.good else records.good end,
      acknowledged = case when ${counts} then ${stillAcknowledged(sql`excluded.faults`)} else records.acknowledged end,
      run_id = ${context.runId}::bigint,
      received_at = excluded.received_at
    where excluded.run_id < 0
    returning record_id, source_id`);
}

/** Whether a stored record has this property at the top of its body. Reads every body of the stream where none has. */
export async function isKnownProperty(
  db: Queryable,
  source: string,
  stream: string,
  property: string,
): Promise<boolean> {
  const rows = await db.rows(sql`
    select 1 from records where source = ${source} and stream = ${stream} and jsonb_exists(body, ${property}) limit 1`);
  return rows.length > 0;
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
    from json_to_recordset(${jsonList(rows)}) as row ("recordId" text, "changedAt" float8)
    where source = ${source} and stream = ${stream} and record_id = row."recordId"`);
}

/**
 * Every record that speaks or spoke of these customers and is not filtered. `fresh` are of one stream, have been made in this
 * transaction and are known as they stand: their bodies are not read again.
 */
export async function recordsOf(
  db: Queryable,
  sourceIds: readonly string[],
  fresh: readonly StandingRecord[] = [],
): Promise<StandingRecord[]> {
  const [first] = fresh;
  const isFresh = first
    ? sql`(source = ${first.source} and stream = ${first.stream}
        and record_id in (select json_array_elements_text(${jsonList(fresh.map(({ recordId }) => recordId))})))`
    : sql`false`;
  const others = await db.rows<StandingRecord>(sql`
    select source, stream, record_id, source_id, changed_at,
           coalesce(deleted_at >= changed_at, false) as deleted, merged_into, body, good
    from records
    where source_id = any(${texts(sourceIds)}) and filtered is null and not ${isFresh}`);
  return [...others, ...fresh];
}

/** What is stored of these records, for composing. */
export async function storedParts(
  db: Queryable,
  source: string,
  stream: string,
  recordIds: readonly string[],
): Promise<Map<string, StoredParts>> {
  const rows = await db.rows<StoredParts & { recordId: string }>(sql`
    select record_id, body, clocks, good, changed_at, deleted_at
    from ${rowsById(source, stream, recordIds)}`);
  return new Map(rows.map(({ recordId, ...row }) => [recordId, row]));
}

export type StoredParts = KnownRecord & Pick<Stored, 'good'>;

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
    select distinct on ("recordId") ${source}, ${stream}, "recordId", to_timestamp(0), '', '{}', "into", ${toTimestamp(now)}
    from json_to_recordset(${jsonList(merges)}) as row ("recordId" text, "into" text)
    order by "recordId"
    on conflict (source, stream, record_id) do update set merged_into = excluded.merged_into
    where records.merged_into is distinct from excluded.merged_into and records.unmerged_from is distinct from excluded.merged_into
    returning source_id`);
  return rows.flatMap((row) => row.sourceId ?? []);
}

/** Longer circles are not looked for. */
const maxCircle = 1_000;

/**
 * Takes a record out of each circle of merges that one of these records is part of: of records that are all merged into each
 * other none would stand, and their customers would be gone. The one that stands and was changed last stays. A repeat of the
 * vendor's word no longer merges it. Returns its source ID, null where it has none yet.
 */
export async function openCircles(
  db: Queryable,
  source: string,
  stream: string,
  recordIds: readonly string[],
): Promise<(string | null)[]> {
  if (recordIds.length === 0) return [];
  const found = await db.rows<{ members: string[] }>(sql`
    with recursive walk as (
      select record_id as start, merged_into as at, array[record_id] as members
      from ${rowsById(source, stream, recordIds)} where merged_into is not null
      union all
      select start, step.merged_into, members || at
      from walk cross join lateral (
        select merged_into from records
        where source = ${source} and stream = ${stream} and record_id = walk.at and merged_into is not null limit 1) as step
      where at <> all(members) and cardinality(members) < ${maxCircle})
    select to_jsonb(members) as members from walk where at = start`);
  const circles = new Map(found.map(({ members }) => [members.toSorted().join('\0'), members]));
  const opened: (string | null)[] = [];
  for (const members of circles.values()) {
    const rows = await db.rows<{ sourceId: string | null }>(sql`
      update records set unmerged_from = merged_into, merged_into = null
      where source = ${source} and stream = ${stream} and record_id = (
        select record_id from ${rowsById(source, stream, members)}
        order by (deleted_at is null or deleted_at < changed_at) desc, changed_at desc, record_id limit 1)
      returning source_id`);
    opened.push(...rows.map(({ sourceId }) => sourceId));
  }
  return opened;
}

/** The source IDs that these records were given, in the order asked for. */
export async function sourceIdsOf(
  db: Queryable,
  source: string,
  stream: string,
  recordIds: readonly string[],
): Promise<Map<string, string>> {
  const rows = await db.rows<{ recordId: string; sourceId: string }>(sql`
    select record_id, source_id from ${rowsById(source, stream, recordIds)} where source_id is not null`);
  return new Map(rows.map((row) => [row.recordId, row.sourceId]));
}

/** A record parted again from the one that had taken it over. */
export interface Parted extends Pick<Stored, 'stream' | 'recordId' | 'sourceId'> {
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
    returning stream, record_id, source_id, unmerged_from as from`);
}

/** Ends the merge of those of these records that were taken over and are not deleted: the vendor has undone it. */
export async function endMerges(
  db: Queryable,
  source: string,
  stream: string,
  recordIds: readonly string[],
): Promise<Parted[]> {
  if (recordIds.length === 0) return [];
  const stands = sql`merged_into is not null and (deleted_at is null or deleted_at < changed_at)`;
  const found = await db.rows<Parted>(sql`
    select stream, record_id, source_id, merged_into as "from" from ${rowsById(source, stream, recordIds)}
    where ${stands} order by record_id`);
  const ended: Parted[] = [];
  // They are few, and a join with the table would read all of it where it has no statistics.
  for (const parted of found) {
    const rows = await db.rows(sql`
      update records set merged_into = null
      where source = ${source} and stream = ${stream} and record_id = ${parted.recordId} and ${stands}
      returning record_id`);
    if (rows.length > 0) ended.push(parted);
  }
  return ended;
}

/** The records that this one has taken over, by their IDs. */
export async function takenOverBy(
  db: Queryable,
  source: string,
  stream: string,
  recordId: string,
): Promise<{ recordId: string; sourceId: string | null }[]> {
  return db.rows(sql`
    select record_id, source_id from records
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
      faults = nullif(row.faults, 'null'), good = nullif(row.good, 'null'),
      acknowledged = ${stillAcknowledged(sql`nullif(row.faults, 'null')`)}
    from json_to_recordset(${jsonList(rows)}) as row
      (stream text, "recordId" text, "sourceId" text, filtered text, faults jsonb, good jsonb)
    where source = ${source} and records.stream = row.stream and record_id = row."recordId"`);
}

/** What is acknowledged of a row whose faults become these: of the same faults. */
function stillAcknowledged(faults: SQL): SQL {
  return sql`case when records.acknowledged is not null then (
    select jsonb_object_agg(field, said) from jsonb_each(records.acknowledged) as was (field, said)
    where exists (select 1 from jsonb_array_elements(records.faults) as fault
      where fault ->> 'field' = field and jsonb_exists(fault, 'print') and ${faults} @> jsonb_build_array(fault))) end`;
}

/** A person knows of these values and lets them be, until they change. Returns how many they are. */
export async function acknowledgeFaults(
  db: Queryable,
  filter: FaultFilter,
  said: Acknowledged,
): Promise<number> {
  const { at, by, reason } = said;
  return changeAcknowledged(
    db,
    filter,
    'open',
    sql`coalesce(chosen.acknowledged, '{}') ||
    (select jsonb_object_agg(field, ${json({ at, by, reason })}) from unnest(fields) as field)`,
  );
}

/** They need a person again. Returns how many they are. */
export async function reopenFaults(db: Queryable, filter: FaultFilter): Promise<number> {
  return changeAcknowledged(db, filter, 'acknowledged', sql`nullif(chosen.acknowledged - fields, '{}')`);
}

async function changeAcknowledged(
  db: Queryable,
  filter: FaultFilter,
  from: OpenOrAcknowledged,
  to: SQL,
): Promise<number> {
  // Locked in the order in which records are written.
  const rows = await db.rows<{ count: number }>(sql`
    update records set acknowledged = ${to}
    from (
      select source, stream, record_id, acknowledged,
        array(select fault ->> 'field' from jsonb_array_elements(faults) as fault where ${isFaultOf(from, filter)}) as fields
      from records where ${areFaulty(filter)} order by source, stream, record_id for update) as chosen
    where records.source = chosen.source and records.stream = chosen.stream and records.record_id = chosen.record_id
      and cardinality(fields) > 0
    returning cardinality(fields) as count`);
  return rows.reduce((sum, { count }) => sum + count, 0);
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
    delete from records where source_id = ${sourceId} returning source, stream, record_id, body`);
  await forgetMergesInto(db, gone);
  return gone;
}

/** Forgets records that their vendor merged with one of somebody erased. Returns the customers they spoke of. */
export async function forgetMerged(
  db: Queryable,
  source: string,
  stream: string,
  recordIds: readonly string[],
): Promise<string[]> {
  if (recordIds.length === 0) return [];
  const gone = await db.rows<{
    source: string;
    stream: string;
    recordId: string;
    sourceId: string | null;
  }>(sql`
    delete from records where source = ${source} and stream = ${stream} and record_id = any(${texts(recordIds)})
    returning source, stream, record_id, source_id`);
  await forgetMergesInto(db, gone);
  return gone.flatMap(({ sourceId }) => sourceId ?? []);
}

async function forgetMergesInto(
  db: Queryable,
  gone: readonly { source: string; stream: string; recordId: string }[],
): Promise<void> {
  if (gone.length === 0) return;
  const keys = gone.map(({ source, stream, recordId }) => ({ source, stream, recordId }));
  await db.rows(sql`
    update records set
      merged_into = case when merged_into = row."recordId" then 'erased' else merged_into end,
      unmerged_from = case when unmerged_from = row."recordId" then 'erased' else unmerged_from end
    from json_to_recordset(${jsonList(keys)}) as row (source text, stream text, "recordId" text)
    where records.source = row.source and records.stream = row.stream and row."recordId" in (merged_into, unmerged_from)`);
}

export async function hasRecords(db: Queryable, source: string): Promise<boolean> {
  const [row] = await db.rows<{ any: boolean }>(
    sql`select exists (select 1 from records where source = ${source}) as any`,
  );
  return row?.any ?? false;
}

export type RemapRow = MappedState &
  Omit<StandingRecord, 'sourceId'> & {
    hash: string;
  };

export async function recordsToRemap(
  db: Queryable,
  source: string,
  { stream, recordId }: { stream: string; recordId: string },
  limit: number,
): Promise<RemapRow[]> {
  return db.rows(sql`
    select source, stream, record_id, source_id, changed_at,
           coalesce(deleted_at >= changed_at, false) as deleted, merged_into, hash, body, filtered, faults, good
    from records where source = ${source} and (stream, record_id) > (${stream}, ${recordId})
    order by stream, record_id limit ${limit} for update`);
}

export async function countRecords(db: Queryable, source: string): Promise<number> {
  const [row] = await db.rows<{ count: number }>(
    sql`select count(*) as count from records where source = ${source}`,
  );
  return row?.count ?? 0;
}

/**
 * These records, those that are stored as deleted with the clock of this reading: it shows that they are back, though
 * their own clock may be from before they were gone.
 */
export async function revived(
  db: Queryable,
  { source, stream, asOf }: { source: string; stream: string; asOf: number },
  records: readonly SourceRecord[],
): Promise<SourceRecord[]> {
  const rows = await db.rows<{ recordId: string }>(sql`
    select record_id from records
    where source = ${source} and stream = ${stream} and deleted_at >= changed_at and deleted_at < ${toTimestamp(asOf)}
      and record_id = any(${texts(records.map(({ recordId }) => recordId))})`);
  const gone = new Set(rows.map(({ recordId }) => recordId));
  return records.map((record) =>
    gone.has(record.recordId) ? { ...record, changedAt: Math.max(record.changedAt, asOf) } : record,
  );
}

/** How many records of each of these sources speak, and of how many customers. */
export async function countStanding(
  db: Queryable,
  sources: readonly string[],
): Promise<{ name: string; records: number; customers: number }[]> {
  return db.rows(sql`
    select source as name, count(*) as records, count(distinct source_id) as customers
    from records where source = any(${texts(sources)}) and merged_into is null and source_id is not null
      and (deleted_at is null or deleted_at < changed_at)
    group by source`);
}

/** The source has a new name. */
export async function renameSourceInRecords(db: Queryable, from: string, to: string): Promise<void> {
  await db.rows(sql`update records set source = ${to} where source = ${from}`);
}
