// Tributary, started as users start it and told by its API to sync.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { workerEnvironment, workerFlags } from '../../bin/launch.mjs';
import { databaseName, onServer } from '../../test/support/postgres.ts';
import { configurationOf, quotasOpen } from '../configuration.ts';
import { databaseCpuSeconds } from '../database-cpu.ts';
import { packaged } from '../package.ts';
import { type Installed, type Peer, Processes, type Said } from './peer.ts';
import { ask, freePort, untilReady } from './service.ts';
import { ownVersion } from './versions.ts';

const apiToken = 'a-token-of-the-bench-alone';
/** Asked as the command line asks: seldom where an answer takes long, so that the question is not what is measured. */
const askEvery = { leastMs: 250, timesTheAnswer: 10 };

/** As the ordinary bench measures it: on PostgreSQL, with quotas that never hold it up. At a plan, with the quotas of that plan. */
export function tributaryWithoutLimits(server: string): Peer {
  return {
    ...tributary,
    name: 'Tributary on PostgreSQL, quotas open',
    async make(world, plan) {
      const database = databaseName();
      await onServer(server, (sql) => sql`create database ${sql(database)}`);
      const url = new URL(server);
      url.pathname = `/${database}`;
      const config = configurationOf(world, plan ? { destination: { metadataWrites: 'merge' } } : quotasOpen);
      const installed = await install(config, { DATABASE_URL: url.href });
      return {
        ...installed,
        databaseCpuSeconds: () => databaseCpuSeconds(server),
        async end() {
          await installed.end();
          await onServer(server, (sql) => sql`drop database if exists ${sql(database)} with (force)`);
        },
      };
    },
  };
}

/** Nothing but addresses, keys and a mapping: the embedded database, and the quotas of a plan. */
export const tributaryAtDefaults = (): Peer => ({
  ...tributary,
  name: 'Tributary at default settings',
  make: (world) => install(configurationOf(world), {}),
});

const tributary = { version: ownVersion(), isService: true };

interface Run {
  id: number;
  state: string;
  error: string | null;
}

interface Deliveries {
  waiting: number;
  held: number;
  dead: number;
}

/** Whoever measures bounds it. */
async function untilTrue<Answer>(
  ask: () => Promise<Answer>,
  isTrue: (answer: Answer) => boolean,
): Promise<Answer> {
  for (;;) {
    const startedAt = performance.now();
    const answer = await ask();
    if (isTrue(answer)) return answer;
    const tookMs = performance.now() - startedAt;
    await delay(Math.max(askEvery.leastMs, askEvery.timesTheAnswer * tookMs));
  }
}

async function install(configuration: object, environment: { [name: string]: string }): Promise<Installed> {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-peers-'));
  const config = join(directory, 'tributary.config.json');
  writeFileSync(config, JSON.stringify(configuration));
  const processes = new Processes();
  const port = await freePort();
  const call = async <Answered>(method: 'GET' | 'POST', path: string, body?: object): Promise<Answered> => {
    const headers = { authorization: `Bearer ${apiToken}` };
    const { text } = await ask(method, `http://127.0.0.1:${port}${path}`, { headers, ...(body && { body }) });
    return JSON.parse(text) as Answered;
  };
  return {
    processes,
    async start() {
      const args = [...workerFlags, await packaged('main'), 'start'];
      const tree = processes.start(process.execPath, args, {
        directory,
        environment: {
          ...workerEnvironment,
          TRIBUTARY_CONFIG: config,
          TRIBUTARY_DATA_DIR: join(directory, 'data'),
          TRIBUTARY_API_TOKEN: apiToken,
          TRIBUTARY_SECRET_KEY: 'a-key-of-the-bench-that-is-long-enough',
          PORT: String(port),
          ...environment,
        },
      });
      await untilReady(tree, `http://127.0.0.1:${port}/readyz`);
    },
    async sync(mode): Promise<Said> {
      // What was interrupted goes on by itself, and is what is asked for.
      const asked = await call<{ id?: number; runId?: number }>('POST', '/api/sources/hubspot/sync', {
        mode,
      });
      const id = asked.id ?? asked.runId;
      if (id === undefined) return { success: false, words: `refused: ${JSON.stringify(asked)}` };
      const askRun = () => call<Run>('GET', `/api/runs/${id}`);
      const run = await untilTrue(askRun, ({ state }) => state !== 'requested');
      if (run.state !== 'finished') return { success: false, words: `run ${run.state}` };
      const askDeliveries = () => call<Deliveries>('GET', '/api/deliveries');
      const { held, dead } = await untilTrue(askDeliveries, ({ waiting }) => waiting === 0);
      const isWhole = held + dead === 0;
      return { success: isWhole, words: isWhole ? 'done' : `done but for ${held + dead}` };
    },
    databaseCpuSeconds: async () => null,
    end: async () => rmSync(directory, { recursive: true, force: true }),
  };
}
