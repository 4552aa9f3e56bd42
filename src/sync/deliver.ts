// The last step of the path: claim · diff · single or bulk · settle. Every attempt settles behind its lease; what is in
// doubt is sent again whole. It knows no vendor.
import { randomUUID } from 'node:crypto';
import {
  type Context,
  type Destination,
  type JsonObject,
  type Outcome,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '../connector.ts';
import type { Database, Queryable } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import { localFiles } from '../engine/files.ts';
import type { Endpoint } from '../engine/http.ts';
import { type Lane, lanes } from '../engine/lanes.ts';
import type { Log } from '../engine/log.ts';
import { attemptsMax, type Backoff, backoffMs } from '../engine/retry.ts';
import type { Next } from '../engine/worker.ts';
import { dropAcknowledged, keepAcknowledged } from './acknowledgements.ts';
import {
  type Batch,
  type BatchItem,
  batchesUnderWay,
  claimBatch,
  endBatch,
  keepBatch,
  putOffBatch,
} from './batches.ts';
import type { DeletePolicy } from './breaker.ts';
import { keepDeadLetters, settleDeadLetters } from './dead-letters.ts';
import {
  type Backlog,
  backlog,
  type Carrier,
  carry,
  claim,
  DueBounds,
  nextDue,
  type Settlement,
  settle,
} from './deliveries.ts';
import { type Writing, writings } from './difference.ts';
import { destinationName, pause, pauses } from './pauses.ts';
import { route, type Traffic, type Traits } from './route.ts';
import { someRunIsGoing } from './runs.ts';

const leaseMs = 120_000;
const mostBulkAtOnce = 4;
const backoff: Backoff = { baseMs: 2_000, capMs: 900_000 };
/** An action that has not ended by then is given up, and its customers are sent again whole. */
const actionDeadlineMs = 3_600_000;

export interface DeliverRoom {
  database: Database;
  clock: Clock;
  log: Log;
  destination: Destination<unknown>;
  settings: unknown;
  endpoint: Endpoint;
  /** What becomes of customers that all their records have left. */
  deletes: DeletePolicy;
  /** Begins the erasure of a customer, in the transaction that puts its delivery down. */
  onLeft(db: Queryable, sourceId: string, now: number): Promise<void>;
  /** A lease of this worker, new for each claim. */
  newLease(): string;
}

export class Deliverer {
  readonly #room: DeliverRoom;
  readonly #traits: Traits;
  readonly #bounds = new DueBounds();

  constructor(room: DeliverRoom) {
    this.#room = room;
    this.#traits = room.destination.traits(room.settings);
  }

  /** Sends one batch of what is due. */
  async step(signal: AbortSignal): Promise<Next> {
    const { database, clock } = this.#room;
    if ((await pauses(database)).has(destinationName)) return { again: false, afterMs: 5_000 };
    const due = await backlog(database, clock.now(), this.#traits.bulk?.maxRecords ?? 1000);
    if (due.length === 0) return { again: false, afterMs: await this.#untilNextDue() };
    const plan = route(due, await this.#traffic(due), this.#traits);
    if (plan.by === 'none') return { again: false, afterMs: plan.againMs };
    const lease = this.#room.newLease();
    const claimed = await database.transaction((tx) =>
      claim(tx, { lease, now: clock.now(), leaseMs, most: plan.most, bounds: this.#bounds }),
    );
    if (claimed.length === 0) return { again: false, afterMs: 250 };
    const lane = lanes[Math.min(...claimed.map((row) => row.lane))] ?? 'backfill';
    const all = await writings(database, claimed, this.#room);
    await this.#settleIdle(lease, all);
    await this.#beginErasures(lease, all);
    const toWrite = all.filter((writing) => writing.action === 'write');
    if (plan.by === 'bulk' && toWrite.length > 1) await this.#sendBulk(lease, lane, toWrite, signal);
    else await this.#sendSingles(lease, lane, toWrite, signal);
    const toRemove = all.filter((writing) => writing.action === 'remove');
    await this.#sendSingles(lease, lane, toRemove, signal);
    return { again: true };
  }

  /** Asks about one bulk action that is due, and settles it when it has ended. */
  async pollStep(signal: AbortSignal): Promise<Next> {
    const { database, clock, destination } = this.#room;
    const { nextDue: next } = await batchesUnderWay(database);
    if (next === null) return { again: false, afterMs: 1000 };
    if (next > clock.now()) return { again: false, afterMs: Math.min(next - clock.now(), 1000) };
    const lease = this.#room.newLease();
    const batch = await claimBatch(database, lease, clock.now(), leaseMs);
    if (!batch || !destination.bulk) return { again: false, afterMs: 250 };
    const sourceIds = batch.items.map((item) => item.sourceId);
    try {
      const result = await destination.bulk.poll(
        this.#context('schedule', signal),
        batch.actionId,
        sourceIds,
      );
      if (result) await this.#settleBatch(batch, lease, result.outcomes);
      else if (clock.now() - batch.submittedAt > actionDeadlineMs) {
        await this.#settleBatch(
          batch,
          lease,
          sourceIds.map((sourceId) => ({
            sourceId,
            result: 'unknown',
            message: 'the bulk action did not end',
          })),
        );
      } else await putOffBatch(database, batch.id, lease, clock.now() + pollDelayMs(batch));
    } catch (error) {
      await this.#note(error);
      const said = error instanceof TransientError ? error.retryAfterMs : undefined;
      await putOffBatch(
        database,
        batch.id,
        lease,
        clock.now() + backoffMs(batch.polls, { ...backoff, retryAfterMs: said }),
      );
    }
    return { again: true };
  }

  async #traffic(due: readonly Backlog[]): Promise<Traffic> {
    const { database, clock, endpoint } = this.#room;
    const lane = due[0]?.lane ?? 'backfill';
    return {
      at: clock.now(),
      reading: await someRunIsGoing(database),
      bulkUnderWay: (await batchesUnderWay(database)).count,
      mostBulkAtOnce,
      singleWaitMs: endpoint.budget.waitMs(undefined, lane),
      bulkWaitMs: endpoint.budget.waitMs(this.#traits.bulk?.bucket, lane),
    };
  }

  async #untilNextDue(): Promise<number> {
    const next = await nextDue(this.#room.database);
    return next === null ? 1000 : Math.min(Math.max(next - this.#room.clock.now(), 50), 1000);
  }

  #context(lane: Lane, signal: AbortSignal): Context<unknown> {
    const { settings, endpoint, clock } = this.#room;
    return { settings, api: endpoint.api(lane, { signal }), files: localFiles, now: clock.now() };
  }

  /** Customers of whom the destination has everything already. */
  async #settleIdle(lease: string, all: readonly Writing[]): Promise<void> {
    const idle = all.filter((writing) => writing.action === 'none');
    await this.#settle(
      { lease },
      idle,
      new Map(idle.map(({ sourceId }) => [sourceId, { sourceId, result: 'accepted' }])),
    );
  }

  /**
   * Begins the erasures that the delete policy asks for: from here on they tell the destination, and every other store.
   * Each puts the delivery down first, so that the erasure does not wait for it; what was in doubt stays so.
   */
  async #beginErasures(lease: string, all: readonly Writing[]): Promise<void> {
    const { database, clock, onLeft } = this.#room;
    for (const writing of all.filter(({ action }) => action === 'erase')) {
      const { sourceId, revision, uncertain } = writing;
      const now = clock.now();
      const message = 'it is to be erased';
      const down: Settlement = {
        sourceId,
        revision,
        end: 'again',
        dueAt: now,
        counted: false,
        message,
        uncertain,
      };
      try {
        await database.transaction(async (tx) => {
          if ((await settle(tx, { lease }, [down], now)).has(sourceId)) await onLeft(tx, sourceId, now);
        });
      } catch (error) {
        await this.#settleFailure(lease, [writing], error);
      }
    }
  }

  // ── One by one ──────────────────────────────────────────────────────────────────────────────────────────────────

  async #sendSingles(
    lease: string,
    lane: Lane,
    toWrite: readonly Writing[],
    signal: AbortSignal,
  ): Promise<void> {
    const waiting = [...toWrite];
    const sender = async () => {
      for (let writing = waiting.shift(); writing; writing = waiting.shift())
        await this.#sendOne(lease, lane, writing, signal);
    };
    await Promise.all(Array.from({ length: Math.min(this.#traits.singlesAtOnce, toWrite.length) }, sender));
  }

  async #sendOne(lease: string, lane: Lane, writing: Writing, signal: AbortSignal): Promise<void> {
    try {
      const context = this.#context(lane, signal);
      const outcome =
        writing.action === 'remove'
          ? await this.#remove(context, writing.sourceId)
          : await this.#upsert(context, writing);
      await this.#settle({ lease }, [writing], new Map([[writing.sourceId, outcome]]));
    } catch (error) {
      await this.#settleFailure(lease, [writing], error);
    }
  }

  async #upsert(context: Context<unknown>, writing: Writing): Promise<Outcome> {
    const payload = await this.#preserved(context, writing);
    return this.#room.destination.upsert(context, { sourceId: writing.sourceId, payload });
  }

  /** Never for good: the customer may come back. */
  async #remove(context: Context<unknown>, sourceId: string): Promise<Outcome> {
    const { destination } = this.#room;
    if (destination.remove) return destination.remove(context, sourceId, { permanent: false });
    const message = 'The destination offers no way to delete a customer: set "deletes" to another policy.';
    return { sourceId, result: 'rejected', code: 'no_remove', message };
  }

  /** The payload, completed with what others keep in the objects that we write in part, where the vendor replaces them. */
  async #preserved(context: Context<unknown>, writing: Writing): Promise<JsonObject> {
    const { destination } = this.#room;
    const payload = writing.payload ?? {};
    if (this.#traits.partialWrites === 'merge' || !writing.partial || !destination.preserve) return payload;
    const current = await destination.read(context, writing.sourceId);
    return current ? destination.preserve(payload, current) : payload;
  }

  // ── In bulk ─────────────────────────────────────────────────────────────────────────────────────────────────────

  async #sendBulk(
    lease: string,
    lane: Lane,
    toWrite: readonly Writing[],
    signal: AbortSignal,
  ): Promise<void> {
    for (const part of inParts(toWrite, this.#traits.bulk!.maxBytes))
      await this.#submit(lease, lane, part, signal);
  }

  async #submit(lease: string, lane: Lane, part: readonly Writing[], signal: AbortSignal): Promise<void> {
    const { database, clock, destination } = this.#room;
    const context = this.#context(lane, signal);
    let actionId: string;
    try {
      const writes = await inTurn(part, this.#traits.singlesAtOnce, async (writing) => ({
        sourceId: writing.sourceId,
        payload: await this.#preserved(context, writing),
      }));
      ({ actionId } = await destination.bulk!.submit(context, writes));
    } catch (error) {
      if (error instanceof RejectedError && part.length > 1) return this.#bisect(lease, lane, part, signal);
      return this.#settleFailure(lease, part, error);
    }
    const id = randomUUID();
    const items: BatchItem[] = part.map(({ sourceId, revision, acknowledges, attempts, uncertain }) => ({
      sourceId,
      revision,
      acknowledges,
      attempts,
      uncertain,
    }));
    const batch: Batch = { id, actionId, items, submittedAt: clock.now(), polls: 0 };
    await database.transaction(async (tx) => {
      await keepBatch(tx, batch, clock.now() + pollDelayMs(batch));
      await carry(
        tx,
        lease,
        id,
        items.map((item) => item.sourceId),
      );
    });
  }

  /** A batch refused as a whole is halved until the customers that cause it stand alone. */
  async #bisect(lease: string, lane: Lane, part: readonly Writing[], signal: AbortSignal): Promise<void> {
    const middle = Math.ceil(part.length / 2);
    for (const half of [part.slice(0, middle), part.slice(middle)]) {
      if (half.length <= 5) await this.#sendSingles(lease, lane, half, signal);
      else await this.#submit(lease, lane, half, signal);
    }
  }

  async #settleBatch(batch: Batch, lease: string, outcomes: readonly Outcome[]): Promise<void> {
    const bySourceId = new Map(outcomes.map((outcome) => [outcome.sourceId, outcome]));
    for (const { sourceId } of batch.items)
      if (!bySourceId.has(sourceId)) bySourceId.set(sourceId, { sourceId, result: 'accepted' });
    await this.#room.database.transaction(async (tx) => {
      if (!(await endBatch(tx, batch.id, lease))) return;
      await this.#settleIn(tx, { batchId: batch.id }, batch.items, bySourceId);
    });
  }

  // ── Settling ────────────────────────────────────────────────────────────────────────────────────────────────────

  async #settle(carrier: Carrier, sent: readonly BatchItem[], outcomes: Map<string, Outcome>): Promise<void> {
    if (sent.length === 0) return;
    await this.#room.database.transaction((tx) => this.#settleIn(tx, carrier, sent, outcomes));
  }

  async #settleIn(
    tx: Queryable,
    carrier: Carrier,
    sent: readonly BatchItem[],
    outcomes: Map<string, Outcome>,
  ): Promise<void> {
    const now = this.#room.clock.now();
    const settlements = sent.map((item) => settlementOf(item, outcomes.get(item.sourceId)!, now));
    const settled = await settle(tx, carrier, settlements, now);
    const ours = sent.filter((item) => settled.has(item.sourceId));
    const accepted = ours.filter((item) => outcomes.get(item.sourceId)?.result === 'accepted');
    await keepAcknowledged(
      tx,
      accepted.flatMap(({ sourceId, revision, acknowledges }) =>
        acknowledges === null ? [] : [{ sourceId, revision, fields: acknowledges }],
      ),
      now,
    );
    await dropAcknowledged(
      tx,
      accepted.filter((item) => item.acknowledges === null).map((item) => item.sourceId),
    );
    const dead = settlements.filter(
      (settlement) => settlement.end === 'dead' && settled.has(settlement.sourceId),
    );
    await keepDeadLetters(
      tx,
      dead.map((settlement) => {
        const { code, message } = settlement as Extract<Settlement, { end: 'dead' }>;
        const outcome = outcomes.get(settlement.sourceId);
        const details = outcome?.result === 'rejected' ? (outcome.details ?? null) : null;
        return {
          kind: 'delivery',
          source: destinationName,
          ref: settlement.sourceId,
          code,
          message,
          detail: { revision: settlement.revision, details },
        };
      }),
      now,
    );
    await settleDeadLetters(
      tx,
      { kind: 'delivery', source: destinationName, refs: accepted.map((item) => item.sourceId) },
      now,
    );
  }

  /** The whole request failed: what that means for each customer in it. */
  async #settleFailure(lease: string, sent: readonly Writing[], error: unknown): Promise<void> {
    await this.#note(error);
    const { database, clock } = this.#room;
    const now = clock.now();
    if (error instanceof RejectedError) {
      const { code, message, details } = error;
      const outcome = (sourceId: string): Outcome => ({
        sourceId,
        result: 'rejected',
        code,
        message,
        ...(details === undefined ? {} : { details }),
      });
      return this.#settle(
        { lease },
        sent,
        new Map(sent.map(({ sourceId }) => [sourceId, outcome(sourceId)])),
      );
    }
    const transient = error instanceof TransientError ? error : null;
    const refused = error instanceof UnauthorizedError || (transient !== null && !transient.uncertain);
    const message = error instanceof Error ? error.message : String(error);
    const settlements = sent.map(({ sourceId, revision, attempts, uncertain }): Settlement => {
      const counted = !refused;
      if (counted && attempts + 1 >= attemptsMax.delivery) {
        return {
          sourceId,
          revision,
          end: 'dead',
          code: 'given_up',
          message: `given up after ${attemptsMax.delivery} attempts: ${message}`,
          uncertain: true,
        };
      }
      const dueAt = now + backoffMs(attempts + 1, { ...backoff, retryAfterMs: transient?.retryAfterMs });
      return { sourceId, revision, end: 'again', dueAt, counted, message, uncertain: uncertain || !refused };
    });
    await database.transaction(async (tx) => {
      const settled = await settle(tx, { lease }, settlements, now);
      await keepDeadLetters(
        tx,
        settlements.flatMap((settlement) =>
          settlement.end === 'dead' && settled.has(settlement.sourceId)
            ? [
                {
                  kind: 'delivery' as const,
                  source: destinationName,
                  ref: settlement.sourceId,
                  code: settlement.code,
                  message: settlement.message,
                },
              ]
            : [],
        ),
        now,
      );
    });
  }

  /** Says what went wrong once; refused credentials pause the destination until a person acts. */
  async #note(error: unknown): Promise<void> {
    const { database, clock, log } = this.#room;
    if (error instanceof UnauthorizedError) {
      const fresh = await pause(
        database,
        destinationName,
        { cause: 'unauthorized', reason: error.message },
        clock.now(),
      );
      if (fresh) log.error(`destination paused: ${error.message}`);
    } else if (error instanceof TransientError) log.warn(error.message);
    else if (error instanceof RejectedError)
      log.warn({ code: error.code }, `destination refused: ${error.message}`);
    else log.error({ err: error }, 'unexpected error while delivering; tried again');
  }
}

