// When a vendor that fails again and again is left alone, and how it is tried again: closed, open for a while, then one
// call at a time until one is answered. Pure: it knows neither calls nor a clock.

export interface CircuitStatus {
  state: 'closed' | 'open' | 'half-open';
  /** In a row, up to now. */
  failures: number;
  /** Since when it has not been closed, epoch milliseconds. */
  openedAt: number | null;
  /** When one call may try, epoch milliseconds. */
  openUntil: number | null;
  /** What the last failure said. */
  reason: string | null;
}

/** `one`: a single call may try, and the asker has taken it upon itself. */
export type Admission = 'all' | 'one' | 'none';

export class Circuit {
  readonly #failuresMax: number;
  readonly #baseMs: number;
  readonly #capMs: number;
  readonly #probeMs: number;
  #failures = 0;
  #reason: string | null = null;
  /** Of whom the failures in a row were, where only one request after another could be to blame. */
  readonly #about = new Set<string>();
  /** How often it has opened since it was closed last. */
  #openings = 0;
  #openedAt: number | null = null;
  #openUntil = 0;
  /** Until when somebody is trying; who is not heard of is not waited for any longer. */
  #probedUntil = 0;

  /** It opens after `failuresMax` failures in a row, for `baseMs` and each time in a row for twice as long, up to `capMs`. */
  constructor(options: { failuresMax?: number; baseMs?: number; capMs?: number; probeMs?: number } = {}) {
    const { failuresMax = 5, baseMs = 5_000, capMs = 300_000, probeMs = 120_000 } = options;
    this.#failuresMax = failuresMax;
    this.#baseMs = baseMs;
    this.#capMs = capMs;
    this.#probeMs = probeMs;
  }

  /** What may be begun now. Who is told `one` ends it with a success, a failure or `release`. */
  admit(now: number): Admission {
    if (this.#openedAt === null) return 'all';
    if (now < this.#openUntil || now < this.#probedUntil) return 'none';
    this.#probedUntil = now + this.#probeMs;
    return 'one';
  }

  /** Nothing may be begun, and what was begun is better put down. */
  isOpen(now: number): boolean {
    return this.#openedAt !== null && now < this.#openUntil;
  }

  /** How long until one call may try, milliseconds. */
  waitMs(now: number): number {
    return this.#openedAt === null ? 0 : Math.max(this.#openUntil, this.#probedUntil) - now;
  }

  /** The call that might have tried was not made. */
  release(): void {
    this.#probedUntil = 0;
  }

  /** The vendor has answered. True where this closes it. */
  succeeded(): boolean {
    const wasClosed = this.#openedAt === null;
    this.#failures = 0;
    this.#reason = null;
    this.#about.clear();
    this.#openings = 0;
    this.#openedAt = null;
    this.#openUntil = 0;
    this.#probedUntil = 0;
    return !wasClosed;
  }

  /**
   * The vendor failed or could not be reached. For how long this opens it, milliseconds, or null where it does not. `about`:
   * the failure may be the fault of this one request; of the same one it counts once.
   */
  failed(
    now: number,
    { about, reason }: { about?: string | undefined; reason?: string | undefined } = {},
  ): number | null {
    if (reason !== undefined) this.#reason = reason;
    if (about !== undefined && this.#openedAt === null) {
      if (this.#about.has(about)) return null;
      this.#about.add(about);
    }
    this.#failures += 1;
    // What was on its way when it opened says nothing new.
    if (this.isOpen(now)) return null;
    if (this.#openedAt === null && this.#failures < this.#failuresMax) return null;
    const openMs = Math.min(this.#baseMs * 2 ** Math.min(this.#openings, 30), this.#capMs);
    this.#openings += 1;
    this.#openedAt ??= now;
    this.#openUntil = now + openMs;
    this.#probedUntil = 0;
    return openMs;
  }

  /** A failure that stands for many: it opens at once. As `failed` returns. */
  trip(now: number, reason?: string): number | null {
    if (this.isOpen(now)) return null;
    this.#failures = Math.max(this.#failures, this.#failuresMax - 1);
    return this.failed(now, { reason });
  }

  /** Somebody asks for it: one call may try at once. */
  tryNow(): void {
    this.#openUntil = 0;
    this.#probedUntil = 0;
  }

  status(now: number): CircuitStatus {
    const state = this.#openedAt === null ? 'closed' : now < this.#openUntil ? 'open' : 'half-open';
    return {
      state,
      failures: this.#failures,
      openedAt: this.#openedAt,
      openUntil: this.#openedAt === null ? null : this.#openUntil,
      reason: this.#openedAt === null ? null : this.#reason,
    };
  }
}
