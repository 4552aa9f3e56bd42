// What a proposed mapping and merge would make of the stored records, against the customers as they are. It reads by
// keyset, a thousand customers at a time, holds no transaction and writes nothing.
import type { Fields, Json } from '../../connector.ts';
import type { Group, Preview } from '../../contract/preview.ts';
import { noOverrides, type Overrides } from '../../customer/undo.ts';
import type { Queryable } from '../../db/database.ts';
import { type PreviewedCustomer, previewedCustomersAfter } from '../../tables/acknowledgements.ts';
import { existingCustomers, foldOne } from '../../tables/customers.ts';
import { overridesOf } from '../../tables/pins.ts';
import {
  type PreviewedRecord,
  previewedRecords,
  type StandingRecord,
  strayRecordsAfter,
} from '../../tables/records.ts';
import type { Sending } from '../deliver/difference.ts';
import { goodOfBefore, type Mapped, mapAgain } from '../intake/mapped.ts';
import type { Rules } from '../intake/rules.ts';
import { Differences, noGroup } from './report.ts';

const pageCustomers = 1000;

export interface PreviewOptions {
  present: Rules;
  proposed: Rules;
  sending: Sending;
  /** Of each group so many are named. Default 5. */
  samples?: number;
  /** So many of the first payloads, or those of these source IDs. */
  payloads?: number | readonly string[];
  signal?: AbortSignal;
}

export async function preview(db: Queryable, options: PreviewOptions): Promise<Preview> {
  const looking = new PreviewRunner(db, options);
  for (let last: string | null = null; ; ) {
    options.signal?.throwIfAborted();
    const page: PreviewedCustomer[] = await previewedCustomersAfter(db, last, pageCustomers);
    if (page.length > 0) await looking.customers(page);
    if (page.length < pageCustomers) break;
    last = page.at(-1)!.sourceId;
  }
  for (let last: PreviewedRecord | null = null; ; ) {
    options.signal?.throwIfAborted();
    const page: PreviewedRecord[] = await strayRecordsAfter(db, last, pageCustomers);
    if (page.length > 0) await looking.strays(page);
    if (page.length < pageCustomers) break;
    last = page.at(-1)!;
  }
  return looking.report();
}

interface Remapped {
  stored: PreviewedRecord;
  next: Mapped;
}

