// The simulated Iterable answers and pushes as the reference says Iterable does.
import { describe, expect, test } from 'vitest';
import { authorization, IterableSimulator } from '../../simulators/iterable.ts';

const now = Date.parse('2026-11-02T08:00:00.000Z');

describe('the simulated Iterable', () => {
  const simulator = new IterableSimulator({ now: () => now, apiKey: 'key' });
  const ada = simulator.create({ userId: 'u/1' }, { firstName: 'Ada "the first"' });
  const ask = async (path: string, key = 'key') => {
    const response = await simulator.app.request(path, { headers: { 'api-key': key } });
    // biome-ignore lint/suspicious/noExplicitAny: the bodies are what the tests are about
    const json: any = await response.json();
    return { status: response.status, json };
  };

  test('returns a user by ID and by e-mail address, with a placeholder if there is none', async () => {
    const { json } = await ask('/api/users/byUserId/u%2F1');
    expect(json.user).toMatchObject({ userId: 'u/1', email: 'u/1@placeholder.email' });
    expect(json.user.dataFields.profileUpdatedAt).toBe('2026-11-02 08:00:00 +00:00');
    expect(await ask('/api/users/getByEmail?email=u%2F1%40placeholder.email')).toEqual({ status: 200, json });
  });

  test('answers 200 for a missing user, 400 for an invalid address, 401 for another key', async () => {
    expect(await ask('/api/users/byUserId/u2')).toEqual({ status: 200, json: {} });
    expect((await ask('/api/users/getByEmail?email=u2')).status).toBe(400);
    expect((await ask('/api/users/byUserId/u2', 'other')).status).toBe(401);
  });

  test('shows what was written some seconds later, with the time at which it was written, in each form of times', async () => {
    for (const [times, form] of [
      ['colon', '2026-11-02 08:00:00 +00:00'],
      ['plain', '2026-11-02 08:00:00 +0000'],
      ['fractions', '2026-11-02T08:00:00.000105.000Z'],
    ] as const) {
      let time = now;
      const project = new IterableSimulator({ now: () => time, visibleAfterMs: 12_000, times });
      const key = project.create(
        { userId: 'u1', email: 'a@example.org' },
        { tier: 'gold', regionCode: 'SE' },
      );
      const read = async () => (await (await project.app.request('/api/users/byUserId/u1')).json()) as object;
      expect(await read()).toEqual({});
      time += 12_000;
      expect(await read()).toMatchObject({ user: { dataFields: { tier: 'gold', profileUpdatedAt: form } } });
      project.updateEmail(key, 'b@example.org');
      project.update(key, { tier: null });
      time += 12_000;
      expect(Object.keys(project.user(key).dataFields).sort()).toEqual([
        'email',
        'profileUpdatedAt',
        'signupDate',
      ]);
      expect(await read()).toEqual({ user: project.user(key) });
    }
  });

  test('pushes events, and bodies in which two braces escape and three do not', () => {
    const event = JSON.parse(Buffer.from(simulator.systemWebhook(ada, 'emailSubscribe').body).toString());
    expect(event).toMatchObject({ eventName: 'emailSubscribe', userId: 'u/1' });
    const body = simulator.journeyWebhook(ada, '{{firstName}} {{{firstName}}} {{lastName}}').body;
    expect(Buffer.from(body).toString()).toBe('Ada &quot;the first&quot; Ada "the first" ');
    expect(authorization('Basic', 'abc')).toEqual({ authorization: 'abc' });
  });
});

describe('the bulk update of the simulated Iterable', () => {
  const update = async (simulator: IterableSimulator, body: object) => {
    const response = await simulator.app.request('/api/users/bulkUpdate', {
      method: 'POST',
      headers: { 'api-key': 'key' },
      body: JSON.stringify(body),
    });
    return { status: response.status, json: await response.json() };
  };

  test('makes users of strangers, drops unknown fields, and names failures by value', async () => {
    const simulator = new IterableSimulator({ now: () => now, apiKey: 'key' });
    simulator.define('points', 'long');
    const ada = simulator.create({ userId: 'ada' }, { tier: 'gold' });
    const { status, json } = await update(simulator, {
      createNewFields: false,
      users: [
        { userId: 'ada', dataFields: { points: 5, tier: null, colour: 'blue' } },
        { userId: 'bob', dataFields: { points: 1 } },
        { userId: 'cid', dataFields: { points: 'many' } },
      ],
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      successCount: 2,
      failCount: 1,
      failedUpdates: { invalidDataUserIds: ['cid'] },
      filteredOutFields: ['colour'],
    });
    expect(simulator.user(ada).dataFields).toMatchObject({ points: 5 });
    expect(simulator.user(ada).dataFields).not.toHaveProperty('tier');
    expect(simulator.size).toBe(2);
  });

  test('is allowed five times a second', async () => {
    const simulator = new IterableSimulator({ now: () => now, apiKey: 'key' });
    const statuses: number[] = [];
    for (let time = 0; time < 6; time += 1) statuses.push((await update(simulator, { users: [] })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  });
});
