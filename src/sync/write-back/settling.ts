// How attempts to write people back end: each is settled behind what carried it, with its dead letter, in one transaction. It
// sends nothing.
import { type Attributes, RejectedError, unknownAttribute, type WriteOutcome } from '../../connector.ts';
import type { Database, Queryable } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Log } from '../../engine/log/log.ts';
import { within } from '../../engine/trace/trace.ts';
import { failureOf, isUndone } from '../../engine/work/failures.ts';
import { attemptsMax, type Backoff, backoffMs } from '../../engine/work/retry.ts';
import { keepDeadLetters, settleDeadLetters } from '../../tables/dead-letters.ts';
import { pause, resumeAfterTrial, writeBackName } from '../../tables/pauses.ts';
import { keepWriteBackEvents, type WriteBackEvent } from '../../tables/write-back-events.ts';
import type { SentPerson } from '../../tables/write-back-jobs.ts';
import {
  pullWriteBacksForward,
  settleWriteBacks,
  type WriteBackCarrier,
  type WriteBackSettlement,
} from '../../tables/write-backs.ts';
import { Brake } from '../deliver/brake.ts';
import type { WriteBackRule } from '../facts/write-back-rules.ts';
import type { SourceHealth } from '../intake/source-health.ts';

const backoff: Backoff = { baseMs: 2_000, capMs: 900_000 };

export interface WriteBackDeps {
  database: Database;
  clock: Clock;
  log: Log;
  rule: WriteBackRule;
  health: SourceHealth;
}

export class WriteBackSettler {
  readonly #deps: WriteBackDeps;
  readonly #brake = new Brake();

  constructor(deps: WriteBackDeps) {
    this.#deps = deps;
  }

  /** Settles what was sent by its outcomes. Whom none names is in doubt. `mayGoOn`: asked in the same transaction. */
  settle(
    carrier: WriteBackCarrier,
    sent: readonly SentPerson[],
    outcomes: readonly WriteOutcome[],
    mayGoOn: (tx: Queryable) => Promise<boolean> = async () => true,
  ): Promise<void> {
    return within('settle', {}, (span) => {
      const ended = (result: WriteOutcome['result']) =>
        outcomes.filter((outcome) => outcome.result === result).length;
      if (span.traceparent !== null)
        span.set({ 'tributary.accepted': ended('accepted'), 'tributary.rejected': ended('rejected') });
      return this.#settle(carrier, sent, outcomes, mayGoOn);
    });
  }

