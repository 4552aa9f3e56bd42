// Whether Voucherify merges or replaces objects is learned from the first customers that are written anyway.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProbeAnswers } from '../../src/connector/probe.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import {
  differences,
  openSyncWorld,
  type SyncWorld,
  type SyncWorldOptions,
  until,
} from '../support/sync-world.ts';

const read = 'GET /v1/customers/:customerId';
const single = 'POST /v1/customers';
const list = 'GET /v1/customers';

describe.each(behaviour)('what is learned of objects on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;

  async function start(options: SyncWorldOptions = {}, people = 90): Promise<void> {
    database = await open();
    world = await openSyncWorld(database, {
      ...options,
      destination: { metadataWrites: undefined, ...options.destination },
      source: {
        mapping: {
          name: ['firstname', 'lastname'],
          email: 'email',
          phone: { from: 'phone', as: 'text' },
          'address.city': 'city',
          'address.country': 'country',
          'metadata.lifecycle_stage': 'lifecyclestage',
          'metadata.loyalty_points': { from: 'loyalty_points', as: 'number' },
        },
      },
    });
    world.hubspot.seed(people, 7);
    await world.tributary.start();
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
  const answers = async () => {
    const rows = await database.rows<{ answers: ProbeAnswers }>(sql`select answers from destination_traits`);
    return Object.fromEntries(
      Object.entries(rows[0]?.answers ?? {}).map(([question, { answer }]) => [question, answer]),
    );
  };

  it.each([
    [{ metadataWrites: 'merge' }, 'merge', 'merge', 'merge', 'merge', 3],
    [{ metadataWrites: 'replace' }, 'replace', 'replace', 'replace', 'replace', 4],
    [{ bulkWrites: { metadata: 'replace' } }, 'merge', 'merge', 'replace', 'merge', 4],
    [
      { metadataWrites: 'replace', bulkWrites: { metadata: 'merge', address: 'merge' } },
      ...(['replace', 'replace', 'merge', 'merge', 3] as const),
    ],
    [{ metadataWrites: 'merge', addressWrites: 'replace' }, 'merge', 'replace', 'merge', 'replace', 4],
  ] as const)(
    'asks in the first load, with few calls more, where the project does %j',
    async (rules, metadataWrites, addressWrites, bulkMetadataWrites, bulkAddressWrites, most) => {
      await start({ voucherify: rules });
      await world.sync();
      expect(differences(world)).toEqual([]);
      expect(await answers()).toEqual({
        metadataWrites,
        addressWrites,
        bulkMetadataWrites,
        bulkAddressWrites,
      });
      expect(calls(single) + calls(read)).toBeLessThanOrEqual(most);
      expect(world.voucherify.count).toBe(90);
    },
  );

  it('no longer reads or lists anything once everything is known to merge', async () => {
    await start({ voucherify: { metadataWrites: 'merge' } });
    await world.sync();
    const before = calls(read) + calls(list);
    const some = ids().slice(0, 60);
    for (const sourceId of some) {
      world.voucherify.upsert({ source_id: sourceId, metadata: { theirs: 'kept' } });
      world.hubspot.update(sourceId, { loyalty_points: 7 });
    }
    await world.sync();
    expect(differences(world)).toEqual([]);
    for (const sourceId of some)
      expect(world.voucherify.bySourceId(sourceId)?.metadata).toMatchObject({ theirs: 'kept' });
    expect(calls(read) + calls(list)).toBe(before);
  });

  it('reads nobody before a single write once single writes are known to merge, though nothing went in bulk yet', async () => {
    await start({ voucherify: { metadataWrites: 'merge' } }, 5);
    await world.sync();
    expect(await answers()).toEqual({ metadataWrites: 'merge', addressWrites: 'merge' });
    const before = calls(read) + calls(list);
    for (const sourceId of ids()) {
      world.voucherify.upsert({ source_id: sourceId, metadata: { theirs: 'kept' } });
      world.hubspot.update(sourceId, { loyalty_points: 7 });
    }
    await world.sync();
    expect(differences(world)).toEqual([]);
    for (const sourceId of ids())
      expect(world.voucherify.bySourceId(sourceId)?.metadata).toMatchObject({ theirs: 'kept' });
    expect(calls(read) + calls(list)).toBe(before);
  });

  it('loses nothing of others in the first bulk call after single writes, where bulk alone replaces', async () => {
    await start({ voucherify: { bulkWrites: { metadata: 'replace', address: 'replace' } } }, 5);
    await world.sync();
    world.hubspot.seed(90, 8);
    for (const sourceId of ids())
      world.voucherify.upsert({ source_id: sourceId, metadata: { theirs: 'kept' } });
    for (const sourceId of ids()) world.hubspot.update(sourceId, { loyalty_points: 7 });
    await world.sync();
    expect(differences(world)).toEqual([]);
    for (const sourceId of ids())
      expect(world.voucherify.bySourceId(sourceId)?.metadata).toMatchObject({ theirs: 'kept' });
  });

  it('learns from single writes alone where there is no bulk', async () => {
    await start({ voucherify: { metadataWrites: 'merge' }, destination: { bulk: false } }, 12);
    await world.sync();
    expect(differences(world)).toEqual([]);
    expect(await answers()).toEqual({ metadataWrites: 'merge', addressWrites: 'merge' });
    // Perhaps one customer shows the one object, and another the other.
    expect(calls(single)).toBeLessThanOrEqual(14);
    expect(world.tributary.sending.settings).toMatchObject({ metadataWrites: 'merge' });
  });

  it.each([0, 5_000])(
    'is not deceived by a read that shows a customer as before the bulk call, for %i ms or one read',
    async (lateMs) => {
      const before = new Map<string, object>();
      let readAt: number | null = null;
      await start({
        voucherify: {
          bulkWrites: { metadata: 'replace', address: 'replace' },
          faults: (request, route) => {
            if (route === 'POST /v1/customers/bulk/async')
              for (const one of world.voucherify.customers())
                before.set(one.source_id!, { object: 'customer', ...one });
            const held = before.get(new URL(request.url).pathname.split('/').at(-1)!);
            if (route !== read || !held) return undefined;
            const isFirst = readAt === null;
            readAt ??= world.clock.now();
            return isFirst || world.clock.now() - readAt < lateMs ? Response.json(held) : undefined;
          },
        },
      });
      await world.sync();
      expect(differences(world)).toEqual([]);
      expect(await answers()).toMatchObject({ bulkMetadataWrites: 'replace', bulkAddressWrites: 'replace' });
    },
  );

  it('tries again after an hour in which the destination failed at each try', async () => {
    let fails = true;
    const written = new Set<string>();
    const person = { lifecyclestage: 'lead', loyalty_points: '1', city: 'Oslo', country: 'Norway' };
    const createOne = () => world.hubspot.create({ firstname: 'Anna', ...person });
    await start(
      {
        destination: { bulk: false },
        voucherify: {
          metadataWrites: 'merge',
          faults: async (request, route) => {
            if (route !== single) return undefined;
            const { source_id: id } = (await request.clone().json()) as { source_id: string };
            if (!written.has(id)) return void written.add(id);
            if (!fails) return undefined;
            written.delete(id);
            return Response.json({ code: 503, key: 'unavailable', message: 'Down' }, { status: 503 });
          },
        },
      },
      0,
    );
    for (let times = 0; times < 4; times += 1) {
      createOne();
      await world.sync();
    }
    expect(await answers()).toEqual({});
    fails = false;
    world.clock.skip(3_600_000);
    createOne();
    await world.sync();
    expect(differences(world)).toEqual([]);
    expect(await answers()).toEqual({ metadataWrites: 'merge', addressWrites: 'merge' });
  });

  it('asks nothing where it is set, and of no customer of whom others own a part', async () => {
    await start({ destination: { metadataWrites: 'replace' } });
    await world.sync();
    expect(await answers()).toEqual({});
    await world.close();
    await database.close();
    await start({ voucherify: { metadataWrites: 'replace' } }, 0);
    world.hubspot.seed(40, 7);
    for (const sourceId of ids())
      world.voucherify.upsert({ source_id: sourceId, metadata: { theirs: 'kept' } });
    await world.sync();
    expect(await answers()).toEqual({});
    for (const sourceId of ids())
      expect(world.voucherify.bySourceId(sourceId)?.metadata).toMatchObject({ theirs: 'kept' });
  });

  it('takes objects to be replaced again once a verification finds that parts of them are gone', async () => {
    await start({ voucherify: { metadataWrites: 'merge' } });
    await world.sync();
    expect(world.tributary.sending.settings).toMatchObject({ metadataWrites: 'merge' });
    const some = ids().slice(0, 5);
    for (const sourceId of some)
      world.voucherify.upsert({
        source_id: sourceId,
        metadata: { lifecycle_stage: null, loyalty_points: null },
      });
    await world.tributary.verify({ sample: 90, heal: false, by: 'person' });
    // The answer is stored first, and obeyed then.
    const obeyed = () => (world.tributary.sending.settings as { metadataWrites?: string }).metadataWrites;
    await until(() => obeyed() === 'replace');
    expect(await answers()).toMatchObject({
      metadataWrites: 'replace',
      addressWrites: 'merge',
      bulkMetadataWrites: 'replace',
    });
    expect(world.tributary.sending.settings).toMatchObject({
      metadataWrites: 'replace',
      replacedGroups: { single: ['metadata'], bulk: ['metadata'] },
    });
  });

  it('leaves nobody without a part where the worker is stopped before it has looked', async () => {
    let asked = () => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    await start({
      voucherify: {
        metadataWrites: 'replace',
        bulkProcessing: { waitMs: 20_000, recordMs: 0 },
        faults: (_request, route) => {
          if (route === 'POST /v1/customers/bulk/async') asked();
          return undefined;
        },
      },
    });
    await world.tributary.request({
      source: 'hubspot',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'schedule',
    });
    await isAsked;
    await world.tributary.drain();
    await world.again(database);
    await world.rest();
    expect(differences(world)).toEqual([]);
  });
});
