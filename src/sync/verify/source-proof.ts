// Whether a source's vendor and the stored records agree, stream by stream: its list is compared, what seems to differ is read by ID, and
// only what differs then is found. A reading that is not known to be whole says so, and calls nobody deleted. It knows no vendor.
import { balances, findingKinds, type ProvenStream, type Verdict } from '../../contract/source-proof.ts';
import type { Queryable } from '../../db/database.ts';
import { untilAborted } from '../../engine/http/until-aborted.ts';
import { failureOf, isRefusal } from '../../engine/work/failures.ts';
import {
  checkFindingsAgain,
  countLeftOut,
  countListedFiltered,
  countReceivedSince,
  countStandingOf,
  countVerdicts,
  type Finding,
  findingsAfter,
  firstFindings,
  nextToCheck,
  noteListedToCheck,
  settleUnchecked,
} from '../../tables/checked-records.ts';
import { checkpoint } from '../../tables/checkpoints.ts';
import { revisionsOf } from '../../tables/customers.ts';
import { upsertWanted } from '../../tables/deliveries.ts';
import { countListed, forgetListed } from '../../tables/listed-records.ts';
import { listPauses } from '../../tables/pauses.ts';
import {
  filteredRecordsAfter,
  recordsOfOthersAfter,
  speakForOwnIds,
  undeliveredRecordsAfter,
} from '../../tables/records.ts';
import { salted } from '../../tables/report-chain.ts';
import { touch } from '../../tables/touches.ts';
import { LostVerificationError, verificationById } from '../../tables/verifications.ts';
import { iso } from '../../words.ts';
import { rowAnew } from '../intake/judging.ts';
import { readApart } from '../intake/reading-apart.ts';
import type { Rules } from '../intake/rules.ts';
import type { Source } from '../intake/source.ts';
import type { Cursor, InHand, ProofStep, SourceCursor, Target } from './in-hand.ts';
import { advance, advanceToNext, contextOf, noTally, type Proof, unprovenStream } from './proof.ts';
import { judgeAnswer } from './proof-judging.ts';
import { listsClocks, readListing } from './proof-listing.ts';

type End = { again: true; dueAt: number };
type Step<Kind extends ProofStep['kind']> = Extract<ProofStep, { kind: Kind }>;

/** So long a change may take to be stored, beside what the vendor itself takes to show it. */
const minLagMs = 60_000;

/** So long what is announced may be on its way, at least. */
const announcedMs = 10_000;

/** A vendor that fails so often in a row leaves its stream unproven, and the others are not kept waiting. */
const maxFailures = 5;

/** Of the records that a list does not have so many are read before it is judged; a list that lacks half of them is not whole. */
const readsOfUnlisted = 200;
const maxShareAlive = 0.5;

/** So many stored records are looked at in one transaction. */
const batchRecords = 500;

/** So many are touched in one transaction. */
const touchedAtOnce = 1_000;

/** A few records may slip from one page to another while a list is read; a list that lacks more, and this share, is not whole. */
const maxLeftOut = 5;
const maxShareLeftOut = 0.01;

/** The first of each kind are named in the report. */
const maxExamples = 100;

/** The streams of these sources, which are proven one after the other. */
export function targetsOf(rules: Rules, sources: readonly string[]): Target[] {
  return sources.flatMap((name) =>
    (rules.source(name)?.streams ?? []).map((stream) => ({ source: name, stream: stream.name })),
  );
}

export async function beginSources(inHand: InHand, sources: readonly string[]): Promise<Cursor> {
  const targets = targetsOf(inHand.deps.rules, sources);
  const cursor: SourceCursor = { phase: 'source', targets, at: 0, step: { kind: 'begin' } };
  await inHand.advance(cursor, async (_tx, report) => {
    report.streams = targets.map(({ source, stream }) => unprovenStream(source, stream));
  });
  return cursor;
}