  async #settle(
    carrier: WriteBackCarrier,
    sent: readonly SentPerson[],
    outcomes: readonly WriteOutcome[],
    mayGoOn: (tx: Queryable) => Promise<boolean>,
  ): Promise<void> {
    const { database, clock, rule } = this.#deps;
    const now = clock.now();
    const bySourceId = new Map(outcomes.map((outcome) => [outcome.sourceId, outcome]));
    const mostByCode = await this.#brakeOn(sent, bySourceId, now);
    const dueAt = now + backoffMs(Math.max(0, ...sent.map(({ attempts }) => attempts)) + 1, backoff);
    const settlements = sent.map((person): WriteBackSettlement => {
      const outcome = bySourceId.get(person.sourceId) ?? unknown(person.sourceId);
      const left = outcome.result === 'rejected' ? (mostByCode.get(outcome.code) ?? 0) : 0;
      if (outcome.result === 'rejected') mostByCode.set(outcome.code, left - 1);
      return settlementOf(person, outcome, { now, dueAt, isHeldBack: left <= 0 });
    });
    const details = new Map(
      outcomes.flatMap((one) => (one.result === 'rejected' ? [[one.sourceId, one.details ?? null]] : [])),
    );
    await database.transaction(async (tx) => {
      if (!(await mayGoOn(tx))) return;
      const settled = new Set(
        (await settleWriteBacks(tx, rule.source, carrier, settlements, now)).map((row) => row.sourceId),
      );
      const ours = settlements.filter(({ sourceId }) => settled.has(sourceId));
      await this.#keepLetters(tx, ours, details, now);
      const events = sent.flatMap((person) =>
        settled.has(person.sourceId)
          ? eventOf(person, bySourceId.get(person.sourceId) ?? unknown(person.sourceId))
          : [],
      );
      await this.#keepEvents(tx, events, now);
    });
    if (outcomes.some(({ result }) => result === 'accepted')) await this.#resume();
  }

  /** Settles people who need nothing: the vendor has acknowledged everything, or does not know them. */
  async settleIdle(
    carrier: WriteBackCarrier,
    idle: readonly { sourceId: string; revision: number; recordId: string | null; isUnlinked: boolean }[],
  ): Promise<void> {
    if (idle.length === 0) return;
    const { database, clock, rule } = this.#deps;
    const settlements = idle.map(({ sourceId, revision, recordId, isUnlinked }): WriteBackSettlement => {
      if (!isUnlinked)
        return { sourceId, revision, end: 'delivered', acknowledged: {}, recordId, sent: false };
      return {
        sourceId,
        revision,
        end: 'unlinked',
        message: `${rule.source} has no record of this customer`,
      };
    });
    await settleWriteBacks(database, rule.source, carrier, settlements, clock.now());
  }

  /** The whole request failed: what that means for each person in it. */
  async settleFailure(
    carrier: WriteBackCarrier,
    sent: readonly (SentPerson & { alone?: boolean })[],
    error: unknown,
    { stopped = false } = {},
  ): Promise<void> {
    const { database, clock, log, rule, health } = this.#deps;
    const now = clock.now();
    if (error instanceof RejectedError && error.code === unknownAttribute) {
      await this.#stop(error.message, now);
      return this.putBack(carrier, sent, error.message);
    }
    const failure = failureOf('delivery', error);
    const { kind, effect, message, retryAfterMs } = failure;
    if (kind === 'rejected') {
      const { code, details } = failure.error;
      const outcomes = sent.map(({ sourceId }): WriteOutcome => {
        const rejected = { sourceId, result: 'rejected', code, message } as const;
        return details === undefined ? rejected : { ...rejected, details };
      });
      return this.settle(carrier, sent, outcomes);
    }
    const doubt = !isUndone(error);
    const attempts = Math.max(...sent.map((person) => person.attempts));
    let [counted, delayMs] = [effect === 'count', backoffMs(attempts + 1, { ...backoff, retryAfterMs })];
    if (stopped) [counted, delayMs] = [false, 0];
    else if (kind === 'refused') delayMs = await health.refused(failure.error);
    else if (effect === 'count alone') {
      const key = sent.length === 1 ? sent[0]!.sourceId : 'many';
      const verdict = health.judge(error, key, { attempts: attempts + 1 });
      [counted, delayMs] = [verdict.counted, verdict.delayMs];
    } else if (kind === 'unexpected')
      log.error({ err: error, source: rule.source }, 'facts could not be written back; tried again');
    const max = kind === 'conflict' ? attemptsMax.conflict : attemptsMax.delivery;
    const settlements = sent.map(({ sourceId, revision, attempts, uncertain }): WriteBackSettlement => {
      const ours = { sourceId, revision, message, uncertain: uncertain || doubt };
      if (!counted || attempts + 1 < max)
        // What the vendor fails at among others may be one of them.
        return { ...ours, end: 'again', dueAt: now + delayMs, counted, alone: counted && attempts > 0 };
      const code = failure.kind === 'conflict' ? failure.error.rejectedAs! : 'given_up';
      return { ...ours, end: 'dead', code, message: `given up after ${max} attempts: ${message}` };
    });
    await database.transaction(async (tx) => {
      const rows = await settleWriteBacks(tx, rule.source, carrier, settlements, now);
      const settled = new Set(rows.map((row) => row.sourceId));
      const ours = settlements.filter(({ sourceId }) => settled.has(sourceId));
      await this.#keepLetters(tx, ours, new Map(), now);
      // A postponement because the vendor is down does not count as an attempt for any customer.
      const event = doubt ? ('unknown' as const) : ('failed' as const);
      const events = sent.filter(
        ({ sourceId, uncertain }) => settled.has(sourceId) && (counted || (doubt && !uncertain)),
      );
      await this.#keepEvents(
        tx,
        events.map((person) => ({ ...attemptOf(person), event, message })),
        now,
      );
    });
  }

  /** Puts back what was claimed and not sent: it is in doubt only where it was before. */
  async putBack(
    carrier: WriteBackCarrier,
    unsent: readonly (Pick<SentPerson, 'sourceId' | 'revision' | 'uncertain'> & { alone?: boolean })[],
    message: string,
    { alone = false, delayMs = 0 }: { alone?: boolean; delayMs?: number } = {},
  ): Promise<void> {
    const { database, clock, rule } = this.#deps;
    const dueAt = clock.now() + delayMs;
    const settlements = unsent.map(
      ({ sourceId, revision, uncertain, alone: was = false }): WriteBackSettlement => ({
        sourceId,
        revision,
        end: 'again',
        dueAt,
        counted: false,
        message,
        uncertain,
        alone: alone || was,
      }),
    );
    await settleWriteBacks(database, rule.source, carrier, settlements, clock.now());
  }

  #keepEvents(tx: Queryable, events: readonly Omit<WriteBackEvent, 'source'>[], now: number): Promise<void> {
    const { source } = this.#deps.rule;
    return keepWriteBackEvents(
      tx,
      events.map((event) => ({ ...event, source })),
      now,
    );
  }

  async #keepLetters(
    tx: Queryable,
    settlements: readonly WriteBackSettlement[],
    details: ReadonlyMap<string, unknown>,
    now: number,
  ): Promise<void> {
    const { source } = this.#deps.rule;
    const letters = settlements.flatMap((one) => {
      if (one.end !== 'dead') return [];
      const { sourceId, revision, code, message } = one;
      const detail = { revision, details: (details.get(sourceId) ?? null) as never };
      return [{ kind: 'writeBack' as const, source, ref: sourceId, code, message, detail }];
    });
    await keepDeadLetters(tx, letters, now);
    const refs = settlements.flatMap((one) =>
      one.end === 'delivered' || one.end === 'unlinked' ? [one.sourceId] : [],
    );
    await settleDeadLetters(tx, { kind: 'writeBack', source, refs }, now);
  }

  /** How many of each code may become dead letters: one rejection after another is not about the people. */
  async #brakeOn(
    sent: readonly SentPerson[],
    outcomes: ReadonlyMap<string, WriteOutcome>,
    now: number,
  ): Promise<Map<string, number>> {
    const rejected = new Map<string, number>();
    let accepted = 0;
    let said = '';
    for (const { sourceId } of sent) {
      const outcome = outcomes.get(sourceId);
      if (outcome?.result === 'accepted') accepted += 1;
      if (outcome?.result !== 'rejected') continue;
      rejected.set(outcome.code, (rejected.get(outcome.code) ?? 0) + 1);
      said = outcome.message;
    }
    const { most, tripped } = this.#brake.note({ accepted, rejected }, now);
    if (tripped !== null) await this.#stop(`one person after another is rejected (${tripped}): ${said}`, now);
    return most;
  }

  /** Writing is paused: the cause is not one person's. It is tried again after a while. */
  async #stop(reason: string, now: number): Promise<void> {
    const { database, log, rule } = this.#deps;
    if (await pause(database, writeBackName(rule.source), { cause: 'refusals', reason }, now))
      log.error({ source: rule.source, reason }, 'write-back paused');
  }

  /** Somebody was accepted: what held people back is over. */
  async #resume(): Promise<void> {
    const { database, clock, log, rule } = this.#deps;
    if (!(await resumeAfterTrial(database, writeBackName(rule.source)))) return;
    log.info({ source: rule.source }, 'write-back resumed after a trial');
    await pullWriteBacksForward(database, rule.source, clock.now());
  }
}

