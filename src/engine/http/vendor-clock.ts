// How far a vendor's clock is ahead of ours, as far as the `Date` headers of its answers tell. Pure.
import { httpDate } from '../../connector/reading.ts';

/** Bounds of how far it is ahead, milliseconds; negative where it is behind. */
export interface Ahead {
  least: number;
  most: number;
}

/** A header tells whole seconds. */
const headerMs = 1_000;
/** Clocks drift, and are set: an exact reading is replaced by a less exact one after so long. */
const staleMs = 600_000;

export class VendorClock {
  #ahead: (Ahead & { at: number }) | null = null;

  /** Null until an answer has told. */
  get ahead(): Ahead | null {
    return this.#ahead && { least: this.#ahead.least, most: this.#ahead.most };
  }

  /** The answer to a request that was begun at `startedAt` and is here now. */
  note(date: string | undefined, startedAt: number, now: number): void {
    const told = date === undefined ? undefined : httpDate(date);
    if (told === undefined || now < startedAt) return;
    const read = { least: told - now, most: told + headerMs - startedAt, at: now };
    if (this.#isBetter(read)) this.#ahead = read;
  }

  #isBetter(read: Ahead & { at: number }): boolean {
    const kept = this.#ahead;
    if (kept === null || Math.abs(read.at - kept.at) > staleMs) return true;
    const contradicts = read.least > kept.most || read.most < kept.least;
    return contradicts || read.most - read.least <= kept.most - kept.least;
  }
}
