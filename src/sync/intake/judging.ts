// What one record is, against what is stored of it: older, the same, or a new state, with the row that it makes. Pure: it
// reads no table, and the rows it is given are locked by its caller.
import { isDeepStrictEqual } from 'node:util';
import type { Fields, JsonObject } from '../../connector.ts';
import { composed, goodClock, type KnownRecord, separator } from '../../customer/composing.ts';
import { assignedSourceId, sourceIdOf } from '../../customer/identity.ts';
import type { Said } from '../../customer/mapping.ts';
import type { DeadLetter } from '../../tables/dead-letters.ts';
import type { ComposedRecord, LockedRecord, RecordRow, StoredRecord } from '../../tables/records.ts';
import { isEcho } from './echo.ts';
import { fieldClock } from './kept.ts';
import type { Source } from './source.ts';

export type Verdict =
  | { kind: 'superseded' | 'unchanged' }
  | { kind: 'touched'; sourceId: string | null }
  /** Of somebody who was erased: nothing of it is kept. */
  | { kind: 'erased' }
  | { kind: 'rejected'; letter: DeadLetter; sourceId: string | null }
  /** Not `changed`, and a row: only clocks move on, or a deletion came late that only parts older than it will meet. */
  | {
      kind: 'changed' | 'filtered' | 'superseded' | 'unchanged';
      row: RecordRow;
      before: string | null;
      /** What the body of the row says; absent of a deletion. */
      said?: Said;
    };

/** Where records come from. */
export interface Origin {
  source: Source;
  stream: string;
  runId: number | null;
  /** When the vendor was asked for them, epoch milliseconds; absent where it pushed them. */
  readAt?: number | undefined;
  /**
   * Records that a source proof found to be stored otherwise than the vendor has them: what was read of them takes the place of what
   * was stored before that reading, whatever their clocks say.
   */
  proven?: ReadonlySet<string> | undefined;
}

/** A record with the hash of its body. */
export interface Hashed {
  record: ComposedRecord;
  hash: string;
  /** The source ID of a record that this one took over. */
  inherited: string | null;
}

/** What clocks and hashes alone tell; null where the row itself must be looked at. */
export function quickVerdict(
  { record, hash }: Hashed,
  stored: StoredRecord | undefined,
  origin: Origin,
): Exclude<Verdict, { row: RecordRow }> | null {
  const { source } = origin;
  if (record.deleted) {
    if (stored?.deletedAt != null && stored.deletedAt >= record.changedAt) return { kind: 'unchanged' };
    const isLate = stored !== undefined && record.changedAt < stored.changedAt;
    const isOfNoUse = isLate && !stored.hasClocks && isWhole(stored, origin);
    return isOfNoUse ? { kind: 'superseded' } : null;
  }
  if (!stored) return null;
  const changedAt = clockOf(record, stored, origin);
  if (changedAt === null) return { kind: 'superseded' };
  const isOlder = changedAt < stored.changedAt;
  const goesLater = (record.deletedAt ?? 0) > (stored.deletedAt ?? 0);
  if (hash === stored.hash && !goesLater) {
    if (changedAt === stored.changedAt) return { kind: 'unchanged' };
    if (isOlder) return { kind: 'superseded' };
    // A deleted record that stands again is a change, though its body is the same.
    if (stands(stored) && record.undated) return { kind: 'unchanged' };
    // What we wrote back may be all that changed.
    if (stands(stored) && source.writtenBack) return { kind: 'unchanged' };
    if (stands(stored) && !stored.hasClocks) return { kind: 'touched', sourceId: stored.sourceId };
  }
  return isOlder && isWhole(stored, origin) ? { kind: 'superseded' } : null;
}

/** What is stored says everything by itself: no older state adds to it. */
function isWhole({ hasFaults }: StoredRecord, { source, stream }: Origin): boolean {
  return !source.keepsAbsent(stream) && !source.hasSilentFields && !hasFaults;
}

