// The segments of the simulated Voucherify: who is in each is found from its filter at every question, over what is held then.
// It does not know what a distribution sends.
import type { Customer } from './customer.ts';
import { isObject } from './customer-body.ts';
import { ErrorResponse, notFound } from './error-response.ts';
import { exportFilter } from './export-filters.ts';
import { instant, wholeNumber } from './listing.ts';
import type { SegmentBody } from './segment-body.ts';
import type { Truth } from './truth.ts';

export class SegmentList {
  readonly #truth: Truth;
  #segments: (SegmentBody & { createdAtMs: number })[] = [];

  constructor(truth: Truth) {
    this.#truth = truth;
  }

  /** As someone makes them in the dashboard. */
  set(segments: readonly SegmentBody[], nowMs: number): void {
    this.#segments = segments.map((segment, index) => ({ ...segment, createdAtMs: nowMs + index }));
  }

  /** Newest first; `query` is that of `GET /v1/segments`. */
  list(query: Record<string, string>): Record<string, unknown> | ErrorResponse {
    const limit = wholeNumber(query, 'limit', 10, 100);
    const before = instant(query, 'filters[created_at][conditions][$before]');
    if (limit instanceof ErrorResponse) return limit;
    if (before instanceof ErrorResponse) return before;
    const found = this.#segments
      .filter(({ createdAtMs }) => before === undefined || createdAtMs < before)
      .toReversed();
    return {
      object: 'list',
      data_ref: 'data',
      data: found.slice(0, limit).map(shown),
      total: this.#segments.length,
    };
  }

  show(id: string): Record<string, unknown> | ErrorResponse {
    const found = this.#segments.find((segment) => segment.id === id);
    return found ? shown(found) : notFound('segment', id);
  }

  /** Whether a customer is in a segment; nobody is in one that does not exist. */
  has(id: string): (customer: Customer) => boolean {
    const segment = this.#segments.find((one) => one.id === id);
    return segment ? memberOf(segment) : () => false;
  }

  /** Source IDs of the customers in a segment. */
  members(id: string): Set<string> {
    const isIn = this.has(id);
    return new Set([...this.#truth.all()].filter(isIn).map(({ id, sourceId }) => sourceId ?? id));
  }

  /** The segments of a customer. */
  of(customer: Customer): { id: string; name: string; object: 'segment' }[] {
    return this.#segments
      .filter((segment) => memberOf(segment)(customer))
      .map(({ id, name }) => ({ id, name, object: 'segment' as const }));
  }
}

function memberOf({ filter, customers = [] }: SegmentBody): (customer: Customer) => boolean {
  if (!isObject(filter))
    return ({ id, sourceId }) => customers.includes(id) || customers.includes(sourceId ?? '');
  const passes = exportFilter(filter, { anyField: true });
  // One with an operator that is not simulated holds nobody.
  return passes instanceof ErrorResponse ? () => false : passes;
}

function shown({ id, name, type, filter = null, createdAtMs }: SegmentBody & { createdAtMs: number }) {
  return {
    id,
    name,
    created_at: new Date(createdAtMs).toISOString(),
    updated_at: null,
    type,
    filter,
    object: 'segment',
  };
}
