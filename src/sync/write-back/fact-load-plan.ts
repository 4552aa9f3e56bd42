// Whether the first reading of all customers takes what exports tell from them, and what that costs. Pure: numbers in, a choice out.
import type { Facts } from '../../connector.ts';

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
}

/** Null where reading each customer is no more calls. `customers`: how many there are. */
export function planFactLoad(
  facts: Facts<unknown>,
  groups: readonly string[],
  customers: number,
): FactLoadPlan | null {
  const total = ({ groups: told, calls }: FactLoadPlan) =>
    calls + customers * singleCalls(facts, groups, told);
  const none: FactLoadPlan = { groups: [], kinds: [], calls: 0 };
  let best = none;
  for (const bundles of choices(facts.exports?.bundles ?? [])) {
    const told = bundles.flatMap((bundle) => bundle.groups.filter((group) => groups.includes(group)));
    const kinds = bundles.flatMap((bundle) => bundle.kinds);
    const plan = { groups: told, kinds, calls: callsOf(facts, kinds, groups) };
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
