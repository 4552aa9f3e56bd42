// Customers in order of a time stamp that only grows, cheap to append to and to enter anywhere.
// It does not know which stamp it is given.
import type { Customer } from './customer.ts';

/**
 * An append-only list of (stamp, customer). A customer stamped anew is appended again; its older entry goes stale and is passed
 * over, until the stale ones outnumber the rest and are dropped together.
 */
export class Timeline {
  readonly #stampOf: (customer: Customer) => number | undefined;
  #stamps: number[] = [];
  #customers: Customer[] = [];
  #live = 0;

  /** `stampOf` tells an entry that stands from a stale one. */
  constructor(stampOf: (customer: Customer) => number | undefined) {
    this.#stampOf = stampOf;
  }

  /** Call after the customer bears its new stamp, `previousMs` being the one before (none: it was not here). */
  append(customer: Customer, previousMs: number | undefined): void {
    const atMs = this.#stampOf(customer);
    if (atMs === undefined || atMs === previousMs) return;
    this.#stamps.push(atMs);
    this.#customers.push(customer);
    if (previousMs === undefined) this.#live += 1;
    if (this.#stamps.length > 2 * this.#live + 1024) this.#compact();
  }

  /** Call once for a customer that is here and is gone. */
  forget(): void {
    this.#live -= 1;
  }

  /** From the start, or from a cursor: entries strictly beyond it, or at it too when `inclusive`. */
  *walk(
    direction: 'ascending' | 'descending',
    cursor?: { atMs: number; inclusive: boolean },
  ): Generator<Customer> {
    const ascending = direction === 'ascending';
    const step = ascending ? 1 : -1;
    let index = ascending ? 0 : this.#stamps.length - 1;
    if (cursor) {
      const before = this.#firstWhere((atMs) => atMs >= cursor.atMs);
      const after = this.#firstWhere((atMs) => atMs > cursor.atMs);
      if (ascending) index = cursor.inclusive ? before : after;
      else index = (cursor.inclusive ? after : before) - 1;
    }
    for (; index >= 0 && index < this.#stamps.length; index += step)
      if (this.#stands(index)) yield this.#customers[index]!;
  }

  #stands(index: number): boolean {
    const customer = this.#customers[index]!;
    return !customer.gone && this.#stampOf(customer) === this.#stamps[index];
  }

  #compact(): void {
    const kept = this.#stamps.map((_, index) => index).filter((index) => this.#stands(index));
    this.#stamps = kept.map((index) => this.#stamps[index]!);
    this.#customers = kept.map((index) => this.#customers[index]!);
  }

  /** The first index whose stamp satisfies a condition that stays true from then on. */
  #firstWhere(holds: (atMs: number) => boolean): number {
    let low = 0;
    let high = this.#stamps.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(this.#stamps[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
