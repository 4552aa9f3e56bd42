// Metadata is typed or waits: nothing is mapped before the destination's metadata schema is known, a change of it maps again,
// and a verification compares with what the stored records give. Each case came from outside and bears its name.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator, type MetadataSchema } from '../../simulators/voucherify.ts';
import type { MetadataSchema as Types } from '../../src/connector.ts';
import { type Status, statusShape } from '../../src/contract/status.ts';
import { type Verification, verificationById } from '../../src/tables/verifications.ts';
import { createApp } from '../../src/web/app.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';
import { People } from '../support/people.ts';
import { openPushWorld, type PushWorld } from '../support/push-world.ts';
import { runCommandOnServer } from '../support/run-command.ts';
import { openSyncWorld, type SyncWorld, type SyncWorldOptions, until } from '../support/sync-world.ts';

const schemaRoute = 'GET /v1/metadata-schemas';

const pointsAre = (type: 'number' | 'string'): MetadataSchema =>
  ({ properties: { loyalty_points: { type } } }) as never;

/** As it is: what types it is the schema alone. */
const mapping = { name: 'firstname', 'metadata.loyalty_points': 'loyalty_points' };

const people = 20;

const unavailable = () => Response.json({ message: 'unavailable' }, { status: 503 });

const forbidden = () =>
  Response.json(
    {
      code: 403,
      key: 'forbidden_operation',
      message: 'Forbidden',
      details: 'This role may not read schemas.',
    },
    { status: 403 },
  );

