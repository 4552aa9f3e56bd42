// The last step of the path: claim · diff · single or bulk · settle. Every attempt settles behind its lease; what is in
// doubt is sent again whole. It knows no vendor.
import type { Context, Destination } from '../connector.ts';
import type { Database, Queryable } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import { localFiles } from '../engine/files.ts';
import type { Endpoint } from '../engine/http.ts';
import { type Lane, lanes } from '../engine/lanes.ts';
import type { Log } from '../engine/log.ts';
import type { Next } from '../engine/worker.ts';
import { batchesUnderWay } from './batches.ts';
import type { DeletePolicy } from './breaker.ts';
import {
  type Backlog,
  backlog,
  claim,
  DueBounds,
  holdClaims,
  nextDue,
  type Settlement,
  settle,
} from './deliveries.ts';
import { type Writing, writings } from './difference.ts';
import { destinationName, pauses } from './pauses.ts';
import { Poller } from './polling.ts';
import { route, type Traffic, type Traits } from './route.ts';
import { someRunIsGoing } from './runs.ts';
import { Sender } from './sending.ts';
import { Settler } from './settling.ts';

const leaseMs = 120_000;
const mostBulkAtOnce = 4;

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
  readonly #settler: Settler;
  readonly #bounds = new DueBounds();
  /** Asks about the bulk actions that this brings on their way. */
  readonly poller: Poller;

  constructor(room: DeliverRoom) {
    this.#room = room;
    this.#traits = room.destination.traits(room.settings);
    this.#settler = new Settler(room);
    const context = (lane: Lane, signal: AbortSignal) => this.#context(lane, signal);
    this.poller = new Poller({ ...room, settler: this.#settler, context });
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
    const held = this.#holdWhileSending(
      lease,
      claimed.map((row) => row.sourceId),
    );
    try {
      const all = await writings(database, claimed, this.#room);
      await this.#settleIdle(lease, all);
      await this.#beginErasures(lease, all);
      const sender = new Sender({ ...this.#room, traits: this.#traits, settler: this.#settler }, lease, () =>
        this.#context(lane, signal),
      );
      const of = (action: Writing['action']) => all.filter((writing) => writing.action === action);
      if (plan.by === 'bulk' && of('write').length > 1) await sender.bulk(of('write'));
      else await sender.singles(of('write'));
      await sender.singles(of('remove'));
    } finally {
      held.stop();
    }
    return { again: true };
  }

  /** Budgets may keep what was claimed waiting for longer than a lease: it is held until all of it is sent. */
  #holdWhileSending(lease: string, sourceIds: readonly string[]): { stop(): void } {
    const { database, clock, log } = this.#room;
    const stopped = new AbortController();
    void (async () => {
      for (;;) {
        await clock.sleep(leaseMs / 3, stopped.signal);
        if (stopped.signal.aborted) return;
        await holdClaims(database, { lease, sourceIds, until: clock.now() + leaseMs }).catch(
          (error: unknown) => log.warn({ err: error }, 'claims could not be held further'),
        );
      }
    })();
    return { stop: () => stopped.abort() };
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
    await this.#settler.settle(
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
        await this.#settler.settleFailure(lease, [writing], error);
      }
    }
  }
}
