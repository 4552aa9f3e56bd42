// This machine's clock beside the database's. Where they differ, nobody knows which of them is right: times are this machine's
// as ever, and only whether something can have happened yet is judged by the later of the two.
import type { Clock } from './clock.ts';

export class WatchedClock implements Clock {
  readonly #own: Clock;
  /** How far the database's clock was ahead of this machine's when they were compared last, milliseconds. */
  #aheadMs = 0;
  /** The latest time that this machine has shown since. */
  #shown = Number.NEGATIVE_INFINITY;

  constructor(own: Clock) {
    this.#own = own;
  }

  now = (): number => {
    const now = this.#own.now();
    if (now > this.#shown) this.#shown = now;
    return now;
  };

  sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    this.#own.sleep(milliseconds, signal);

  /** A clock that was set back is known to have shown more, until it is compared again. */
  latest = (): number => Math.max(this.now() + this.#aheadMs, this.#shown);

  /**
   * Compares the clocks. `databaseTime`: asks the database for its time, epoch milliseconds. Returns by how much that is ahead at least,
   * milliseconds; negative where it is behind.
   */
  async compare(databaseTime: () => Promise<number>): Promise<number> {
    const askedAt = this.now();
    const told = await databaseTime();
    const answeredAt = this.now();
    this.#aheadMs = told > answeredAt ? told - answeredAt : 0;
    this.#shown = answeredAt;
    return told < askedAt ? told - askedAt : this.#aheadMs;
  }
}
