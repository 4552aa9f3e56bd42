// A value that is dear to find out: however many ask, it is found out again only so often that it takes a twentieth of
// the time. What was cheap is always fresh. It does not know what the value is.
import type { Clock } from '../engine/clock.ts';

const share = 20;
/** A busy process makes all answers slow: what it shows must not grow old for that. */
const longestMs = 10_000;
/** So long anybody waits who could be given what was known before. */
const patienceMs = 2_500;

export class Remembered<Value> {
  readonly #clock: Clock;
  readonly #find: () => Promise<Value>;
  #finding: Promise<Value> | null = null;
  #known: { value: Value; at: number; until: number; isDear: boolean } | null = null;

  constructor(clock: Clock, find: () => Promise<Value>) {
    this.#clock = clock;
    this.#find = find;
  }

  /** What was found out last, and when, epoch milliseconds; null before. */
  get last(): { value: Value; at: number } | null {
    return this.#known;
  }

  /** Finding it out again may take long: then what is known is given meanwhile. */
  async get(): Promise<Value> {
    if (this.#known && this.#clock.now() < this.#known.until) return this.#known.value;
    this.#finding ??= this.#findOut().finally(() => {
      this.#finding = null;
    });
    const finding = this.#finding;
    const known = this.#known;
    if (known === null) return finding;
    const found = new AbortController();
    const meanwhile = this.#clock.sleep(patienceMs, found.signal).then(() => known.value);
    try {
      return await Promise.race([finding, meanwhile]);
    } finally {
      found.abort();
      finding.catch(() => {}); // the next caller learns of it
    }
  }

  /** What is known, at once, while a value that is dear is found out again. What is cheap, or not known yet, is found out first. */
  async latest(): Promise<Value> {
    const known = this.#known;
    if (known === null || !known.isDear) return this.get();
    this.get().catch(() => {}); // the next caller of `get` learns of it
    return known.value;
  }

  /** As `latest`, but null where nothing is known yet and it is not found out within so long. */
  async within(ms: number): Promise<Value | null> {
    if (this.#known !== null) return this.latest();
    const found = new AbortController();
    const finding = this.get().catch(() => null); // the next caller of `get` learns of it
    try {
      return await Promise.race([finding, this.#clock.sleep(ms, found.signal).then(() => null)]);
    } finally {
      found.abort();
    }
  }

  async #findOut(): Promise<Value> {
    const begun = this.#clock.now();
    const value = await this.#find();
    const now = this.#clock.now();
    // A few milliseconds are no burden: then nobody sees an old figure.
    const cost = now - begun < 50 ? 0 : now - begun;
    this.#known = { value, at: now, until: now + Math.min(cost * share, longestMs), isDear: cost > 0 };
    return value;
  }
}
