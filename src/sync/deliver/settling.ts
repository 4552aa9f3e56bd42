// How attempts end: each is settled behind what carried it, with its acknowledgement or dead letter, in one transaction.
// It sends nothing.
import { type Outcome, RejectedError } from '../../connector.ts';
import type { Database, Queryable } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Log } from '../../engine/log/log.ts';
import { within } from '../../engine/trace/trace.ts';
import { failureOf, isUndone } from '../../engine/work/failures.ts';
import { attemptsMax, type Backoff, backoffMs } from '../../engine/work/retry.ts';
import type { RightOfWay } from '../../engine/work/right-of-way.ts';
import { dropAcknowledged, keepAcknowledged, keepSent } from '../../tables/acknowledgements.ts';
import { type BatchItem, partSize } from '../../tables/batch-items.ts';
import { keepDeadLetters, settleDeadLetters } from '../../tables/dead-letters.ts';
import { type Carrier, type Settled, type Settlement, settle, settleEach } from '../../tables/deliveries.ts';
import { endDrifts } from '../../tables/drifts.ts';
import { FreshnessNotes } from '../../tables/freshness.ts';
import { destinationName } from '../../tables/pauses.ts';
import type { Writing } from './difference.ts';
import type { Health, Verdict } from './health.ts';

export const backoff: Backoff = { baseMs: 2_000, capMs: 900_000 };

/** So many are settled by one statement, and where they were accepted by one transaction: what is urgent goes in between. */
const settledAtOnce = partSize;

/** The outcome of each customer by source ID. */
export type Outcomes = ReadonlyMap<string, Outcome>;

/** `held back`: rejected, but as one of so many that it is tried again. */
type Ending = Outcome | { sourceId: string; result: 'held back'; message: string };

type Endings = ReadonlyMap<string, Ending>;

interface SettleDeps {
  database: Database;
  clock: Clock;
  log: Log;
  rightOfWay: RightOfWay;
  health: Health;
  /** Called when the destination rejected a customer. */
  onRejected(): void;
}

export class Settler {
  readonly #deps: SettleDeps;
  readonly #freshness = new FreshnessNotes();

  constructor(deps: SettleDeps) {
    this.#deps = deps;
  }

  /**
   * Settles what was sent by its outcomes, some at a time: a commit of all would keep the urgent ones waiting for the disk.
   * What was not accepted is settled at once, so that what goes again goes together. `mayGoOn`: asked in the transaction of
   * each part; where it is not so the rest is left. Returns those settled.
   */
  settle(
    carrier: Carrier,
    sent: readonly BatchItem[],
    outcomes: Outcomes,
    mayGoOn: (tx: Queryable) => Promise<boolean> = async () => true,
  ): Promise<Settled[]> {
    const ended = (result: Outcome['result']) =>
      sent.filter(({ sourceId }) => outcomes.get(sourceId)?.result === result).length;
    return within('settle', {}, async (span) => {
      if (span.traceparent !== null)
        span.set({ 'tributary.accepted': ended('accepted'), 'tributary.rejected': ended('rejected') });
      return this.#settleAll(carrier, sent, outcomes, mayGoOn);
    });
  }