/** The next step of the stream in hand; the destination is read after the last one. */
export async function proveOn(inHand: InHand, cursor: SourceCursor): Promise<Cursor | End> {
  const { deps, signal, verification } = inHand;
  const target = cursor.targets[cursor.at];
  if (!target) {
    const next: Cursor = { phase: 'destination', since: deps.clock.now() };
    await inHand.advance(next, async () => {});
    return next;
  }
  const source = deps.rules.source(target.source);
  const stream = source?.stream(target.stream);
  const proving = { verificationId: verification.id, ...target };
  if (!source || !stream) {
    const lost = { inHand, cursor, proving, calls: 0 } as unknown as Proof;
    return leaveUnproven(lost, 'The configuration does not name it any more.');
  }
  const proof: Proof = { inHand, cursor, source, stream, proving, calls: 0 };
  try {
    return await proofStep(proof, cursor.step);
  } catch (error) {
    if (signal.aborted || error instanceof LostVerificationError) throw error;
    const failure = failureOf('verification', error);
    if (failure.kind === 'refused') {
      const waitMs = await deps.vendors.health(source.name).refused(failure.error);
      if (waitMs > 0) return { again: true, dueAt: deps.clock.now() + waitMs };
    } else if (
      failure.effect === 'postpone' ||
      (failure.effect === 'count' && verification.attempts < maxFailures)
    )
      throw error;
    deps.log.error({ source: source.name, reason: failure.message }, 'a source could not be verified');
    return leaveUnproven(proof, failure.message);
  }
}

function proofStep(proof: Proof, step: ProofStep): Promise<Cursor | End> {
  switch (step.kind) {
    case 'begin':
      return begin(proof);
    case 'list':
      return readListing(proof, step);
    case 'stored':
      return lookAtStored(proof, step);
    case 'check':
      return check(proof, step);
    case 'wait':
      return wait(proof, step);
    case 'conclude':
      return conclude(proof, step);
    case 'mend':
      return mend(proof, step);
  }
}

// ── Beginning ───────────────────────────────────────────────────────────────────────────────────────────────────────

async function begin(proof: Proof): Promise<Cursor> {
  const { inHand, source, stream, proving } = proof;
  const { database, clock } = inHand.deps;
  const beganAt = clock.now();
  if (!stream.pull && !stream.inventory)
    return leaveUnproven(proof, 'The vendor only pushes these records and has no list of them.');
  const pause = (await listPauses(database)).get(source.name);
  if (pause) return leaveUnproven(proof, `The source is paused: ${pause.reason ?? 'by a person'}`);
  const read = await checkpoint(database, source.name, stream.name, 'lead');
  if (read?.restedAt == null)
    return leaveUnproven(proof, 'Its first reading has not ended yet: sync it before it is verified.');
  const lagMs = Math.max((lagSecondsOf(proof) ?? 0) * 1000, minLagMs);
  // What the schedule brings is not missing before its time; without one only webhooks do.
  const expectedUpTo = source.config.schedule === null ? beganAt : Math.min(beganAt, read.restedAt);
  const counted = await countThere(proof);
  const standing = await countStandingOf(database, proving);
  const next: ProofStep = { kind: 'list', page: null, restarts: 0, beganAt };
  return advance(proof, next, async (_tx, report) => {
    Object.assign(report, {
      state: 'reading',
      by: listsClocks(stream, inHand.verification.request.contents) ? 'inventory' : 'pages',
      settledBefore: iso(expectedUpTo - lagMs),
      expectedCalls: callsOf(
        source,
        stream.name,
        counted ?? standing,
        inHand.verification.request.contents ?? 'sample',
      ),
      counted,
    } satisfies Partial<ProvenStream>);
  });
}

function lagSecondsOf({ stream }: Proof): number | undefined {
  return Math.max(
    stream.inventory?.lagSeconds ?? stream.settleLagSeconds ?? 0,
    stream.settleLagSeconds ?? 0,
    stream.read?.lagSeconds ?? 0,
  );
}

/** The calls that a proof of so many records takes where nothing differs; null where nobody knows. */
export function callsOf(
  source: Source,
  streamName: string,
  records: number,
  contents: 'sample' | 'all',
): number | null {
  const stream = source.stream(streamName);
  if (!stream || (!stream.pull && !stream.inventory)) return null;
  const { inventory } = stream;
  const counts = stream.count ? 2 : 0;
  if (inventory && contents !== 'all') {
    const samples = Math.ceil(Math.min(records, 200) / (stream.read?.maxIds ?? 100));
    return Math.max(Math.ceil(records / inventory.pageSize), 1) * (inventory.calls ?? 1) + counts + samples;
  }
  const full = stream.cost?.(source.config.settings, source.properties).full;
  return full ? Math.max(Math.ceil(records / full.records), 1) * full.calls + counts : null;
}

