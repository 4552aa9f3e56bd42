// Customer.io's exports against the simulated workspace: the questions to every export, and what is its own.
import { afterEach, describe, expect, test } from 'vitest';
import type { Context, Stream } from '#connector';
import type { Settings } from '../../connectors/customerio/settings.ts';
import { customerio } from '../../connectors/customerio.ts';
import type { CustomerIoOptions } from '../../simulators/customerio/options.ts';
import { CustomerIoSimulator } from '../../simulators/customerio.ts';
import { directApi } from '../support/direct-api.ts';
import { directDownload } from '../support/direct-download.ts';
import { FastClock } from '../support/fast-clock.ts';
import { localFiles } from '../support/local-files.ts';
import { VendorWorld } from '../support/vendor-world.ts';
import { describeBulkExport, type OpenExports } from './bulk-exports.ts';

const appKey = 'app-secret-0123456789';
const changedSegment = { id: 7, hours: 24 };

function openWorkspace(options: CustomerIoOptions = {}, given: object = { changedSegment }) {
  const clock = { ms: Date.parse('2026-11-02T08:00:00.000Z') };
  const simulator = new CustomerIoSimulator({
    now: () => clock.ms,
    appKey,
    quota: false,
    changedSegment,
    ...options,
  });
  const settings = customerio.settings.parse({ appKey, ...given }) as Settings;
  const description = customerio.api!(settings);
  const ids: string[] = [];
  const world: OpenExports = {
    stream: { ...(customerio.source!.streamsFor!(settings)[0] as Stream<unknown>) },
    context: (): Context<unknown> => ({
      settings,
      api: directApi(simulator.app, description, () => clock.ms),
      files: localFiles(),
      now: clock.ms,
    }),
    download: directDownload(simulator.app, description),
    properties: ['email', 'first_name', 'tier', 'unsubscribed', 'created_at'],
    now: () => clock.ms,
    advance: (milliseconds) => {
      clock.ms += milliseconds;
    },
    ids: () => ids,
    change: (id, value) => simulator.set(id, { first_name: value }),
    property: 'first_name',
    orders: () => simulator.exports.all.length,
    refuse: () => {
      simulator.exports.isRefused = true;
    },
    fail: () => simulator.exports.fail(),
    expire: () => simulator.exports.all.splice(0),
    stall: () => simulator.exports.stall(),
    refuseCredentialsAt: (call) => {
      let calls = 0;
      simulator.faults = () => {
        calls += 1;
        return calls === call
          ? Response.json({ errors: [{ detail: 'unauthorized', status: '401' }] }, { status: 401 })
          : undefined;
      };
    },
  };
  const seed = (count: number) => {
    for (let at = 0; at < count; at += 1)
      ids.push(
        simulator.identify({
          id: `shop-${at}`,
          email: `p${at}@example.com`,
          first_name: at % 5 ? `Person ${at}` : 'O"Brien, the\nsecond',
          unsubscribed: at % 7 === 0,
          ...(at % 3 && { tier: 'gold' }),
        }),
      );
    clock.ms += 3_600_000;
  };
  return { world, simulator, clock, seed };
}

describeBulkExport('customerio', {
  namesProperties: true,
  open() {
    const { world, simulator, seed } = openWorkspace();
    simulator.identify({ last_visit: 7 });
    seed(700);
    return world;
  },
});

describe('an export of Customer.io', () => {
  test('is of those that changed, unless they have left their segment meanwhile', async () => {
    const { world, simulator, seed } = openWorkspace();
    seed(1);
    const order = (since: number | null) =>
      world.stream.bulkExport!.begin(world.context(), { since, until: world.now(), properties: [] });
    await order(null);
    await order(world.now() - 23 * 3_600_000);
    await order(world.now() - 25 * 3_600_000);
    const everybody = { or: expect.arrayContaining([{ attribute: { field: 'email', operator: 'exists' } }]) };
    expect(simulator.exports.all.map(({ filters }) => filters)).toEqual([
      everybody,
      { and: [{ segment: { id: 7 } }] },
      everybody,
    ]);
  });

  test('names people by the ID of Customer.io, and where there is none by their own', () => {
    const { world } = openWorkspace();
    const recordOf = world.stream.bulkExport!.rowReader({ settings: {}, job: '1', asOf: 7, properties: [] });
    expect(recordOf({ cio_id: 'd9c1', id: 'shop-1', email: '' })).toEqual({
      recordId: 'd9c1',
      changedAt: 7,
      body: { cio_id: 'd9c1', id: 'shop-1' },
    });
    expect(recordOf({ id: 'shop-1' })).toMatchObject({ recordId: 'shop-1' });
    expect(recordOf({ id: '', email: 'a@example.com' })).toBeUndefined();
  });

  test('is not there without a key, and a segment needs one', () => {
    const [people] = customerio.source!.streamsFor!(customerio.settings.parse({}) as Settings);
    expect(people!.bulkExport).toBeUndefined();
    const { error } = customerio.settings.safeParse({ changedSegment });
    expect(error?.issues[0]).toMatchObject({ path: ['changedSegment'], message: 'needs appKey as well' });
  });
});

describe('up to Voucherify', () => {
  let world: VendorWorld | undefined;
  afterEach(() => world?.close());

  test('people come, changes come by the segment, and a full reading finds who is gone', async () => {
    const clock = new FastClock();
    const simulator = new CustomerIoSimulator({ now: () => clock.now(), appKey, changedSegment });
    const ids = Array.from({ length: 30 }, (_, at) =>
      simulator.identify({ id: `shop-${at}`, email: `p${at}@example.com`, first_name: 'Ada' }),
    );
    clock.skip(3_600_000);
    world = await VendorWorld.open(clock, simulator.app, { connector: 'customerio', appKey, changedSegment });
    expect(await world.sync('incremental')).toMatchObject({
      state: 'finished',
      received: 30,
      rejected: 0,
      expected: 30,
    });
    expect(world.ids).toHaveLength(30);
    clock.skip(36 * 3_600_000);
    await world.sync('incremental');
    simulator.set(ids[0]!, { first_name: 'Zoë' });
    simulator.remove(ids[1]!);
    clock.skip(3_600_000);
    expect((await world.sync('incremental')).received).toBe(1);
    expect(world.customers()['shop-0']).toMatchObject({ name: 'Zoë' });
    expect(await world.standing()).toHaveLength(30);
    await world.sync('full');
    expect(await world.standing()).not.toContain(ids[1]);
    expect(await world.standing()).toHaveLength(29);
  });

  test('an export that fails ends the run, and the next run orders another', async () => {
    const clock = new FastClock();
    const simulator = new CustomerIoSimulator({ now: () => clock.now(), appKey });
    simulator.identify({ id: 'shop-1', email: 'p@example.com' });
    world = await VendorWorld.open(clock, simulator.app, { connector: 'customerio', appKey });
    simulator.exports.failsNext = true;
    expect(await world.sync('incremental')).toMatchObject({ state: 'failed', received: 0 });
    expect(await world.sync('incremental')).toMatchObject({ state: 'finished', received: 1 });
    expect(simulator.exports.all).toHaveLength(2);
  });
});
