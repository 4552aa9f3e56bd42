// The last step of the path: claim · diff · single, bulk or file · settle. Every attempt settles behind its lease; what is in
// doubt is sent again whole. It knows no vendor.
import { type Context, type Destination, TransientError, type UnauthorizedError } from '../../connector.ts';
import type { Database, Queryable } from '../../db/database.ts';
import { moments } from '../../db/moments.ts';
import type { Clock } from '../../engine/clock.ts';
import { localFiles } from '../../engine/files.ts';

import { Circuit, type CircuitStatus } from '../../engine/http/circuit.ts';
import type { Endpoint } from '../../engine/http/endpoint.ts';
import { guardedApi } from '../../engine/http/guarded-api.ts';
import { failureLevel } from '../../engine/log/expected.ts';
import type { Log } from '../../engine/log/log.ts';
import { apportion, type Lane, lanes } from '../../engine/quota/lanes.ts';
import type { Tracer } from '../../engine/trace/trace.ts';
import { BackgroundTasks } from '../../engine/work/background-tasks.ts';
import { isOwnQuotaWait } from '../../engine/work/failures.ts';
import type { RightOfWay } from '../../engine/work/right-of-way.ts';
import type { Next } from '../../engine/work/worker.ts';
import { batchesUnderWay, freeBatches } from '../../tables/batches.ts';
import type { OrphanPolicy } from '../../tables/breaker.ts';
import {
  type Backlog,
  backlog,
  type Claimed,
  carryUnheard,
  claim,
  DueBounds,
  deliveryDueAt,
  freeDeliveries,
  pullForward,
  type Settlement,
  settle,
} from '../../tables/deliveries.ts';
import {
  destinationName,
  listPauses,
  type Pause,
  pausedAt,
  resumeAfterTrial,
  takeTrial,
} from '../../tables/pauses.ts';
import { someRunIsGoing } from '../../tables/runs.ts';
import type { Census, CensusReadiness, ReadCustomers } from '../census/census.ts';
import { BatchSize } from './batch-size.ts';
import { type Writing, writings } from './difference.ts';
import { FirstLoad } from './first-load.ts';
import { Health } from './health.ts';
import { HeldClaims, leaseMs } from './held-claims.ts';
import { expectLate, LateWrites } from './late-writes.ts';
import type { Learning } from './learning.ts';
import { firstLookMs } from './lost-action.ts';
import { type PollDeps, Poller } from './polling.ts';
import {
  isUrgent,
  longWaitMs,
  maxSingles,
  type Route,
  route,
  type Traffic,
  type Traits,
  urgentLanes,
  worthwhile,
} from './route.ts';
import { Sender } from './sending.ts';
import { Settler } from './settling.ts';

const maxBulkAtOnce = 4;

/** Claims of urgent customers that are on their way at once: what comes next does not wait for the answers to what came before. */
const maxUrgentAtOnce = 4;

export interface DeliverDeps {
  database: Database;
  clock: Clock;
  log: Log;
  tracer: Tracer;
  destination: Destination<unknown>;
  settings: unknown;
  endpoint: Endpoint;
  rightOfWay: RightOfWay;
  /** What others own of the destination's customers. */
  census: Census;
  /** Whether the destination merges or replaces objects. */
  learning: Learning;
  /** What becomes of customers that all their records have left. */
  onOrphaned: OrphanPolicy;
  /** Begins the erasure of a customer, in the transaction that puts its delivery down. */
  onLeft(db: Queryable, sourceId: string, now: number): Promise<void>;
  /** A lease of this worker, new for each claim. */
  newLease(): string;
  /** Called when something urgent was sent that nobody waited for: more of it may be due. */
  onUrgentSent(): void;
  /** Called when the destination rejected a customer. */
  onRejected(): void;
}

/** One look at what is due, among these lanes and at most so much of each. */
interface DeliverScope {
  among: readonly Lane[];
  most: number;
  signal: AbortSignal;
  /** What is claimed is sent here, and not waited for. */
  beside?: BackgroundTasks;
}

