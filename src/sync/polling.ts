// Bulk actions on their way at the destination: asked about until they end, and settled customer by customer.
import type { Context, Destination, Outcome } from '../connector.ts';
import { TransientError } from '../connector.ts';
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { Lane } from '../engine/lanes.ts';
import { backoffMs } from '../engine/retry.ts';
import type { Next } from '../engine/worker.ts';
import { type Batch, batchesUnderWay, claimBatch, endBatch, putOffBatch } from './batches.ts';
import { backoff, type Settler } from './settling.ts';

const leaseMs = 120_000;
/** An action that has not ended by then is given up, and its customers are sent again whole. */
const actionDeadlineMs = 3_600_000;

export interface PollRoom {
  database: Database;
  clock: Clock;
  destination: Destination<unknown>;
  settler: Settler;
  newLease(): string;
  context(lane: Lane, signal: AbortSignal): Context<unknown>;
}

/** When an action is asked about next: each question costs a call, and large ones take longer. */
export function pollDelayMs(batch: Batch): number {
  return Math.min((200 + batch.items.length / 10) * 1.6 ** batch.polls, 30_000);
}

export class Poller {
  readonly #room: PollRoom;

  constructor(room: PollRoom) {
    this.#room = room;
  }

  /** Asks about one bulk action that is due, and settles it when it has ended. */
  async step(signal: AbortSignal): Promise<Next> {
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
        this.#room.context('schedule', signal),
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
      await this.#room.settler.note(error);
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

  async #settleBatch(batch: Batch, lease: string, outcomes: readonly Outcome[]): Promise<void> {
    const bySourceId = new Map(outcomes.map((outcome) => [outcome.sourceId, outcome]));
    for (const { sourceId } of batch.items)
      if (!bySourceId.has(sourceId)) bySourceId.set(sourceId, { sourceId, result: 'accepted' });
    await this.#room.database.transaction(async (tx) => {
      if (!(await endBatch(tx, batch.id, lease))) return;
      await this.#room.settler.settleIn(tx, { batchId: batch.id }, batch.items, bySourceId);
    });
  }
}