  async #settleAll(
    carrier: Carrier,
    sent: readonly BatchItem[],
    outcomes: Outcomes,
    mayGoOn: (tx: Queryable) => Promise<boolean>,
  ): Promise<Settled[]> {
    const settled: Settled[] = [];
    const isAccepted = ({ sourceId }: BatchItem) => outcomes.get(sourceId)?.result === 'accepted';
    const taken = sent.filter(isAccepted);
    const others = sent.filter((item) => !isAccepted(item));
    if (taken.length > 0) this.#deps.health.noteAccepted(taken.map(({ sourceId }) => sourceId));
    const judged = await this.#heldBack(taken.length, others, outcomes);
    const parts = [...inParts(taken), ...(others.length > 0 ? [others] : [])];
    for (const [index, part] of parts.entries()) {
      if (index > 0) await this.#deps.rightOfWay.yieldToUrgent();
      const rows = await this.#deps.database.transaction(async (tx) =>
        (await mayGoOn(tx)) ? this.#settleIn(tx, carrier, part, judged) : null,
      );
      if (rows === null) break;
      this.#noteFresh(rows);
      settled.push(...rows);
    }
    await this.writeFreshness();
    return settled;
  }

  /** The outcomes, with those rejections that are held back turned into a further attempt. */
  async #heldBack(taken: number, others: readonly BatchItem[], outcomes: Outcomes): Promise<Endings> {
    const rejected = others.flatMap(({ sourceId }) => {
      const outcome = outcomes.get(sourceId);
      return outcome?.result === 'rejected' ? [outcome] : [];
    });
    if (rejected.length > 0) this.#deps.onRejected();
    const most = await this.#deps.health.noteEnded(taken, rejected);
    const judged = new Map<string, Ending>(outcomes);
    for (const outcome of rejected) {
      const left = most.get(outcome.code) ?? 0;
      if (left > 0) most.set(outcome.code, left - 1);
      else judged.set(outcome.sourceId, { ...outcome, result: 'held back' });
    }
    return judged;
  }

  /** Settles customers of whom the destination has everything already. It gave no word, so they tell nothing of freshness. */
  async settleIdle(carrier: Carrier, idle: readonly BatchItem[]): Promise<void> {
    if (idle.length === 0) return;
    const outcomes = new Map(idle.map(({ sourceId }) => [sourceId, accepted(sourceId)]));
    await this.#deps.database.transaction((tx) => this.#settleIn(tx, carrier, idle, outcomes));
  }

  /** Notes how fresh these were delivered, once the transaction that settled them is over. */
  #noteFresh(settled: readonly Settled[]): void {
    const now = this.#deps.clock.now();
    for (const [lane, rows] of Map.groupBy(settled, (row) => row.lane)) {
      const freshness = rows.flatMap((row) => (row.freshnessMs === null ? [] : [row.freshnessMs]));
      this.#freshness.note(lane, freshness, now);
    }
  }

  /** Writes what was noted, at most once a second unless it is `all`. */
  async writeFreshness({ all = false } = {}): Promise<void> {
    const { database, clock, log } = this.#deps;
    await this.#freshness
      .write(database, clock.now(), { all })
      .catch((error: unknown) => log.warn({ err: error }, 'freshness could not be written; tried again'));
  }

  async #settleIn(
    tx: Queryable,
    carrier: Carrier,
    sent: readonly BatchItem[],
    outcomes: Endings,
  ): Promise<Settled[]> {
    const now = this.#deps.clock.now();
    const again = againAt(sent, now);
    const settled: Settled[] = [];
    for (const part of inParts(sent)) {
      const settlements = part.map((item) =>
        settlementOf(item, outcomes.get(item.sourceId)!, { again, now }),
      );
      settled.push(...(await this.#settlePart(tx, carrier, part, outcomes, settlements, now)));
    }
    return settled;
  }

  async #settlePart(
    tx: Queryable,
    carrier: Carrier,
    sent: readonly BatchItem[],
    outcomes: Endings,
    settlements: readonly Settlement[],
    now: number,
  ): Promise<Settled[]> {
    const rows = await settleEach(tx, carrier, settlements, now);
    const settled = new Set(rows.map((row) => row.sourceId));
    const ours = sent.filter((item) => settled.has(item.sourceId));
    const accepted = ours.filter((item) => outcomes.get(item.sourceId)?.result === 'accepted');
    const dead = settlements.filter(
      (settlement) => settlement.end === 'dead' && settled.has(settlement.sourceId),
    );
    // Sent at once, and done one after the other: the session is held for fewer trips of the network.
    await Promise.all([
      keepWhatWasSent(tx, carrier, accepted, now),
      // What was in doubt was sent whole: whatever had drifted is written over.
      endDrifts(tx, idsOf(accepted.filter((item) => item.uncertain))),
      keepDeadLetters(
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
      ),
      settleDeadLetters(tx, { kind: 'delivery', source: destinationName, refs: idsOf(accepted) }, now),
    ]);
    return rows;
  }

  /** Puts back what was claimed and not sent: it is due again at once or at `dueAt`, and in doubt only where it was before. */
  async putBack(
    lease: string,
    unsent: readonly Pick<Writing, 'sourceId' | 'revision' | 'uncertain' | 'alone'>[],
    { message, alone, dueAt }: { message: string; alone?: boolean; dueAt?: number | undefined },
  ): Promise<void> {
    const { database, clock } = this.#deps;
    const now = clock.now();
    const settlements = unsent.map((writing): Settlement => {
      const { sourceId, revision, uncertain } = writing;
      const again = { end: 'again', dueAt: dueAt ?? now, counted: false, message, uncertain } as const;
      return { sourceId, revision, ...again, alone: alone ?? writing.alone };
    });
    await database.transaction((tx) => settle(tx, { lease }, settlements, now));
  }

  /**
   * The whole request failed: what that means for each customer in it, by the verdict of `Health.judge`. Those that the
   * carrier no longer holds are left alone.
   */
  async settleFailure(
    carrier: Carrier,
    sent: readonly (BatchItem & { alone?: boolean })[],
    error: unknown,
    verdict: Verdict,
  ): Promise<void> {
    const { database, clock, health } = this.#deps;
    const now = clock.now();
    const failure = failureOf('delivery', error);
    const rejected =
      failure.kind === 'rejected' ? failure.error : verdict.blamed ? blamed(error as Error) : null;
    if (rejected) {
      const { code, message, details } = rejected;
      const outcome = (sourceId: string): Outcome => ({
        sourceId,
        result: 'rejected',
        code,
        message,
        ...(details === undefined ? {} : { details }),
      });
      await this.settle(carrier, sent, new Map(sent.map(({ sourceId }) => [sourceId, outcome(sourceId)])));
      return;
    }
    const { message, retryAfterMs } = failure;
    const isDoubtful = !isUndone(error);
    const code = failure.kind === 'conflict' ? failure.error.rejectedAs! : 'given_up';
    const limit = failure.kind === 'conflict' ? attemptsMax.conflict : attemptsMax.delivery;
    const times = Math.max(...sent.map(({ sourceId }) => health.timesRefused(sourceId)));
    const dueAt = againAt(sent, now, retryAfterMs, times);
    const settlements = sent.map(({ sourceId, revision, attempts, uncertain, alone = false }): Settlement => {
      const { counted } = verdict;
      if (counted && attempts + 1 >= limit) {
        return {
          sourceId,
          revision,
          end: 'dead',
          code,
          message: `given up after ${limit} attempts: ${message}`,
          uncertain: uncertain || isDoubtful,
        };
      }
      return {
        sourceId,
        revision,
        end: 'again',
        dueAt,
        counted,
        message,
        uncertain: uncertain || isDoubtful,
        alone: alone || verdict.alone,
      };
    });
    await database.transaction(async (tx) => {
      const settled = await settle(tx, carrier, settlements, now);
      const dead = settlements.filter((one) => one.end === 'dead').filter((one) => settled.has(one.sourceId));
      const letter = { kind: 'delivery', source: destinationName } as const;
      await keepDeadLetters(
        tx,
        dead.map(({ sourceId, code, message }) => ({ ...letter, ref: sourceId, code, message })),
        now,
      );
    });
  }
}

