// What became of records that a list shows otherwise than they are stored, by what the vendor answered for each of them. A record that
// changed too recently to be stored, or that is waiting to be read, is postponed: that is no difference.
import type { SourceRecord } from '../../connector.ts';
import type { ProvenStream } from '../../contract/source-proof.ts';
import { sourceIdOf } from '../../customer/identity.ts';
import { cleanJson, sameJson } from '../../customer/json.ts';
import type { Queryable } from '../../db/database.ts';
import { type Checked, keepVerdicts, knownDeliveries, type ToCheck } from '../../tables/checked-records.ts';
import { rejectedAmong } from '../../tables/dead-letters.ts';
import { type ProvenRecord, recordsToProve } from '../../tables/records.ts';
import { touchedAmong } from '../../tables/touches.ts';
import { withCleanNames } from '../intake/clean-names.ts';
import { isAhead } from '../intake/clocks.ts';
import { isEcho } from '../intake/echo.ts';
import { erasedAmong, mergesOf } from '../intake/erased-records.ts';
import { rowAnew } from '../intake/judging.ts';
import type { Source } from '../intake/source.ts';
import type { Proof } from './proof.ts';

/** What the vendor answered for some records. */
export interface Answered {
  records: readonly SourceRecord[];
  missing: readonly string[];
  unreadable: readonly string[];
  /** When it was asked, epoch milliseconds. */
  readAt: number;
}

/** What tells what became of a record. */
interface Evidence {
  source: Source;
  stream: string;
  /** The vendor's live record of each ID. */
  alive: ReadonlyMap<string, SourceRecord>;
  gone: ReadonlySet<string>;
  mergedInto: ReadonlyMap<string, SourceRecord>;
  stored: ReadonlyMap<string, ProvenRecord>;
  /** They wait to be read. */
  touched: ReadonlySet<string>;
  rejected: ReadonlySet<string>;
  isErased(recordId: string): boolean;
  /** Customers whose delivery is known. */
  delivered: ReadonlySet<string>;
  settledBefore: number;
  beganAt: number;
  readAt: number;
}

/** Judges these records and keeps what was found. Returns how many of those that the list does not have are there all the same. */
export async function judgeAnswer(
  proof: Proof,
  tx: Queryable,
  counted: ProvenStream,
  some: readonly ToCheck[],
  answered: Answered,
): Promise<number> {
  if (some.length === 0) return 0;
  const evidence = await evidenceOf(proof, tx, counted, some, answered);
  const checked = some.map((one) => verdictOf(one, evidence));
  await keepVerdicts(tx, proof.proving, checked);
  return some.filter(({ recordId, listed }) => !listed && evidence.alive.has(recordId)).length;
}

async function evidenceOf(
  { inHand, source, proving, cursor }: Proof,
  tx: Queryable,
  counted: ProvenStream,
  some: readonly ToCheck[],
  answered: Answered,
): Promise<Evidence> {
  const { stream } = proving;
  const ids = some.map(({ recordId }) => recordId);
  const records = withCleanNames({ records: [...answered.records] }).records;
  const alive = new Map(records.flatMap((one) => (one.deleted ? [] : [[one.recordId, one]])));
  const mergedInto = new Map(
    records.flatMap((one) => (one.merged ?? []).filter((id) => id !== one.recordId).map((id) => [id, one])),
  );
  const gone = new Set([
    ...answered.missing,
    ...records.flatMap(({ recordId, deleted }) => (deleted ? [recordId] : [])),
  ]);
  const stored = await recordsToProve(tx, source.name, stream, [
    ...new Set([...ids, ...records.map(({ recordId }) => recordId)]),
  ]);
  const others = [...stored.values()].flatMap(({ mergedInto: into }) => (into === null ? [] : [into]));
  for (const [id, one] of await recordsToProve(tx, source.name, stream, [...new Set(others)]))
    if (!stored.has(id)) stored.set(id, one);
  const sourceIds = ids.flatMap((id) => stored.get(id)?.sourceId ?? []);
  const { step } = cursor;
  return {
    source,
    stream,
    alive,
    gone,
    mergedInto,
    stored,
    touched: await touchedAmong(tx, source.name, stream, ids),
    rejected: await rejectedAmong(tx, { source: source.name, stream }, ids),
    isErased: await erasedOf(inHand.deps.rules.suppressions, tx, source, stream, [...alive.values()], stored),
    delivered: await knownDeliveries(tx, sourceIds),
    settledBefore: Date.parse(counted.settledBefore!),
    beganAt: 'beganAt' in step ? step.beganAt : answered.readAt,
    readAt: answered.readAt,
  };
}

/** Which of the records that are not stored are of persons who were erased. */
async function erasedOf(
  suppressions: Parameters<typeof erasedAmong>[1] | null,
  tx: Queryable,
  source: Source,
  stream: string,
  alive: readonly SourceRecord[],
  stored: ReadonlyMap<string, ProvenRecord>,
): Promise<Evidence['isErased']> {
  const strangers = alive.filter(({ recordId }) => !stored.has(recordId));
  if (suppressions === null || strangers.length === 0) return () => false;
  const newcomers = strangers.map((record) => {
    const found = sourceIdOf(record.body, source.sourceIdPath(record.body), {
      lowerCase: source.config.sourceId.lowerCase,
    });
    return { record, sourceId: 'value' in found ? found.value : null, stored: false };
  });
  const erased = await erasedAmong(
    tx,
    suppressions,
    { source, stream },
    { newcomers, rejected: [], merges: strangers.flatMap((record) => mergesOf(source, record)) },
  );
  const known = new Set(
    newcomers.flatMap((newcomer) => (erased.newcomer(newcomer) ? [newcomer.record.recordId] : [])),
  );
  return (recordId) => known.has(recordId);
}

