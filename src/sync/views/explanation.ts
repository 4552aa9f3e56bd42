// All that explains one customer, gathered from every table that knows of it: the records, the fold of now, pins, what the
// destination acknowledged, what is held and what was given up. It only reads, and finds no words (see customer/explain).
import { sql } from 'drizzle-orm';
import type { Fields, Json } from '../../connector.ts';
import { unknownValue } from '../../customer/diff.ts';
import type {
  BringingRun,
  Candidate,
  Clash,
  CustomerExplanation,
  ExplainedField,
  IgnoredRecord,
  Pinned,
  Quarantined,
  TakeOver,
} from '../../customer/explain.ts';
import { sameJson } from '../../customer/json.ts';
import type { Origin } from '../../customer/merge.ts';
import { jsonList, type Queryable } from '../../db/database.ts';
import { lanes } from '../../engine/quota/lanes.ts';
import type { customers } from '../../tables/customers.ts';
import { type Pin, pinsOfOne } from '../../tables/pins.ts';
import { type records, type StandingRecord, stands } from '../../tables/records.ts';
import type { Revision } from '../../tables/revisions.ts';
import type { WriteBackRules } from '../facts/write-back-rules.ts';
import { keptOf } from '../intake/kept.ts';
import type { Rules } from '../intake/rules.ts';
import { causeWords } from './history.ts';
import { explainWriteBacks } from './write-back-explanation.ts';

/** Null where there is no customer of this source ID. `destination`: its connector's name. */
export async function explainCustomer(
  db: Queryable,
  {
    rules,
    writeBackRules,
    destination,
  }: { rules: Rules; writeBackRules: WriteBackRules; destination: string },
  sourceId: string,
): Promise<CustomerExplanation | null> {
  const customer = await readCustomer(db, sourceId);
  if (!customer) return null;
  const [records, pins, since, acknowledged] = [
    await readRecords(db, sourceId),
    await pinsOfOne(db, sourceId),
    await readSince(db, sourceId),
    await readAcknowledged(db, sourceId),
  ];
  const speaking = records.filter((record) => record.filtered === null);
  const standing = speaking.filter(stands);
  // As the fold does: a customer left by all its records keeps what they said last.
  const heard = customer.orphaned ? speaking : standing;
  const quarantined = quarantinedOf(heard, rules);
  const fields = explainFields({ rules, customer, records: heard, pins, since, acknowledged, quarantined });
  return {
    sourceId,
    revision: customer.revision,
    createdAt: customer.createdAt,
    updatedAt: customer.updatedAt,
    orphaned: customer.orphaned,
    destination,
    fields,
    dropped: customer.dropped,
    leftOut: pins
      .filter(({ field, undoRunId }) => undoRunId !== null && !Object.hasOwn(customer.fields, field))
      .map((pin) => ({ field: pin.field, ...pinnedOf(pin) })),
    withheldBy: customer.withheldBy,
    quarantined: quarantined.filter(({ field }) => !Object.hasOwn(customer.fields, field)),
    clashes: clashesOf(standing),
    takeOvers: await readTakeOvers(db, sourceId),
    ignored: records.flatMap((record) => ignoredOf(record, rules) ?? []),
    delivery: await readDelivery(db, sourceId),
    holds: await readHolds(db, sourceId),
    deadLetters: await readLetters(db, sourceId, records),
    writeBacks: await explainWriteBacks(db, writeBackRules, sourceId),
  };
}

// ── Fields ──────────────────────────────────────────────────────────────────────────────────────────────────────

interface Gathered {
  rules: Rules;
  customer: CustomerRow;
  records: readonly FullRecord[];
  pins: readonly Pin[];
  since: ReadonlyMap<string, Since>;
  acknowledged: Acknowledged | null;
  quarantined: readonly Quarantined[];
}

