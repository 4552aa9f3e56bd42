// The calendar: slots of sources and of verifications, each asked for once however many workers hold it. It knows only that
// runs and verifications can be asked for.
import type { Config } from '../config.ts';
import type { Run } from '../contract/run.ts';
import { isUnavailable } from '../db/availability.ts';
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log/log.ts';
import { Calendar, Schedule } from '../engine/work/schedule.ts';
import type { Rules } from '../sync/intake/rules.ts';
import type { Source } from '../sync/intake/source.ts';
import { type NewRun, releaseFuture } from '../tables/runs.ts';
import {
  releaseFutureSlots,
  type requestVerification,
  type VerificationRequest,
} from '../tables/verifications.ts';

export interface SchedulingDeps {
  config: Config;
  database: Database;
  clock: Clock;
  log: Log;
  rules: Rules;
  request(run: Omit<NewRun, 'now'>): Promise<Run | null>;
  verify(request: VerificationRequest): ReturnType<typeof requestVerification>;
  /** What was put off until a time that the clock showed by mistake is due now. */
  onReleased(): void;
}

export class Scheduling {
  readonly #deps: SchedulingDeps;
  readonly #schedule: Schedule;
  readonly #drained = new AbortController();
  /** Done when what a clock that was set back had left is in order. */
  #clockInOrder: Promise<void> = Promise.resolve();
  #setBackTo = Number.NEGATIVE_INFINITY;

  constructor(deps: SchedulingDeps) {
    this.#deps = deps;
    this.#schedule = new Schedule(deps.clock, (moment) => this.clockSetBack(moment));
  }

  /** A source that has never been read is read at once. */
  async start(): Promise<void> {
    const { config, database, clock, rules, request } = this.#deps;
    const { verify } = config;
    if (verify)
      this.#schedule.every(verify.schedule, verify.timezone, (slot) => void this.#fireVerification(slot));
    await releaseFuture(database, clock.now());
    await releaseFutureSlots(database, clock.now());
    for (const { name, config: source, canPull } of rules.sources) {
      if (!canPull || (source.schedule ?? source.fullSchedule ?? null) === null) continue;
      this.#schedulePulls(name, source);
      await request({ source: name, mode: 'incremental', trigger: 'start', lane: 'schedule' });
    }
  }

  /** No slot comes any more. */
  stop(): void {
    this.#schedule.stop();
  }

  /** As `stop`; and a slot that could not be asked for is not asked for any more. */
  drain(): void {
    this.stop();
    this.#drained.abort();
  }

  /** Asks for the run of a slot; where it had one, by whatever worker, nothing is asked for. */
  async fire(source: string, mode: 'incremental' | 'full', slot: number): Promise<void> {
    const { log, request } = this.#deps;
    try {
      await this.#clockInOrder;
      const run = await this.#untilAnswered(() =>
        request({ source, mode, trigger: 'schedule', lane: 'schedule', slot }),
      );
      if (!run) log.debug({ source, slot, mode }, 'a scheduled time is covered by a run that exists');
    } catch (error) {
      log.error({ err: error, source }, 'a scheduled run could not be requested');
    }
  }

  /** The clock shows an earlier time than it did: what was put off until a time that it showed by mistake is due now. */
  clockSetBack(moment: number): void {
    const { database, log, onReleased } = this.#deps;
    // Each schedule notices it.
    const since = moment - this.#setBackTo;
    this.#setBackTo = moment;
    if (since >= 0 && since < 30_000) return;
    log.warn(
      `the clock was set back to ${new Date(moment).toISOString()}: slots that ran early run again at their time`,
    );
    const released = Promise.all([releaseFuture(database, moment), releaseFutureSlots(database, moment)]);
    this.#clockInOrder = released.then(onReleased, (error: unknown) =>
      log.error({ err: error }, 'slots of a clock that was set back could not be released'),
    );
  }

  /** A full reading brings what an incremental one of the same slot would bring, which is left out. */
  #schedulePulls(source: string, { schedule, fullSchedule = null, timezone }: Source['config']): void {
    const full = fullSchedule === null ? null : new Calendar(fullSchedule, timezone);
    if (fullSchedule !== null)
      this.#schedule.every(fullSchedule, timezone, (slot) => void this.fire(source, 'full', slot));
    if (schedule === null) return;
    this.#schedule.every(schedule, timezone, (slot) => {
      if (!full?.isDue(slot)) void this.fire(source, 'incremental', slot);
    });
  }

  async #fireVerification(slot: number): Promise<void> {
    const { config, log, verify } = this.#deps;
    const { sample, heal, sources } = config.verify!;
    try {
      await this.#clockInOrder;
      const asked = { sample, heal, sources, by: 'schedule' as const, slot };
      const requested = await this.#untilAnswered(() => verify(asked));
      if (requested && 'going' in requested)
        log.warn(
          { verification: requested.going.id },
          'a verification is still running: the scheduled one is skipped',
        );
    } catch (error) {
      log.error({ err: error }, 'a scheduled verification could not be requested');
    }
  }

  /** A moment of the calendar comes once: where the database does not answer then, it is asked again until it does. */
  async #untilAnswered<Result>(ask: () => Promise<Result>): Promise<Result> {
    for (let waitMs = 500; ; waitMs = Math.min(waitMs * 2, 30_000)) {
      try {
        return await ask();
      } catch (error) {
        if (!isUnavailable(error) || this.#drained.signal.aborted) throw error;
        await this.#deps.clock.sleep(waitMs, this.#drained.signal);
      }
    }
  }
}
