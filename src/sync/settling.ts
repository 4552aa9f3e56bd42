// How attempts end: each is settled behind what carried it, with its acknowledgement or dead letter, in one transaction.
// It sends nothing.
import { type Outcome, RejectedError, TransientError, UnauthorizedError } from '../connector.ts';
import type { Database, Queryable } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log.ts';
import { attemptsMax, type Backoff, backoffMs } from '../engine/retry.ts';
import { dropAcknowledged, keepAcknowledged } from './acknowledgements.ts';
import type { BatchItem } from './batches.ts';
import { keepDeadLetters, settleDeadLetters } from './dead-letters.ts';
import { type Carrier, type Settlement, settle } from './deliveries.ts';
import type { Writing } from './difference.ts';
import { destinationName, pause } from './pauses.ts';

export const backoff: Backoff = { baseMs: 2_000, capMs: 900_000 };

/** The outcome of each customer by source ID. */
export type Outcomes = ReadonlyMap<string, Outcome>;

export class Settler {
  readonly #room: { database: Database; clock: Clock; log: Log };

  constructor(room: { database: Database; clock: Clock; log: Log }) {
    this.#room = room;
  }

  /** Settles what was sent by its outcomes. */
  async settle(carrier: Carrier, sent: readonly BatchItem[], outcomes: Outcomes): Promise<void> {
    if (sent.length === 0) return;
    await this.#room.database.transaction((tx) => this.settleIn(tx, carrier, sent, outcomes));
  }

  /** The same within the caller's transaction. */
  async settleIn(
    tx: Queryable,
    carrier: Carrier,
    sent: readonly BatchItem[],
    outcomes: Outcomes,
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
  async settleFailure(lease: string, sent: readonly Writing[], error: unknown): Promise<void> {
    await this.note(error);
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
      return this.settle({ lease }, sent, new Map(sent.map(({ sourceId }) => [sourceId, outcome(sourceId)])));
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
  async note(error: unknown): Promise<void> {
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