describe.each(behaviour)('types of metadata on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;
  const said: string[] = [];

  /** `answers`: what each request for the schema gets, the last one again and again; undefined: the schema. */
  async function start(
    answers: ((() => Response) | undefined)[],
    more: SyncWorldOptions = {},
  ): Promise<void> {
    said.length = 0;
    database = await open();
    let asked = 0;
    world = await openSyncWorld(database, {
      log: (line) => void said.push(line),
      ...more,
      clock: new FastClock(10),
      source: { mapping },
      hubspot: { indexLagMs: 0 },
      voucherify: {
        metadataSchema: pointsAre('number'),
        faults: (_request, route) =>
          route === schemaRoute ? answers[Math.min(asked++, answers.length - 1)]?.() : undefined,
      },
    });
    for (let index = 0; index < people; index += 1)
      world.hubspot.create({ firstname: `P${index}`, loyalty_points: `${400 + index}` });
    await world.tributary.start({ calendar: false });
  }
  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  const typesThere = () =>
    new Set([...world.voucherify.customers()].map(({ metadata }) => typeof metadata?.['loyalty_points']));
  const revisions = async () =>
    (await database.rows<{ most: number }>(sql`select max(revision)::int as most from customers`))[0]!.most;
  const stored = async () =>
    (await database.rows<{ count: number }>(sql`select count(*)::int as count from records`))[0]!.count;
  const asksForSchema = () =>
    [...world.voucherify.requests]
      .filter(([route]) => route.startsWith(`${schemaRoute} `))
      .reduce((sum, [, count]) => sum + count, 0);
  const logged = (words: string) => said.filter((line) => line.includes(words)).length;
  const status = async (): Promise<Status> => {
    const app = createApp(world.tributary, { apiToken: 't', version: '0.0.0', dataDir: '/nowhere' });
    const answer = await app.request('/api/status', { headers: { authorization: 'Bearer t' } });
    return statusShape.parse(await answer.json());
  };
  const request = () =>
    world.tributary.request({ source: 'hubspot', mode: 'incremental', trigger: 'manual', lane: 'schedule' });
  const verify = async (heal = false): Promise<Verification> => {
    const asked = await world.tributary.verify({ sample: null, heal, by: 'person' });
    if (!asked || 'going' in asked) throw new Error('one is going');
    const { id } = asked.verification;
    await until(async () => (await verificationById(database, id))?.state !== 'requested');
    return (await verificationById(database, id))!;
  };

  it('faults 01: after one 503 at the very first start every number arrives as a number, mapped once', async () => {
    await start([unavailable, undefined]);
    const begun = world.clock.now();
    await world.sync();
    expect(typesThere()).toEqual(new Set(['number']));
    expect(await revisions()).toBe(1);
    expect(world.clock.now() - begun).toBeLessThan(60_000);
    expect((await verify()).report).toMatchObject({
      compared: people,
      matching: people,
      stale: { count: 0 },
    });
  });

  const unknown = () =>
    Response.json({ code: 404, key: 'resource_not_found', message: 'Resource not found' }, { status: 404 });

  it('faults 01: one 404 in its own words does not prove that there is no schema', async () => {
    await start([unknown, undefined]);
    await world.sync();
    expect(typesThere()).toEqual(new Set(['number']));
    expect(await revisions()).toBe(1);
  });

  it('faults 01: a 404 in its own words does, when it comes again and again', async () => {
    await start([unknown]);
    world.voucherify.setMetadataSchema(undefined);
    await world.sync();
    expect([...world.voucherify.customers()]).toHaveLength(people);
    expect((await status()).destination.schemaWait).toBeNull();
  });

  it('faults 01: nothing is ingested while it is not known, this is logged once, and it is requested again within a minute', async () => {
    await start([unavailable]);
    await request();
    await until(() => asksForSchema() >= 8);
    expect(await stored()).toBe(0);
    expect([...world.voucherify.customers()]).toEqual([]);
    expect(logged('customers wait for the metadata schema of the destination')).toBe(1);
    const { headline, destination } = await status();
    expect(headline.state).toBe('schema_unknown');
    expect(headline.sentence).toMatch(
      /^Customers wait for the metadata schema of voucherify: .*503.* It is asked for again at \d{4}-/,
    );
    const { nextAt, attempts, lasting } = destination.schemaWait!;
    expect(attempts).toBeGreaterThanOrEqual(8);
    expect(lasting).toBe(false);
    expect(nextAt! - world.clock.now()).toBeLessThanOrEqual(60_000);
  });

  it('faults 01: several failures and a restart among them lose nothing, and a full sync finds nothing to repair', async () => {
    await start([unavailable, unavailable, unavailable, unavailable, undefined]);
    await request();
    await world.tributary.drain();
    const second = await world.again(database);
    await until(async () => (await stored()) === people && (await second.isAtRest()));
    expect(typesThere()).toEqual(new Set(['number']));
    await second.request({ source: 'hubspot', mode: 'full', trigger: 'manual', lane: 'backfill' });
    await until(() => second.isAtRest());
    expect(await revisions()).toBe(1);
  });

  it('faults 01: a restart while it cannot be read uses the one that was read last', async () => {
    await start([undefined, unavailable]);
    await world.sync();
    await world.tributary.drain();
    world.hubspot.create({ firstname: 'Late', loyalty_points: '777' });
    const second = await world.again(database);
    expect(second.schemaIsKnown).toBe(true);
    await second.request({ source: 'hubspot', mode: 'incremental', trigger: 'manual', lane: 'schedule' });
    await until(async () => (await stored()) === people + 1 && (await second.isAtRest()));
    expect(typesThere()).toEqual(new Set(['number']));
    expect(logged('could not be read again, so the one known is used')).toBe(1);
  });

  it('faults 01: a key that may not read it waits with the setting to write, and with that setting all goes on', async () => {
    await start([forbidden]);
    await request();
    await until(async () => ((await status()).destination.schemaWait?.attempts ?? 0) >= 2);
    const { sentence, lasting } = (await status()).destination.schemaWait!;
    expect(lasting).toBe(true);
    expect(sentence).toContain('set "metadataSchema" in the configuration and restart: "none" sends');
    expect(await stored()).toBe(0);
    expect((await status()).destination.paused).toBeNull();
    await world.tributary.drain();
    Object.assign(world.raw, { metadataSchema: { definitions: { loyalty_points: { type: 'number' } } } });
    const second = await world.again(database);
    await until(async () => (await stored()) === people && (await second.isAtRest()));
    expect(typesThere()).toEqual(new Set(['number']));
  });

  it('faults 01: a destination that answers, but has no such path, does not block forever', async () => {
    await start([() => new Response('no such route', { status: 404 })]);
    world.voucherify.setMetadataSchema(undefined);
    await world.sync();
    expect([...world.voucherify.customers()]).toHaveLength(people);
    expect(logged('has no metadata schema at this address')).toBe(1);
  });

  const noRoute = () => new Response('no such route', { status: 404 });

  it.each([
    ['is at no such path', [noRoute]],
    ['can be read no more', [undefined, forbidden]],
    ['is answered by a gateway from now on', [undefined, noRoute]],
  ])(
    'faults 01: a mapping that changes is applied to all records where the schema %s',
    async (_what, answers) => {
      await start(answers);
      world.voucherify.setMetadataSchema(undefined);
      await world.sync();
      await world.tributary.drain();
      Object.assign(world.raw.sources.hubspot, { mapping: { ...mapping, description: 'firstname' } });
      const second = await world.again(database);
      await until(async () =>
        [...world.voucherify.customers()].every(({ name, description }) => description === name),
      );
      await until(() => second.isAtRest());
      expect([...world.voucherify.customers()]).toHaveLength(people);
    },
  );

  it('faults 01: a schema that changes while all runs maps again, also after a refusal that it explains', async () => {
    await start([undefined]);
    world.voucherify.setMetadataSchema(pointsAre('string'));
    await world.tributary.refreshSchema();
    await world.sync();
    expect(typesThere()).toEqual(new Set(['string']));
    // The project's owner changes it again. The next customers are refused for it, and that is the sign.
    world.voucherify.setMetadataSchema(pointsAre('number'));
    world.hubspot.create({ firstname: 'New', loyalty_points: '5' });
    await request();
    await until(async () => typesThere().size === 1 && typesThere().has('number'));
    await world.rest();
    expect([...world.voucherify.customers()]).toHaveLength(people + 1);
    expect(await database.rows(sql`select 1 from deliveries where state <> 'delivered'`)).toEqual([]);
  });

  it('faults 01: another worker that read a changed schema first leaves nothing of the old one behind', async () => {
    await start([undefined]);
    await world.sync();
    const second = await world.again(database);
    world.voucherify.setMetadataSchema(pointsAre('string'));
    await second.refreshSchema();
    await until(() => Object.values(world.tributary.rules.schema?.definitions ?? {})[0]?.type === 'string');
    await until(() => typesThere().size === 1 && typesThere().has('string'));
    await world.rest();
    expect((await verify()).report).toMatchObject({ matching: people, stale: { count: 0 } });
  });

  it('faults 01: a verification finds what was delivered by other types than the records give now, and heals it', async () => {
    await start([undefined]);
    await world.sync();
    // As an older version left it: mapped, delivered and acknowledged as text.
    const [one] = await database.rows<{ id: string }>(sql`
      update customers set fields = jsonb_set(fields, '{metadata.loyalty_points}', '"403"')
      where fields ->> 'metadata.loyalty_points' = '403' returning source_id as id`);
    await database.rows(sql`
      update acknowledgements set fields = jsonb_set(fields, '{metadata.loyalty_points}', '"403"') where source_id = ${one!.id}`);
    // And one who is as it should be, but was never enqueued.
    const [other] = await database.rows<{ id: string }>(sql`
      update acknowledgements set fields = jsonb_set(fields, '{name}', '"Older"')
      where source_id = (select source_id from customers where fields ->> 'metadata.loyalty_points' = '404') returning source_id as id`);
    world.voucherify.setMetadataSchema(pointsAre('string'));
    world.voucherify.upsert({ source_id: one!.id, metadata: { loyalty_points: '403' } } as never);
    world.voucherify.setMetadataSchema(pointsAre('number'));
    world.voucherify.upsert({ source_id: other!.id, name: 'Older' });
    const { report } = await verify();
    expect(report).toMatchObject({
      compared: people,
      matching: people - 2,
      differing: { count: 0 },
      stale: { count: 2, fields: { 'metadata.loyalty_points': 1, name: 1 } },
    });
    expect(report.summary).toContain('2 customers are stale');
    const example = report.stale.examples.find((found) => 'sourceId' in found && found.sourceId === one!.id);
    expect(example).toMatchObject({ fields: { 'metadata.loyalty_points': { expected: 403, found: '403' } } });
    expect((await status()).headline).toMatchObject({ state: 'differs', next: 'tributary verify --heal' });
    expect((await verify(true)).report).toMatchObject({ stale: { count: 2 }, healed: 2 });
    await world.rest();
    expect(typesThere()).toEqual(new Set(['number']));
    expect((await verify()).report).toMatchObject({ matching: people, stale: { count: 0 } });
  });
});

