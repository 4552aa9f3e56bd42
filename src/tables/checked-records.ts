// The checked_records table: records that a source proof looks at one by one, because a list shows them otherwise than they are stored
// or because they were drawn as a sample, with what was found. Findings stay for as long as people may ask for them.
import { sql } from 'drizzle-orm';
import { bigint, boolean, index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { type FindingKind, findingKinds, type Verdict } from '../contract/source-proof.ts';
import { time } from '../db/column-types.ts';
import { jsonList, type Queryable, texts, toTimestamp } from '../db/database.ts';
import { listedIds, listedMergedIds, type Proving } from './listed-records.ts';

/** Records that a source proof looks at, and what was found of each. */
export const checkedRecords = pgTable(
  'checked_records',
  {
    verificationId: bigint('verification_id', { mode: 'number' }).notNull(),
    source: text().notNull(),
    stream: text().notNull(),
    recordId: text('record_id').notNull(),
    /** The vendor's list has it. */
    listed: boolean().notNull(),
    /** Drawn at random from those that seem equal. */
    sampled: boolean().notNull().default(false),
    /** What became of it; null until it has been read by ID. */
    verdict: text().$type<Verdict>(),
    /** The customer that the stored record speaks of. */
    sourceId: text('source_id'),
    /** Names of the properties that differ. */
    properties: jsonb().$type<string[]>().notNull().default([]),
    /** The clock that the vendor gives it, and that of the stored record. */
    changedThere: time('changed_there'),
    changedHere: time('changed_here'),
    /** The record that it was merged into, there and here; or another detail of the finding. */
    detail: text(),
  },
  (t) => [
    primaryKey({ columns: [t.verificationId, t.source, t.stream, t.recordId] }),
    index('checked_records_source_id').on(t.sourceId).where(sql`${t.sourceId} is not null`),
  ],
);

/** A live record as a list shows it. `hash`: of its body, where the list has it. */
export interface ListedRecord {
  recordId: string;
  changedAt?: number | undefined;
  hash?: string | undefined;
  /** The customer that it must speak of, where its body tells. */
  sourceId?: string | undefined;
  merged?: readonly string[] | undefined;
}

const stands = sql`(deleted_at is null or deleted_at < changed_at) and merged_into is null`;

const ofStream = ({ verificationId, source, stream }: Proving) =>
  sql`verification_id = ${verificationId}::bigint and checked_records.source = ${source} and checked_records.stream = ${stream}`;

const insertInto = sql`insert into checked_records (verification_id, source, stream, record_id, listed)`;
const insertMerged = sql`insert into checked_records (verification_id, source, stream, record_id, listed, detail)`;

/**
 * Notes those of these records that are not stored as they are listed: by the hash of the body where the list has it, else by the
 * clock. Also notes records that are stored as merged into another than the list says.
 */
export async function noteOtherwiseListed(
  db: Queryable,
  proving: Proving,
  rows: readonly ListedRecord[],
  { wholeSeconds }: { wholeSeconds: boolean },
): Promise<void> {
  const { verificationId, source, stream } = proving;
  const clock = (time: ReturnType<typeof sql>) => (wholeSeconds ? sql`date_trunc('second', ${time})` : time);
  const plain = rows.map(({ merged: _, ...row }) => row);
  await db.rows(sql`
    ${insertInto}
    select ${verificationId}::bigint, ${source}, ${stream}, "recordId", true
    from json_to_recordset(${jsonList(plain)}) as row ("recordId" text, "changedAt" float8, "hash" text, "sourceId" text)
    left join lateral (
      select records.hash, source_id, changed_at, ${stands} as stands
      from records where source = ${source} and stream = ${stream} and record_id = "recordId" limit 1) as stored on true
    where not coalesce(stands and stored.hash <> '' and coalesce(row."sourceId" = stored.source_id, true) and case
      when row."hash" is not null then row."hash" = stored.hash
      when row."changedAt" is not null then ${clock(sql`to_timestamp("changedAt" / 1000)`)} = ${clock(sql`changed_at`)}
      else true end, false)
    on conflict (verification_id, source, stream, record_id) do update set listed = true`);
  const merges = rows.flatMap(({ recordId, merged = [] }) =>
    merged.filter((other) => other !== recordId).map((other) => ({ recordId: other, into: recordId })),
  );
  if (merges.length === 0) return;
  await db.rows(sql`
    ${insertMerged}
    select distinct on ("recordId") ${verificationId}::bigint, ${source}, ${stream}, "recordId", false, "into"
    from json_to_recordset(${jsonList(merges)}) as row ("recordId" text, "into" text)
    join lateral (
      select merged_into, unmerged_from, deleted_at, changed_at
      from records where source = ${source} and stream = ${stream} and record_id = "recordId" limit 1) as stored on true
    where merged_into is distinct from "into" and unmerged_from is distinct from "into"
      and (deleted_at is null or deleted_at < changed_at)
    order by "recordId"
    on conflict do nothing`);
}

/** Notes the standing records that the list does not have. Returns how many. */
export async function noteUnlisted(db: Queryable, proving: Proving): Promise<number> {
  const { verificationId, source, stream } = proving;
  const rows = await db.rows<{ count: number }>(sql`
    with noted as (
      ${insertInto}
      select ${verificationId}::bigint, ${source}, ${stream}, record_id, false from (
        select record_id from records where source = ${source} and stream = ${stream} and ${stands} and hash <> ''
        except ${listedIds(proving)}) as unlisted
      on conflict do nothing returning 1)
    select count(*) as count from noted`);
  return rows[0]!.count;
}

/** Notes records stored as merged of which the list says nothing: at most `limit`, the lowest IDs first. */
export async function noteUnlistedMerges(db: Queryable, proving: Proving, limit: number): Promise<void> {
  const { verificationId, source, stream } = proving;
  await db.rows(sql`
    ${insertInto}
    select ${verificationId}::bigint, ${source}, ${stream}, record_id, false from (
      select record_id from records
      where source = ${source} and stream = ${stream} and merged_into is not null and merged_into <> 'erased'
        and hash <> '' and (deleted_at is null or deleted_at < changed_at)
      except ${listedMergedIds(proving)}
      order by record_id limit ${limit}) as unlisted
    on conflict do nothing`);
}

/** Notes those of these records that are listed, and seem equal. */
export async function noteListedToCheck(
  db: Queryable,
  proving: Proving,
  recordIds: readonly string[],
): Promise<void> {
  if (recordIds.length === 0) return;
  const { verificationId, source, stream } = proving;
  await db.rows(sql`
    ${insertInto}
    select distinct ${verificationId}::bigint, ${source}, ${stream}, record_id, true from (${listedIds(proving)}) as listed
    where record_id = any(${texts(recordIds)})
    on conflict do nothing`);
}

/** Draws so many of the listed records that seem equal, each set of them as likely as any other. Returns how many. */
export async function noteSample(db: Queryable, proving: Proving, most: number): Promise<number> {
  const { verificationId, source, stream } = proving;
  const rows = await db.rows<{ count: number }>(sql`
    with noted as (
      insert into checked_records (verification_id, source, stream, record_id, listed, sampled)
      select ${verificationId}::bigint, ${source}, ${stream}, record_id, true, true from (
        select distinct record_id from (${listedIds(proving)}) as listed) as listed
      where not exists (
        select 1 from checked_records where ${ofStream(proving)} and checked_records.record_id = listed.record_id)
      order by random() limit ${most}
      on conflict do nothing returning 1)
    select count(*) as count from noted`);
  return rows[0]!.count;
}

export interface ToCheck {
  recordId: string;
  listed: boolean;
  /** The record that it was merged into, by the vendor's list. */
  detail: string | null;
}

/** The next records that have not been looked at. Those that are not listed come first: they tell whether the list is whole. */
export async function nextToCheck(db: Queryable, proving: Proving, limit: number): Promise<ToCheck[]> {
  return db.rows(sql`
    select record_id, listed, detail from checked_records where ${ofStream(proving)} and verdict is null
    order by listed, record_id limit ${limit}`);
}

/** Of these records those that were noted and not looked at yet. */
export async function toCheckAmong(
  db: Queryable,
  proving: Proving,
  recordIds: readonly string[],
): Promise<ToCheck[]> {
  return db.rows(sql`
    select record_id, listed, detail from checked_records
    where ${ofStream(proving)} and verdict is null and record_id = any(${texts(recordIds)})
    order by record_id`);
}

/** What was found of one record. */
export interface Checked {
  recordId: string;
  verdict: Verdict;
  sourceId?: string | null;
  properties?: readonly string[];
  changedThere?: number | null;
  changedHere?: number | null;
  detail?: string | null;
}

export async function keepVerdicts(
  db: Queryable,
  proving: Proving,
  checked: readonly Checked[],
): Promise<void> {
  if (checked.length === 0) return;
  await db.rows(sql`
    update checked_records set verdict = row.verdict, source_id = row."sourceId", properties = coalesce(row.properties, '[]'),
      changed_there = to_timestamp(row."changedThere" / 1000), changed_here = to_timestamp(row."changedHere" / 1000), detail = row.detail
    from json_to_recordset(${jsonList(checked)}) as row
      ("recordId" text, verdict text, "sourceId" text, properties jsonb, "changedThere" float8, "changedHere" float8, detail text)
    where ${ofStream(proving)} and checked_records.record_id = row."recordId"`);
}

/** Whatever was not looked at gets this verdict; with `notListed` only what the list does not have. */
export async function settleUnchecked(
  db: Queryable,
  proving: Proving,
  { verdict, notListed = false }: { verdict: Verdict; notListed?: boolean },
): Promise<void> {
  await db.rows(sql`
    update checked_records set verdict = ${verdict}
    where ${ofStream(proving)} and verdict is null and (not ${notListed}::boolean or not listed)`);
}

/** How many standing records from before `since` the vendor gives by ID although its list does not have them. */
export async function countLeftOut(db: Queryable, proving: Proving, since: number): Promise<number> {
  const [row] = await db.rows<{ count: number }>(sql`
    select count(*) as count from checked_records
    join records on records.source = checked_records.source and records.stream = checked_records.stream
      and records.record_id = checked_records.record_id
    where ${ofStream(proving)} and not listed and ${stands} and received_at < ${toTimestamp(since)}
      and verdict in ('matched', 'stale', 'content', 'ahead', 'filtered', 'otherCustomer', 'undelivered')`);
  return row!.count;
}

/** How many of the listed records are stored, stand, and are left out by a filter. */
export async function countListedFiltered(db: Queryable, proving: Proving): Promise<number> {
  const { source, stream } = proving;
  const [row] = await db.rows<{ count: number }>(sql`
    select count(*) as count from records
    where source = ${source} and stream = ${stream} and filtered is not null and ${stands}
      and record_id in (${listedIds(proving)})
      and not exists (
        select 1 from checked_records
        where ${ofStream(proving)} and checked_records.record_id = records.record_id and verdict <> 'matched')`);
  return row!.count;
}

/** How many records came or were deleted since, of which a count at the vendor may tell or not. */
export async function countReceivedSince(
  db: Queryable,
  { source, stream }: Proving,
  since: number,
): Promise<number> {
  const [row] = await db.rows<{ count: number }>(sql`
    select count(*) as count from records
    where source = ${source} and stream = ${stream} and received_at >= ${toTimestamp(since)}`);
  return row!.count;
}

/** How many records of a stream stand. */
export async function countStandingOf(
  db: Queryable,
  { source, stream }: Pick<Proving, 'source' | 'stream'>,
): Promise<number> {
  const [row] = await db.rows<{ count: number }>(sql`
    select count(*) as count from records
    where source = ${source} and stream = ${stream} and ${stands} and hash <> ''`);
  return row!.count;
}

/** Of these customers those whose delivery is known. */
export async function knownDeliveries(db: Queryable, sourceIds: readonly string[]): Promise<Set<string>> {
  if (sourceIds.length === 0) return new Set();
  const rows = await db.rows<{ sourceId: string }>(sql`
    select source_id from deliveries where source_id = any(${texts(sourceIds)})`);
  return new Set(rows.map((row) => row.sourceId));
}

const isFinding = sql`verdict in (select json_array_elements_text(${jsonList([...findingKinds])}))`;

/** What was found is looked at once more. Returns how many records. */
export async function checkFindingsAgain(db: Queryable, proving: Proving): Promise<number> {
  const rows = await db.rows<{ count: number }>(sql`
    with again as (
      update checked_records set verdict = null where ${ofStream(proving)} and ${isFinding} returning 1)
    select count(*) as count from again`);
  return rows[0]!.count;
}

/** How many records got each verdict. */
export async function countVerdicts(
  db: Queryable,
  proving: Proving,
): Promise<{ verdict: Verdict | null; listed: boolean; count: number }[]> {
  return db.rows(sql`
    select verdict, listed, count(*) as count from checked_records where ${ofStream(proving)} group by verdict, listed`);
}

/** A finding as it is shown. */
export interface Finding
  extends Pick<
    typeof checkedRecords.$inferSelect,
    'source' | 'stream' | 'recordId' | 'sourceId' | 'properties' | 'changedThere' | 'changedHere' | 'detail'
  > {
  kind: FindingKind;
}

const findingColumns = sql`
  checked_records.source, checked_records.stream, record_id, verdict as kind, source_id, properties, changed_there, changed_here, detail`;

/** The first findings of each kind, by record ID. */
export async function firstFindings(db: Queryable, proving: Proving, each: number): Promise<Finding[]> {
  return db.rows(sql`
    select source, stream, record_id, kind, source_id, properties, changed_there, changed_here, detail from (
      select ${findingColumns}, row_number() over (partition by verdict order by record_id) as place
      from checked_records where ${ofStream(proving)} and ${isFinding}) as found
    where place <= ${each} order by kind, record_id`);
}

/** Findings of a stream, in the order of record IDs. */
export async function findingsAfter(
  db: Queryable,
  proving: Proving,
  { after, limit }: { after: string; limit: number },
): Promise<Finding[]> {
  return db.rows(sql`
    select ${findingColumns} from checked_records where ${ofStream(proving)} and ${isFinding} and record_id > ${after}
    order by record_id limit ${limit}`);
}

/** Findings of a verification, in the order of source, stream and record ID. `after`: the last one of the page before. */
export async function listFindings(
  db: Queryable,
  verificationId: number,
  page: {
    kind?: FindingKind | undefined;
    source?: string | undefined;
    after?: Pick<Finding, 'source' | 'stream' | 'recordId'> | undefined;
    limit: number;
  },
): Promise<Finding[]> {
  const { kind, source, after, limit } = page;
  return db.rows(sql`
    select ${findingColumns} from checked_records
    where verification_id = ${verificationId}::bigint and ${isFinding}
      and ${kind === undefined ? sql`true` : sql`verdict = ${kind}`}
      and ${source === undefined ? sql`true` : sql`checked_records.source = ${source}`}
      and ${after === undefined ? sql`true` : sql`(checked_records.source, checked_records.stream, record_id) > (${after.source}, ${after.stream}, ${after.recordId})`}
    order by checked_records.source, checked_records.stream, record_id limit ${limit}`);
}

/** Only what was found stays of a verification that has ended. */
export async function forgetAsExpected(db: Queryable, verificationId: number): Promise<void> {
  await db.rows(sql`
    delete from checked_records where verification_id = ${verificationId}::bigint and (verdict is null or not ${isFinding})`);
}

/** The stream is listed from its beginning again. */
export async function forgetChecked(db: Queryable, proving: Proving): Promise<void> {
  await db.rows(sql`delete from checked_records where ${ofStream(proving)}`);
}

/** Findings of verifications that ended before. Returns how many were forgotten, 10,000 at most. */
export async function forgetOldFindings(db: Queryable, before: number): Promise<number> {
  const rows = await db.rows(sql`
    delete from checked_records where ctid in (
      select checked_records.ctid from checked_records join verifications on verifications.id = verification_id
      where ended_at < ${toTimestamp(before)} limit 10000)
    returning 1`);
  return rows.length;
}

/** Of one who is erased, whose stored records these were. */
export async function forgetCheckedOf(
  db: Queryable,
  sourceId: string,
  records: readonly { source: string; stream: string; recordId: string }[],
): Promise<void> {
  const keys = records.map(({ source, stream, recordId }) => ({ source, stream, recordId }));
  await db.rows(sql`
    delete from checked_records where source_id = ${sourceId} or (source, stream, record_id) in (
      select row.source, row.stream, row."recordId"
      from json_to_recordset(${jsonList(keys)}) as row (source text, stream text, "recordId" text))`);
}
