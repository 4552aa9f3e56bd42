// Shopify's bulk operations against the simulated shop: the questions to every export, and what is its own.
import { afterEach, describe, expect, test } from 'vitest';
import type { Context } from '#connector';
import { shopify } from '../../connectors/shopify.ts';
import { createShopifySimulator, type ShopifyOptions } from '../../simulators/shopify.ts';
import { directApi } from '../support/direct-api.ts';
import { directDownload } from '../support/direct-download.ts';
import { FastClock } from '../support/fast-clock.ts';
import { localFiles } from '../support/local-files.ts';
import { VendorWorld } from '../support/vendor-world.ts';
import { describeBulkExport, type OpenExports } from './bulk-exports.ts';

const accessToken = 'shpat_0123456789abcdef0123456789abcdef';

function openShop(options: Partial<ShopifyOptions> = {}, given: object = {}) {
  const clock = { ms: Date.parse('2026-11-02T08:00:00.000Z') };
  const simulator = createShopifySimulator({
    now: () => clock.ms,
    accessToken,
    pointsPerSecond: false,
    ...options,
  });
  const settings = shopify.settings.parse({ shop: 'acme', accessToken, bulkExport: 'always', ...given });
  const description = {
    ...shopify.api!(settings as never),
    headers: { 'x-shopify-access-token': accessToken },
  };
  const { customers, bulkOperations, state } = simulator;
  const world: OpenExports = {
    stream: { ...shopify.source!.streams[0]! } as never,
    context: (): Context<unknown> => ({
      settings,
      api: directApi(simulator.app, description, () => clock.ms),
      files: localFiles(),
      now: clock.ms,
    }),
    download: directDownload(simulator.app, description),
    properties: [],
    now: () => clock.ms,
    advance: (milliseconds) => {
      clock.ms += milliseconds;
    },
    ids: () => simulator.ids(),
    change: (id, value) => customers.change(id, { lastName: value }),
    property: 'lastName',
    orders: () => bulkOperations.all.length,
    refuse: () => {
      state.refusesBulk = true;
    },
    fail: () => bulkOperations.fail('INTERNAL_SERVER_ERROR'),
    expire: () => bulkOperations.expire(),
    stall: () => bulkOperations.stall(),
  };
  return { world, simulator, clock };
}

describeBulkExport('shopify', {
  open() {
    const { world, simulator } = openShop({}, { metafields: ['facts.birth_date'] });
    simulator.seed(1_100);
    const [first] = simulator.ids();
    simulator.customers.change(first!, {
      lastName: 'O"Brien\nthe second',
      metafields: { 'facts.birth_date': '1980-05-01' },
      address: { city: 'Łódź', countryCodeV2: 'PL' },
    });
    return world;
  },
});

describe('a bulk operation', () => {
  test('of another program keeps nobody waiting: pages are read', async () => {
    const { world, simulator } = openShop();
    simulator.seed(3);
    simulator.bulkOperations.order('{ products { edges { node { id } } } }');
    const request = { since: null, until: world.now(), properties: [] };
    const { bulkExport } = world.stream;
    expect(await bulkExport!.ordered!(world.context(), request, 0)).toBeNull();
    await expect(bulkExport!.begin(world.context(), request)).rejects.toMatchObject({
      code: 'OPERATION_IN_PROGRESS',
    });
  });

  test('of an app without protected customer data fails, and is not taken for a shop without customers', async () => {
    const { world, simulator } = openShop();
    simulator.seed(3);
    simulator.state.denied.add('lastName');
    const { bulkExport } = world.stream;
    const job = await bulkExport!.begin(world.context(), { since: null, until: world.now(), properties: [] });
    world.advance(60_000);
    await expect(bulkExport!.poll(world.context(), job)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });

  test('of an empty shop has no file, and says that there are none', async () => {
    const { world } = openShop();
    const { bulkExport } = world.stream;
    const job = await bulkExport!.begin(world.context(), { since: null, until: world.now(), properties: [] });
    world.advance(60_000);
    expect(await bulkExport!.poll(world.context(), job)).toEqual({ total: 0 });
    await expect(bulkExport!.file(world.context(), job, null)).rejects.toMatchObject({ code: 'no_file' });
  });
});

describe('up to Voucherify', () => {
  let world: VendorWorld | undefined;
  afterEach(() => world?.close());

  test('a backfill is one operation, a full reading finds who is gone, and changes go on from before it', async () => {
    const clock = new FastClock();
    const simulator = createShopifySimulator({
      now: () => clock.now(),
      accessToken,
      bulk: { makingMs: 90_000 },
    });
    simulator.seed(700);
    const source = { connector: 'shopify', shop: 'acme', accessToken, bulkExport: 'always' };
    world = await VendorWorld.open(clock, simulator.app, source);
    expect(await world.sync()).toMatchObject({
      state: 'finished',
      received: 700,
      expected: 700,
      rejected: 0,
    });
    expect(world.ids).toEqual(simulator.ids().toSorted());
    const [first, second] = simulator.ids() as [string, string];
    clock.skip(10_000);
    simulator.customers.change(first, { lastName: 'Nowak' });
    simulator.remove(second);
    await world.sync('incremental');
    expect(world.customers()[first]!.name).toContain('Nowak');
    expect(await world.standing()).toContain(second);
    await world.sync('full');
    expect(await world.standing()).not.toContain(second);
    expect(simulator.bulkOperations.all).toHaveLength(2);
  });
});
