// What was kept is opened: each request's items told apart from repeats, its fat changes taken in as records, its thin
// ones noted to be read, all in one transaction with the row. What cannot be read lies there with the reason, and the
// rest goes on.
import type { Received, Webhook } from '../../connector/webhook.ts';
import { type Change, type Json, type Note, RejectedError, type SourceRecord } from '../../connector.ts';
import { isOutage } from '../../db/availability.ts';
import type { Database, Queryable } from '../../db/database.ts';
import { moment } from '../../db/moments.ts';
import { type Clock, latestOf } from '../../engine/clock.ts';
import type { Log } from '../../engine/log/log.ts';
import { type Tracer, tracesOf } from '../../engine/trace/trace.ts';
import {
  encodingsIn,
  NotPackedError,
  UnpackedTooLargeError,
  unpacked,
} from '../../engine/webhook/content-encoding.ts';
import { decodeApart, UndecodableError } from '../../engine/webhook/decoding.ts';
import { concernsContent, messageOf } from '../../engine/work/failures.ts';
import { attemptsMax, backoffMs } from '../../engine/work/retry.ts';
import type { RightOfWay } from '../../engine/work/right-of-way.ts';
import type { Next } from '../../engine/work/worker.ts';
import { noCounts } from '../../tables/counts.ts';
import { noteCoverage } from '../../tables/coverage.ts';
import { type DeadLetter, keepDeadLetters, settleRequestLetters } from '../../tables/dead-letters.ts';
import {
  type ItemCounts,
  type KeptRequest,
  lockRequests,
  lockWaiting,
  markDead,
  markOpened,
  putOffRequest,
  requestDueAt,
  sourcesWaiting,
} from '../../tables/inbox.ts';
import { hashedKey, noteKeys } from '../../tables/item-keys.ts';
import type { ComposedRecord } from '../../tables/records.ts';
import { type Touch, touch } from '../../tables/touches.ts';
import { cleanNames, namesReason } from '../intake/clean-names.ts';
import { aheadNote, asReceived } from '../intake/clocks.ts';
import { ingest } from '../intake/ingest.ts';
import { compose, type ReceivedRecord } from '../intake/partial-records.ts';
import type { Rules } from '../intake/rules.ts';
import type { Source } from '../intake/source.ts';
import { requireStream, touchOf } from '../intake/touched.ts';
import { Lingering } from './lingering.ts';
import { poisonIn } from './poison.ts';

const maxRequests = 200;

/** Of one statement. */
const maxItemsTogether = 5_000;

/** Of a body that was kept packed, where the source's settings say nothing. */
const maxUnpackedBytes = 64 * 1024 * 1024;

export interface OpenDeps {
  database: Database;
  rules: Rules;
  clock: Clock;
  log: Log;
  tracer: Tracer;
  rightOfWay: RightOfWay;
  /** Takes in what the destination's own webhooks say. Returns how many of the items were for us. */
  destination: DestinationOpening | null;
  /** Called when customers may have become due, or records are to be read. */
  onOpened(): void;
}

/** The destination's webhooks, as the opening needs them. */
export interface DestinationOpening {
  name: string;
  webhook: Webhook<unknown>;
  /** What one item says, checked. Throws RejectedError. */
  read(item: Json, received: Received): unknown[];
  /** Takes in everything that was read, and returns for each whether it was for us. */
  take(tx: Queryable, said: readonly SaidItem[], now: number): Promise<boolean[]>;
}

/** What one item of the destination's webhooks says. */
export interface SaidItem {
  changes: readonly unknown[];
  /** The span of its request, where it was traced. */
  traceparent: string | undefined;
}

/** One item on its way. */
interface Item {
  request: KeptRequest;
  /** Its place in the request, from 1. */
  place: number;
  item: Json;
  /** Null where the vendor gives it no name. */
  key: string | null;
}

/** What is opened of a request: not the items that cannot be kept (by place, with the reason), and in a trial some only. */
interface Choice {
  poison?: ReadonlyMap<number, string>;
  only?: { from: number; to: number };
}

