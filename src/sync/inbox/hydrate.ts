// Touches into records: what may have changed is read by ID, as many at a time as the vendor takes, and taken in. What
// the vendor no longer has is a deletion, proven by this read. It knows no vendor.
import {
  type Context,
  type ReadRecords,
  RejectedError,
  type Relation,
  type SourceRecord,
  type Stream,
} from '../../connector.ts';
import type { Database, Queryable } from '../../db/database.ts';
import { moment } from '../../db/moments.ts';
import { type Clock, latestOf } from '../../engine/clock.ts';
import { localFiles } from '../../engine/files.ts';
import type { Endpoint } from '../../engine/http/endpoint.ts';
import { untilAborted } from '../../engine/http/until-aborted.ts';
import type { Log } from '../../engine/log/log.ts';
import { type Tracer, tracesOf } from '../../engine/trace/trace.ts';
import { failureOf, messageOf } from '../../engine/work/failures.ts';
import { attemptsMax, type Backoff, backoffMs } from '../../engine/work/retry.ts';
import type { RightOfWay } from '../../engine/work/right-of-way.ts';
import type { Next } from '../../engine/work/worker.ts';
import { noteCoverage } from '../../tables/coverage.ts';
import { keepDeadLetters, settleDeadLetters } from '../../tables/dead-letters.ts';
import { neighboursOf } from '../../tables/neighbours.ts';
import { listPauses, takeTrial } from '../../tables/pauses.ts';
import { addReadCounts } from '../../tables/read-counts.ts';
import { sourceIdsOf, storedRecords } from '../../tables/records.ts';
import {
  type ClaimedTouch,
  claimTouches,
  holdTouches,
  putOffTouches,
  settleTouches,
  touchDueAt,
} from '../../tables/touches.ts';
import { ingest } from '../intake/ingest.ts';
import type { Rules } from '../intake/rules.ts';
import type { Source } from '../intake/source.ts';
import { isDoubtful, type SourceHealth } from '../intake/source-health.ts';
import { ReadingPace } from './reading-pace.ts';

const leaseMs = 120_000;

const backoff: Backoff = { baseMs: 2_000, capMs: 300_000 };

/** A record that is not there yet may only be new: so often it is asked for before that is believed without the vendor's word. */
const looksMax = 3;

/** Of records before and after one that is refused so many are read, one at each attempt. */
const maxNeighbours = 5;

/** How long after one look the next one is; longer where the vendor shows its changes later than that. */
const shortestLookMs = 5_000;

export interface HydrateDeps {
  database: Database;
  rules: Rules;
  clock: Clock;
  log: Log;
  tracer: Tracer;
  endpoint(source: string): Endpoint | null;
  relation(source: string): Relation | null;
  /** Whether that vendor answers, as this process knows it. */
  health(source: string): SourceHealth;
  /** A webhook waits for what is read: bulk work yields to it, but not while the vendor answers. */
  rightOfWay: RightOfWay;
  newLease(): string;
  /** Begins the erasure of a customer whom the vendor has erased, in the transaction that says so. */
  onErased(tx: Queryable, sourceId: string, now: number): Promise<void>;
  /** Called when customers may have become due. */
  onIngested(): void;
}

/** What is being read. */
interface Reading {
  source: Source;
  stream: Stream<unknown>;
  lease: string;
  touches: readonly ClaimedTouch[];
}

/** Reads the touches of one source: each has its own, so that a slow vendor keeps no other waiting. */
export class Hydrator {
  readonly #deps: HydrateDeps;
  readonly #source: string;
  readonly #pace = new ReadingPace();

  constructor(deps: HydrateDeps, source: string) {
    this.#deps = deps;
    this.#source = source;
  }

