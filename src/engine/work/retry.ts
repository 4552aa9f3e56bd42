// How long to wait before trying again, and how often. Pure: it knows neither what failed nor any clock.

/** Attempts in all before something is given up and kept as a dead letter. */
export const attemptsMax = {
  /** About three hours at the default backoff. */
  delivery: 30,
  /** A customer that is refused for a reason that may pass, such as a conflict. */
  conflict: 6,
  /** Opening a webhook's request. */
  inbox: 12,
  /** Reading a touched record. */
  touch: 12,
  /**
   * A page that fails again and again, while the vendor answers others, fails its run: after a quarter of an hour or so. The
   * next run goes on from the checkpoint.
   */
  run: 12,
} as const;

export interface Backoff {
  /** The longest first wait, milliseconds; it doubles with each attempt. Default 1 s. */
  baseMs?: number;
  /** Default 15 minutes. */
  capMs?: number;
  /** From 0 up to, not including, 1. */
  random?: () => number;
  /**
   * The vendor's own word, within a second and a day; spread by up to a tenth and at most `baseMs`. A header's word is
   * bounded closer where it is read (`retryAfterMs` in connector/reading).
   */
  retryAfterMs?: number | undefined;
}

/** Never sooner than this, so that a failure that answers at once is no busy loop. */
const floorMs = 250;
/** What a vendor may ask for at least and at most: the quota of a day is the longest wait that makes sense. */
const saidFloorMs = 1_000;
const saidCapMs = 86_400_000;

/**
 * Milliseconds to wait after the `attempt`th attempt (from 1) has failed: anything from the floor to the doubled base,
 * evenly, so that what failed together does not come back together (full jitter).
 */
export function backoffMs(attempt: number, backoff: Backoff = {}): number {
  const { baseMs = 1_000, capMs = 900_000, random = Math.random, retryAfterMs } = backoff;
  if (retryAfterMs !== undefined) {
    const saidMs = Math.min(Math.max(retryAfterMs, saidFloorMs), saidCapMs);
    return Math.round(saidMs + random() * Math.min(baseMs, saidMs / 10));
  }
  const ceilingMs = Math.min(capMs, baseMs * 2 ** Math.min(Math.max(attempt - 1, 0), 40));
  const lowestMs = Math.min(floorMs, ceilingMs);
  return Math.round(lowestMs + random() * (ceilingMs - lowestMs));
}
