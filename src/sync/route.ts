// How what is due is best sent now: one by one, in bulk, or not yet. Pure.
import type { Destination } from '../connector.ts';
import type { Backlog } from './deliveries.ts';

export type Traits = ReturnType<Destination<unknown>['traits']>;

export type Route = { by: 'single' | 'bulk'; most: number } | { by: 'none'; againMs: number };

/** Up to so many go one by one although bulk is there: their answer is at once, and bulk calls are scarce. */
const mostSingles = 5;
/** How long customers wait for the rest of a run that is still reading, so that they share one bulk call. */
const lingerMs = 10_000;

/**
 * `reading`: some run is still bringing customers. A person's or webhook's wish never waits for company; the rest does
 * while a run is going, unless a full bulk call is together or the oldest has waited `lingerMs`.
 */
export function route(
  backlog: readonly Backlog[],
  now: { at: number; reading: boolean; bulkUnderWay: number; mostBulkAtOnce: number },
  traits: Traits,
): Route {
  const due = backlog.reduce((sum, lane) => sum + lane.due, 0);
  if (due === 0) return { by: 'none', againMs: 1000 };
  if (traits.bulk === null) return { by: 'single', most: traits.singlesAtOnce * 4 };
  const urgent = backlog.reduce(
    (sum, lane) => sum + (lane.lane === 'webhook' || lane.lane === 'manual' ? lane.due : 0),
    0,
  );
  if (urgent > 0 && urgent <= mostSingles) return { by: 'single', most: urgent };
  const waited = now.at - Math.min(...backlog.map((lane) => lane.oldest));
  const full = due >= traits.bulk.maxRecords;
  if (urgent === 0 && now.reading && !full && waited < lingerMs) return { by: 'none', againMs: 250 };
  if (due <= mostSingles) return { by: 'single', most: due };
  if (now.bulkUnderWay >= now.mostBulkAtOnce) return { by: 'none', againMs: 250 };
  return { by: 'bulk', most: traits.bulk.maxRecords };
}
