// By what calls it is learned what others own of customers that are about to be written. Pure: numbers in, a choice out.

/** What a page of the list holds. */
export const pageCustomers = 100;

/** Fewer than these cost no more if they are read one by one than the two questions of a look. */
export const minLooked = 3;

export function pagesOf(customers: number): number {
  return Math.ceil(customers / pageCustomers);
}

/** How many calls list all customers of the destination. That it has none is believed when a second list is empty as well. */
export function callsToList(total: number): number {
  return total === 0 ? 2 : pagesOf(total);
}

/**
 * Whether all customers of the destination are listed before the first write: where that costs no more calls than to read
 * those one by one that wait to be written. `total`: how many there are.
 */
export function isListWorthwhile({ total, waiting }: { total: number; waiting: number }): boolean {
  return pagesOf(total) <= waiting;
}

/** What the first questions of a look have told, for those about to be written. */
export interface Looked {
  /** To be written, and known to be there. */
  existing: number;
  /** To be written, and not there as far as is known. */
  fresh: number;
  /** Created, and updated, since the last look: by anybody. The first page of each has been read. */
  created: number;
  updated: number;
}

export interface LookPlan {
  /**
   * How it is made sure that the fresh ones are not there: they are read, the created ones are listed, or all that there are
   * are counted, which proves it where there are as many as we know.
   */
  created: 'read' | 'list' | 'count';
  /** How changes to the existing ones are learned. */
  updated: 'read' | 'list';
}

/** Counting takes one call, and saves a page for each hundred of our own. */
const minPagesToCount = 3;

export function planLook({ existing, fresh, created, updated }: Looked): LookPlan {
  const createdPages = Math.max(pagesOf(created) - 1, 0);
  const updatedPages = Math.max(pagesOf(updated) - 1, 0);
  const all = existing + fresh;
  const isCounted = createdPages >= minPagesToCount && all >= minPagesToCount;
  const createdCalls = isCounted ? 1 : createdPages;
  // An existing customer is known only where both have been looked through.
  if (createdCalls > all) return { created: 'read', updated: 'read' };
  const how = isCounted ? 'count' : 'list';
  if (existing > 0 && updatedPages > existing)
    return createdCalls > fresh ? { created: 'read', updated: 'read' } : { created: how, updated: 'read' };
  if (createdCalls + updatedPages > all) return { created: 'read', updated: 'read' };
  return { created: how, updated: 'list' };
}
