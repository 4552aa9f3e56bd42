// Why something is due, best first. A lower number goes before a higher one.

export const lanes = ['webhook', 'manual', 'schedule', 'backfill'] as const;

export type Lane = (typeof lanes)[number];

/** The lane as tables keep it and order by it. */
export function laneNumber(lane: Lane): number {
  return lanes.indexOf(lane);
}
