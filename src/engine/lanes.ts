// Why something is due, best first. A lower number goes before a higher one.

export const lanes = ['webhook', 'manual', 'schedule', 'backfill'] as const;

export type Lane = (typeof lanes)[number];

/** The lane as tables keep it and order by it. */
export function laneNumber(lane: Lane): number {
  return lanes.indexOf(lane);
}

/**
 * The share of the places of a line that a lane gets at least while somebody of it waits, however many better ones wait
 * too. What the sum leaves of 1, and the share of every lane in which nobody waits, goes to the best lane that waits.
 * So a flood of webhooks leaves a backfill a call in twenty, and a webhook among floods of all others has two in three.
 */
export const leastShares: { readonly [lane in Lane]: number } = {
  webhook: 0.5,
  manual: 0.2,
  schedule: 0.1,
  backfill: 0.05,
};
