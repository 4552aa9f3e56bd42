// A shop that only pushes: each change of a person as one signed request with the whole person, which may come late, twice and
// out of order. It does not know who listens.

export interface ShopPerson {
  name: string;
  orders: number;
}

export interface ShopRequest {
  headers: { [name: string]: string };
  body: string;
}

const shopToken = 'a-token-of-the-shop';

/** The source as it is configured: the number of orders is mapped. */
export const shopSource = {
  connector: 'webhook',
  authentication: { type: 'bearer', token: shopToken },
  eventId: 'event',
  record: {
    id: 'person.id',
    body: 'person',
    changedAt: 'changed',
    deleted: { path: 'kind', equals: 'gone' },
  },
  sourceId: 'id',
  mapping: { 'metadata.orders': { from: 'orders', as: 'number' } },
} as const;

export class Shop {
  readonly people = new Map<string, ShopPerson>();
  #events = 0;
  /** No two changes have one time: nobody could tell which of them came last. */
  #lastMs = 0;

  change(id: string, orders: number, now: number): ShopRequest {
    const person = { name: `Customer ${id} of the shop`, orders };
    this.people.set(id, person);
    return this.#request('changed', { id, ...person }, this.#later(now));
  }

  remove(id: string, now: number): ShopRequest {
    this.people.delete(id);
    return this.#request('gone', { id }, this.#later(now));
  }

  /** What somebody else sends in its name. */
  forged(id: string, now: number): ShopRequest {
    const { body } = this.#request('changed', { id, name: 'Mallory', orders: 666 }, now + 3_600_000);
    return { headers: { authorization: 'Bearer a-guess', 'content-type': 'application/json' }, body };
  }

  #later(now: number): number {
    this.#lastMs = Math.max(now, this.#lastMs + 1);
    return this.#lastMs;
  }

  #request(kind: 'changed' | 'gone', person: object, now: number): ShopRequest {
    this.#events += 1;
    return {
      headers: { authorization: `Bearer ${shopToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        event: `shop-${this.#events}`,
        kind,
        changed: new Date(now).toISOString(),
        person,
      }),
    };
  }
}
