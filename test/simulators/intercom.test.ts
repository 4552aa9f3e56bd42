// The simulated Intercom workspace, asked as its reference says the real one answers.
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createIntercomSimulator, type IntercomOptions } from '../../simulators/intercom.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const seconds = start / 1000;

function simulate(options: IntercomOptions = {}) {
  const clock = { ms: start };
  const intercom = createIntercomSimulator({ now: () => clock.ms, quota: false, ...options });
  const ask = async (path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await intercom.app.request(path, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: a response's body
    return { status: response.status, headers: response.headers, json: (await response.json()) as any };
  };
  const search = async (operator: string, value: number) => {
    const query = { operator: 'AND', value: [{ field: 'updated_at', operator, value }] };
    const { status, json } = await ask('/contacts/search', { query });
    return status === 200 ? json.data.map(({ id }: { id: string }) => id) : status;
  };
  return { clock, intercom, ask, search };
}

describe('the simulated Intercom', () => {
  test('lists everybody by pages of at most 150', async () => {
    const { intercom, ask } = simulate();
    intercom.seed(310);
    const ids: string[] = [];
    let after = '';
    for (;;) {
      const { json } = await ask(`/contacts?per_page=150${after}`);
      ids.push(...json.data.map(({ id }: { id: string }) => id));
      if (!json.pages.next) break;
      after = `&starting_after=${encodeURIComponent(json.pages.next.starting_after)}`;
    }
    expect(ids.sort()).toEqual(intercom.ids().sort());
    expect((await ask('/contacts?per_page=151')).status).toBe(400);
  });

  test('searches dates by days of its own time zone', async () => {
    const { intercom, search } = simulate({ timezoneMinutes: 120 });
    const evening = intercom.create({}, Date.parse('2026-11-01T21:59:59Z'));
    const night = intercom.create({}, Date.parse('2026-11-01T22:00:00Z'));
    const noon = Date.parse('2026-11-01T12:00:00Z') / 1000;
    expect(await search('>', noon)).toEqual([night]);
    expect(await search('=', noon)).toEqual([evening]);
    expect(await search('<', noon + 86_400)).toEqual([evening]);
    expect(await search('>=', noon)).toBe(400);
  });

  test('does not find at once what is new, and shows it at once by its ID', async () => {
    const { intercom, ask, search, clock } = simulate({ indexLagMs: 60_000 });
    const id = intercom.create({ name: 'New' });
    expect(await search('>', seconds - 86_400)).toEqual([]);
    expect((await ask(`/contacts/${id}`)).json).toMatchObject({ id, name: 'New', updated_at: seconds });
    clock.ms += 60_000;
    expect(await search('>', seconds - 86_400)).toEqual([id]);
  });

  test('points from a merged contact to the one it is now, and tells of the merge where asked', async () => {
    const { intercom, ask } = simulate();
    const [lead, user] = [intercom.create({ role: 'lead' }), intercom.create({ external_id: 'c-1' })];
    intercom.merge(lead, user);
    const gone = await ask(`/contacts/${lead}`);
    expect([gone.status, gone.headers.get('link')]).toEqual([410, `</contacts/${user}>; rel="canonical"`]);
    expect((await ask(`/contacts/${user}`)).json).not.toHaveProperty('merge_history');
    const { json } = await ask(`/contacts/${user}?include_merge_history=true`);
    expect(json.merge_history).toMatchObject([{ source_contact_id: lead, source_contact_role: 'lead' }]);
  });

  test('hides what is archived until it is not any more, and forgets what is deleted', async () => {
    const { intercom, ask } = simulate();
    const id = intercom.create({});
    intercom.archive(id);
    expect([intercom.ids(), (await ask(`/contacts/${id}`)).status]).toEqual([[], 404]);
    intercom.unarchive(id);
    expect([intercom.ids(), (await ask(`/contacts/${id}`)).status]).toEqual([[id], 200]);
    intercom.remove(id);
    expect([intercom.ids(), (await ask(`/contacts/${id}`)).status]).toEqual([[], 404]);
  });

  test('refuses a wrong token and too many calls in its own words', async () => {
    const { ask } = simulate({ accessToken: 'right', quota: 2 });
    const right = { authorization: 'Bearer right' };
    const refused = await ask('/contacts');
    expect([refused.status, refused.json.type, refused.json.errors[0].code]).toEqual([
      401,
      'error.list',
      'unauthorized',
    ]);
    expect((await ask('/contacts', undefined, right)).headers.get('x-ratelimit-remaining')).toBe('1');
    await ask('/contacts', undefined, right);
    const throttled = await ask('/contacts', undefined, right);
    expect([throttled.status, throttled.headers.get('x-ratelimit-reset')]).toEqual([
      429,
      String(seconds + 10),
    ]);
  });

  test('makes up the external ID of a lead, and gives it up when the lead becomes a user', async () => {
    const { intercom, ask } = simulate();
    const id = intercom.create({ role: 'lead', email: 'lea@example.org' });
    const uuid = (await ask(`/contacts/${id}`)).json.external_id;
    expect(uuid).toMatch(/^[\da-f]{8}-[\da-f-]{27}$/);
    intercom.convert(id, 'shop-42');
    expect((await ask(`/contacts/${id}`)).json).toMatchObject({ id, role: 'user', external_id: 'shop-42' });
  });

  test('shows seconds by its API and ISO texts in webhooks, identity escaped and other attributes not', async () => {
    const { intercom, clock } = simulate();
    clock.ms += 907;
    const id = intercom.create({
      name: 'Ona & Sons',
      signed_up_at: seconds,
      custom_attributes: { motto: 'R&D', renewal: seconds },
    });
    const custom_attributes = { motto: 'R&D', renewal: seconds };
    const name = 'Ona &amp; Sons';
    expect(intercom.get(id)).toMatchObject({
      name,
      updated_at: seconds,
      signed_up_at: seconds,
      custom_attributes,
    });
    expect(intercom.pushed(id)).toMatchObject({
      name,
      updated_at: '2026-11-02T08:00:00.907+00:00',
      signed_up_at: '2026-11-02T08:00:00.000+00:00',
      custom_attributes,
    });
  });

  test('lists what was changed as late as it finds it', async () => {
    const { intercom, ask, clock } = simulate({ indexLagMs: 60_000 });
    const id = intercom.create({ name: 'Old' });
    clock.ms += 60_000;
    intercom.update(id, { name: 'New' });
    expect((await ask('/contacts')).json.data).toMatchObject([{ id, name: 'Old' }]);
    clock.ms += 60_000;
    expect((await ask('/contacts')).json.data).toMatchObject([{ id, name: 'New' }]);
  });

  test('counts calls by windows that end on a round ten seconds', async () => {
    const { ask, clock } = simulate({ quota: 2 });
    clock.ms += 7300;
    const first = await ask('/contacts');
    expect([first.headers.get('x-ratelimit-limit'), first.headers.get('x-ratelimit-reset')]).toEqual([
      '2',
      String(seconds + 10),
    ]);
    await ask('/contacts');
    expect((await ask('/contacts')).status).toBe(429);
    clock.ms += 2700;
    expect((await ask('/contacts')).status).toBe(200);
  });

  test('signs notifications with one digest and health checks with another', () => {
    const { intercom } = simulate({
      push: { url: 'https://x.example.com/webhooks/intercom', clientSecret: 'a-secret' },
    });
    const push = intercom.push!;
    const ping = push.ping(start);
    const digest = (algorithm: string, body: Uint8Array) =>
      createHmac(algorithm, 'a-secret').update(body).digest('hex');
    expect(ping.headers['x-hub-signature']).toBe(`sha1=${digest('sha1', ping.body)}`);
    const check = push.healthCheck();
    expect(check.headers['x-body-signature']).toBe(digest('sha256', check.body));
  });
});

describe('a write to the simulated Intercom', () => {
  const put = async (simulator: ReturnType<typeof createIntercomSimulator>, id: string, values: object) => {
    const response = await simulator.app.request(`/contacts/${id}`, {
      method: 'PUT',
      body: JSON.stringify({ custom_attributes: values }),
    });
    return { status: response.status, json: await response.json() };
  };

  test('changes what is sent alone, moves updated_at, and is in search later', async () => {
    let now = Date.parse('2026-11-02T08:00:00.000Z');
    const simulator = createIntercomSimulator({ now: () => now, quota: false, indexLagMs: 60_000 });
    simulator.define({ name: 'tier', data_type: 'string' });
    const id = simulator.create({ custom_attributes: { tier: 'gold', favourite: 'blue' } });
    now += 120_000;
    const { status, json } = await put(simulator, id, { tier: null });
    expect(status).toBe(200);
    expect(json).toMatchObject({ id, custom_attributes: { tier: null, favourite: 'blue' } });
    expect(json).toMatchObject({ updated_at: now / 1000 });
    const list = await (await simulator.app.request('/contacts')).json();
    expect(list).toMatchObject({ data: [{ custom_attributes: { tier: 'gold' } }] });
  });

  test('is refused for an unknown attribute, another type, a stranger and a merged contact', async () => {
    const simulator = createIntercomSimulator({ quota: false });
    simulator.define({ name: 'points', data_type: 'integer' });
    const [lead, user] = [simulator.create({ role: 'lead' }), simulator.create({})];
    expect((await put(simulator, user, { other: 1 })).status).toBe(400);
    expect((await put(simulator, user, { points: 'many' })).status).toBe(400);
    expect((await put(simulator, 'nobody', { points: 1 })).status).toBe(404);
    simulator.merge(lead, user);
    expect((await put(simulator, lead, { points: 1 })).status).toBe(410);
  });
});
