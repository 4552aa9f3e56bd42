// What becomes of a run that came to no good end: put down, put off, failed, or ended by a person; and the look, while it
// goes on, at whether it still is to. It reads no page.
import type { Run } from '../../contract/run.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import { failureLevel } from '../../engine/log/expected.ts';
import type { Log } from '../../engine/log/log.ts';
import { concernsContent, type Failure, failureOf, messageOf } from '../../engine/work/failures.ts';
import { attemptsMax, backoffMs } from '../../engine/work/retry.ts';
import {
  CancelledError,
  endRun,
  holdRun,
  LostLeaseError,
  PausedError,
  putOffRun,
  runById,
  runStanding,
} from '../../tables/runs.ts';
import type { SourceHealth } from '../intake/source-health.ts';

/** How long a person waits for a run to end that was called off while a call is under way. */
const lookEveryMs = 2_000;

/** The run has to wait for its vendor, and holds no worker meanwhile. The message says what for. */
export class PutOffError extends Error {
  override name = 'PutOffError';
  readonly dueAt: number;

  constructor(message: string, dueAt: number) {
    super(message);
    this.dueAt = dueAt;
  }
}

export interface Failing {
  database: Database;
  clock: Clock;
  log: Log;
  run: Run;
  held: { id: number; lease: string };
  health: SourceHealth;
  /** Aborted when the worker stops. */
  signal: AbortSignal;
}

/**
 * Settles the run's row by what ended it. Where the row cannot be written, the log has what was to be told; the run is taken up
 * again when its lease has run out. Throws what kept the row from being written.
 */
export async function settleFailure(failing: Failing, error: unknown): Promise<void> {
  const { database, clock, log, held } = failing;
  try {
    await settle(failing, error);
  } catch (unsettled) {
    log[failureLevel(error)](
      { err: error },
      'the run failed, and that could not be recorded: see the next line',
    );
    // What no row can hold would fail again each time.
    if (!concernsContent(unsettled)) throw unsettled;
    log.error({ err: unsettled }, 'the run is ended without the words of its failure');
    const why = 'The run failed, and its error cannot be stored: the log has it.';
    await database.transaction((tx) => endRun(tx, held, { state: 'failed', error: why, now: clock.now() }));
  }
}

async function settle(failing: Failing, error: unknown): Promise<void> {
  const { database, clock, log, held, signal } = failing;
  const now = clock.now();
  const putDown = () => putOffRun(database, held, { dueAt: now, counted: false, error: null });
  if (error instanceof LostLeaseError) {
    log.warn(messageOf(error));
  } else if (error instanceof CancelledError) {
    await database.transaction((tx) => endRun(tx, held, { state: 'cancelled', error: null, now }));
    log.info('run cancelled');
  } else if (error instanceof PausedError) {
    await putDown();
    log.info('run suspended: its source was paused');
  } else if (signal.aborted) {
    await putDown();
    log.info('run suspended; it continues from its checkpoint');
  } else if (error instanceof PutOffError) {
    await putOffRun(database, held, { dueAt: error.dueAt, counted: false, error: error.message });
    log[failing.run.error === error.message ? 'debug' : 'info']({ reason: error.message }, 'the run waits');
  } else {
    await settleFailed(failing, failureOf('run', error));
  }
}

async function settleFailed(failing: Failing, failure: Failure): Promise<void> {
  const { database, clock, log, run, held, health } = failing;
  const { kind, effect, error, message } = failure;
  if (kind === 'refused') {
    const dueAt = clock.now() + (await health.refused(failure.error));
    return putOffRun(database, held, { dueAt, counted: false, error: message });
  }
  const now = clock.now();
  const fail = async (why: string, fields: object) => {
    await database.transaction((tx) => endRun(tx, held, { state: 'failed', error: why, now }));
    log.error({ reason: message, ...fields }, 'run failed');
  };
  if (effect === 'give up') return fail(message, {});
  if (effect === 'postpone')
    return putOffRun(database, held, { dueAt: now + backoffMs(1), counted: false, error: message });
  // The row counts attempts since the last page that went well.
  const attempts = ((await runById(database, run.id))?.attempts ?? 0) + 1;
  if (effect === 'count') log.error({ err: error }, 'unexpected error; the run is retried');
  const { counted, delayMs } = health.judge(error, `run ${run.id}`, { attempts });
  if (counted && attempts >= attemptsMax.run)
    return fail(`${message} (given up after ${attempts} attempts)`, { attempts });
  const said = counted ? message : health.waiting(message);
  await putOffRun(database, held, { dueAt: now + delayMs, counted, error: said });
  // What is waited for is said once, not at each attempt.
  const level = run.error === said ? 'debug' : 'warn';
  log[level]({ reason: said, seconds: Math.ceil(delayMs / 1000) }, 'the run waits and is tried again');
}

/** Holds the lease while a page is slow, and tells what runs to stop: when it is lost, called off, or paused by a person. */
export function watchRun(
  deps: { database: Database; clock: Clock },
  held: { id: number; lease: string },
  { leaseMs, lost, signal }: { leaseMs: number; lost: AbortController; signal: AbortSignal },
): { stop(): void } {
  const { database, clock } = deps;
  const stopped = new AbortController();
  const over = () => stopped.signal.aborted || signal.aborted || lost.signal.aborted;
  void (async () => {
    for (let heldAt = clock.now(); ; ) {
      await clock.sleep(lookEveryMs, stopped.signal);
      if (over()) return;
      const standing = await runStanding(database, held).catch(() => 'going' as const);
      if (over()) return;
      if (standing === 'lost') return lost.abort(new LostLeaseError(held.id));
      if (standing === 'cancelled') return lost.abort(new CancelledError(`run ${held.id} was cancelled`));
      if (standing === 'paused')
        return lost.abort(new PausedError(`the source of run ${held.id} was paused`));
      if (clock.now() - heldAt < leaseMs / 3) continue;
      heldAt = clock.now();
      if (!(await holdRun(database, held, heldAt + leaseMs).catch(() => true)))
        return lost.abort(new LostLeaseError(held.id));
    }
  })();
  return { stop: () => stopped.abort() };
}