describe('types of metadata with sources in memory', () => {
  let database: TestDatabase;
  let memory: People;

  afterEach(async () => {
    await memory?.stop();
    await database?.close();
  });

  const numbers: Types = {
    definedOnly: false,
    definitions: { points: { type: 'number', array: false, required: false } },
  };

  it('faults 01: of two sources neither is mapped untyped, and a change later maps both again', async () => {
    database = await behaviour[0].open();
    memory = new People(database);
    memory.seed('crm', 3);
    memory.seed('shop', 3);
    memory.schema = numbers;
    memory.schemaFails = true;
    const of = (account: string, key: string) => ({
      connector: 'people',
      account,
      mapping: { [`metadata.${key}`]: 'points' },
    });
    const tributary = await memory.start({ crm: of('crm', 'points'), shop: of('shop', 'visits') });
    for (const source of ['crm', 'shop'])
      await tributary.request({ source, mode: 'incremental', trigger: 'manual', lane: 'manual' });
    await until(() => tributary.schemaWait !== null && (tributary.schemaWait.attempts ?? 0) >= 3);
    expect(memory.taken).toEqual([]);
    memory.schemaFails = false;
    await memory.rest();
    const fields = async () => {
      const rows = await database.rows<{ fields: object }>(
        sql`select fields from customers where source_id = 'p000002'`,
      );
      return rows[0]!.fields;
    };
    expect(await fields()).toEqual({ 'metadata.points': 2, 'metadata.visits': '2' });
    memory.schema = {
      ...numbers,
      definitions: { ...numbers.definitions, visits: numbers.definitions['points']! },
    };
    await tributary.refreshSchema();
    await memory.rest();
    expect(await fields()).toEqual({ 'metadata.points': 2, 'metadata.visits': 2 });
    memory.schema = { ...numbers, definedOnly: true };
    await tributary.refreshSchema();
    await memory.rest();
    const faulty = await database.rows(
      sql`select 1 from records where source = 'shop' and faults is not null`,
    );
    expect(faulty).toHaveLength(3);
  });
});