/** The vendor's own count; null where it has none to give. */
async function countThere(proof: Proof): Promise<number | null> {
  const { stream, source, inHand } = proof;
  if (!stream.count) return null;
  const context = contextOf(proof);
  const request = { cursor: null, until: context.now, properties: source.properties };
  try {
    return await untilAborted(stream.count(context, request), inHand.signal);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return null;
  }
}

// ── What the list does not tell ─────────────────────────────────────────────────────────────────────────────────────

/** Of each kind in turn, the stored records that need a look although they are listed as they are stored. */
async function lookAtStored(proof: Proof, step: Step<'stored'>): Promise<Cursor> {
  const { inHand, stream, proving } = proof;
  const { of, after, beganAt } = step;
  const page = { after, limit: batchRecords };
  const { last, wrong } = await {
    filtered: () => wrongAmong(proof, page, filteredRecordsAfter, ({ filtered }) => filtered === null),
    others: () =>
      wrongAmong(proof, page, recordsOfOthersAfter, ({ recordId, sourceId }) => recordId === sourceId),
    undelivered: async () => {
      const { database } = inHand.deps;
      const at = { ...page, changedBefore: beganAt };
      const rows = await undeliveredRecordsAfter(database, proving.source, proving.stream, at);
      const recordIds = rows.map(({ recordId }) => recordId);
      return { last: rows.length < batchRecords ? null : recordIds.at(-1)!, wrong: recordIds };
    },
  }[of]();
  const afterAll: ProofStep = stream.read
    ? { kind: 'check', look: 1, looked: 0, alive: 0, beganAt }
    : { kind: 'list', page: null, restarts: 0, beganAt, again: true };
  const isOwnId = async () => speakForOwnIds(inHand.deps.database, proving.source, proving.stream);
  const follows: ProofStep | null =
    of === 'filtered'
      ? { ...step, of: (await isOwnId()) ? 'others' : 'undelivered', after: '' }
      : of === 'others'
        ? { ...step, of: 'undelivered', after: '' }
        : afterAll;
  const next = last === null ? follows : { ...step, after: last };
  return advance(proof, next, (tx) => noteListedToCheck(tx, proving, wrong));
}

/** Of a page of stored records those whose bodies would be stored so by the rules that hold now. */
async function wrongAmong(
  { inHand, source, stream }: Proof,
  page: { after: string; limit: number },
  read: typeof filteredRecordsAfter,
  isWrong: (row: { recordId: string; sourceId: string | null; filtered: string | null }) => boolean,
): Promise<{ last: string | null; wrong: string[] }> {
  const rows = await read(inHand.deps.database, source.name, stream.name, page);
  const origin = { source, stream: stream.name, runId: null };
  const wrong = rows.flatMap((row) => {
    const record = { recordId: row.recordId, changedAt: row.changedAt, body: row.body };
    const made = rowAnew({ record, inherited: null }, row, origin);
    return 'fault' in made || isWrong(made.row) ? [row.recordId] : [];
  });
  return { last: rows.length < page.limit ? null : rows.at(-1)!.recordId, wrong };
}

// ── By ID ───────────────────────────────────────────────────────────────────────────────────────────────────────────

async function check(proof: Proof, step: Step<'check'>): Promise<Cursor | End> {
  const { inHand, source, stream, proving } = proof;
  const { deps, signal } = inHand;
  const read = stream.read!;
  const some = await nextToCheck(deps.database, proving, read.maxIds);
  if (some.length === 0) return afterCheck(proof, step);
  const recordIds = some.map(({ recordId }) => recordId);
  const readAt = deps.clock.now();
  const answer = await readApart(
    (ids) =>
      untilAborted(read.records(contextOf(proof), { recordIds: ids, properties: source.properties }), signal),
    recordIds,
  );
  const unlisted = some.filter(({ listed }) => !listed).length;
  const answered = {
    records: answer.records,
    missing: answer.missing,
    unreadable: answer.unreadable.map(({ recordId }) => recordId),
    readAt,
  };
  const alive = new Set(answer.records.flatMap(({ recordId, deleted }) => (deleted ? [] : [recordId])));
  const aliveUnlisted = some.filter(({ recordId, listed }) => !listed && alive.has(recordId)).length;
  const [looked, stillAlive] = [step.looked + unlisted, step.alive + aliveUnlisted];
  const isPartial =
    step.looked < readsOfUnlisted && looked >= readsOfUnlisted && stillAlive > looked * maxShareAlive;
  return advance(proof, { ...step, looked, alive: stillAlive }, async (tx, counted) => {
    await judgeAnswer(proof, tx, counted, some, answered);
    if (!isPartial) return;
    counted.why = 'The list left out records that exist, so that nothing shows what was deleted.';
    await settleUnchecked(tx, proving, { verdict: 'unproven', notListed: true });
  });
}