/** The verdict on a record, against its locked row. */
export function judge(hashed: Hashed, stored: LockedRecord | undefined, origin: Origin): Verdict {
  if (stored && takesPlace(hashed.record, stored, origin)) return judgeAnew(hashed, stored, origin);
  const quick = quickVerdict(hashed, stored, origin);
  if (quick) return quick;
  if (hashed.record.deleted) return judgeDeletion(hashed.record, stored, origin);
  const changedAt = stored ? clockOf(hashed.record, stored, origin)! : hashed.record.changedAt;
  const record = { ...hashed.record, changedAt };
  const isOlder = stored !== undefined && changedAt < stored.changedAt;
  const whole = wholeOf(record, stored, origin);
  const { writtenBack } = origin.source;
  if (writtenBack && stored && !isOlder && stands(stored) && isEcho(writtenBack, stored.body, whole.body))
    return { kind: 'unchanged' };
  const made = rowOf({ whole, told: record, stored, hashed, origin });
  if ('fault' in made) {
    const { code, fault, sourceId } = made;
    // Of what has been deleted or replaced since nobody needs to hear.
    const isGone = stored?.deletedAt != null && stored.deletedAt >= changedAt;
    if (isOlder || (isGone && code === 'bad_value')) return { kind: 'superseded' };
    return { kind: 'rejected', letter: letterOf(record, origin, code, fault), sourceId };
  }
  const { said } = made;
  const row = { ...made.row, hash: isOlder ? stored.hash : hashed.hash };
  const before = stored?.sourceId ?? null;
  if (isOlder && isSameRow(row, stored, { clocks: true })) return { kind: 'superseded' };
  if (stored && !isOlder && row.clocks && stands(stored) && stands(row) && isSameRow(row, stored)) {
    return record.undated ? { kind: 'unchanged' } : { kind: 'unchanged', row, before };
  }
  return { kind: row.filtered === null ? 'changed' : 'filtered', row, before, said };
}

/** Whether what a source proof had read counts, since nothing came meanwhile. */
export function takesPlace(
  { recordId, deleted }: ComposedRecord,
  { receivedAt }: Pick<StoredRecord, 'receivedAt'>,
  { source, stream, readAt, proven }: Origin,
): boolean {
  if (!proven?.has(recordId) || deleted || readAt === undefined) return false;
  return receivedAt < readAt - (source.stream(stream)?.read?.lagSeconds ?? 0) * 1000;
}

function judgeAnew(hashed: Hashed, stored: LockedRecord, origin: Origin): Verdict {
  const { record, hash } = hashed;
  const made = rowAnew(hashed, stored, origin);
  if ('fault' in made) {
    const { code, fault, sourceId } = made;
    return { kind: 'rejected', letter: letterOf(record, origin, code, fault), sourceId };
  }
  const { row, said } = made;
  const kind = row.filtered === null ? 'changed' : 'filtered';
  return { kind, row: { ...row, hash, replaces: true }, before: stored.sourceId, said };
}

/** The row that a record gives if the clocks of the stored one do not count. A source ID that is the record's own ID sticks to no other. */
export function rowAnew(
  hashed: Pick<Hashed, 'record' | 'inherited'>,
  stored: LockedRecord,
  origin: Origin,
): ReturnType<typeof rowOf> {
  const { record } = hashed;
  const changedAt = Math.min(stored.changedAt, record.changedAt);
  const before: LockedRecord = { ...stored, changedAt, deletedAt: null, clocks: null };
  const whole = wholeOf(record, before, origin);
  return rowOf({ whole, told: record, stored: before, hashed, origin, ownId: true });
}

/** It was not deleted since. */
function stands({ changedAt, deletedAt }: Pick<KnownRecord, 'changedAt' | 'deletedAt'>): boolean {
  return deletedAt === null || deletedAt < changedAt;
}

// ── Clocks ──────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * When the record changed, to be compared with what is stored. Where the vendor's clock may go back or shows whole seconds
 * only, a state that was read after the stored one came is no older than that. Null: it is older, whatever its clock says.
 */
function clockOf(record: ComposedRecord, stored: StoredRecord, origin: Origin): number | null {
  const { source, stream, readAt } = origin;
  const { changedAt } = record;
  const clock = source.clock(stream);
  if (clock === 'millisecond') return changedAt;
  const wasReadLater = readAt !== undefined && readAt >= stored.receivedAt;
  if (clock === 'reading') {
    if (readAt === undefined) return changedAt;
    return wasReadLater ? Math.max(changedAt, stored.changedAt) : null;
  }
  const isSameSecond = Math.floor(changedAt / 1000) === Math.floor(stored.changedAt / 1000);
  if (!isSameSecond || changedAt === stored.changedAt) return changedAt;
  if (changedAt % 1000 === 0 && wasReadLater) return stored.changedAt;
  // A reading shows everything that happened before it, though its clock has lost the milliseconds.
  const wasReadSince = stored.byRun && stored.changedAt % 1000 === 0 && readAt === undefined;
  return wasReadSince && changedAt <= stored.receivedAt ? null : changedAt;
}