function settlementOf(item: BatchItem, outcome: Outcome, now: number): Settlement {
  const { sourceId, revision, attempts } = item;
  if (outcome.result === 'accepted') return { sourceId, revision, end: 'delivered' };
  if (outcome.result === 'rejected') {
    return {
      sourceId,
      revision,
      end: 'dead',
      code: outcome.code,
      message: outcome.message,
      uncertain: item.uncertain,
    };
  }
  if (attempts + 1 >= attemptsMax.delivery) {
    return { sourceId, revision, end: 'dead', code: 'given_up', message: outcome.message, uncertain: true };
  }
  return {
    sourceId,
    revision,
    end: 'again',
    dueAt: now + backoffMs(attempts + 1, backoff),
    counted: true,
    message: outcome.message,
    uncertain: true,
  };
}

/** When an action is asked about next: each question costs a call, and large ones take longer. */
function pollDelayMs(batch: Batch): number {
  return Math.min((200 + batch.items.length / 10) * 1.6 ** batch.polls, 30_000);
}

/** Splits so that each part's body stays under `maxBytes`; the array's own commas and brackets are counted. */
function inParts(toWrite: readonly Writing[], maxBytes: number): Writing[][] {
  const parts: Writing[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const writing of toWrite) {
    const size = Buffer.byteLength(JSON.stringify(writing.payload)) + 1;
    if (bytes + size > maxBytes) {
      parts.push([]);
      bytes = 2;
    }
    parts.at(-1)?.push(writing);
    bytes += size;
  }
  return parts;
}

/** Maps with at most `atOnce` under way, in order. */
async function inTurn<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
