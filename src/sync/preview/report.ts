// Differences of customers, grouped for a person: by field and by kind, with counts and a few samples, and what writing
// them would cost. Memory stays flat however many there are. It knows no rows.

import type { Destination, Fields, Json, JsonObject } from '../../connector.ts';
import type { Differences as DifferenceReport, Group } from '../../contract/preview.ts';
import { sameJson } from '../../customer/json.ts';
import { counted, number } from '../../words.ts';
import { intentOf, isPartial, type Sending } from '../deliver/difference.ts';
import { maxSingles } from '../deliver/route.ts';
import { BlastRadiusCount, fieldsAfter } from '../intake/blast-radius.ts';
import type { Rules } from '../intake/rules.ts';

export type Sample = Group['samples'][number];
export type FieldDifferences = DifferenceReport['fields'][number];
export type Payload = DifferenceReport['writes']['payloads'][number];
export type Calls = DifferenceReport['writes']['calls'];

/** A customer as it is and as it would be. */
export interface Difference {
  sourceId: string;
  /** Null: it would be new. */
  before: Fields | null;
  after: { fields: Fields; dropped: string[]; revision: number };
  wasOrphaned: boolean;
  orphaned: boolean;
  /** A person refused to let it go though all its records left it. */
  deletionRefused: boolean;
  acknowledged: Fields | null;
}

type Sent = { action: 'write'; payload: JsonObject; fields: Fields } | { action: 'remove' | 'erase' };

const maxKinds = 1000;

const maxKindsShown = 50;

const maxClauses = 12;

const samplesDefault = 5;

export const noGroup = (): Group => ({ count: 0, samples: [] });

export class Differences {
  readonly #sending: Sending;
  readonly #samples: number;
  /** So many of the first payloads, or those of these customers. */
  readonly #wanted: number | ReadonlySet<string>;
  readonly #fields = new Map<string, FieldDifferences>();
  readonly #kinds = new Map<string, { count: number; sourceIds: string[] }>();
  readonly #payloads: Payload[] = [];
  readonly #cost: Cost;
  readonly #segments: BlastRadiusCount;
  readonly #customers = { differing: 0, created: noGroup(), orphaned: noGroup(), returned: noGroup() };
  looked = 0;

  /** `rules`: those by which the customers would be as they would be. */
  constructor(
    sending: Sending,
    rules: Pick<Rules, 'segments' | 'owns'>,
    options: { samples?: number; payloads?: number | readonly string[] } = {},
  ) {
    this.#sending = sending;
    this.#segments = new BlastRadiusCount(rules.segments, rules.owns, options.samples);
    this.#samples = options.samples ?? samplesDefault;
    const { payloads = 0 } = options;
    this.#wanted = typeof payloads === 'number' ? payloads : new Set(payloads);
    this.#cost = new Cost(sending);
  }

  /** Counts one into a group and keeps it as a sample while there is room. */
  put(group: Group, sample: Sample): void {
    group.count += 1;
    if (group.samples.length < this.#samples) group.samples.push(sample);
  }

  /** This customer was looked at; `null`: it stays as it is. */
  add(sourceId: string, difference: Difference | null): void {
    this.looked += 1;
    const kinds = difference === null ? [] : this.#group(difference);
    const sent = difference === null || kinds.length === 0 ? null : this.#sent(difference);
    if (sent?.action === 'write') this.#cost.write(sent.payload, sent.fields);
    else if (sent !== null) this.#cost.remove();
    if (difference !== null && sent !== null) this.#move(difference);
    this.#keepPayload(sourceId, sent?.action === 'write' ? sent.payload : null);
  }

  #group({ sourceId, before, after, wasOrphaned, orphaned }: Difference): string[] {
    if (before === null) {
      this.put(this.#customers.created, { sourceId });
      return ['new'];
    }
    const kinds = this.#fieldKinds(sourceId, before, after.fields);
    if (orphaned && !wasOrphaned) {
      this.put(this.#customers.orphaned, { sourceId });
      kinds.push('no record speaks of them any more');
    }
    if (wasOrphaned && !orphaned) {
      this.put(this.#customers.returned, { sourceId });
      kinds.push('a record speaks of them again');
    }
    if (kinds.length === 0) return kinds;
    this.#customers.differing += 1;
    this.#countKind(kinds.join(', '), sourceId);
    return kinds;
  }

  #fieldKinds(sourceId: string, before: Fields, after: Fields): string[] {
    const kinds: string[] = [];
    for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const [from, to] = [before[field], after[field]] as (Json | undefined)[];
      // Absent and null differ in our rows, but not at the destination.
      if (sameJson(from ?? null, to ?? null)) continue;
      const kind = from == null ? 'set' : to === undefined ? 'dropped' : to === null ? 'cleared' : 'changed';
      const sample = { sourceId, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
      this.put(this.#field(field)[kind], sample);
      kinds.push(`${field} ${kind === 'changed' ? 'changes' : `is ${kind}`}`);
    }
    return kinds.sort();
  }

  #field(field: string): FieldDifferences {
    let known = this.#fields.get(field);
    if (!known) {
      known = { field, set: noGroup(), changed: noGroup(), cleared: noGroup(), dropped: noGroup() };
      this.#fields.set(field, known);
    }
    return known;
  }

  #countKind(sentence: string, sourceId: string): void {
    let known = this.#kinds.get(sentence);
    if (!known) {
      // Values of functions may differ without end: then the rest is counted together.
      const name = this.#kinds.size < maxKinds ? sentence : 'other differences';
      known = this.#kinds.get(name) ?? { count: 0, sourceIds: [] };
      this.#kinds.set(name, known);
    }
    known.count += 1;
    if (known.sourceIds.length < this.#samples) known.sourceIds.push(sourceId);
  }

  #sent({ sourceId, after, orphaned, deletionRefused, acknowledged }: Difference): Sent | null {
    const { destination, settings } = this.#sending;
    const gone = orphaned && !deletionRefused;
    const { action, sent } = intentOf(
      { ...after, sourceId, gone, withheld: false, acknowledged },
      false,
      this.#sending,
    );
    if (action === 'remove' || action === 'erase') return { action };
    if (action === 'none' || sent === null) return null;
    return { action: 'write', payload: destination.payload(sourceId, sent, settings), fields: sent };
  }

  #move({ sourceId, after: { fields }, orphaned, deletionRefused, acknowledged }: Difference): void {
    const gone = orphaned && !deletionRefused;
    const after = fieldsAfter({ fields, gone, acknowledged }, this.#sending.onOrphaned);
    this.#segments.add({ sourceId, before: acknowledged, after });
  }

  #keepPayload(sourceId: string, payload: JsonObject | null): void {
    const wanted =
      typeof this.#wanted === 'number'
        ? payload !== null && this.#payloads.length < this.#wanted
        : this.#wanted.has(sourceId);
    if (wanted) this.#payloads.push({ sourceId, payload });
  }