/** What became of each request so far. */
class Tally {
  readonly counts = new Map<KeptRequest, ItemCounts>();
  readonly dead = new Map<KeptRequest, string>();
  /** The first thing that is wrong with each. */
  readonly faults = new Map<KeptRequest, string>();
  /** Of the items of all parts so far. */
  readonly keys = new Set<string>();
  #letters: DeadLetter[] = [];

  letter(request: KeptRequest, letter: DeadLetter): void {
    if (!this.faults.has(request)) this.faults.set(request, letter.message);
    this.#letters.push(letter);
  }

  /** Those since it was last asked: they are written part by part. */
  lettersSince(): DeadLetter[] {
    const letters = this.#letters;
    this.#letters = [];
    return letters;
  }

  of(request: KeptRequest): ItemCounts {
    const known = this.counts.get(request);
    if (known) return known;
    const none = { ...noCounts, items: 0, duplicates: 0, ignored: 0, unreadable: 0, taken: 0, touched: 0 };
    this.counts.set(request, none);
    return none;
  }
}

export class Opener {
  readonly #deps: OpenDeps;
  /** Sources of which a group failed: their requests are opened one by one until one of them is put aside. */
  readonly #careful = new Set<string>();
  /** When the log last said so of a source, by kind of finding; epoch milliseconds. */
  #turn = 0;
  readonly #lingering = new Lingering();

  constructor(deps: OpenDeps) {
    this.#deps = deps;
  }

  /** Opens some of what waits of each source, in turn: a flood of one does not keep the others waiting. */
  async step(signal: AbortSignal): Promise<Next> {
    const { database, clock, onOpened } = this.#deps;
    const names = await sourcesWaiting(database, this.sources, clock.now());
    for (const name of this.#careful) if (!names.includes(name)) this.#careful.delete(name);
    let isAny = false;
    this.#turn += 1;
    for (let index = 0; index < names.length && !signal.aborted; index += 1) {
      if ((await this.#openSome(names[(index + this.#turn) % names.length]!)) === 0) continue;
      isAny = true;
      // What came of it does not wait for the other sources.
      onOpened();
    }
    if (isAny) return { again: true };
    return { again: false, due: await moment(database, requestDueAt(this.sources)) };
  }

  /** The sources whose requests it opens. Requests of a source that is not configured wait until it is. */
  get sources(): string[] {
    const { rules, destination } = this.#deps;
    const names = rules.sources.filter((source) => source.webhook !== null).map((source) => source.name);
    return destination ? [...names, destination.name] : names;
  }

  async #openSome(source: string): Promise<number> {
    const { database, clock, log, rightOfWay } = this.#deps;
    const most = this.#careful.has(source) ? 1 : maxRequests;
    let locked: KeptRequest[] = [];
    try {
      await rightOfWay.urgently(() =>
        database.transaction(async (tx) => {
          const now = clock.now();
          locked = await lockWaiting(tx, { source, now, most });
          if (locked.length > 0) await this.#traced(source, locked, () => this.#open(tx, source, locked));
        }),
      );
      return locked.length;
    } catch (error) {
      // No request is the cause of it: the step fails, and is tried again.
      if (isOutage(error)) throw error;
      if (locked.length > 1) {
        this.#careful.add(source);
        return 1;
      }
      const [request] = locked;
      if (!request) throw error;
      this.#careful.delete(source);
      const failure = await this.#openApart(source, request, error);
      if (failure === null) return 1;
      if (isOutage(failure)) throw failure;
      log.error({ err: failure, source, request: request.id }, 'a kept request could not be opened');
      await this.#putAside(source, request, failure);
      return 1;
    }
  }

  #traced<Result>(
    source: string,
    requests: readonly KeptRequest[],
    open: () => Promise<Result>,
  ): Promise<Result> {
    const attributes = { 'tributary.source': source, 'tributary.requests': requests.length };
    const causes = requests.map(({ traceparent }) => traceparent);
    return this.#deps.tracer.begin('open', { kind: 'consumer', attributes, causes }, open);
  }

  /** Opens a request that failed, without the items to blame. Returns why it cannot be opened, or null. */
  async #openApart(source: string, request: KeptRequest, failed: unknown): Promise<unknown> {
    if (!concernsContent(failed)) return failed;
    const { database, clock, log, rightOfWay } = this.#deps;
    try {
      const poison = await this.#poisonIn(source, request);
      await rightOfWay.urgently(() =>
        database.transaction(async (tx) => {
          const [still] = await lockWaiting(tx, { source, now: clock.now(), most: 1 });
          if (still?.id === request.id)
            await this.#traced(source, [still], () => this.#open(tx, source, [still], { poison }));
        }),
      );
      log.warn({ source, request: request.id, items: poison.size }, 'items of a request cannot be kept');
      return null;
    } catch (error) {
      return error;
    }
  }

