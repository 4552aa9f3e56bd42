// Records into customers: what is older is dropped, what is the same is skipped, the rest is mapped, merged and owed to
// the destination. A handful of statements a page, inside the caller's transaction, whatever the page's size.
import type { Page, RejectedRow, SourceRecord } from '../../connector.ts';
import { assignedSourceId, sourceIdOf } from '../../customer/identity.ts';
import type { Queryable } from '../../db/database.ts';
import type { Lane } from '../../engine/lanes.ts';
import { type Revised, refold } from '../customers/customers.ts';
import { owe } from '../deliver/owe.ts';
import { type DeadLetter, keepDeadLetters, settleRecordLetters } from '../letters/dead-letters.ts';
import { checkpoint } from '../runs/checkpoints.ts';
import type { Source } from '../source.ts';
import type { World } from '../world.ts';
import { erasedAmong, type Newcomer } from './erased-records.ts';
import {
  bodyHash,
  type ComposedRecord,
  mergeRecords,
  type RecordRow,
  type StoredRecord,
  sourceIdsOf,
  storedBodies,
  storedRecords,
  touchRecords,
  writeRecords,
} from './records.ts';

/** What became of every record received: `received` is the sum of the other five. */
export interface Counts {
  received: number;
  changed: number;
  unchanged: number;
  superseded: number;
  filtered: number;
  rejected: number;
  /** Customers whose fields changed by it; not part of the sum. */
  customers: number;
}

export const noCounts: Counts = {
  received: 0,
  changed: 0,
  unchanged: 0,
  superseded: 0,
  filtered: 0,
  rejected: 0,
  customers: 0,
};

/** True when every record received is accounted for. */
export function balances(counts: Counts): boolean {
  return (
    counts.received ===
    counts.changed + counts.unchanged + counts.superseded + counts.filtered + counts.rejected
  );
}

export interface Intake {
  source: Source;
  stream: string;
  lane: Lane;
  runId: number | null;
  now: number;
  /** Told of the customers that have a new revision, within the transaction. */
  onRevised?(revised: readonly Revised[]): Promise<void>;
  /** Told once of each record what it was counted as. */
  onCounted?(record: SourceRecord, as: RecordCount): void;
}

/** What a record may be counted as. */
export type RecordCount = 'changed' | 'unchanged' | 'superseded' | 'filtered' | 'rejected';

type Verdict =
  | { kind: 'superseded' | 'unchanged' }
  | { kind: 'touched'; sourceId: string | null }
  /** Of somebody who was erased: nothing of it is kept. */
  | { kind: 'erased' }
  | { kind: 'rejected'; letter: DeadLetter; sourceId: string | null }
  | { kind: 'changed' | 'filtered'; row: RecordRow; before: string | null };

