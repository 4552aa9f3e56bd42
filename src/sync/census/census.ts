// What others own of the destination's customers, known before they are written: all are listed once where that is cheaper
// than to read each before its write, and who has changed since is asked for in pages. What is not known is read singly.
import {
  type Context,
  type Destination,
  type DestinationCustomer,
  type Fields,
  type Json,
  type ShownCustomer,
  TransientError,
} from '../../connector.ts';
import { type Database, jsonText, type Queryable } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Log } from '../../engine/log/log.ts';
import {
  advanceCensus,
  type CensusRow,
  censusOf,
  claimCensus,
  dropOtherCensuses,
  keepCensus,
  releaseCensus,
} from '../../tables/destination-censuses.ts';
import {
  countKnown,
  forgetAllParts,
  keepParts,
  partsOf,
  type ShownParts,
} from '../../tables/destination-customers.ts';
import { isListWorthwhile, minLooked, pagesOf, planLook } from './reading-plan.ts';

const leaseMs = 120_000;
/** Changes are asked for from so long before the last look on: clocks differ, and lists show a write a little late. */
const overlapMs = 60_000;
/** A walk that meets so many more pages than were counted has no end. */
const maxPagesBeyond = 20;
/** While our own customers are being created, a count may be of another moment than what is known here. */
const maxCounts = 3;

export interface CensusDeps {
  database: Database;
  clock: Clock;
  log: Log;
  destination: Destination<unknown>;
  /** Of the destination: another account is another project. */
  account: string;
  newLease(): string;
  /** Which of these were erased: nothing of them is kept. No erasure commits before the transaction ends. */
  erased(tx: Queryable, sourceIds: readonly string[]): Promise<(sourceId: string) => boolean>;
}

/**
 * `known`: changes since can be asked for. `reading`: there is more to list; `elsewhere`: by another worker. `declined`:
 * customers are read one by one.
 */
export type CensusReadiness = 'known' | 'reading' | 'elsewhere' | 'declined';

/** A customer that is about to be written. */
export interface Wanted {
  sourceId: string;
  /** The destination has acknowledged it, or an attempt may have arrived. */
  sent: boolean;
}

/** By source ID what the destination holds; null: it has no such customer. Those left out are to be read. */
export type ReadCustomers = ReadonlyMap<string, DestinationCustomer | null>;

const nothing: ReadCustomers = new Map();

type Page = { customers: ShownCustomer[]; cursor: Json; done: boolean; total?: number };

export class Census {
  readonly #deps: CensusDeps;

  constructor(deps: CensusDeps) {
    this.#deps = deps;
  }

  /** Whether the destination can be asked in pages at all. */
  get isPossible(): boolean {
    return this.#deps.destination.readBack?.changes !== undefined;
  }

  /**
   * Lists a page of all customers, where that is not done yet and worth it. `waiting`: how many are to be written and would
   * be read before. Throws what the call throws.
   */
  async advance(context: () => Context<unknown>, waiting: number): Promise<CensusReadiness> {
    const { database, clock, account, newLease } = this.#deps;
    if (!this.isPossible) return 'declined';
    const row = await censusOf(database, account);
    if (row?.state === 'listed') return 'known';
    if (waiting < minLooked) return 'declined';
    const isDeclined = row?.state === 'declined' && row.total !== null;
    if (isDeclined && !isListWorthwhile({ total: row.total!, waiting })) return 'declined';
    const lease = newLease();
    const claimed = await claimCensus(database, account, { lease, now: clock.now(), leaseMs });
    if (claimed === null) return 'elsewhere';
    try {
      return await this.#list(context, { row: claimed, lease, waiting });
    } catch (error) {
      await releaseCensus(database, account, lease);
      throw error;
    }
  }