/** What the destination has of those that it accepted: in a batch from where that is stored. */
async function keepWhatWasSent(
  tx: Queryable,
  carrier: Carrier,
  accepted: readonly BatchItem[],
  now: number,
): Promise<void> {
  const written = accepted.filter((item) => item.acknowledges !== null);
  const stored = 'batchId' in carrier ? written.filter(({ part }) => part !== undefined) : [];
  if ('batchId' in carrier && stored.length > 0) {
    const parts = [...new Set(stored.map(({ part }) => part!))];
    await keepSent(tx, { ...carrier, parts }, idsOf(stored), now);
  }
  const others = stored.length > 0 ? written.filter(({ part }) => part === undefined) : written;
  await keepAcknowledged(
    tx,
    others.map(({ sourceId, revision, acknowledges }) => ({ sourceId, revision, fields: acknowledges! })),
    now,
  );
  await dropAcknowledged(tx, idsOf(accepted.filter((item) => item.acknowledges === null)));
}

const idsOf = (items: readonly { sourceId: string }[]) => items.map(({ sourceId }) => sourceId);

function inParts(sent: readonly BatchItem[]): (readonly BatchItem[])[] {
  return Array.from({ length: Math.ceil(sent.length / settledAtOnce) }, (_, part) =>
    sent.slice(part * settledAtOnce, (part + 1) * settledAtOnce),
  );
}

export function accepted(sourceId: string): Outcome {
  return { sourceId, result: 'accepted' };
}

/** A refusal of this customer alone, though its words were not about it. */
function blamed(error: Error): RejectedError {
  const status = (error as { status?: number }).status;
  return new RejectedError(
    `${error.message} Others were accepted meanwhile, so the cause is in this customer.`,
    {
      code: `http_${status ?? 'failed'}`,
      ...(status !== undefined && { status }),
    },
  );
}

/** One moment for all that was sent together, so that it can go together again. */
function againAt(
  sent: readonly { attempts: number }[],
  now: number,
  retryAfterMs?: number,
  times = 0,
): number {
  const most = sent.reduce((most, { attempts }) => Math.max(most, attempts), Math.max(times - 1, 0));
  return now + backoffMs(most + 1, { ...backoff, retryAfterMs });
}

/** `dueAt`: when it is sent again where it has to be. */
function settlementOf(
  item: BatchItem,
  outcome: Ending,
  { again: dueAt, now }: { again: number; now: number },
): Settlement {
  const { sourceId, revision, attempts } = item;
  if (outcome.result === 'accepted') return { sourceId, revision, end: 'delivered' };
  if (outcome.result === 'held back') {
    const message = `held back because one customer after another is rejected: ${outcome.message}`;
    return {
      sourceId,
      revision,
      end: 'again',
      dueAt: now,
      counted: false,
      message,
      uncertain: item.uncertain,
    };
  }
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
    dueAt,
    counted: true,
    message: outcome.message,
    uncertain: true,
    // Batches that prove nothing of it, twice: what another customer spoils in them is none of its own.
    alone: attempts > 0,
  };
}