describe('types of metadata and webhooks', () => {
  let database: TestDatabase;
  let world: PushWorld;

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  it('faults 01: webhooks that are pushed while it is not known are answered 200, kept, and ingested typed', async () => {
    database = await behaviour[0].open();
    let fails = true;
    const schema: Types = {
      definedOnly: false,
      definitions: { score: { type: 'number', array: false, required: false } },
    };
    world = await openPushWorld(database, {
      config: { metadataSchema: 'destination' },
      metadataSchema: async () => {
        if (fails) throw new Error('the schema is out of reach');
        return schema;
      },
    });
    await world.tributary.start();
    const at = world.clock.now();
    for (const id of ['a', 'b']) {
      const event = { eventId: id, type: 'changed', id, at, body: { name: id, score: '12' } };
      expect((await world.push(event)).status).toBe(200);
    }
    await until(() => (world.tributary.schemaWait?.attempts ?? 0) >= 3);
    expect(world.truth.taken).toEqual([]);
    expect(await database.rows(sql`select 1 from inbox where state = 'waiting'`)).toHaveLength(2);
    fails = false;
    await until(() => world.truth.taken.length === 2);
    for (const { payload } of world.truth.taken) expect(payload).toMatchObject({ 'metadata.score': 12 });
  });
});

describe('types of metadata and commands', () => {
  it('faults 01: commands that map print the reason, exit with an error, and do nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tributary-typed-'));
    const [accessToken, appId, appToken] = ['pat-test-00000000', 'app-id', 'app-token-00000000'];
    const hubspot = createHubSpotSimulator({ now: Date.now, accessToken, quotas: false });
    const voucherify = createVoucherifySimulator({
      now: Date.now,
      appId,
      appToken,
      faults: (_request, route) => (route === schemaRoute ? forbidden() : undefined),
    });
    const served = [await serve(hubspot.app), await serve(voucherify.app)];
    try {
      hubspot.seed(3, 7, Date.now() - 600_000);
      const config = {
        destination: { connector: 'voucherify', appId, appToken, baseUrl: served[1]!.url, bulk: false },
        sources: { hubspot: { connector: 'hubspot', accessToken, baseUrl: served[0]!.url, mapping } },
      };
      writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
      const commands = [
        ['sync'],
        ['sync', 'hubspot', '--dry-run'],
        ['plan', 'hubspot'],
        ['preview', '--config', join(folder, 'tributary.config.json')],
        ['verify'],
      ];
      for (const command of commands) {
        const { exitCode, err } = await runCommandOnServer(folder, command);
        expect([command, exitCode]).toEqual([command, 1]);
        expect(err).toContain('Customers wait for the metadata schema of voucherify');
        expect(err).toContain('"metadataSchema"');
      }
      expect((await runCommandOnServer(folder, ['check'])).exitCode).toBe(1);
      expect([...voucherify.customers()]).toEqual([]);
      writeFileSync(
        join(folder, 'tributary.config.json'),
        JSON.stringify({ ...config, metadataSchema: 'none' }),
      );
      expect((await runCommandOnServer(folder, ['sync'])).exitCode).toBe(0);
      expect([...voucherify.customers()]).toHaveLength(3);
    } finally {
      for (const server of served) await server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
