// Records into customers: what is older is dropped, what is the same is skipped, the rest is mapped, merged and owed to
// the destination. A handful of statements a page, inside the caller's transaction, whatever the page's size.
import { isPulled } from '../../connector/source.ts';
import {
  type Note,
  type Page,
  type RejectedRow,
  type SourceRecord,
  type Stream,
  TransientError,
} from '../../connector.ts';
import type { Run } from '../../contract/run.ts';
import { says } from '../../customer/composing.ts';
import { cleanJson } from '../../customer/json.ts';
import type { Queryable } from '../../db/database.ts';
import { type Clock, latestOf } from '../../engine/clock.ts';
import type { Lane } from '../../engine/quota/lanes.ts';
import { within } from '../../engine/trace/trace.ts';
import { checkpoint } from '../../tables/checkpoints.ts';
import { type Counts, noCounts } from '../../tables/counts.ts';
import { countLetterTwins, type Revised, refold } from '../../tables/customers.ts';
import { type DeadLetter, keepDeadLetters, settleRecordLetters } from '../../tables/dead-letters.ts';
import {
  bodyHash,
  type ComposedRecord,
  endMerges,
  forgetMerged,
  lockRecords,
  mergeRecords,
  openCircles,
  type RecordRow,
  recordsNotAs,
  type StandingRecord,
  type StoredRecord,
  sourceIdsOf,
  touchRecords,
  writeRecords,
} from '../../tables/records.ts';
import { linkWriteBacks } from '../../tables/write-backs.ts';
import { withCleanNames } from './clean-names.ts';
import { aheadNote, asReceived } from './clocks.ts';
import { enqueueDeliveries } from './enqueue.ts';
import { erasedAmong, type Merge, mergesOf, type Newcomer } from './erased-records.ts';
import { type Hashed, judge, openFields, quickVerdict, takesPlace, type Verdict } from './judging.ts';
import type { Rules } from './rules.ts';
import type { Source } from './source.ts';
import { ownSourceId } from './unmerging.ts';

export interface Intake {
  source: Source;
  stream: string;
  lane: Lane;
  runId: number | null;
  now: number;
  /** The latest time that a clock shows; what has changed by then is not ahead. Absent: `now`. */
  latest?: number | undefined;
  /** When the vendor was asked for the records, epoch milliseconds; absent where it pushed them. */
  readAt?: number | undefined;
  /** See `Origin.proven`. */
  proven?: ReadonlySet<string> | undefined;
  /** Told what a person should know of the page although nothing was refused for it. */
  onNote?(note: Note): void;
  /** The spans that told of records, by record ID. What others change goes on from the active span. */
  traces?: ReadonlyMap<string, string> | undefined;
  /** Told of the customers that have a new revision, within the transaction. */
  onRevised?(revised: readonly Revised[]): Promise<void>;
  /** Told of the source's clocks of records that have changed, without what is history. */
  onChanged?(clocks: readonly number[]): void;
  /** Told once of each record what it was counted as. */
  onCounted?(record: SourceRecord, as: RecordCount): void;
}

/** What is taken in now by a run. */
export function intakeOfRun(
  { id, lane }: Pick<Run, 'id' | 'lane'>,
  { source, stream, clock }: { source: Source; stream: Pick<Stream<unknown>, 'name'>; clock: Clock },
): Intake {
  return { source, stream: stream.name, lane, runId: id, now: clock.now(), latest: latestOf(clock) };
}

/** What a record may be counted as. */
export type RecordCount = 'changed' | 'unchanged' | 'superseded' | 'filtered' | 'rejected';

/** Takes in one page's records and rejected rows. Commits nothing itself. */
export function ingest(
  db: Queryable,
  rules: Rules,
  intake: Intake,
  given: Pick<Page, 'records' | 'rejected'>,
): Promise<Counts> {
  const { source, stream } = intake;
  const attributes = { 'tributary.source': source.name, 'tributary.stream': stream };
  return within('ingest', { attributes }, async (span) => {
    const counts = await ingestAll(db, rules, intake, given);
    span.set({ 'tributary.records': counts.received, 'tributary.customers': counts.customers });
    return counts;
  });
}

