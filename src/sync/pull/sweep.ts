// A full reading as proof of what is gone: which record IDs it met, and those it did not, each asked for by ID before it
// is believed deleted. A reading that is not known to be whole proves nothing. It knows no page and no vendor.
import type { Context, SourceRecord, Stream } from '../../connector.ts';
import type { Run } from '../../contract/run.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import { untilAborted } from '../../engine/http/until-aborted.ts';
import type { Log } from '../../engine/log/log.ts';
import { noCounts } from '../../tables/counts.ts';
import { addNotes, countPage, holdRun, LostLeaseError, runById } from '../../tables/runs.ts';
import { countMet, hasBegun, noteMet, unmetRecords } from '../../tables/swept-records.ts';
import { touch } from '../../tables/touches.ts';
import { ingest, intakeOfRun } from '../intake/ingest.ts';
import { type ReadApart, readApart } from '../intake/reading-apart.ts';
import type { Rules } from '../intake/rules.ts';
import type { Source } from '../intake/source.ts';
import { takeApart } from '../intake/taking-apart.ts';

export interface Sweep {
  database: Database;
  rules: Rules;
  clock: Clock;
  log: Log;
  source: Source;
  stream: Stream<unknown>;
  run: Run;
  lease: string;
  leaseMs: number;
  signal: AbortSignal;
  context(): Context<unknown>;
  onIngested(): void;
}

/** True where a full reading of this stream by this run is also a sweep. */
export function sweeps(run: Pick<Run, 'mode'>, stream: Stream<unknown>): boolean {
  return run.mode === 'full' && stream.sweeps === true && stream.read !== undefined;
}

/**
 * Reads by ID every standing record that the reading did not meet, and takes in what is said of it: those that are gone
 * as deletions of the moment the run began, the others as they are. What is taken in is met from then on, so a sweep
 * that is interrupted goes on where it was. `total`: how many records the vendor said there are. `asOf`: the reading is
 * the whole truth of that moment, so that nothing is asked for and what it did not meet was deleted then.
 */
export async function sweep(
  sweep: Sweep,
  { total = null, asOf }: { total?: number | null; asOf?: number },
): Promise<void> {
  const { stream, run, log } = sweep;
  const doubt = await doubtOf(sweep, total);
  if (doubt !== null) {
    const sentence = `this reading of ${stream.name} shows no deletions: ${doubt}`;
    log.warn({ stream: stream.name, reason: doubt }, 'this reading shows no deletions');
    if (asOf !== undefined) await noteDoubt(sweep, doubt);
    return countNothing(sweep, sentence);
  }
  if (asOf !== undefined) return deleteUnmet(sweep, asOf);
  let [unanswered, unread] = [0, 0];
  const parts = { limit: stream.read!.maxIds, changedBefore: run.startedAt! };
  for await (const unmet of unmetRecords(sweep.database, sweep, parts)) {
    sweep.signal.throwIfAborted();
    const recordIds = unmet.map(({ recordId }) => recordId);
    const answer = await confirm(sweep, recordIds, maxReadAgain - unread);
    unread += answer.unread;
    unanswered += answer.unanswered;
  }
  if (unread > 0)
    log.warn(
      { run: run.id, stream: stream.name, records: unread },
      'records that were not met could not be read by ID; they are kept and read again',
    );
  if (unanswered > 0)
    log.warn(
      { run: run.id, stream: stream.name, records: unanswered },
      'records were neither found nor said to be gone; they are kept',
    );
}

/**
 * So many records that could not be read are read again, beside what webhooks tell of. Where there are more, something else is amiss,
 * and the next full reading asks for them.
 */
const maxReadAgain = 1_000;

/** So many records are deleted in one transaction. */
const maxDeleted = 1000;

/** Takes every standing record that a whole reading did not meet for deleted at its time. */
async function deleteUnmet(sweep: Sweep, asOf: number): Promise<void> {
  const { database, rules, clock, source, stream, run, lease, leaseMs } = sweep;
  for await (const unmet of unmetRecords(database, sweep, { limit: maxDeleted })) {
    sweep.signal.throwIfAborted();
    const gone = unmet.map(
      ({ recordId, changedAt }): SourceRecord => ({
        recordId,
        changedAt: Math.max(Math.min(asOf, clock.now()), changedAt),
        deleted: true,
        body: {},
      }),
    );
    const now = clock.now();
    await database.transaction(async (tx) => {
      const intake = { ...intakeOfRun(run, { source, stream, clock }), now };
      const counts = await ingest(tx, rules, intake, { records: gone });
      const step = `deleting ${stream.name} that are no longer there`;
      await countPage(tx, { id: run.id, lease }, { counts, pages: 1, expected: null, step, now, leaseMs });
    });
    sweep.onIngested();
  }
}