  async step(signal: AbortSignal): Promise<Next> {
    const { database, rules, clock } = this.#deps;
    const source = rules.source(this.#source);
    if (!source) return { again: false, due: null };
    const due = await moment(database, touchDueAt(streamsRead([source])));
    if (due === null || due > clock.now()) return { again: false, due };
    const budget = this.#deps.endpoint(source.name)?.budget;
    const limits = budget?.limits(undefined) ?? [];
    const waitMs = this.#pace.waitMs(clock.now(), limits, budget?.freePart(undefined) ?? 1);
    if (waitMs > 0) return { again: false, afterMs: waitMs };
    const health = this.#deps.health(source.name);
    const paused = (await listPauses(database)).has(source.name);
    if (paused) {
      if (!(await takeTrial(database, source.name, clock.now()))) return { again: false, afterMs: 5_000 };
      health.beginTrial();
    }
    if (health.waitMs > 0) return { again: false, afterMs: Math.min(health.waitMs, 1000) };
    // One is enough to find out whether the vendor answers, and another the next time: one of them may be what it fails at.
    const most = paused || !health.isUp ? 1 : Number.POSITIVE_INFINITY;
    let read = 0;
    for (const stream of source.streams)
      if (stream.read && read < most) read += await this.#readSome(source, stream, most, signal);
    if (read === 0) return { again: false, afterMs: 1000 };
    this.#pace.took(clock.now(), limits);
    return { again: true };
  }

  async #readSome(
    source: Source,
    stream: Stream<unknown>,
    most: number,
    signal: AbortSignal,
  ): Promise<number> {
    const { database, clock, rightOfWay } = this.#deps;
    const lease = this.#deps.newLease();
    const touches = await rightOfWay.urgently(() =>
      claimTouches(database, {
        source: source.name,
        stream: stream.name,
        lease,
        now: clock.now(),
        leaseMs,
        most: Math.min(stream.read!.maxIds, most),
      }),
    );
    if (touches.length === 0) return 0;
    const reading = { source, stream, lease, touches };
    const attributes = {
      'tributary.source': source.name,
      'tributary.stream': stream.name,
      'tributary.records': touches.length,
    };
    const causes = touches.map(({ traceparent }) => traceparent);
    await this.#deps.tracer.begin('hydrate', { kind: 'consumer', attributes, causes }, () =>
      this.#read(reading, signal),
    );
    return touches.length;
  }

  async #read(reading: Reading, signal: AbortSignal): Promise<void> {
    const { source, stream, touches } = reading;
    const { database, rightOfWay } = this.#deps;
    try {
      const recordIds = touches.map((one) => one.recordId);
      const { properties } = source;
      const context = this.#context(source, signal);
      const asked = stream.read!.records(context, { recordIds, properties });
      const answer = await untilAborted(asked, signal);
      await rightOfWay.urgently(() =>
        database.transaction((tx) => this.#take(tx, reading, { ...answer, readAt: context.now })),
      );
      const health = this.#deps.health(source.name);
      if (answer.records.length > 0) health.done(kindOf(stream));
      for (const { recordId } of answer.records) health.forget(`touch ${stream.name} ${recordId}`);
      this.#deps.onIngested();
    } catch (error) {
      await this.#settleFailure(reading, error, signal);
    }
  }

  #context(source: Source, signal: AbortSignal): Context<unknown> {
    const { clock } = this.#deps;
    const api = this.#deps.endpoint(source.name)?.api('webhook', { signal }) ?? {
      request: () => Promise.reject(new RejectedError(`${source.name} describes no API`, { code: 'no_api' })),
    };
    const { settings, locale = {} } = source.config;
    const health = this.#deps.health(source.name);
    const relation = this.#deps.relation(source.name);
    return {
      settings,
      locale,
      api: health.guard(api, signal),
      ...(relation && { relation: health.guardRelation(relation, signal) }),
      files: localFiles,
      now: clock.now(),
    };
  }

  async #take(tx: Queryable, reading: Reading, answer: ReadRecords & { readAt: number }): Promise<void> {
    const { source, stream, lease } = reading;
    const { rules, clock } = this.#deps;
    const now = clock.now();
    const held = { source: source.name, stream: stream.name, lease };
    // What was missing before this worker was stopped may be there again by now. Of records their clocks tell.
    const holding = await holdTouches(
      tx,
      { ...held, now },
      reading.touches.map((one) => one.recordId),
    );
    const touches = reading.touches.filter((one) => holding.has(one.recordId));
    const missing = new Set(answer.missing);
    const found = new Set(answer.records.map((record) => record.recordId));
    const doubtful = touches.filter(
      ({ recordId, gone, attempts }) => missing.has(recordId) && gone === null && attempts < looksMax,
    );
    const gone = touches.filter((one) => missing.has(one.recordId) && !doubtful.includes(one));
    const answered = touches.filter(({ recordId }) => found.has(recordId));
    const unreadable = (answer.unreadable ?? []).filter(({ recordId }) => holding.has(recordId));
    const failed = new Set(unreadable.map(({ recordId }) => recordId));
    const silent = touches.filter(
      ({ recordId }) => !missing.has(recordId) && !found.has(recordId) && !failed.has(recordId),
    );

    const deletions = await this.#deletions(tx, reading, gone);
    const proven = new Set(touches.filter((one) => one.proven).map(({ recordId }) => recordId));
    // A record that is given by its own ID has not been merged into another.
    const records = answer.records.map((record) =>
      proven.has(record.recordId) ? { ...record, unmerged: true as const } : record,
    );
    const changed: number[] = [];
    const intake = {
      source,
      stream: stream.name,
      lane: 'webhook' as const,
      runId: null,
      now,
      latest: latestOf(clock),
      readAt: answer.readAt,
      proven,
      traces: tracesOf(reading.touches),
    };
    const counts = await ingest(
      tx,
      rules,
      {
        ...intake,
        onChanged: (clocks) => void changed.push(...clocks),
      },
      { records: [...records, ...deletions] },
    );
    await addReadCounts(tx, source.name, counts);
    await noteCoverage(tx, { source: source.name, channel: 'webhook', now }, changed);
    await this.#eraseAsked(tx, reading, gone, now);

    await settleTouches(tx, { ...held, now }, [...answered, ...gone]);
    await settleDeadLetters(
      tx,
      {
        kind: 'record',
        source: source.name,
        stream: stream.name,
        refs: [...answered, ...gone].map((one) => one.recordId),
      },
      now,
    );
    const ids = (some: readonly ClaimedTouch[]) => some.map((one) => one.recordId);
    if (doubtful.length > 0)
      await putOffTouches(tx, held, {
        recordIds: ids(doubtful),
        dueAt: now + Math.max(shortestLookMs, (stream.read?.lagSeconds ?? 0) * 1000),
        counted: true,
        error: 'the vendor does not have it, and did not say that it is gone',
      });
    // Asked for alone, each of them tells by itself what becomes of it.
    for (const { recordId, error } of unreadable) {
      const later = { recordIds: [recordId], dueAt: now, counted: false, error: error.message, alone: true };
      await putOffTouches(tx, held, later);
    }
    if (silent.length > 0)
      await this.#giveUpOrLater(tx, reading, silent, 'the vendor answered nothing of it');
  }

  /** Of what is stored and stands: a deletion at the vendor's clock, and never before the version it deletes. */
  async #deletions(
    tx: Queryable,
    { source, stream }: Reading,
    gone: readonly ClaimedTouch[],
  ): Promise<SourceRecord[]> {
    if (gone.length === 0) return [];
    const stored = await storedRecords(
      tx,
      source.name,
      stream.name,
      gone.map((one) => one.recordId),
    );
    return gone.flatMap(({ recordId, changedAt }) => {
      const known = stored.get(recordId);
      if (!known) return [];
      return [
        { recordId, changedAt: Math.max(changedAt, known.changedAt), deleted: true as const, body: {} },
      ];
    });
  }

  /** Whom the vendor erased for privacy's sake is forgotten here too, where the configuration says so. */
  async #eraseAsked(
    tx: Queryable,
    { source, stream }: Reading,
    gone: readonly ClaimedTouch[],
    now: number,
  ): Promise<void> {
    if (source.config.privacyDeletions !== 'erase') return;
    const erased = gone.filter((one) => one.gone === 'erased').map((one) => one.recordId);
    if (erased.length === 0) return;
    const sourceIds = new Set((await sourceIdsOf(tx, source.name, stream.name, erased)).values());
    for (const sourceId of [...sourceIds].sort()) await this.#deps.onErased(tx, sourceId, now);
  }

  async #settleFailure(reading: Reading, answered: unknown, signal: AbortSignal): Promise<void> {
    const { source, stream, lease, touches } = reading;
    const { database, clock, log } = this.#deps;
    const now = clock.now();
    const held = { source: source.name, stream: stream.name, lease };
    const recordIds = touches.map((one) => one.recordId);
    const postpone = (dueAt: number, said: string | null, alone?: true) => {
      const later = { recordIds, dueAt, counted: false, error: said, ...(alone && { alone }) };
      return putOffTouches(database, held, later);
    };
    if (signal.aborted) return postpone(now, null);
    const health = this.#deps.health(source.name);
    const isAlone = touches.length === 1;
    const first = failureOf('touch', answered);
    if (first.kind === 'refused') return postpone(now + (await health.refused(first.error)), first.message);
    if (first.effect === 'postpone') return postpone(now + backoffMs(1, backoff), first.message);
    const key = isAlone ? `touch ${stream.name} ${recordIds[0]}` : `touches ${stream.name}`;
    // In the vendor's own words too it may be said of everybody, as when a part of the API is retired: until another one was
    // given between two refusals of this one.
    const isToBeProven =
      isDoubtful(answered) ||
      (isAlone && answered instanceof RejectedError && !health.didOthers(key, kindOf(stream)));
    const other = isToBeProven ? await this.#readAnother(reading, signal) : 'given';
    // Another one that is given after this answer says nothing of it: it is asked for again.
    const isOpen = isToBeProven && other !== 'none' && answered instanceof RejectedError;
    const error = isOpen ? unproven(answered) : answered;
    const { kind, effect, message } = failureOf('touch', error);
    const over = effect === 'give up';
    const { attempts } = touches[0]!;
    const verdict =
      effect === 'count alone' ? health.judge(error, key, { attempts, kind: kindOf(stream), at: now }) : null;
    if (verdict?.counted === false) {
      // Without another record to tell by, each of these is the other one.
      const apart = !isAlone && other === 'none' ? true : undefined;
      return postpone(now + verdict.delayMs, health.waiting(message), apart);
    }
    // One of them may be what the vendor fails at or refuses, or what cannot be kept: each is asked for alone.
    if ((over || verdict) && !isAlone) return postpone(now, message, true);
    if (kind === 'unexpected')
      log.error({ err: error, source: source.name }, 'touched records could not be read; tried again');
    const how = { over, delayMs: verdict?.delayMs };
    await database.transaction((tx) => this.#giveUpOrLater(tx, reading, touches, message, how));
  }

  /**
   * Reads another record in the same way: one that is given shows that the vendor can be read, and that this record is itself
   * refused. Another one each time, because that one may be refused as well. `none`: no other is known.
   */
  async #readAnother(
    { source, stream, touches }: Reading,
    signal: AbortSignal,
  ): Promise<'given' | 'not given' | 'none'> {
    const asked = new Set(touches.map(({ recordId }) => recordId));
    const { recordId } = touches[0]!;
    const key = { source: source.name, stream: stream.name, recordId };
    const known = await neighboursOf(this.#deps.database, key, maxNeighbours + asked.size);
    const others = known.filter((id) => !asked.has(id));
    if (others.length === 0) return 'none';
    const recordIds = [others[Math.floor(Math.random() * others.length)]!];
    const { properties } = source;
    try {
      const asked = stream.read!.records(this.#context(source, signal), { recordIds, properties });
      const { records } = await untilAborted(asked, signal);
      if (records.length === 0) return 'not given';
      this.#deps.health(source.name).done(kindOf(stream));
      return 'given';
    } catch (error) {
      this.#deps.log.debug({ source: source.name, reason: messageOf(error) }, 'another record is not given');
      return 'not given';
    }
  }

  /** Later, or a dead letter after the last attempt; `over`: another attempt would end alike. */
  async #giveUpOrLater(
    tx: Queryable,
    { source, stream, lease }: Reading,
    touches: readonly ClaimedTouch[],
    message: string,
    { delayMs, over = false }: { delayMs?: number | undefined; over?: boolean } = {},
  ): Promise<void> {
    const now = this.#deps.clock.now();
    const held = { source: source.name, stream: stream.name, lease };
    const dead = touches.filter(({ attempts }) => over || attempts >= attemptsMax.touch);
    for (const one of touches) {
      if (dead.includes(one)) continue;
      const dueAt = now + (delayMs ?? backoffMs(one.attempts, backoff));
      await putOffTouches(tx, held, { recordIds: [one.recordId], dueAt, counted: true, error: message });
    }
    for (const { recordId } of dead)
      this.#deps.health(source.name).forget(`touch ${stream.name} ${recordId}`);
    const settled = await settleTouches(tx, { ...held, now }, dead);
    await keepDeadLetters(
      tx,
      dead.flatMap(({ recordId, changedAt }) =>
        settled.has(recordId)
          ? [
              {
                kind: 'record' as const,
                source: source.name,
                stream: stream.name,
                ref: recordId,
                code: 'unread',
                message: `it may have changed, and it could not be read: ${message}`,
                detail: { touchedAt: changedAt },
              },
            ]
          : [],
      ),
      now,
    );
  }
}

/** The streams of these sources that are read by ID. */
export function streamsRead(sources: readonly Source[]): { source: string; stream: string }[] {
  return sources.flatMap(({ name, streams }) =>
    streams.filter(({ read }) => read !== undefined).map((stream) => ({ source: name, stream: stream.name })),
  );
}

/** The work of reading a stream by ID, for the health of its source. */
function kindOf({ name }: Stream<unknown>): string {
  return `touch ${name}`;
}

function unproven(error: RejectedError): RejectedError {
  const { message, code, status, details } = error;
  return new RejectedError(message, {
    code,
    ...(status !== undefined && { status }),
    ...(details !== undefined && { details }),
    unproven: true,
    cause: error,
  });
}