async function ingestAll(
  db: Queryable,
  rules: Rules,
  intake: Intake,
  given: Pick<Page, 'records' | 'rejected'>,
): Promise<Counts> {
  const { source, stream } = intake;
  if (!rules.schemaIsKnown)
    throw new TransientError('records are taken in once the metadata schema of the destination is known');
  const page = withCleanNames(given);
  const records = believable(page.records, intake);
  const { newest, older, laterGone } = newestOfEach(records);
  const judged = await judgeAll(db, intake, newest);
  const rest = [...othersToTake(intake, newest, judged, older), ...laterGone];

  const { verdicts, rejected, merges, forgotten } = await withoutTheErased(
    db,
    rules,
    intake,
    { records, newest, rejected: page.rejected ?? [] },
    judged,
  );

  const rows = verdicts.flatMap((verdict) => ('row' in verdict ? [verdict.row] : []));
  const written = await writeRows(db, intake, rows);
  // Another worker made these rows in the meantime: the records are judged again, against what it made.
  const isWritten = new Set(written.map(({ recordId }) => recordId));
  const raced = new Set(
    rows.flatMap(({ recordId, isKnown }) => (isKnown || isWritten.has(recordId) ? [] : [recordId])),
  );
  const done = newest
    .map((record, index) => ({ record, verdict: verdicts[index]! }))
    .filter(({ record }) => !raced.has(record.recordId));
  rest.push(...newest.filter((record) => raced.has(record.recordId)));

  const touched = done.flatMap(({ record, verdict }) => (verdict.kind === 'touched' ? [record] : []));
  await touchRecords(db, source.name, stream, touched);
  const orphaned = await mergeRecords(db, source.name, stream, merges, intake.now);
  const mergedIds = merges.map(({ recordId }) => recordId);
  const opened = await openCircles(db, source.name, stream, mergedIds);
  if (opened.length > 0) intake.onNote?.(circleNote(opened.length));
  const letters = [
    ...done.flatMap(({ verdict }) => ('letter' in verdict ? [verdict.letter] : [])),
    ...rejectedRows(rejected, intake),
  ];
  await keepDeadLetters(db, letters, intake.now);
  const accepted = done.flatMap(({ record, verdict }) =>
    verdict.kind === 'touched' || 'row' in verdict ? [record] : [],
  );
  await settleRecordLetters(db, { source: source.name, stream }, accepted, intake.now);

  const counts = countAll(intake, { records, newest, rest, done, page, rejected });
  const affected = new Set<string>([
    ...forgotten,
    ...orphaned,
    ...opened.filter((sourceId) => sourceId !== null),
  ]);
  for (const { sourceId } of written) if (sourceId !== null) affected.add(sourceId);
  for (const { verdict } of done) {
    if ('before' in verdict && verdict.before !== null) affected.add(verdict.before);
    if (verdict.kind === 'touched' && verdict.sourceId !== null) affected.add(verdict.sourceId);
  }
  const unmerged = done.filter(isUnmerged).map(({ record }) => record.recordId);
  for (const parted of await endMerges(db, source.name, stream, unmerged)) {
    const { before, after } = await ownSourceId(db, source, parted);
    for (const id of [parted.sourceId, before, after]) if (id !== null) affected.add(id);
  }
  const fresh = merges.length > 0 ? [] : freshRecords(intake, done, isWritten);
  const changes = await changesOfNow(
    db,
    intake,
    done.map(({ verdict }) => verdict),
  );
  intake.onChanged?.(changes.flatMap(({ clock, kind }) => (kind === 'changed' ? [clock] : [])));
  counts.customers = await foldAndOwe(db, rules, intake, { affected, verdicts, changes, fresh });
  if (source.writtenBack) await linkWriteBacks(db, source.writtenBack.target, [...affected], intake.now);
  if (rest.length > 0) {
    const more = await ingestAll(db, rules, intake, { records: rest });
    for (const key of Object.keys(counts) as (keyof Counts)[]) counts[key] += more[key];
  }
  return counts;
}

