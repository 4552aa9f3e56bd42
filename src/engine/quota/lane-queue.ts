// The order in which waiting callers are admitted: better lanes first, but each lane gets its minimum share. It knows neither
// what they wait for nor when there is a place.
import type { Queue, QueueAddOptions, RunFunction } from 'p-queue';
import { type Lane, lanes, minShares } from './lanes.ts';

export interface Place extends QueueAddOptions {
  lane: Lane;
}

/** Shares are added up as fractions: ten times a tenth is a little less than 1. */
const whole = 1 - 1e-9;

/**
 * The queue inside a p-queue, which asks it for the next one whenever there is a place.
 *
 * Each place that is given away owes every lane that waits its minimum share of a place. A lane that is owed a whole one
 * goes next, the best of them first; where none is, the best lane goes, and what it is owed is less by what it got. As
 * the shares sum up to less than 1, debts are paid as they come: a lane that waits through n places gets its share of n,
 * less two at most. A debt stays while nobody of the lane waits, so that callers who give up and come back lose nothing.
 */
export class LaneQueue implements Queue<RunFunction, Place> {
  /** By p-queue's IDs, in the order of coming. */
  readonly #waiting = forEachLane(() => new Map<string, RunFunction>());
  readonly #owed = forEachLane(() => 0);

  get size(): number {
    return lanes.reduce((sum, lane) => sum + this.#waiting[lane].size, 0);
  }

  enqueue(run: RunFunction, { lane, id }: Partial<Place> = {}): void {
    if (lane === undefined || id === undefined) throw new Error('a waiter needs a lane and an ID');
    this.#waiting[lane].set(id, run);
  }

  dequeue(): RunFunction | undefined {
    const present = lanes.filter((lane) => this.#waiting[lane].size > 0);
    for (const lane of present) this.#owed[lane] += minShares[lane];
    const lane = present.find((one) => this.#owed[one] >= whole) ?? present[0];
    if (lane === undefined) return undefined;
    this.#owed[lane] = Math.max(this.#owed[lane] - 1, 0);
    const [first] = this.#waiting[lane];
    if (!first) return undefined;
    this.#waiting[lane].delete(first[0]);
    return first[1];
  }

  remove(id: string): void {
    for (const lane of lanes) if (this.#waiting[lane].delete(id)) return;
  }

  filter({ lane }: Readonly<Partial<Place>>): RunFunction[] {
    return lane === undefined ? [] : [...this.#waiting[lane].values()];
  }

  setPriority(): never {
    throw new Error('the lane of a waiter cannot change');
  }
}

function forEachLane<Value>(make: () => Value): { [lane in Lane]: Value } {
  return { webhook: make(), manual: make(), schedule: make(), backfill: make() };
}
