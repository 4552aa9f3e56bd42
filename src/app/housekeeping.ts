// What a worker does every few seconds beside its work: takes up what dead workers had, and what has become due is
// forgotten or read again.
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log/log.ts';
import type { Next } from '../engine/work/worker.ts';
import type { ProjectWatch } from '../sync/deliver/project-watch.ts';
import { CoveragePolls, forgetOld, type HousekeepingDeps } from '../sync/housekeeping.ts';
import { endCancelledRuns } from '../tables/runs.ts';

const restMs = 5_000;
/** How often the webhooks' coverage, the other workers' configuration, and runs that were called off are looked at. */
const oftenMs = 60_000;
/** What is forgotten and read again seldom. */
const seldomMs = 600_000;

export interface HousekeeperDeps extends HousekeepingDeps {
  database: Database;
  clock: Clock;
  log: Log;
  project: ProjectWatch;
  takeOver(): Promise<void>;
  compareWorkers(): Promise<void>;
  compareClocks(): Promise<void>;
  learnTraits(): Promise<void>;
  refreshSchema(): Promise<void>;
  refreshSegments(): Promise<void>;
}

export class Housekeeper {
  readonly #deps: HousekeeperDeps;
  readonly #coveragePolls: CoveragePolls;
  #oftenAt = Number.NEGATIVE_INFINITY;
  #seldomAt: number | null = null;

  constructor(deps: HousekeeperDeps) {
    this.#deps = deps;
    this.#coveragePolls = new CoveragePolls(deps);
  }

  async step(): Promise<Next> {
    const {
      database,
      clock,
      log,
      project,
      takeOver,
      compareWorkers,
      compareClocks,
      learnTraits,
      refreshSchema,
      refreshSegments,
    } = this.#deps;
    const stalled = await database.endStalled();
    if (stalled > 0)
      log.warn(
        { connections: stalled },
        'ended database connections of a stalled worker that blocked others',
      );
    await takeOver();
    await compareClocks();
    await project.meetAgain();
    const now = clock.now();
    // Either way, since a clock may be set back.
    if (Math.abs(now - this.#oftenAt) >= oftenMs) {
      this.#oftenAt = now;
      await compareWorkers();
      await endCancelledRuns(database, now);
      await this.#coveragePolls.ask();
    }
    this.#seldomAt ??= now;
    if (now - this.#seldomAt >= seldomMs) {
      this.#seldomAt = now;
      await learnTraits();
      await refreshSchema();
      await refreshSegments();
      await forgetOld(this.#deps);
    }
    return { again: false, afterMs: restMs };
  }
}
