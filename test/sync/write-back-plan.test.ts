// What flows back is forecast before it flows: the facts to read at Voucherify and the calls to each vendor.
import { afterEach, expect, it } from 'vitest';
import { writeBackForecastSentences } from '../../src/cli/forecasts.ts';
import { until } from '../support/sync-world.ts';
import { openWriteBackWorld, type WriteBackWorld } from '../support/write-back-world.ts';

let world: WriteBackWorld;
afterEach(() => world.close());

it('forecasts the reading of facts and the calls to each vendor, and the calls that come are no more', async () => {
  world = await openWriteBackWorld({ start: false, webhooks: false });
  for (let index = 0; index < 30; index += 1) {
    world.klaviyo.create({ external_id: `shop-${index}`, email: `p${index}@example.com` });
    world.voucherify.upsert({ source_id: `shop-${index}`, name: `Person ${index}` });
    world.voucherify.setFacts(`shop-${index}`, { points: index + 1 }, null);
  }
  const before = (await world.tributary.planWriteBacks())!;
  // Codes and segments are read customer by customer: the customer, the wallet, the tiers of HubSpot's field, the segments.
  expect(before.reading).toMatchObject({
    first: true,
    customers: 30,
    calls: [
      { what: 'lists of customers', calls: 1 },
      { what: 'single customers', calls: 120 },
    ],
  });
  expect(before.vendors).toMatchObject([
    { source: 'hubspot' },
    { source: 'klaviyo', pending: 0, expected: 0 },
  ]);

  await world.tributary.start();
  await world.sync('full', 'klaviyo');
  const forecast = (await world.tributary.planWriteBacks('klaviyo'))!;
  const [vendor] = forecast.vendors;
  expect(vendor!.pending + vendor!.expected).toBeLessThanOrEqual(30);
  await world.shows(() => world.klaviyo.requests.calls('update') >= 30, true);
  await world.rest();
  // Each is written once for what the list shows, and once more for what was read of them alone.
  expect(world.klaviyo.requests.calls('update')).toBeLessThanOrEqual(60);
  const after = (await world.tributary.planWriteBacks('klaviyo'))!;
  expect(after.reading).toMatchObject({ first: false, customers: 0, calls: [], minutes: 0 });
  expect(after.vendors).toMatchObject([{ pending: 0, expected: 0, calls: [], fits: true }]);
  expect(writeBackForecastSentences(after)).toEqual([
    'Facts to read at voucherify: 0 customers; no calls.',
    'Written back to klaviyo: 0 customers now; no calls.',
  ]);
  expect(await world.tributary.planWriteBacks('nobody')).toBeNull();
});

it('says of a dry run and of a pause that nothing is written, and how many wait', async () => {
  world = await openWriteBackWorld({
    writeBack: { klaviyo: { fields: { loyalty_points: 'loyalty.points' }, dryRun: true } },
  });
  world.klaviyo.create({ external_id: 'shop-1', email: 'ben@example.com' });
  await world.sync('full', 'klaviyo');
  world.voucherify.setFacts('shop-1', { points: 3 });
  await until(async () => (await world.row('klaviyo', 'shop-1'))?.state === 'waiting');
  await world.rest();
  const forecast = (await world.tributary.planWriteBacks('klaviyo'))!;
  expect(forecast.vendors).toMatchObject([
    { pending: 1, dryRun: true, calls: [{ what: 'single people', calls: 1 }] },
  ]);
  expect(writeBackForecastSentences(forecast).at(-1)).toMatch(
    /Written back to klaviyo: 1 customer now; 1 call for single people.*It is a dry run/,
  );
});
