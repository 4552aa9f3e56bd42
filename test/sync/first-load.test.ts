// The first load of an empty project as one file, where it was asked for: that it costs next to nothing, never meets
// anybody who is there already, and that whatever becomes of the file loses nobody. On both databases.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { BulkFault, CustomerBody, Fault, VoucherifyOptions } from '../../simulators/voucherify.ts';
import { destinationName, resume } from '../../src/tables/pauses.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { differences, openSyncWorld, type SyncWorld, until } from '../support/sync-world.ts';

const people = 4_000;
const importRoute = 'POST /v1/customers/importCSV';
const bulkRoute = 'POST /v1/customers/bulk/async';
const metadataSchema = {
  properties: { lifecycle_stage: { type: 'string' as const }, loyalty_points: { type: 'number' as const } },
};

describe.each(behaviour)('a first load on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;
  const said: string[] = [];

  interface Start {
    count?: number;
    asked?: boolean;
    voucherify?: Partial<VoucherifyOptions>;
    config?: object;
  }
  async function start({ count = people, asked = true, voucherify, config }: Start = {}) {
    said.length = 0;
    database = await open();
    world = await openSyncWorld(database, {
      log: (line) => void said.push(line),
      voucherify: { metadataSchema, ...voucherify },
      ...(asked && { destination: { firstLoad: 'csv', bulk: { records: 2_000, bytes: 10_000_000 } } }),
      ...(config && { config }),
    });
    world.hubspot.seed(count, 7);
    await world.tributary.start({ calendar: false });
  }
  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  const calls = (route = '') =>
    [...world.voucherify.requests]
      .filter(([key]) => key.startsWith(route === '' ? '' : `${route} `))
      .reduce((sum, [, count]) => sum + count, 0);
  const told = () => said.filter((line) => line.includes('not sent as a file'));
  const letters = () => database.rows(sql`select ref, code from dead_letters`);
  /** What becomes of the first file. */
  const once = (end: BulkFault, then?: (rows: readonly CustomerBody[]) => void) => {
    let left = 1;
    return (rows: readonly CustomerBody[], type: string): BulkFault => {
      if (type !== 'CUSTOMERS.IMPORT_CSV' || left-- <= 0) return undefined;
      then?.(rows);
      return end;
    };
  };

  it.each(['merge', 'replace'] as const)(
    'goes as one file, and a few calls see to it (metadata: %s)',
    async (metadataWrites) => {
      await start({ voucherify: { metadataWrites } });
      await world.sync();
      expect(differences(world)).toEqual([]);
      expect(world.voucherify.count).toBe(people);
      expect(calls(importRoute)).toBe(1);
      expect(calls(bulkRoute)).toBe(0);
      // The schema twice, the count, the file, what became of it, and ten that are looked at.
      expect(calls()).toBeLessThan(25);
      expect(await letters()).toEqual([]);
      for (const customer of world.voucherify.customers())
        expect(world.voucherify.writesOf(customer.source_id!)).toBe(1);
    },
  );

  it('sends later changes in bulk, although the file overwrote whole customers', async () => {
    await start();
    await world.sync();
    world.clock.skip(60_000);
    for (let index = 0; index < 60; index += 1) world.hubspot.create({ firstname: `P${index}` });
    for (const { id } of [...world.hubspot.contacts()].slice(0, 30))
      world.hubspot.update(id, { city: 'Łódź' });
    world.clock.skip(60_000);
    await world.sync();
    expect(differences(world)).toEqual([]);
    expect(world.voucherify.count).toBe(people + 60);
    expect(calls(importRoute)).toBe(1);
    expect(calls(bulkRoute)).toBe(1);
    expect(told()).toHaveLength(1);
    expect(told()[0]).toContain('has acknowledged customers');
  });

  it('is not used unless requested', async () => {
    await start({ asked: false });
    await world.sync();
    expect(differences(world)).toEqual([]);
    expect(calls(importRoute)).toBe(0);
    expect(told()).toEqual([]);
  });

  it('is not used for a few', async () => {
    await start({ count: 300 });
    await world.sync();
    expect(differences(world)).toEqual([]);
    expect(calls(importRoute)).toBe(0);
  });

  it('is not used if one customer already exists, who keeps everything', async () => {
    await start();
    world.hubspot.create({ firstname: 'Zofia', email: 'zofia@example.com' });
    const { id } = [...world.hubspot.contacts()].at(-1)!;
    world.voucherify.upsert({ source_id: id, description: 'ours', metadata: { tier: 'gold' } });
    await world.sync();
    expect(differences(world)).toEqual([]);
    expect(world.voucherify.bySourceId(id)).toMatchObject({
      description: 'ours',
      metadata: { tier: 'gold' },
    });
    expect(calls(importRoute)).toBe(0);
    expect(told()).toHaveLength(1);
    expect(told()[0]).toContain('has customers already (1)');
  });

  it.each(['accepted-but-empty', 'fail'] as const)(
    'goes in bulk where the file ends as %s, and loses nobody',
    async (end) => {
      await start({ voucherify: { bulkChaos: once(end) } });
      await world.sync();
      expect(differences(world)).toEqual([]);
      expect(world.voucherify.count).toBe(people);
      expect(calls(importRoute)).toBe(1);
      expect(calls(bulkRoute)).toBe(2);
      expect(world.voucherify.duplicates()).toEqual([]);
      expect(await letters()).toEqual([]);
    },
  );

  it('goes again in bulk where the file arrived as something else than was sent', async () => {
    const spoil = (rows: readonly CustomerBody[]) => {
      for (const row of rows)
        if (row.metadata?.['loyalty_points'] !== undefined)
          row.metadata['loyalty_points'] = Number(row.metadata['loyalty_points']) + 1;
    };
    await start({ voucherify: { bulkChaos: once(undefined, spoil) } });
    await world.sync();
    expect(differences(world)).toEqual([]);
    expect(calls(importRoute)).toBe(1);
    expect(calls(bulkRoute)).toBe(2);
  });

  it('finds the import of an upload whose answer was lost, and sends nobody again', async () => {
    let cuts = 1;
    const faults = (_request: Request, route: string): Fault =>
      route === importRoute && cuts-- > 0 ? 'apply-then-drop' : undefined;
    await start({ voucherify: { faults } });
    await world.sync();
    expect(differences(world)).toEqual([]);
    expect(calls(importRoute)).toBe(1);
    expect(calls(bulkRoute)).toBe(0);
  });

  it.each([400, 403, 404, 413])('goes in bulk where a file is refused with %i', async (status) => {
    const faults = (_request: Request, route: string): Fault =>
      route === importRoute ? Response.json({ code: status, message: 'No' }, { status }) : undefined;
    await start({ voucherify: { faults } });
    await world.sync();
    expect(differences(world)).toEqual([]);
    expect(calls(importRoute)).toBe(1);
    expect(calls(bulkRoute)).toBe(2);
    expect(told()).toHaveLength(1);
    expect(await database.rows(sql`select 1 from pauses`)).toEqual([]);
    expect(await database.rows(sql`select 1 from deliveries where attempts > 0`)).toEqual([]);
  });

  const unauthorized = () =>
    Response.json({ code: 401, key: 'unauthorized', message: 'Unauthorized' }, { status: 401 });

  it.each([
    ['the schema', 'GET /v1/metadata-schemas'],
    ['the customers', 'GET /v1/customers'],
    ['the file', importRoute],
  ])('goes as a file all the same where the call for %s is refused once', async (_what, refusedRoute) => {
    let asked = 0;
    // The schema is read before, for the mapping.
    const refusedAt = refusedRoute === 'GET /v1/metadata-schemas' ? 2 : 1;
    const faults = (_request: Request, route: string): Fault => {
      if (route !== refusedRoute) return undefined;
      asked += 1;
      return asked === refusedAt ? unauthorized() : undefined;
    };
    await start({ voucherify: { faults } });
    await world.sync();
    expect(differences(world)).toEqual([]);
    expect([asked > refusedAt, calls(bulkRoute)]).toEqual([true, 0]);
    expect(await database.rows(sql`select 1 from pauses`)).toEqual([]);
  });

  it('goes as a file once credentials that were refused at first are accepted', async () => {
    let refuses = true;
    await start({ voucherify: { faults: () => (refuses ? unauthorized() : undefined) } });
    const syncing = world.sync();
    await until(async () => (await database.rows(sql`select 1 from pauses`)).length > 0);
    refuses = false;
    await resume(database, destinationName);
    world.tributary.wake();
    await syncing;
    expect(differences(world)).toEqual([]);
    expect([world.voucherify.requests.get(`${importRoute} 202`), calls(bulkRoute)]).toEqual([1, 0]);
  });

  it('is not used because one list of customers is empty, where another is not', async () => {
    await start({
      voucherify: {
        metadataWrites: 'merge',
        faults: (request, route) => {
          const { searchParams } = new URL(request.url);
          const isOfAll =
            searchParams.get('order') === 'created_at' && !searchParams.has('created_at[after]');
          return route === 'GET /v1/customers' && isOfAll
            ? Response.json({
                object: 'list',
                data_ref: 'customers',
                customers: [],
                total: 0,
                has_more: false,
              })
            : undefined;
        },
      },
    });
    const { id } = [...world.hubspot.contacts()].at(-1)!;
    world.voucherify.upsert({ source_id: id, description: 'theirs', metadata: { tier: 'gold' } });
    await world.sync();
    expect(world.voucherify.bySourceId(id)).toMatchObject({
      description: 'theirs',
      metadata: { tier: 'gold' },
    });
    expect(calls(importRoute)).toBe(0);
  });

  it('comes again as a file after a 429', async () => {
    let refusals = 1;
    const faults = (_request: Request, route: string): Fault =>
      route === importRoute && refusals-- > 0
        ? Response.json({ code: 429, message: 'Too many' }, { status: 429, headers: { 'Retry-After': '2' } })
        : undefined;
    await start({ voucherify: { faults } });
    await world.sync();
    expect(differences(world)).toEqual([]);
    expect(calls(importRoute)).toBe(2);
    expect(calls(bulkRoute)).toBe(0);
  });

  it('leaves to bulk the customers that a file cannot represent, and rows that were not accepted', async () => {
    const { lifecycle_stage } = metadataSchema.properties;
    const loyalty_points = { type: 'number' as const, lte: 1_000_000 };
    await start({
      voucherify: { metadataSchema: { properties: { lifecycle_stage, loyalty_points } } },
      // Nobody checks values before they are sent, so that a row fails.
      config: { metadataSchema: 'none' },
    });
    const names = ['null', '=1+1', 'Anna "Ann", née\nKowalska', '@x', '-5', '+48'];
    const ids = names.map((firstname) => world.hubspot.create({ firstname }));
    const bad = world.hubspot.create({ firstname: 'Bad', loyalty_points: 5_000_000 });
    await world.sync();
    expect((differences(world) as { id: string }[]).map(({ id }) => id)).toEqual([bad]);
    expect(ids.map((id) => world.voucherify.bySourceId(id)?.name)).toEqual(names);
    expect(await letters()).toEqual([{ ref: bad, code: 'metadata_validation_failed' }]);
    expect(calls(importRoute)).toBe(1);
    // Null has gone by itself, and so has the row that failed.
    expect(calls('POST /v1/customers')).toBe(2);
  });

  it('is not used if almost nobody can be represented', async () => {
    // Without a definition the number would become a text.
    await start({ voucherify: { metadataSchema: { properties: {} } } });
    await world.sync();
    expect(differences(world)).toEqual([]);
    expect(calls(importRoute)).toBe(0);
    expect(told()[0]).toContain('a file can carry');
  });
});
