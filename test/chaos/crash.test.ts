// A worker is killed at any moment, again and again, and begun anew: in the end the destination holds what the source
// holds, each customer once, and no quota was exceeded.
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { behindPooler, databases } from '../support/databases.ts';
import { randomOf, seed } from '../support/random.ts';
import { differences } from '../support/sync-world.ts';
import { openWorkers, type Worker, type Workers } from './workers-world.ts';

const kills = 20;
const contacts = 5_000;

/** A bulk call sent just before the last kill is looked for until 285 s after, on the clock of the workers. */
const factor = 5;

describe.each([...new Set([...databases, behindPooler])])('a worker that is killed, on $name', (on) => {
  let world: Workers;
  afterEach(() => world?.close());

  it(`loses nothing and does nothing twice over ${kills} kills (seed ${seed})`, {
    timeout: 540_000,
  }, async () => {
    const random = randomOf(seed);
    world = await openWorkers({
      on,
      factor,
      // Most of them live long enough to take up what the one before had claimed.
      leaseMs: 100,
      latencyMs: [60, 30],
      // Changes that the index hides are the trailing cursor's, minutes later: here every change is found at once, so that
      // whatever is missing in the end was lost by a kill.
      hubspot: {
        indexLagMs: 0,
        quotas: { burst: { requests: 190, seconds: 10 }, search: { requests: 5, seconds: 1 }, daily: false },
      },
      voucherify: {
        quotas: { apiCalls: { requests: 200, seconds: 10 }, bulkCalls: { requests: 40, seconds: 10 } },
        bulkProcessing: { waitMs: 150, recordMs: 0.2 },
      },
      destination: {
        quota: { requests: 200, seconds: 10, reserve: 0 },
        bulkQuota: { requests: 40, seconds: 10, reserve: 0 },
        bulk: { records: 200, bytes: 1_000_000 },
      },
      source: { quota: { requests: 190, seconds: 10 }, searchPerSecond: 5 },
    });
    const { hubspot, voucherify } = world;
    hubspot.seed(contacts, 3);
    const ids = [...hubspot.contacts()].map(({ id }) => id);
    const life = setInterval(() => {
      const id = ids[Math.floor(random() * ids.length)]!;
      hubspot.update(id, { loyalty_points: Math.floor(random() * 9_000) });
    }, 50);
    try {
      for (let kill = 0; kill < kills; kill += 1) {
        const worker = await startPulling(`worker ${kill + 1}`);
        await delay(50 + random() * 900);
        await worker.kill();
      }
    } finally {
      clearInterval(life);
    }
    const last = await world.start('the last worker');
    // The first run may be one that an earlier worker began, which read past what changed since then.
    for (let run = 0; run < 2; run += 1) {
      await last.sync('incremental');
      for (let inRow = 0; inRow < 15; ) inRow = (await last.nextLook()) ? inRow + 1 : 0;
    }
    await last.drain();
    expect(differences(world)).toEqual([]);
    expect(voucherify.count).toBe(contacts);
    expect(voucherify.duplicates()).toEqual([]);
    expect(voucherify.violations).toBe(0);
    expect(hubspot.quotas?.violations).toEqual({ burst: 0, search: 0, daily: 0 });
  });

  /** It pulls what has changed, again and again for as long as it lives. */
  async function startPulling(name: string): Promise<Worker> {
    const worker = await world.start(name);
    const asking = setInterval(() => worker.ask('incremental'), 200);
    worker.process.once('exit', () => clearInterval(asking));
    return worker;
  }
});