  report(): Omit<DifferenceReport, 'differs' | 'notes'> {
    const fields = [...this.#fields.values()].sort((a, b) => sum(b) - sum(a) || (a.field < b.field ? -1 : 1));
    const kinds = [...this.#kinds]
      .map(([sentence, { count, sourceIds }]) => ({
        sentence: `${counted(count, 'customer')}: ${sentence}`,
        count,
        sourceIds,
      }))
      .sort((a, b) => b.count - a.count)
      .slice(0, maxKindsShown);
    return {
      summary: summaryOf(fields, this.#customers),
      customers: { looked: this.looked, ...this.#customers },
      fields,
      kinds,
      segments: this.#segments.report(),
      writes: { ...this.#cost.written, calls: this.#cost.calls(), payloads: this.#payloads },
    };
  }
}

/** How many calls the writes would take, by the bounds that deliveries keep. */
class Cost {
  readonly traits: ReturnType<Destination<unknown>['traits']>;
  readonly #sending: Sending;
  readonly written = { customers: 0, removed: 0, payloadBytes: 0 };
  #bulk = 0;
  #inBulk = { records: 0, bytes: 0 };
  readonly #reads = { single: 0, bulk: 0 };

  constructor(sending: Sending) {
    this.#sending = sending;
    this.traits = sending.destination.traits(sending.settings);
  }

  write(payload: JsonObject, fields: Fields): void {
    const bytes = Buffer.byteLength(JSON.stringify(payload));
    this.written.customers += 1;
    this.written.payloadBytes += bytes;
    const readsFirst = this.traits.partialWrites === 'replace' && this.#sending.destination.preserve;
    for (const by of ['single', 'bulk'] as const)
      if (readsFirst && isPartial(fields, this.#sending, by)) this.#reads[by] += 1;
    const { bulk } = this.traits;
    if (bulk === null) return;
    const { records, bytes: full } = this.#inBulk;
    const isFull = records === bulk.maxRecords || full + bytes + 1 > bulk.maxBytes;
    if (records === 0 || isFull) {
      this.#bulk += 1;
      this.#inBulk = { records: 0, bytes: 2 };
    }
    this.#inBulk.records += 1;
    this.#inBulk.bytes += bytes + 1;
  }

  /** Taken away, one call each. */
  remove(): void {
    this.written.removed += 1;
  }

  calls(): Calls {
    const { customers, removed } = this.written;
    const singles = this.traits.bulk === null || customers <= maxSingles;
    const single = removed + (singles ? customers : 0);
    const bulk = singles ? 0 : this.#bulk;
    const reads = this.#reads[singles ? 'single' : 'bulk'];
    return { single, bulk, reads, total: single + bulk + reads };
  }
}

// ── In words ────────────────────────────────────────────────────────────────────────────────────────────────────

const sum = ({ set, changed, cleared, dropped }: FieldDifferences) =>
  set.count + changed.count + cleared.count + dropped.count;

/** `1,204 customers: phone changes; 3 lose birthdate` */
function summaryOf(
  fields: readonly FieldDifferences[],
  { created, orphaned, returned }: { created: Group; orphaned: Group; returned: Group },
): string {
  const clauses = [
    ...fields.flatMap(({ field, changed, cleared, dropped, set }) => [
      { count: changed.count, words: () => `: ${field} changes` },
      {
        count: cleared.count + dropped.count,
        words: (one: boolean) => ` ${one ? 'loses' : 'lose'} ${field}`,
      },
      { count: set.count, words: (one: boolean) => ` ${one ? 'gains' : 'gain'} ${field}` },
    ]),
    { count: orphaned.count, words: (one: boolean) => ` ${one ? 'is' : 'are'} left by all records` },
    { count: returned.count, words: (one: boolean) => ` ${one ? 'comes' : 'come'} back` },
    {
      count: created.count,
      words: (one: boolean) => ` would be ${one ? 'a new customer' : 'new customers'}`,
    },
  ]
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
  if (clauses.length === 0) return 'No customer would change.';
  const said = clauses.slice(0, maxClauses).map(({ count, words }, index) => {
    const isNew = count === created.count && words(count === 1).includes('new customer');
    const subject = index === 0 && !isNew ? counted(count, 'customer') : number(count);
    return `${subject}${words(count === 1)}`;
  });
  const more = clauses.length - maxClauses;
  return `${said.join('; ')}${more > 0 ? `; and ${more} more differences` : ''}`;
}
