// Claims of workers that died are taken up soon, rather than when they run out. It knows which tables bear them.
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log/log.ts';
import type { Budgets } from '../engine/quota/budgets.ts';
import type { WorkerRegistry } from '../engine/work/worker-registry.ts';
import type { Deliverer } from '../sync/deliver/deliver.ts';
import { freeErasures } from '../tables/erasures.ts';
import { freeRuns } from '../tables/runs.ts';
import { freeTouches } from '../tables/touches.ts';
import { freeVerifications } from '../tables/verifications.ts';
import { freeWalks } from '../tables/walks.ts';
import { keepWriteBackEvents } from '../tables/write-back-events.ts';
import { freeJobs, lostJobMs } from '../tables/write-back-jobs.ts';
import { freeWriteBacks } from '../tables/write-backs.ts';

export interface TakeoverDeps {
  database: Database;
  clock: Clock;
  log: Log;
  budgets: Budgets;
  deliverer: Pick<Deliverer, 'takeUp'>;
  onTaken(): void;
}

export async function takeOver(
  registry: WorkerRegistry | null,
  { database, clock, log, budgets, deliverer, onTaken }: TakeoverDeps,
): Promise<void> {
  for (const peer of registry?.dead ?? []) {
    const worker = peer.id;
    const now = clock.now();
    const isEvicted = await database.transaction(async (tx) => {
      // First, so that it cannot renew its lease any more: what it still settles is by claims that it has no longer.
      if (!(await registry!.evict(tx, peer))) return false;
      await freeRuns(tx, worker);
      await deliverer.takeUp(tx, worker, now);
      await freeErasures(tx, worker, now);
      await freeTouches(tx, worker, now);
      await freeVerifications(tx, worker);
      await freeWalks(tx, worker, now);
      const freed = await freeWriteBacks(tx, worker, now);
      const message = 'the worker that sent it ended without an answer';
      const events = freed.map((one) => ({ ...one, event: 'unknown' as const, message }));
      await keepWriteBackEvents(tx, events, now);
      await freeJobs(tx, worker, { now, waitMs: lostJobMs[0] });
      return true;
    });
    if (!isEvicted) continue;
    await budgets.free(worker);
    log.info({ worker }, 'took over the work of a dead worker');
    onTaken();
  }
}
