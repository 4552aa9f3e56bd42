// Customers of whom a bulk action proves nothing, read back: those that the destination holds as they were sent need not be
// sent again. It settles nothing.
import {
  type Context,
  type Destination,
  type DestinationCustomer,
  type Fields,
  RejectedError,
} from '../../connector.ts';
import { driftOf } from '../../customer/drift.ts';
import type { BatchItem } from '../../tables/batch-items.ts';

/** At most so many are read one by one; to send the others again, together, costs less. */
const maxReads = 25;

const readsAtOnce = 4;

/** So many are read of what should be there in the same way or not at all. */
const sampled = 10;

/** The whole list is read where it has no more pages than this, and no more than a tenth of what is in doubt. */
const maxPages = 50;

/**
 * The source IDs of those that are proven to be held as they were sent. Of many, only a part is looked at where the list is
 * long: what is not in the answer is simply not proven. Throws what the calls throw, but for a refusal of one customer.
 */
export async function readDoubts(
  destination: Destination<unknown>,
  context: () => Context<unknown>,
  doubts: readonly BatchItem[],
): Promise<Set<string>> {
  if (doubts.length > maxReads) {
    const listed = await readList(destination, context, doubts);
    if (listed) return listed;
  }
  const held = new Set<string>();
  const waiting = spread(doubts, maxReads);
  const read = async () => {
    for (let item = waiting.shift(); item; item = waiting.shift())
      if (isHeld(item, await fieldsOf(destination, context(), item.sourceId))) held.add(item.sourceId);
  };
  await Promise.all(Array.from({ length: readsAtOnce }, read));
  return held;
}

/** Whether a few of these, read one by one, are held just as they were sent, their types too. Throws as `readDoubts` does. */
export async function isSampleHeld(
  destination: Destination<unknown>,
  context: () => Context<unknown>,
  items: readonly BatchItem[],
): Promise<boolean> {
  // Of one that was erased meanwhile nothing is known any more.
  const known = items.filter(({ acknowledges }) => Object.keys(acknowledges ?? {}).length > 0);
  const waiting = spread(known, sampled);
  let held = true;
  const read = async () => {
    for (let item = waiting.shift(); item && held; item = waiting.shift()) {
      const found = await fieldsOf(destination, context(), item.sourceId);
      const forms = found && item.acknowledges ? driftOf(item.acknowledges, found).forms : [];
      const isChanged = forms.some(({ form }) => form === 'number' || form === 'blanks');
      if (!isHeld(item, found) || isChanged) held = false;
    }
  };
  await Promise.all(Array.from({ length: readsAtOnce }, read));
  return held;
}

/** Null where there is no list, or reading it would cost too much. */
async function readList(
  { readBack }: Destination<unknown>,
  context: () => Context<unknown>,
  doubts: readonly BatchItem[],
): Promise<Set<string> | null> {
  if (!readBack) return null;
  const byId = new Map(doubts.map((item) => [item.sourceId, item]));
  const held = new Set<string>();
  const most = Math.min(maxPages, Math.ceil(doubts.length / 10));
  let page = await readBack.list.page(context(), null);
  for (let pages = 1; ; pages += 1) {
    for (const { sourceId, fields } of page.customers) {
      const item = sourceId === null ? undefined : byId.get(sourceId);
      if (item && isHeld(item, fields)) held.add(item.sourceId);
    }
    if (page.done) return held;
    const all =
      page.total === undefined ? most + 1 : Math.ceil(page.total / Math.max(page.customers.length, 1));
    if (pages === 1 && all > most) return null;
    if (pages >= 2 * most) return held;
    page = await readBack.list.page(context(), page.cursor);
  }
}

async function fieldsOf(
  destination: Destination<unknown>,
  context: Context<unknown>,
  sourceId: string,
): Promise<Fields | null> {
  return (await readOne(destination, context, sourceId))?.fields ?? null;
}

/** Null also where the destination refuses to show it. */
export async function readOne(
  destination: Destination<unknown>,
  context: Context<unknown>,
  sourceId: string,
): Promise<DestinationCustomer | null> {
  try {
    return await destination.read(context, sourceId);
  } catch (error) {
    if (error instanceof RejectedError) return null;
    throw error;
  }
}

/** Whether what was found is what was sent. */
export function isHeld({ acknowledges }: BatchItem, found: Fields | null): boolean {
  return (
    found !== null && acknowledges !== null && Object.keys(driftOf(acknowledges, found).fields).length === 0
  );
}

/** At most so many of them, from everywhere in their order. */
function spread<Item>(items: readonly Item[], most: number): Item[] {
  const step = Math.max(1, items.length / most);
  return Array.from({ length: Math.min(items.length, most) }, (_, index) => items[Math.floor(index * step)]!);
}