function verdictOf(one: ToCheck, evidence: Evidence): Checked {
  const { recordId } = one;
  const stored = evidence.stored.get(recordId);
  const there = evidence.alive.get(recordId);
  const about = {
    recordId,
    sourceId: stored?.sourceId ?? null,
    changedThere: there?.changedAt ?? null,
    changedHere: stored && stored.hash !== '' ? stored.changedAt : null,
  };
  const found = (): Omit<Checked, 'recordId'> => {
    if (evidence.touched.has(recordId)) return { verdict: 'postponed' };
    if (there) return verdictOfLive(there, stored, evidence);
    const survivor = evidence.mergedInto.get(recordId);
    const into = survivor?.recordId ?? one.detail;
    if (into !== null && (survivor || evidence.gone.has(recordId)))
      return verdictOfMerged({ into, changedAt: survivor?.changedAt ?? null }, stored, evidence);
    if (evidence.gone.has(recordId)) return verdictOfGone(stored, evidence);
    return { verdict: 'unread' };
  };
  return { ...about, ...found() };
}

type Found = Omit<Checked, 'recordId'>;

function verdictOfLive(there: SourceRecord, stored: ProvenRecord | undefined, evidence: Evidence): Found {
  const { settledBefore, readAt } = evidence;
  const isRecent = there.changedAt >= settledBefore && !isAhead(there.changedAt, readAt);
  if (!stored) {
    if (evidence.isErased(there.recordId)) return { verdict: 'erased' };
    if (evidence.rejected.has(there.recordId)) return { verdict: 'rejected' };
    return { verdict: isRecent ? 'postponed' : 'missing' };
  }
  if (stored.mergedInto === 'erased') return { verdict: 'erased' };
  if (stored.mergedInto !== null)
    return isRecent ? { verdict: 'postponed' } : { verdict: 'mergedHere', detail: stored.mergedInto };
  if (!stands(stored)) {
    const isJustDeleted = stored.deletedAt! >= settledBefore || stored.receivedAt >= readAt;
    return { verdict: isRecent || isJustDeleted ? 'postponed' : 'deletedHere' };
  }
  const difference = differenceOf(there, stored, evidence);
  if (difference === null) return { verdict: 'matched' };
  if (isRecent || stored.receivedAt >= readAt) return { verdict: 'postponed' };
  if (evidence.rejected.has(there.recordId)) return { verdict: 'rejected' };
  return difference;
}

/** How the vendor's content differs from the stored one; null where it does not. */
function differenceOf(there: SourceRecord, stored: ProvenRecord, evidence: Evidence): Found | null {
  const { source, stream, delivered, beganAt } = evidence;
  const made = rowAnew({ record: there, inherited: null }, stored, { source, stream, runId: null });
  if ('fault' in made) return { verdict: byClock(there, stored, evidence), detail: made.fault };
  const { row } = made;
  const body = cleanJson(row.body) as SourceRecord['body'];
  const properties = [...new Set([...Object.keys(body), ...Object.keys(stored.body)])].filter(
    (name) =>
      Object.hasOwn(body, name) !== Object.hasOwn(stored.body, name) ||
      !sameJson(body[name], stored.body[name]),
  );
  const isOurs = source.writtenBack !== null && isEcho(source.writtenBack, stored.body, body);
  if (properties.length > 0 && !isOurs) return { verdict: byClock(there, stored, evidence), properties };
  if ((row.filtered === null) !== (stored.filtered === null))
    return { verdict: 'filtered', detail: stored.filtered ?? row.filtered };
  if (row.filtered !== null) return null;
  if (row.sourceId !== stored.sourceId) return { verdict: 'otherCustomer', detail: row.sourceId };
  const isLost = stored.sourceId !== null && !delivered.has(stored.sourceId) && stored.receivedAt < beganAt;
  return isLost ? { verdict: 'undelivered' } : null;
}

function byClock(
  there: SourceRecord,
  stored: ProvenRecord,
  { source, stream }: Evidence,
): 'stale' | 'content' | 'ahead' {
  const exact = source.clock(stream) === 'second' ? 1000 : 1;
  const later = Math.floor(there.changedAt / exact) - Math.floor(stored.changedAt / exact);
  if (later === 0) return 'content';
  return later > 0 ? 'stale' : 'ahead';
}

function verdictOfMerged(
  { into, changedAt }: { into: string; changedAt: number | null },
  stored: ProvenRecord | undefined,
  { stored: others, settledBefore }: Evidence,
): Found {
  if (!stored || stored.hash === '' || stored.unmergedFrom === into) return { verdict: 'matched' };
  if (stored.mergedInto !== null) {
    // The one that took it over may have been taken over itself since.
    const next = others.get(stored.mergedInto)?.mergedInto ?? null;
    if (stored.mergedInto === into || next === into || stored.mergedInto === 'erased')
      return { verdict: 'matched' };
  } else if (!stands(stored)) return { verdict: 'matched' };
  if (changedAt !== null && changedAt >= settledBefore) return { verdict: 'postponed' };
  const here = stored.mergedInto === null ? '' : `, here into ${stored.mergedInto}`;
  return { verdict: 'mergedThere', detail: `into ${into}${here}` };
}

function verdictOfGone(stored: ProvenRecord | undefined, { beganAt }: Evidence): Found {
  if (!stored || stored.hash === '' || stored.mergedInto !== null || !stands(stored))
    return { verdict: 'matched' };
  return { verdict: stored.receivedAt >= beganAt ? 'postponed' : 'deletedThere' };
}

function stands({ changedAt, deletedAt }: Pick<ProvenRecord, 'changedAt' | 'deletedAt'>): boolean {
  return deletedAt === null || deletedAt < changedAt;
}