  async #poisonIn(source: string, request: KeptRequest): Promise<ReadonlyMap<number, string>> {
    const { database } = this.#deps;
    const { items } = await this.#itemsOf(source, this.#webhookOf(source), request, new Tally());
    const undo = new Error('a trial');
    return poisonIn(items.length, async (from, to) => {
      try {
        await database.transaction(async (tx) => {
          await this.#open(tx, source, await lockRequests(tx, [request.id]), { only: { from, to } });
          throw undo;
        });
      } catch (error) {
        if (error !== undo) throw error;
      }
    });
  }

  #webhookOf(name: string): Webhook<unknown> {
    return this.#deps.rules.source(name)?.webhook ?? this.#deps.destination!.webhook;
  }

  /** What failed alone is tried again later, and is dead after the last attempt. */
  async #putAside(source: string, request: KeptRequest, error: unknown): Promise<void> {
    const { database, clock } = this.#deps;
    const message = messageOf(error);
    const now = clock.now();
    const attempts = request.attempts + 1;
    if (attempts < attemptsMax.inbox)
      return putOffRequest(database, { id: request.id, dueAt: now + backoffMs(attempts), error: message });
    await database.transaction(async (tx) => {
      const reason = `given up after ${attempts} attempts: ${message}`;
      await markDead(tx, [{ id: request.id, error: reason }]);
      await keepDeadLetters(tx, [letterOf(source, request, null, 'given_up', reason)], now);
    });
  }

  /**
   * Opens these requests again, as they would be now. `dryRun`: what would become of each is found out and taken back.
   * Requests of a source that has no webhook any more are left out.
   */
  async replay(
    source: string,
    ids: readonly number[],
    { dryRun }: { dryRun: boolean },
  ): Promise<{ id: number; counts: ItemCounts | null; error: string | null }[]> {
    if (!this.sources.includes(source)) return [];
    try {
      return await this.#replayed(source, ids, { dryRun });
    } catch (error) {
      if (ids.length !== 1 || !concernsContent(error)) throw error;
      const [request] = await lockRequests(this.#deps.database, ids);
      if (!request) throw error;
      return await this.#replayed(source, ids, { dryRun, poison: await this.#poisonIn(source, request) });
    }
  }

  async #replayed(
    source: string,
    ids: readonly number[],
    { dryRun, ...choice }: { dryRun: boolean } & Choice,
  ): Promise<{ id: number; counts: ItemCounts | null; error: string | null }[]> {
    let results: { id: number; counts: ItemCounts | null; error: string | null }[] = [];
    const undo = new Error('dry run');
    try {
      await this.#deps.database.transaction(async (tx) => {
        const requests = (await lockRequests(tx, ids)).map((request) => ({
          ...request,
          attempts: Math.max(request.attempts, 1),
        }));
        const { counts, faults } = await this.#open(tx, source, requests, choice);
        results = requests.map((request) => ({
          id: request.id,
          counts: counts.get(request) ?? null,
          error: faults.get(request) ?? null,
        }));
        if (dryRun) throw undo;
      });
    } catch (error) {
      if (error !== undo) throw error;
    }
    if (!dryRun) this.#deps.onOpened();
    return results;
  }

  // ── One group of requests, in one transaction ──────────────────────────────────────────────────────────────────

  async #open(
    tx: Queryable,
    name: string,
    requests: readonly KeptRequest[],
    choice: Choice = {},
  ): Promise<Tally> {
    const now = this.#deps.clock.now();
    const source = this.#deps.rules.source(name);
    const webhook = this.#webhookOf(name);
    const tally = new Tally();
    // What was opened before may have left letters.
    const again = requests.filter(({ attempts }) => attempts > 0).map(({ id }) => id);
    await settleRequestLetters(tx, name, again, now);
    for await (const items of this.#partsOf(name, webhook, requests, tally, choice)) {
      const fresh = await this.#withoutRepeats(tx, name, webhook, items, tally, now);
      if (source) await this.#takeChanges(tx, source, fresh, tally, now);
      else await this.#takeDestinationChanges(tx, fresh, tally, now);
      await keepDeadLetters(tx, tally.lettersSince(), now);
    }
    await keepDeadLetters(tx, tally.lettersSince(), now);
    const opened = requests.filter((request) => !tally.dead.has(request));
    await markOpened(
      tx,
      opened.map((request) => ({ id: request.id, counts: tally.of(request) })),
      now,
    );
    await markDead(
      tx,
      [...tally.dead].map(([{ id }, error]) => ({ id, error })),
    );
    return tally;
  }

  /**
   * The items of all requests, so many at a time: each statement has a bounded size, however many items one request holds.
   * A body is read when its turn comes.
   */
  async *#partsOf(
    source: string,
    webhook: Webhook<unknown>,
    requests: readonly KeptRequest[],
    tally: Tally,
    { poison, only }: Choice,
  ): AsyncGenerator<Item[]> {
    let part: Item[] = [];
    for (const request of requests) {
      const { items, faults } = await this.#itemsOf(source, webhook, request, tally);
      if (only) tally.of(request).items = only.to - only.from;
      for (const [index, item] of items.entries()) {
        if (only && (index < only.from || index >= only.to)) continue;
        const place = index + 1;
        const why = poison?.get(place);
        const fault = faults.get(index) ?? (why && `this item cannot be stored: ${why}`);
        if (fault !== undefined) {
          tally.of(request).unreadable += 1;
          const code = faults.has(index) ? 'unreadable' : 'unkept';
          tally.letter(request, letterOf(source, request, place, code, fault));
          continue;
        }
        part.push({ request, place, item, key: keyOf(webhook, item) });
        if (part.length < maxItemsTogether) continue;
        yield part;
        part = [];
      }
    }
    if (part.length > 0) yield part;
  }

  async #itemsOf(
    source: string,
    webhook: Webhook<unknown>,
    request: KeptRequest,
    tally: Tally,
  ): Promise<ReturnType<typeof decodeApart>> {
    const none = { items: [], faults: new Map<number, string>() };
    try {
      const limits = this.#deps.rules.source(source)?.config.webhook;
      const body = await unpackedBody(request, limits?.maxBodyBytes ?? maxUnpackedBytes);
      // An empty body tries the address, with the right credentials.
      const reading = {
        contentType: request.headers['content-type'],
        ...(limits && { rules: limits.reading }),
      };
      const decoded = body.length === 0 ? none : decodeApart(webhook.decoding, body, reading);
      tally.of(request).items = decoded.items.length;
      return decoded;
    } catch (error) {
      const reason =
        error instanceof UndecodableError ? error.message : this.#unexpected(source, request, error);
      tally.dead.set(request, reason);
      tally.letter(request, letterOf(source, request, null, 'unreadable', reason));
      return none;
    }
  }

  async #withoutRepeats(
    tx: Queryable,
    source: string,
    webhook: Webhook<unknown>,
    items: readonly Item[],
    tally: Tally,
    now: number,
  ): Promise<Item[]> {
    const first = new Map<string, Item>();
    for (const item of items) {
      const { key } = item;
      if (key !== null && !first.has(key) && !tally.keys.has(key)) first.set(key, item);
    }
    for (const key of first.keys()) tally.keys.add(key);
    const fresh = await noteKeys(
      tx,
      source,
      [...first].map(([key, { request }]) => ({ key, inboxId: request.id })),
      { now, expiresAt: now + webhook.retryHorizonSeconds * 1000 },
    );
    return items.filter((item) => {
      if (item.key === null || (fresh.has(item.key) && first.get(item.key) === item)) return true;
      tally.of(item.request).duplicates += 1;
      return false;
    });
  }

  async #takeChanges(
    tx: Queryable,
    source: Source,
    items: readonly Item[],
    tally: Tally,
    now: number,
  ): Promise<void> {
    const told = new Map<string, (ReceivedRecord & { request: KeptRequest })[]>();
    const touched: Touch[] = [];
    const turns = new Turns();
    let ahead = 0;
    for (const item of items) {
      const counts = tally.of(item.request);
      const changes = this.#said(source.name, item, tally, () => {
        if (source.writtenBack?.isOwnChange(item.item)) return [];
        const changes = source.webhook!.changes(item.item, receivedOf(item.request));
        for (const change of changes) if (change.kind !== 'ignored') requireStream(source, change);
        return changes.map(storable);
      });
      if (changes === null) continue;
      const forUs = changes.filter((change) => change.kind !== 'ignored');
      counts[forUs.length > 0 ? 'taken' : 'ignored'] += 1;
      for (const change of forUs) {
        if (change.kind === 'touch') {
          counts.touched += 1;
          const named = touchOf(source, change, item.request.receivedAt, this.#latest(item.request));
          if (named.isAhead) ahead += 1;
          const traceparent = item.request.traceparent ?? undefined;
          const lingerMs = this.#lingering.waitMs([source.name, change.stream, change.recordId], now);
          const waitMs = Math.max(named.touch.waitMs, lingerMs);
          touched.push({ ...named.touch, waitMs, traceparent });
        } else {
          counts.received += 1;
          const list = told.get(change.stream) ?? [];
          told.set(change.stream, list);
          const record = received(change.record, item.request, this.#latest(item.request));
          if (record.changedAt !== change.record.changedAt) ahead += 1;
          list.push({
            record: turns.inTurn(change.stream, record),
            partial: change.partial === true,
            request: item.request,
          });
        }
      }
    }
    if (ahead > 0) this.#tell(source.name, aheadNote(ahead));
    await touch(tx, source.name, touched, now);
    for (const [stream, records] of told) await this.#takeRecords(tx, source, stream, records, tally, now);
  }

  /** What comes is opened at once: only then do the clocks of now say when it came. */
  #latest({ receivedAt, attempts }: KeptRequest): number {
    return attempts > 0 ? receivedAt : Math.max(receivedAt, latestOf(this.#deps.clock));
  }

  #tell(source: string, { message, count }: Note): void {
    this.#deps.log.warn({ source, records: count }, message);
  }

  async #takeRecords(
    tx: Queryable,
    source: Source,
    stream: string,
    told: readonly (ReceivedRecord & { request: KeptRequest })[],
    tally: Tally,
    now: number,
  ): Promise<void> {
    const requestOf = new Map(told.map(({ record, request }) => [record, request]));
    const composed = await compose(tx, source, stream, told);
    const madeOf = new Map(composed.map(({ record, of }) => [record, of]));
    const changed: number[] = [];
    await ingest(
      tx,
      this.#deps.rules,
      {
        source,
        stream,
        lane: 'webhook',
        runId: null,
        now,
        latest: latestOf(this.#deps.clock),
        traces: tracesOf(told.map(({ record, request }) => ({ ...request, recordId: record.recordId }))),
        onNote: (note) => this.#tell(source.name, note),
        onCounted: (record, as) => {
          for (const part of madeOf.get(record)!) tally.of(requestOf.get(part)!)[as] += 1;
        },
        onChanged: (clocks) => void changed.push(...clocks),
      },
      { records: composed.map(({ record }) => record) },
    );
    await noteCoverage(tx, { source: source.name, channel: 'webhook', now }, changed);
  }

  async #takeDestinationChanges(
    tx: Queryable,
    items: readonly Item[],
    tally: Tally,
    now: number,
  ): Promise<void> {
    const { destination } = this.#deps;
    if (!destination) return;
    const read = items.flatMap((item) => {
      const said = this.#said(destination.name, item, tally, () =>
        destination.read(item.item, receivedOf(item.request)),
      );
      return said === null ? [] : [{ item, said }];
    });
    const forUs = await destination.take(
      tx,
      read.map(({ item, said }) => ({ changes: said, traceparent: item.request.traceparent ?? undefined })),
      now,
    );
    for (const [index, { item }] of read.entries())
      tally.of(item.request)[forUs[index] ? 'taken' : 'ignored'] += 1;
  }

  /** Null where the item is none of the vendor's: it is counted as unreadable, and kept to be replayed. */
  #said<Said>(source: string, item: Item, tally: Tally, read: () => Said): Said | null {
    try {
      return read();
    } catch (error) {
      const known = error instanceof RejectedError;
      const reason = known ? error.message : this.#unexpected(source, item.request, error);
      tally.of(item.request).unreadable += 1;
      tally.letter(
        item.request,
        letterOf(source, item.request, item.place, known ? error.code : 'unexpected', reason),
      );
      return null;
    }
  }

  #unexpected(source: string, request: KeptRequest, error: unknown): string {
    this.#deps.log.error({ err: error, source, request: request.id }, 'a kept request could not be read');
    return 'it could not be read, and nobody expected that: the log has the error';
  }
}