function circleNote(count: number): Note {
  return {
    code: 'merge_circle',
    message:
      'Records are merged into each other in a circle, so that none of them would be left. The one that was changed last is kept. Check them at the vendor.',
    count,
  };
}

/** The records, none with a clock that would hide every later change. */
function believable(
  records: readonly ComposedRecord[],
  { now, latest = now, onNote }: Intake,
): readonly ComposedRecord[] {
  const taken = records.map((record) => asReceived(record, now, latest));
  const ahead = taken.filter((record, index) => record !== records[index]).length;
  if (ahead === 0) return records;
  onNote?.(aheadNote(ahead));
  return taken;
}

/**
 * Older versions on the page that count beside the newest. Where the newest is refused, the newest before it that is not
 * stands; where absent properties stay, what an older one alone names does.
 */
function othersToTake(
  { source, stream }: Intake,
  newest: readonly ComposedRecord[],
  judged: readonly Verdict[],
  older: ReadonlyMap<string, readonly ComposedRecord[]>,
): ComposedRecord[] {
  if (older.size === 0) return [];
  const paths = source.exhaustive(stream);
  const keepsAbsent = source.keepsAbsent(stream);
  return newest.flatMap((record, index) => {
    const others = older.get(record.recordId) ?? [];
    if (others.length === 0 || ['rejected', 'superseded'].includes(judged[index]!.kind)) return others;
    const open = openFields(source.contribute(record.body));
    return others.filter((other) => {
      if (other.deleted) return keepsAbsent || source.hasSilentFields || open.length > 0;
      if (keepsAbsent && says(other.body, record.body, paths)) return true;
      if (open.length === 0) return false;
      const openInOther = new Set(openFields(source.contribute(other.body)));
      return open.some((field) => !openInOther.has(field));
    });
  });
}

async function writeRows(
  db: Queryable,
  { source, stream, runId, now, readAt }: Intake,
  rows: readonly RecordRow[],
): Promise<{ recordId: string; sourceId: string | null }[]> {
  if (rows.length === 0) return [];
  // Of two readings the later one counts where a clock cannot tell: then it matters when the vendor was asked.
  const receivedAt = source.clock(stream) === 'millisecond' ? now : (readAt ?? now);
  const policy = source.config.sourceId.policy;
  return writeRecords(db, source.name, stream, rows, { runId, receivedAt, sourceId: policy });
}

async function noteLetterTwins(db: Queryable, intake: Intake, revised: readonly Revised[]): Promise<void> {
  const fresh = revised.flatMap(({ sourceId, revision }) => (revision === 1 ? [sourceId] : []));
  const count = await countLetterTwins(db, fresh);
  if (count === 0) return;
  const name = intake.source.name;
  const message = `Some source IDs of sources.${name} are e-mail addresses that differ from other source IDs only in letter case, so they are separate customers. To merge them, set "sourceId": {"from": …, "lowerCase": true}.`;
  intake.onNote?.({ code: 'letter_case', message, count });
}

interface Counting {
  records: readonly ComposedRecord[];
  newest: readonly ComposedRecord[];
  rest: readonly ComposedRecord[];
  done: readonly { record: ComposedRecord; verdict: Verdict }[];
  page: Pick<Page, 'records' | 'rejected'>;
  rejected: readonly RejectedRow[];
}

/** What became of the page, without the rest that is still to be taken in. */
function countAll(intake: Intake, { records, newest, rest, done, page, rejected }: Counting): Counts {
  const refusedRows = page.rejected?.length ?? 0;
  const counts = { ...noCounts, received: records.length - rest.length + refusedRows };
  counts.superseded += records.length - done.length - rest.length;
  if (intake.onCounted && counts.superseded > 0) {
    const others = new Set([...newest, ...rest]);
    for (const record of records) if (!others.has(record)) intake.onCounted(record, 'superseded');
  }
  for (const { record, verdict } of done) {
    counts[countOf[verdict.kind]] += 1;
    intake.onCounted?.(record, countOf[verdict.kind]);
  }
  counts.rejected += rejected.length;
  counts.filtered += refusedRows - rejected.length;
  return counts;
}