/** What of a person was sent, and when. */
function attemptOf({ sourceId, revision, attributes, sentAt }: SentPerson) {
  return { sourceId, revision, attributes, sentAt };
}

const eventNames = {
  accepted: 'acknowledged',
  rejected: 'rejected',
  missing: 'unlinked',
  unknown: 'unknown',
} as const satisfies { [result in WriteOutcome['result']]: WriteBackEvent['event'] };

function eventOf(person: SentPerson, outcome: WriteOutcome): Omit<WriteBackEvent, 'source'> {
  const message = outcome.result === 'accepted' ? undefined : outcome.message;
  return { ...attemptOf(person), event: eventNames[outcome.result], message };
}

function unknown(sourceId: string): WriteOutcome {
  return { sourceId, result: 'unknown', message: 'the answer does not name this person' };
}

function settlementOf(
  { sourceId, revision, attributes, recordId, attempts, uncertain }: SentPerson,
  outcome: WriteOutcome,
  { dueAt, now, isHeldBack }: { dueAt: number; now: number; isHeldBack: boolean },
): WriteBackSettlement {
  const ours = { sourceId, revision };
  if (outcome.result === 'accepted')
    return { ...ours, end: 'delivered', acknowledged: attributes as Attributes, recordId, sent: true };
  const { message } = outcome;
  if (outcome.result === 'missing') return { ...ours, end: 'unlinked', message };
  if (outcome.result === 'rejected') {
    if (!isHeldBack) return { ...ours, end: 'dead', code: outcome.code, message, uncertain };
    const why = `held back because one person after another is rejected: ${message}`;
    return { ...ours, end: 'again', dueAt: now, counted: false, message: why, uncertain, alone: false };
  }
  if (attempts + 1 >= attemptsMax.delivery)
    return { ...ours, end: 'dead', code: 'given_up', message, uncertain: true };
  return { ...ours, end: 'again', dueAt, counted: true, message, uncertain: true, alone: attempts > 0 };
}