// ── Bodies ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** What is known of the record with what it says now: what it does not name stays, unless the stream names everything. */
function wholeOf(
  record: ComposedRecord,
  stored: LockedRecord | undefined,
  { source, stream }: Origin,
): KnownRecord {
  const { body, changedAt } = record;
  const deletions = [record.deletedAt, stored?.deletedAt].filter((time) => time != null);
  const deletedAt = deletions.length > 0 ? Math.max(...deletions) : null;
  const alone = { body, changedAt, clocks: record.clocks ?? null, deletedAt };
  if (!stored) return alone;
  if (!source.keepsAbsent(stream)) return changedAt < stored.changedAt ? stored : alone;
  const { clocks, ...told } = record;
  const all = composed(
    stored,
    [{ ...told, ...(clocks && { clocks }) }],
    source.exhaustive(stream),
    source.identityOf,
  );
  // As it was told: in the order of its own keys.
  if (all.clocks === null && changedAt >= stored.changedAt) return { ...all, body };
  return withoutUnasked(all, body, source);
}

/** Without absent properties that the vendor is asked for no more: nothing would bring them up to date. */
function withoutUnasked(all: KnownRecord, told: JsonObject, source: Source): KnownRecord {
  const unasked = Object.keys(all.body).filter((key) => !Object.hasOwn(told, key) && !source.isKept(key));
  if (unasked.length === 0) return all;
  const isKept = ([path]: readonly [string, unknown]) => !unasked.includes(path.split(separator)[0]!);
  const clocks = all.clocks && Object.fromEntries(Object.entries(all.clocks).filter(isKept));
  return { ...all, body: Object.fromEntries(Object.entries(all.body).filter(isKept)), clocks };
}

interface Making {
  whole: KnownRecord;
  /** Null for a deletion. */
  told: ComposedRecord | null;
  stored: LockedRecord | undefined;
  hashed: Pick<Hashed, 'record' | 'inherited'>;
  origin: Origin;
  /** A source ID that is the record's own ID takes the place of another one. */
  ownId?: true;
}

/** The row of a record that stands so, without its hash, and what it says; or why it cannot be taken. */
function rowOf(
  making: Making,
): { row: Omit<RecordRow, 'hash'>; said: Said } | { code: string; fault: string; sourceId: string | null } {
  const { whole, stored, hashed, origin, ownId } = making;
  const { source, stream } = origin;
  const { path: _, policy, ...how } = source.config.sourceId;
  const before = stored?.sourceId ?? null;
  const path = source.sourceIdPath(whole.body);
  const found = sourceIdOf(whole.body, path, how);
  if ('fault' in found) return { code: 'source_id', fault: found.fault, sourceId: before };
  const isOwnId = ownId === true && found.value === hashed.record.recordId && !hashed.record.merged?.length;
  const sticks = stored && !isOwnId && !source.isProvisional(stream, stored.body) ? before : null;
  const sourceId = assignedSourceId(sticks ?? hashed.inherited, found.value, policy);
  const said = source.contribute(whole.body);
  const faults = said.faults.map(({ value: _, ...fault }) => fault);
  if (faults.length > 0 && source.badValues(whole.body) === 'reject') {
    const fault = faults.map(({ field, reason }) => `${field}: ${reason}`).join(' ');
    return { code: 'bad_value', fault, sourceId };
  }
  const good = goodValues(making, openFields(said));
  const values = [...good].flatMap(([field, { value }]) => (value === null ? [] : [[field, value] as const]));
  const row = {
    recordId: hashed.record.recordId,
    sourceId,
    changedAt: whole.changedAt,
    deletedAt: whole.deletedAt,
    body: whole.body,
    clocks: withGoodClocks(whole, good),
    filtered:
      source.filtered(stream, whole.body) ?? (sourceId === null ? `no source ID: ${path} is empty` : null),
    faults: faults.length > 0 ? faults : null,
    good: values.length > 0 ? Object.fromEntries(values) : null,
    isKnown: stored !== undefined,
    ...(before !== null && sticks === null && sourceId !== before && { hasMoved: true as const }),
  };
  return { row, said };
}

// ── Last good values ────────────────────────────────────────────────────────────────────────────────────────────

