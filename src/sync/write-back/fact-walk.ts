// Walks over all customers, a page at a time: of the destination, for what no webhook told of; and of what is kept, for vendors
// that other facts or attributes flow to since.
import { createHash } from 'node:crypto';
import type { Json } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Log } from '../../engine/log/log.ts';
import type { Lane } from '../../engine/quota/lanes.ts';
import { failureOf } from '../../engine/work/failures.ts';
import { type Backoff, backoffMs } from '../../engine/work/retry.ts';
import type { Next } from '../../engine/work/worker.ts';
import { factsAfter, factsOf } from '../../tables/facts.ts';
import { destinationName, factsName, listPauses } from '../../tables/pauses.ts';
import type { Suppressions } from '../../tables/suppressions.ts';
import {
  beginWalk,
  claimWalk,
  keepWalk,
  putOffWalk,
  type Walk,
  walkDue,
  walkOf,
} from '../../tables/walks.ts';
import { touchFacts } from '../facts/fact-touches.ts';
import { keepFacts, wantAll } from '../facts/keep-facts.ts';
import { staleGroups } from '../facts/stale-groups.ts';
import type { WriteBackRules } from '../facts/write-back-rules.ts';
import { type FactLoad, loadWalk } from './fact-load.ts';
import type { FactReader } from './fact-reader.ts';

const leaseMs = 300_000;
const backoff: Backoff = { baseMs: 5_000, capMs: 900_000 };
const keptAtOnce = 500;
/** After so many rejections of its cursor in a row the walk starts over; after so many more each time that it does before it has ended. */
const rejectionsMax = 4;

/** The walk over the destination's customers. */
export const readWalk = 'facts';
/** The walk over what is kept, for one vendor. */
const wantWalk = (source: string) => `facts for ${source}`;

export interface FactWalkDeps {
  database: Database;
  clock: Clock;
  log: Log;
  rules: WriteBackRules;
  suppressions: Suppressions | null;
  reader: FactReader;
  load: FactLoad;
  /** How often everything is read, milliseconds. */
  everyMs: number;
  newLease(): string;
}

export class FactWalk {
  readonly #deps: FactWalkDeps;
  #failures = 0;
  /** How often in a row the destination has rejected the cursor of the walk, and how often the walk has started over because of that. */
  #rejections = 0;
  #restarts = 0;

  constructor(deps: FactWalkDeps) {
    this.#deps = deps;
  }

  /** Begins what has never been gone, or was gone by other rules. */
  async begin(): Promise<void> {
    const { database, clock, rules } = this.#deps;
    const now = clock.now();
    const fingerprint = createHash('sha256').update(rules.groups.join()).digest('base64').slice(0, 27);
    await beginWalk(database, { name: readWalk, fingerprint, now });
    await beginWalk(database, { name: loadWalk, fingerprint, now });
    for (const rule of rules.rules)
      await beginWalk(database, { name: wantWalk(rule.source), fingerprint: rule.fingerprint, now });
  }

