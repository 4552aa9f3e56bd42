// The machine's clock and the database's should show one time. It compares them and tells; it sets neither.
import type { Database } from '../db/database.ts';
import type { Log } from '../engine/log/log.ts';
import type { WatchedClock } from '../engine/watched-clock.ts';

/** By so much they may differ before a person is told, milliseconds. */
const toldFromMs = 60_000;

export class DifferingClocks {
  readonly #database: Pick<Database, 'time'>;
  readonly #clock: WatchedClock;
  readonly #log: Log;
  #note: string | null = null;

  constructor({ database, clock, log }: { database: Pick<Database, 'time'>; clock: WatchedClock; log: Log }) {
    this.#database = database;
    this.#clock = clock;
    this.#log = log;
  }

  /** By how much they differ and what to do, in a sentence; null where they do not. */
  get note(): string | null {
    return this.#note;
  }

  async compare(): Promise<void> {
    const aheadMs = await this.#clock.compare(() => this.#database.time());
    const before = this.#note;
    this.#note = Math.abs(aheadMs) < toldFromMs ? null : noteOf(aheadMs);
    if (before === null && this.#note !== null) this.#log.warn(this.#note);
    if (before !== null && this.#note === null)
      this.#log.info("this machine's clock and the database's show the same time again");
  }
}

function noteOf(aheadMs: number): string {
  const minutes = Math.round(Math.abs(aheadMs) / 60_000);
  const by = `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
  return `The clock of this machine is ${by} ${aheadMs > 0 ? 'behind' : 'ahead of'} the clock of the database. Set the one that is wrong: schedules, the order of changes and times in the history depend on it.`;
}
