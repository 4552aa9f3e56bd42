import { afterAll, beforeAll, expect, it } from 'vitest';
import { behaviour } from '../support/databases.ts';
import { apiToken, openWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld(await behaviour[0].open());
  const call = {
    at: Date.now(),
    method: 'POST',
    path: '/customers/anna%40example.com',
    lane: 'manual' as const,
  };
  const { recentCalls } = world.tributary.endpoints.get('destination')!;
  recentCalls.note({
    ...call,
    ...{ status: 200, failure: null, tookMs: 120 },
    sent: Buffer.from('{"name":"<b>Anna Kowalska</b>"}'),
    answered: '{"id":"cust_1"}',
  });
  recentCalls.note({
    ...call,
    status: null,
    failure: 'memory did not answer in time',
    tookMs: 30_000,
    sent: null,
    answered: null,
  });
});
afterAll(() => world.close());

const request = (path: string, mask: 'yes' | 'no') =>
  world.app.request(path, { headers: { authorization: `Bearer ${apiToken}`, 'tributary-mask': mask } });

const logIn = async (token: string) => {
  const response = await world.app.request('/login', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
    body: `token=${token}`,
  });
  return response.headers.get('set-cookie')!.split(';')[0]!;
};

it('The last calls are listed with the worker that made them, and masked for viewers', async () => {
  const listed = (await (await request('/api/calls', 'no')).json()) as { worker: object; calls: object[] };
  expect(listed.worker).toEqual({ host: world.tributary.host, pid: process.pid });
  expect(listed.calls).toEqual([
    expect.objectContaining({ status: null, failure: 'memory did not answer in time', tookMs: 30_000 }),
    expect.objectContaining({
      status: 200,
      sent: '{"name":"<b>Anna Kowalska</b>"}',
      answered: '{"id":"cust_1"}',
    }),
  ]);
  const failed = (await (await request('/api/calls?failed=true', 'no')).json()) as { calls: object[] };
  expect(failed.calls).toHaveLength(1);
  const masked = await (await request('/api/calls', 'yes')).text();
  expect(masked).toContain('did not answer in time');
  expect(masked).not.toMatch(/anna|cust_1/i);
  expect(((await (await request('/api/calls?of=files', 'no')).json()) as { calls: [] }).calls).toEqual([]);
  expect((await request('/api/calls?of=nothing', 'no')).status).toBe(404);
});

it('The page of deliveries shows them as plain text, and a viewer no values', async () => {
  const made = await world.app.request('/api/tokens', {
    method: 'POST',
    headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'vera', role: 'viewer' }),
  });
  const { token } = (await made.json()) as { token: string };
  const open = async (cookie: string, path: string) =>
    (await world.app.request(path, { headers: { cookie } })).text();
  const mine = await open(await logIn(apiToken), '/deliveries');
  expect(mine).toContain('{&quot;name&quot;:&quot;&lt;b&gt;Anna Kowalska&lt;/b&gt;&quot;}');
  expect(mine).toContain(`made by this worker: ${world.tributary.host}, process ${process.pid}`);
  const hers = await open(await logIn(token), '/deliveries');
  expect(hers).toContain('did not answer in time');
  expect(hers).not.toMatch(/anna|cust_1/i);
  expect(await open(await logIn(apiToken), '/deliveries?calls=failed')).not.toContain('Kowalska');
});

it('Erasing somebody forgets them: they may name the person', async () => {
  await world.tributary.erase({ sourceId: 'anna' }).catch(() => {});
  expect(((await (await request('/api/calls', 'no')).json()) as { calls: [] }).calls).toEqual([]);
});