async function noteDoubt(
  { database, clock, run, source, stream, lease }: Sweep,
  doubt: string,
): Promise<void> {
  const unmet = await unmetRecords(database, { source, stream, run }, { limit: 1 }).next();
  if (unmet.done) return;
  const message = `Missing records were kept, because this reading does not prove that they were deleted: ${doubt}. Correct the cause and read everything again with "tributary sync ${source.name} --full" or another import.`;
  await database.transaction(async (tx) => {
    if (!(await holdRun(tx, { id: run.id, lease }, clock.now() + 30_000))) throw new LostLeaseError(run.id);
    await addNotes(tx, run.id, [{ code: 'no_deletions', message, count: 1 }]);
  });
}

/** Why what was not met proves nothing, or null. */
async function doubtOf({ database, stream, run }: Sweep, total: number | null): Promise<string | null> {
  const count = await countMet(database, run.id, stream.name);
  if (!(await hasBegun(database, run.id, stream.name)))
    return 'it went on from where another run had stopped';
  const rejected = (await runById(database, run.id))?.rejected ?? 0;
  if (rejected > 0) return `${rejected} ${rejected === 1 ? 'row was' : 'rows were'} rejected`;
  if (total !== null && count < total) return `the source speaks of ${total} and gave ${count}`;
  if (count === 0) return 'it is empty, which more often means that access was withdrawn';
  return null;
}

/**
 * Returns how many of these could not be read and are read again, `most` at most, and how many others the vendor neither found nor
 * said to be gone. One failure says little of a record: it is judged like one that a webhook tells of, attempt by attempt.
 */
async function confirm(
  sweep: Sweep,
  recordIds: readonly string[],
  most: number,
): Promise<{ unread: number; unanswered: number }> {
  const { database, rules, clock, source, stream, run, lease, leaseMs } = sweep;
  const answer = await ask(sweep, recordIds);
  const missing = new Set(answer.missing);
  const gone = recordIds
    .filter((recordId) => missing.has(recordId))
    .map((recordId): SourceRecord => ({ recordId, changedAt: run.startedAt!, deleted: true, body: {} }));
  const found = new Set(answer.records.map((record) => record.recordId));
  const unread = answer.unreadable.slice(0, most).map(({ recordId }) => recordId);
  await takeApart({ records: [...answer.records, ...gone] }, async (part, isLast) => {
    const now = clock.now();
    await database.transaction(async (tx) => {
      const intake = { ...intakeOfRun(run, { source, stream, clock }), now };
      const counts = await ingest(tx, rules, intake, part);
      if (isLast) {
        await noteMet(tx, { runId: run.id, stream: stream.name, first: false }, recordIds);
        const touched = unread.map((recordId) => ({
          stream: stream.name,
          recordId,
          changedAt: run.startedAt!,
          gone: null,
        }));
        await touch(tx, source.name, touched, now);
      }
      const step = `asking for ${stream.name} that were not met`;
      const counted = { counts, pages: isLast ? 1 : 0, expected: null, step, now, leaseMs };
      await countPage(tx, { id: run.id, lease }, counted);
    });
  });
  sweep.onIngested();
  const answered = new Set([...found, ...missing, ...unread]);
  return { unread: unread.length, unanswered: recordIds.filter((id) => !answered.has(id)).length };
}

/** What is in neither answer proves nothing. */
function ask({ stream, source, context, signal }: Sweep, recordIds: readonly string[]): Promise<ReadApart> {
  const { properties } = source;
  return readApart(
    (some) => untilAborted(stream.read!.records(context(), { recordIds: some, properties }), signal),
    recordIds,
  );
}

async function countNothing({ database, clock, run, lease, leaseMs }: Sweep, step: string): Promise<void> {
  const now = clock.now();
  await countPage(
    database,
    { id: run.id, lease },
    { counts: noCounts, pages: 0, expected: null, step, now, leaseMs },
  );
}
