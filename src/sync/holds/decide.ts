// A person's word on held deliveries: released, the loss goes on; refused, the value is pinned or the customer kept.
// Either way the customer is held no more.
import type { Fields, Json } from '../../connector.ts';
import type { Decided, Hold } from '../../contract/hold.ts';
import { unknownValue } from '../../customer/diff.ts';
import { segmentOf } from '../../customer/losses.ts';
import type { Queryable } from '../../db/database.ts';
import { acknowledgedFields } from '../../tables/acknowledgements.ts';
import { deleted } from '../../tables/breaker.ts';
import { refuseDeletions } from '../../tables/customers.ts';
import { releaseHeld } from '../../tables/deliveries.ts';
import { decideHolds, type HoldFilter } from '../../tables/holds.ts';
import { setPins } from '../../tables/pins.ts';
import { type PinDeps as Deps, foldByHand } from '../intake/pinning.ts';
import type { Rules } from '../intake/rules.ts';

const pageHolds = 500;

/** Lets these losses go on to the destination, the oldest first, 500 a transaction. */
export function releaseHolds(deps: Deps, which: HoldFilter): Promise<Decided> {
  return inPages(deps, async (tx, now) => {
    const holds = await decideHolds(tx, which, 'released', { most: pageHolds, now });
    return { holds, let: await releaseHeld(tx, customersOf(holds), now) };
  });
}

/**
 * Turns these losses back: what the destination has of each field stays by a pin, also of the fields that would move a customer
 * into a segment or out of one, and whom records left is kept.
 */
export function refuseHolds(deps: Deps, which: HoldFilter): Promise<Decided> {
  return inPages(deps, async (tx, now) => {
    const holds = await decideHolds(tx, which, 'refused', { most: pageHolds, now });
    await refuseDeletions(tx, customersOf(holds.filter(takesAway)));
    await pinValues(
      tx,
      deps.rules,
      holds.filter((hold) => hold.change !== deleted),
      now,
    );
    return { holds, let: await releaseHeld(tx, customersOf(holds), now) };
  });
}

async function inPages(
  { database, clock }: Deps,
  decidePage: (tx: Queryable, now: number) => Promise<{ holds: Hold[]; let: string[] }>,
): Promise<Decided> {
  const decided = { holds: 0, customers: 0 };
  for (;;) {
    const page = await database.transaction((tx) => decidePage(tx, clock.now()));
    decided.holds += page.holds.length;
    decided.customers += page.let.length;
    if (page.holds.length < pageHolds) return decided;
  }
}

async function pinValues(tx: Queryable, rules: Rules, holds: readonly Hold[], now: number): Promise<void> {
  if (holds.length === 0) return;
  const sourceIds = customersOf(holds);
  const acknowledged = await acknowledgedFields(tx, sourceIds);
  const all = holds.flatMap(({ id, sourceId, change, from }) => {
    const note = `refused hold ${id}`;
    const kept = acknowledged.get(sourceId) ?? {};
    if (segmentOf(change) !== null)
      return Object.entries(fieldsMoving(from)).flatMap(([field, value]) => {
        const known = Object.hasOwn(kept, field) ? kept[field]! : value;
        return known === unknownValue ? [] : [{ sourceId, field, value: known, note }];
      });
    const known = kept[change] ?? null;
    const value = known === null || known === unknownValue ? from : known;
    return [{ sourceId, field: change, value, note }];
  });
  // Several segments may read one field.
  const pins = [...new Map(all.map((pin) => [`${pin.sourceId}\n${pin.field}`, pin])).values()];
  await setPins(tx, pins, now);
  for (const [field, group] of Map.groupBy(pins, (pin) => pin.field)) {
    const note = group.length === 1 ? group[0]!.note : `refused ${group.length} holds`;
    const ids = group.map((pin) => pin.sourceId);
    await foldByHand(tx, rules, ids, { by: 'pin', field, note }, now);
  }
}

/** The customer itself would go, as a loss or as what moves it out of a segment. */
function takesAway({ change }: Hold): boolean {
  return change === deleted || segmentOf(change)?.movement === 'leaves';
}

/** What the destination has of the fields that would move a customer; none where it is not known which they are. */
function fieldsMoving(from: Json): Fields {
  const { fields } = (from ?? {}) as { fields?: Fields };
  return fields ?? {};
}

function customersOf(holds: readonly Hold[]): string[] {
  return [...new Set(holds.map((hold) => hold.sourceId))];
}
