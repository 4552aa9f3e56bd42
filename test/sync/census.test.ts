// What others own at the destination, learned from pages instead of a read before each write: few calls, nothing lost.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../simulators/voucherify.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { differences, openSyncWorld, type SyncWorld, type SyncWorldOptions } from '../support/sync-world.ts';

const read = 'GET /v1/customers/:customerId';
const list = 'GET /v1/customers';

describe.each(behaviour)('what others own on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;

  /** The project loses what is left out of an object, and that is set, so that nothing is tried out. */
  async function start(options: SyncWorldOptions = {}, people = 250): Promise<void> {
    database = await open();
    world = await openSyncWorld(database, {
      ...options,
      voucherify: { metadataWrites: 'replace', ...options.voucherify },
      destination: { metadataWrites: 'replace', ...options.destination },
    });
    world.hubspot.seed(people, 7);
  }

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  const calls = (route: string) =>
    [...world.voucherify.requests]
      .filter(([key]) => key.replace(/ \d+$/, '') === route)
      .reduce((sum, [, count]) => sum + count, 0);
  const ids = () => [...world.hubspot.contacts()].map(({ id }) => id);
  const theirs = (sourceId: string, more: object = {}) =>
    world.voucherify.upsert({
      source_id: sourceId,
      metadata: { ...world.voucherify.bySourceId(sourceId)?.metadata, theirs: `of ${sourceId}`, ...more },
      address: { ...world.voucherify.bySourceId(sourceId)?.address, line_2: `at ${sourceId}` },
    });
  const expectTheirs = (sourceIds: readonly string[]) => {
    for (const sourceId of sourceIds)
      expect(world.voucherify.bySourceId(sourceId)).toMatchObject({
        metadata: { theirs: `of ${sourceId}` },
        address: { line_2: `at ${sourceId}` },
      });
  };

  it('reads nobody before the first load of an empty project', async () => {
    await start();
    await world.tributary.start();
    await world.sync();
    expect(differences(world)).toEqual([]);
    expect(calls(read)).toBe(0);
    expect(calls(list)).toBeLessThanOrEqual(4);
  });

  it('lists a half-full project once, and keeps what others own in it', async () => {
    await start({}, 600);
    const there = ids().filter((_, index) => index % 2 === 0);
    for (const sourceId of there) theirs(sourceId);
    for (let number = 0; number < 30; number += 1) world.voucherify.upsert({ metadata: { nobody: number } });
    await world.tributary.start();
    await world.sync();
    expect(differences({ ...world, voucherify: onlyNamed(world) })).toEqual([]);
    expectTheirs(there);
    expect(calls(read)).toBe(0);
    expect(calls(list)).toBeLessThanOrEqual(12);
  });

  it.each([1, Number.POSITIVE_INFINITY])(
    'keeps what others own where the list of all customers is empty %d times, and another is not',
    async (times) => {
      let asked = 0;
      const faults = (request: Request, route: string): Fault => {
        const { searchParams } = new URL(request.url);
        const isOfAll = searchParams.get('order') === 'created_at' && !searchParams.has('created_at[after]');
        if (route !== list || !isOfAll) return undefined;
        asked += 1;
        return asked <= times
          ? Response.json({ object: 'list', data_ref: 'customers', customers: [], total: 0, has_more: false })
          : undefined;
      };
      await start({ voucherify: { faults } });
      const there = ids().slice(0, 120);
      for (const sourceId of there) theirs(sourceId);
      // What is new is asked for besides: they are old.
      world.clock.skip(3_600_000);
      await world.tributary.start();
      await world.sync();
      expect(asked).toBeGreaterThan(0);
      expect(differences(world)).toEqual([]);
      expectTheirs(there);
    },
  );

  it('learns from pages who else has changed what since, single customers and many', async () => {
    await start();
    await world.tributary.start();
    await world.sync();
    const some = ids().slice(10, 70);
    for (const sourceId of some) theirs(sourceId);
    const before = calls(list);
    for (const sourceId of ids().slice(0, 120)) world.hubspot.update(sourceId, { loyalty_points: 4711 });
    await world.sync();
    expect(differences(world)).toEqual([]);
    expectTheirs(some);
    expect(calls(read)).toBe(0);
    expect(calls(list) - before).toBeLessThanOrEqual(8);
    // A few are read one by one: that costs less.
    theirs(some[3]!, { more: true });
    world.hubspot.update(some[3]!, { loyalty_points: 12 });
    await world.sync();
    expectTheirs(some);
    expect(world.voucherify.bySourceId(some[3]!)?.metadata).toMatchObject({ more: true, loyalty_points: 12 });
    expect(calls(read)).toBe(1);
  });

  it('sees a customer that somebody else makes between the reading and the write', async () => {
    await start();
    await world.tributary.start();
    await world.sync();
    const made = Array.from({ length: 40 }, (_, index) =>
      world.hubspot.create({ firstname: `New ${index}` }),
    );
    for (const sourceId of made.slice(5, 20)) theirs(sourceId);
    for (const sourceId of made) world.hubspot.update(sourceId, { loyalty_points: 1, city: 'Oslo' });
    await world.sync();
    expect(differences(world)).toEqual([]);
    expectTheirs(made.slice(5, 20));
    expect(calls(read)).toBe(0);
  });

  it('counts again before it lists those we have created ourselves', async () => {
    let [counts, created] = [0, 0];
    let passing: string | undefined;
    let isLoaded = false;
    const faults = (request: Request, route: string): Fault => {
      if (route !== list || !isLoaded) return undefined;
      const query = decodeURIComponent(request.url);
      if (query.includes('created_at[after]')) created += 1;
      if (query.includes('[after]')) return undefined;
      counts += 1;
      // As when one of our own is created and not yet acknowledged while it is counted.
      if (passing !== undefined) world.voucherify.remove(passing);
      passing = passing === undefined ? world.voucherify.upsert({ metadata: { nobody: 1 } }).id : undefined;
      return undefined;
    };
    await start({ voucherify: { faults } }, 500);
    await world.tributary.start();
    await world.sync();
    isLoaded = true;
    for (const sourceId of ids().slice(0, 20)) world.hubspot.update(sourceId, { loyalty_points: 4711 });
    await world.sync();
    expect(counts).toBe(2);
    expect(created).toBe(1);
    expect(differences(world)).toEqual([]);
    expect(calls(read)).toBe(0);
  });

  it('does not bring back what we have taken out ourselves', async () => {
    await start();
    await world.tributary.start();
    await world.sync();
    const some = ids().slice(0, 8);
    for (const sourceId of some) world.hubspot.update(sourceId, { city: '', lifecyclestage: '' });
    await world.sync();
    for (const sourceId of some) world.hubspot.update(sourceId, { loyalty_points: 5 });
    await world.sync();
    expect(differences(world)).toEqual([]);
  });

  it('reads one by one where a large project holds few of those that change', async () => {
    await start({}, 8);
    for (let number = 0; number < 1_200; number += 1)
      world.voucherify.upsert({ source_id: `other ${number}` });
    for (const sourceId of ids()) theirs(sourceId);
    await world.tributary.start();
    await world.sync();
    expect(differences({ ...world, voucherify: onlyNamed(world, ids()) })).toEqual([]);
    expectTheirs(ids());
    expect(calls(read)).toBe(8);
    expect(calls(list)).toBeLessThanOrEqual(1);
  });

  it('goes on with the list when a quota that ran out in the middle of it has room again', async () => {
    await start(
      {
        voucherify: {
          quotas: { apiCalls: { requests: 10, seconds: 60 }, bulkCalls: { requests: 10, seconds: 60 } },
        },
        destination: {
          quota: { requests: 10, seconds: 60, reserve: 0 },
          bulkQuota: { requests: 10, seconds: 60, reserve: 0 },
        },
      },
      3000,
    );
    for (const sourceId of ids()) theirs(sourceId);
    await world.tributary.start();
    await world.sync();
    expect(differences(world)).toEqual([]);
    expectTheirs(ids());
    expect(calls(read)).toBe(0);
    expect(world.voucherify.violations).toBe(0);
  });

  it('reads one by one where the list is refused', async () => {
    const faults = (_request: Request, route: string): Fault =>
      route === list
        ? Response.json({ code: 403, key: 'missing_required_permission', message: 'No' }, { status: 403 })
        : undefined;
    await start({ voucherify: { faults } }, 40);
    const there = ids().slice(0, 20);
    for (const sourceId of there) theirs(sourceId);
    await world.tributary.start();
    await world.sync();
    expect(differences(world)).toEqual([]);
    expectTheirs(there);
    expect(calls(read)).toBe(40);
  });

  it('goes on with the list where a worker is stopped in the middle of it, and another takes over', async () => {
    let pages = 0;
    let goOn = () => {};
    const stopped = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const faults = async (request: Request, route: string): Promise<Fault> => {
      // Those of the census are asked for without a moment since when.
      if (route === list && !decodeURIComponent(request.url).includes('[after]')) pages += 1;
      if (pages === 4) goOn();
      return undefined;
    };
    await start({ voucherify: { faults } }, 900);
    for (const sourceId of ids()) theirs(sourceId);
    world.clock.skip(120_000);
    await world.tributary.start();
    const requested = await world.tributary.request({
      source: 'hubspot',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'schedule',
    });
    expect(requested).not.toBeNull();
    await stopped;
    await world.tributary.drain();
    await world.again(database);
    await world.rest();
    expect(differences(world)).toEqual([]);
    expectTheirs(ids());
    expect(calls(read)).toBe(0);
    // Nine pages, one of them twice; and all customers may be counted once.
    expect(pages).toBeLessThanOrEqual(11);
  });

  it('keeps nothing of a person who is erased', async () => {
    await start({ secretKey: 'a key of the tests, long enough' }, 30);
    for (const sourceId of ids()) theirs(sourceId);
    await world.tributary.start();
    await world.sync();
    const gone = ids()[4]!;
    const kept = () => database.rows(sql`select 1 from destination_customers where source_id = ${gone}`);
    expect(await kept()).toHaveLength(1);
    await world.tributary.erase({ sourceId: gone });
    expect(await kept()).toEqual([]);
    await world.rest();
    expect(await kept()).toEqual([]);
  });
});

/** The customers that have a source ID, or one of these. */
function onlyNamed(world: SyncWorld, among?: readonly string[]): SyncWorld['voucherify'] {
  return {
    ...world.voucherify,
    *customers() {
      for (const customer of world.voucherify.customers())
        if (customer.source_id !== undefined && (among?.includes(customer.source_id) ?? true)) yield customer;
    },
  } as SyncWorld['voucherify'];
}
