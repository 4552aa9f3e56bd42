// Why something is due, best first. A lower number goes before a higher one.

export const lanes = ['webhook', 'manual', 'schedule', 'backfill'] as const;

export type Lane = (typeof lanes)[number];

/** The lane as tables keep it and order by it. */
export function laneNumber(lane: Lane): number {
  return lanes.indexOf(lane);
}

/**
 * The minimum share of the places of a semaphore that a lane gets while a caller of it waits, however many callers of better
 * lanes wait too. What the sum leaves of 1, and the share of every lane in which nobody waits, goes to the best lane that waits.
 * So a flood of webhooks leaves a backfill a call in twenty, and a webhook among floods of all others has two in three.
 */
export const minShares: { readonly [lane in Lane]: number } = {
  webhook: 0.5,
  manual: 0.2,
  schedule: 0.1,
  backfill: 0.05,
};

/**
 * So many places given to lanes in which so many wait, by lane number: each its least share first, best lanes before
 * others where not even that is there, and the rest to the best. Pure.
 */
export function apportion(places: number, waiting: readonly number[]): number[] {
  let left = places;
  const give = (most: number) => {
    const given = Math.max(0, Math.min(most, left));
    left -= given;
    return given;
  };
  const least = lanes.map((lane, number) =>
    give(Math.min(waiting[number] ?? 0, Math.ceil(places * minShares[lane]))),
  );
  return least.map((given, number) => given + give((waiting[number] ?? 0) - given));
}
