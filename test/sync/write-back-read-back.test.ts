// A vendor whose answers tell nothing of single people, and whose writes go to another host with credentials of their own: Customer.io.
// Everybody who was written is read back before they count as written.
import { afterEach, expect, it } from 'vitest';
import { CustomerIoSimulator } from '../../simulators/customerio.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { erasureById } from '../../src/tables/erasures.ts';
import { FastClock } from '../support/fast-clock.ts';
import { until } from '../support/sync-world.ts';
import { openWriteBackWorld, type WriteBackWorld } from '../support/write-back-world.ts';

const appKey = 'app-secret-0123456789';
const track = { siteId: 'site-0123456789', apiKey: 'track-secret-0123456789' };

let world: WriteBackWorld | undefined;
const served: Served[] = [];
afterEach(async () => {
  await world?.close();
  for (const one of served.splice(0)) await one.close();
});

async function open() {
  const clock = new FastClock();
  const simulator = new CustomerIoSimulator({
    now: () => clock.now(),
    appKey,
    quota: false,
    exports: { makingMs: 0 },
    track: { ...track, takesMs: 5_000, quota: false },
  });
  // Two hosts of one vendor.
  const [app, tracked] = [await serve(simulator.app), await serve(simulator.app)];
  served.push(app, tracked);
  world = await openWriteBackWorld({
    clock,
    sources: {
      customerio: {
        connector: 'customerio',
        appKey,
        baseUrl: app.url,
        track: { ...track, baseUrl: tracked.url },
        quota: { requests: 10_000, seconds: 1 },
      },
    },
    writeBack: { customerio: { fields: { points: 'loyalty.points', last_code: 'vouchers.last.code' } } },
  });
  return { world, simulator };
}

it('counts as written once it was read, and as unlinked where the vendor has nobody', async () => {
  const { world, simulator } = await open();
  const [anna, ben] = ['shop-1', 'shop-2'].map((id) =>
    simulator.identify({ id, email: `${id}@example.com`, favourite: 'blue' }),
  );
  await world.sync('full', 'customerio');
  // Nothing tells of it.
  simulator.remove(ben!);
  world.voucherify.setFacts('shop-1', { points: 1200 });
  world.voucherify.setFacts('shop-2', { points: 5 });
  const row = (sourceId: string) => world.row('customerio', sourceId);
  await until(async () => (await row('shop-1'))?.acknowledged?.['points'] === 1200);
  await until(async () => (await row('shop-2'))?.state === 'unlinked');
  expect(simulator.attributes(anna!)).toMatchObject({ points: 1200, favourite: 'blue' });
  expect(simulator.size).toBe(1);
});

it('is erased once the attributes were read and are gone, and not by the answer to the request', async () => {
  const { world, simulator } = await open();
  const anna = simulator.identify({ id: 'shop-1', email: 'anna@example.com', favourite: 'blue' });
  await world.sync('full', 'customerio');
  world.voucherify.setFacts('shop-1', { points: 1200 });
  await until(async () => (await world.row('customerio', 'shop-1'))?.acknowledged?.['points'] === 1200);
  const { id } = await world.tributary.erase({ sourceId: 'shop-1' });
  await until(async () => (await erasureById(world.database, id))?.endedAt != null);
  const { answers, requestedAt } = (await erasureById(world.database, id))!;
  const answer = answers['attributes at customerio']!;
  expect(answer).toMatchObject({ answer: 'erased' });
  expect(answer.at - requestedAt).toBeGreaterThanOrEqual(240_000);
  expect(simulator.attributes(anna)).toMatchObject({ favourite: 'blue' });
  expect(simulator.attributes(anna)).not.toHaveProperty('points');
  expect(JSON.stringify(answers)).not.toContain(anna);
});
