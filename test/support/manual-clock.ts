// A clock that a test moves on.
import type { Clock } from '../../src/engine/clock.ts';

/**
 * A clock that stands still until it is moved: `advance` wakes sleepers in order of their time. For tests and for
 * simulated worlds.
 */
export class ManualClock implements Clock {
  #now: number;
  #sleepers: { at: number; wake: () => void }[] = [];

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper = { at: this.#now + Math.max(milliseconds, 0), wake: resolve };
      this.#sleepers.push(sleeper);
      const abort = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** When the next sleeper wakes, epoch milliseconds, or null where nothing sleeps. */
  get nextWake(): number | null {
    return this.#sleepers.length ? Math.min(...this.#sleepers.map((sleeper) => sleeper.at)) : null;
  }

  /** Moves on, waking each sleeper at its own time and letting what it starts settle before the next. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await settled();
      const due = this.#sleepers.filter((sleeper) => sleeper.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== due);
      this.#now = Math.max(this.#now, due.at);
      due.wake();
    }
    this.#now = end;
    await settled();
  }
}

/** Lets promises and local I/O that are ready run. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