  /** One page of one walk. */
  async step(signal: AbortSignal): Promise<Next> {
    const { database, clock, rules } = this.#deps;
    for (const { source } of rules.rules) if (await this.#wantSome(source)) return { again: true };
    const due = await walkDue(database, readWalk);
    if (due === null || due > clock.now()) return { again: false, due };
    if (await this.#isPaused()) return { again: false, afterMs: 5_000 };
    const loading = await this.#loadFirst(signal);
    if (loading) return loading;
    return (await this.#readSome(signal)) ? { again: true } : { again: false, afterMs: 1_000 };
  }

  /** Exports serve a first reading that has not begun. */
  async #loadFirst(signal: AbortSignal): Promise<Next | null> {
    const walk = await walkOf(this.#deps.database, readWalk);
    const isToBegin = walk !== null && walk.rounds === 0 && walk.cursor === null;
    return isToBegin ? this.#deps.load.step(signal) : null;
  }

  async #isPaused(): Promise<boolean> {
    const { database, reader } = this.#deps;
    const paused = await listPauses(database);
    const cause = paused.get(destinationName)?.cause;
    return (cause !== undefined && cause !== 'refusals') || paused.has(factsName) || reader.health.waitMs > 0;
  }

  /** Wants what is kept of some customers at a vendor, by the rules of now. */
  async #wantSome(source: string): Promise<boolean> {
    const { database, clock, rules } = this.#deps;
    const held = { name: wantWalk(source), lease: this.#deps.newLease() };
    const walk = await claimWalk(database, { ...held, now: clock.now(), leaseMs });
    if (!walk) return false;
    await database.transaction(async (tx) => {
      const page = await factsAfter(tx, walk.cursor as string | null, keptAtOnce);
      const now = clock.now();
      await wantAll(tx, rules, page, { lane: 'backfill', now, only: source });
      const done = page.length < keptAtOnce;
      const cursor = page.at(-1)?.sourceId ?? walk.cursor ?? '';
      await keepWalk(tx, held, { cursor, endedAt: done ? now : null, dueAt: done ? null : now });
    });
    return true;
  }

  async #readSome(signal: AbortSignal): Promise<boolean> {
    const { database, clock, log, newLease } = this.#deps;
    const held = { name: readWalk, lease: newLease() };
    const walk = await claimWalk(database, { ...held, now: clock.now(), leaseMs });
    if (!walk) return false;
    // Its first page is read before the cursor is given up: where that is rejected too, it is not for the cursor's sake.
    const isAnew =
      walk.cursor !== null && this.#rejections >= rejectionsMax * 2 ** Math.min(this.#restarts, 6);
    try {
      await this.#readPage(isAnew ? { ...walk, cursor: null } : walk, held, signal);
      if (isAnew) {
        this.#restarts += 1;
        log.warn(
          'the destination rejects the cursor at which the reading of facts stood; the reading starts over',
        );
      }
      this.#failures = 0;
      this.#rejections = 0;
      return true;
    } catch (error) {
      const now = clock.now();
      if (signal.aborted) await putOffWalk(database, held, now);
      else {
        this.#failures += 1;
        const { kind, retryAfterMs, message } = failureOf('run', error);
        if (kind === 'rejected' || kind === 'unproven') this.#rejections += 1;
        if (kind === 'unexpected')
          log.error({ err: error }, 'a page of facts could not be read; tried again');
        else log.warn({ reason: message }, 'a page of facts could not be read; tried again');
        await putOffWalk(database, held, now + backoffMs(this.#failures, { ...backoff, retryAfterMs }));
      }
      return false;
    }
  }

  async #readPage(walk: Walk, held: { name: string; lease: string }, signal: AbortSignal): Promise<void> {
    const { database, clock, rules, suppressions, reader, load, everyMs } = this.#deps;
    const { facts, groups } = rules;
    const isFirst = walk.rounds === 0;
    // The first of all is a backfill: nobody waits for it.
    const lane: Lane = isFirst ? 'backfill' : 'schedule';
    const context = reader.context(lane, signal);
    const page = await facts.list.page(context, walk.cursor);
    const known = page.readings.flatMap((reading) =>
      reading.sourceId === null
        ? []
        : [{ ...reading, sourceId: reading.sourceId, at: context.now, by: 'read' as const }],
    );
    const exported = isFirst ? await load.told(page.readings) : [];
    const others = groups.filter((group) => !facts.list.groups.includes(group));
    await database.transaction(async (tx) => {
      const now = clock.now();
      await keepFacts(tx, { rules, suppressions }, [...exported, ...known], { lane, now });
      if (others.length > 0) {
        const ids = known.map(({ sourceId }) => sourceId);
        const kept = await factsOf(tx, ids);
        const isStale = (id: string) =>
          staleGroups(others, kept.get(id)?.clocks ?? {}, { now, everyMs }).length > 0;
        const stale = ids.filter(isStale);
        const touched = stale.map((customer) => ({ customer, changedAt: now }));
        await touchFacts(tx, 'scheduled facts', touched, now);
      }
      const cursor: Json = page.cursor;
      const dueAt = page.done ? walk.beganAt + Math.max(everyMs, 60_000) : now;
      await keepWalk(tx, held, { cursor, endedAt: page.done ? now : null, dueAt: Math.max(dueAt, now) });
    });
    if (page.done) this.#restarts = 0;
    if (isFirst && page.done) await load.clear();
  }
}