/** What was found is looked at again once everything has arrived that webhooks may be telling of. */
async function afterCheck(proof: Proof, step: Step<'check'>): Promise<Cursor> {
  const { inHand, source, stream, proving } = proof;
  const { beganAt } = step;
  const isAnnounced = source.hearsWebhooks || source.journal !== null;
  const counts = await countVerdicts(inHand.deps.database, proving);
  const hasFound = counts.some(({ verdict }) => verdict !== null && isFinding(verdict));
  if (step.look === 2 || !isAnnounced || !hasFound)
    return advance(proof, { kind: 'conclude', beganAt }, async () => {});
  const waitMs = Math.max((stream.read?.lagSeconds ?? 0) * 1000, announcedMs);
  const until = inHand.deps.clock.now() + waitMs;
  return advance(proof, { kind: 'wait', until, for: 'check', beganAt }, async () => {});
}

async function wait(proof: Proof, step: Step<'wait'>): Promise<Cursor | End> {
  const { beganAt, until } = step;
  if (proof.inHand.deps.clock.now() < until) return { again: true, dueAt: until };
  if (step.for === 'count')
    return advance(proof, { kind: 'conclude', beganAt, recounted: true }, async () => {});
  const next: ProofStep = { kind: 'check', look: 2, looked: 0, alive: 0, beganAt };
  return advance(proof, next, async (tx) => void (await checkFindingsAgain(tx, proof.proving)));
}

const isFinding = (verdict: Verdict): verdict is (typeof findingKinds)[number] =>
  (findingKinds as readonly string[]).includes(verdict);

// ── The end ─────────────────────────────────────────────────────────────────────────────────────────────────────────

async function conclude(proof: Proof, step: Step<'conclude'>): Promise<Cursor | End> {
  const { inHand, proving, cursor } = proof;
  const { clock } = inHand.deps;
  const { beganAt } = step;
  const again = await countThere(proof);
  const before = await countedBefore(proof);
  // A count that is refused now takes nothing away from the one before.
  const counted = before === null ? null : Math.min(before, again ?? before);
  const hidden = counted === null ? 0 : await hiddenOf(proof, counted, beganAt);
  if (hidden > 0 && !step.recounted) {
    const until = clock.now() + Math.max((lagSecondsOf(proof) ?? 0) * 1000, announcedMs);
    return advance(proof, { kind: 'wait', until, for: 'count', beganAt }, async (_tx, report) => {
      report.counted = counted;
    });
  }
  const end = async (tx: Queryable, report: ProvenStream) => {
    if (counted !== null) Object.assign(report, { counted, hidden });
    report.filtered = await countListedFiltered(tx, proving);
    await tally(proof, tx, report);
    const leftOut = await countLeftOut(tx, proving, beganAt);
    if (report.why === null && leftOut > Math.max(maxLeftOut, report.listed.count * maxShareLeftOut))
      report.why = `The list left out ${leftOut} records that exist, so it may have left out others that are not stored.`;
    if (report.why === null && hidden > 0)
      report.why = `The vendor counts ${hidden} more records than it lists, which nothing names.`;
    if (report.why === null && report.listed.unproven + report.notListed.unproven > 0)
      report.why = 'No record can be read by ID here, and nothing else proves what became of some of them.';
    report.state = report.why === null ? 'proven' : 'unproven';
    await forgetListed(tx, proving);
  };
  if (inHand.verification.request.heal && proof.stream.read)
    return advance(proof, { kind: 'mend', after: '' }, end);
  return advanceToNext({ ...proof, cursor }, end);
}

async function countedBefore({ inHand, cursor }: Proof): Promise<number | null> {
  const known = await verificationById(inHand.deps.database, inHand.verification.id);
  return known?.report.streams?.[cursor.at]?.counted ?? null;
}

