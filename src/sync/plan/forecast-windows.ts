// The quotas of one account as a forecast plays with them: sliding windows, several at once, with what is spent of them
// already and what each lane may have. Pure: time is an argument, and only goes on.
import type { Quota } from '../../connector.ts';
import { isRate, keptFromBackfill } from '../../engine/quota/gate.ts';
import { backfillAt } from '../../engine/quota/kept-calls.ts';
import { type Lane, laneNumber, minShares } from '../../engine/quota/lanes.ts';

/** A quota as it stands when a forecast is made. */
export interface QuotaNow extends Pick<Quota, 'name' | 'seconds' | 'bucket' | 'all'> {
  /** Calls in any `seconds` that we allow ourselves: what the vendor allows, less the reserve and what refusals took. */
  limit: number;
  /** Calls that count now, and when the vendor forgets them, epoch milliseconds. */
  spent: readonly { calls: number; freeAt: number }[];
  /** Calls of better lanes in a window, of late. */
  others: number;
  /** Calls in a window that better lanes are expected to make: a backfill leaves them as the window passes. Absent: none. */
  kept?: number;
  exhaustedUntil: number | null;
}

/** The quotas of these that a call of this bucket draws on. */
export function drawnOn<Of extends Pick<Quota, 'bucket' | 'all'>>(
  quotas: readonly Of[],
  bucket: string | undefined,
): Of[] {
  return quotas.filter((quota) => quota.all || quota.bucket === bucket);
}

/**
 * Calls in all, from those that drew on each quota: a call draws on those for all, and on those of its bucket. Null where
 * the account has no quota to count by.
 */
export function callsInAll(
  quotas: readonly (Pick<Quota, 'bucket' | 'all'> & { calls: number })[],
): number | null {
  if (quotas.length === 0) return null;
  const forAll = quotas.filter(({ all }) => all);
  if (forAll.length > 0) return Math.max(...forAll.map(({ calls }) => calls));
  const byBucket = Map.groupBy(quotas, ({ bucket }) => bucket);
  return [...byBucket.values()].reduce((sum, same) => sum + Math.max(...same.map(({ calls }) => calls)), 0);
}

const maxCooling = 500;

export class Windows {
  readonly #windows: Window[];
  readonly #lane: Lane;
  readonly #byBucket = new Map<string | undefined, Window[]>();

  constructor(quotas: readonly QuotaNow[], lane: Lane, at: number) {
    this.#windows = quotas.map((quota) => new Window(quota, at));
    this.#lane = lane;
  }

