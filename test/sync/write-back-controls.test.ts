// A person's word about write-back: pauses and their end, dead letters tried again or put aside, and what the status says of it.
import { afterEach, expect, it } from 'vitest';
import { until } from '../support/sync-world.ts';
import { openWriteBackWorld, type WriteBackWorld } from '../support/write-back-world.ts';

let world: WriteBackWorld;
afterEach(() => world.close());

async function call(
  method: 'GET' | 'POST',
  path: string,
  json?: object,
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they name
): Promise<{ status: number; body: any }> {
  const response = await world.web.request(path, {
    method,
    headers: { authorization: 'Bearer a-token-for-the-tests', 'content-type': 'application/json' },
    ...(json && { body: JSON.stringify(json) }),
  });
  return { status: response.status, body: await response.json() };
}

async function page(): Promise<string> {
  const login = await world.web.request('/login', {
    method: 'POST',
    body: new URLSearchParams({ token: 'a-token-for-the-tests' }),
    headers: { 'sec-fetch-site': 'same-origin' },
  });
  const cookie = login.headers.get('set-cookie')!.split(';')[0]!;
  return (await world.web.request('/', { headers: { cookie } })).text();
}

it('pauses writing alone, says since when and why, and resumes it at once', async () => {
  world = await openWriteBackWorld();
  const profile = world.klaviyo.create({ external_id: 'shop-1', email: 'ben@example.com' });
  await world.sync('full', 'klaviyo');
  expect(
    (await call('POST', '/api/write-backs/klaviyo/pause', { reason: 'a migration' })).body,
  ).toMatchObject({
    name: 'write-back:klaviyo',
    paused: { cause: 'person', reason: 'a migration' },
  });
  world.voucherify.setFacts('shop-1', { points: 7 });
  await until(async () => (await world.row('klaviyo', 'shop-1'))?.state === 'waiting');
  // The source is read on meanwhile.
  world.klaviyo.update(profile, { first_name: 'Ben' });
  expect(await world.sync('incremental', 'klaviyo')).toMatchObject({ state: 'finished' });
  expect(world.properties(profile)['loyalty_points']).not.toBe(7);
  const { writeBacks } = (await call('GET', '/api/status')).body;
  const ofKlaviyo = writeBacks.find((one: { source: string }) => one.source === 'klaviyo');
  expect(ofKlaviyo).toMatchObject({ waiting: 1, deadLetters: 0, paused: { reason: 'a migration' } });
  expect(ofKlaviyo.oldestWaitingAt).not.toBeNull();
  expect(await page()).toMatch(/1 pending.*a migration.*Resume writing/s);

  expect((await call('POST', '/api/write-backs/klaviyo/resume')).body).toEqual({
    name: 'write-back:klaviyo',
    paused: null,
  });
  await world.shows(() => world.properties(profile)['loyalty_points'], 7);
  expect((await call('POST', '/api/write-backs/nobody/resume')).status).toBe(404);
  // A source that is paused is resumed as such: nothing would be written otherwise.
  await call('POST', '/api/sources/klaviyo/pause', {});
  expect((await call('POST', '/api/write-backs/klaviyo/resume')).status).toBe(409);
});

it('lists dead letters of write-backs, tries them again, and puts them aside', async () => {
  let refuses = true;
  world = await openWriteBackWorld({
    klaviyo: { writeFault: () => (refuses ? 'Invalid value.' : undefined) },
  });
  const ids = ['shop-1', 'shop-2'].map((external_id) => world.klaviyo.create({ external_id }));
  await world.sync('full', 'klaviyo');
  for (const id of ['shop-1', 'shop-2']) world.voucherify.setFacts(id, { points: 5 });
  const isDead = async (id: string) => (await world.row('klaviyo', id))?.state === 'dead';
  await until(async () => (await isDead('shop-1')) && (await isDead('shop-2')));
  await world.rest();
  const listed = await call('GET', '/api/dead-letters?kind=writeBack');
  expect(listed.body.deadLetters).toHaveLength(2);
  expect((await call('GET', '/api/write-backs')).body.vendors).toMatchObject([
    { source: 'hubspot', deadLetters: 0 },
    { source: 'klaviyo', deadLetters: 2, dead: 2 },
  ]);

  const [first, second] = listed.body.deadLetters as { id: number; ref: string }[];
  const discarded = await call('POST', '/api/dead-letters/discard', {
    ids: [first!.id],
    reason: 'no such attribute',
  });
  expect(discarded.body).toMatchObject({ writeBacks: { aside: 1 } });
  refuses = false;
  const retried = await call('POST', '/api/dead-letters/retry', { ids: [second!.id] });
  expect(retried.body).toMatchObject({ writeBacks: { due: 1 } });
  const written = ids[second!.ref === 'shop-1' ? 0 : 1]!;
  await world.shows(() => world.properties(written)['loyalty_points'], 5);
  await until(
    async () => (await call('GET', '/api/dead-letters?kind=writeBack')).body.deadLetters.length === 0,
  );
  // What was put aside is written again when its facts change.
  expect(await world.row('klaviyo', first!.ref)).toMatchObject({ state: 'dead', errorCode: 'discarded' });
  world.voucherify.setFacts(first!.ref, { points: 6 });
  const other = ids[first!.ref === 'shop-1' ? 0 : 1]!;
  await world.shows(() => world.properties(other)['loyalty_points'], 6);
});
