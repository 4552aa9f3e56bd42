// Runs are claimed and carried out, each compared with its forecast where one was made. It reads no page itself.

import type { Run } from '../contract/run.ts';
import type { Database, Queryable } from '../db/database.ts';
import { moment } from '../db/moments.ts';
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log/log.ts';
import type { Budgets } from '../engine/quota/budgets.ts';
import type { Lane } from '../engine/quota/lanes.ts';
import type { Tracer } from '../engine/trace/trace.ts';
import type { Next } from '../engine/work/worker.ts';
import type { Sending } from '../sync/deliver/difference.ts';
import type { DestinationSegments } from '../sync/intake/destination-segments.ts';
import type { Rules } from '../sync/intake/rules.ts';
import { beginForecast, settleForecasts } from '../sync/plan/settle-forecasts.ts';
import { carryRun } from '../sync/pull/pull.ts';
import { listPauses, takeTrial } from '../tables/pauses.ts';
import { type Claimable, claimRun, putOffRun, runClaimableAt } from '../tables/runs.ts';
import type { Vendors } from './vendors.ts';

const runLeaseMs = 30_000;

export interface PullingDeps {
  database: Database;
  clock: Clock;
  log: Log;
  tracer: Tracer;
  rules: Rules;
  budgets: Budgets;
  vendors: Vendors;
  /** This machine: files given to it are read by it alone. */
  host: string;
  sending(): Sending;
  segments: DestinationSegments;
  newLease(): string;
  /** What may be claimed now. */
  claimable(): { removedSources: readonly string[]; dryRunsOnly: boolean };
  /** Customers of this lane may have become due. */
  onIngested(lane: Lane): void;
  onForecastBegun(): void;
}

export class Pulling {
  readonly #deps: PullingDeps;

  constructor(deps: PullingDeps) {
    this.#deps = deps;
  }

  /** The runs that this worker carries. A run of a source that is not configured waits until it is. */
  get claimable(): Claimable {
    const { rules, host, claimable } = this.#deps;
    const { removedSources, dryRunsOnly } = claimable();
    return { host, sources: [...rules.sources.map(({ name }) => name), ...removedSources], dryRunsOnly };
  }

  async step(signal: AbortSignal): Promise<Next> {
    const { database, clock, log, tracer, rules, vendors, sending, newLease } = this.#deps;
    const lease = newLease();
    const { claimable } = this;
    const now = clock.now();
    // Mostly none is due: one statement tells, and nobody is held up by the lock of those who claim.
    const next = await moment(database, runClaimableAt(claimable));
    if (next === null || next > now) return { again: false, due: next };
    const run = await database.transaction((tx) =>
      this.#claimRun(tx, { ...claimable, lease, now, leaseMs: runLeaseMs }),
    );
    // One that is due and not ours is not asked for more often.
    if (!run) return { again: false, due: clock.now() + 100 };
    await this.#beginForecast(run);
    await this.#deps.segments.refresh('run');
    const { endpoint, relation, health } = vendors;
    const onIngested = () => this.#deps.onIngested(run.lane);
    const shared = { database, rules, clock, log, tracer, endpoint, relation, health };
    await carryRun({ ...shared, sending: sending(), onIngested }, run, lease, signal);
    return { again: true };
  }

  async forecastStep(): Promise<Next> {
    const { budgets, database, clock } = this.#deps;
    await budgets.flush();
    const underWay = await settleForecasts(database, clock.now());
    return { again: false, afterMs: underWay > 0 ? 1_000 : 60_000 };
  }

  /** The next run; one of a paused source whose trial is due is that trial. */
  async #claimRun(tx: Queryable, claim: Parameters<typeof claimRun>[1]): Promise<Run | null> {
    const run = await claimRun(tx, claim);
    if (!run || run.mode === 'undo' || !(await listPauses(tx)).has(run.source)) return run;
    if (await takeTrial(tx, run.source, claim.now)) {
      this.#deps.vendors.health(run.source).beginTrial();
      return run;
    }
    // Another worker makes it, with what webhooks named.
    const held = { id: run.id, lease: claim.lease };
    await putOffRun(tx, held, { dueAt: claim.now + 5_000, counted: false, error: run.error });
    return null;
  }

  /** Where the run was forecast, calls are counted from here. A run is never kept back for it. */
  async #beginForecast(run: Run): Promise<void> {
    const { budgets, database, log, onForecastBegun } = this.#deps;
    try {
      await budgets.flush();
      await database.transaction((tx) => beginForecast(tx, run));
      onForecastBegun();
    } catch (error) {
      log.warn({ err: error }, 'a run is not compared with its forecast');
    }
  }
}