  async #list(
    context: () => Context<unknown>,
    { row, lease, waiting }: { row: CensusRow; lease: string; waiting: number },
  ): Promise<CensusReadiness> {
    const { database, clock, log, account, destination } = this.#deps;
    const isFirst = row.cursor === null;
    const readAt = clock.now();
    const page = await destination.readBack!.list.page(context(), row.cursor);
    if (isFirst && page.done && page.customers.length === 0) await this.#confirmEmpty(context);
    const total = page.total ?? row.total;
    const isWorthwhile = page.done || (total !== null && isListWorthwhile({ total, waiting }));
    const state = page.done ? 'listed' : isFirst && !isWorthwhile ? 'declined' : 'listing';
    const next: CensusRow = {
      ...row,
      state,
      total: isFirst ? total : row.total,
      cursor: state === 'listing' ? page.cursor : null,
      nameless: (isFirst ? 0 : row.nameless) + namelessIn(page.customers),
      ...(isFirst && { createdSince: readAt, updatedSince: readAt }),
    };
    const kept = await database.transaction(async (tx) => {
      if (isFirst) {
        await forgetAllParts(tx);
        await dropOtherCensuses(tx, account);
      }
      if (state !== 'declined') await this.#keep(tx, page.customers, readAt);
      return keepCensus(tx, account, lease, next);
    });
    if (!kept) return 'elsewhere';
    if (state === 'listed')
      log.info({ customers: next.total }, 'it is known what customers the destination holds');
    return state === 'listed' ? 'known' : state === 'listing' ? 'reading' : 'declined';
  }

  /** One empty page may be somebody else's, or late. Throws where another list is not empty as well. */
  async #confirmEmpty(context: () => Context<unknown>): Promise<void> {
    const { changes } = this.#deps.destination.readBack!;
    const { customers, total = 0 } = await changes!.page(context(), { by: 'created', since: 0 }, null);
    if (customers.length === 0 && total === 0) return;
    throw new TransientError('The list of all customers is empty, and another one is not', { foreign: true });
  }

  /**
   * What the destination holds of these now, as far as pages can tell it with fewer calls than reading each. Throws what the
   * calls throw.
   */
  async lookUp(context: () => Context<unknown>, wanted: readonly Wanted[]): Promise<ReadCustomers> {
    const { database, account } = this.#deps;
    if (!this.isPossible || wanted.length < minLooked) return nothing;
    const row = await censusOf(database, account);
    if (row?.state !== 'listed') return nothing;
    const ids = wanted.map(({ sourceId }) => sourceId);
    const shown = await partsOf(database, ids);
    const existing = wanted.filter(({ sourceId, sent }) => sent || shown.has(sourceId));
    const created = await this.#first(context, 'created', row.createdSince);
    const updated = existing.length === 0 ? null : await this.#first(context, 'updated', row.updatedSince);
    if (created.total === null || (updated !== null && updated.total === null)) return nothing;
    const plan = planLook({
      existing: existing.length,
      fresh: wanted.length - existing.length,
      created: created.total,
      updated: updated?.total ?? 0,
    });
    const isCreatedKnown =
      plan.created === 'list'
        ? await this.#walk(context, created)
        : plan.created === 'count' && (await this.#count(context, created, wanted.length));
    if (!isCreatedKnown) return nothing;
    const isUpdatedKnown =
      plan.updated === 'list' && (updated === null || (await this.#walk(context, updated)));
    return this.#knownOf(ids, new Set(isUpdatedKnown ? [] : existing.map(({ sourceId }) => sourceId)));
  }

  /** `unsure`: those that may have changed since they were read. */
  async #knownOf(ids: readonly string[], unsure: ReadonlySet<string>): Promise<ReadCustomers> {
    const shown = await partsOf(this.#deps.database, ids);
    const known = new Map<string, DestinationCustomer | null>();
    for (const sourceId of ids) {
      const parts = shown.get(sourceId);
      if (unsure.has(sourceId) || parts?.fields === null) continue;
      known.set(
        sourceId,
        parts ? { sourceId, id: '', fields: ofOthers({ ...parts, fields: parts.fields }) } : null,
      );
    }
    return known;
  }

  async #first(context: () => Context<unknown>, by: By, since: number): Promise<Look> {
    const { clock, destination } = this.#deps;
    const at = clock.now();
    const from = since - overlapMs;
    const page = await destination.readBack!.changes!.page(context(), { by, since: from }, null);
    return { by, from, at, page, total: page.total ?? (page.done ? page.customers.length : null) };
  }

  /** Keeps what the first page shows, and the others. True where all were read. */
  async #walk(context: () => Context<unknown>, { by, from, at, page: first, total }: Look): Promise<boolean> {
    const { database, clock, account, destination } = this.#deps;
    let page = first;
    let readAt = at;
    for (let pages = 1; ; pages += 1) {
      const shown = page.customers;
      await database.transaction((tx) => this.#keep(tx, shown, readAt));
      if (page.done) break;
      if (pages > pagesOf(total ?? 0) * 2 + maxPagesBeyond) return false;
      readAt = clock.now();
      page = await destination.readBack!.changes!.page(context(), { by, since: from }, page.cursor);
    }
    await advanceCensus(database, account, { [`${by}Since`]: at });
    return true;
  }

  /**
   * Whether there are just as many customers as we know: then there is none that we do not know. Where there are not, even when
   * they are counted again, the created ones are listed as long as that costs no more than to read those wanted, and what is left has no source ID.
   */
  async #count(context: () => Context<unknown>, look: Look, wanted: number): Promise<boolean> {
    const { database, account, destination } = this.#deps;
    const row = await censusOf(database, account);
    if (row === null) return false;
    let total = 0;
    for (let counts = 0; counts < maxCounts; counts += 1) {
      const page = await destination.readBack!.list.page(context(), null);
      if (page.total === undefined) return false;
      total = page.total;
      if (total === row.nameless + (await countKnown(database))) {
        await advanceCensus(database, account, { createdSince: look.at });
        return true;
      }
    }
    if (pagesOf(look.total ?? 0) > wanted || !(await this.#walk(context, look))) return false;
    await advanceCensus(database, account, { nameless: total - (await countKnown(database)) });
    return true;
  }

  async #keep(tx: Queryable, customers: readonly ShownCustomer[], readAt: number): Promise<void> {
    const named = customers.flatMap(({ sourceId, fields }): ShownParts[] =>
      sourceId === null ? [] : [{ sourceId, fields: keepable(fields) }],
    );
    const isErased = await this.#deps.erased(
      tx,
      named.map(({ sourceId }) => sourceId),
    );
    await keepParts(
      tx,
      named.filter(({ sourceId }) => !isErased(sourceId)),
      readAt,
    );
  }
}

type By = 'created' | 'updated';

/** The first page of a look. `at`: when it was asked for; `from`: since when. */
interface Look {
  by: By;
  from: number;
  at: number;
  page: Page;
  total: number | null;
}

function namelessIn(customers: readonly ShownCustomer[]): number {
  return customers.filter(({ sourceId }) => sourceId === null).length;
}

/** Null where the database would not give it back as it is: it knows no NUL and no half of a surrogate pair. */
function keepable(fields: Fields): Fields | null {
  const parts = Object.fromEntries(Object.entries(fields).filter(([field]) => field.includes('.')));
  return jsonText(parts) === JSON.stringify(parts) ? parts : null;
}

/** Of what was read before our last write was acknowledged, all that we write is ours by now. */
function ofOthers({
  fields,
  readAt,
  acknowledged,
  acknowledgedAt,
}: {
  fields: Fields;
  readAt: number;
  acknowledged: Fields | null;
  acknowledgedAt: number | null;
}): Fields {
  if (acknowledged === null || acknowledgedAt === null || readAt > acknowledgedAt) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([field]) => !Object.hasOwn(acknowledged, field)));
}
