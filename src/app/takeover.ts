// Leases of workers that died are taken up at once, rather than when they run out. It knows which tables bear leases.
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
  for (const worker of (await registry?.dead()) ?? []) {
    const now = clock.now();
    await database.transaction(async (tx) => {
      await freeRuns(tx, worker);
      await deliverer.takeUp(tx, worker, now);
      await freeErasures(tx, worker, now);
      await freeTouches(tx, worker, now);
      await freeVerifications(tx, worker);
    });
    await budgets.free(worker);
    await registry?.markDead(worker);
    log.info({ worker }, 'took over the work of a dead worker');
    onTaken();
  }
}
