// A world whose source pushes: a connector declared here, of everything a webhook may say, a vendor behind it that is read
// by ID, a destination in memory, and Tributary with its door. It knows no single test.
import { createHmac } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { Tributary } from '../../src/app/app.ts';
import { checkConfig } from '../../src/config.ts';
import { momentOf, objectOf, wordOf } from '../../src/connector/reading.ts';
import {
  type Connector,
  type DestinationChange,
  defineConnector,
  type JsonObject,
  type MetadataSchema,
  RejectedError,
} from '../../src/connector.ts';
import type { Database } from '../../src/db/database.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { createLog } from '../../src/engine/log/log.ts';
import { createApp } from '../../src/web/app.ts';
import { FastClock } from './fast-clock.ts';
import { searched } from './secrets.ts';
import { until } from './sync-world.ts';

export const secret = 'a-secret-for-the-tests';

export const apiToken = 'a-token-for-the-tests';

export interface PushTruth {
  /** What reading by ID gives: absent, the vendor does not have it. */
  people: Map<string, { changedAt: number; body: JsonObject }>;
  /** Each call that reads by ID: the IDs asked for. */
  reads: string[][];
  /** Awaited before each read; what it throws is thrown. */
  beforeRead: (ids: readonly string[]) => Promise<void>;
  /** What the destination took, each write in its order. */
  taken: { sourceId: string; payload: JsonObject }[];
  /** While false the connector cannot read items of the type `odd`. */
  knowsOdd: boolean;
}

function pushingConnector(truth: PushTruth): Connector {
  return defineConnector<{ secret: string }>({
    name: 'pusher',
    settings: z.strictObject({ secret: z.string().default(secret) }),
    source: {
      sourceId: 'id',
      mapping: { name: 'name', email: 'email', 'metadata.plan': 'plan', 'metadata.score': 'score' },
      streams: [
        {
          name: 'people',
          read: {
            maxIds: 50,
            async records(_context, { recordIds }) {
              truth.reads.push([...recordIds]);
              await truth.beforeRead(recordIds);
              const found = recordIds.filter((id) => truth.people.has(id));
              return {
                records: found.map((id) => {
                  const { changedAt, body } = truth.people.get(id)!;
                  return { recordId: id, changedAt, body: { id, ...body } };
                }),
                missing: recordIds.filter((id) => !truth.people.has(id)),
              };
            },
          },
          async pull(_context, { cursor }) {
            const from = typeof cursor === 'number' ? cursor : 0;
            const changed = [...truth.people].filter(([, one]) => one.changedAt > from);
            return {
              records: changed.map(([id, { changedAt, body }]) => ({
                recordId: id,
                changedAt,
                body: { id, ...body },
              })),
              cursor: Math.max(from, ...changed.map(([, one]) => one.changedAt)),
              done: true,
            };
          },
        },
        { name: 'traits' },
      ],
      webhook: (settings) => ({
        authentication: [
          {
            kind: 'signature',
            algorithm: 'hmac-sha256',
            secrets: [settings.secret],
            message: ['body'],
            header: 'x-signature',
            encoding: 'hex',
          },
        ],
        handshake: {
          reachabilityCheck: true,
          ping: { field: 'type', equals: 'ping' },
          cloudEvents: true,
        },
        neverKept: (item) => objectOf(item)['type'] === 'secret',
        decoding: { form: 'json', items: ['events', ''] },
        retryHorizonSeconds: 3600,
        key: (item) => wordOf(objectOf(item)['eventId']) ?? null,
        changes(item) {
          const { type, id, at, body } = objectOf(item);
          const recordId = wordOf(id);
          if (type === 'noise') return [{ kind: 'ignored', reason: 'noise is nothing for us' }];
          if (type === 'odd' && !truth.knowsOdd)
            throw new RejectedError('The type odd is not known here.', { code: 'unknown_type' });
          const changedAt = momentOf(at);
          if (recordId === undefined || changedAt === undefined)
            throw new RejectedError('The event has no id or no time.', { code: 'no_id' });
          if (type === 'touched') return [{ kind: 'touch', stream: 'people', recordId, changedAt }];
          if (type === 'gone' || type === 'erased')
            return [
              {
                kind: 'touch',
                stream: 'people',
                recordId,
                changedAt,
                gone: type === 'gone' ? 'deleted' : 'erased',
              },
            ];
          if (type === 'forgotten')
            return [
              {
                kind: 'record',
                stream: 'traits',
                record: { recordId, changedAt, deleted: true, body: {} },
              },
            ];
          const partial = type === 'traits';
          return [
            {
              kind: 'record',
              stream: partial ? 'traits' : 'people',
              record: { recordId, changedAt, body: { id: recordId, ...objectOf(body) } },
              ...(partial && { partial: true as const }),
            },
          ];
        },
      }),
    },
    api: () => ({ baseUrl: 'http://127.0.0.1:9', headers: {}, account: 'pusher', quotas: [] }),
  });
}

