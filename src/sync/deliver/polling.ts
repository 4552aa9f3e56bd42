// Bulk actions on their way at the destination: asked about until they end, and settled customer by customer. What an action
// proves nothing of is read back before it is settled.
import {
  type Context,
  type DestinationCustomer,
  type EndedAction,
  type Outcome,
  TransientError,
} from '../../connector.ts';
import type { Queryable } from '../../db/database.ts';
import { moment } from '../../db/moments.ts';
import type { Circuit } from '../../engine/http/circuit.ts';
import { tellAnswered } from '../../engine/http/guarded-api.ts';
import type { Log } from '../../engine/log/log.ts';
import type { Lane } from '../../engine/quota/lanes.ts';
import type { Tracer } from '../../engine/trace/trace.ts';
import { failureOf } from '../../engine/work/failures.ts';
import { backoffMs } from '../../engine/work/retry.ts';
import type { RightOfWay } from '../../engine/work/right-of-way.ts';
import type { Next } from '../../engine/work/worker.ts';
import { type BatchItem, itemsOf } from '../../tables/batch-items.ts';
import {
  type Batch,
  batchDueAt,
  type ClaimedBatch,
  claimBatch,
  endBatch,
  giveUpLost,
  holdBatch,
  leaveOf,
  nameLost,
  putOffBatch,
} from '../../tables/batches.ts';
import { acknowledgedAfter, deliveredAs, sendAgain } from '../../tables/deliveries.ts';
import { destinationName, listPauses } from '../../tables/pauses.ts';
import type { BatchSize } from './batch-size.ts';
import type { Health } from './health.ts';
import { type Learning, readsLagMs } from './learning.ts';
import { Lookup, type LookupDeps, type LostBatch } from './lookup.ts';
import { isSampleHeld, readDoubts } from './read-doubts.ts';
import { accepted, backoff, type Settler } from './settling.ts';

const leaseMs = 120_000;

/** An action that has not ended by then is given up: of its customers nothing is known. */
const actionDeadlineMs = 3_600_000;

/** When an action that nobody could name has most likely ended. */
export const lostActionMs = 600_000;

/** When those are looked at again that an action has written to and something else carries. */
const lostAgainMs = 5_000;

export interface PollDeps extends LookupDeps {
  log: Log;
  tracer: Tracer;
  settler: Settler;
  health: Health;
  circuit: Circuit;
  size: BatchSize;
  learning: Learning;
  rightOfWay: RightOfWay;
  readonly settings: unknown;
  newLease(): string;
  /** `isProof`: whether an answer shows that the destination works again. Default: true. */
  context(lane: Lane, signal: AbortSignal, isProof?: boolean): Context<unknown>;
}

/**
 * When an action is asked about next: each question costs a call, and large ones take longer. `told`: its progress,
 * of 100, and when that was told, after it was sent. It may not keep pace with time, so that it only shifts the question.
 */
export function pollDelayMs(
  { customers, polls }: { customers: number; polls: number },
  told: { progress: number; elapsedMs: number } = { progress: 0, elapsedMs: 0 },
): number {
  const delay = Math.min((200 + customers / 10) * 1.6 ** polls, 30_000);
  if (!(told.progress > 0 && told.progress < 100)) return delay;
  const left = told.elapsedMs * (100 / told.progress - 1);
  return Math.min(Math.max(left, delay / 2), delay * 2);
}

export class Poller {
  readonly #deps: PollDeps;
  readonly #lookup: Lookup;

  constructor(deps: PollDeps) {
    this.#deps = deps;
    this.#lookup = new Lookup(deps);
  }

