// The first reading of facts from exports of the destination, where that is fewer calls: ordered, awaited, kept by customer, checked
// against customers read one by one, and deleted. An export that is refused, late, cut off or not borne out is not believed at
// all, and nobody is taken to have nothing because of it: then each customer is read.
import { isDeepStrictEqual } from 'node:util';
import {
  type Context,
  type FactExports,
  type FactReading,
  type Json,
  RejectedError,
} from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Endpoint } from '../../engine/http/endpoint.ts';
import type { Log } from '../../engine/log/log.ts';
import { failureOf, isRefusal, messageOf } from '../../engine/work/failures.ts';
import { type Backoff, backoffMs } from '../../engine/work/retry.ts';
import type { Next } from '../../engine/work/worker.ts';
import {
  dropAllExportedFacts,
  type ExportedFact,
  exportedFactsOf,
  keepExportedFacts,
  someExported,
} from '../../tables/exported-facts.ts';
import type { Suppressions } from '../../tables/suppressions.ts';
import { claimWalk, extendWalk, keepWalk, putOffWalk, type Walk, walkOf } from '../../tables/walks.ts';
import type { KnownFacts } from '../facts/keep-facts.ts';
import type { WriteBackRules } from '../facts/write-back-rules.ts';
import { checkedCustomers, type FactLoadPlan, planFactLoad } from './fact-load-plan.ts';
import type { FactReader } from './fact-reader.ts';

export const loadWalk = 'facts by export';

const leaseMs = 300_000;
const backoff: Backoff = { baseMs: 5_000, capMs: 60_000 };
/** The first reading waits for exports: so long at most, milliseconds. */
const maxMakingMs = 30 * 60_000;
const maxPollMs = 30_000;
/** What an export shows may be so much older than its order, milliseconds: it replaces nothing that was read since then. */
const maxAgeMs = 10 * 60_000;
/** How far the vendor's clock may be behind ours. */
const clocksDifferMs = 60_000;
const maxRemovals = 5;
const rowsAtOnce = 1_000;
/** A customer with more rows is read alone. */
const maxRowsEach = 1_000;

type Phase = 'ordering' | 'making' | 'loading' | 'checking' | 'removing';

/** Where a load stands, as it is kept. */
export interface Load {
  phase: Phase;
  plan: FactLoadPlan;
  /** When the first export was ordered, epoch milliseconds. */
  asOf: number;
  /** When the last one was. */
  orderedAt: number;
  /** Rows that there are to be at least, by kind. */
  counts: { [kind: string]: number | null };
  exports: { [kind: string]: string };
  loaded: string[];
  polls: number;
  removals: number;
  /** Why the exports are not believed. */
  declined: string | null;
}

/** Not worth it: there is no plan. */
type Cursor = Load | { plan: null };

export interface FactLoadDeps {
  database: Database;
  clock: Clock;
  log: Log;
  rules: WriteBackRules;
  suppressions: Suppressions | null;
  reader: FactReader;
  /** Of the destination. */
  endpoint: Endpoint;
  newLease(): string;
}

/** What has been loaded and is believed, or will be if nothing goes wrong. Null: each customer is read. */
export function usedLoad(walk: Pick<Walk, 'cursor' | 'endedAt'> | null): (Load & { isDone: boolean }) | null {
  const cursor = walk?.cursor as Cursor | null | undefined;
  if (!cursor?.plan || cursor.declined !== null) return null;
  return { ...cursor, isDone: walk!.endedAt !== null };
}

export class FactLoad {
  readonly #deps: FactLoadDeps;
  #failures = 0;
  /** Times in a row that a call for exports was refused. */
  #refusals = 0;

  constructor(deps: FactLoadDeps) {
    this.#deps = deps;
  }

