// The customers of the simulated shop: with microseconds that only cursors show, an index that lags, and a search that ignores
// what it does not know. It knows no GraphQL.
export type ShopCustomer = {
  id: string;
  firstName: string | null;
  lastName: string | null;
  email: string | null;
  phone: string | null;
  note: string | null;
  tags: string[];
  state: 'DISABLED' | 'INVITED' | 'ENABLED' | 'DECLINED';
  numberOfOrders: number;
  amountSpent: string;
  address: { [name: string]: string | null } | null;
  metafields: { [name: string]: string };
  createdAt: number;
  /** Epoch microseconds. */
  updatedMicros: number;
  /** The same before the last change; null of a customer who was just created. */
  beforeMicros: number | null;
};

export type Page = { nodes: ShopCustomer[]; hasNextPage: boolean; endCursor: string | null };

export class InvalidCursorError extends Error {}

export class ShopCustomers {
  readonly all = new Map<string, ShopCustomer>();
  readonly #now: () => number;
  readonly #lagMs: number;
  #serial = 0;

  constructor(now: () => number, lagMs: number) {
    this.#now = now;
    this.#lagMs = lagMs;
  }

  create(values: Partial<ShopCustomer> = {}): ShopCustomer {
    this.#serial += 1;
    const id = values.id ?? String(9_100_000_000_000 + this.#serial);
    const customer: ShopCustomer = {
      id,
      firstName: `Person ${this.#serial}`,
      lastName: null,
      email: `p${this.#serial}@example.com`,
      phone: null,
      note: null,
      tags: [],
      state: 'DISABLED',
      numberOfOrders: 0,
      amountSpent: '0.0',
      address: null,
      metafields: {},
      createdAt: this.#now(),
      updatedMicros: this.#micros(),
      beforeMicros: null,
      ...values,
    };
    this.all.set(id, customer);
    return customer;
  }

  change(id: string, values: Partial<ShopCustomer>): ShopCustomer {
    const customer = this.all.get(id)!;
    // A change of a few moments ago is still what the index knows.
    const beforeMicros = this.#indexed(customer);
    return Object.assign(customer, values, { beforeMicros, updatedMicros: this.#micros() });
  }

  page(request: {
    first: number;
    after: string | null;
    query: string | null;
    sortKey: string;
    reverse: boolean;
  }): Page {
    const { sortKey, reverse, after, first } = request;
    const byTime = sortKey === 'UPDATED_AT';
    const key = (one: ShopCustomer): [number, number] => [
      byTime ? (this.#indexed(one) ?? 0) : Number(one.id),
      Number(one.id),
    ];
    const compare = (a: readonly [number, number], b: readonly [number, number]) =>
      (a[0] - b[0] || a[1] - b[1]) * (reverse ? -1 : 1);
    const from = after === null ? null : this.#position(after, byTime);
    const isIndexed = byTime || request.query !== null;
    const found = [...this.all.values()]
      .filter((one) => !isIndexed || this.#indexed(one) !== null)
      .filter(this.#filter(request.query ?? ''))
      .filter((one) => from === null || compare(key(one), from) > 0)
      .sort((a, b) => compare(key(a), key(b)));
    const nodes = found.slice(0, first);
    const last = nodes.at(-1);
    const [last_value = 0] = last ? key(last) : [];
    return {
      nodes,
      hasNextPage: found.length > nodes.length,
      endCursor: last
        ? Buffer.from(
            JSON.stringify({ last_id: Number(last.id), last_value: byTime ? micros(last_value) : last.id }),
          ).toString('base64')
        : null,
    };
  }

  /** What the index knows of the last update; null of a customer whom it does not know yet. */
  #indexed({ updatedMicros, beforeMicros }: ShopCustomer): number | null {
    return this.#now() - Math.floor(updatedMicros / 1000) >= this.#lagMs ? updatedMicros : beforeMicros;
  }

  /** No two alike. */
  #micros(): number {
    this.#serial += 1;
    return this.#now() * 1000 + (this.#serial % 1000);
  }

  #position(cursor: string, byTime: boolean): [number, number] {
    try {
      const { last_id, last_value } = JSON.parse(Buffer.from(cursor, 'base64').toString());
      const value = byTime ? microsIn(String(last_value)) : Number(last_value);
      if (!Number.isFinite(value) || !Number.isFinite(Number(last_id))) throw new Error('no position');
      return [value, Number(last_id)];
    } catch {
      throw new InvalidCursorError('Invalid cursor for current pagination sort.');
    }
  }

  /** Terms that it does not know let everybody through. A time without quotes ends at its first colon: the day is left. */
  #filter(query: string): (one: ShopCustomer) => boolean {
    const [, quoted, bare] = /updated_at:>=(?:'([^']*)'|(\S+))/.exec(query) ?? [];
    const text = quoted ?? bare?.slice(0, 10);
    const since = text === undefined ? Number.NaN : Date.parse(text);
    return (one) => Number.isNaN(since) || (this.#indexed(one) ?? 0) >= since * 1000;
  }
}

function micros(value: number): string {
  const ms = Math.floor(value / 1000);
  const [whole = ''] = new Date(ms).toISOString().split('Z');
  return `${whole.replace('T', ' ')}${String(value % 1000).padStart(3, '0')}`;
}

function microsIn(text: string): number {
  const [, whole = '', rest = ''] = /^(.{23})(\d{3})$/.exec(text) ?? [];
  return Date.parse(`${whole.replace(' ', 'T')}Z`) * 1000 + Number(rest);
}
