// What a backfill leaves of a window to better lanes: what they are expected to need while the window passes. It is released as the
// window passes, so that nothing of it is lost where they do not come. It knows slots and time, but not who holds them.

/** A shorter window a backfill is spread over; of a longer one a wait is not slept through. */
export const keptSeconds = { min: 10, max: 300 };
/** Of a window whose account is expected to be used by what is urgent. */
const expectedShare = 0.3;
/** Better lanes keep so many times what they used. */
const headroom = 1.25;
/** They keep no more of a window beforehand: what else they need they get by going first. */
const maxShare = 0.75;

/** Of how many slots a window is made, and what becomes of them. */
export interface Slots {
  free: number;
  /** When others fall free, in order of time, epoch milliseconds. */
  cooling: Iterable<{ at: number; slots: number }>;
  now: number;
  windowMs: number;
}

/** Calls that better lanes are expected to make in a window. `used`: the calls that they made in a recent window. */
export function keptCalls({ own, used, isExpected }: { own: number; used: number; isExpected: boolean }) {
  const expected = Math.max(isExpected ? own * expectedShare : 0, used * headroom);
  return Math.max(Math.min(expected, own * maxShare, own - 1), 0);
}

/**
 * So many callers of a backfill may go now: at every moment of the window to come, as many slots will have fallen free besides as better
 * lanes are expected to take by then, which is `kept` in the whole of it. Below 1: nobody.
 */
export function backfillCallers({ free, cooling, now, windowMs }: Slots, kept: number): number {
  const perMs = kept / windowMs;
  let [slots, room] = [free, Number.POSITIVE_INFINITY];
  for (const freed of cooling) {
    room = Math.min(room, slots - perMs * Math.max(freed.at - now, 0));
    slots += freed.slots;
  }
  return Math.floor(Math.min(room, slots - kept) + 1e-9);
}

/** When so many callers of a backfill may have gone, by the same rule, epoch milliseconds. */
export function backfillAt({ free, cooling, now, windowMs }: Slots, kept: number, callers: number): number {
  const perMs = kept / windowMs;
  let [slots, at] = [free - callers, now];
  const wait = (until: number) => {
    at = Math.max(at, slots > 0 ? until - slots / perMs : until);
  };
  for (const freed of cooling) {
    wait(freed.at);
    slots += freed.slots;
  }
  wait(now + windowMs);
  return at;
}

/** How many calls were made in the busier of the last two windows. */
export class RecentUse {
  readonly #partMs: number;
  /** Calls by part of a window, by the number of the part. */
  readonly #parts = new Map<number, number>();

  constructor(windowMs: number) {
    this.#partMs = windowMs / partsPerWindow;
  }

  add(now: number): void {
    const part = this.#part(now);
    for (const known of this.#parts.keys()) if (known <= part - 2 * partsPerWindow) this.#parts.delete(known);
    this.#parts.set(part, (this.#parts.get(part) ?? 0) + 1);
  }

  calls(now: number): number {
    if (this.#parts.size === 0) return 0;
    const part = this.#part(now);
    const windows = [0, 0];
    for (const [known, calls] of this.#parts) {
      const age = Math.floor((part - known) / partsPerWindow);
      if (age < windows.length) windows[age]! += calls;
    }
    return Math.max(...windows);
  }

  #part(now: number): number {
    return Math.floor(now / this.#partMs);
  }
}

const partsPerWindow = 8;