/** Takes in one page's records and rejected rows. Commits nothing itself. */
export async function ingest(
  db: Queryable,
  world: World,
  intake: Intake,
  page: Pick<Page, 'records' | 'rejected'>,
): Promise<Counts> {
  const { source, stream, now } = intake;
  const { newest, older, laterGone } = newestOfEach(page.records);
  const judged = await judgeAll(db, intake, newest);
  // Where the newest version is refused, the newest before it that is not stands; a deletion goes after what it deletes.
  const refused = newest.filter((_, index) => ['rejected', 'superseded'].includes(judged[index]!.kind));
  const rest = [...refused.flatMap((record) => older.get(record.recordId) ?? []), ...laterGone];
  const counts = { ...noCounts, received: page.records.length - rest.length + (page.rejected?.length ?? 0) };
  counts.superseded += page.records.length - newest.length - rest.length;
  if (intake.onCounted && page.records.length > newest.length + rest.length) {
    const others = new Set([...newest, ...rest]);
    for (const record of page.records) if (!others.has(record)) intake.onCounted(record, 'superseded');
  }

  const { verdicts, rejected, merges } = await withoutTheErased(
    db,
    world,
    intake,
    { records: page.records, newest, rejected: page.rejected ?? [] },
    judged,
  );

  const rows = verdicts.flatMap((verdict) => ('row' in verdict ? [verdict.row] : []));
  await keepGoodValues(db, intake, rows);
  const written = rows.length
    ? await writeRecords(db, source.name, stream, rows, {
        runId: intake.runId,
        now,
        sourceId: source.config.sourceId.policy,
      })
    : [];
  const touched = newest.filter((_, index) => verdicts[index]?.kind === 'touched');
  await touchRecords(db, source.name, stream, touched);
  const orphaned = await mergeRecords(db, source.name, stream, merges, now);
  const letters = [
    ...verdicts.flatMap((verdict) => ('letter' in verdict ? [verdict.letter] : [])),
    ...rejectedRows(rejected, intake),
  ];
  await keepDeadLetters(db, letters, now);
  const accepted = newest.filter(
    (_, index) => verdicts[index]?.kind === 'touched' || 'row' in verdicts[index]!,
  );
  await settleRecordLetters(db, { source: source.name, stream }, accepted, now);

  const affected = new Set<string>(orphaned);
  for (const { sourceId } of written) if (sourceId !== null) affected.add(sourceId);
  for (const [index, verdict] of verdicts.entries()) {
    if ('before' in verdict && verdict.before !== null) affected.add(verdict.before);
    if (verdict.kind === 'touched' && verdict.sourceId !== null) affected.add(verdict.sourceId);
    counts[countOf[verdict.kind]] += 1;
    intake.onCounted?.(newest[index]!, countOf[verdict.kind]);
  }
  counts.rejected += rejected.length;
  counts.filtered += (page.rejected?.length ?? 0) - rejected.length;
  if (affected.size > 0) {
    const cause = { by: 'records' as const, source: source.name, stream, runId: intake.runId };
    const revised = await refold(db, affected, world.fold, { cause, now });
    const debt = { source: source.name, runId: intake.runId, lane: intake.lane, now };
    const changedAt = revised.length > 0 ? await changesOfNow(db, intake, verdicts) : new Map();
    await owe(db, revised, { ...debt, breaker: world.breaker, changedAt });
    counts.customers = revised.length;
    await intake.onRevised?.(revised);
  }
  if (rest.length > 0) {
    const more = await ingest(db, world, intake, { records: rest });
    for (const key of Object.keys(counts) as (keyof Counts)[]) counts[key] += more[key];
  }
  return counts;
}

/**
 * What each of these is, against what is stored of it. Rows that will be written are read once more under their locks:
 * another worker may have brought them further since, and what it brought must be neither missed nor undone.
 */
async function judgeAll(db: Queryable, intake: Intake, records: readonly SourceRecord[]): Promise<Verdict[]> {
  const { source, stream } = intake;
  const stored = await storedRecords(
    db,
    source.name,
    stream,
    records.map((record) => record.recordId),
  );
  const inherited = await inheritedSourceIds(db, intake, records, stored);
  const verdictOf = (record: SourceRecord) =>
    judge(record, stored.get(record.recordId), inherited.get(record.recordId) ?? null, intake);
  const verdicts = records.map(verdictOf);
  const moving = records.flatMap(({ recordId }, index) => {
    const verdict = verdicts[index]!;
    return stored.has(recordId) && (verdict.kind === 'touched' || 'row' in verdict) ? [recordId] : [];
  });
  if (moving.length === 0) return verdicts;
  const locked = await storedRecords(db, source.name, stream, moving.sort(), { lock: true });
  for (const recordId of moving) {
    const row = locked.get(recordId);
    if (row) stored.set(recordId, row);
    else stored.delete(recordId);
  }
  const isMoving = new Set(moving);
  return records.map((record, index) =>
    isMoving.has(record.recordId) ? verdictOf(record) : verdicts[index]!,
  );
}

/** An older clock tells of history that is met late (a filter that was opened, a record never seen), not of a change. */
const historyMs = 7 * 86_400_000;