/** The vendor's name for the item, or null. What has no name may come again and mean it: A, B, A ends with A. */
function keyOf(webhook: Webhook<unknown>, item: Json): string | null {
  try {
    const named = webhook.key?.(item) ?? null;
    return named === null ? null : hashedKey(`name ${named}`);
  } catch {
    return null;
  }
}

/**
 * Records to which no time is given, in the order in which they came. At the same time a deletion counts: so a record that a request
 * creates again behind its deletion has changed a millisecond later.
 */
class Turns {
  readonly #last = new Map<string, ComposedRecord>();

  inTurn(stream: string, record: ComposedRecord): ComposedRecord {
    if (!record.undated) return record;
    const key = `${stream} ${record.recordId}`;
    const before = this.#last.get(key);
    const earliest = before ? before.changedAt + (before.deleted && !record.deleted ? 1 : 0) : 0;
    const turned = earliest > record.changedAt ? { ...record, changedAt: earliest } : record;
    this.#last.set(key, turned);
    return turned;
  }
}

/** The change with names of properties that can be stored. Throws RejectedError where two of them would be one. */
function storable(change: Change): Change {
  if (change.kind !== 'record') return change;
  const body = cleanNames(change.record.body);
  if (body === null) throw new RejectedError(namesReason, { code: 'unreadable' });
  return { ...change, record: { ...change.record, body } };
}