  /** What is next before the first reading may begin. Null: nothing. */
  async step(signal: AbortSignal): Promise<Next | null> {
    const { database, clock, rules, newLease } = this.#deps;
    if (!rules.facts.exports) return null;
    const known = await walkOf(database, loadWalk);
    if (!known || known.endedAt !== null) return null;
    const held = { name: loadWalk, lease: newLease() };
    const walk = await claimWalk(database, { ...held, now: clock.now(), leaseMs });
    if (!walk) return { again: false, due: known.dueAt };
    const load = walk.cursor as Load | null;
    try {
      const next = load === null ? await this.#begin(signal) : await this.#advance(load, held, signal);
      this.#failures = 0;
      this.#refusals = 0;
      return await this.#keep(held, next);
    } catch (error) {
      if (signal.aborted) {
        await putOffWalk(database, held, clock.now());
        return { again: false, afterMs: 1_000 };
      }
      return this.#settleFailure(held, load, error, signal);
    }
  }

  /** Facts that exports tell of customers that were listed, as of before they were ordered. */
  async told(readings: readonly FactReading[]): Promise<KnownFacts[]> {
    const { database } = this.#deps;
    const load = usedLoad(await walkOf(database, loadWalk));
    if (!load?.isDone) return [];
    const ids = readings.flatMap(({ sourceId }) => sourceId ?? []);
    const rows = await exportedFactsOf(database, ids, maxRowsEach);
    return readings.flatMap((reading) => {
      const { sourceId } = reading;
      const own = sourceId === null ? undefined : rows.get(sourceId);
      if (sourceId === null || !own) return [];
      const at = load.asOf - maxAgeMs;
      return [{ sourceId, groups: this.#tell(load, reading, own), at, by: 'read' as const }];
    });
  }

  /** What exports showed of people is not kept any longer than for the first reading. */
  async clear(): Promise<void> {
    await dropAllExportedFacts(this.#deps.database);
  }

  #tell({ loaded }: Load, reading: FactReading, rows: readonly ExportedFact[]) {
    const byKind = Object.fromEntries(
      loaded.map((kind) => [kind, rows.filter((row) => row.kind === kind).map(({ value }) => value)]),
    );
    return this.#exports.tell(reading, byKind);
  }

  get #exports(): FactExports<unknown> {
    return this.#deps.rules.facts.exports!;
  }

  #context(signal: AbortSignal): Context<unknown> {
    return this.#deps.reader.context('backfill', signal);
  }

