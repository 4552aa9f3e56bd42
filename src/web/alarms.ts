// Alarms outward: asks for the status every few seconds and tells each target when something begins to fail or needs a person, and
// when that is over. Any worker may see it; one of them tells it. When the database is gone each worker tells it by itself.
import { randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import { lessHeaders } from '../contract/access.ts';
import type { ProblemBody } from '../contract/problem.ts';
import { type OpenProblem, statusShape } from '../contract/status.ts';
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log/log.ts';
import { backoffMs } from '../engine/work/retry.ts';
import {
  claimNotice,
  dropNotice,
  dropOldNotices,
  keepNotices,
  type Notice,
  putOffNotice,
} from '../tables/alarm-notices.ts';
import { type Alarm, endAlarms, seeAlarms } from '../tables/alarms.ts';
import { duration } from '../words.ts';
import { type AlarmChange, bodyOf, post } from './alarm-notice.ts';

const everyMs = 10_000;
/** What passes sooner is no alarm. */
const steadyMs = 15_000;
/** What no worker has seen for so long is over. */
const overMs = 45_000;
const backoff = { baseMs: 5_000, capMs: 600_000 };
/** A notice that nobody has accepted by then is dropped, and the log says so. */
const keptMs = 86_400_000;
const leaseMs = 60_000;

export interface AlarmDeps {
  database: Database;
  clock: Clock;
  log: Log;
  alarms: Config['alarms'];
  /** Asks this process's own API. */
  ask(path: string, headers: { [name: string]: string }): Promise<Response>;
}

export class Alarms {
  readonly #deps: AlarmDeps;
  /** Since when this process sees each problem, epoch milliseconds. */
  #since = new Map<string, number>();
  #outage: { since: number; sentence: string; isTold: boolean } | null = null;

  constructor(deps: AlarmDeps) {
    this.#deps = deps;
  }

  get #targets(): string[] {
    return Object.keys(this.#deps.alarms.to);
  }

  /** Looks and tells until it is aborted. Where nobody is to be told it does nothing. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    while (this.#targets.length > 0 && !signal.aborted) {
      await this.step().catch((error: unknown) =>
        log.warn({ reason: (error as Error).message }, 'alarms could not be looked at; tried again'),
      );
      await clock.sleep(everyMs, signal);
    }
  }

  /** Looks once, and sends what is due. */
  async step(): Promise<void> {
    const response = await this.#deps.ask('/api/status', { [lessHeaders.mask]: 'yes' });
    const body: unknown = await response.json();
    if (!response.ok) return this.#gone((body as Partial<ProblemBody>).detail ?? 'the status cannot be read');
    await this.#back();
    const { problems, freshness } = statusShape.parse(body);
    const waited = freshness.oldestWaitSeconds ?? 0;
    const isLate = waited >= this.#deps.alarms.behindMinutes * 60;
    await this.#note(isLate ? [...problems, late(waited)] : problems);
    await this.#send();
  }

  async #note(problems: readonly OpenProblem[]): Promise<void> {
    const { database, clock } = this.#deps;
    const now = clock.now();
    const seen = problems.map((one) => ({ ...one, subject: one.subject ?? '' }));
    this.#since = new Map(seen.map((one) => [keyOf(one), this.#since.get(keyOf(one)) ?? now]));
    const steady = seen.filter((one) => now - this.#since.get(keyOf(one))! >= steadyMs);
    const nextOf = new Map(seen.map((one) => [keyOf(one), one.next]));
    await database.transaction(async (tx) => {
      const raised = await seeAlarms(tx, steady, now);
      const over = await endAlarms(tx, now - overMs);
      await dropOldNotices(tx, now - 2 * keptMs);
      const changes = [
        ...raised.map((alarm) =>
          changeOf('alarm.raised', alarm, { next: nextOf.get(keyOf(alarm)) ?? null, at: now }),
        ),
        ...over.map((alarm) => changeOf('alarm.cleared', alarm, { next: null, at: now })),
      ];
      await keepNotices(
        tx,
        changes.flatMap((change) => this.#notices(change)),
        now,
      );
    });
  }

  #notices(change: AlarmChange) {
    return Object.entries(this.#deps.alarms.to).map(([target, { format }]) => ({
      target,
      body: bodyOf(change, format),
    }));
  }

  async #send(): Promise<void> {
    const { database, clock } = this.#deps;
    for (;;) {
      const now = clock.now();
      const notice = await claimNotice(database, { targets: this.#targets, now, leaseMs });
      if (!notice) return;
      await this.#deliver(notice, now);
    }
  }

  async #deliver({ id, target, body, madeAt, attempts }: Notice, now: number): Promise<void> {
    const { database, log, alarms } = this.#deps;
    const why = await post(alarms.to[target]!, { id, body, now });
    if (why === null) return dropNotice(database, id);
    if (now - madeAt >= keptMs) {
      log.error({ target, reason: why }, 'an alarm was not accepted for a day and is dropped');
      return dropNotice(database, id);
    }
    if (attempts === 1) log.warn({ target, reason: why }, 'an alarm was not accepted; it is sent again');
    await putOffNotice(database, id, now + backoffMs(attempts, backoff), why);
  }

  /** The database does not answer, so nothing can be kept there: it is told from memory. */
  async #gone(sentence: string): Promise<void> {
    const now = this.#deps.clock.now();
    this.#outage ??= { since: now, sentence, isTold: false };
    if (this.#outage.isTold || now - this.#outage.since < steadyMs) return;
    this.#outage.isTold = await this.#tell('alarm.raised', now);
  }

  async #back(): Promise<void> {
    if (this.#outage === null) return;
    if (!this.#outage.isTold || (await this.#tell('alarm.cleared', this.#deps.clock.now())))
      this.#outage = null;
  }

  /** Returns whether anybody accepted it. */
  async #tell(type: AlarmChange['type'], now: number): Promise<boolean> {
    const { alarms, log } = this.#deps;
    const { since, sentence } = this.#outage!;
    const alarm = { state: 'database_unavailable', subject: '', sentence, raisedAt: since };
    const change = changeOf(type, alarm, {
      next: type === 'alarm.raised' ? 'tributary doctor' : null,
      at: now,
    });
    const results = await Promise.all(
      Object.entries(alarms.to).map(async ([target, to]) => {
        const why = await post(to, { id: randomUUID(), body: bodyOf(change, to.format), now });
        if (why !== null) log.warn({ target, reason: why }, 'an alarm was not accepted; it is sent again');
        return why === null;
      }),
    );
    return results.includes(true);
  }
}

function changeOf(
  type: AlarmChange['type'],
  { state, subject, sentence, raisedAt }: Alarm,
  { next, at }: Pick<AlarmChange, 'next' | 'at'>,
): AlarmChange {
  return { type, state, subject: subject || null, sentence, next, raisedAt, at };
}

const keyOf = ({ state, subject }: Pick<Alarm, 'state' | 'subject'>): string => `${state} ${subject}`;

function late(waitedSeconds: number): OpenProblem {
  const sentence = `A customer has waited for delivery for ${duration(waitedSeconds)}.`;
  return { state: 'behind', subject: null, sentence, next: 'tributary status' };
}
