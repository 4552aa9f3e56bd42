// The destination's segments: read seldom, kept for all workers, and handed to the rules. Nothing waits for them: where they
// cannot be read, that is said wherever somebody would look for them.
import { type Context, type Json, type Segment, type Segments, TransientError } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Log } from '../../engine/log/log.ts';
import { isRefusal, messageOf } from '../../engine/work/failures.ts';
import {
  keepSegments,
  keepSegmentsFault,
  keptSegments,
  type SizedSegment,
} from '../../tables/destination-segments.ts';
import type { Rules } from './rules.ts';

/** Old enough to be read again before a run, and before a person looks, milliseconds. */
export const segmentAges = { run: 3_600_000, person: 60_000 } as const;

/** A run waits no longer for them, milliseconds. */
const longestWaitMs = 10_000;

/** More pages than that are no list of segments. */
const maxPages = 20;

/** Until a list that lacks segments is believed. */
const confirmAfterMs = 3_000;

/** So many sizes are asked for, one call each. Of the others what was read before is kept: an old size is nearer than none. */
const maxSizes = 20;

export interface SegmentDeps {
  database: Database;
  clock: Clock;
  log: Log;
  rules: Rules;
  /** The account whose segments they are, and the connector's name, for sentences. */
  account: string;
  vendor: string;
  /** Null where the destination has no segments. */
  segments: Segments<unknown> | null;
  context(lane: 'schedule' | 'manual'): Context<unknown>;
}

export class DestinationSegments {
  readonly #deps: SegmentDeps;
  #asking: Promise<void> | null = null;

  constructor(deps: SegmentDeps) {
    this.#deps = deps;
  }

  /** Takes what was read before, by whatever process. Returns when it was asked for, epoch milliseconds. */
  async takeKept(): Promise<number> {
    const { database, account, rules, segments } = this.#deps;
    if (segments === null) return Number.POSITIVE_INFINITY;
    const kept = await keptSegments(database, account);
    if (kept === null) return Number.NEGATIVE_INFINITY;
    rules.segments = { segments: kept.segments, readAt: kept.readAt, fault: kept.fault };
    return kept.askedAt;
  }

  /** Reads them where nobody has for so long. A run waits for it a moment only. */
  async refresh(who: keyof typeof segmentAges): Promise<void> {
    const { clock } = this.#deps;
    const askedAt = await this.takeKept();
    if (Math.abs(clock.now() - askedAt) < segmentAges[who] || askedAt === Number.POSITIVE_INFINITY) return;
    this.#asking ??= this.#ask(who).finally(() => {
      this.#asking = null;
    });
    if (who === 'person') return this.#asking;
    const waited = new AbortController();
    await Promise.race([this.#asking, clock.sleep(longestWaitMs, waited.signal)]);
    waited.abort();
  }

  async #ask(who: keyof typeof segmentAges): Promise<void> {
    const { database, account, clock, log, rules, vendor } = this.#deps;
    const before = rules.segments.fault;
    try {
      const read = await this.#read(this.#deps.context(who === 'run' ? 'schedule' : 'manual'));
      await keepSegments(database, account, read, clock.now());
    } catch (error) {
      const fault = `${vendor} does not list its segments: ${messageOf(error)}`;
      if (before === null)
        log.warn({ reason: fault }, 'who enters or leaves a segment cannot be told: nothing waits for it');
      await keepSegmentsFault(database, account, fault, clock.now());
    }
    await this.takeKept();
  }

  async #read(context: Context<unknown>): Promise<SizedSegment[]> {
    const { rules, clock } = this.#deps;
    const known = new Map(rules.segments.segments.map(({ id, size }) => [id, size]));
    let listed = await this.#list(context);
    // A page of somebody else's may be empty, or old: nothing that enters a segment would be counted any more.
    const ids = new Set(listed.map(({ id }) => id));
    if ([...known.keys()].some((id) => !ids.has(id))) {
      await clock.sleep(confirmAfterMs);
      listed = await this.#list(context);
    }
    const found = listed.map(
      (segment): SizedSegment => ({ ...segment, size: known.get(segment.id) ?? null }),
    );
    // Only the limit of active ones asks how large they are.
    const limited = rules.breaker === null ? [] : found.filter(({ type }) => type === 'active');
    for (const segment of limited.slice(0, maxSizes)) {
      const size = await this.#sizeOf(context, segment.id);
      if (size === 'unavailable') break;
      segment.size = size ?? segment.size;
    }
    return found;
  }

  async #list(context: Context<unknown>): Promise<Segment[]> {
    const found: Segment[] = [];
    let cursor: Json | null = null;
    for (let pages = 0; pages < maxPages; pages += 1) {
      const page: Awaited<ReturnType<Segments<unknown>['page']>> = await this.#deps.segments!.page(
        context,
        cursor,
      );
      found.push(...page.segments);
      cursor = page.next;
      if (cursor === null) break;
    }
    return found;
  }

  /** Null where it was not told: the segment was deleted meanwhile, may not be looked into, or was refused for a moment. */
  async #sizeOf(context: Context<unknown>, id: string): Promise<number | 'unavailable' | null> {
    try {
      return await this.#deps.segments!.size(context, id);
    } catch (error) {
      if (isRefusal(error)) return null;
      // No other one is asked about: each may take as long to fail.
      if (error instanceof TransientError) return 'unavailable';
      throw error;
    }
  }
}
