// A worker that leases all there is to lease and then does nothing, to be killed. It is told what to lease by its first
// argument and says by a message when it has.
import type { Quota } from '../../src/connector.ts';
import { openDatabase } from '../../src/db/database.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { Budgets } from '../../src/engine/quota/budgets.ts';
import { leaseOf, WorkerRegistry } from '../../src/engine/work/worker-registry.ts';
import { claimBatch } from '../../src/tables/batches.ts';
import { claim, DueBounds } from '../../src/tables/deliveries.ts';
import { claimRun } from '../../src/tables/runs.ts';

/** What a worker that will be killed is to lease. */
export interface Orders {
  url: string;
  id: string;
  /** Epoch milliseconds. */
  now: number;
  leaseMs: number;
  most: number;
  host: string;
  account: string;
  quota: Quota;
}

const { url, id, now, leaseMs, most, host, account, quota } = JSON.parse(process.argv[2] ?? '{}') as Orders;

const database = await openDatabase({ url, directory: '' });

const fail = (error?: unknown) => {
  throw error ?? new Error('this worker was evicted');
};

await WorkerRegistry.join(id, { database, clock: systemClock, onEvicted: fail });

const budgets = new Budgets({
  database,
  clock: { ...systemClock, now: () => now },
  holder: id,
  leaseSeconds: leaseMs / 1000,
  onError: fail,
});

await budgets.account(account, [quota]).run({ lane: 'schedule' }, async () => {});

const run = await database.transaction((tx) =>
  claimRun(tx, { lease: leaseOf(id), now, leaseMs, host, sources: ['hubspot'] }),
);

const claimed = await database.transaction((tx) =>
  claim(tx, { lease: leaseOf(id), now, leaseMs, most: [most, most, most, most], bounds: new DueBounds() }),
);

const batch = await claimBatch(database, leaseOf(id), now, leaseMs);

process.send?.({ leased: { runs: run ? 1 : 0, deliveries: claimed.length, batches: batch ? 1 : 0 } });

process.on('message', () => {});

// which keeps it alive