class PreviewRunner {
  readonly #db: Queryable;
  readonly #options: PreviewOptions;
  readonly #differences: Differences;
  readonly #records = {
    looked: 0,
    filtered: noGroup(),
    letIn: noGroup(),
    moved: noGroup(),
    staying: noGroup(),
    joined: noGroup(),
  };
  readonly #faults = new Map<string, Preview['faults'][number]>();
  /** By source: properties that only the proposal reads and that no body has had so far. */
  readonly #unread: Map<string, Set<string>>;

  constructor(db: Queryable, options: PreviewOptions) {
    this.#db = db;
    this.#options = options;
    const { present, proposed } = options;
    // What only the present mapping supplies is withdrawn by the proposed one.
    const owns = (field: string) => present.owns(field) || proposed.owns(field);
    this.#differences = new Differences(options.sending, { segments: present.segments, owns }, options);
    this.#unread = new Map(
      options.proposed.sources.flatMap((source) => {
        const present = options.present.source(source.name);
        const fresh = source.properties.filter((name) => !present?.properties.includes(name));
        return present ? [[source.name, new Set(fresh)]] : [];
      }),
    );
  }

  /** One page of customers with all their records. */
  async customers(page: readonly PreviewedCustomer[]): Promise<void> {
    const ids = page.map(({ sourceId }) => sourceId);
    const stored = await previewedRecords(this.#db, ids);
    const overrides = await overridesOf(this.#db, ids);
    const remapped = stored.map((row) => this.#remap(row));
    await this.#arrivals(remapped.filter(({ stored, next }) => hasMoved(stored, next)));
    const byCustomer = Map.groupBy(remapped, ({ stored }) => stored.sourceId);
    for (const customer of page) {
      const own = (byCustomer.get(customer.sourceId) ?? []).filter(
        ({ next }) => next.sourceId === customer.sourceId,
      );
      this.#lookAt(customer, own, overrides.get(customer.sourceId) ?? noOverrides);
    }
  }

  /** One page of records that speak of no customer so far. */
  async strays(page: readonly PreviewedRecord[]): Promise<void> {
    await this.#arrivals(page.map((row) => this.#remap(row)));
  }

  #lookAt(customer: PreviewedCustomer, remapped: readonly Remapped[], overrides: Overrides): void {
    const { sourceId } = customer;
    const records = standing(this.#options.proposed, remapped, sourceId, customer.fields);
    const next = foldOne(sourceId, customer, records, overrides, this.#options.proposed.fold);
    this.#differences.add(
      sourceId,
      next && {
        sourceId,
        before: customer.fields,
        after: next,
        wasOrphaned: customer.orphaned,
        orphaned: next.orphaned,
        deletionRefused: customer.deletionRefused,
        acknowledged: customer.acknowledged,
      },
    );
  }

  /** Records that would come to a customer they have not spoken of: a new one, or one that is there. */
  async #arrivals(remapped: readonly Remapped[]): Promise<void> {
    const coming = remapped.filter(
      ({ stored, next }) =>
        next.filtered === null && next.sourceId !== null && !stored.deleted && stored.mergedInto === null,
    );
    if (coming.length === 0) return;
    const byTarget = Map.groupBy(coming, ({ next }) => next.sourceId!);
    const known = await existingCustomers(this.#db, [...byTarget.keys()]);
    for (const [sourceId, group] of byTarget) {
      if (known.has(sourceId)) {
        for (const { stored } of group)
          this.#differences.put(this.#records.joined, { sourceId, from: nameOf(stored) });
        continue;
      }
      const records = standing(this.#options.proposed, group, sourceId, {});
      const next = foldOne(sourceId, undefined, records, noOverrides, this.#options.proposed.fold);
      if (next === null) continue;
      const rest = {
        wasOrphaned: false,
        orphaned: next.orphaned,
        deletionRefused: false,
        acknowledged: null,
      };
      this.#differences.add(sourceId, { sourceId, before: null, after: next, ...rest });
    }
  }

  /** What the record would be, counted. */
  #remap(stored: PreviewedRecord): Remapped {
    const source = this.#options.proposed.source(stored.source);
    if (!source || stored.hash === '') return { stored, next: { ...stored, named: null, newlyFaulty: [] } };
    this.#records.looked += 1;
    const next = mapAgain(source, stored);
    this.#noteProperties(stored);
    this.#noteIdentity(stored, next);
    this.#noteFaults(stored, next);
    return { stored, next };
  }

  #noteProperties({ source, body }: PreviewedRecord): void {
    const unread = this.#unread.get(source);
    if (unread) for (const name of unread) if (Object.hasOwn(body, name)) unread.delete(name);
  }

  #noteIdentity(stored: PreviewedRecord, next: Mapped): void {
    const { put } = this.#differences;
    const sourceId = stored.sourceId ?? next.sourceId ?? nameOf(stored);
    const records = this.#records;
    const count = (group: Group, to: Json, from?: Json) =>
      put.call(this.#differences, group, { sourceId, to, ...(from !== undefined && { from }) });
    if (hasMoved(stored, next)) count(records.moved, next.sourceId, stored.sourceId);
    else if (next.named !== null && next.named !== next.sourceId) count(records.staying, next.named);
    if (stored.filtered === null && next.filtered !== null) count(records.filtered, next.filtered);
    if (stored.filtered !== null && next.filtered === null)
      count(records.letIn, next.sourceId, stored.filtered);
  }

  #noteFaults(stored: PreviewedRecord, next: Mapped): void {
    const before = new Map(stored.faults?.map(({ field, reason }) => [field, reason]));
    const after = new Map(next.faults?.map(({ field, reason }) => [field, reason]));
    const sourceId = next.sourceId ?? nameOf(stored);
    for (const [field, reason] of after)
      if (!before.has(field)) {
        const group = this.#faultsOf(stored.source, field).newlyFaulty;
        this.#differences.put(group, { sourceId, from: nameOf(stored), to: reason });
      }
    for (const field of before.keys())
      if (!after.has(field)) {
        const group = this.#faultsOf(stored.source, field).noLongerFaulty;
        this.#differences.put(group, { sourceId, from: nameOf(stored) });
      }
  }

  #faultsOf(source: string, field: string): Preview['faults'][number] {
    const key = `${source}\n${field}`;
    let known = this.#faults.get(key);
    if (!known) {
      known = { source, field, newlyFaulty: noGroup(), noLongerFaulty: noGroup() };
      this.#faults.set(key, known);
    }
    return known;
  }

  report(): Preview {
    const { present, proposed } = this.#options;
    const report = this.#differences.report();
    const records = this.#records;
    const unread = [...this.#unread].flatMap(([source, names]) =>
      names.size > 0 && !isWrittenInto(proposed, source) ? [{ source, properties: [...names].sort() }] : [],
    );
    const names = (rules: Rules) => rules.sources.map(({ name }) => name);
    const sources = {
      added: names(proposed).filter((name) => !present.source(name)),
      removed: names(present).filter((name) => !proposed.source(name)),
    };
    const { differing, created } = report.customers;
    const differs =
      differing + created.count + this.#faults.size + unread.length > 0 ||
      [records.filtered, records.letIn, records.moved, records.joined].some(({ count }) => count > 0);
    const notes = notesOf({ records, unread, sources });
    return { ...report, differs, records, faults: [...this.#faults.values()], unread, sources, notes };
  }
}

/** A source that is read from files: no full sync of ours brings what a file did not have. */
function isWrittenInto(rules: Rules, source: string): boolean {
  return rules.source(source)?.isAsked === false;
}

function notesOf({ records, unread, sources }: Pick<Preview, 'records' | 'unread' | 'sources'>): string[] {
  return [
    ...unread.map(
      ({ source, properties }) =>
        `${source}: no stored record has ${properties.join(', ')}: this needs a full sync to have any effect; one is asked for by itself.`,
    ),
    ...sources.added.map((name) => `${name} has not been read yet: what it would bring is not shown.`),
    ...sources.removed.map(
      (name) => `${name} would no longer be configured: what it contributes is withdrawn.`,
    ),
    ...(records.staying.count > 0
      ? [
          'A source ID is sticky: records that name another one now stay with their customer. The policy "follow" would move them.',
        ]
      : []),
    ...(records.moved.count > 0
      ? [
          'Customers that records move to are shown by the thousand that is looked at together: one that records of several such parts move to is counted with each.',
        ]
      : []),
    ...(records.joined.count > 0
      ? ['What records bring to customers they join is not among the differences by field.']
      : []),
  ];
}

function hasMoved(stored: PreviewedRecord, next: Mapped): boolean {
  return stored.sourceId !== null && stored.sourceId !== next.sourceId;
}

function nameOf({ source, stream, recordId }: PreviewedRecord): string {
  return `${source} ${stream} ${recordId}`;
}

/** The records as they would speak of this customer, each with the last good value of what fails. */
function standing(
  rules: Rules,
  remapped: readonly Remapped[],
  sourceId: string,
  customer: Fields,
): StandingRecord[] {
  const speaking = remapped.filter(({ next }) => next.filtered === null);
  const records = speaking.map(({ stored, next }) => ({ ...stored, sourceId, good: next.good }));
  const good = speaking.map(({ next }, index) =>
    next.newlyFaulty.length > 0
      ? goodOfBefore(rules, records[index]!, next.newlyFaulty, records, customer)
      : next.good,
  );
  return records.map((record, index) => ({ ...record, good: good[index]! }));
}
