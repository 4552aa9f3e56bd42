// What a destination may do to those who write to it, and what becomes of each customer then.
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { BulkFault, Fault } from '../../simulators/voucherify.ts';
import type { BatchItem } from '../../src/tables/batch-items.ts';
import { keepBatch } from '../../src/tables/batches.ts';
import { freshnessSince } from '../../src/tables/freshness.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import {
  differences,
  openSyncWorld,
  type SyncWorld,
  type SyncWorldOptions,
  until,
} from '../support/sync-world.ts';

const bulkRoute = 'POST /v1/customers/bulk/async';

const singleRoute = 'POST /v1/customers';

describe.each(behaviour)('sending on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;
  const said: string[] = [];

  async function start(options: SyncWorldOptions = {}, people = 0): Promise<void> {
    said.length = 0;
    database = await open();
    world = await openSyncWorld(database, { log: (line) => void said.push(line), ...options });
    world.hubspot.seed(people, 7);
    await world.tributary.start({ calendar: false });
  }
  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  const calls = (route: string) =>
    [...world.voucherify.requests]
      .filter(([key]) => key.startsWith(`${route} `))
      .reduce((sum, [, count]) => sum + count, 0);
  const ask = () =>
    world.tributary.request({ source: 'hubspot', mode: 'incremental', trigger: 'manual', lane: 'schedule' });
  const deliveries = () =>
    database.rows<{ state: string; attempts: number; uncertain: boolean }>(
      sql`select state, attempts, uncertain from deliveries`,
    );
  const letters = () =>
    database.rows<{ ref: string; code: string }>(
      sql`select ref, code from dead_letters where settled_at is null order by ref`,
    );
  /** How often it was said: a line stands for as many as it counts. */
  const logged = (words: string) =>
    said
      .filter((line) => line.includes(words))
      .reduce((sum, line) => sum + ((JSON.parse(line) as { times?: number }).times ?? 1), 0);
  const strict = { properties: { loyalty_points: { type: 'number' as const, lte: 1000 } } };
  const create = (count: number, points: (index: number) => number) =>
    Array.from({ length: count }, (_, index) =>
      world.hubspot.create({ firstname: `P${index}`, loyalty_points: points(index) }),
    );

  describe('in bulk', () => {
    it('reads back what an action proves nothing of: what has arrived is not sent again', async () => {
      // The action was carried out, and then forgotten.
      let forgotten = 1;
      await start(
        {
          voucherify: {
            faults: (_request, route): Fault => {
              if (!route.startsWith('GET /v1/async-actions') || forgotten-- <= 0) return undefined;
              return Response.json({ code: 404, key: 'not_found', message: 'No' }, { status: 404 });
            },
          },
        },
        200,
      );
      await world.sync();
      expect(differences(world)).toEqual([]);
      expect(calls(bulkRoute)).toBe(1);
      expect(calls(singleRoute)).toBe(0);
      for (const customer of world.voucherify.customers())
        expect(world.voucherify.writesOf(customer.source_id!)).toBe(1);
    });

    it.each(['accepted-but-empty', 'fail'] as const)(
      'sends again what was lost where it ends as %s',
      async (end) => {
        let lies = 1;
        await start({ voucherify: { bulkChaos: (): BulkFault => (lies-- > 0 ? end : undefined) } }, 60);
        await world.sync();
        expect(differences(world)).toEqual([]);
        // One page of the list tells it of all of them.
        expect(calls('GET /v1/customers')).toBe(1);
        expect(calls('GET /v1/customers/:customerId')).toBe(0);
      },
    );

    it('waits an hour for an action, and then treats its result as unknown', async () => {
      let endless = 1;
      await start(
        { voucherify: { bulkChaos: (): BulkFault => (endless-- > 0 ? 'never-ends' : undefined) } },
        60,
      );
      await ask();
      await until(async () => (await database.rows(sql`select 1 from batches where polls > 1`)).length > 0);
      expect(world.voucherify.count).toBe(0);
      world.clock.skip(3_700_000);
      await world.rest();
      expect(differences(world)).toEqual([]);
    });

    it('waits no longer for an action that it may not ask about, while other reads are answered', async () => {
      await start(
        {
          voucherify: {
            faults: (_request, route): Fault =>
              route.startsWith('GET /v1/async-actions')
                ? Response.json({ code: 403, key: 'forbidden', message: 'No' }, { status: 403 })
                : undefined,
          },
        },
        60,
      );
      await ask();
      await until(async () => (await database.rows(sql`select 1 from batches where polls > 1`)).length > 0);
      world.clock.skip(3_700_000);
      await world.rest();
      expect(differences(world)).toEqual([]);
      expect(await database.rows(sql`select 1 from deliveries where state <> 'delivered'`)).toEqual([]);
      expect(calls(bulkRoute)).toBe(1);
    });

    it('sends smaller batches if they are too large for something in between, and larger ones again later', async () => {
      await start({ voucherify: { bodyLimitBytes: 6_000 } }, 200);
      await world.sync();
      expect(differences(world)).toEqual([]);
      expect(await letters()).toEqual([]);
      expect(calls(`${bulkRoute}`)).toBeLessThan(40);
      const halved = world.voucherify.requests.get(`${bulkRoute} 413`) ?? 0;
      expect(halved).toBeGreaterThan(2);
      expect(halved).toBeLessThanOrEqual(12);
    });

    it('finds three bad customers of 400 in a batch that is refused as a whole, with few calls', async () => {
      await start({
        config: { metadataSchema: 'none' },
        voucherify: { metadataSchema: strict as never, badBulkRecord: 'fails-all' },
      });
      const bad = [11, 200, 399];
      const ids = create(400, (index) => (bad.includes(index) ? 5000 : 1));
      await world.sync();
      expect(world.voucherify.count).toBe(397);
      expect((await letters()).map(({ ref }) => ref)).toEqual(bad.map((index) => ids[index]!).sort());
      const bound = 2 * 3 * Math.log2(400 / 3) + 8 * 3 + 3;
      expect(calls(bulkRoute) + calls(singleRoute)).toBeLessThanOrEqual(bound);
    });

    it('goes one by one where the bulk quota does not last for halving, and exceeds no quota', async () => {
      const bulkQuota = { requests: 3, seconds: 3600 };
      await start({
        config: { metadataSchema: 'none' },
        destination: { bulkQuota: { ...bulkQuota, reserve: 0 } },
        voucherify: {
          metadataSchema: strict as never,
          badBulkRecord: 'fails-all',
          quotas: { bulkCalls: bulkQuota },
        },
      });
      const ids = create(120, (index) => (index === 70 ? 5000 : 1));
      await world.sync();
      expect(world.voucherify.count).toBe(119);
      expect((await letters()).map(({ ref }) => ref)).toEqual([ids[70]]);
      expect(calls(bulkRoute)).toBeLessThanOrEqual(3);
      expect(world.voucherify.violations).toBe(0);
    });

    const refusingBulk = (status: number, body: object) =>
      start(
        {
          voucherify: {
            faults: (_request, route): Fault =>
              route === bulkRoute ? Response.json({ code: status, ...body }, { status }) : undefined,
          },
        },
        60,
      );
    const allGoSingly = async () => {
      await world.sync();
      expect(differences(world)).toEqual([]);
      expect(logged('takes no bulk')).toBe(1);
      expect(await database.rows(sql`select 1 from pauses`)).toEqual([]);
      expect((await deliveries()).every((row) => row.attempts === 0)).toBe(true);
    };

    it.each([402, 404])(
      'is switched off where the account has none (%i), and singles go on',
      async (status) => {
        await refusingBulk(status, { key: 'missing_feature', message: 'No' });
        await allGoSingly();
        expect(calls(bulkRoute)).toBe(1);
      },
    );

    it('is tried again an hour after it was refused for what the account is', async () => {
      let refuses = true;
      await start(
        {
          voucherify: {
            faults: (_request, route): Fault =>
              refuses && route === bulkRoute
                ? Response.json({ code: 403, key: 'missing_feature', message: 'No' }, { status: 403 })
                : undefined,
          },
        },
        60,
      );
      await allGoSingly();
      refuses = false;
      create(60, () => 1);
      await world.sync();
      expect(calls(bulkRoute)).toBe(1);
      world.clock.skip(3_600_000);
      create(60, () => 1);
      await world.sync();
      expect(calls(bulkRoute)).toBe(2);
      expect(differences(world)).toEqual([]);
    });

    it.each([404, 405])(
      'is switched off where something in between lets only single calls through (%i)',
      async (status) => {
        await refusingBulk(status, { error: 'No route matches' });
        await allGoSingly();
        expect(calls(bulkRoute)).toBe(2);
      },
    );
  });

  it('sends a newer value again when an older write that was given up has arrived after it', async () => {
    let late: Request | null = null;
    await start({
      voucherify: {
        faults: (request, route): Fault => {
          if (route !== singleRoute || late !== null) return undefined;
          late = request.clone();
          return Response.json({ message: 'Timed out' }, { status: 504 });
        },
      },
    });
    const id = world.hubspot.create({ firstname: 'Older' });
    await ask();
    await until(() => late !== null);
    world.hubspot.update(id, { firstname: 'Newer' });
    await world.sync();
    expect(world.voucherify.bySourceId(id)?.name).toBe('Newer');
    await world.voucherify.app.fetch(late!);
    expect(world.voucherify.bySourceId(id)?.name).toBe('Older');
    world.clock.skip(240_000);
    await until(() => world.voucherify.bySourceId(id)?.name === 'Newer');
    await until(async () => (await database.rows(sql`select 1 from batches`)).length === 0);
    expect(differences(world)).toEqual([]);
  });

  describe('to a destination that fails', () => {
    it('stops after a few failures, uses up no attempts, tries one customer, and continues', async () => {
      let down = true;
      await start(
        {
          voucherify: {
            faults: (_request, route): Fault =>
              down && route.startsWith('POST')
                ? Response.json({ message: 'Down' }, { status: 503 })
                : undefined,
          },
          destination: { bulk: false },
        },
        40,
      );
      await ask();
      await until(() => logged('fails repeatedly') >= 3);
      expect(
        await database.rows(sql`select 1 from deliveries where lease is not null and attempts > 1`),
      ).toEqual([]);
      expect((await deliveries()).every((row) => row.attempts === 0)).toBe(true);
      // Eight at once, those begun before the fifth had failed, and one for each time it was tried again.
      const most = 8 + 4 + logged('fails repeatedly');
      expect(calls(singleRoute)).toBeLessThanOrEqual(most);
      down = false;
      await world.rest();
      expect(logged('answers again')).toBe(1);
      expect(differences(world)).toEqual([]);
    });

    it('pauses with one alarm where the keys are refused, and loses and counts nothing', async () => {
      let refused = true;
      await start(
        {
          voucherify: {
            faults: (_request, route): Fault =>
              refused && route.startsWith('POST')
                ? Response.json({ code: 401, key: 'unauthorized', message: 'Unauthorized' }, { status: 401 })
                : undefined,
          },
          destination: { bulk: false },
        },
        40,
      );
      await ask();
      const settled = () =>
        database.rows(sql`
          select 1 from pauses where cause = 'unauthorized' and not exists (select 1 from deliveries where lease is not null)`);
      await until(async () => (await settled()).length > 0);
      expect(logged('destination paused')).toBe(1);
      expect(calls(singleRoute)).toBeLessThanOrEqual(8);
      expect((await deliveries()).every((row) => row.attempts === 0 && row.state === 'waiting')).toBe(true);
      refused = false;
      await database.rows(sql`delete from pauses`);
      world.tributary.wake();
      await world.rest();
      expect(differences(world)).toEqual([]);
    });

    it('pauses at the first refusal where reads are refused too', async () => {
      let refused = false;
      await start({
        voucherify: {
          faults: (): Fault =>
            refused
              ? Response.json({ code: 401, key: 'unauthorized', message: 'Unauthorized' }, { status: 401 })
              : undefined,
        },
        destination: { bulk: false },
      });
      world.hubspot.create({ firstname: 'Anna' });
      refused = true;
      await ask();
      await until(async () => (await database.rows(sql`select 1 from pauses`)).length > 0);
      expect(calls(singleRoute)).toBe(1);
      expect(await deliveries()).toMatchObject([{ state: 'waiting', attempts: 0 }]);
    });

    it('does not count a 429 as an attempt, with or without Retry-After', async () => {
      let refusals = 6;
      await start(
        {
          // Where single calls have to wait for long, customers would go in a batch, and no further one would be refused.
          destination: { bulk: false },
          voucherify: {
            faults: (_request, route): Fault => {
              if (route !== singleRoute || refusals-- <= 0) return undefined;
              const headers = refusals % 2 ? { 'Retry-After': '3' } : undefined;
              return Response.json(
                { code: 429, message: 'Too many' },
                { status: 429, ...(headers && { headers }) },
              );
            },
          },
        },
        5,
      );
      await ask();
      await until(() => refusals <= 0);
      expect((await deliveries()).every((row) => row.attempts === 0)).toBe(true);
      await world.rest();
      expect(differences(world)).toEqual([]);
    });
  });

  it('writes the value that a customer had before, where it is right again after an answer was lost', async () => {
    let answers: 'all' | 'none' | 'patience' = 'all';
    await start({
      destination: { bulk: false },
      hubspot: { indexLagMs: 0 },
      voucherify: {
        faults: (_request, route): Fault => {
          if (route !== singleRoute || answers === 'all') return undefined;
          if (answers === 'patience')
            return Response.json(
              { code: 429, message: 'Too many' },
              { status: 429, headers: { 'Retry-After': '1' } },
            );
          answers = 'patience';
          return 'apply-then-cut';
        },
      },
    });
    const id = world.hubspot.create({ firstname: 'Anna', city: 'Gdynia' });
    await world.sync();
    const wanted = async (revision: number) => {
      await until(async () => (await ask()) !== null);
      await until(
        async () =>
          (await database.rows(sql`select 1 from deliveries where revision = ${revision}`)).length === 1,
      );
    };
    answers = 'none';
    world.hubspot.update(id, { city: 'Sopot' });
    await wanted(2);
    await until(() => answers === 'patience');
    expect(world.voucherify.bySourceId(id)).toMatchObject({ address: { city: 'Sopot' } });
    world.hubspot.update(id, { city: 'Gdynia' });
    await wanted(3);
    answers = 'all';
    await world.rest();
    expect(differences(world)).toEqual([]);
  });

  it('sends what was refused again when the mapping has changed, and not before', async () => {
    const options: SyncWorldOptions = {
      config: { metadataSchema: 'none' },
      voucherify: { metadataSchema: strict as never },
    };
    await start(options);
    const [id] = create(1, () => 5000);
    await world.sync();
    await world.sync('full');
    expect(await letters()).toMatchObject([{ ref: id }]);
    expect(calls(singleRoute)).toBe(1);
    // A worker that still has the old mapping could claim the run that maps again.
    await world.tributary.drain();
    const { hubspot: source } = world.raw.sources;
    delete (source.mapping as { [field: string]: unknown })['metadata.loyalty_points'];
    const other = await world.again(await database.again());
    await until(async () => (await letters()).length === 0 && (await other.isAtRest()));
    expect(world.voucherify.bySourceId(id!)).toMatchObject({ name: 'P0' });
  });

  it('keeps nothing urgent waiting for the answer to something urgent', async () => {
    const { promise: isAnswered, resolve: answer } = Promise.withResolvers<void>();
    let isFirst = true;
    const faults = async (_request: Request, route: string): Promise<Fault> => {
      if (route !== singleRoute || !isFirst) return undefined;
      isFirst = false;
      await isAnswered;
      return undefined;
    };
    await start({ hubspot: { indexLagMs: 0 }, voucherify: { faults } });
    const askInPerson = () =>
      world.tributary.request({ source: 'hubspot', mode: 'incremental', trigger: 'manual', lane: 'manual' });
    try {
      const slow = world.hubspot.create({ firstname: 'Slow' });
      await askInPerson();
      await until(() => !isFirst);
      const quick = world.hubspot.create({ firstname: 'Quick' });
      await until(async () => (await askInPerson()) !== null);
      await until(() => world.voucherify.bySourceId(quick) !== undefined);
      expect(world.voucherify.bySourceId(slow)).toBeUndefined();
    } finally {
      answer();
    }
    await until(() => world.tributary.isAtRest());
    expect(differences(world)).toEqual([]);
  });

  it('of customers settled before a worker was stopped, sends again only those that were sent something newer', async () => {
    await start({}, 60);
    await world.sync();
    const [changed] = [...world.hubspot.contacts()];
    world.hubspot.update(changed!.id, { city: 'Kraków' });
    world.clock.skip(60_000);
    await world.sync();
    const sent = () => calls(bulkRoute) + calls(singleRoute);
    const before = sent();
    // As the worker left it, that had settled all of them and not yet taken their batch away.
    const items = await database.rows<BatchItem>(sql`
      select source_id as "sourceId", 1 as revision, '{}'::jsonb as acknowledges, 0 as attempts, false as uncertain from deliveries`);
    const batch = {
      id: randomUUID(),
      actionId: 'of_old',
      kind: 'bulk' as const,
      items,
      submittedAt: world.clock.now(),
      polls: 0,
      lost: null,
    };
    await database.transaction((tx) => keepBatch(tx, batch, { dueAt: world.clock.now() }));
    await until(async () => {
      const left = await database.rows(sql`select 1 from batches`);
      return left.length === 0 && (await world.tributary.isAtRest());
    });
    expect(differences(world)).toEqual([]);
    expect(world.voucherify.writesOf(changed!.id)).toBe(3);
    expect(sent()).toBe(before + 1);
  });

  it('reports how fresh the current changes are, and leaves out the first reading', async () => {
    await start({}, 60);
    await world.sync();
    expect((await freshnessSince(database, 0)).all.deliveries).toBe(0);
    const [first] = [...world.hubspot.contacts()];
    world.hubspot.update(first!.id, { city: 'Kraków' });
    world.hubspot.create({ firstname: 'Zofia' });
    world.clock.skip(60_000);
    await world.sync();
    await until(async () => (await freshnessSince(database, 0)).all.deliveries === 2);
    const { all, lanes } = await freshnessSince(database, world.clock.now() - 3_600_000);
    expect(lanes.find(({ lane }) => lane === 'schedule')).toMatchObject({ deliveries: 2 });
    // Kept to within its doubling: from 51.2 to 102.4 seconds.
    expect(all.p50Ms).toBeGreaterThan(51_200);
    expect(all.p50Ms).toBeLessThan(102_400);
    const [row] = await database.rows<{ ms: number }>(
      sql`select freshness_ms::float8 as ms from deliveries where source_id = ${first!.id}`,
    );
    expect(row?.ms).toBeGreaterThanOrEqual(60_000);
    expect(row?.ms).toBeLessThan(200_000);
  });
});
