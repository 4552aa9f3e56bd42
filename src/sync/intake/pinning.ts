// A value set by hand and released again: each with the customer computed again and enqueued for the destination, in one
// transaction. It knows neither who asks nor how.
import type { Json } from '../../connector.ts';
import { fieldFault } from '../../customer/fields.ts';
import type { Database, Queryable } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import { lockCustomer, type Revised, refold } from '../../tables/customers.ts';
import { pinsOfOne, releasePin, setPins } from '../../tables/pins.ts';
import type { Cause } from '../../tables/revisions.ts';
import { enqueueDeliveries } from './enqueue.ts';
import type { Rules } from './rules.ts';

export interface PinDeps {
  database: Database;
  rules: Rules;
  clock: Clock;
}

/** Whose wish a delivery is where no source has it: no source can be called so. */
const byPerson = 'a person';

/** `fault`: one sentence. `revision`: the customer's new one, or null where none of its fields changed. */
export type Pinned =
  | { pinned: true; value: Json; pinnedAt: number; revision: number | null }
  | { pinned: false; because: 'no customer' }
  | { pinned: false; because: 'fault'; about: 'field' | 'value'; fault: string };

export async function pin(
  { database, rules, clock }: PinDeps,
  wish: { sourceId: string; field: string; value: Json; note: string },
): Promise<Pinned> {
  const { sourceId, field, note } = wish;
  const wrongField = fieldFault(field);
  if (wrongField !== null) return { pinned: false, because: 'fault', about: 'field', fault: wrongField };
  const typed = rules.typed(field, wish.value);
  if ('fault' in typed) return { pinned: false, because: 'fault', about: 'value', fault: typed.fault };
  const now = clock.now();
  return database.transaction(async (tx) => {
    if (!(await lockCustomer(tx, sourceId))) return { pinned: false, because: 'no customer' };
    await setPins(tx, [{ sourceId, field, value: typed.value, note }], now);
    const [revised] = await foldByHand(tx, rules, [sourceId], { by: 'pin', field, note }, now);
    return { pinned: true, value: typed.value, pinnedAt: now, revision: revised?.revision ?? null };
  });
}

export type Released =
  | { released: true; revision: number | null }
  | { released: false; isKnown: boolean; pinned: string[] };

/** `isKnown`: there is such a customer. `pinned`: the fields that are pinned, where this one is not. */
export async function unpin(
  { database, rules, clock }: PinDeps,
  wish: { sourceId: string; field: string },
): Promise<Released> {
  const { sourceId, field } = wish;
  const now = clock.now();
  return database.transaction(async (tx) => {
    if (!(await releasePin(tx, sourceId, field)))
      return {
        released: false,
        isKnown: await lockCustomer(tx, sourceId),
        pinned: (await pinsOfOne(tx, sourceId)).map((other) => other.field),
      };
    const cause: Cause = { by: 'pin', field, note: '', released: true };
    const [revised] = await foldByHand(tx, rules, [sourceId], cause, now);
    return { released: true, revision: revised?.revision ?? null };
  });
}

/** Folds customers anew because a person changed something, and owes what came of it before all but webhooks. */
export async function foldByHand(
  tx: Queryable,
  rules: Rules,
  sourceIds: readonly string[],
  cause: Cause,
  now: number,
  source: string = byPerson,
): Promise<Revised[]> {
  const revised = await refold(tx, sourceIds, rules.fold, { cause, now });
  await enqueueDeliveries(tx, rules, revised, { source, runId: null, lane: 'manual', now, byPerson: true });
  return revised;
}
