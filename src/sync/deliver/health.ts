// How the destination stands: what a failure says of one customer, of everybody, or of the way there; when it is paused, and
// when its answers are believed again. It sends no customer and settles none.
import {
  type Context,
  type Destination,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '../../connector.ts';
import type { PauseCause } from '../../contract/pause.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import { localFiles } from '../../engine/files.ts';
import type { Circuit } from '../../engine/http/circuit.ts';
import type { Endpoint } from '../../engine/http/endpoint.ts';
import { tellOpened } from '../../engine/http/guarded-api.ts';
import { failureLevel } from '../../engine/log/expected.ts';
import type { Log } from '../../engine/log/log.ts';
import { failureOf } from '../../engine/work/failures.ts';
import { destinationName, pause } from '../../tables/pauses.ts';
import { Brake } from './brake.ts';
import { Suspects } from './suspects.ts';

export interface HealthDeps {
  database: Database;
  clock: Clock;
  log: Log;
  destination: Destination<unknown>;
  readonly settings: unknown;
  endpoint: Endpoint;
  circuit: Circuit;
}

/** What becomes of customers whose request failed. */
export interface Verdict {
  /** They are to blame, and become dead letters. */
  blamed: boolean;
  /** It counts as an attempt. */
  counted: boolean;
  /** The next attempt is a request of its own. */
  alone: boolean;
  /** Nothing more is sent for now. */
  paused: boolean;
}

const nothing: Verdict = { blamed: false, counted: false, alone: false, paused: false };

/** Writes that are refused in a row for their credentials, though reads are answered. */
const refusedWritesMost = 5;

/** An answer to the read that tells for whom a refusal is holds for so long. */
const readHoldsMs = 2_000;

/** Stands in the log for a wait whose end nobody named. */
const unnamedWaitMs = 1_000;

export class Health {
  readonly #deps: HealthDeps;
  readonly #suspects = new Suspects();
  readonly #brake = new Brake();
  #read: { at: number; answer: Promise<'answered' | 'refused' | 'unknown'> } | null = null;
  #refusedWrites = 0;
  #accepted = 0;
  #isTrying = false;
  #bulkRefusedAt: number | null = null;
  /** Quotas that allow no call, by name: until when, and how many calls have waited since it began. */
  readonly #waits = new Map<string, { until: number; calls: number }>();

  constructor(deps: HealthDeps) {
    this.#deps = deps;
  }

  /** It took a write, or accepted one to be carried out. */
  noteAccepted(sourceIds: readonly string[] = []): void {
    const { clock, log } = this.#deps;
    this.#accepted += Math.max(sourceIds.length, 1);
    this.#refusedWrites = 0;
    this.#suspects.accepted(sourceIds, clock.now());
    for (const [quota, { until, calls }] of this.#waits) {
      // Calls that were on their way when it began say nothing of its end.
      if (until > clock.now()) continue;
      this.#waits.delete(quota);
      log.info({ quota, waits: calls }, 'the quota allows calls again');
    }
  }

  /** Says what went wrong. Refused credentials are `judge`'s to tell. */
  tell(error: unknown): void {
    const { log, clock } = this.#deps;
    if (error instanceof TransientError) {
      const { quota, status, retryAfterMs, message } = error;
      if (quota === undefined || status !== undefined) {
        // While the circuit is open its own line says so.
        const { state } = this.#deps.circuit.status(clock.now());
        log[state === 'closed' ? 'warn' : 'debug'](
          { status, reason: message },
          'the destination could not take customers; they are sent again',
        );
        return;
      }
      const untilMs = retryAfterMs ?? unnamedWaitMs;
      const waited = this.#waits.get(quota)?.calls ?? 0;
      this.#waits.set(quota, { until: clock.now() + untilMs, calls: waited + 1 });
      log.warn({ quota, seconds: Math.ceil(untilMs / 1000) }, 'the quota allows no call: customers wait');
    } else if (error instanceof RejectedError)
      log.warn({ code: error.code, reason: error.message }, 'the destination refused a customer');
    else if (!(error instanceof UnauthorizedError))
      log[failureLevel(error)]({ err: error }, 'unexpected error while delivering; it is retried');
  }

  /** What the failure of a request means for these customers. */
  async judge(sourceIds: readonly string[], error: unknown, signal?: AbortSignal): Promise<Verdict> {
    this.tell(error);
    const now = this.#deps.clock.now();
    const [only] = sourceIds.length === 1 ? sourceIds : [];
    const failure = failureOf('delivery', error);
    if (failure.kind === 'refused') return this.#refused(only, failure.error, signal);
    if (failure.kind !== 'transient') return { ...nothing, counted: failure.effect !== 'postpone' };
    const { foreign, status, uncertain } = failure.error;
    if (only === undefined) {
      const counted = this.#suspects.failedTogether(now) && uncertain;
      return { ...nothing, counted };
    }
    const othersGotThrough = this.#suspects.refused(only, now);
    if (foreign && (status ?? 500) < 500)
      return { ...nothing, ...(await this.#blame(only, signal)), alone: true };
    // What fails for everybody uses up nobody's attempts.
    return { ...nothing, counted: othersGotThrough && uncertain };
  }

  /** Something in between refused a bulk call: whether writes got through since it did so before. */
  bulkGotThroughSince(): boolean {
    const { clock } = this.#deps;
    const before = this.#bulkRefusedAt;
    this.#bulkRefusedAt = clock.now();
    return before !== null && this.#suspects.acceptedSince(before);
  }

  /** Customers are held back, for this process found that one after another is rejected. */
  get isHoldingBack(): boolean {
    return this.#brake.trippedAt !== null && !this.#isTrying;
  }

  /** While one customer is tried, it is not held back. */
  async trying(send: () => Promise<void>): Promise<boolean> {
    const before = this.#accepted;
    this.#isTrying = true;
    try {
      await send();
    } finally {
      this.#isTrying = false;
    }
    return this.#accepted > before;
  }

  /** How often the way to the destination has refused this customer in a row. */
  timesRefused(sourceId: string): number {
    return this.#suspects.times(sourceId);
  }

  /** Credentials that are refused: of everybody where a read is refused too, or one write after another. */
  async #refused(
    only: string | undefined,
    error: UnauthorizedError,
    signal: AbortSignal | undefined,
  ): Promise<Verdict> {
    // Before the read is waited for: what is refused at once with it counts too.
    this.#refusedWrites += 1;
    const read = await this.reach(signal);
    const isOneAfterAnother = this.#refusedWrites >= refusedWritesMost;
    if (read === 'unknown' && !isOneAfterAnother) return nothing;
    if (read !== 'answered') {
      await this.pause('unauthorized', error.message, error.final);
      return { ...nothing, paused: true };
    }
    if (only !== undefined) {
      this.#suspects.refused(only, this.#deps.clock.now());
      const { blamed } = await this.#blame(only, signal);
      if (blamed) return { ...nothing, blamed };
    }
    const paused = this.#refusedWrites >= refusedWritesMost;
    if (paused) await this.pause('unauthorized', error.message, error.final);
    return { ...nothing, alone: only !== undefined, paused };
  }

  async #blame(sourceId: string, signal: AbortSignal | undefined): Promise<{ blamed: boolean }> {
    const { clock } = this.#deps;
    if (!this.#suspects.isToBlame(sourceId, clock.now())) return { blamed: false };
    if ((await this.reach(signal)) !== 'answered') return { blamed: false };
    this.#suspects.forget(sourceId);
    return { blamed: true };
  }

  /** A refusal that does not concern a customer alone, or that nobody has heard of a customer. True where it pauses. */
  async confirmRefused(error: UnauthorizedError, signal?: AbortSignal): Promise<boolean> {
    if ((await this.reach(signal)) !== 'refused') return false;
    await this.pause('unauthorized', error.message, error.final);
    return true;
  }

  /** Whether the cheapest read is answered. One that offers none is believed at its first word. */
  reach(signal?: AbortSignal): Promise<'answered' | 'refused' | 'unknown'> {
    const now = this.#deps.clock.now();
    if (!this.#read || Math.abs(now - this.#read.at) > readHoldsMs)
      this.#read = { at: now, answer: this.#reach(signal) };
    return this.#read.answer;
  }

  async #reach(signal?: AbortSignal): Promise<'answered' | 'refused' | 'unknown'> {
    const { destination, settings, endpoint, clock } = this.#deps;
    if (!destination.reach) return 'refused';
    // Beside the circuit: what it is told of here says nothing of writes.
    const context: Context<unknown> = {
      settings,
      api: endpoint.api('manual', { signal }),
      files: localFiles,
      now: clock.now(),
    };
    try {
      await destination.reach(context);
      return 'answered';
    } catch (error) {
      if (error instanceof UnauthorizedError) return 'refused';
      return error instanceof RejectedError ? 'answered' : 'unknown';
    }
  }

  /** Pauses the destination; one alarm, however many failures say the same. */
  async pause(cause: PauseCause, reason: string, final = false): Promise<void> {
    const { database, clock, log } = this.#deps;
    if (await pause(database, destinationName, { cause, reason, final }, clock.now()))
      log.error({ reason }, 'destination paused');
  }

  /** A failure that concerns everybody: nothing is sent for a while. */
  trip(error: unknown): void {
    const { circuit, clock, log } = this.#deps;
    const openMs = circuit.trip(clock.now(), error instanceof Error ? error.message : undefined);
    if (openMs !== null) tellOpened({ circuit, clock, log, name: destinationName }, openMs);
  }

  /**
   * What was sent together has ended so. Returns how many of each code may become dead letters: where one customer after
   * another is rejected for the same reason, those that follow are held back.
   */
  async noteEnded(
    accepted: number,
    rejected: readonly { sourceId: string; code: string; message: string }[],
  ): Promise<Map<string, number>> {
    const now = this.#deps.clock.now();
    for (const { sourceId } of rejected) this.#suspects.forget(sourceId);
    const byCode = Map.groupBy(rejected, ({ code }) => code);
    const counts = new Map([...byCode].map(([code, group]) => [code, group.length]));
    const { most, tripped } = this.#brake.note({ accepted, rejected: counts }, now);
    if (tripped !== null)
      await this.pause('refusals', rejectedWords(tripped, byCode.get(tripped)![0]!.message));
    return most;
  }

  /** No pause stands any more, as of `at`: rejections are counted from the beginning. */
  noteRunning(at: number): void {
    const { trippedAt } = this.#brake;
    if (trippedAt !== null && trippedAt < at - 1_000) this.#brake.release();
  }
}

function rejectedWords(code: string, message: string): string {
  const words = message.length > 200 ? `${message.slice(0, 199)}…` : message.replace(/\.$/, '');
  return (
    `it rejects one customer after another with the code ${code} (${words}). The others are held back, and one at a time is ` +
    'tried. Correct the cause in the mapping, at the source or at the destination; then run "tributary problems retry".'
  );
}
