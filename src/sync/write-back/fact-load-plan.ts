// Whether the first reading of all customers takes what exports tell from them, and what that costs. Pure: numbers in, a choice out.
import type { FactReading, Facts } from '../../connector.ts';

/** So many customers are read one by one before the exports are believed. */
export const checkedCustomers = 16;
/** So often an export is asked about, at a guess. */
const pollsPerExport = 10;
/** It is ordered, counted, downloaded and deleted. */
const callsPerExport = pollsPerExport + 4;

export interface FactLoadPlan {
  /** What exports tell, of most customers. */
  groups: string[];
  kinds: string[];
  /** Calls that the exports take. */
  calls: number;
  /** Calls for each customer that remain, on average. */
  callsEach: number;
}

/** Null where reading each customer is no more calls. `customers`: how many there are; `some`: a few of them, as they are listed. */
export function planFactLoad(
  facts: Facts<unknown>,
  groups: readonly string[],
  { customers, some }: { customers: number; some: readonly FactReading[] },
): FactLoadPlan | null {
  const total = ({ calls, callsEach }: FactLoadPlan) => calls + customers * callsEach;
  const none: FactLoadPlan = { groups: [], kinds: [], calls: 0, callsEach: singleCalls(facts, groups, []) };
  let best = none;
  for (const bundles of choices(facts.exports?.bundles ?? [])) {
    const told = bundles.flatMap((bundle) => bundle.groups.filter((group) => groups.includes(group)));
    const kinds = bundles.flatMap((bundle) => bundle.kinds);
    const each = some.map((reading) => {
      const hidden = facts.exports!.hidden(reading);
      return singleCalls(
        facts,
        groups,
        told.filter((group) => !hidden.includes(group)),
      );
    });
    const callsEach = each.reduce((sum, calls) => sum + calls, 0) / Math.max(each.length, 1);
    const plan = { groups: told, kinds, calls: callsOf(facts, kinds, groups), callsEach };
    if (told.length > 0 && total(plan) < total(best)) best = plan;
  }
  return best === none ? null : best;
}

/** Every choice of these, none of them first. */
function choices<One>(all: readonly One[]): One[][] {
  const found: One[][] = [[]];
  for (const one of all) found.push(...found.map((choice) => [...choice, one]));
  return found;
}

/** Calls to read what exports do not tell of one customer. */
export function singleCalls(
  { callsFor, list }: Facts<unknown>,
  groups: readonly string[],
  told: readonly string[],
): number {
  return callsFor(groups.filter((group) => !list.groups.includes(group) && !told.includes(group)));
}

/** One more list of exports shows what was ordered and whose answer was lost; one of customers says whom to check. */
function callsOf({ callsFor, list }: Facts<unknown>, kinds: readonly string[], groups: readonly string[]) {
  return kinds.length * callsPerExport + 2 + checkedCustomers * callsFor([...list.groups, ...groups]);
}
