// A loop that does one step after another: at once while there is more, else after a rest or when woken. It knows
// nothing of what a step does.
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** What a step says of the next: at once, or after so many milliseconds at the latest. */
export type Next = { again: true } | { again: false; afterMs: number };

export class Worker {
  readonly #name: string;
  readonly #step: (signal: AbortSignal) => Promise<Next>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stop = new AbortController();
  #rest = new AbortController();
  #woken = false;
  #failures = 0;
  #ended: Promise<void> | null = null;

  constructor(options: {
    name: string;
    step: (signal: AbortSignal) => Promise<Next>;
    clock: Clock;
    log: Log;
  }) {
    this.#name = options.name;
    this.#step = options.step;
    this.#clock = options.clock;
    this.#log = options.log;
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
      const next = await this.#tried();
      if (next.again || (this.#woken && this.#failures === 0)) continue;
      this.#rest = new AbortController();
      await this.#clock.sleep(next.afterMs, AbortSignal.any([this.#rest.signal, this.#stop.signal]));
    }
  }

  async #tried(): Promise<Next> {
    try {
      const next = await this.#step(this.#stop.signal);
      this.#failures = 0;
      return next;
    } catch (error) {
      this.#failures += 1;
      if (!this.#stop.signal.aborted)
        this.#log.error({ err: error, loop: this.#name }, 'a step failed; it is tried again');
      return { again: false, afterMs: Math.min(250 * 2 ** this.#failures, 30_000) };
    }
  }
}
