// How what is due is best sent now: one by one, in bulk, as a file, or not yet. Pure.
import type { Destination } from '../../connector.ts';
import type { Lane } from '../../engine/quota/lanes.ts';
import type { Backlog } from '../../tables/deliveries.ts';

export type Traits = ReturnType<Destination<unknown>['traits']>;

export type Route = { by: 'single' | 'bulk' | 'file'; most: number } | { by: 'none'; againMs: number };

/** Up to so many go one by one although bulk is there: their answer is at once, and bulk calls are scarce. */
export const maxSingles = 25;

/** How long customers wait for the rest of a run that is still reading, so that they share one bulk call. */
const lingerMs = 10_000;
/** Where bulk calls are scarce they wait for as long as their lane allows, so that the call is full. */
const latencyGoalMs: { readonly [lane in Lane]: number } = {
  webhook: lingerMs,
  manual: lingerMs,
  schedule: 60_000,
  backfill: 300_000,
};
/** Bulk calls that are further apart than this are too scarce for so few while more are coming. */
const scarceSpacingMs = 60_000;
const maxSinglesWhereScarce = 100;
/** A quota that allows nothing for longer than this is worth going round. */
export const longWaitMs = 5_000;

/** Calls that a quota allows this close together, milliseconds, are so many that nobody misses those that smaller batches take. */
const plentifulSpacingMs = 100;
/** So many go in one bulk call then: they are sent while others are read, and memory holds no more of them. */
const maxWherePlentiful = 2_000;

/** Fewer go in two bulk calls: a file, with the calls that must be asked before it, would save nothing. */
export const minInFile = 4_000;

/**
 * How long customers of a first load wait for the rest of it: only what is there when the file goes can go with it, for
 * once it is acknowledged all others go in bulk. A file's worth is read in two to ten minutes.
 */
const fileLingerMs = 900_000;

/** What a webhook or a person waits for. */
export const urgentLanes: readonly Lane[] = ['webhook', 'manual'];

export function isUrgent(lane: Lane): boolean {
  return urgentLanes.includes(lane);
}

/** What is going on while the route is chosen. */
export interface Traffic {
  /** Epoch milliseconds. */
  at: number;
  /** Some run is still bringing customers. */
  reading: boolean;
  bulkUnderWay: number;
  maxBulkAtOnce: number;
  /** How long until the quotas allow a call of each kind, milliseconds. */
  singleWaitMs: number;
  bulkWaitMs: number;
  /** How far apart bulk calls are that a quota allows for ever, milliseconds. Default: as close as may be. */
  bulkSpacingMs?: number;
  /** The destination is empty as far as is known, so that a file may be sent where the traits offer one. */
  firstLoad?: boolean;
}

/**
 * The traits with no more customers in a bulk call than is worth it: as many as it takes, unless calls of both kinds are
 * plentiful and no batch costs a look at what others own.
 */
export function worthwhile(traits: Traits, spacingMs: { bulk: number; single: number }): Traits {
  const { bulk, partialWrites } = traits;
  const arePlentiful = Math.max(spacingMs.bulk, spacingMs.single) <= plentifulSpacingMs;
  if (bulk === null || partialWrites !== 'merge' || !arePlentiful) return traits;
  return { ...traits, bulk: { ...bulk, maxRecords: Math.min(bulk.maxRecords, maxWherePlentiful) } };
}

/**
 * A person's or webhook's wish never waits for company; the rest does while a run is going, unless a full bulk call is
 * together or one of them has waited for long enough: the scarcer bulk calls are, the longer, up to what its lane allows. Few
 * go one by one, many in bulk; and where the quota of one kind is spent for long, what can goes by the other. A first load is waited for until it is whole, or fills a file.
 */
export function route(backlog: readonly Backlog[], traffic: Traffic, traits: Traits): Route {
  const due = count(backlog);
  const oneByOne = (most: number): Route => ({
    by: 'single',
    most: Math.min(most, traits.singlesAtOnce * 4),
  });
  if (due === 0) return { by: 'none', againMs: 1000 };
  if (traits.bulk === null) return oneByOne(due);
  const urgent = count(backlog.filter(({ lane }) => isUrgent(lane)));
  const bulkIsSpent = traffic.bulkWaitMs > longWaitMs;
  const singlesAreSpent = traffic.singleWaitMs > longWaitMs && !bulkIsSpent && due > 1;
  if (urgent > 0 && urgent <= maxSingles && !singlesAreSpent) return oneByOne(urgent);
  const waited = traffic.at - Math.min(...backlog.map((lane) => lane.oldest));
  const file = traffic.firstLoad && urgent === 0 && !bulkIsSpent ? (traits.firstLoad ?? null) : null;
  if (file !== null) {
    if (traffic.reading && due < file.maxRecords && waited < fileLingerMs)
      return { by: 'none', againMs: 1000 };
    if (due >= minInFile && traffic.bulkUnderWay < traffic.maxBulkAtOnce)
      return { by: 'file', most: file.maxRecords };
  }
  const full = due >= traits.bulk.maxRecords;
  const { bulkSpacingMs = 0 } = traffic;
  const isPatient = backlog.every((lane) => traffic.at - lane.oldest < patienceMs(lane.lane, bulkSpacingMs));
  if (urgent === 0 && traffic.reading && !full && isPatient) return { by: 'none', againMs: 250 };
  const isScarce = urgent === 0 && traffic.reading && bulkSpacingMs > scarceSpacingMs;
  const few = isScarce ? maxSinglesWhereScarce : maxSingles;
  if (bulkIsSpent || (due <= few && !singlesAreSpent)) return oneByOne(due);
  if (traffic.bulkUnderWay >= traffic.maxBulkAtOnce) {
    return urgent > 0 && traffic.singleWaitMs <= longWaitMs ? oneByOne(urgent) : { by: 'none', againMs: 250 };
  }
  return { by: 'bulk', most: traits.bulk.maxRecords };
}

/** How long customers of a lane wait for company. */
export function patienceMs(lane: Lane, bulkSpacingMs: number): number {
  return Math.max(lingerMs, Math.min(bulkSpacingMs, latencyGoalMs[lane]));
}

function count(backlog: readonly Backlog[]): number {
  return backlog.reduce((sum, lane) => sum + lane.due, 0);
}
