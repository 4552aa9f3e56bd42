// A vendor's quota as strictly as it can be read: sliding windows, each counted over every instant, not per calendar slot.
// It does not know what is asked, by whom, or how a refusal is worded; time is an argument.

/** At most `requests` admitted in any span of `seconds`. */
export type QuotaWindow = { name: string; requests: number; seconds: number };

export type Admission =
  | { admitted: true }
  /** `window`: the one that frees last; `retryAfterSeconds`: exact (a fraction), until every window has room. */
  | { admitted: false; window: string; retryAfterSeconds: number };

/**
 * Meters requests against several windows at once. A request admitted at `t` occupies each window in `[t, t + seconds)`;
 * a refused one occupies none. Time never runs backwards: an earlier `nowMs` counts as the latest seen.
 */
export class QuotaWindows {
  readonly windows: readonly QuotaWindow[];
  /** Requests refused so far. */
  violations = 0;
  readonly #meters: Meter[];
  #latestMs = Number.NEGATIVE_INFINITY;

  constructor(windows: readonly QuotaWindow[]) {
    this.windows = windows;
    this.#meters = windows.map((window) => new Meter(window));
  }

  admit(nowMs: number): Admission {
    const now = this.#advance(nowMs);
    let refusal: { window: string; freeAtMs: number } | undefined;
    for (const meter of this.#meters) {
      const freeAtMs = meter.freeAtMs();
      if (freeAtMs > now && freeAtMs > (refusal?.freeAtMs ?? now))
        refusal = { window: meter.window.name, freeAtMs };
    }
    if (refusal) {
      this.violations += 1;
      return { admitted: false, window: refusal.window, retryAfterSeconds: (refusal.freeAtMs - now) / 1000 };
    }
    for (const meter of this.#meters) meter.take(now);
    return { admitted: true };
  }

  /** Requests each window would still admit at `nowMs`, by name. */
  remaining(nowMs: number): Record<string, number> {
    this.#advance(nowMs);
    return Object.fromEntries(this.#meters.map((meter) => [meter.window.name, meter.remaining()]));
  }

  #advance(nowMs: number): number {
    this.#latestMs = Math.max(this.#latestMs, nowMs);
    for (const meter of this.#meters) meter.release(this.#latestMs);
    return this.#latestMs;
  }
}

/** The admission times still inside one window, oldest first, in a ring that grows up to the window's size. */
class Meter {
  readonly window: QuotaWindow;
  readonly #spanMs: number;
  #timesMs: Float64Array;
  #oldest = 0;
  #used = 0;

  constructor(window: QuotaWindow) {
    if (!(window.requests >= 1) || !(window.seconds > 0)) {
      throw new RangeError(
        `a quota window admits at least one request in some time: ${JSON.stringify(window)}`,
      );
    }
    this.window = window;
    this.#spanMs = window.seconds * 1000;
    this.#timesMs = new Float64Array(Math.min(window.requests, 64));
  }

  remaining(): number {
    return this.window.requests - this.#used;
  }

  release(nowMs: number): void {
    while (this.#used > 0 && this.#timesMs[this.#oldest]! + this.#spanMs <= nowMs) {
      this.#oldest = (this.#oldest + 1) % this.#timesMs.length;
      this.#used -= 1;
    }
  }

  /** When one more fits: `-Infinity` while there is room. */
  freeAtMs(): number {
    return this.remaining() > 0 ? Number.NEGATIVE_INFINITY : this.#timesMs[this.#oldest]! + this.#spanMs;
  }

  take(nowMs: number): void {
    if (this.#used === this.#timesMs.length) this.#grow();
    this.#timesMs[(this.#oldest + this.#used) % this.#timesMs.length] = nowMs;
    this.#used += 1;
  }

  #grow(): void {
    const grown = new Float64Array(Math.min(this.window.requests, this.#timesMs.length * 2));
    for (let i = 0; i < this.#used; i += 1) {
      grown[i] = this.#timesMs[(this.#oldest + i) % this.#timesMs.length]!;
    }
    this.#timesMs = grown;
    this.#oldest = 0;
  }
}
