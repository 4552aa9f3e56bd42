// Webhooks that are forged, repeated or late, values that vanish, and what comes in again: the vendor holds what Voucherify knows, and is
// written no more often than that changes.
import { afterEach, expect, it } from 'vitest';
import type { WebhookEnvelope } from '../../simulators/voucherify.ts';
import { klaviyoFields, openWriteBackWorld, type WriteBackWorld } from '../support/write-back-world.ts';

let world: WriteBackWorld;
afterEach(() => world.close());

const pointsOnly = { klaviyo: { fields: { loyalty_points: 'loyalty.points' } } };

it('takes nothing from a forged webhook, and writes once for webhooks that are repeated or come in any order', async () => {
  let arrives = true;
  world = await openWriteBackWorld({ webhooks: () => arrives, writeBack: pointsOnly });
  const profile = world.klaviyo.create({ external_id: 'shop-1' });
  await world.sync('full', 'klaviyo');
  world.voucherify.setFacts('shop-1', { points: 1 });
  await world.shows(() => world.properties(profile)['loyalty_points'], 1);
  await world.rest();
  arrives = false;
  const from = world.told.length;
  for (const points of [2, 3, 4]) {
    world.clock.skip(90_000);
    world.voucherify.setFacts('shop-1', { points });
  }
  const [second, third, fourth] = world.told.slice(from) as [
    WebhookEnvelope,
    WebhookEnvelope,
    WebhookEnvelope,
  ];
  const writes = world.klaviyo.requests.calls('update');

  const forged = structuredClone(fourth) as { data: { customer: { loyalty: { points: number } } } };
  forged.data.customer.loyalty.points = 1_000_000;
  const body = JSON.stringify(forged);
  const headers = { 'x-voucherify-signature': 'ab'.repeat(32) };
  const refused = await world.web.request('/webhooks/destination', { method: 'POST', headers, body });
  expect(refused.status).toBe(401);
  expect((await world.web.request('/webhooks/destination', { method: 'POST', body })).status).toBe(401);

  // The newest first, then the older ones, and each of them again.
  for (const envelope of [fourth, third, second, fourth, second, third]) await world.push(envelope);
  await world.shows(() => world.properties(profile)['loyalty_points'], 4);
  await world.rest();
  expect(world.properties(profile)).toEqual({ loyalty_points: 4 });
  expect(world.klaviyo.requests.calls('update')).toBe(writes + 1);
});

it('clears what a member loses with the card, and never writes a zero of who is none', async () => {
  world = await openWriteBackWorld({
    writeBack: { klaviyo: { fields: { ...klaviyoFields, tier: 'loyalty.tier' } } },
  });
  const [member, stranger] = ['shop-1', 'shop-2'].map((external_id) => world.klaviyo.create({ external_id }));
  await world.sync('full', 'klaviyo');
  world.klaviyo.update(stranger!, { properties: { loyalty_points: 'by hand' } });
  world.voucherify.setFacts('shop-1', { points: 10, card: 'C-1', campaigns: { Club: 10 }, tiers: ['Gold'] });
  world.voucherify.setFacts('shop-2', { segments: ['VIP'] });
  await world.shows(() => world.properties(member!)['tier'], 'Gold');
  await world.shows(() => world.properties(stranger!)['segments'], ['VIP']);
  // Spent is not gone: a member without points has none of them.
  world.voucherify.setFacts('shop-1', { points: 0, campaigns: { Club: 0 } });
  await world.shows(() => world.properties(member!)['loyalty_points'], 0);
  world.voucherify.setFacts('shop-1', { points: 0, campaigns: {}, tiers: [] });
  await world.shows(() => world.properties(member!), {});
  await world.rest();
  expect(world.properties(stranger!)).toEqual({ loyalty_points: 'by hand', segments: ['VIP'] });
});

it('writes as often as something changes, although every write comes in again', async () => {
  world = await openWriteBackWorld({ writeBack: pointsOnly });
  const profile = world.klaviyo.create({ external_id: 'shop-1' });
  await world.sync('full', 'klaviyo');
  await world.rest();
  const [writes, delivered] = [world.klaviyo.requests.calls('update'), world.voucherify.writesOf('shop-1')];
  const trips = 10;
  for (let points = 1; points <= trips; points += 1) {
    world.voucherify.setFacts('shop-1', { points });
    await world.shows(() => world.properties(profile)['loyalty_points'], points);
    await world.rest();
    expect(await world.sync('incremental', 'klaviyo')).toMatchObject({ changed: 0 });
  }
  await world.rest();
  expect(world.klaviyo.requests.calls('update')).toBe(writes + trips);
  expect(world.voucherify.writesOf('shop-1')).toBe(delivered);
});