/** What one lease holds. */
interface LeasedBatch {
  lease: string;
  claimed: readonly Claimed[];
  /** When it was claimed, epoch milliseconds. */
  at: number;
}

/** So many looks may fail in a row. */
const maxFailedLooks = 4;
/** How long customers are read one by one then. */
const noLookMs = 60_000;
/** How long an account that refused a bulk call is taken to have none: a plan may be changed, and one refusal may have been a mistake. */
const noBulkMs = 3_600_000;
/** How soon a list that another worker reads, or that failed, is tried again; and at the latest where our quota has no room. */
const lookAgainMs = 500;
const maxLookAgainMs = 5_000;
/** An erasure has taken the delivery away long before. */
const goneMs = 60_000;

export class Deliverer {
  readonly #deps: DeliverDeps;
  readonly #settler: Settler;
  readonly #bounds = new DueBounds();
  readonly #circuit = new Circuit();
  readonly #health: Health;
  readonly #size: BatchSize;
  readonly #firstLoad: FirstLoad;
  readonly #urgent = new BackgroundTasks(maxUrgentAtOnce);
  readonly #lateWrites = new LateWrites();
  /** So many customers fitted in one bulk call's bytes, where fewer did than it may carry. */
  #fitting = Number.POSITIVE_INFINITY;
  /** When bulk was last refused for what the account is, epoch milliseconds: singles only, for `noBulkMs` and in this process. */
  #bulkRefusedAt: number | null = null;
  /** Looks that failed in a row: after some of them customers are read one by one for a while. */
  #failedLooks = 0;
  #noLookUntil = 0;
  #lookAgainMs = lookAgainMs;
  /** What is first in line is to go by itself: bulk is asked for again when something else is. */
  #onlyAlone = false;
  /** Asks about the bulk actions that this brings on their way. */
  readonly poller: Poller;