/**
 * Records that were not known before and stand as they were just written: their bodies hold nothing that is stored in another way.
 * Where a record of the page took another over none is taken to stand.
 */
function freshRecords(
  { source, stream }: Intake,
  done: readonly { verdict: Verdict }[],
  isWritten: ReadonlySet<string>,
): StandingRecord[] {
  return done.flatMap(({ verdict }) => {
    if (!('row' in verdict) || verdict.row.isKnown || !isWritten.has(verdict.row.recordId)) return [];
    const { recordId, sourceId, changedAt, deletedAt, filtered, body, good } = verdict.row;
    if (sourceId === null || filtered !== null || cleanJson(body) !== body) return [];
    const deleted = deletedAt !== null && deletedAt >= changedAt;
    const { said } = verdict;
    return [
      {
        source: source.name,
        stream,
        recordId,
        sourceId,
        changedAt,
        deleted,
        mergedInto: null,
        body,
        good,
        said,
      },
    ];
  });
}

/** Folds these customers again and enqueues what is new. Returns how many changed. */
async function foldAndOwe(
  db: Queryable,
  rules: Rules,
  intake: Intake,
  {
    affected,
    verdicts,
    changes,
    fresh,
  }: {
    affected: ReadonlySet<string>;
    verdicts: readonly Verdict[];
    changes: readonly Change[];
    fresh: readonly StandingRecord[];
  },
): Promise<number> {
  if (affected.size === 0) return 0;
  const { source, stream, runId, lane, now } = intake;
  const cause = { by: 'records' as const, source: source.name, stream, runId };
  const revised = await refold(db, affected, rules.fold, { cause, now, fresh });
  await enqueueDeliveries(db, rules, revised, {
    source: source.name,
    runId,
    lane,
    now,
    changedAt: oldestOf(changes),
    traces: tracesOf(intake, verdicts),
  });
  await intake.onRevised?.(revised);
  if (intake.onNote) await noteLetterTwins(db, intake, revised);
  return revised.length;
}

/** The span that told of each customer's record, by source ID, where one did. */
function tracesOf({ traces }: Intake, verdicts: readonly Verdict[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const verdict of traces?.size ? verdicts : []) {
    if (!('row' in verdict)) continue;
    const trace = traces?.get(verdict.row.recordId);
    for (const id of [verdict.row.sourceId, verdict.before])
      if (id !== null && trace !== undefined) found.set(id, trace);
  }
  return found;
}

/**
 * What each of these is, against what is stored of it. Rows that will be written are read once more under their locks:
 * another worker may have brought them further since, and what it brought must be neither missed nor undone.
 */
async function judgeAll(
  db: Queryable,
  intake: Intake,
  records: readonly ComposedRecord[],
): Promise<Verdict[]> {
  const { source, stream } = intake;
  const hashes = records.map((record) => (record.deleted ? '' : bodyHash(record)));
  // When it was read may count more than its clock then.
  const isLookedAt = source.clock(stream) === 'reading';
  const { stored, same } = await recordsNotAs(
    db,
    source.name,
    stream,
    records.map(({ recordId, changedAt, deleted, deletedAt }, index) => ({
      recordId,
      changedAt,
      hash:
        isLookedAt || deleted || deletedAt != null || intake.proven?.has(recordId) ? null : hashes[index]!,
    })),
  );
  const others = records.filter(({ recordId }) => !same.has(recordId));
  const inherited = await inheritedSourceIds(db, intake, others, stored);
  const hashed = records.map(
    (record, index): Hashed => ({
      record,
      hash: hashes[index]!,
      inherited: inherited.get(record.recordId) ?? null,
    }),
  );
  const quick = hashed.map((one): Verdict | null => {
    const known = stored.get(one.record.recordId);
    if (same.has(one.record.recordId)) return { kind: 'unchanged' };
    return known && takesPlace(one.record, known, intake) ? null : quickVerdict(one, known, intake);
  });
  const isOpen = (index: number) => quick[index] === null || quick[index]?.kind === 'touched';
  const moving = records.flatMap(({ recordId }, index) =>
    isOpen(index) && stored.has(recordId) ? [recordId] : [],
  );
  const locked = await lockRecords(db, source.name, stream, moving);
  return hashed.map((one, index) =>
    isOpen(index) ? judge(one, locked.get(one.record.recordId), intake) : quick[index]!,
  );
}