/**
 * The source's clock of the oldest change of each customer, for how fresh it arrives. The first reading of a stream is no
 * change: its clocks are as old as its records.
 */
async function changesOfNow(
  db: Queryable,
  { source, stream, lane, now }: Intake,
  verdicts: readonly Verdict[],
): Promise<Map<string, number>> {
  const clocks = new Map<string, number>();
  if (lane === 'backfill') return clocks;
  for (const verdict of verdicts) {
    if (!('row' in verdict)) continue;
    const { sourceId, changedAt, deletedAt } = verdict.row;
    const clock = changedAt || (deletedAt ?? 0);
    if (clock < now - historyMs) continue;
    for (const id of new Set([sourceId, verdict.before]))
      if (id !== null) clocks.set(id, Math.min(clock, clocks.get(id) ?? clock));
  }
  if (clocks.size === 0 || lane === 'webhook') return clocks;
  const read = await checkpoint(db, source.name, stream, 'lead');
  return read?.restedAt == null ? new Map() : clocks;
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

interface Merge {
  recordId: string;
  into: string;
}

/** What would be kept of a page, without whom was erased. A page that brings nothing new asks nothing. */
async function withoutTheErased(
  db: Queryable,
  { suppressions }: World,
  intake: Intake,
  page: {
    records: readonly SourceRecord[];
    newest: readonly SourceRecord[];
    rejected: readonly RejectedRow[];
  },
  judged: readonly Verdict[],
): Promise<{ verdicts: readonly Verdict[]; rejected: readonly RejectedRow[]; merges: Merge[] }> {
  const { newest, rejected } = page;
  const merges = page.records.flatMap(({ recordId, merged = [] }) =>
    merged.filter((other) => other !== recordId).map((other) => ({ recordId: other, into: recordId })),
  );
  const newcomers = judged.map((verdict, index): Newcomer | null => {
    const record = newest[index]!;
    if ('row' in verdict)
      return { record, sourceId: verdict.row.sourceId ?? verdict.before, stored: verdict.before !== null };
    return 'letter' in verdict ? { record, sourceId: verdict.sourceId, stored: false } : null;
  });
  const isQuiet = newcomers.every((newcomer) => newcomer === null) && rejected.length + merges.length === 0;
  if (suppressions === null || isQuiet) return { verdicts: judged, rejected, merges };
  const erased = await erasedAmong(db, suppressions, intake, {
    newcomers: newcomers.filter((newcomer) => newcomer !== null),
    rejected,
    mergedIds: merges.flatMap(({ recordId, into }) => [recordId, into]),
  });
  return {
    verdicts: judged.map((verdict, index) => {
      const newcomer = newcomers[index];
      return newcomer && erased.newcomer(newcomer) ? { kind: 'erased' } : verdict;
    }),
    rejected: rejected.filter((row) => !erased.row(row)),
    merges: merges.filter(({ recordId, into }) => !erased.merged(recordId) && !erased.merged(into)),
  };
}

/** A record that took others over speaks for the customer of the first of them that has one: it goes on, none is made anew. */
async function inheritedSourceIds(
  db: Queryable,
  { source, stream }: Intake,
  records: readonly SourceRecord[],
  stored: ReadonlyMap<string, StoredRecord>,
): Promise<Map<string, string>> {
  const heirs = records.filter((record) => record.merged?.length && !stored.get(record.recordId)?.sourceId);
  const inherited = new Map<string, string>();
  if (heirs.length === 0 || source.config.sourceId.policy === 'follow') return inherited;
  const known = await sourceIdsOf(
    db,
    source.name,
    stream,
    heirs.flatMap((record) => record.merged ?? []),
  );
  for (const heir of heirs) {
    const from = heir.merged?.find((recordId) => known.has(recordId));
    if (from !== undefined) inherited.set(heir.recordId, known.get(from)!);
  }
  return inherited;
}

/** Of a field that fails in a new version, what it was before stays on: the row keeps it. */
async function keepGoodValues(
  db: Queryable,
  { source, stream }: Intake,
  rows: readonly RecordRow[],
): Promise<void> {
  const faulty = rows.filter((row) => row.faults !== null);
  if (faulty.length === 0) return;
  const before = await storedBodies(
    db,
    source.name,
    stream,
    faulty.map((row) => row.recordId),
  );
  for (const row of faulty) {
    const known = before.get(row.recordId);
    if (!known) continue;
    const values = { ...known.good, ...source.contribute(known.body).fields };
    const good = Object.fromEntries(
      row.faults!.flatMap(({ field }) => (values[field] == null ? [] : [[field, values[field]]])),
    );
    if (Object.keys(good).length) row.good = good;
  }
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

/** What one record is, against what is stored of it. */
function judge(
  record: ComposedRecord,
  stored: StoredRecord | undefined,
  inherited: string | null,
  intake: Intake,
): Verdict {
  if (record.deleted) return judgeDeletion(record, stored);
  const hash = bodyHash(record);
  if (stored && record.changedAt < stored.changedAt) return { kind: 'superseded' };
  const goesLater = (record.deletedAt ?? 0) > (stored?.deletedAt ?? 0);
  if (stored && hash === stored.hash && !goesLater) {
    if (record.changedAt === stored.changedAt) return { kind: 'unchanged' };
    // A deleted record that stands again is a change, though its body is the same.
    const stands = stored.deletedAt === null || stored.deletedAt < stored.changedAt;
    if (stands) return { kind: 'touched', sourceId: stored.sourceId };
  }
  const { source } = intake;
  const before = stored?.sourceId ?? null;
  const path = source.sourceIdPath(record.body);
  const found = sourceIdOf(record.body, path, { lowerCase: source.config.sourceId.lowerCase });
  if ('fault' in found)
    return { kind: 'rejected', letter: letterOf(record, intake, 'source_id', found.fault), sourceId: before };
  const { faults } = source.contribute(record.body);
  const sourceId = assignedSourceId(before ?? inherited, found.value, source.config.sourceId.policy);
  if (faults.length && source.badValues(record.body) === 'reject') {
    // Of what has been deleted since nobody needs to hear.
    if (stored?.deletedAt != null && stored.deletedAt >= record.changedAt) return { kind: 'superseded' };
    const reason = faults.map((fault) => `${fault.field}: ${fault.reason}`).join('; ');
    return { kind: 'rejected', letter: letterOf(record, intake, 'bad_value', reason), sourceId };
  }
  const filtered =
    source.filtered(intake.stream, record.body) ??
    (sourceId === null ? `no source ID: ${path} is empty` : null);
  const row = {
    recordId: record.recordId,
    sourceId,
    changedAt: record.changedAt,
    deletedAt: record.deletedAt ?? null,
    hash,
    body: record.body,
    clocks: record.clocks ?? null,
    filtered,
    faults: faults.length ? faults.map(({ field, reason }) => ({ field, reason })) : null,
    good: null,
  };
  return { kind: filtered === null ? 'changed' : 'filtered', row, before };
}

function judgeDeletion(record: SourceRecord, stored: StoredRecord | undefined): Verdict {
  if (stored?.deletedAt != null && stored.deletedAt >= record.changedAt) return { kind: 'unchanged' };
  if (stored && record.changedAt < stored.changedAt) return { kind: 'superseded' };
  // Only the deletion's clock moves; the body, its clock and its source ID stay as they are stored.
  const row = {
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
  };
  return { kind: 'changed', row, before: stored?.sourceId ?? null };
}

function letterOf(record: SourceRecord, intake: Intake, code: string, message: string): DeadLetter {
  const { recordId, changedAt, body } = record;
  return {
    kind: 'record',
    source: intake.source.name,
    stream: intake.stream,
    ref: recordId,
    runId: intake.runId,
    code,
    message,
    detail: { changedAt, body },
  };
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
