// The simulated Klaviyo account, asked as its reference says the real one answers.
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createKlaviyoSimulator, type KlaviyoOptions } from '../../simulators/klaviyo.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');

function simulate(options: KlaviyoOptions = {}) {
  const clock = { ms: start };
  const klaviyo = createKlaviyoSimulator({ now: () => clock.ms, quotas: false, ...options });
  const ask = async (path: string, headers: Record<string, string> = { revision: '2026-07-15' }) => {
    const response = await klaviyo.app.request(path, { headers });
    // biome-ignore lint/suspicious/noExplicitAny: a response's body
    return { status: response.status, headers: response.headers, json: (await response.json()) as any };
  };
  return { clock, klaviyo, ask };
}

describe('the simulated Klaviyo', () => {
  test('pages through all profiles by links, and says null behind the last', async () => {
    const { klaviyo, ask } = simulate();
    klaviyo.seed(250);
    const ids: string[] = [];
    let path: string | null = '/api/profiles?page[size]=100&sort=id';
    while (path) {
      const { json } = await ask(path);
      ids.push(...json.data.map((profile: { id: string }) => profile.id));
      path = json.links.next;
    }
    expect(ids).toEqual(klaviyo.ids());
  });

  test('filters strictly by time: what was updated at the very time is not found', async () => {
    const { klaviyo, ask, clock } = simulate({ fractionDigits: 3 });
    klaviyo.create({ email: 'old@example.com' }, start - 1000);
    const id = klaviyo.create({ email: 'new@example.com' });
    clock.ms += 1;
    const found = async (time: string) => {
      const { json } = await ask(`/api/profiles?filter=greater-than(updated,${time})&sort=updated`);
      return json.data.map((profile: { id: string }) => profile.id);
    };
    expect(await found('2026-11-02T07:59:59.999Z')).toEqual([id]);
    expect(await found('2026-11-02T08:00:00.001Z')).toEqual([]);
    expect((await ask('/api/profiles?filter=greater-or-equal(updated,2026-11-02T08:00:00Z)')).status).toBe(
      400,
    );
  });

  test('refuses a request without a revision, without the key, or with a page too large', async () => {
    const { ask } = simulate({ apiKey: 'pk_1' });
    const key = { authorization: 'Klaviyo-API-Key pk_1' };
    expect((await ask('/api/profiles', { revision: '2026-07-15' })).status).toBe(401);
    expect((await ask('/api/profiles', key)).status).toBe(400);
    const refused = await ask('/api/profiles?page[size]=101', { ...key, revision: '2026-07-15' });
    expect([refused.status, refused.json.errors[0].code]).toEqual([400, 'invalid']);
    expect((await ask('/api/profiles', { ...key, revision: '2026-07-15' })).status).toBe(200);
  });

  test('tells of the burst and lists both windows, and on a 429 only how long to wait', async () => {
    const { ask } = simulate({ quotas: { burst: 2, steady: 10 } });
    const { headers } = await ask('/api/profiles');
    expect(headers.get('ratelimit-limit')).toBe('2, 2;w=1, 10;w=60');
    expect(headers.get('ratelimit-remaining')).toBe('1');
    await ask('/api/profiles');
    const refused = await ask('/api/profiles');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(refused.headers.get('ratelimit-remaining')).toBeNull();
  });

  test('takes a merged profile away, and gives the other what it lacked', async () => {
    const { klaviyo, ask } = simulate();
    const [from, into] = [klaviyo.create({ title: 'Dr' }), klaviyo.create({ email: 'a@example.com' })];
    klaviyo.merge(from, into);
    expect((await ask(`/api/profiles/${from}`)).status).toBe(404);
    expect((await ask(`/api/profiles/${into}`)).json.data.attributes).toMatchObject({
      title: 'Dr',
      email: 'a@example.com',
    });
  });

  test('refuses a page cursor that it knows no longer', async () => {
    let time = start;
    const { klaviyo, ask } = simulate({ now: () => time, cursorSeconds: 60 });
    klaviyo.seed(150);
    const { next } = (await ask('/api/profiles?page[size]=100')).json.links;
    const path = next.slice(next.indexOf('/api/'));
    expect((await ask(path)).json.data).toHaveLength(50);
    time += 61_000;
    expect(await ask(path)).toMatchObject({
      status: 400,
      json: { errors: [{ detail: 'Invalid cursor provided.' }] },
    });
  });

  test('shows subscriptions only where they are asked for', async () => {
    const { klaviyo, ask } = simulate();
    klaviyo.create({});
    expect((await ask('/api/profiles')).json.data[0].attributes).not.toHaveProperty('subscriptions');
    const { json } = await ask('/api/profiles?additional-fields[profile]=subscriptions');
    expect(json.data[0].attributes).toHaveProperty('subscriptions');
  });

  test('signs a system webhook over its body and the timestamp behind it', () => {
    const { klaviyo } = simulate({
      push: { url: 'https://x.example.com/webhooks/klaviyo', secretKey: 'a-secret-key' },
    });
    const { body, headers } = klaviyo.push!.system([klaviyo.push!.event('01J', 'event:any', start)], start);
    const signed = createHmac('sha256', 'a-secret-key').update(body).update(headers['klaviyo-timestamp']!);
    expect(headers['klaviyo-signature']).toBe(signed.digest('hex'));
  });
});