/** An older clock tells of history that is met late (a filter that was opened, a record never seen), not of a change. */
const historyMs = 7 * 86_400_000;
/** A webhook about a change is later than that only where something is wrong. */
const justNowMs = 600_000;

/** The changes of records of which it counts how soon they arrive, each with the source's clock. */
interface Change {
  ids: ReadonlySet<string | null>;
  clock: number;
  kind: Verdict['kind'];
}

/**
 * What the first reading of a stream brings is no change: its clocks are as old as its records. Nor is a record that a webhook
 * names before that reading has come to it, unless it was changed just now.
 */
async function changesOfNow(
  db: Queryable,
  { source, stream, lane, now }: Intake,
  verdicts: readonly Verdict[],
): Promise<Change[]> {
  if (lane === 'backfill') return [];
  const changes = verdicts.flatMap((verdict) => {
    if (!('row' in verdict)) return [];
    const { row, before, kind } = verdict;
    const clock = row.changedAt || (row.deletedAt ?? 0);
    const isKnown = lane === 'webhook' && (row.isKnown || clock > now - justNowMs);
    return clock < now - historyMs ? [] : [{ ids: new Set([row.sourceId, before]), clock, kind, isKnown }];
  });
  if (changes.every(({ isKnown }) => isKnown)) return changes;
  return (await isReadForTheFirstTime(db, source, stream))
    ? changes.filter(({ isKnown }) => isKnown)
    : changes;
}

/** The clock of the oldest change of each customer. */
function oldestOf(changes: readonly Change[]): Map<string, number> {
  const clocks = new Map<string, number>();
  for (const { ids, clock } of changes)
    for (const id of ids) if (id !== null) clocks.set(id, Math.min(clock, clocks.get(id) ?? clock));
  return clocks;
}

/** Whether a stream that is read has not been read to its end yet. */
async function isReadForTheFirstTime(db: Queryable, source: Source, stream: string): Promise<boolean> {
  const described = source.stream(stream);
  if (!described || !isPulled(described)) return false;
  const read = await checkpoint(db, source.name, stream, 'lead');
  return read?.restedAt == null;
}

const countOf = {
  superseded: 'superseded',
  unchanged: 'unchanged',
  touched: 'unchanged',
  erased: 'filtered',
  rejected: 'rejected',
  changed: 'changed',
  filtered: 'filtered',
} as const satisfies { [kind in Verdict['kind']]: RecordCount };

/** A record that is known, of which the vendor says that no other has taken it over. */
function isUnmerged({ record, verdict }: { record: SourceRecord; verdict: Verdict }): boolean {
  if (!record.unmerged || record.deleted) return false;
  return 'row' in verdict ? verdict.row.isKnown : verdict.kind === 'touched' || verdict.kind === 'unchanged';
}

/**
 * What would be kept of a page, without whom was erased, and the customers of records that it showed to be of somebody erased: those
 * are forgotten. A page that brings nothing new asks nothing.
 */