  #of(bucket: string | undefined): Window[] {
    let found = this.#byBucket.get(bucket);
    if (!found) {
      const drawn = drawnOn(
        this.#windows.map((window) => ({ ...window.quota, window })),
        bucket,
      );
      found = drawn.map(({ window }) => window);
      this.#byBucket.set(bucket, found);
    }
    return found;
  }

  /** The first moment from `now` on at which every quota that the call draws on has room. */
  earliest(bucket: string | undefined, lane: Lane, now: number): number {
    let at = now;
    for (const window of this.#of(bucket)) at = Math.max(at, window.freeAt(lane, now));
    return at;
  }

  /** How far apart calls of this bucket are that its quotas allow for ever, milliseconds. */
  spacingMs(bucket: string | undefined): number {
    return Math.max(
      0,
      ...this.#of(bucket).map(({ quota }) => (quota.seconds * 1000) / Math.max(quota.limit, 1)),
    );
  }

  /** The quota that lets the call wait longest; null where none does. */
  holdsUp(bucket: string | undefined, lane: Lane, now: number): Window | null {
    let found: Window | null = null;
    for (const window of this.#of(bucket)) {
      const freeAt = window.freeAt(lane, now);
      if (freeAt > now && (!found || freeAt > found.freeAt(lane, now))) found = window;
    }
    return found;
  }

  /** A call of this bucket that was sent is over at `endsAt`. */
  take(bucket: string | undefined, endsAt: number): void {
    for (const window of this.#of(bucket)) window.take(endsAt);
  }

  /** The work stands still for this time. */
  wait(bucket: string | undefined, lane: Lane, span: { from: number; to: number }): void {
    this.holdsUp(bucket, lane, span.from)?.wait(span);
  }

  result(elapsedMs: number) {
    return this.#windows.map((window) => window.told(this.#lane, elapsedMs));
  }
}

export class Window {
  readonly quota: QuotaNow;
  readonly isLong: boolean;
  readonly #windowMs: number;
  readonly #spentFirst: number;
  readonly #exhaustedFirst: boolean;
  /** When each call that counts is forgotten, in order from `#first` on. */
  #busy: number[];
  #first = 0;
  #calls = 0;
  #waitMs = 0;
  #waitedUntil = 0;

  constructor(quota: QuotaNow, at: number) {
    this.quota = quota;
    this.isLong = !isRate({ ...quota, requests: quota.limit });
    this.#windowMs = Math.ceil(quota.seconds * 1000) + 1;
    this.#busy = quota.spent
      .filter(({ freeAt }) => freeAt > at)
      .flatMap(({ calls, freeAt }) => Array.from({ length: calls }, () => freeAt))
      .sort((a, b) => a - b);
    this.#spentFirst = this.#busy.length;
    this.#exhaustedFirst = (quota.exhaustedUntil ?? 0) > at;
  }

  /** How many calls may count at once: a backfill leaves the last part, and better lanes go first up to its least share. */
  places(lane: Lane): number {
    const { limit, seconds, others } = this.quota;
    const kept =
      lane !== 'backfill'
        ? limit
        : this.isLong
          ? Math.floor(limit * (1 - keptFromBackfill))
          : limit < 10 || seconds < 10
            ? limit
            : limit - Math.ceil(limit * keptFromBackfill);
    if (this.isLong || laneNumber(lane) === 0) return Math.max(kept, 1);
    return Math.max(Math.round(kept - others), Math.ceil(limit * minShares[lane]), 1);
  }

  freeAt(lane: Lane, now: number): number {
    while (this.#first < this.#busy.length && this.#busy[this.#first]! <= now) this.#first += 1;
    if (this.#first > 10_000) {
      this.#busy = this.#busy.slice(this.#first);
      this.#first = 0;
    }
    const open = Math.max(now, this.quota.exhaustedUntil ?? now);
    const over = this.#busy.length - this.#first - this.places(lane);
    const freeAt = over < 0 ? open : Math.max(open, this.#busy[this.#first + over]!);
    return lane === 'backfill' ? this.#openAt(freeAt) : freeAt;
  }

  /** When better lanes have what is kept for them beside one call of a backfill more, from `now` on. */
  #openAt(now: number): number {
    const { kept = 0, limit } = this.quota;
    if (kept === 0) return now;
    const free = limit - (this.#busy.length - this.#first);
    return backfillAt({ free, cooling: this.#cooling(), now, windowMs: this.#windowMs }, kept, 1);
  }

  /** Some at a time where they are many, so that it does not matter how large the window is. */
  *#cooling() {
    const grain = Math.ceil(this.quota.limit / maxCooling);
    for (let index = this.#first; index < this.#busy.length; index += grain) {
      const last = Math.min(index + grain, this.#busy.length) - 1;
      yield { at: this.#busy[last]!, slots: last - index + 1 };
    }
  }

  take(endsAt: number): void {
    this.#calls += 1;
    const forgottenAt = endsAt + this.#windowMs;
    let index = this.#busy.length;
    while (index > this.#first && this.#busy[index - 1]! > forgottenAt) index -= 1;
    if (index === this.#busy.length) this.#busy.push(forgottenAt);
    else this.#busy.splice(index, 0, forgottenAt);
  }

  /** Those who wait at the same time wait once. */
  wait({ from, to }: { from: number; to: number }): void {
    this.#waitMs += Math.max(to - Math.max(from, this.#waitedUntil), 0);
    this.#waitedUntil = Math.max(this.#waitedUntil, to);
  }

  told(lane: Lane, elapsedMs: number) {
    const { name, seconds } = this.quota;
    const limit = this.places(lane);
    const budget = this.#exhaustedFirst ? 0 : Math.max(limit - this.#spentFirst, 0);
    return {
      quota: name,
      calls: this.#calls,
      limit,
      seconds,
      budget,
      share: this.#calls / (limit * Math.max(elapsedMs / (seconds * 1000), 1)),
      waitMinutes: this.#waitMs / 60_000,
      fits: !this.isLong || this.#calls <= budget,
    };
  }
}
