// How soon one reading follows another: at once while the source's quotas have plenty, else what is told meanwhile is read
// together, so that a flood of webhooks does not take the calls that runs need. It knows neither records nor vendors.
import type { QuotaLimit } from '../../engine/quota/budgets.ts';

/** In the long run readings take no more than this part of a quota by themselves. */
const share = 0.5;
/** And this part of it in one go. */
const burst = 0.25;
/** Nor do they wait while this part of each window is free: the calls that runs make count as well. */
const plenty = 0.3;
/** However scarce calls are, what is told waits no longer for more. */
const maxMs = 400;

export class ReadingPace {
  /** By window: when what was taken of that quota is made up for, epoch milliseconds. */
  readonly #evenAt = new Map<number, number>();
  #lastAt = Number.NEGATIVE_INFINITY;

  /** How long to wait before the next reading, milliseconds. `freePart`: what is free of the fullest window, up to 1. */
  waitMs(now: number, limits: readonly QuotaLimit[], freePart: number): number {
    if (freePart >= plenty) return 0;
    const ahead = limits.map(
      ({ windowMs }) => (this.#evenAt.get(windowMs) ?? now) - now - (windowMs * burst) / share,
    );
    return Math.max(0, Math.min(Math.max(0, ...ahead), this.#lastAt + maxMs - now, maxMs));
  }

  /** A reading was made. */
  took(now: number, limits: readonly QuotaLimit[]): void {
    this.#lastAt = now;
    for (const { windowMs, calls } of limits) {
      const evenAt = Math.max(now, Math.min(this.#evenAt.get(windowMs) ?? now, now + windowMs));
      this.#evenAt.set(windowMs, evenAt + windowMs / calls / share);
    }
  }
}
