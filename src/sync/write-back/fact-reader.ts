// Customers whose facts may have changed are read at the destination, one by one: those that webhooks named first. It is level
// triggered: however often something is said of a customer, the facts are read as they are then.
import { AsyncResource } from 'node:async_hooks';
import { type Context, type FactReading, RejectedError } from '../../connector.ts';
import type { Database } from '../../db/database.ts';
import { moment } from '../../db/moments.ts';
import type { Clock } from '../../engine/clock.ts';
import { localFiles } from '../../engine/files.ts';
import type { Endpoint } from '../../engine/http/endpoint.ts';
import type { Log } from '../../engine/log/log.ts';
import type { Lane } from '../../engine/quota/lanes.ts';
import { inTraceOf, type Tracer } from '../../engine/trace/trace.ts';
import { areOfSeveralTraces } from '../../engine/trace/traceparent.ts';
import { failureOf } from '../../engine/work/failures.ts';
import { attemptsMax, type Backoff, backoffMs } from '../../engine/work/retry.ts';
import { Together } from '../../engine/work/together.ts';
import type { Next } from '../../engine/work/worker.ts';
import { keepDeadLetters, settleDeadLetters } from '../../tables/dead-letters.ts';
import { dropFacts, factsOf } from '../../tables/facts.ts';
import { destinationName, factsName, listPauses, takeTrial } from '../../tables/pauses.ts';
import type { Suppressions } from '../../tables/suppressions.ts';
import {
  type ClaimedTouch,
  claimTouches,
  holdTouches,
  putOffTouches,
  settleTouches,
  touchDueAt,
} from '../../tables/touches.ts';
import { factStreams } from '../facts/fact-touches.ts';
import { keepFacts } from '../facts/keep-facts.ts';
import { staleGroups } from '../facts/stale-groups.ts';
import type { WriteBackRules } from '../facts/write-back-rules.ts';
import { SourceHealth } from '../intake/source-health.ts';

const leaseMs = 120_000;
const backoff: Backoff = { baseMs: 2_000, capMs: 300_000 };

/** So many customers are read at once; by schedule fewer, which leave connections for what webhooks tell of while the destination is slow. */
export const readAtOnce = { webhook: 24, schedule: 8 } as const;
/**
 * The destination may show a change seconds after it has told of it: a customer who looks as before is read once more after
 * so long, milliseconds.
 */
const secondLookMs = 10_000;
const looksMax = 2;

/** Touches of one claim. */
interface Held {
  stream: string;
  lane: Lane;
  lease: string;
}

interface Read {
  touched: ClaimedTouch;
  found: FactReading | null;
  /** When it was asked for, epoch milliseconds. */
  at: number;
}

export interface FactReaderDeps {
  database: Database;
  clock: Clock;
  log: Log;
  tracer: Tracer;
  rules: WriteBackRules;
  suppressions: Suppressions | null;
  /** Of the destination. */
  settings: unknown;
  endpoint: Endpoint;
  /** How often everything is read, milliseconds. */
  everyMs: number;
  newLease(): string;
}

export class FactReader {
  readonly #deps: FactReaderDeps;
  readonly health: SourceHealth;

  constructor(deps: FactReaderDeps) {
    this.#deps = deps;
    this.health = new SourceHealth({ ...deps, name: factsName });
  }