function explainFields({ rules, customer, records, pins, ...more }: Gathered): ExplainedField[] {
  // A field that an undo left out has no value, and so no explanation of one.
  const pinned: Fields = Object.fromEntries(
    pins
      .filter(({ field, undoRunId }) => undoRunId === null || Object.hasOwn(customer.fields, field))
      .map(({ field, value }) => [field, value]),
  );
  const explained = rules.explain(records, pinned);
  const byName = new Map(records.map((record) => [keyOf(record), record]));
  const candidateOf = (origin: Origin): Candidate => toCandidate(byName.get(keyOf(origin))!, rules);
  return Object.keys(customer.fields)
    .sort()
    .map((field) => {
      const value = customer.fields[field]!;
      const now = explained[field];
      const pin = pins.find((candidate) => candidate.field === field);
      return {
        field,
        value,
        rule: now?.rule ?? 'none',
        pin: pin ? pinnedOf(pin) : null,
        winner: now && now.winner !== 'pin' ? candidateOf(now.winner) : null,
        losers: (now?.losers ?? []).map(({ value: said, reason, ...origin }) => ({
          ...candidateOf(origin),
          value: said,
          reason,
        })),
        ...readFrom(now && now.winner !== 'pin' ? byName.get(keyOf(now.winner))! : null, rules, field),
        quarantined: more.quarantined.filter((one) => one.field === field),
        since: sinceOf(field, more.since, customer),
        acknowledged: acknowledgedOf(field, value, more.acknowledged),
        next: now === undefined ? { value: null } : sameJson(now.value, value) ? null : { value: now.value },
      };
    });
}

function pinnedOf({ note, pinnedAt, undoRunId, insteadOf }: Pin): Pinned {
  return { note, pinnedAt, undoneBy: undoRunId, insteadOf };
}

/** How the winning record gives the field: what it holds and what was done to it, and whether an older state gave it. */
function readFrom(
  record: FullRecord | null,
  rules: Rules,
  field: string,
): Pick<ExplainedField, 'kept' | 'raw'> {
  if (record === null) return { kept: null, raw: null };
  const source = rules.source(record.source)!;
  const kept = keptOf(source, { ...record, deletedAt: null }, field);
  // What is empty now, or quarantined, did not give the value.
  const gives = Object.hasOwn(source.contribute(record.body).fields, field);
  return { kept, raw: gives ? source.rawOf(field, record.body) : null };
}

function keyOf({ source, stream, recordId }: Pick<Origin, 'source' | 'stream' | 'recordId'>): string {
  return JSON.stringify([source, stream, recordId]);
}

function toCandidate(record: FullRecord, rules: Rules): Candidate {
  const { source, stream, recordId, changedAt, hash, receivedAt, run } = record;
  const mapping = rules.source(source)!.fingerprintFor(record.body);
  return { source, stream, recordId, changedAt, version: hash, receivedAt, run, mapping };
}

function quarantinedOf(records: readonly FullRecord[], rules: Rules): Quarantined[] {
  return records.flatMap(({ source, stream, recordId, body, good }) =>
    (rules.source(source)?.contribute(body).faults ?? []).map(({ field, reason, value }) => ({
      source,
      stream,
      recordId,
      field,
      value,
      reason,
      hasLastGood: Object.hasOwn(good ?? {}, field),
    })),
  );
}

function sinceOf(field: string, since: ReadonlyMap<string, Since>, { createdAt }: CustomerRow) {
  const found = since.get(field);
  return found
    ? { revision: found.revision, at: found.at, by: causeWords(found.cause) }
    : { revision: 1, at: createdAt, by: causeWords(null) };
}

function acknowledgedOf(
  field: string,
  value: Json,
  acknowledged: Acknowledged | null,
): ExplainedField['acknowledged'] {
  if (!acknowledged) return null;
  const { revision, at } = acknowledged;
  const held = acknowledged.fields[field] ?? null;
  const isCertain = held !== unknownValue;
  return { value: isCertain ? held : null, isSame: sameJson(held, value), isCertain, revision, at };
}

// ── Records ─────────────────────────────────────────────────────────────────────────────────────────────────────

function clashesOf(standing: readonly FullRecord[]): Clash[] {
  const claims = Map.groupBy(standing, ({ source, stream }) => JSON.stringify([source, stream]));
  return [...claims.values()]
    .filter((records) => records.length > 1)
    .map((records) => ({
      source: records[0]!.source,
      stream: records[0]!.stream,
      // They were read the newest first.
      recordIds: records.map(({ recordId }) => recordId),
    }));
}

function ignoredOf(record: FullRecord, rules: Rules): IgnoredRecord | null {
  const { source, stream, recordId } = record;
  const because = record.deleted
    ? 'it is deleted at its source'
    : (record.filtered ??
      (rules.source(source) ? null : `no source is called ${source} in the configuration`));
  return because === null ? null : { source, stream, recordId, because };
}

type FullRecord = StandingRecord &
  Pick<typeof records.$inferSelect, 'clocks' | 'filtered' | 'hash' | 'receivedAt'> & {
    run: BringingRun | null;
  };

