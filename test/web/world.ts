// A small world for the web's tests: a source whose people the test holds, a source of files, and a destination that
// takes customers in memory and refuses those it is told to. It knows no route.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { csv } from '../../connectors/csv.ts';
import { Tributary } from '../../src/app/app.ts';
import { checkConfig } from '../../src/config.ts';
import { type Connector, defineConnector, type JsonObject, type Page } from '../../src/connector.ts';
import type { Database } from '../../src/db/database.ts';
import { type Clock, systemClock } from '../../src/engine/clock.ts';
import { createLog } from '../../src/engine/log/log.ts';
import { createApp } from '../../src/web/app.ts';
import { BodyGate, type BodyLimits } from '../../src/web/body-gate.ts';
import type { SandboxVendors } from '../../src/web/deps.ts';
import { LoginCodes } from '../../src/web/login-codes.ts';
import { searched } from '../support/secrets.ts';

export const apiToken = 'a-token-for-the-tests';

export interface Person {
  id: string;
  changedAt: number;
  body: JsonObject;
}

/** What the test may change while the world goes on. */
export interface Truth {
  people: Person[];
  pageSize: number;
  /** Awaited before each page of people. */
  beforePage: () => Promise<void>;
  /** Source IDs that the destination refuses, with its words. */
  refused: Map<string, string>;
  /** What the destination took. */
  taken: Map<string, JsonObject>;
}

function peopleConnector(truth: Truth): Connector {
  return defineConnector({
    name: 'people',
    settings: z.strictObject({}),
    source: {
      sourceId: 'id',
      mapping: { name: 'name', email: 'email', 'metadata.plan': 'plan' },
      streams: [
        {
          name: 'people',
          async pull(_context, { cursor }): Promise<Page> {
            await truth.beforePage();
            const from = typeof cursor === 'number' ? cursor : 0;
            const records = truth.people.slice(from, from + truth.pageSize).map(recordOf);
            const next = from + records.length;
            return { records, cursor: next, done: next >= truth.people.length, total: truth.people.length };
          },
          read: {
            maxIds: 100,
            async records(_context, { recordIds }) {
              const found = truth.people.filter((person) => recordIds.includes(person.id));
              const missing = recordIds.filter((id) => !found.some((person) => person.id === id));
              return { records: found.map(recordOf), missing };
            },
          },
        },
      ],
    },
  });
}

const recordOf = ({ id, changedAt, body }: Person) => ({ recordId: id, changedAt, body: { id, ...body } });

function destinationConnector(truth: Truth): Connector {
  return defineConnector({
    name: 'memory',
    settings: z.strictObject({}),
    api: () => ({
      baseUrl: 'http://127.0.0.1:9',
      headers: {},
      account: 'memory',
      quotas: [{ name: 'calls', requests: 2000, seconds: 60, reserve: 0.2 }],
    }),
    destination: {
      traits: () => ({ partialWrites: 'merge', bulk: null, singlesAtOnce: 4 }),
      payload: (sourceId, fields) => ({ source_id: sourceId, ...fields }),
      async upsert(_context, { sourceId, payload }) {
        const message = truth.refused.get(sourceId);
        if (message) return { sourceId, result: 'rejected', code: 'invalid_customer', message };
        truth.taken.set(sourceId, payload);
        return { sourceId, result: 'accepted' };
      },
      async remove(_context, sourceId) {
        const message = truth.refused.get(sourceId);
        if (message) return { sourceId, result: 'rejected', code: 'locked', message };
        truth.taken.delete(sourceId);
        return { sourceId, result: 'accepted' };
      },
      async read(_context, sourceId) {
        const taken = truth.taken.get(sourceId);
        if (!taken) return null;
        const { source_id: _, ...fields } = taken;
        return { sourceId, id: sourceId, fields };
      },
    },
  });
}

export type World = Awaited<ReturnType<typeof openWorld>>;

/** The database is closed with it. */
export async function openWorld(
  database: Database,
  options: {
    clock?: Clock;
    maxImportBytes?: number;
    sources?: object;
    /** Laid over the configuration. */
    config?: object;
    /** Beside those declared here. */
    connectors?: readonly Connector[];
    version?: string;
    secretKey?: string;
    /** Default: pages wait until everything was counted. */
    firstLookMs?: number;
    bodyLimits?: BodyLimits;
    sandbox?: SandboxVendors;
    /** Told of each line of the log as it is written. */
    onLine?: (line: string) => void;
  } = {},
) {
  const { clock = systemClock, maxImportBytes } = options;
  const truth: Truth = {
    people: [],
    pageSize: 100,
    beforePage: async () => {},
    refused: new Map(),
    taken: new Map(),
  };
  const raw = {
    destination: { connector: 'memory' },
    sources: options.sources ?? { crm: { connector: 'people' }, files: { connector: 'csv' } },
    metadataSchema: 'none',
    ...options.config,
  };
  const config = checkConfig('a test', raw, {}, [
    peopleConnector(truth),
    destinationConnector(truth),
    csv,
    ...(options.connectors ?? []),
  ]);
  const logged: string[] = [];
  const write = (line: string) => {
    logged.push(line);
    options.onLine?.(line);
  };
  const log = createLog({ level: 'info', clock, write: searched(write) });
  const tributary = new Tributary({ config, database, clock, log, secretKey: options.secretKey ?? null });
  const dataDir = await mkdtemp(join(tmpdir(), 'tributary-web-'));
  const loginCodes = new LoginCodes(clock);
  const bodies = new BodyGate(clock, options.bodyLimits);
  const app = createApp(tributary, {
    apiToken,
    version: options.version ?? '1.2.3',
    sandbox: options.sandbox ?? null,
    dataDir,
    loginCodes,
    bodies,
    firstLookMs: options.firstLookMs ?? null,
    ...(maxImportBytes !== undefined && { maxImportBytes }),
  });
  return {
    app,
    tributary,
    bodies,
    database,
    truth,
    dataDir,
    loginCodes,
    logged,
    async close() {
      await tributary.drain();
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
