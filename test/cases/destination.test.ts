// Answers of the destination that say nothing of a customer, and waits that it names: what becomes of the customers. Each
// case came from outside and bears its name.

import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { BetweenAnswer, Fault } from '../../simulators/voucherify.ts';
import { customerSentences } from '../../src/customer/explain.ts';
import { explainCustomer } from '../../src/sync/views/explanation.ts';
import { figures } from '../../src/sync/views/status.ts';
import { listPauses } from '../../src/tables/pauses.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';
import {
  differences,
  openSyncWorld,
  type SyncWorld,
  type SyncWorldOptions,
  until,
} from '../support/sync-world.ts';

const bulkRoute = 'POST /v1/customers/bulk/async';

const singleRoute = 'POST /v1/customers';

const listRoute = 'GET /v1/customers';

const singles = { bulk: false };

/** How fast simulated time goes: slow enough that calls are answered in time on a busy machine. */
const factor = 10;

describe.each(behaviour)('answers of the destination on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;
  const said: string[] = [];

  async function start(options: SyncWorldOptions = {}, people = 0): Promise<void> {
    said.length = 0;
    database = await open();
    world = await openSyncWorld(database, {
      log: (line) => void said.push(line),
      clock: new FastClock(factor),
      ...options,
      hubspot: { indexLagMs: 0, ...options.hubspot },
    });
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
  const read = async (lane: 'schedule' | 'manual' = 'schedule') => {
    await until(async () => {
      const run = await world.tributary.request({
        source: 'hubspot',
        mode: 'incremental',
        trigger: 'manual',
        lane,
      });
      return run !== null;
    });
  };
  const create = (count: number, of: (index: number) => object = () => ({})) =>
    Array.from({ length: count }, (_, index) =>
      world.hubspot.create({ firstname: `P${index}`, ...of(index) }),
    );
  const letters = () =>
    database.rows<{ ref: string; code: string; message: string }>(
      sql`select ref, code, message from dead_letters where settled_at is null order by ref`,
    );
  const attempts = async () => {
    const [row] = await database.rows<{ most: number }>(sql`select max(attempts) as most from deliveries`);
    return row!.most;
  };
  const logged = (words: string) => said.filter((line) => line.includes(words)).length;
  const loud = () => said.filter((line) => /"level":"?(40|50|warn|error)/.test(line)).length;
  const paused = async () => (await listPauses(database)).get('destination');
  /** An answer for so long, then none. */
  const forSeconds = (seconds: number, answer: BetweenAnswer, isMeant: (route: string) => boolean) => {
    let from: number | null = null;
    return (_request: Request, route: string): BetweenAnswer | undefined => {
      if (!isMeant(route)) return undefined;
      from ??= world.clock.now();
      return world.clock.now() - from < seconds * 1000 ? answer : undefined;
    };
  };
  const ofCustomers = (route: string) => route.includes('/v1/customers');
  const held = (name: RegExp) => async (request: Request, route: string) =>
    route.startsWith('POST') && name.test(await request.clone().text());

  it('01-redirect-for-ten-seconds: nobody becomes a dead letter, few calls are made, and everybody is sent afterwards', async () => {
    await start({ voucherify: { between: forSeconds(10, 'redirect-302', ofCustomers) } }, 300);
    await read();
    await world.rest();
    expect(differences(world)).toEqual([]);
    expect(await database.rows(sql`select 1 from dead_letters`)).toEqual([]);
    expect(await attempts()).toBe(0);
    expect(calls(bulkRoute)).toBeLessThanOrEqual(4);
    expect(calls(singleRoute)).toBeLessThanOrEqual(12);
    expect(logged('fails repeatedly')).toBeGreaterThanOrEqual(1);
    // A handful of lines for the whole outage, however many customers wait.
    expect(loud()).toBeLessThanOrEqual(8);
    expect(await paused()).toBeUndefined();
  });

  it.each(['redirect-301', 'redirect-308'] as const)(
    '01-redirect-for-ten-seconds: a permanent one (%s) pauses once, with what to check, and recovers without a person',
    async (answer) => {
      let moved = true;
      await start({ voucherify: { between: () => (moved ? answer : undefined) }, destination: singles }, 40);
      await read();
      await until(async () => (await paused()) !== undefined);
      expect(await paused()).toMatchObject({ cause: 'unauthorized' });
      expect((await paused())!.reason).toContain('is the base URL right?');
      expect((await paused())!.trialAt).toBeGreaterThan(world.clock.now());
      moved = false;
      world.clock.skip(60_000);
      await world.rest();
      expect(logged('destination paused')).toBe(1);
      expect(differences(world)).toEqual([]);
      expect(await database.rows(sql`select 1 from dead_letters`)).toEqual([]);
    },
  );

  it.each([
    'nginx-400',
    'nginx-404',
    'nginx-405',
    'firewall-403',
    'aws-400',
    'aws-403',
    'google-400',
    'empty-409',
    'firewall-200',
    'object-200',
    'stranger-200',
  ] as const)('faults 04 and 02-nginx-400-page: %s for some seconds concerns nobody', async (answer) => {
    await start(
      {
        destination: singles,
        voucherify: { between: forSeconds(4, answer, (route) => route === singleRoute) },
      },
      12,
    );
    await read();
    await world.rest();
    expect(differences(world)).toEqual([]);
    expect(await database.rows(sql`select 1 from dead_letters`)).toEqual([]);
    expect(await attempts()).toBe(0);
    expect(await paused()).toBeUndefined();
    expect(said.some((line) => line.includes('<html>'))).toBe(false);
  });

  it.each(['nginx-413', 'kong-413'] as const)(
    '02-nginx-400-page: %s for everybody spends few bulk calls, and the size of batches is not learnt from it',
    async (answer) => {
      await start({ voucherify: { between: forSeconds(12, answer, ofCustomers) } }, 300);
      await read();
      await world.rest();
      expect(differences(world)).toEqual([]);
      expect(await database.rows(sql`select 1 from dead_letters`)).toEqual([]);
      expect(calls(bulkRoute)).toBeLessThanOrEqual(12);
      expect(world.tributary.delivering.bulk.records).toBeGreaterThanOrEqual(300);
    },
  );

  it('02-nginx-400-page: a size that nginx allows is found, and kept', async () => {
    await start(
      {
        voucherify: {
          between: async (request, route) =>
            route === bulkRoute && (await request.clone().text()).length > 20_000 ? 'nginx-413' : undefined,
        },
      },
      400,
    );
    await read();
    await world.rest();
    expect(differences(world)).toEqual([]);
    const refused = world.voucherify.requests.get(`${bulkRoute} 413`) ?? 0;
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThanOrEqual(6);
    expect(world.tributary.delivering.bulk.records).toBeLessThan(400);
  });

  it('03-conflict-that-passes: it is tried again', async () => {
    await start(
      {
        destination: singles,
        voucherify: { between: forSeconds(3, 'conflict', (route) => route === singleRoute) },
      },
      5,
    );
    await read();
    await world.rest();
    expect(differences(world)).toEqual([]);
    expect(await letters()).toEqual([]);
  });

  it('03-conflict-that-passes: one that does not pass becomes a dead letter after a few attempts', async () => {
    const isBad = held(/<bad>/);
    await start({
      destination: singles,
      voucherify: {
        between: async (request, route) => ((await isBad(request, route)) ? 'conflict' : undefined),
      },
    });
    const [bad] = create(1, () => ({ firstname: '<bad>' }));
    create(3);
    await read();
    await until(async () => (await letters()).length > 0);
    expect(await letters()).toMatchObject([{ ref: bad, code: 'resource_conflict' }]);
    expect(world.voucherify.count).toBe(3);
    expect(calls(singleRoute)).toBe(3 + 6);
  });

  describe('04-one-payload-refused-by-a-firewall', () => {
    it.each(['firewall-403', 'aws-403', 'google-400', 'forbidden', 'firewall-406', 'firewall-200'] as const)(
      'it becomes a dead letter, and the others continue (%s)',
      async (answer) => {
        const isBad = held(/<script>/);
        await start({
          destination: singles,
          voucherify: {
            between: async (request, route) => ((await isBad(request, route)) ? answer : undefined),
          },
        });
        const [bad] = create(1, () => ({ firstname: '<script>x</script>' }));
        await read();
        await until(() => calls(singleRoute) > 0);
        create(5);
        world.clock.skip(2_000);
        await read();
        await until(async () => (await letters()).length > 0);
        expect(world.voucherify.count).toBe(5);
        const [letter] = await letters();
        expect(letter).toMatchObject({ ref: bad });
        expect(letter!.code).toMatch(/^http_\d{3}$/);
        expect(letter!.message).not.toContain('<');
        expect(await paused()).toBeUndefined();
        expect(logged('destination paused')).toBe(0);
        // Nothing more is sent of it, and later customers go as ever.
        create(1);
        world.clock.skip(60_000);
        await world.sync();
        expect(world.voucherify.count).toBe(6);
        expect(await letters()).toHaveLength(1);
      },
    );

    it('in a batch it is found with few calls', async () => {
      const isBad = held(/<script>/);
      await start({
        voucherify: {
          between: async (request, route) => ((await isBad(request, route)) ? 'firewall-403' : undefined),
        },
      });
      const ids = create(200, (index) => (index === 77 ? { firstname: '<script>' } : {}));
      await read();
      await until(() => world.voucherify.count === 199);
      expect(calls(bulkRoute)).toBeLessThanOrEqual(20);
      expect(calls(singleRoute)).toBeLessThanOrEqual(40);
      // Others are taken while it is refused.
      await until(async () => {
        create(1);
        world.clock.skip(20_000);
        await read();
        return (await letters()).length > 0;
      });
      expect(await letters()).toMatchObject([{ ref: ids[77], code: 'http_403' }]);
    });
  });

  describe('05-unauthorized-for-three-seconds', () => {
    it('pauses with one alarm, is tried automatically after a minute, and continues', async () => {
      await start(
        { destination: singles, voucherify: { between: forSeconds(3, 'unauthorized', ofCustomers) } },
        5,
      );
      await read();
      await until(async () => (await paused()) !== undefined);
      const before = calls(singleRoute) + calls(listRoute);
      const { pausedAt, trialAt } = (await paused())!;
      expect(trialAt! - pausedAt).toBe(60_000);
      world.clock.skip(60_000);
      await world.rest();
      expect(differences(world)).toEqual([]);
      expect(logged('destination paused')).toBe(1);
      expect(logged('destination resumed after a trial')).toBe(1);
      expect(calls(singleRoute) + calls(listRoute) - before).toBeLessThanOrEqual(6);
      expect(await attempts()).toBe(0);
    });

    it('on a single call, it does not pause', async () => {
      let refused = 1;
      await start(
        {
          destination: singles,
          voucherify: {
            between: (_, route) => (ofCustomers(route) && refused-- > 0 ? 'unauthorized' : undefined),
          },
        },
        5,
      );
      await read();
      await world.rest();
      expect(differences(world)).toEqual([]);
      expect(logged('destination paused')).toBe(0);
    });

    it('where reads are answered and writes are not, it pauses after a few, and one write is the trial', async () => {
      let refused = true;
      await start(
        {
          destination: singles,
          voucherify: {
            between: (_, route) => (refused && route === singleRoute ? 'forbidden' : undefined),
          },
        },
        40,
      );
      await read();
      await until(async () => (await paused()) !== undefined);
      await until(
        async () => (await database.rows(sql`select 1 from deliveries where lease is not null`)).length === 0,
      );
      const before = calls(singleRoute);
      world.clock.skip(60_000);
      await until(async () => (await paused())?.trials === 1 && calls(singleRoute) > before);
      expect(calls(singleRoute)).toBe(before + 1);
      expect(logged('destination paused')).toBe(1);
      refused = false;
      await world.tributary.hurryDeliveries();
      await world.rest();
      expect(differences(world)).toEqual([]);
      expect(await letters()).toEqual([]);
    });
  });

  const waits = (word: (now: number) => string, status = 503) => {
    let first = true;
    return (_request: Request, route: string): Fault => {
      if (route !== singleRoute || !first) return undefined;
      first = false;
      const headers = { 'retry-after': word(world.clock.now()) };
      return Response.json({ code: status, message: 'Not now' }, { status, headers });
    };
  };

  it('06-retry-after-is-a-moment: epoch seconds two seconds away are two seconds', async () => {
    await start({
      destination: singles,
      voucherify: { faults: waits((now) => String(Math.ceil(now / 1000) + 2)) },
    });
    create(1);
    await read();
    await until(() => calls(singleRoute) >= 1);
    await until(() => world.voucherify.count === 1);
    await world.rest();
  });

  it('06-retry-after-is-a-moment: a wait has a ceiling, is shown, and a person can end it', async () => {
    await start({ destination: singles, voucherify: { faults: waits(() => '999999999') } });
    create(1);
    await read();
    await until(() => calls(singleRoute) >= 1);
    const due = async () => {
      const [row] = await database.rows<{ ms: number }>(
        sql`select extract(epoch from due_at) * 1000 as ms from deliveries where lease is null`,
      );
      return row ? Number(row.ms) : null;
    };
    await until(async () => ((await due()) ?? 0) > world.clock.now() + 600_000);
    expect((await due())! - world.clock.now()).toBeLessThanOrEqual(3_610_000);
    const { putOff } = await figures(database, world.clock.now());
    expect(putOff).toMatchObject({ customers: 1, lastAt: await due() });
    expect(putOff!.why).toContain('Not now');
    const [id] = [...world.hubspot.contacts()].map((contact) => contact.id);
    const explained = await explainCustomer(
      database,
      {
        rules: world.tributary.rules,
        writeBackRules: world.tributary.writingBack.rules,
        destination: 'voucherify',
      },
      id!,
    );
    const sentences = customerSentences(explained!).join(' ');
    expect(sentences).toContain('Not now');
    expect(sentences).toMatch(/The next attempt is at/);
    await world.tributary.hurryDeliveries();
    await world.rest();
    expect(world.voucherify.count).toBe(1);
  });

  it('07-retry-after-is-a-date: one call when the date has come, not a window later', async () => {
    await start({
      destination: { ...singles, quota: { requests: 100, seconds: 60, reserve: 0 } },
      voucherify: { faults: waits((now) => new Date(now + 5_000).toUTCString(), 429) },
    });
    create(1);
    const before = world.clock.now();
    await read();
    await until(() => world.voucherify.count === 1);
    expect(world.clock.now() - before).toBeLessThan(30_000);
    expect(calls(singleRoute)).toBe(2);
  });

  it('22-many-warnings: a wait for quota is logged once when it begins and once when it ends', async () => {
    await start(
      {
        destination: { ...singles, quota: { requests: 100, seconds: 60, reserve: 0 } },
        config: { metadataSchema: 'none' },
        clock: new FastClock(8),
      },
      400,
    );
    const before = world.clock.now();
    await read();
    await until(() => world.voucherify.count > 200);
    const minutes = Math.ceil((world.clock.now() - before) / 60_000);
    expect(logged('allows no call')).toBeGreaterThan(0);
    expect(logged('allows calls again')).toBeGreaterThan(0);
    expect(logged('allows no call')).toBeLessThanOrEqual(2 * minutes);
    expect(loud()).toBeLessThanOrEqual(3 * minutes);
  });

  describe('a real refusal of everybody', () => {
    it.each([
      ['one by one', singles],
      ['in bulk', {}],
    ])(
      'is braked after twenty, with one line, and continues when one is taken (%s)',
      async (_, destination) => {
        let broken = true;
        await start({
          destination,
          config: { metadataSchema: 'none' },
          voucherify: {
            between: (_request, route) => (broken && route.startsWith('POST') ? 'invalid' : undefined),
          },
        });
        create(120);
        await read();
        await until(async () => (await paused()) !== undefined);
        expect(await paused()).toMatchObject({ cause: 'refusals' });
        expect((await paused())!.reason).toContain('invalid_payload');
        await until(
          async () =>
            (await database.rows(sql`select 1 from deliveries where lease is not null`)).length === 0,
        );
        expect(await letters()).toHaveLength(20);
        expect(logged('destination paused')).toBe(1);
        const sent = calls(singleRoute) + calls(bulkRoute);
        world.clock.skip(60_000);
        await until(async () => (await paused())!.trials > 0);
        await until(() => calls(singleRoute) + calls(bulkRoute) > sent);
        expect(await letters()).toHaveLength(20);
        broken = false;
        world.clock.skip(300_000);
        await until(() => world.voucherify.count === 100);
        expect(await paused()).toBeUndefined();
        expect(await letters()).toHaveLength(20);
      },
    );
  });
});
