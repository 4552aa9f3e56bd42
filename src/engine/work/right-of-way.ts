// Who goes first in this process: what somebody waits for does not stand behind work in bulk, but for the part of it that
// is being done. It knows nothing of what either does.
import type { Clock } from '../clock.ts';

/** Work in bulk stands still for so long at most, at each of its parts: it must go on while webhooks pour in. */
const maxMs = 25;

export class RightOfWay {
  readonly #clock: Clock;
  #urgent = 0;
  #clear = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does `work`, to which work in bulk gives way. */
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

  /** For work in bulk, between two of its parts: waits while anything urgent is done. */
  readonly yieldToUrgent = async (): Promise<void> => {
    if (this.#urgent > 0) await this.#clock.sleep(maxMs, this.#clear.signal);
  };
}