/** How many more records the vendor counts than it lists, gives by ID, or may have got meanwhile. */
async function hiddenOf({ inHand, proving }: Proof, counted: number, beganAt: number): Promise<number> {
  const { database } = inHand.deps;
  const gone: readonly (Verdict | null)[] = ['deletedThere', 'mergedThere'];
  const notListed = (await countVerdicts(database, proving)).filter(({ listed }) => !listed);
  const alive = notListed
    .filter(({ verdict }) => !gone.includes(verdict))
    .reduce((sum, { count }) => sum + count, 0);
  const met = (await countListed(database, proving)) + alive;
  return Math.max(counted - met - (await countReceivedSince(database, proving, beganAt)), 0);
}

/** Sorts all records into what became of them. Whatever was listed and gave no reason to look is as it should be. */
async function tally(
  { proving }: Pick<Proof, 'proving'>,
  tx: Queryable,
  report: ProvenStream,
): Promise<void> {
  await settleUnchecked(tx, proving, { verdict: 'unproven' });
  const listed = await countListed(tx, proving);
  const { rejected } = report.listed;
  const found = new Map<string, number>();
  const sums = {
    listed: { ...noTally, rejected },
    notListed: { ...noTally },
  };
  let looked = 0;
  for (const { verdict, listed: isListed, count } of await countVerdicts(tx, proving)) {
    const sum = sums[isListed ? 'listed' : 'notListed'];
    if (isListed) looked += count;
    else sum.count += count;
    if (isFinding(verdict!)) {
      sum.found += count;
      found.set(verdict, (found.get(verdict) ?? 0) + count);
    } else sum[verdict!] += count;
  }
  sums.listed.count = listed + rejected;
  sums.listed.matched += listed - looked;
  Object.assign(report, sums);
  const examples = Map.groupBy(await firstFindings(tx, proving, maxExamples), ({ kind }) => kind);
  report.findings = findingKinds.flatMap((kind) =>
    found.has(kind)
      ? [{ kind, count: found.get(kind)!, examples: (examples.get(kind) ?? []).map(exampleOf) }]
      : [],
  );
  if (!balances(report))
    throw new Error(`the proof of ${proving.source} does not balance: ${JSON.stringify(sums)}`);
}

function exampleOf({ recordId, sourceId, properties, changedThere, changedHere, detail }: Finding) {
  return salted({
    recordId,
    sourceId,
    properties,
    detail,
    changedThere: changedThere === null ? null : iso(changedThere),
    changedHere: changedHere === null ? null : iso(changedHere),
  });
}

/** What was counted until then stays; nothing is called deleted, or lost, by a reading that did not end. */
async function leaveUnproven(proof: Proof, why: string): Promise<Cursor> {
  return advanceToNext(proof, async (tx, report) => {
    Object.assign(report, { state: 'unproven', why });
    await tally(proof, tx, report);
    await forgetListed(tx, proof.proving);
  });
}

// ── Mending ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Each record with a finding is read again as one that a webhook names, and customers that were lost are enqueued. */
async function mend(proof: Proof, step: Step<'mend'>): Promise<Cursor> {
  const { inHand, source, stream, proving } = proof;
  const { database, clock, onTouched, onHealed } = inHand.deps;
  const some = await findingsAfter(database, proving, { after: step.after, limit: touchedAtOnce });
  const now = clock.now();
  const lost = some.flatMap(({ kind, sourceId }) =>
    kind === 'undelivered' && sourceId !== null ? [sourceId] : [],
  );
  const touched = some.filter(({ kind }) => kind !== 'undelivered');
  const count = async (tx: Queryable, report: ProvenStream) => {
    await touch(
      tx,
      source.name,
      touched.map(({ recordId, kind, changedThere }) => ({
        stream: stream.name,
        recordId,
        changedAt: changedThere ?? now,
        gone: kind === 'deletedThere' ? ('deleted' as const) : null,
        proven: true as const,
      })),
      now,
    );
    report.touched += touched.length;
    await upsertWanted(tx, await revisionsOf(tx, lost), 'backfill', now);
  };
  const next =
    some.length < touchedAtOnce
      ? await advanceToNext(proof, count)
      : await advance(proof, { ...step, after: some.at(-1)!.recordId }, count);
  if (touched.length > 0) onTouched();
  if (lost.length > 0) onHealed();
  return next;
}
