// The order in which waiting callers are admitted: better lanes first, but each lane gets its minimum share. It knows neither
// what they wait for nor when there is a place.
import { type Lane, lanes, minShares } from './lanes.ts';

/** Shares are added up as fractions: ten times a tenth is a little less than 1. */
const whole = 1 - 1e-9;

/**
 * Each place that is given away owes every lane that waits its minimum share of a place. A lane that is owed a whole one
 * goes next, the best of them first; where none is, the best lane goes, and what it is owed is less by what it got. As
 * the shares sum up to less than 1, debts are paid as they come: a lane that waits through n places gets its share of n,
 * less two at most. A debt stays while nobody of the lane waits, so that callers who give up and come back lose nothing.
 */
export class LaneQueue<Caller> {
  /** In the order of coming. */
  readonly #waiting = forEachLane(() => new Set<Caller>());
  readonly #owed = forEachLane(() => 0);

  get size(): number {
    return lanes.reduce((sum, lane) => sum + this.#waiting[lane].size, 0);
  }

  add(lane: Lane, caller: Caller): void {
    this.#waiting[lane].add(caller);
  }

  /** The one to be admitted next, who waits no more. */
  take(): Caller | undefined {
    const present = lanes.filter((lane) => this.#waiting[lane].size > 0);
    for (const lane of present) this.#owed[lane] += minShares[lane];
    const lane = present.find((one) => this.#owed[one] >= whole) ?? present[0];
    if (lane === undefined) return undefined;
    this.#owed[lane] = Math.max(this.#owed[lane] - 1, 0);
    const [first] = this.#waiting[lane];
    if (first !== undefined) this.#waiting[lane].delete(first);
    return first;
  }

  remove(lane: Lane, caller: Caller): void {
    this.#waiting[lane].delete(caller);
  }
}

function forEachLane<Value>(make: () => Value): { [lane in Lane]: Value } {
  return { webhook: make(), manual: make(), schedule: make(), backfill: make() };
}