/** The record as it can be believed. Where the vendor gave no time, the connector says that of the request's receipt. */
function received(record: SourceRecord, { receivedAt }: KeptRequest, latest: number): ComposedRecord {
  const taken: ComposedRecord = asReceived(record, receivedAt, latest);
  return taken.changedAt === receivedAt ? { ...taken, undated: true } : taken;
}

/**
 * Bodies are unpacked before they are kept, and lose the header Content-Encoding. One that still has it could not be
 * unpacked, or was kept by a version that did not. Throws UndecodableError.
 */
async function unpackedBody({ headers, body }: KeptRequest, maxBytes: number): Promise<Uint8Array> {
  const encodings = encodingsIn(headers['content-encoding']);
  if (encodings === null)
    throw new UndecodableError('The body has a Content-Encoding that is not supported.');
  try {
    return await unpacked(body, encodings, maxBytes);
  } catch (error) {
    if (error instanceof NotPackedError)
      throw new UndecodableError(
        `The body is not valid ${encodings.join(', ')}, which its Content-Encoding names.`,
      );
    if (error instanceof UnpackedTooLargeError)
      throw new UndecodableError(
        `The decompressed body exceeds ${maxBytes} bytes: raise webhook.maxBodyBytes of the source and replay the request.`,
      );
    throw error;
  }
}

function receivedOf({ method, headers, query, receivedAt }: KeptRequest): Received {
  return { method, headers, query, receivedAt };
}

/** A letter about a whole request, or about one item of it. */
function letterOf(
  source: string,
  { id, receivedAt }: KeptRequest,
  place: number | null,
  code: string,
  message: string,
): DeadLetter {
  const ref = place === null ? String(id) : `${id}#${place}`;
  return { kind: 'inbox', source, ref, code, message, detail: { request: id, item: place, receivedAt } };
}
