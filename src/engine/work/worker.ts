// A loop that does one step after another: at once while there is more, else after a rest or when woken. It knows
// nothing of what a step does.
import { isUnavailable, unavailableReason } from '../../db/availability.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log/log.ts';

/**
 * What a step says of the next: at once, after so many milliseconds at the latest, or at the moment when the next work that
 * is known of is due (epoch milliseconds, null where none is).
 */
export type Next = { again: true } | { again: false; afterMs: number } | { again: false; due: number | null };

/** How often a loop looks for work that nobody has told it of. */
const pollMs = 1_000;

/** Work that is due is not asked for more often. */
const restMinMs = 50;

/** A loop whose last step failed. */
export interface FailingLoop {
  name: string;
  /** When the first of the steps failed that have failed in a row, epoch milliseconds. */
  since: number;
  /** How many they are. */
  failures: number;
  /** What the last of them said, without values of records. */
  error: string;
}

export class Worker {
  readonly #name: string;
  readonly #step: (signal: AbortSignal) => Promise<Next>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #pollMs: () => number;
  readonly #paceMs: number;
  readonly #stop = new AbortController();
  #rest = new AbortController();
  #woken = false;
  #failures = 0;
  #failing: FailingLoop | null = null;
  #ended: Promise<void> | null = null;

  constructor(options: {
    name: string;
    step: (signal: AbortSignal) => Promise<Next>;
    clock: Clock;
    log: Log;
    /** How often it looks for work that nobody has told it of. Default: each second. */
    pollMs?: () => number;
    /** Steps that found nothing to do are not begun more often than this, however often it is woken. Default: no limit. */
    paceMs?: number;
  }) {
    this.#name = options.name;
    this.#step = options.step;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#pollMs = options.pollMs ?? (() => pollMs);
    this.#paceMs = options.paceMs ?? 0;
  }

  /** Null where its last step did not fail. */
  get failing(): FailingLoop | null {
    return this.#failing;
  }

  start(): this {
    this.#ended ??= this.#loop();
    return this;
  }

  /** There may be something to do: a rest ends now, and a step that runs is followed by another. */
  wake(): void {
    this.#woken = true;
    this.#rest.abort();
  }

  /** Finishes the step that runs, told by its signal to be quick, and begins no other. */
  async drain(): Promise<void> {
    this.#stop.abort();
    this.#rest.abort();
    await this.#ended;
  }

  async #loop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#woken = false;
      const begunAt = this.#clock.now();
      const next = await this.#tried();
      if (next.again) continue;
      if (!this.#woken || this.#failures > 0) {
        this.#rest = new AbortController();
        await this.#clock.sleep(this.#restMs(next), AbortSignal.any([this.#rest.signal, this.#stop.signal]));
      }
      const paceMs = this.#woken ? begunAt + this.#paceMs - this.#clock.now() : 0;
      // A clock that was set back must not hold it up.
      if (paceMs > 0) await this.#clock.sleep(Math.min(paceMs, this.#paceMs), this.#stop.signal);
    }
  }

  #restMs(next: Exclude<Next, { again: true }>): number {
    if ('afterMs' in next) return next.afterMs;
    const untilDue = (next.due ?? Number.POSITIVE_INFINITY) - this.#clock.now();
    return Math.min(Math.max(untilDue, restMinMs), this.#pollMs());
  }

  async #tried(): Promise<Next> {
    try {
      const next = await this.#step(this.#stop.signal);
      this.#recovered();
      return next;
    } catch (error) {
      this.#failures += 1;
      if (!this.#stop.signal.aborted) this.#failed(error);
      return { again: false, afterMs: Math.min(250 * 2 ** this.#failures, 30_000) };
    }
  }

  /** A loop that fails in the same way again and again is told of once, and a database that does not answer elsewhere. */
  #failed(error: unknown): void {
    const sentence = cleanSentence(error);
    const isNew = this.#failing?.error !== sentence;
    const since = this.#failing?.since ?? this.#clock.now();
    this.#failing = { name: this.#name, since, failures: this.#failures, error: sentence };
    if (isUnavailable(error)) this.#log.debug({ loop: this.#name, reason: sentence }, 'a step failed');
    else if (isNew) this.#log.error({ err: error, loop: this.#name }, 'a step failed; it is retried');
  }

  #recovered(): void {
    const { failures = 0, error = '' } = this.#failing ?? {};
    if (failures > 1)
      this.#log.info({ loop: this.#name, failures, error }, 'the loop works again after failed steps');
    this.#failing = null;
    this.#failures = 0;
  }
}

/** Sentences written for people; of what else was thrown only its kind: a message may quote a record. */
const written = new Set(['TransientError', 'RejectedError', 'UnauthorizedError', 'UnsentError']);

function cleanSentence(error: unknown): string {
  if (isUnavailable(error)) return `the database: ${unavailableReason(error)}`;
  if (!(error instanceof Error)) return 'an unexpected error; see the log';
  if (written.has(error.name)) return error.message.slice(0, 300);
  const { code } = error as { code?: unknown };
  return `${error.name}${typeof code === 'string' ? ` ${code}` : ''}; see the log for details`;
}
