// A small world whose configuration may change under the same stored records: two sources whose people the test holds,
// and a destination that takes customers in memory. It knows no single test.

import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { Tributary } from '../../src/app/app.ts';
import { type Config, checkConfig } from '../../src/config.ts';
import {
  type Connector,
  defineConnector,
  type JsonObject,
  type MetadataSchema,
  type Page,
} from '../../src/connector.ts';
import type { Run } from '../../src/contract/run.ts';
import type { Database } from '../../src/db/database.ts';
import { createLog } from '../../src/engine/log/log.ts';
import { runById } from '../../src/tables/runs.ts';
import { FastClock } from './fast-clock.ts';
import { searched } from './secrets.ts';
import { until } from './sync-world.ts';

export interface Person {
  id: string;
  changedAt: number;
  deleted?: true;
  body: JsonObject;
}

/** What a vendor's properties are asked for, and what its people are. */
export interface Vendor {
  people: Person[];
  /** Properties of each pull so far. */
  asked: (readonly string[])[];
}

export class People {
  readonly vendors = new Map<string, Vendor>();
  /** What the destination took, newest last. */
  readonly taken: { sourceId: string; payload: JsonObject }[] = [];
  schema: MetadataSchema | null = null;
  schemaFails = false;
  readonly clock = new FastClock();
  readonly log: string[] = [];
  readonly #projects = new Map<string, Set<string>>();
  readonly #database: Database;
  #opened: Tributary | null = null;
  #running: Tributary | null = null;

  constructor(database: Database) {
    this.#database = database;
  }

  vendor(name: string): Vendor {
    let vendor = this.vendors.get(name);
    if (!vendor) {
      vendor = { people: [], asked: [] };
      this.vendors.set(name, vendor);
    }
    return vendor;
  }

  /** The customers that a project of the destination holds. */
  project(name: string): Set<string> {
    const known = this.#projects.get(name) ?? new Set();
    this.#projects.set(name, known);
    return known;
  }

  /** So many people with a name, a phone and points, all changed at `changedAt`. */
  seed(name: string, count: number, changedAt = 1_000): void {
    this.vendor(name).people = Array.from({ length: count }, (_, index) => {
      const id = `p${String(index).padStart(6, '0')}`;
      const body = {
        id,
        name: `Person ${index}`,
        phone: `+4860000${String(index).padStart(4, '0')}`,
        points: `${index}`,
        plan: 'gold',
        other: `o${id}`,
      };
      return { id, changedAt, body };
    });
  }

  get connectors(): Connector[] {
    return [this.#source(), this.#destination()];
  }

  #source(): Connector {
    return defineConnector<{ account: string; token?: string | undefined }>({
      name: 'people',
      settings: z.strictObject({ account: z.string(), token: z.string().optional() }),
      api: ({ account }) => ({ baseUrl: 'http://127.0.0.1:9', headers: {}, account, quotas: [] }),
      source: {
        sourceId: 'id',
        mapping: { name: 'name' },
        streams: [
          {
            name: 'people',
            pull: async ({ settings }, { cursor, properties }): Promise<Page> => {
              const vendor = this.vendor(settings.account);
              vendor.asked.push(properties);
              const after = typeof cursor === 'number' ? cursor : -1;
              const changed = vendor.people.filter((person) => person.changedAt > after);
              const newest = Math.max(after, ...changed.map((person) => person.changedAt));
              return {
                records: changed.map((person) => recordOf(person, properties)),
                cursor: newest,
                done: true,
              };
            },
            read: {
              maxIds: 100,
              records: async ({ settings }, { recordIds, properties }) => {
                const found = this.vendor(settings.account).people.filter(({ id }) => recordIds.includes(id));
                const missing = recordIds.filter((id) => !found.some((person) => person.id === id));
                return { records: found.map((person) => recordOf(person, properties)), missing };
              },
            },
          },
        ],
      },
    });
  }