  /** Reads those of one stream that are due. What is read by schedule may wait long for the quota. */
  async step(stream: keyof typeof factStreams, signal: AbortSignal): Promise<Next> {
    const { database, clock, newLease } = this.#deps;
    const due = await moment(database, touchDueAt([{ source: destinationName, stream }]));
    if (due === null || due > clock.now()) return { again: false, due };
    const most = await this.#mostNow();
    if (most === 0) return { again: false, afterMs: 1_000 };
    const lane = factStreams[stream];
    const lease = newLease();
    const claim = { source: destinationName, stream, lease, now: clock.now(), leaseMs };
    const touches = await claimTouches(database, { ...claim, most: Math.min(most, readAtOnce[lane]) });
    if (touches.length === 0) return { again: false, afterMs: 250 };
    const causes = touches.map(({ traceparent }) => traceparent);
    const attributes = { 'tributary.lane': lane, 'tributary.customers': touches.length };
    await this.#deps.tracer.begin('read facts', { kind: 'consumer', attributes, causes }, () =>
      this.#readAll({ stream, lane, lease }, touches, signal),
    );
    return { again: true };
  }

  async #readAll(held: Held, touches: readonly ClaimedTouch[], signal: AbortSignal): Promise<void> {
    const asCustomer = { tracer: this.#deps.tracer, name: 'read customer' };
    // In the span of the claim, in whatever trace one of them was read.
    const keep = new Together<Read>(AsyncResource.bind((reads) => this.#keep(held, reads)));
    const groups = await this.#groupsOf(held.lane, touches);
    // Where others asked for those who were claimed together, each is read in the trace that asked for it.
    const areTracedApart = areOfSeveralTraces(touches.map(({ traceparent }) => traceparent));
    await Promise.all(
      touches.map((one) => {
        const read = () => this.#read(held, one, { groups: groups.get(one.recordId), keep, signal });
        return areTracedApart ? inTraceOf(one.traceparent, asCustomer, read) : read();
      }),
    );
  }

  /** How many may be read now: one where it is tried whether the destination answers. */
  async #mostNow(): Promise<number> {
    const { database, clock } = this.#deps;
    const paused = await listPauses(database);
    const cause = paused.get(destinationName)?.cause;
    if (cause !== undefined && cause !== 'refusals') return 0;
    if (paused.has(factsName)) {
      if (!(await takeTrial(database, factsName, clock.now()))) return 0;
      this.health.beginTrial();
      return 1;
    }
    if (this.health.waitMs > 0) return 0;
    return this.health.isUp ? readAtOnce.webhook : 1;
  }

  /** The context of a reading in this lane. */
  context(lane: Lane, signal: AbortSignal): Context<unknown> {
    const { settings, endpoint, clock } = this.#deps;
    const api = this.health.guard(endpoint.api(lane, { signal, discreet: true }), signal);
    return { settings, api, files: localFiles, now: clock.now() };
  }

  /** By schedule only what has not been read for long is read; after a webhook everything. */
  async #groupsOf(
    lane: Lane,
    touches: readonly ClaimedTouch[],
  ): Promise<ReadonlyMap<string, readonly string[]>> {
    if (lane !== 'schedule') return new Map();
    const { database, rules, clock, everyMs } = this.#deps;
    const kept = await factsOf(
      database,
      touches.map(({ recordId }) => recordId),
    );
    const now = clock.now();
    return new Map(
      [...kept].map(([sourceId, { clocks }]) => [
        sourceId,
        staleGroups(rules.groups, clocks, { now, everyMs }),
      ]),
    );
  }

  /** Reads one customer; what was read is kept together with what others have read meanwhile. */
  async #read(
    held: Held,
    touched: ClaimedTouch,
    {
      groups,
      keep,
      signal,
    }: { groups: readonly string[] | undefined; keep: Together<Read>; signal: AbortSignal },
  ): Promise<void> {
    const { rules } = this.#deps;
    const context = this.context(held.lane, signal);
    try {
      const wanted = groups && groups.length > 0 ? groups : rules.groups;
      const found = await rules.facts.read(context, touched.recordId, wanted);
      await keep.add({ touched, found, at: context.now });
    } catch (error) {
      await this.#settleFailure(held, touched, error, signal);
    }
  }

  /** Keeps what was read, each while its touch is ours. */
  async #keep(held: Held, reads: readonly Read[]): Promise<void> {
    const { database, rules, suppressions, clock } = this.#deps;
    const { stream, lane, lease } = held;
    const ours = { source: destinationName, stream, lease };
    await database.transaction(async (tx) => {
      const now = clock.now();
      const ids = reads.map(({ touched }) => touched.recordId);
      const holding = await holdTouches(tx, { ...ours, now }, ids);
      const mine = reads.filter(({ touched }) => holding.has(touched.recordId));
      // Whom the destination does not have any more keeps what the vendors have: only an erasure takes it away.
      const gone = mine.flatMap(({ found, touched }) => (found === null ? [touched.recordId] : []));
      await dropFacts(tx, gone);
      const known = mine.flatMap(({ touched, found, at }) => {
        const sourceId = found?.sourceId ?? null;
        if (!found || sourceId === null) return [];
        const changedAt = this.#changedAt(held, touched);
        const traceparent = touched.traceparent ?? undefined;
        return [{ sourceId, groups: found.groups, at, by: 'read' as const, changedAt, traceparent }];
      });
      const kept = await keepFacts(tx, { rules, suppressions }, known, { lane, now });
      const isToReadAgain = ({ touched, found }: Read) => {
        const sourceId = found?.sourceId ?? null;
        if (sourceId === null) return false;
        const looksSame = !kept.changed.has(sourceId) && touched.attempts < looksMax;
        return kept.doubtful.has(sourceId) || (lane === 'webhook' && looksSame);
      };
      const again = mine.filter(isToReadAgain).map(({ touched }) => touched.recordId);
      if (again.length > 0)
        await putOffTouches(tx, ours, {
          recordIds: again,
          dueAt: now + secondLookMs,
          counted: true,
          error: null,
        });
      const read = mine.filter((one) => !isToReadAgain(one)).map(({ touched }) => touched);
      await settleTouches(tx, { ...ours, now }, read);
      const refs = read.map(({ recordId }) => recordId);
      const letter = { kind: 'record' as const, source: destinationName, stream, refs };
      if (refs.length > 0) await settleDeadLetters(tx, letter, now);
    });
  }

  /** Of what a webhook told of; a scheduled reading knows of no change. */
  #changedAt({ lane }: { lane: Lane }, { changedAt }: ClaimedTouch): number | undefined {
    return lane === 'webhook' ? changedAt : undefined;
  }

  async #settleFailure(
    { stream, lease }: { stream: string; lease: string },
    { recordId, attempts, version }: ClaimedTouch,
    error: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const { database, clock, log } = this.#deps;
    const now = clock.now();
    const held = { source: destinationName, stream, lease };
    const putOff = (dueAt: number, counted: boolean, said: string | null) =>
      putOffTouches(database, held, { recordIds: [recordId], dueAt, counted, error: said });
    if (signal.aborted) return putOff(now, false, null);
    const failure = failureOf('touch', error);
    const { kind, effect, message } = failure;
    if (kind === 'refused') return putOff(now + (await this.health.refused(failure.error)), false, message);
    if (effect === 'postpone') return putOff(now + backoffMs(attempts, backoff), false, message);
    if (kind === 'unexpected')
      log.error({ err: error }, 'facts of a customer could not be read; tried again');
    const verdict = effect === 'count alone' ? this.health.judge(error, recordId, { attempts }) : null;
    if (verdict && !verdict.counted)
      return putOff(now + verdict.delayMs, false, this.health.waiting(message));
    if (effect !== 'give up' && attempts < attemptsMax.touch)
      return putOff(now + (verdict?.delayMs ?? backoffMs(attempts, backoff)), true, message);
    await database.transaction(async (tx) => {
      const settled = await settleTouches(tx, { ...held, now }, [{ recordId, version }]);
      if (!settled.has(recordId)) return;
      const code = error instanceof RejectedError ? error.code : 'unread';
      const said = `the facts of this customer could not be read: ${message}`;
      const letter = {
        kind: 'record' as const,
        source: destinationName,
        stream,
        ref: recordId,
        code,
        message: said,
      };
      await keepDeadLetters(tx, [{ ...letter, detail: { touchedAt: now } }], now);
    });
  }
}