async function withoutTheErased(
  db: Queryable,
  { suppressions }: Rules,
  intake: Intake,
  page: {
    records: readonly SourceRecord[];
    newest: readonly SourceRecord[];
    rejected: readonly RejectedRow[];
  },
  judged: readonly Verdict[],
): Promise<{
  verdicts: readonly Verdict[];
  rejected: readonly RejectedRow[];
  merges: readonly Merge[];
  forgotten: readonly string[];
}> {
  const { newest, rejected } = page;
  const { source, stream, now } = intake;
  const merges = page.records.flatMap((record) => mergesOf(source, record));
  const newcomers = judged.map((verdict, index): Newcomer | null => {
    const record = newest[index]!;
    if ('row' in verdict)
      return { record, sourceId: verdict.row.sourceId ?? verdict.before, stored: verdict.before !== null };
    return 'letter' in verdict ? { record, sourceId: verdict.sourceId, stored: false } : null;
  });
  const isQuiet = newcomers.every((newcomer) => newcomer === null) && rejected.length + merges.length === 0;
  if (suppressions === null || isQuiet) return { verdicts: judged, rejected, merges, forgotten: [] };
  const erased = await erasedAmong(db, suppressions, intake, {
    newcomers: newcomers.filter((newcomer) => newcomer !== null),
    rejected,
    merges,
  });
  await suppressions.learn(db, erased.learned, now);
  return {
    verdicts: judged.map((verdict, index) => {
      const newcomer = newcomers[index];
      const isErased = newcomer ? erased.newcomer(newcomer) : erased.record(newest[index]!.recordId);
      return isErased ? { kind: 'erased' } : verdict;
    }),
    rejected: rejected.filter((row) => !erased.row(row)),
    merges: merges.filter(({ recordId, into }) => !erased.record(recordId) && !erased.record(into)),
    forgotten: await forgetMerged(db, source.name, stream, erased.followers),
  };
}

/** A record that took others over speaks for the customer of the first of them that has one: it goes on, none is made anew. */
async function inheritedSourceIds(
  db: Queryable,
  { source, stream }: Intake,
  records: readonly SourceRecord[],
  stored: ReadonlyMap<string, StoredRecord>,
): Promise<Map<string, string>> {
  const successors = records.filter(
    (record) => record.merged?.length && !stored.get(record.recordId)?.sourceId,
  );
  const inherited = new Map<string, string>();
  if (successors.length === 0 || source.config.sourceId.policy === 'follow') return inherited;
  const known = await sourceIdsOf(
    db,
    source.name,
    stream,
    successors.flatMap((record) => record.merged ?? []),
  );
  for (const successor of successors) {
    const from = successor.merged?.find((recordId) => known.has(recordId));
    if (from !== undefined) inherited.set(successor.recordId, known.get(from)!);
  }
  return inherited;
}

/**
 * A page may hold one record twice (rows move while a vendor pages): the newest counts, the later one on a tie, and
 * `older` are the others. A deletion says nothing of the body: where it comes after one, it is taken in after it.
 */
function newestOfEach(records: readonly SourceRecord[]): {
  newest: SourceRecord[];
  older: Map<string, SourceRecord[]>;
  laterGone: SourceRecord[];
} {
  const older = new Map<string, SourceRecord[]>();
  const versions = Map.groupBy(records, (record) => record.recordId);
  if (versions.size === records.length) return { newest: [...records], older, laterGone: [] };
  const laterGone: SourceRecord[] = [];
  const newest = [...versions].map(([recordId, all]) => {
    const body = newestOf(all.filter((record) => !record.deleted));
    const gone = newestOf(all.filter((record) => record.deleted));
    if (body === undefined) return gone!;
    const isLater = gone !== undefined && gone.changedAt >= body.changedAt;
    if (isLater) laterGone.push(gone);
    older.set(
      recordId,
      all.filter((record) => record !== body && !(isLater && record.deleted)),
    );
    return body;
  });
  return { newest, older, laterGone };
}

function newestOf(versions: readonly SourceRecord[]): SourceRecord | undefined {
  return versions.reduce<SourceRecord | undefined>(
    (newest, record) => (newest === undefined || record.changedAt >= newest.changedAt ? record : newest),
    undefined,
  );
}

function rejectedRows(rows: readonly RejectedRow[], intake: Intake): DeadLetter[] {
  return rows.map((row) => ({
    kind: 'record',
    source: intake.source.name,
    stream: intake.stream,
    ref: row.position,
    runId: intake.runId,
    code: 'bad_row',
    message: row.reason,
    detail: { raw: row.raw },
  }));
}