function destinationConnector(
  truth: PushTruth,
  metadataSchema?: () => Promise<MetadataSchema | null>,
): Connector {
  return defineConnector({
    name: 'memory',
    settings: z.strictObject({}),
    api: () => ({ baseUrl: 'http://127.0.0.1:9', headers: {}, account: 'memory', quotas: [] }),
    destination: {
      traits: () => ({ partialWrites: 'merge', bulk: null, singlesAtOnce: 4 }),
      payload: (sourceId, fields) => ({ source_id: sourceId, ...fields }),
      async upsert(_context, { sourceId, payload }) {
        truth.taken.push({ sourceId, payload });
        return { sourceId, result: 'accepted' };
      },
      async remove(_context, sourceId) {
        truth.taken.push({ sourceId, payload: { removed: true } });
        return { sourceId, result: 'accepted' };
      },
      read: async () => null,
      ...(metadataSchema && { metadataSchema }),
      webhook: () => ({
        authentication: [{ kind: 'credential', at: 'bearer', values: [secret] }],
        decoding: { form: 'json' },
        retryHorizonSeconds: 3600,
        key: (item) => wordOf(objectOf(item)['eventId']) ?? null,
        changes(item): DestinationChange[] {
          const { sourceId, fields, at, deleted, ours } = objectOf(item);
          return [
            {
              kind: 'customer',
              customer: { sourceId: String(sourceId), id: `there-${sourceId}`, fields: objectOf(fields) },
              changedAt: Number(at),
              ours: ours === true,
              ...(deleted === true && { deleted: true as const }),
            },
          ];
        },
      }),
    },
  });
}

export type PushWorld = Awaited<ReturnType<typeof openPushWorld>>;

export async function openPushWorld(
  database: Database,
  options: {
    source?: object;
    config?: object;
    clock?: Clock;
    factor?: number;
    secretKey?: string;
    /** Told of each line of the log as it is written. */
    onLine?: (line: string) => void;
    /** What the destination answers for its metadata schema; absent: it has none. */
    metadataSchema?: () => Promise<MetadataSchema | null>;
  } = {},
) {
  const truth: PushTruth = {
    people: new Map(),
    reads: [],
    beforeRead: async () => {},
    taken: [],
    knowsOdd: false,
  };
  const clock = options.clock ?? new FastClock(options.factor);
  const raw = {
    destination: { connector: 'memory' },
    sources: { pusher: { connector: 'pusher', ...options.source } },
    metadataSchema: 'none',
    ...options.config,
  };
  const logged: string[] = [];
  const write = (line: string) => {
    logged.push(line);
    options.onLine?.(line);
  };
  const log = createLog({ level: 'debug', clock, write: searched(write) });
  const wire = (on: Database) => {
    const tributary = new Tributary({
      config: checkConfig('a test', raw, {}, [
        pushingConnector(truth),
        destinationConnector(truth, options.metadataSchema),
      ]),
      database: on,
      clock,
      log,
      secretKey: options.secretKey ?? null,
    });
    return { tributary, app: createApp(tributary, { apiToken, version: '0.0.0', dataDir: '/nowhere' }) };
  };
  const first = wire(database);
  const workers = [first.tributary];
  return {
    ...first,
    database,
    truth,
    clock,
    logged,
    async again(on: Database) {
      const more = wire(on);
      workers.push(more.tributary);
      await more.tributary.start();
      return more;
    },
    /** Sends a body, signed unless headers are given. */
    async push(body: unknown, headers?: { [name: string]: string }, path = '/webhooks/pusher') {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return first.app.request(path, {
        method: 'POST',
        body: text,
        headers: { 'content-type': 'application/json', ...(headers ?? signed(text)) },
      });
    },
    /** Waits until nothing is left to open, to read or to deliver. */
    async rest() {
      await until(async () => {
        if (!(await first.tributary.isAtRest())) return false;
        const [row] = await database.rows<{ waiting: number }>(
          sql`select count(*)::int as waiting from deliveries where state = 'waiting'`,
        );
        return row?.waiting === 0;
      });
    },
    async close() {
      for (const worker of workers) await worker.drain();
    },
  };
}

export function signed(body: string | Uint8Array): { [name: string]: string } {
  return { 'x-signature': createHmac('sha256', secret).update(body).digest('hex') };
}