/** Every record that speaks or spoke of the customer, filtered ones too, the newest first. */
async function readRecords(db: Queryable, sourceId: string): Promise<FullRecord[]> {
  return db.rows(sql`
    select own.source, stream, record_id, source_id, changed_at,
           coalesce(deleted_at >= changed_at, false) as deleted, merged_into, body, clocks, good, own.filtered, hash, received_at,
           case when runs.id is not null then jsonb_build_object('id', runs.id, 'mode', mode, 'trigger', trigger) end as run
    from records as own left join runs on runs.id = run_id
    where source_id = ${sourceId}
    order by changed_at desc, own.source, stream, record_id`);
}

/** Merges of records of which either speaks of the customer. */
async function readTakeOvers(db: Queryable, sourceId: string): Promise<TakeOver[]> {
  return db.rows(sql`
    with taken as (
      select source, stream, record_id, source_id, coalesce(merged_into, unmerged_from) as merged_into, merged_into is null as undone
      from records where source_id = ${sourceId} and coalesce(merged_into, unmerged_from) is not null
      union
      select taken.source, taken.stream, taken.record_id, taken.source_id, taken.merged_into, false
      from records as own join records as taken
        on taken.source = own.source and taken.stream = own.stream and taken.merged_into = own.record_id
      where own.source_id = ${sourceId} and taken.merged_into is not null)
    select taken.source, taken.stream, taken.record_id, taken.merged_into as into, taken.source_id,
           records.source_id as into_source_id, undone as is_undone
    from taken left join records
      on records.source = taken.source and records.stream = taken.stream and records.record_id = taken.merged_into
    order by taken.source, taken.stream, taken.record_id`);
}

// ── Rows ────────────────────────────────────────────────────────────────────────────────────────────────────────

type CustomerRow = Omit<
  typeof customers.$inferSelect,
  'sourceId' | 'deletionRefused' | 'clash' | 'createdRunId'
>;

async function readCustomer(db: Queryable, sourceId: string): Promise<CustomerRow | null> {
  const [row] = await db.rows<CustomerRow>(sql`
    select revision, fields, dropped, orphaned, withheld_by, created_at, updated_at
    from customers where source_id = ${sourceId}`);
  return row ?? null;
}

type Since = Omit<Revision, 'sourceId' | 'changed'> & { field: string };

/** By field the newest revision that changed it. */
async function readSince(db: Queryable, sourceId: string): Promise<Map<string, Since>> {
  const rows = await db.rows<Since>(sql`
    select distinct on (field) field, revision, at, cause
    from revisions, jsonb_object_keys(changed) as field
    where source_id = ${sourceId} order by field, revision desc`);
  return new Map(rows.map((row) => [row.field, row]));
}

interface Acknowledged {
  revision: number;
  fields: Fields;
  at: number;
}

async function readAcknowledged(db: Queryable, sourceId: string): Promise<Acknowledged | null> {
  const [row] = await db.rows<Acknowledged>(sql`
    select revision, fields, acknowledged_at as at from acknowledgements where source_id = ${sourceId}`);
  return row ?? null;
}

async function readDelivery(db: Queryable, sourceId: string): Promise<CustomerExplanation['delivery']> {
  type Row = Omit<NonNullable<CustomerExplanation['delivery']>, 'lane'> & { lane: number };
  const [row] = await db.rows<Row>(sql`
    select state, revision, acknowledged, lane, waiting_since,
           case when lease is null and batch_id is null then due_at end as due_at,
           delivered_at, attempts, error
    from deliveries where source_id = ${sourceId}`);
  return row ? { ...row, lane: lanes[row.lane]! } : null;
}

async function readHolds(db: Queryable, sourceId: string): Promise<CustomerExplanation['holds']> {
  return db.rows(sql`
    select id, change, "from", held_at from holds
    where source_id = ${sourceId} and decided_at is null order by id`);
}

/** The open letters about the customer's delivery, its records and what is written back. */
async function readLetters(
  db: Queryable,
  sourceId: string,
  records: readonly FullRecord[],
): Promise<CustomerExplanation['deadLetters']> {
  const about = [
    { kind: 'delivery', source: 'destination', stream: '', ref: sourceId },
    ...records.map(({ source, stream, recordId }) => ({ kind: 'record', source, stream, ref: recordId })),
  ];
  return db.rows(sql`
    select id, kind, code, message, last_at
    from json_to_recordset(${jsonList(about)}) as row (kind text, source text, stream text, ref text)
    join dead_letters using (kind, source, stream, ref) where settled_at is null
    union all
    select id, kind, code, message, last_at
    from dead_letters where kind = 'writeBack' and ref = ${sourceId} and settled_at is null
      and source in (select source from write_backs where source_id = ${sourceId})
    order by id`);
}