  #destination(): Connector {
    return defineConnector({
      name: 'memory',
      settings: z.strictObject({ bulk: z.boolean().default(false), project: z.string().default('memory') }),
      api: ({ project }) => ({
        baseUrl: 'http://127.0.0.1:9',
        headers: {},
        account: project,
        quotas: [],
      }),
      destination: {
        traits: ({ bulk }) => ({
          partialWrites: 'merge',
          bulk: bulk ? { maxRecords: 100, maxBytes: 1_000_000 } : null,
          singlesAtOnce: 16,
        }),
        payload: (sourceId, fields) => ({ source_id: sourceId, ...fields }),
        upsert: async ({ settings }, { sourceId, payload }) => {
          this.taken.push({ sourceId, payload });
          this.project(settings.project).add(sourceId);
          return { sourceId, result: 'accepted' };
        },
        read: async ({ settings }, sourceId) =>
          this.project(settings.project).has(sourceId) ? { sourceId, id: sourceId, fields: {} } : null,
        metadataSchema: async () => {
          if (this.schemaFails) throw new Error('the schema is out of reach');
          return this.schema;
        },
      },
    });
  }

  config(sources: object, more: object = {}): Config {
    const raw = { destination: { connector: 'memory' }, sources, ...more };
    return checkConfig('test', raw, {}, this.connectors);
  }

  /** A Tributary of this configuration; the one before is drained. Nothing runs yet. */
  async wire(sources: object, more: object = {}): Promise<Tributary> {
    await this.stop();
    const log = createLog({
      level: 'info',
      clock: this.clock,
      write: searched((line) => void this.log.push(line)),
    });
    const config = this.config(sources, more);
    const tributary = new Tributary({
      config,
      database: this.#database,
      clock: this.clock,
      log,
      connectors: this.connectors,
    });
    this.#opened = tributary;
    this.#running = tributary;
    return tributary;
  }

  /** The same, started. */
  async start(sources: object, more: object = {}): Promise<Tributary> {
    const tributary = await this.wire(sources, more);
    await tributary.start({ calendar: false });
    return tributary;
  }

  /** Asks for a run and waits for rest. */
  async run(source: string, request: { mode?: 'incremental' | 'full'; dryRun?: true } = {}): Promise<Run> {
    const { mode = 'incremental', dryRun } = request;
    const tributary = this.#opened!;
    const run = await tributary.request({
      source,
      mode,
      trigger: 'manual',
      lane: 'manual',
      ...(dryRun && { request: { dryRun } }),
    });
    await this.rest();
    const ended = (await runById(this.#database, run!.id))!;
    if (ended.state !== 'finished') throw new Error(`${ended.error} ${this.log.join('')}`);
    return ended;
  }

  async rest(): Promise<void> {
    await until(async () => {
      const [row] = await this.#database.rows<{ waiting: number }>(
        sql`select count(*)::int as waiting from deliveries where state = 'waiting'`,
      );
      return row?.waiting === 0 && (await this.#opened!.isAtRest());
    });
  }

  /** Drains what runs, once. */
  async stop(): Promise<void> {
    await this.#running?.drain();
    this.#running = null;
  }
}

/** Of the body what was asked for, as a vendor gives it: what it does not know is null. */
function recordOf({ id, changedAt, deleted, body }: Person, properties: readonly string[]) {
  const asked = Object.fromEntries(properties.map((name) => [name, body[name] ?? null]));
  return { recordId: id, changedAt, body: asked, ...(deleted && { deleted }) };
}

/** Every row of every table by its physical version: nothing was written where this stays the same. */
export async function versionsOf(database: Database, except: readonly string[] = []): Promise<unknown> {
  const tables = await database.rows<{ name: string }>(
    sql`select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
  );
  const versions: Record<string, unknown> = {};
  for (const { name } of tables) {
    if (except.includes(name)) continue;
    versions[name] = await database.rows(
      sql`select ctid::text as place, xmin::text as version, md5(t::text) as content from ${sql.identifier(name)} as t order by 1`,
    );
  }
  return versions;
}