/** A null is kept for its clock: it had been cleared by then, so that no value from before that comes back. */
type Good = Map<string, { value: Fields[string]; clock: number }>;

/** Of fields that fail in this state or of which it says nothing: what they were last, unless that has been deleted. */
function goodValues({ whole, told, stored, origin }: Making, open: readonly string[]): Good {
  const good: Good = new Map();
  if (!stored || open.length === 0) return good;
  const offer = (field: string, value: Fields[string] | undefined, clock: number): void => {
    if (value === undefined || (whole.deletedAt !== null && clock <= whole.deletedAt)) return;
    if (clock > (good.get(field)?.clock ?? Number.NEGATIVE_INFINITY)) good.set(field, { value, clock });
  };
  const before = stored.hash === '' ? () => undefined : closedBy(stored.body, origin);
  const isOlder = told !== null && told.changedAt < stored.changedAt;
  const alone = isOlder ? closedBy(told.body, origin) : () => undefined;
  for (const field of open) {
    const clock = goodClock(stored.clocks, field);
    offer(field, stored.good?.[field] ?? (clock === null ? undefined : null), clock ?? 0);
    offer(field, before(field), fieldClock(origin.source, stored, field));
    if (isOlder) offer(field, alone(field), told.changedAt);
  }
  return good;
}

/** What a body says of a field; undefined where the field fails or it says nothing of it. */
function closedBy(
  body: JsonObject,
  { source, stream }: Origin,
): (field: string) => Fields[string] | undefined {
  const said = source.contribute(body);
  const open = new Set(openFields(said));
  const absent = source.keepsAbsent(stream) ? undefined : null;
  return (field) => {
    if (open.has(field)) return undefined;
    return Object.hasOwn(said.fields, field) ? said.fields[field] : absent;
  };
}

/** Fields that fail, or that keep what they were last. */
export function openFields({ faults, ignored }: Pick<Said, 'faults' | 'ignored'>): string[] {
  return [...faults.map(({ field }) => field), ...ignored];
}

function withGoodClocks({ clocks }: KnownRecord, good: Good): KnownRecord['clocks'] {
  const own = Object.entries(clocks ?? {}).filter(([key]) => !key.startsWith(separator));
  const ofGood = [...good].map(([field, { clock }]) => [`${separator}${field}`, clock] as const);
  return own.length + ofGood.length === 0 ? null : Object.fromEntries([...own, ...ofGood]);
}

// ── Deletions ───────────────────────────────────────────────────────────────────────────────────────────────────

function judgeDeletion(record: ComposedRecord, stored: LockedRecord | undefined, origin: Origin): Verdict {
  const before = stored?.sourceId ?? null;
  if (stored && record.changedAt < stored.changedAt) {
    // It came late: what was told of after it stands, and nothing that was told of before.
    const whole = composed(stored, [{ body: {}, changedAt: record.changedAt, deleted: true }]);
    const made = rowOf({ whole, told: null, stored, hashed: { record, inherited: null }, origin });
    if ('fault' in made) return { kind: 'superseded' };
    const row = { ...made.row, hash: stored.hash };
    return { kind: isSameRow(row, stored) ? 'superseded' : 'changed', row, before };
  }
  // Only the deletion's clock moves; the body, its clock and its source ID stay as they are stored.
  const row: RecordRow = {
    recordId: record.recordId,
    sourceId: null,
    changedAt: 0,
    deletedAt: record.changedAt,
    hash: '',
    body: {},
    clocks: null,
    filtered: null,
    faults: null,
    good: null,
    isKnown: stored !== undefined,
  };
  return { kind: 'changed', row, before };
}

/** True where the two give the same customer; with `clocks`, also in any order of what is still to come. */
function isSameRow(row: Omit<RecordRow, 'hash'>, stored: LockedRecord, { clocks = false } = {}): boolean {
  const plain = (one: Pick<RecordRow, 'body' | 'good' | 'clocks' | 'sourceId'>) => [
    one.body,
    one.good,
    one.sourceId,
    clocks ? one.clocks : null,
  ];
  return isDeepStrictEqual(plain(row), plain(stored));
}

function letterOf(record: ComposedRecord, origin: Origin, code: string, message: string): DeadLetter {
  const { recordId, changedAt, body } = record;
  return {
    kind: 'record',
    source: origin.source.name,
    stream: origin.stream,
    ref: recordId,
    runId: origin.runId,
    code,
    message,
    detail: { changedAt, body },
  };
}