  constructor(deps: DeliverDeps) {
    this.#deps = deps;
    const { database, clock, log, destination, endpoint } = deps;
    this.#health = new Health({
      database,
      clock,
      log,
      destination,
      endpoint,
      circuit: this.#circuit,
      // A probe may change them.
      get settings() {
        return deps.settings;
      },
    });
    this.#settler = new Settler({ ...deps, health: this.#health });
    this.#firstLoad = new FirstLoad(deps);
    const { bulk } = deps.destination.traits(deps.settings);
    this.#size = new BatchSize(bulk?.maxRecords ?? 1);
    const context: PollDeps['context'] = (lane, signal, isProof) => this.#context(lane, signal, { isProof });
    const [circuit, size, health] = [this.#circuit, this.#size, this.#health];
    this.poller = new Poller({ ...deps, settler: this.#settler, health, circuit, size, context });
  }

  /** Whether the destination is left alone because it fails. Of this process. */
  get circuit(): CircuitStatus {
    return this.#circuit.status(this.#deps.clock.now());
  }

  /** How the destination is written to now. */
  get bulk(): { records: number; off: boolean } {
    return { records: this.#size.records, off: this.#isBulkOff };
  }

  get #isBulkOff(): boolean {
    const refusedAt = this.#bulkRefusedAt;
    return refusedAt !== null && Math.abs(this.#deps.clock.now() - refusedAt) < noBulkMs;
  }

  /** What may be grouped, as far as it is known by now. */
  get #traits(): Traits {
    const { destination, settings, endpoint } = this.#deps;
    const traits = destination.traits(settings);
    const bulk = this.#isBulkOff ? null : traits.bulk;
    const maxRecords = Math.min(this.#size.records, this.#fitting);
    const spacingMs = {
      bulk: endpoint.budget.spacingMs(bulk?.bucket),
      single: endpoint.budget.spacingMs(undefined),
    };
    return worthwhile({ ...traits, bulk: bulk && { ...bulk, maxRecords } }, spacingMs);
  }

  /** Sends one batch of what is due, but for a few that are urgent: those are `stepUrgent`'s. */
  async step(signal: AbortSignal): Promise<Next> {
    const traits = this.#traits;
    const firstLoad = await this.#firstLoad.isOpen();
    const most = traits.bulk?.maxRecords ?? 1000;
    const counted = firstLoad ? Math.max(traits.firstLoad?.maxRecords ?? 0, most) : most;
    return this.#go({ among: lanes, most: counted, signal }, async (all) => {
      const due = all.filter(({ lane }) => !isUrgent(lane) || !this.#goesAlone(all, traits));
      if (due.length === 0) return { due, plan: null };
      const readiness = await this.#readiness(due, traits, signal);
      if (readiness === 'reading') return { due, plan: { by: 'none', againMs: 0 } };
      if (readiness === 'elsewhere') return { due, plan: { by: 'none', againMs: this.#lookAgainMs } };
      const traffic = { ...(await this.#traffic(due, traits)), firstLoad };
      return { due, plan: route(due, traffic, this.#onlyAlone ? { ...traits, bulk: null } : traits) };
    });
  }

  /**
   * Sends what a webhook or a person waits for, one by one, beside a bulk call that may take minutes, and beside a few of
   * its kind: it ends when they are claimed. Where there are more than go one by one they share a bulk call with the rest.
   */
  async stepUrgent(signal: AbortSignal): Promise<Next> {
    const traits = this.#traits;
    const going = { among: urgentLanes, most: 1000, signal, beside: this.#urgent };
    await this.#urgent.ready();
    return this.#deps.rightOfWay.urgently(() =>
      this.#go(going, async (all) => {
        const due = this.#goesAlone(all, traits) ? all : [];
        const most = traits.singlesAtOnce * 4;
        return { due, plan: due.length === 0 ? null : { by: 'single', most } };
      }),
    );
  }

  /** Whether what is urgent goes one by one. */
  #goesAlone(all: readonly Backlog[], traits: Traits): boolean {
    const urgent = all.filter(({ lane }) => isUrgent(lane)).reduce((sum, { due }) => sum + due, 0);
    if (traits.bulk === null || urgent <= maxSingles) return true;
    return this.#deps.endpoint.budget.waitMs(traits.bulk.bucket, 'webhook') > longWaitMs;
  }

  /** What a dead worker had claimed is due again, and what it had sent in bulk is followed or looked up. */
  async takeUp(db: Queryable, worker: string, now: number): Promise<void> {
    const message = 'the worker that sent it was stopped';
    const looksUp = this.#deps.destination.bulk?.lookup !== undefined;
    if (looksUp) await carryUnheard(db, worker);
    const freed = await freeDeliveries(db, worker, now);
    // Of each one write may be under way, of whichever revision after the one acknowledged last.
    const writes = freed.map(({ sourceId, acknowledged }) => ({
      sourceId,
      revision: (acknowledged ?? 0) + 1,
    }));
    await expectLate(db, writes, now);
    const loss = looksUp ? { at: now, answered: false, counted: false, message } : null;
    await freeBatches(db, worker, { now, loss, waitMs: looksUp ? firstLookMs.sent : 0 });
  }

  /** All that is on its way and that no step waits for has been answered and settled. */
  async sent(): Promise<void> {
    await this.#urgent.idle();
    await this.#settler.writeFreshness({ all: true });
  }

  async #go(
    { among, most, signal, beside }: DeliverScope,
    choose: (all: readonly Backlog[]) => Promise<{ due: readonly Backlog[]; plan: Route | null }>,
  ): Promise<Next> {
    const { database, clock } = this.#deps;
    const at = clock.now();
    // Mostly nothing is due: one statement tells.
    const queries = { next: deliveryDueAt(among), paused: pausedAt(destinationName) };
    const { next, paused } = await moments(database, queries);
    if (paused !== null) {
      const pause = (await listPauses(database)).get(destinationName);
      return pause ? this.#tryPaused(pause, signal) : { again: true };
    }
    this.#health.noteRunning(at);
    const all = next === null || next > at ? [] : await backlog(database, at, most, among);
    const { due, plan } = await choose(all);
    if (plan === null) {
      await this.#settler.writeFreshness({ all: true });
      return { again: false, due: next };
    }
    if (plan.by === 'none') return { again: false, afterMs: plan.againMs };
    const admission = this.#circuit.admit(clock.now());
    if (admission === 'none')
      return { again: false, afterMs: Math.min(Math.max(this.#circuit.waitMs(clock.now()), 50), 1000) };
    // Where the destination has failed of late one customer tries, and is waited for.
    const isTrial = admission === 'one';
    const wished: typeof plan = isTrial ? { by: 'single', most: 1 } : plan;
    try {
      const taken = await this.#take(wished, due);
      if (taken.claimed.length === 0) return { again: false, afterMs: 250 };
      if (beside && !isTrial) this.#sendBeside(beside, wished, taken, signal);
      else await this.#send(wished, taken, signal);
      return { again: true };
    } finally {
      if (isTrial) this.#circuit.release();
      if (signal.aborted) await this.#settler.writeFreshness({ all: true });
    }
  }

  /**
   * A pause that no person made ends when a trial is answered: a read, and then one customer, if any is due. Where customers
   * are held back only a customer that is taken ends it.
   */
  async #tryPaused(pause: Pause, signal: AbortSignal): Promise<Next> {
    const { database, clock, log } = this.#deps;
    const untilTrial = (pause.trialAt ?? Number.POSITIVE_INFINITY) - clock.now();
    const rest: Next = { again: false, afterMs: Math.min(Math.max(untilTrial, 50), 5_000) };
    if (untilTrial > 0) return rest;
    const trial = await takeTrial(database, destinationName, clock.now());
    if (!trial) return rest;
    const read = this.#deps.destination.reach ? await this.#health.reach(signal) : 'answered';
    if (read !== 'answered') return rest;
    const taken = await this.#take({ by: 'single', most: 1 }, await this.#anyDue());
    const isAnswered =
      taken.claimed.length === 0
        ? pause.cause === 'unauthorized'
        : await this.#health.trying(() => this.#send({ by: 'single', most: 1 }, taken, signal));
    if (!isAnswered || !(await resumeAfterTrial(database, destinationName))) return rest;
    this.#health.noteRunning(Number.POSITIVE_INFINITY);
    log.info({ trials: trial.trials, reason: pause.reason }, 'destination resumed after a trial');
    await pullForward(database, clock.now());
    return { again: true };
  }

  /** One of all lanes that waits, whichever loop makes the trial: a read alone proves nothing of writes. */
  async #anyDue(): Promise<Backlog[]> {
    const { database, clock } = this.#deps;
    const due = await backlog(database, clock.now(), 1);
    if (due.length > 0) return due;
    await pullForward(database, clock.now());
    return backlog(database, clock.now(), 1);
  }

  /** Somebody asks for it: what waits for a moment that the destination named, or for our own, goes now. */
  async hurry(): Promise<void> {
    this.#circuit.tryNow();
    await this.#deps.endpoint.budget.tryNow();
    await pullForward(this.#deps.database, this.#deps.clock.now());
  }

  /** The credentials were refused to somebody else who calls the destination. True where that pauses it. */
  confirmRefused(error: UnauthorizedError, signal?: AbortSignal): Promise<boolean> {
    return this.#health.confirmRefused(error, signal);
  }

  async #take(plan: Exclude<Route, { by: 'none' }>, due: readonly Backlog[]): Promise<LeasedBatch> {
    const { database, clock } = this.#deps;
    const lease = this.#deps.newLease();
    const most = apportion(
      plan.most,
      lanes.map((lane) => due.find((one) => one.lane === lane)?.due ?? 0),
    );
    const at = clock.now();
    // In no transaction: what is urgent does not wait for the disk until thousands are written to it.
    const { yieldToUrgent } = this.#deps.rightOfWay;
    const claimed = await claim(database, {
      lease,
      now: at,
      leaseMs,
      most,
      bounds: this.#bounds,
      yieldToUrgent,
    });
    if (claimed.length > 0 && !due.every(({ lane }) => isUrgent(lane)))
      this.#onlyAlone = claimed.every((row) => row.alone);
    return { lease, claimed, at };
  }

  #sendBeside(
    beside: BackgroundTasks,
    plan: Exclude<Route, { by: 'none' }>,
    taken: LeasedBatch,
    signal: AbortSignal,
  ): void {
    const { log, onUrgentSent } = this.#deps;
    beside.start(() =>
      this.#send(plan, taken, signal)
        .catch((error) =>
          log[failureLevel(error)]({ err: error }, 'what is urgent could not be sent; it is tried again'),
        )
        .finally(onUrgentSent),
    );
  }

  #send(plan: Exclude<Route, { by: 'none' }>, taken: LeasedBatch, signal: AbortSignal): Promise<void> {
    const { claimed } = taken;
    const causes = claimed.map(({ traceparent }) => traceparent);
    const attributes = {
      ...{ 'tributary.route': plan.by, 'tributary.lane': laneOf(claimed) },
      'tributary.customers': claimed.length,
    };
    return this.#deps.tracer.begin('deliver', { kind: 'consumer', attributes, causes }, () =>
      this.#sendBy(plan, taken, signal),
    );
  }

  async #sendBy(
    plan: Exclude<Route, { by: 'none' }>,
    { lease, claimed, at }: LeasedBatch,
    signal: AbortSignal,
  ): Promise<void> {
    const held = new HeldClaims(this.#deps, lease, claimed, at);
    try {
      const all = await this.#writings(lease, claimed, plan.by);
      const of = (action: Writing['action']) => all.filter((writing) => writing.action === action);
      await this.#settler.settleIdle({ lease }, of('none'));
      await this.#beginErasures(lease, of('erase'));
      const known = await this.#known({ lease, claimed, at }, of('write'), held, signal);
      const sender = this.#sender(lease, claimed, signal, held, known ?? new Map());
      if (known === null) await this.#settler.writeFreshness();
      else if (plan.by === 'file') await this.#sendFile(sender, lease, of('write'));
      else if (plan.by === 'bulk' && of('write').length > 1)
        await this.#sendTogether(sender, lease, of('write'));
      else await sender.singles(of('write'));
      await sender.singles(of('remove'));
    } finally {
      held.stop();
    }
  }

  async #writings(
    lease: string,
    claimed: readonly Claimed[],
    by: Exclude<Route['by'], 'none'>,
  ): Promise<Writing[]> {
    const { database, rightOfWay } = this.#deps;
    const maxBytes = by === 'file' ? this.#traits.firstLoad?.maxBytes : this.#traits.bulk?.maxBytes;
    const how = {
      by: by === 'single' ? ('single' as const) : ('bulk' as const),
      ...(maxBytes !== undefined && { maxBytes }),
    };
    const { all, left, gone } = claimed.every(({ lane }) => isUrgent(lanes[lane]!))
      ? await rightOfWay.urgently(() => writings(database, claimed, this.#deps, how))
      : await writings(database, claimed, this.#deps, { ...how, yieldToUrgent: rightOfWay.yieldToUrgent });
    if (left.length > 0) await this.#settler.putBack(lease, left, { message: 'no more fit in one call' });
    // An erasure waits for the claim to end, and then takes the delivery away.
    if (gone.length > 0) {
      const dueAt = this.#deps.clock.now() + goneMs;
      await this.#settler.putBack(lease, gone, { message: 'the customer was erased or held', dueAt });
    }
    if (by === 'bulk') this.#noteFitting(all.length, left.length);
    return all;
  }

  /** What is claimed next is what fits; twice as much where all did. */
  #noteFitting(fitting: number, left: number): void {
    if (left > 0) this.#fitting = fitting;
    else if (fitting >= this.#fitting) this.#fitting *= 2;
  }

  /** Lists what the destination holds before anything is written that would be read before, where that costs less. */
  async #readiness(due: readonly Backlog[], traits: Traits, signal: AbortSignal): Promise<CensusReadiness> {
    const { census, clock } = this.#deps;
    if (!this.#isToLook(traits)) return 'declined';
    if (this.#circuit.isOpen(clock.now())) return 'declined';
    const waiting = due.reduce((sum, lane) => sum + lane.due, 0);
    const lane = due[0]?.lane ?? 'backfill';
    try {
      const readiness = await census.advance(() => this.#context(lane, signal), waiting);
      this.#failedLooks = 0;
      this.#lookAgainMs = lookAgainMs;
      return readiness;
    } catch (error) {
      return this.#noteFailedLook(error) ? 'elsewhere' : 'declined';
    }
  }

  #isToLook(traits: Traits): boolean {
    const { census, clock, destination } = this.#deps;
    if (traits.partialWrites === 'merge' || !destination.preserve || !census.isPossible) return false;
    return clock.now() >= this.#noLookUntil;
  }

  /** True where it is worth another try soon: else customers are read one by one for a while. */
  #noteFailedLook(error: unknown): boolean {
    const { clock, log } = this.#deps;
    this.#lookAgainMs = lookAgainMs;
    // Waiting for our own quota is no failure, and single reads would wait for it too, with far more calls.
    if (isOwnQuotaWait(error)) {
      this.#lookAgainMs = Math.min(error.retryAfterMs ?? lookAgainMs, maxLookAgainMs);
      return true;
    }
    this.#failedLooks += 1;
    if (error instanceof TransientError && this.#failedLooks < maxFailedLooks) return true;
    log.warn(
      { reason: (error as Error).message },
      'what the destination holds cannot be listed; customers are read one by one',
    );
    this.#failedLooks = 0;
    this.#noLookUntil = clock.now() + noLookMs;
    return false;
  }

  /** What the destination holds of these, as far as it can be told without reading each. Null: they have been put back. */
  async #known(
    { lease, claimed }: LeasedBatch,
    toWrite: readonly Writing[],
    held: HeldClaims,
    signal: AbortSignal,
  ): Promise<ReadCustomers | null> {
    const { census, clock } = this.#deps;
    const partial = toWrite.filter((writing) => writing.partial);
    if (partial.length === 0 || !this.#isToLook(this.#traits)) return new Map();
    const lane = laneOf(claimed);
    try {
      const known = await census.lookUp(() => this.#context(lane, signal, { isOurs: held.areOurs }), partial);
      this.#failedLooks = 0;
      return known;
    } catch (error) {
      if (partial.length <= maxSingles || !this.#noteFailedLook(error)) return new Map();
      const { message, retryAfterMs = 0 } = error as TransientError;
      const dueAt = clock.now() + Math.max(retryAfterMs, 1_000);
      await this.#settler.putBack(lease, toWrite, { message, dueAt });
      return null;
    }
  }

  #sender(
    lease: string,
    claimed: readonly Claimed[],
    signal: AbortSignal,
    held: HeldClaims,
    known: ReadCustomers,
  ): Sender {
    const { endpoint } = this.#deps;
    const traits = this.#traits;
    const lane = laneOf(claimed);
    const deps = {
      ...this.#deps,
      traits,
      settler: this.#settler,
      circuit: this.#circuit,
      size: this.#size,
      bulkWaitMs: () => endpoint.budget.waitMs(traits.bulk?.bucket, lane),
      firstLoad: this.#firstLoad,
      known,
      traces: new Map(claimed.map(({ sourceId, traceparent }) => [sourceId, traceparent])),
      onNoBulk: (reason: string) => this.#switchBulkOff(reason),
      // Whether it was the account that has no bulk is not known then.
      onPaused: () => {
        this.#bulkRefusedAt = null;
      },
      health: this.#health,
      lateWrites: this.#lateWrites,
    };
    const context = (about?: string) => this.#context(lane, signal, { isOurs: held.areOurs, about });
    return new Sender(deps, lease, signal, context, held.areOurs);
  }

  /** In bulk, but for those that are to go by themselves: a few of them now, and the others behind all else. */
  async #sendTogether(sender: Sender, lease: string, toWrite: readonly Writing[]): Promise<void> {
    const alone = toWrite.filter((writing) => writing.alone);
    const few = this.#traits.singlesAtOnce * 4;
    const message = 'it is to go by itself';
    if (alone.length > few) await this.#settler.putBack(lease, alone.slice(few), { message });
    await sender.bulk(toWrite.filter((writing) => !writing.alone));
    await sender.singles(alone.slice(0, few));
  }

  /** As one file; of those that it cannot carry as many as one bulk call takes, and the others behind all else. */
  async #sendFile(sender: Sender, lease: string, toWrite: readonly Writing[]): Promise<void> {
    const rest = await sender.file(toWrite);
    const most = this.#traits.bulk?.maxRecords ?? 0;
    const message = 'the file does not carry it';
    if (rest.length <= maxSingles) return sender.singles(rest);
    if (rest.length > most) await this.#settler.putBack(lease, rest.slice(most), { message });
    await this.#sendTogether(sender, lease, rest.slice(0, most));
  }

  /** Said once: an account without bulk refuses it again each hour. */
  #switchBulkOff(reason: string): void {
    const { log, clock } = this.#deps;
    if (this.#bulkRefusedAt === null)
      log.warn(
        { reason },
        'the destination takes no bulk; customers are sent one by one, and bulk is tried again every hour',
      );
    this.#bulkRefusedAt = clock.now();
  }

  async #traffic(due: readonly Backlog[], traits: Traits): Promise<Traffic> {
    const { database, clock, endpoint } = this.#deps;
    const lane = due[0]?.lane ?? 'backfill';
    return {
      at: clock.now(),
      reading: await someRunIsGoing(database),
      bulkUnderWay: await batchesUnderWay(database),
      // How many customers there are tells nothing while an action makes some.
      maxBulkAtOnce: this.#isToLook(traits) ? 1 : maxBulkAtOnce,
      singleWaitMs: endpoint.budget.waitMs(undefined, lane),
      bulkWaitMs: endpoint.budget.waitMs(traits.bulk?.bucket, lane),
      bulkSpacingMs: endpoint.budget.spacingMs(traits.bulk?.bucket),
    };
  }

  #context(
    lane: Lane,
    signal: AbortSignal,
    more: { isOurs?: () => boolean; about?: string | undefined; isProof?: boolean | undefined } = {},
  ): Context<unknown> {
    const { settings, endpoint, clock, log } = this.#deps;
    const { isOurs = () => true, about, isProof = true } = more;
    const guard = {
      circuit: this.#circuit,
      clock,
      log,
      name: destinationName,
      signal,
      isOurs,
      about,
      isProof,
    };
    const api = guardedApi(endpoint.api(lane, { signal, isOurs }), guard);
    return { settings, api, files: localFiles, now: clock.now() };
  }

  /**
   * Begins the erasures that the delete policy asks for: from here on they tell the destination, and every other store.
   * Each puts the delivery down first, so that the erasure does not wait for it; what was in doubt stays so.
   */
  async #beginErasures(lease: string, toErase: readonly Writing[]): Promise<void> {
    const { database, clock, onLeft } = this.#deps;
    for (const writing of toErase) {
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
        const verdict = await this.#health.judge([sourceId], error, undefined);
        await this.#settler.settleFailure({ lease }, [writing], error, verdict);
      }
    }
  }
}

/** The most urgent of them says how urgent the calls are. */
function laneOf(claimed: readonly Claimed[]): Lane {
  return lanes[Math.min(...claimed.map((row) => row.lane))] ?? 'backfill';
}