  /** Asks about one bulk action that is due, and settles it when it has ended. */
  async step(signal: AbortSignal): Promise<Next> {
    const { database, clock, destination, circuit } = this.#deps;
    const next = await moment(database, batchDueAt);
    if (next === null || next > clock.now()) return { again: false, due: next };
    const cause = (await listPauses(database)).get(destinationName)?.cause;
    if (cause === 'unauthorized' || cause === 'project') return { again: false, afterMs: 5_000 };
    const admission = circuit.admit(clock.now());
    if (admission === 'none') return { again: false, afterMs: 1000 };
    const lease = this.#deps.newLease();
    const batch = await claimBatch(database, lease, clock.now(), leaseMs);
    try {
      if (!batch || !(destination.bulk || batch.kind === 'single')) return { again: false, afterMs: 250 };
      const attributes = { 'tributary.customers': batch.customers, 'tributary.polls': batch.polls };
      const causes = [batch.traceparent];
      await this.#deps.tracer.begin('poll', { kind: 'consumer', attributes, causes }, () =>
        this.#carryOn(batch, lease, signal),
      );
      return { again: true };
    } finally {
      if (admission === 'one') circuit.release();
    }
  }

  async #carryOn(batch: ClaimedBatch, lease: string, signal: AbortSignal): Promise<void> {
    const { actionId, lost } = batch;
    if (actionId === null && lost === null) return this.#makeUp(await this.#withItems(batch), lease);
    try {
      if (actionId !== null) await this.#ask({ ...batch, actionId }, lease, signal);
      else if (lost !== null) await this.#lookUp({ ...(await this.#withItems(batch)), lost }, lease, signal);
    } catch (error) {
      await this.#settleFailure(batch, lease, signal, error);
    }
  }

  /** With what it carries. That is read only for an action that has ended: each is asked about several times. */
  async #withItems<Claimed extends ClaimedBatch>(batch: Claimed): Promise<Claimed & Batch> {
    const { database, rightOfWay } = this.#deps;
    return { ...batch, items: await itemsOf(database, batch.id, rightOfWay.yieldToUrgent) };
  }

  async #ask(
    claimed: ClaimedBatch & { actionId: string },
    lease: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { database, clock, destination, size } = this.#deps;
    const { id, actionId, customers, polls, submittedAt } = claimed;
    const context = () => this.#deps.context('schedule', signal);
    let whole: Promise<Batch> | null = null;
    const batch = () => (whole ??= this.#withItems(claimed));
    const sourceIds = async () => (await batch()).items.map((item) => item.sourceId);
    const found = await destination.bulk!.poll(context(), actionId, sourceIds);
    const elapsedMs = clock.now() - submittedAt;
    if (found.outcomes) {
      size.took(customers, elapsedMs);
      return this.#settleEnded(await batch(), lease, found, context);
    }
    if (!this.#isOverdue(claimed)) {
      const delayMs = pollDelayMs({ customers, polls }, { progress: found.progress, elapsedMs });
      return putOffBatch(database, id, lease, clock.now() + delayMs);
    }
    size.timedOut(customers);
    return this.#settleEnded(await batch(), lease, null, context);
  }

  /** `result`: null where it did not end, or nothing is known of it; `unknown` says so. */
  async #settleEnded(
    batch: Batch,
    lease: string,
    result: EndedAction | null,
    context: () => Context<unknown>,
    unknown = 'the bulk action did not end',
  ): Promise<void> {
    const { destination } = this.#deps;
    const outcomes = outcomesOf(batch, result?.outcomes ?? [], unknown);
    const doubts = batch.items.filter(({ sourceId }) => outcomes.get(sourceId)?.result === 'unknown');
    if (doubts.length > 0)
      for (const sourceId of await readDoubts(destination, context, doubts))
        outcomes.set(sourceId, accepted(sourceId));
    if (result?.sample) await this.#believe(batch, outcomes, context);
    await this.#learn(batch, outcomes, context);
    const isHeld = [...outcomes.values()].every(({ result: end }) => end !== 'unknown');
    const isKnown = result !== null && result.isUnknown !== true;
    await this.#settle(batch, lease, outcomes, { mayCome: !isKnown && !isHeld });
  }

  /** Looks for the action of a call whose answer was lost: found, it is settled as if it had been heard of. */
  async #lookUp(batch: ClaimedBatch & LostBatch, lease: string, signal: AbortSignal): Promise<void> {
    const { database, clock, circuit, log } = this.#deps;
    if (!this.#deps.destination.bulk?.lookup) return this.#giveUp(batch, lease);
    // A list that is shown does not prove that writes are accepted again; an action that is found does.
    const look = await this.#lookup.look(batch, () => this.#deps.context('schedule', signal, false));
    if (look === 'given up') return this.#giveUp(batch, lease);
    if ('againAt' in look) return putOffBatch(database, batch.id, lease, look.againAt);
    const { actionId, shown } = look;
    const name = { id: batch.id, actionId, lease, now: clock.now() };
    if (!(await database.transaction((tx) => nameLost(tx, name))))
      return putOffBatch(database, batch.id, lease, this.#lookup.ruleOut(batch, actionId));
    log.info(
      { action: actionId, customers: batch.items.length },
      'found the bulk action whose answer was lost',
    );
    tellAnswered({ circuit, log, name: destinationName });
    const context = () => this.#deps.context('schedule', signal);
    const named: ClaimedBatch & Batch = { ...batch, actionId, lost: null };
    await this.#settleEnded(named, lease, shown, context).catch((error: unknown) =>
      this.#settleFailure(named, lease, signal, error),
    );
  }

  /** Its customers are sent again, and it is made up for later: it may be carried out yet. */
  async #giveUp(batch: LostBatch, lease: string): Promise<void> {
    const { database, settler, log } = this.#deps;
    const { message, counted } = batch.lost;
    log.warn(
      { customers: batch.items.length, reason: message },
      'the answer to a bulk call was lost and its action is not found: its customers are sent again',
    );
    const verdict = { blamed: false, counted, alone: false, paused: false };
    const error = new TransientError(message, { uncertain: true });
    await settler.settleFailure({ batchId: batch.id }, batch.items, error, verdict);
    await giveUpLost(database, batch.id, lease, batch.submittedAt + lostActionMs);
  }

  /** What was accepted is in doubt after all where a few of it are not as they were sent. */
  async #believe(
    batch: Batch,
    outcomes: Map<string, Outcome>,
    context: () => Context<unknown>,
  ): Promise<void> {
    const taken = batch.items.filter(({ sourceId }) => outcomes.get(sourceId)?.result === 'accepted');
    if (await isSampleHeld(this.#deps.destination, context, taken)) return;
    const message = 'other customers of the action are not held as they were sent';
    for (const { sourceId } of taken) outcomes.set(sourceId, { sourceId, result: 'unknown', message });
  }

  /** A customer that has lost what was left out of it is written again, whole. */
  async #learn(batch: Batch, outcomes: Map<string, Outcome>, context: () => Context<unknown>): Promise<void> {
    const { destination, learning, settings } = this.#deps;
    for (const { sourceId, leftOut, acknowledges, writtenAt } of batch.items) {
      if (leftOut === undefined || outcomes.get(sourceId)?.result !== 'accepted') continue;
      // Erased meanwhile: nothing of it is written any more.
      if (Object.keys(acknowledges ?? {}).length === 0) continue;
      const found = await this.#readAfter(writtenAt, context, sourceId);
      if (found && (await learning.judge('bulk', leftOut, found.fields))) continue;
      const whole = destination.payload(sourceId, acknowledges ?? {}, settings);
      const payload = found && destination.preserve ? destination.preserve(whole, found) : whole;
      outcomes.set(sourceId, await destination.upsert(context(), { sourceId, payload }));
    }
  }

  /** As the customer is after a bulk call: not as it was at `writtenAt`, which would look as if objects were merged. */
  async #readAfter(
    writtenAt: number | undefined,
    context: () => Context<unknown>,
    sourceId: string,
  ): Promise<DestinationCustomer | null> {
    const { destination, clock } = this.#deps;
    const found = await destination.read(context(), sourceId);
    const isNewer = writtenAt !== undefined && (found?.writtenAt ?? 0) > writtenAt;
    if (isNewer || found === null) return found;
    await clock.sleep(readsLagMs);
    return destination.read(context(), sourceId);
  }

  #isOverdue({ submittedAt }: Pick<Batch, 'submittedAt'>): boolean {
    return this.#deps.clock.now() - submittedAt > actionDeadlineMs;
  }

  /** Asked again later; but not for ever, nor where the question itself is refused. */
  async #settleFailure(
    claimed: ClaimedBatch,
    lease: string,
    signal: AbortSignal,
    error: unknown,
  ): Promise<void> {
    const { database, clock, health } = this.#deps;
    const now = clock.now();
    const { id, lost, polls } = claimed;
    if (signal.aborted) return putOffBatch(database, id, lease, now);
    health.tell(error);
    const failure = failureOf(lost ? 'lostBatch' : 'batch', error);
    const { kind, effect, message, retryAfterMs } = failure;
    const isPaused = kind === 'refused' && (await health.confirmRefused(failure.error, signal));
    if (lost) {
      const againAt = effect === 'give up' ? null : this.#lookup.afterFailure(lost);
      if (againAt === null) return this.#giveUp({ ...(await this.#withItems(claimed)), lost }, lease);
      return putOffBatch(database, id, lease, againAt);
    }
    if (effect === 'give up' || (!isPaused && this.#isOverdue(claimed)))
      return this.#giveUpAsking(await this.#withItems(claimed), lease, signal, message);
    const waitMs = backoffMs(polls, { ...backoff, capMs: 60_000, retryAfterMs });
    await putOffBatch(database, id, lease, now + waitMs);
  }

  /** What its customers hold tells what became of it, where at least they can be read. */
  async #giveUpAsking(batch: Batch, lease: string, signal: AbortSignal, message: string): Promise<void> {
    const unknown = `of the bulk action nothing is known: ${message}`;
    const context = () => this.#deps.context('schedule', signal);
    try {
      await this.#settleEnded(batch, lease, null, context, unknown);
    } catch (error) {
      this.#deps.health.tell(error);
      if (signal.aborted) return putOffBatch(this.#deps.database, batch.id, lease, this.#deps.clock.now());
      await this.#settle(batch, lease, outcomesOf(batch, [], unknown), { mayCome: true });
    }
  }

  /** `mayCome`: the action may still be carried out, over what was sent since. */
  async #settle(
    batch: Batch,
    lease: string,
    outcomes: ReadonlyMap<string, Outcome>,
    { mayCome }: { mayCome: boolean },
  ): Promise<void> {
    const { database, settler } = this.#deps;
    const isOurs = (tx: Queryable) => holdBatch(tx, batch.id, lease);
    const rows = await settler.settle({ batchId: batch.id }, batch.items, outcomes, isOurs);
    const settled = new Set(rows.map((row) => row.sourceId));
    const others = batch.items.filter(({ sourceId }) => !settled.has(sourceId));
    await database.transaction(async (tx) => {
      if (!(await isOurs(tx))) return;
      if (mayCome && !this.#isOverdue(batch)) await this.#leaveToMakeUp(tx, batch, lease, others);
      else await this.#settleLost(tx, batch, others);
    });
    await settler.writeFreshness({ all: true });
  }

  /**
   * Makes up for an action that may have been carried out unheard: its customers were sent again long since, and where
   * a later revision went before the action was carried out, it stands over that. Once when it has most likely ended,
   * and once more when it has for sure; a single write has by the first time.
   */
  async #makeUp(batch: Batch, lease: string): Promise<void> {
    const { database } = this.#deps;
    await database.transaction(async (tx) => {
      if (!(await holdBatch(tx, batch.id, lease))) return;
      const later = await acknowledgedAfter(tx, batch.items);
      const lost = batch.items.filter(({ sourceId }) => later.has(sourceId));
      if (batch.kind === 'single' || this.#isOverdue(batch)) return this.#settleLost(tx, batch, lost);
      await sendAgain(
        tx,
        lost.map(({ sourceId }) => sourceId),
        this.#deps.clock.now(),
      );
      await putOffBatch(tx, batch.id, lease, batch.submittedAt + actionDeadlineMs + 1);
    });
  }

  /** It has been carried out, or will be: what it may have written over is sent again, and once more when it is made up for. */
  async #leaveToMakeUp(
    tx: Queryable,
    batch: Batch,
    lease: string,
    others: readonly BatchItem[],
  ): Promise<void> {
    const ids = others.map(({ sourceId }) => sourceId);
    await sendAgain(tx, ids, this.#deps.clock.now());
    await giveUpLost(tx, batch.id, lease, batch.submittedAt + lostActionMs);
  }

  /**
   * Of an action whose worker was stopped before it could say what it carries, or before it had settled all, or from which
   * customers were taken: its values may have come after newer ones.
   */
  async #settleLost(tx: Queryable, batch: Batch, others: readonly BatchItem[]): Promise<void> {
    const now = this.#deps.clock.now();
    const settled = await deliveredAs(tx, others);
    const lost = others.filter(({ sourceId }) => !settled.has(sourceId));
    const ids = lost.map(({ sourceId }) => sourceId);
    const busy = await sendAgain(tx, ids, now);
    const left = lost.filter(({ sourceId }) => busy.has(sourceId));
    if (left.length === 0) return endBatch(tx, batch.id);
    await leaveOf(tx, batch.id, { items: left, dueAt: now + lostAgainMs });
  }
}

/** One outcome for each customer of the batch: whom none names is in doubt. */
function outcomesOf(batch: Batch, outcomes: readonly Outcome[], message: string): Map<string, Outcome> {
  const bySourceId = new Map(outcomes.map((outcome) => [outcome.sourceId, outcome]));
  for (const { sourceId } of batch.items)
    if (!bySourceId.has(sourceId)) bySourceId.set(sourceId, { sourceId, result: 'unknown', message });
  return bySourceId;
}
