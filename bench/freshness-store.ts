// What the destination of the freshness bench holds, and how it lists it: customers in the order in which they were created or
// updated. It is one thread's own.

const pageCustomers = 100;

export interface Sent {
  source_id: string;
  metadata?: { [key: string]: unknown };
  [field: string]: unknown;
}

export interface Customer extends Sent {
  id: string;
  object: 'customer';
  created_at: string;
  updated_at: string | null;
}

type By = 'created' | 'updated';

/** `at`: milliseconds since the epoch, as all times here. */
interface Stamp {
  at: number;
  sourceId: string;
}

export interface CustomerList {
  object: 'list';
  data_ref: 'customers';
  customers: Customer[];
  total: number;
  has_more: boolean;
}

export class FreshnessStore {
  readonly #held = new Map<string, { sent: Sent; created: number; updated: number | null }>();
  readonly #stamps: { [by in By]: Stamp[] } = { created: [], updated: [] };

  /** An upsert that merges. `at` may be to come: it is listed from then on. */
  write(sent: Sent, at: number): void {
    const before = this.#held.get(sent.source_id);
    this.#held.set(sent.source_id, {
      sent: { ...before?.sent, ...sent, metadata: { ...before?.sent.metadata, ...sent.metadata } },
      created: before?.created ?? at,
      updated: before ? at : null,
    });
    const stamps = this.#stamps[before ? 'updated' : 'created'];
    stamps.splice(firstAfter(stamps, at), 0, { at, sourceId: sent.source_id });
  }

  find(sourceId: string): Customer | null {
    const held = this.#held.get(sourceId);
    if (!held) return null;
    const { sent, created, updated } = held;
    return {
      id: `cust_${sourceId}`,
      object: 'customer',
      ...sent,
      created_at: new Date(created).toISOString(),
      updated_at: updated === null ? null : new Date(updated).toISOString(),
    };
  }

  /** As `GET /v1/customers` with `order`, `starting_after` and `[created_at|updated_at][after]`. */
  list(query: URLSearchParams, now: number): CustomerList {
    const by = orderOf(query);
    const stamps = this.#stamps[by];
    const since = Date.parse(query.get(`${by}_at[after]`) ?? '') || 0;
    const after = Math.max(since, Date.parse(query.get('starting_after') ?? '') || 0);
    const end = firstAfter(stamps, now);
    const isLast = ({ at, sourceId }: Stamp) => by === 'created' || this.#held.get(sourceId)!.updated === at;
    const all = stamps.slice(firstAfter(stamps, since), end).filter(isLast);
    const from = firstAfter(all, after);
    const listed = all.slice(from, from + pageCustomers);
    return {
      object: 'list',
      data_ref: 'customers',
      customers: listed.map(({ sourceId }) => this.find(sourceId)!),
      total: all.length,
      has_more: from + listed.length < all.length,
    };
  }
}

/** A page of what two stores hold together. */
export function merged(by: By, lists: readonly CustomerList[]): CustomerList {
  const stamp = (customer: Customer) => customer[`${by}_at`] ?? '';
  const all = lists
    .flatMap(({ customers }) => customers)
    .sort((a, b) => (stamp(a) < stamp(b) ? -1 : Number(stamp(a) > stamp(b))));
  return {
    object: 'list',
    data_ref: 'customers',
    customers: all.slice(0, pageCustomers),
    total: lists.reduce((sum, { total }) => sum + total, 0),
    has_more: all.length > pageCustomers || lists.some(({ has_more }) => has_more),
  };
}

/** What `order` says. */
export function orderOf(query: URLSearchParams): By {
  return query.get('order') === 'updated_at' ? 'updated' : 'created';
}

/** Where the first that is later stands. */
function firstAfter(stamps: readonly Stamp[], at: number): number {
  let [low, high] = [0, stamps.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (stamps[middle]!.at <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
