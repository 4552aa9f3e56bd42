// The path, end to end: from a HubSpot contact to a Voucherify customer, on both databases.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { balances } from '../../src/tables/counts.ts';
import { behindPooler, type TestDatabase } from '../support/databases.ts';
import {
  differences,
  openSyncWorld,
  type SyncWorld,
  type SyncWorldOptions,
  until,
} from '../support/sync-world.ts';

describe.each([behindPooler])('the path on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;

  async function start(options: SyncWorldOptions = {}, people = 250): Promise<SyncWorld> {
    database = await open();
    world = await openSyncWorld(database, options);
    world.hubspot.seed(people, 7);
    await world.tributary.start();
    return world;
  }

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  const delivery = async (sourceId: string) =>
    (
      await database.rows<Record<string, unknown>>(
        sql`select * from deliveries where source_id = ${sourceId}`,
      )
    )[0];
  const letters = () =>
    database.rows<{ kind: string; ref: string; code: string; message: string }>(
      sql`select kind, ref, code, message from dead_letters where settled_at is null order by ref`,
    );
  const calls = (route: string) =>
    [...world.voucherify.requests]
      .filter(([key]) => key.startsWith(route))
      .reduce((sum, [, count]) => sum + count, 0);
  const someId = (index = 0) => [...world.hubspot.contacts()][index]!.id;

  it('brings every contact to Voucherify by source ID, each once', async () => {
    await start();
    const run = await world.sync();
    expect(run).toMatchObject({
      state: 'finished',
      received: 250,
      changed: 250,
      rejected: 0,
      customers: 250,
    });
    expect(world.voucherify.count).toBe(250);
    expect(world.voucherify.duplicates()).toEqual([]);
    expect(differences(world)).toEqual([]);
  });

  it('reads only what changed the next time, and writes only that', async () => {
    await start();
    await world.sync();
    world.hubspot.update(someId(3), { city: 'Kraków', loyalty_points: 17 });
    const created = world.hubspot.create({ firstname: 'Zofia', email: 'ZOFIA@Example.org ' });
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'finished', customers: 2 });
    expect(balances(run)).toBe(true);
    expect(run.changed).toBe(2);
    expect(world.voucherify.bySourceId(created)).toMatchObject({ name: 'Zofia', email: 'zofia@example.org' });
    expect(differences(world)).toEqual([]);
  });

  it('writes nothing to the database for records that have not changed', async () => {
    await start();
    await world.sync();
    const versions = () =>
      database.rows(sql`
      select 'record' as what, record_id as id, xmin::text as version from records union all
      select 'customer', source_id, xmin::text from customers union all
      select 'delivery', source_id, xmin::text from deliveries order by 1, 2`);
    const before = await versions();
    const writes = calls('POST');
    const run = await world.sync('full');
    expect(run).toMatchObject({ state: 'finished', changed: 0, unchanged: run.received, customers: 0 });
    expect(await versions()).toEqual(before);
    expect(calls('POST')).toBe(writes);
  });

  it('clears at the destination what the source has emptied, and nothing that it never wrote', async () => {
    await start();
    const [emptied, foreign] = [someId(1), someId(2)];
    world.hubspot.update(emptied, { city: 'Porto' });
    world.hubspot.update(foreign, { phone: '' });
    world.voucherify.upsert({
      source_id: foreign,
      phone: '+48 600 000 000',
      description: 'written in the dashboard',
    });
    await world.sync();
    expect(world.voucherify.bySourceId(foreign)).toMatchObject({
      phone: '+48 600 000 000',
      description: 'written in the dashboard',
    });
    world.hubspot.update(emptied, { city: '' });
    await world.sync();
    expect(world.voucherify.bySourceId(emptied)?.address?.['city']).toBeNull();
  });

  it.each(['merge', 'replace'] as const)(
    'keeps metadata that others own where Voucherify %ss objects',
    async (metadataWrites) => {
      await start({ voucherify: { metadataWrites } }, 30);
      const [single, bulk] = [
        someId(1),
        [...world.hubspot.contacts()].slice(5, 25).map((contact) => contact.id),
      ];
      await world.sync();
      for (const sourceId of [single, ...bulk])
        world.voucherify.upsert({
          source_id: sourceId,
          metadata: { ...world.voucherify.bySourceId(sourceId)?.metadata, theirs: 'kept' },
        });
      world.hubspot.update(single, { loyalty_points: 4321 });
      await world.sync();
      expect(world.voucherify.bySourceId(single)?.metadata).toMatchObject({
        theirs: 'kept',
        loyalty_points: 4321,
      });
      for (const id of bulk) world.hubspot.update(id, { loyalty_points: 99 });
      await world.sync();
      for (const id of bulk)
        expect(world.voucherify.bySourceId(id)?.metadata).toMatchObject({
          theirs: 'kept',
          loyalty_points: 99,
        });
      expect(differences(world)).toEqual([]);
    },
  );

  it('never sends a customer without a source ID, and says why', async () => {
    await start({ source: { sourceId: { from: 'email', lowerCase: true } } }, 0);
    world.hubspot.create({ firstname: 'Nobody' });
    world.hubspot.create({ firstname: 'Ann', email: 'Ann@Example.com' });
    const run = await world.sync();
    expect(run).toMatchObject({ received: 2, changed: 1, filtered: 1 });
    expect([...world.voucherify.customers()].map((customer) => customer.source_id)).toEqual([
      'ann@example.com',
    ]);
    const [row] = await database.rows<{ filtered: string }>(
      sql`select filtered from records where source_id is null`,
    );
    expect(row?.filtered).toMatch(/no source ID: email is empty/);
  });

  it('leaves out what the filter does not name, and withdraws it when it is filtered later', async () => {
    await start({ source: { filter: { lifecyclestage: ['customer', 'lead'] } } }, 0);
    const kept = world.hubspot.create({ firstname: 'In', lifecyclestage: 'customer' });
    world.hubspot.create({ firstname: 'Out', lifecyclestage: 'subscriber' });
    expect(await world.sync()).toMatchObject({ received: 2, changed: 1, filtered: 1 });
    expect(world.voucherify.count).toBe(1);
    world.hubspot.update(kept, { lifecyclestage: 'subscriber' });
    expect(await world.sync()).toMatchObject({ filtered: 1 });
    expect(world.voucherify.bySourceId(kept)).toBeDefined(); // the customer is kept, as the delete policy says
  });

  it('keeps the source ID that a record was given first, whatever becomes of the property', async () => {
    await start({ source: { sourceId: 'email' } }, 0);
    const id = world.hubspot.create({ firstname: 'Ann', email: 'ann@example.com' });
    await world.sync();
    world.hubspot.update(id, { email: 'ann@new.example.com' });
    await world.sync();
    expect([...world.voucherify.customers()].map(({ source_id, email }) => ({ source_id, email }))).toEqual([
      { source_id: 'ann@example.com', email: 'ann@new.example.com' },
    ]);
  });

  it('keeps what Voucherify rejects as a dead letter with its message, and sends it when it has changed', async () => {
    const schema = { properties: { loyalty_points: { type: 'number' as const, lte: 1000 } } };
    await start({ config: { metadataSchema: 'none' }, voucherify: { metadataSchema: schema as never } }, 0);
    const [good, bad] = [
      world.hubspot.create({ firstname: 'Good', loyalty_points: 1 }),
      world.hubspot.create({ firstname: 'Bad', loyalty_points: 5000 }),
    ];
    for (let more = 0; more < 10; more += 1) world.hubspot.create({ firstname: `More ${more}` });
    await world.sync();
    expect(world.voucherify.bySourceId(good)).toBeDefined();
    expect(world.voucherify.count).toBe(11);
    expect(await letters()).toMatchObject([{ kind: 'delivery', ref: bad }]);
    expect(await delivery(bad)).toMatchObject({ state: 'dead' });
    world.hubspot.update(bad, { loyalty_points: 500 });
    await world.sync();
    expect(world.voucherify.bySourceId(bad)?.metadata).toMatchObject({ loyalty_points: 500 });
    expect(await letters()).toEqual([]);
  });

  it('does not trust DONE alone: what an action did not count is sent again', async () => {
    let lies = 1;
    await start({ voucherify: { bulkChaos: () => (lies-- > 0 ? 'accepted-but-empty' : undefined) } });
    await world.sync();
    expect(world.voucherify.count).toBe(250);
    expect(differences(world)).toEqual([]);
  });

  it('halves a bulk request that is rejected as a whole until only the bad customer is left', async () => {
    const schema = { properties: { loyalty_points: { type: 'number' as const, lte: 1000 } } };
    await start(
      {
        config: { metadataSchema: 'none' },
        voucherify: { metadataSchema: schema as never, badBulkRecord: 'fails-all' },
      },
      0,
    );
    const ids = Array.from({ length: 64 }, (_, index) =>
      world.hubspot.create({ firstname: `P${index}`, loyalty_points: index === 37 ? 5000 : 1 }),
    );
    await world.sync();
    expect(world.voucherify.count).toBe(63);
    expect((await letters()).map((letter) => letter.ref)).toEqual([ids[37]]);
    expect(calls('POST /v1/customers/bulk/async')).toBeLessThanOrEqual(2 * Math.log2(64) + 1);
  });

  it('sends every field it owns after an answer was lost, so that a value that was changed back is not forgotten', async () => {
    const lose = { next: false };
    await start(
      {
        voucherify: {
          faults: (_request, route) => {
            if (!lose.next || route !== 'POST /v1/customers') return undefined;
            lose.next = false;
            return 'apply-then-drop';
          },
        },
      },
      3,
    );
    await world.sync();
    const id = someId();
    const city = world.hubspot.get(id)?.properties['city'] ?? 'Gdynia';
    world.hubspot.update(id, { city });
    await world.sync();
    lose.next = true;
    world.hubspot.update(id, { city: 'Nowhere' });
    const run = await world.tributary.request({
      source: 'hubspot',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'schedule',
    });
    expect(run).not.toBeNull();
    await until(() => !lose.next);
    world.hubspot.update(id, { city });
    await world.rest();
    await world.sync();
    expect(world.voucherify.bySourceId(id)?.address?.['city']).toBe(city);
    expect(differences(world)).toEqual([]);
  });

  it('marks contacts that HubSpot archived as deleted, and keeps their customers by default', async () => {
    await start({}, 20);
    await world.sync();
    world.hubspot.archive(someId());
    await world.sync('full');
    const rows = await database.rows<{ recordId: string }>(
      sql`select record_id from records where deleted_at >= changed_at`,
    );
    expect(rows).toHaveLength(1);
    expect(world.voucherify.count).toBe(20);
  });

  it('finds a change that the search index hid, once the index has settled', async () => {
    await start({ hubspot: { indexLagMs: (id: number) => (id % 3 === 0 ? 60_000 : 0) } }, 30);
    await world.sync();
    for (const { id } of [...world.hubspot.contacts()]) world.hubspot.update(id, { city: 'Lagos' });
    await world.sync();
    world.clock.skip(400_000);
    await world.sync();
    world.clock.skip(400_000);
    await world.sync();
    expect(differences(world)).toEqual([]);
  });

  it('pauses a source whose token is refused, loses no work, and continues when it is resumed', async () => {
    await start({}, 20);
    world.hubspot.accessToken = 'another';
    await world.tributary.request({
      source: 'hubspot',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'schedule',
    });
    const paused = async () =>
      (await database.rows<{ reason: string }>(sql`select reason from pauses where name = 'hubspot'`))[0];
    await until(async () => (await paused()) !== undefined);
    expect((await paused())?.reason).not.toContain('pat-test');
    world.hubspot.accessToken = 'pat-test-00000000';
    await database.rows(sql`delete from pauses`);
    world.tributary.wake();
    await world.rest();
    expect(differences(world)).toEqual([]);
  });

  it('pauses the destination when its keys are refused, and counts no attempt', async () => {
    let refused = true;
    await start(
      {
        voucherify: {
          faults: (_request, route) =>
            refused && route.startsWith('POST')
              ? Response.json({ code: 401, key: 'unauthorized', message: 'Unauthorized' }, { status: 401 })
              : undefined,
        },
      },
      3,
    );
    await world.tributary.request({
      source: 'hubspot',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'schedule',
    });
    const paused = () =>
      database.rows(
        sql`select 1 from pauses where name = 'destination' and not exists (select 1 from deliveries where lease is not null)`,
      );
    await until(async () => (await paused()).length > 0);
    const [attempts] = await database.rows<{ most: number }>(
      sql`select max(attempts) as most from deliveries`,
    );
    expect(attempts?.most).toBe(0);
    refused = false;
    await database.rows(sql`delete from pauses`);
    world.tributary.wake();
    world.clock.skip(20_000);
    await world.rest();
    expect(differences(world)).toEqual([]);
  });

  it('parks deliveries until the billing cycle turns, without asking again', async () => {
    const tomorrow = () => Math.floor(world.clock.now() / 1000) + 86_400;
    let spent = true;
    await start(
      {
        voucherify: {
          faults: (_request, route) =>
            spent && route.startsWith('POST')
              ? Response.json(
                  { code: 429, message: 'Too many requests hit the API too quickly.' },
                  {
                    status: 429,
                    headers: {
                      'X-Rate-Limit-Type': 'api_calls_cycle',
                      'X-Rate-Limit-Retry': String(tomorrow()),
                      'X-Rate-Limit-Limit': '100',
                      'X-Rate-Limit-Remaining': '0',
                    },
                  },
                )
              : undefined,
        },
        destination: { cycleQuota: { requests: 100_000, seconds: 2_592_000 } },
      },
      3,
    );
    await world.tributary.request({
      source: 'hubspot',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'schedule',
    });
    const parked = async () =>
      (
        await database.rows<{ due: number }>(
          sql`select count(*)::int as due from deliveries where due_at > now() + interval '1 hour'`,
        )
      )[0]?.due;
    await until(async () => (await parked()) === 3);
    expect(calls('POST')).toBeLessThanOrEqual(3);
    spent = false;
  });
});
