// The list of customers: what its query may say and the page it gives. It does not know how customers are written.
import type { Customer } from './customer.ts';
import { ErrorResponse, invalidQuery } from './error-response.ts';
import type { VoucherifyOptions } from './options.ts';
import type { Truth } from './truth.ts';

const ORDERS = ['created_at', '-created_at', 'updated_at', '-updated_at', 'source_id', '-source_id'] as const;
const MAX_PAGE = 99; // beyond it only `starting_after` leads (the API reference's maximum)

type Order = (typeof ORDERS)[number];
type Filter = (customer: Customer) => boolean;

export type CustomerPage = { customers: Customer[]; total: number; hasMore: boolean };

export class Listing {
  readonly #truth: Truth;
  readonly #options: Pick<VoucherifyOptions, 'cursor' | 'neverUpdated'>;
  readonly #inSegment: (id: string) => Filter;
  #bySourceId: Customer[] = [];
  #sortedAt = -1;

  constructor(
    truth: Truth,
    options: Pick<VoucherifyOptions, 'cursor' | 'neverUpdated'>,
    inSegment: (id: string) => Filter,
  ) {
    this.#truth = truth;
    this.#options = options;
    this.#inSegment = inSegment;
  }

  /** `query` holds the parameters of `GET /v1/customers`; unknown ones are ignored. */
  page(query: Record<string, string>): CustomerPage | ErrorResponse {
    const limit = wholeNumber(query, 'limit', 10, 100);
    const page = wholeNumber(query, 'page', 1, MAX_PAGE);
    const filter = this.#filter(query);
    const order = orderOf(query);
    const cursor = instant(query, 'starting_after');
    for (const part of [limit, page, filter, order, cursor]) if (part instanceof ErrorResponse) return part;
    const walk = this.#walk(order as Order | undefined, cursor as number | undefined);
    if (walk instanceof ErrorResponse) return walk;

    const passes = filter as Filter | undefined;
    const customers: Customer[] = [];
    let toSkip = cursor === undefined ? ((page as number) - 1) * (limit as number) : 0;
    let hasMore = false;
    for (const customer of walk) {
      if (passes && !passes(customer)) continue;
      if (toSkip > 0) toSkip -= 1;
      else if (customers.length < (limit as number)) customers.push(customer);
      else {
        hasMore = true;
        break;
      }
    }
    return { customers, total: this.#total(passes), hasMore };
  }

  /** `starting_after` alone goes from new to old; with `created_at` or `updated_at` from old to new. */
  #walk(order: Order | undefined, cursorMs: number | undefined): Iterable<Customer> | ErrorResponse {
    if (order === 'source_id' || order === '-source_id') {
      if (cursorMs !== undefined)
        return invalidQuery('Property .starting_after cannot be used with this order');
      return order === 'source_id' ? this.#sorted() : this.#sorted().toReversed();
    }
    const timeline = order?.endsWith('updated_at') ? this.#truth.updated : this.#truth.created;
    const direction = order && !order.startsWith('-') ? 'ascending' : 'descending';
    if (cursorMs !== undefined)
      return timeline.walk(direction, { atMs: cursorMs, inclusive: this.#options.cursor === 'inclusive' });
    return timeline === this.#truth.created ? timeline.walk(direction) : this.#updatedThenRest(direction);
  }

  *#updatedThenRest(direction: 'ascending' | 'descending') {
    yield* this.#truth.updated.walk(direction);
    if (this.#options.neverUpdated === 'as-created') return;
    for (const customer of this.#truth.created.walk(direction))
      if (customer.updatedAtMs === undefined) yield customer;
  }

  #sorted(): Customer[] {
    if (this.#sortedAt !== this.#truth.membership) {
      const key = (customer: Customer) => customer.sourceId ?? '';
      this.#bySourceId = [...this.#truth.all()].sort((a, b) =>
        key(a) < key(b) ? -1 : Number(key(a) > key(b)),
      );
      this.#sortedAt = this.#truth.membership;
    }
    return this.#bySourceId;
  }

  #filter(query: Record<string, string>): Filter | undefined | ErrorResponse {
    const filters: Filter[] = [];
    const { email, name, city, segment_id } = query;
    if (email !== undefined) filters.push((customer) => same(customer.email, email));
    if (name !== undefined) filters.push((customer) => same(customer.name, name));
    if (city !== undefined) filters.push((customer) => same(customer.address?.['city'], city));
    if (segment_id !== undefined) filters.push(this.#inSegment(segment_id));
    const stamps: [string, (customer: Customer) => number | undefined][] = [
      ['created_at', (customer) => customer.createdAtMs],
      [
        'updated_at',
        (customer) =>
          customer.updatedAtMs ??
          (this.#options.neverUpdated === 'as-created' ? customer.createdAtMs : undefined),
      ],
    ];
    for (const [field, stampOf] of stamps) {
      const after = instant(query, `${field}[after]`);
      const before = instant(query, `${field}[before]`);
      if (after instanceof ErrorResponse) return after;
      if (before instanceof ErrorResponse) return before;
      if (after !== undefined) filters.push((customer) => (stampOf(customer) ?? Number.NaN) > after);
      if (before !== undefined) filters.push((customer) => (stampOf(customer) ?? Number.NaN) < before);
    }
    return filters.length > 0 ? (customer) => filters.every((passes) => passes(customer)) : undefined;
  }

  #total(passes: Filter | undefined): number {
    if (!passes) return this.#truth.count;
    let total = 0;
    for (const customer of this.#truth.all()) if (passes(customer)) total += 1;
    return total;
  }
}

export function wholeNumber(query: Record<string, string>, name: string, absent: number, most: number) {
  const text = query[name];
  if (text === undefined) return absent;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  return invalidQuery(`Property .${name} should be integer between 1 and ${most}`);
}

export function instant(query: Record<string, string>, name: string): number | undefined | ErrorResponse {
  const text = query[name];
  if (text === undefined) return undefined;
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  return invalidQuery(`Property .${name} cannot be recognized as a ISO-8601 compliant date`);
}

function orderOf(query: Record<string, string>): Order | undefined | ErrorResponse {
  const { order } = query;
  if (order === undefined || ORDERS.includes(order as Order)) return order as Order | undefined;
  return invalidQuery(
    `Property .order should be equal to one of the allowed values [ ${ORDERS.join(', ')} ]`,
  );
}

/** E-mail matches whatever its case (core-mcp's comments); names and cities are taken to do the same (unverified). */
function same(held: string | null | undefined, asked: string): boolean {
  if (typeof held !== 'string' || held.length !== asked.length) return false; // spares most the lower-casing
  return held.toLowerCase() === asked.toLowerCase();
}
