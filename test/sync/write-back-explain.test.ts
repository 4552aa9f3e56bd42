// A customer's explanation, history and page speak of what flows back: which fact it is, wanted against acknowledged, and why it waits.
import { afterEach, expect, it } from 'vitest';
import { pause, writeBackName } from '../../src/tables/pauses.ts';
import { writeBackEventsOf } from '../../src/tables/write-back-events.ts';
import { until } from '../support/sync-world.ts';
import { openWriteBackWorld, type WriteBackWorld } from '../support/write-back-world.ts';

let world: WriteBackWorld;
afterEach(() => world.close());

// biome-ignore lint/suspicious/noExplicitAny: tests read what they name
async function get(path: string): Promise<any> {
  const response = await world.web.request(path, {
    headers: { authorization: 'Bearer a-token-for-the-tests' },
  });
  expect(response.status).toBe(200);
  return response.headers.get('content-type')?.includes('json') ? response.json() : response.text();
}

it('explains each attribute at each vendor, and tells the way of every value, the newest first', async () => {
  world = await openWriteBackWorld();
  const profile = world.klaviyo.create({ external_id: 'shop-1', email: 'ben@example.com' });
  await world.sync('full', 'klaviyo');
  world.voucherify.setFacts('shop-1', { points: 120 });
  await world.shows(() => world.properties(profile)['loyalty_points'], 120);
  await world.rest();

  const explained = await get('/api/customers/shop-1/explain');
  const [hubspot, klaviyo] = explained.writeBacks;
  expect(hubspot).toMatchObject({ source: 'hubspot', state: 'unlinked' });
  expect(klaviyo).toMatchObject({
    source: 'klaviyo',
    state: 'delivered',
    recordId: profile,
    hindrance: null,
  });
  expect(klaviyo.attributes.map((one: { attribute: string }) => one.attribute)).toEqual([
    'last_code',
    'loyalty_points',
    'segments',
  ]);
  expect(klaviyo.attributes[1]).toMatchObject({
    path: 'loyalty.points',
    wanted: 120,
    acknowledged: 120,
    isSame: true,
  });
  expect(klaviyo.attributes[1].sentences.join(' ')).toContain('klaviyo has acknowledged this value');

  // One attribute alone, and a pause is told as the reason why it waits.
  await pause(
    world.database,
    writeBackName('klaviyo'),
    { cause: 'person', reason: 'maintenance' },
    world.clock.now(),
  );
  world.voucherify.setFacts('shop-1', { points: 130 });
  await until(async () => (await world.row('klaviyo', 'shop-1'))?.state === 'waiting');
  const alone = await get('/api/customers/shop-1/explain?field=loyalty_points');
  expect(alone.fields).toEqual([]);
  expect(alone.writeBacks).toHaveLength(1);
  expect(alone.writeBacks[0].sentences.join(' ')).toContain('Writing to klaviyo is paused: maintenance.');
  expect(alone.writeBacks[0].attributes).toMatchObject([{ wanted: 130, acknowledged: 120, isSame: false }]);

  const history = await get('/api/customers/shop-1/history');
  type Event = { source: string; event: string; attributes: { loyalty_points?: number } };
  const ofKlaviyo: Event[] = history.writeBacks.filter((one: Event) => one.source === 'klaviyo');
  expect(ofKlaviyo[0]).toMatchObject({ event: 'wanted', attributes: { loyalty_points: 130 } });
  const acknowledged = history.writeBacks.find(
    ({ event, attributes }: Event) => event === 'acknowledged' && attributes.loyalty_points === 120,
  );
  expect(acknowledged).toMatchObject({ source: 'klaviyo', message: null });
  expect(Date.parse(acknowledged.sentAt)).toBeLessThanOrEqual(Date.parse(acknowledged.at));
  const login = await world.web.request('/login', {
    method: 'POST',
    body: new URLSearchParams({ token: 'a-token-for-the-tests' }),
    headers: { origin: 'http://localhost', host: 'localhost' },
  });
  const cookie = login.headers.get('set-cookie')!.split(';')[0]!;
  const page = await (await world.web.request('/customers/shop-1', { headers: { cookie } })).text();
  expect(page).toContain('Written back to klaviyo');
  expect(page).toContain('loyalty.points');
  const first = await get('/api/customers/shop-1/history?limit=1');
  expect(first).toMatchObject({ moreWriteBacks: true });
  expect(first.writeBacks).toHaveLength(1);
});

it('keeps what a vendor rejected in the history, and nothing of who is erased', async () => {
  let refuses = true;
  world = await openWriteBackWorld({
    klaviyo: { writeFault: () => (refuses ? 'Invalid value.' : undefined) },
  });
  world.klaviyo.create({ external_id: 'shop-1', email: 'ben@example.com' });
  await world.sync('full', 'klaviyo');
  world.voucherify.setFacts('shop-1', { points: 120 });
  await until(async () => (await world.row('klaviyo', 'shop-1'))?.state === 'dead');
  const history = await get('/api/customers/shop-1/history');
  expect(history.writeBacks).toContainEqual(
    expect.objectContaining({
      source: 'klaviyo',
      event: 'rejected',
      message: expect.stringContaining('Invalid value.'),
      attributes: expect.objectContaining({ loyalty_points: expect.any(Number) }),
    }),
  );
  const explained = await get('/api/customers/shop-1/explain');
  expect(explained.deadLetters).toMatchObject([{ kind: 'writeBack' }]);
  refuses = false;
  await world.tributary.erase({ sourceId: 'shop-1' });
  await until(
    async () =>
      (await writeBackEventsOf(world.database, 'shop-1', { from: null, to: null, limit: 10 })).length === 0,
  );
});
