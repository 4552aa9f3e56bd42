// A value that is dear to find out: however many ask, it is found out again only so often that it takes a twentieth of
// the time. What was cheap is always fresh. It does not know what the value is.
import type { Clock } from '../engine/clock.ts';

const share = 20;
/** A busy process makes all answers slow: what it shows must not grow old for that. */
const longestMs = 10_000;

export class Remembered<Value> {
  readonly #clock: Clock;
  readonly #find: () => Promise<Value>;
  #finding: Promise<Value> | null = null;
  #known: { value: Value; until: number } | null = null;

  constructor(clock: Clock, find: () => Promise<Value>) {
    this.#clock = clock;
    this.#find = find;
  }

  get(): Promise<Value> {
    if (this.#known && this.#clock.now() < this.#known.until) return Promise.resolve(this.#known.value);
    this.#finding ??= this.#findOut().finally(() => {
      this.#finding = null;
    });
    return this.#finding;
  }

  async #findOut(): Promise<Value> {
    const begun = this.#clock.now();
    const value = await this.#find();
    const now = this.#clock.now();
    // A few milliseconds are no burden: then nobody sees an old figure.
    const cost = now - begun < 50 ? 0 : now - begun;
    this.#known = { value, until: now + Math.min(cost * share, longestMs) };
    return value;
  }
}