  async #keep(held: { name: string; lease: string }, next: Stood): Promise<Next> {
    const { database, clock } = this.#deps;
    const now = clock.now();
    const dueAt = next.isDone ? null : (next.dueAt ?? now);
    await keepWalk(database, held, {
      cursor: next.cursor as unknown as Json,
      endedAt: next.isDone ? now : null,
      dueAt,
    });
    return dueAt !== null && dueAt > now ? { again: false, due: dueAt } : { again: true };
  }

  /** What rows of an earlier load are left is of no use. */
  async #begin(signal: AbortSignal): Promise<Stood> {
    const { clock, rules, log } = this.#deps;
    await this.clear();
    const { total, readings: some } = await rules.facts.list.page(this.#context(signal), null);
    const known = total === undefined ? null : { customers: total, some };
    const plan = known && planFactLoad(rules.facts, rules.groups, known);
    if (!plan) return { cursor: { plan: null }, isDone: true };
    const now = clock.now();
    log.info({ exports: plan.kinds, customers: total }, 'the first reading of facts takes exports');
    return {
      cursor: {
        phase: 'ordering',
        plan,
        asOf: now,
        orderedAt: now,
        counts: {},
        exports: {},
        loaded: [],
        polls: 0,
        removals: 0,
        declined: null,
      },
    };
  }

  async #advance(load: Load, held: { name: string; lease: string }, signal: AbortSignal): Promise<Stood> {
    switch (load.phase) {
      case 'ordering':
        return this.#order(load, signal);
      case 'making':
        return this.#await(load, signal);
      case 'loading':
        return this.#load(load, held, signal);
      case 'checking':
        return this.#check(load, signal);
      case 'removing':
        return this.#remove(load, signal);
    }
  }

  /** One kind. It is counted first, so that what is added meanwhile can only make the file longer. */
  async #order(load: Load, signal: AbortSignal): Promise<Stood> {
    const kind = load.plan.kinds.find((one) => !Object.hasOwn(load.exports, one));
    if (kind === undefined) return { cursor: { ...load, phase: 'making' } };
    const count = await this.#exports.count(this.#context(signal), kind);
    const exportId = await this.#exports.begin(this.#context(signal), kind);
    return {
      cursor: {
        ...load,
        orderedAt: this.#deps.clock.now(),
        counts: { ...load.counts, [kind]: count },
        exports: { ...load.exports, [kind]: exportId },
      },
    };
  }

  async #await(load: Load, signal: AbortSignal): Promise<Stood> {
    const now = this.#deps.clock.now();
    for (const [kind, exportId] of Object.entries(load.exports)) {
      if (await this.#exports.poll(this.#context(signal), kind, exportId)) continue;
      if (now - load.orderedAt > maxMakingMs)
        return this.#decline(load, `an export was not made within ${maxMakingMs / 60_000} minutes`);
      const dueAt = now + Math.min(1_000 * 2 ** load.polls, maxPollMs);
      return { cursor: { ...load, polls: load.polls + 1 }, dueAt };
    }
    return { cursor: { ...load, phase: 'loading' } };
  }

  /** One file, whole. A file that is read again after a crash adds nothing. */
  async #load(load: Load, held: { name: string; lease: string }, signal: AbortSignal): Promise<Stood> {
    const { clock, database, endpoint } = this.#deps;
    const kind = load.plan.kinds.find((one) => !load.loaded.includes(one));
    if (kind === undefined) return { cursor: { ...load, phase: 'checking' } };
    const made = await this.#exports.poll(this.#context(signal), kind, load.exports[kind]!);
    if (!made) return { cursor: load, dueAt: clock.now() + 1_000 };
    const api = endpoint.api('backfill', { signal, discreet: true });
    const { bytes } = await api.download({ url: made.url });
    let [position, rows]: [number, ExportedFact[]] = [0, []];
    const keep = async () => {
      if (!(await extendWalk(database, held, clock.now() + leaseMs))) throw new TakenOver();
      await this.#keepRows(rows);
      rows = [];
    };
    for await (const { sourceId, value } of this.#exports.rows(bytes, kind)) {
      position += 1;
      if (sourceId !== null && value !== null) rows.push({ sourceId, kind, position, value });
      if (rows.length >= rowsAtOnce) await keep();
    }
    await keep();
    const least = load.counts[kind] ?? 0;
    if (position < least)
      return this.#decline(load, `the export of kind ${kind} has ${position} rows instead of ${least}`);
    return { cursor: { ...load, loaded: [...load.loaded, kind] } };
  }

  /** Of whom was erased nothing is kept. */
  async #keepRows(rows: readonly ExportedFact[]): Promise<void> {
    const { database, suppressions } = this.#deps;
    await database.transaction(async (tx) => {
      const erased = await suppressions?.known(tx, () => rows.map(({ sourceId }) => ({ sourceId })));
      await keepExportedFacts(
        tx,
        rows.filter(({ sourceId }) => !erased?.({ sourceId })),
      );
    });
  }

  /** Some that have rows and some that were listed are read: what is told of each has to be what is read. */
  async #check(load: Load, signal: AbortSignal): Promise<Stood> {
    const { database, rules } = this.#deps;
    const { facts, groups } = rules;
    const { readings } = await facts.list.page(this.#context(signal), null);
    const listed = readings.flatMap(({ sourceId }) => sourceId ?? []);
    const step = Math.max(Math.ceil(listed.length / (checkedCustomers / 2)), 1);
    const exported = await someExported(database, checkedCustomers / 2);
    const chosen = new Set([...exported, ...listed.filter((_, index) => index % step === 0)]);
    const rows = await exportedFactsOf(database, [...chosen], maxRowsEach);
    const [compared, showing] = [new Set<string>(), new Set<string>()];
    for (const [sourceId, own] of rows) {
      const found = await facts.read(this.#context(signal), sourceId, [...facts.list.groups, ...groups]);
      if (!found || found.sourceId !== sourceId) continue;
      const hidden = this.#exports.hidden(found);
      for (const group of load.plan.groups) if (!hidden.includes(group)) showing.add(group);
      for (const [group, value] of Object.entries(this.#tell(load, found, own))) {
        if (!Object.hasOwn(found.groups, group)) continue;
        if (!isDeepStrictEqual(found.groups[group], value))
          return this.#decline(load, `a customer read alone differs from the exports in "${group}"`);
        compared.add(group);
      }
    }
    const unproven = load.plan.groups.find((group) => showing.has(group) && !compared.has(group));
    if (unproven !== undefined)
      return this.#decline(load, `no customer read alone bears out what the exports tell of "${unproven}"`);
    return { cursor: { ...load, phase: 'removing' } };
  }

  async #decline(load: Load, why: string): Promise<Stood> {
    this.#deps.log.warn(
      { reason: why },
      'facts are not taken from exports, so customers are read one by one',
    );
    await this.clear();
    return { cursor: { ...load, phase: 'removing', declined: why } };
  }

  /** The files are full of people; one whose order was answered to nobody is among them. */
  async #remove(load: Load, signal: AbortSignal): Promise<Stood> {
    const { log } = this.#deps;
    const left = await this.#orderedSince(load, signal);
    for (const exportId of new Set([...Object.values(load.exports), ...left]))
      await this.#exports.remove(this.#context(signal), exportId);
    if (load.declined === null)
      log.info({ exports: load.loaded }, 'the exports of facts are read and deleted');
    return { cursor: load, isDone: true };
  }

  /** Where exports may not be listed, none was ordered either. */
  async #orderedSince({ asOf, exports }: Load, signal: AbortSignal): Promise<string[]> {
    try {
      return await this.#exports.orderedSince(this.#context(signal), asOf - clocksDifferMs);
    } catch (error) {
      if (isRefusal(error) && Object.keys(exports).length === 0) return [];
      throw error;
    }
  }

  /**
   * Whether exports are refused: at once where a file itself shows it, else when a call was refused twice while customers are listed.
   * One refusal may be a gateway's, and without exports each customer is read.
   */
  async #isBelieved(error: unknown, signal: AbortSignal): Promise<boolean> {
    if (!isRefusal(error)) return false;
    if (error instanceof RejectedError && error.status === undefined) return true;
    this.#refusals += 1;
    if (this.#refusals < 2) return false;
    const listed = this.#deps.rules.facts.list.page(this.#context(signal), null);
    return listed.then(
      () => true,
      () => false,
    );
  }

  async #settleFailure(
    held: { name: string; lease: string },
    load: Load | null,
    error: unknown,
    signal: AbortSignal,
  ): Promise<Next> {
    const { clock, log, database } = this.#deps;
    if (error instanceof TakenOver) return { again: false, afterMs: 1_000 };
    const now = clock.now();
    this.#failures += 1;
    const message = messageOf(error);
    const dueAt = now + backoffMs(this.#failures, backoff);
    if (failureOf('run', error).kind === 'unexpected')
      log.error({ err: error }, 'exports of facts could not be read; tried again');
    if (load?.phase === 'removing') {
      const removals = load.removals + 1;
      const isDone = removals >= maxRemovals;
      if (isDone)
        log.error(
          { exports: Object.values(load.exports), reason: message },
          'exports hold codes of customers and could not be deleted: delete them in the destination',
        );
      return this.#keep(held, { cursor: { ...load, removals }, isDone, dueAt });
    }
    if (load !== null && (now - load.orderedAt > maxMakingMs || (await this.#isBelieved(error, signal))))
      return this.#keep(held, await this.#decline(load, message));
    log.warn({ reason: message }, 'the first reading of facts could not go on; tried again');
    await putOffWalk(database, held, dueAt);
    return { again: false, due: dueAt };
  }
}

/** Where a load stands after a step. `dueAt`: when it goes on; default: at once. */
interface Stood {
  cursor: Cursor;
  isDone?: boolean;
  dueAt?: number;
}

/** Another worker has gone on with it. */
class TakenOver extends Error {}
