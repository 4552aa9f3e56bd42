// A worker is killed at any moment, again and again, and begun anew: in the end the destination holds what the source
// holds, each customer once, and no quota was exceeded.
import { type ChildProcess, fork } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { databases } from '../support/databases.ts';
import { randomOf, seed } from '../support/random.ts';
import { differences } from '../support/sync-world.ts';

const kills = 20;
const contacts = 5_000;

describe.each(databases)('a worker that is killed, on $name', ({ openOwn }) => {
  it(`loses nothing and doubles nothing over ${kills} kills (seed ${seed})`, {
    // A bulk call that was sent just before the last kill and never arrived is looked for until 285 s after (`lost-action.ts`).
    timeout: 540_000,
  }, async () => {
    const random = randomOf(seed);
    const hubspot = createHubSpotSimulator({
      accessToken: 'pat-chaos-00000000',
      plan: 'professional',
      // Changes that the index hides are the trailing cursor's, minutes later: here every change is found at once, so that
      // whatever is missing in the end was lost by a kill.
      indexLagMs: 0,
    });
    hubspot.seed(contacts, 3);
    const voucherify = createVoucherifySimulator({
      now: Date.now,
      appId: 'app-id',
      appToken: 'app-token-00000000',
      quotas: { apiCalls: { requests: 200, seconds: 10 }, bulkCalls: { requests: 40, seconds: 10 } },
      bulkProcessing: { waitMs: 150, recordMs: 0.2 },
    });
    const served = [
      await serve(hubspot.app, { latencyMs: 60 }),
      await serve(voucherify.app, { latencyMs: 30 }),
    ];
    const database = await openOwn();
    const { where } = database;
    const config = {
      destination: {
        connector: 'voucherify',
        appId: 'app-id',
        appToken: 'app-token-00000000',
        baseUrl: served[1]!.url,
        quota: { requests: 200, seconds: 10, reserve: 0 },
        bulkQuota: { requests: 40, seconds: 10, reserve: 0 },
        bulk: { records: 200, bytes: 1_000_000 },
        metadataWrites: 'merge',
      },
      sources: {
        hubspot: {
          connector: 'hubspot',
          accessToken: 'pat-chaos-00000000',
          baseUrl: served[0]!.url,
          quota: { requests: 190, seconds: 10 },
          schedule: '* * * * * *',
          mapping: {
            name: ['firstname', 'lastname'],
            email: 'email',
            phone: { from: 'phone', as: 'text' },
            'address.city': 'city',
            'metadata.lifecycle_stage': 'lifecyclestage',
            'metadata.loyalty_points': { from: 'loyalty_points', as: 'number' },
          },
        },
      },
    };
    await database.release(); // on PGlite the folder belongs to the worker from now on
    const ids = [...hubspot.contacts()].map((contact) => contact.id);
    const life = setInterval(
      () =>
        hubspot.update(ids[Math.floor(random() * ids.length)]!, {
          loyalty_points: Math.floor(random() * 9_000),
        }),
      50,
    );
    try {
      for (let kill = 0; kill < kills; kill += 1) {
        const worker = start({ where, config });
        await worker.started;
        await new Promise((resolve) => setTimeout(resolve, 50 + random() * 900));
        await worker.kill();
      }
      clearInterval(life);
      const last = start({ where, config });
      await last.started;
      await last.restingFor(15);
      await last.drain();
    } finally {
      clearInterval(life);
    }
    expect(differences({ hubspot, voucherify })).toEqual([]);
    expect(voucherify.count).toBe(contacts);
    expect(voucherify.duplicates()).toEqual([]);
    expect(voucherify.violations).toBe(0);
    expect(hubspot.quotas?.violations).toEqual({ burst: 0, search: 0, daily: 0 });
    for (const server of served) await server.close();
    await database.close();
  });
});

/** A worker process and what it has said. */
function start(orders: object): {
  started: Promise<void>;
  restingFor(times: number): Promise<void>;
  kill(): Promise<void>;
  drain(): Promise<void>;
} {
  const worker: ChildProcess = fork(new URL('worker.ts', import.meta.url), [JSON.stringify(orders)], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    execArgv: [],
  });
  let complaints = '';
  worker.stderr?.on('data', (data: Buffer) => {
    complaints = (complaints + data.toString()).slice(-4_000);
  });
  const exited = new Promise<number | null>((resolve) => worker.once('exit', (code) => resolve(code)));
  const died = exited.then((code) => {
    throw new Error(`the worker ended by itself with ${code}: ${complaints}`);
  });
  died.catch(() => {});
  const said = (fits: (message: { started?: boolean; rest?: boolean }) => boolean) =>
    new Promise<void>((resolve) => {
      const listen = (message: object) => {
        if (!fits(message)) return;
        worker.off('message', listen);
        resolve();
      };
      worker.on('message', listen);
    });
  let rests = 0;
  return {
    started: Promise.race([said((message) => message.started === true), died]),
    restingFor: (times) =>
      Promise.race([
        said((message) => {
          if (message.rest !== undefined) rests = message.rest ? rests + 1 : 0;
          return rests >= times;
        }),
        died,
      ]),
    async kill() {
      worker.kill('SIGKILL');
      await exited;
    },
    async drain() {
      worker.send({ do: 'drain' });
      await exited;
    },
  };
}
