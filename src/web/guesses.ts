// Wrong tokens and login links of all clients together: after a few within a minute further ones are refused, and one log
// line reports it. The right token always passes. It never sees a token.
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log/log.ts';

const windowMs = 60_000;
const allowed = 10;

export class Guesses {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onFlood: () => void;
  /** When the last wrong ones came, the oldest first; no more than are allowed. */
  #recent: number[] = [];
  #flood: { since: number; count: number; lastAt: number } | null = null;

  /** `onFlood` is told once of each flood. */
  constructor(clock: Clock, log: Log, onFlood: () => void = () => {}) {
    this.#clock = clock;
    this.#log = log;
    this.#onFlood = onFlood;
  }

  /** A wrong one came. Null where it is merely refused; else after how many whole seconds to come again. */
  wrong(): number | null {
    const now = this.#clock.now();
    this.look();
    this.#recent = this.#recent.filter((at) => Math.abs(now - at) < windowMs);
    if (this.#flood) {
      this.#flood.count += 1;
      this.#flood.lastAt = now;
    }
    if (this.#recent.length < allowed) {
      this.#recent.push(now);
      return null;
    }
    if (!this.#flood) {
      this.#flood = { since: now, count: allowed + 1, lastAt: now };
      this.#onFlood();
      this.#log.warn(
        { wrong: allowed + 1 },
        'many wrong API tokens or login links: somebody may be guessing. Further ones get 429; the right token still works',
      );
    }
    return Math.max(1, Math.ceil((this.#recent[0]! + windowMs - now) / 1000));
  }

  /** Tells of the end of a flood, a minute after its last wrong one. */
  look(): void {
    const flood = this.#flood;
    if (!flood || this.#clock.now() - flood.lastAt < windowMs) return;
    this.#flood = null;
    const seconds = Math.round((flood.lastAt - flood.since) / 1000);
    this.#log.info({ wrong: flood.count, seconds }, 'wrong API tokens and login links have stopped');
  }

  /** What goes on now; null where nothing does. Epoch milliseconds. */
  get flood(): { since: number; count: number } | null {
    this.look();
    return this.#flood && { since: this.#flood.since, count: this.#flood.count };
  }
}
