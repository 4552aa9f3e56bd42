// All customers the simulated Voucherify holds, by ID, by source ID and in order of time. It does not know HTTP, quotas,
// schemas or queues.

import { Customer } from './customer.ts';
import type { CustomerBody } from './customer-body.ts';
import type { VoucherifyOptions } from './options.ts';
import { Timeline } from './timeline.ts';

export type StoredCustomer = CustomerBody & {
  id: string;
  created_at_ms: number;
  updated_at_ms?: number;
  writes: number;
};

/** Plain JSON. */
export type TruthSnapshot = {
  customers: StoredCustomer[];
  deleted: StoredCustomer[];
  ids_given: number;
  last_stamp_ms: number;
};

export class Truth {
  readonly #options: Pick<VoucherifyOptions, 'neverUpdated' | 'writesPerMillisecond'>;
  #byId = new Map<string, Customer>();
  #bySourceId = new Map<string, Customer>();
  #deleted: Customer[] = [];
  created!: Timeline;
  updated!: Timeline;
  /** Changes with every creation and removal. */
  membership = 0;
  #idsGiven = 0;
  #lastStampMs = 0;
  #stampUses = 0;

  constructor(options: Pick<VoucherifyOptions, 'neverUpdated' | 'writesPerMillisecond'>) {
    this.#options = options;
    this.#startTimelines();
  }

  get count(): number {
    return this.#byId.size;
  }

  /** Live customers, oldest first. */
  all(): Iterable<Customer> {
    return this.#byId.values();
  }

  /** Customers softly deleted, under their renamed source IDs. */
  deleted(): readonly Customer[] {
    return this.#deleted;
  }

  byId(id: string): Customer | undefined {
    return this.#byId.get(id);
  }

  bySourceId(sourceId: string): Customer | undefined {
    return this.#bySourceId.get(sourceId);
  }

  /** By either, as a path segment names it. */
  find(idOrSourceId: string): Customer | undefined {
    return this.#byId.get(idOrSourceId) ?? this.#bySourceId.get(idOrSourceId);
  }

  /** The time to write on the next change: never earlier than the last, and shared by only so many. */
  stamp(nowMs: number): number {
    if (nowMs > this.#lastStampMs) {
      this.#lastStampMs = nowMs;
      this.#stampUses = 0;
    } else if (this.#stampUses >= (this.#options.writesPerMillisecond ?? 8)) {
      this.#lastStampMs += 1;
      this.#stampUses = 0;
    }
    this.#stampUses += 1;
    return this.#lastStampMs;
  }

  create(sourceId: string | undefined, nowMs: number): Customer {
    this.#idsGiven += 1;
    const id = `cust_${this.#idsGiven.toString(36).padStart(24, '0')}`;
    const customer = new Customer(id, sourceId, this.stamp(nowMs));
    this.#byId.set(id, customer);
    if (sourceId !== undefined) this.#bySourceId.set(sourceId, customer);
    this.created.append(customer, undefined);
    if (this.#options.neverUpdated === 'as-created') this.updated.append(customer, undefined);
    this.membership += 1;
    return customer;
  }

  touch(customer: Customer, nowMs: number): void {
    const previousMs = this.#updatedStamp(customer);
    customer.updatedAtMs = this.stamp(nowMs);
    this.updated.append(customer, previousMs);
  }

  /** Gives a customer the source ID it lacked; nobody else may hold it. */
  adopt(customer: Customer, sourceId: string): void {
    customer.sourceId = sourceId;
    this.#bySourceId.set(sourceId, customer);
    this.membership += 1;
  }

  /** Soft: kept aside under a renamed source ID, which frees the old one (the `customer.deleted` example). Else forgotten. */
  remove(customer: Customer, nowMs: number, soft: boolean): void {
    this.#byId.delete(customer.id);
    if (customer.sourceId !== undefined) this.#bySourceId.delete(customer.sourceId);
    customer.gone = true;
    this.created.forget();
    if (this.#updatedStamp(customer) !== undefined) this.updated.forget();
    this.membership += 1;
    if (!soft) return;
    if (customer.sourceId !== undefined)
      customer.sourceId = `${customer.sourceId}_deleted${new Date(nowMs).toISOString()}`;
    this.#deleted.push(customer);
  }

  /** Source IDs held by more than one live customer, by looking at each of them. */
  duplicates(): string[] {
    const seen = new Set<string>();
    const twice = new Set<string>();
    for (const { sourceId } of this.all()) {
      if (sourceId === undefined) continue;
      if (seen.has(sourceId)) twice.add(sourceId);
      seen.add(sourceId);
    }
    return [...twice];
  }

  snapshot(): TruthSnapshot {
    return {
      customers: Array.from(this.all(), store),
      deleted: this.#deleted.map(store),
      ids_given: this.#idsGiven,
      last_stamp_ms: this.#lastStampMs,
    };
  }

  restore(snapshot: TruthSnapshot): void {
    const customers = snapshot.customers.map(unstore);
    this.#byId = new Map(customers.map((customer) => [customer.id, customer]));
    this.#bySourceId = new Map();
    for (const customer of customers)
      if (customer.sourceId !== undefined) this.#bySourceId.set(customer.sourceId, customer);
    this.#deleted = snapshot.deleted.map(unstore);
    for (const customer of this.#deleted) customer.gone = true;
    this.#idsGiven = snapshot.ids_given;
    this.#lastStampMs = snapshot.last_stamp_ms;
    this.#stampUses = Number.POSITIVE_INFINITY;
    this.membership += 1;
    this.#startTimelines();
    for (const customer of customers) this.created.append(customer, undefined);
    const updated = customers.filter((customer) => this.#updatedStamp(customer) !== undefined);
    updated.sort((a, b) => this.#updatedStamp(a)! - this.#updatedStamp(b)!);
    for (const customer of updated) this.updated.append(customer, undefined);
  }

  #startTimelines(): void {
    this.created = new Timeline((customer) => customer.createdAtMs);
    this.updated = new Timeline((customer) => this.#updatedStamp(customer));
  }

  #updatedStamp(customer: Customer): number | undefined {
    if (this.#options.neverUpdated !== 'as-created') return customer.updatedAtMs;
    return customer.updatedAtMs ?? customer.createdAtMs;
  }
}

// The parts of a customer are replaced, never changed, so a snapshot may share them.
function store(customer: Customer): StoredCustomer {
  const { sourceId, createdAtMs, updatedAtMs, gone: _, ...rest } = customer;
  const stored = { ...rest, created_at_ms: createdAtMs } as StoredCustomer;
  if (sourceId !== undefined) stored.source_id = sourceId;
  if (updatedAtMs !== undefined) stored.updated_at_ms = updatedAtMs;
  return stored;
}

function unstore(stored: StoredCustomer): Customer {
  const { id, source_id, created_at_ms, updated_at_ms, ...rest } = stored;
  return Object.assign(new Customer(id, source_id, created_at_ms), rest, { updatedAtMs: updated_at_ms });
}
