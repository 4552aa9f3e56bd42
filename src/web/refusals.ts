// Requests that were refused at the door, counted by source and reason: a flood of them costs a line of the log now and
// then, and nothing else.
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log.ts';

const tellEveryMs = 10_000;
/** Reasons are sentences of ours, but a vendor's header name may be in one. */
const mostReasons = 50;

export interface RefusalCount {
  source: string;
  status: number;
  /** Why the last of them was refused. */
  reason: string;
  count: number;
  /** Epoch milliseconds. */
  lastAt: number;
}

export class Refusals {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #counts = new Map<string, RefusalCount>();
  readonly #told = new Map<string, { at: number; since: number }>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  note(source: string, status: number, reason: string): void {
    const now = this.#clock.now();
    const key = `${source} ${status} ${reason}`;
    const known = this.#counts.get(key);
    if (known) {
      known.count += 1;
      known.lastAt = now;
    } else {
      if (this.#counts.size >= mostReasons) this.#counts.delete(this.#counts.keys().next().value!);
      this.#counts.set(key, { source, status, reason, count: 1, lastAt: now });
    }
    const told = this.#told.get(source) ?? { at: 0, since: 0 };
    told.since += 1;
    this.#told.set(source, told);
    if (now - told.at < tellEveryMs) return;
    this.#log.warn(
      { source, status, refused: told.since },
      `a webhook was refused (${told.since} since the last such line): ${reason}`,
    );
    told.at = now;
    told.since = 0;
  }

  /** Since this process started, the newest first. */
  list(): RefusalCount[] {
    return [...this.#counts.values()].sort((a, b) => b.lastAt - a.lastAt);
  }
}
