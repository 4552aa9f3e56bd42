// Urgent work goes before bulk work in this process: it waits at most for the part of the bulk work that is being done. It
// knows nothing of what either does.
import type { Clock } from '../clock.ts';

/** How long bulk work waits at most between two of its parts: it must go on while webhooks pour in. */
const maxMs = 25;

/** How long in all where it holds locks. */
const maxMsWithLocks = 500;

export class RightOfWay {
  readonly #clock: Clock;
  #urgent = 0;
  #clear = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does `work`, to which bulk work yields. */
  async urgently<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#urgent += 1;
    try {
      return await work();
    } finally {
      this.#urgent -= 1;
      if (this.#urgent === 0) {
        this.#clear.abort();
        this.#clear = new AbortController();
      }
    }
  }

  /** For bulk work, between two of its parts: waits while urgent work is done. */
  readonly yieldToUrgent = (): Promise<void> => this.#yield(maxMs);

  /** The same for bulk work that holds locks, which urgent work may be waiting for: all its waits together are limited. */
  yieldWithLocks(): () => Promise<void> {
    let leftMs = maxMsWithLocks;
    return async () => {
      const from = this.#clock.now();
      await this.#yield(Math.min(maxMs, leftMs));
      leftMs -= Math.max(this.#clock.now() - from, 0);
    };
  }

  async #yield(mostMs: number): Promise<void> {
    if (this.#urgent > 0 && mostMs > 0) await this.#clock.sleep(mostMs, this.#clear.signal);
  }
}
