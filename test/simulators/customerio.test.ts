// The simulated Customer.io workspace does what the reference says of the real one.

import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { CustomerIoOptions } from '../../simulators/customerio/options.ts';
import { CustomerIoSimulator } from '../../simulators/customerio.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');

function opened(options: CustomerIoOptions = {}) {
  const clock = { ms: start };
  const simulator = new CustomerIoSimulator({ now: () => clock.ms, appKey: 'app-key', ...options });
  const ask = async (path: string, body?: object, key = 'app-key') => {
    const response = await simulator.app.request(path, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${key}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: await response.json() };
  };
  return { simulator, ask, clock };
}

describe('the simulated workspace', () => {
  test('shows a person by either ID, attributes as texts with the time each was set', async () => {
    const { simulator, ask } = opened();
    const cioId = simulator.identify({ id: '42', email: 'ann@example.com', age: 36 });
    const { json } = await ask(`/v1/customers/${cioId}/attributes?id_type=cio_id`);
    expect(json).toMatchObject({
      customer: {
        attributes: { id: '42', age: '36', cio_id: cioId },
        timestamps: { age: start / 1000 },
        unsubscribed: false,
      },
    });
    expect((await ask('/v1/customers/42/attributes')).json).toEqual(json);
    expect((await ask('/v1/customers/43/attributes')).status).toBe(404);
  });

  test('leaves unknown users out of a batch, and refuses more than a hundred', async () => {
    const { simulator, ask } = opened();
    const cioId = simulator.identify({ id: '42' });
    const { json } = await ask('/v1/customers/attributes?id_type=cio_id', { ids: [cioId, '42', 'nobody'] });
    expect(json).toMatchObject({ customers: [{ customer: { id: '42' } }] });
    const many = Array.from({ length: 101 }, (_, index) => String(index));
    expect((await ask('/v1/customers/attributes', { ids: many })).status).toBe(400);
  });

  test('refuses another key, and the eleventh call of a second', async () => {
    const { ask } = opened();
    expect((await ask('/v1/customers?limit=1', {}, 'other')).status).toBe(401);
    const statuses: number[] = [];
    for (let call = 0; call < 11; call += 1) statuses.push((await ask('/v1/customers?limit=1', {})).status);
    expect(statuses).toEqual([...Array<number>(10).fill(200), 429]);
  });

  test('signs each product with its own key, over v0, the time and the body', () => {
    const { simulator } = opened({ reportingSecret: 'reporting', journeysSecret: 'journeys' });
    const cioId = simulator.identify({ id: '42', email: 'ann@example.com' });
    simulator.subscribe(cioId, false);
    simulator.journey(cioId, '{"id":"{{customer.id}}"}');
    const [event, journey] = simulator.sent();
    const signed = (secret: string, body: string) =>
      createHmac('sha256', secret)
        .update(`v0:${start / 1000}:${body}`)
        .digest('hex');
    expect(event!.headers['X-CIO-Signature']).toBe(signed('reporting', event!.body));
    expect(journey!.headers['X-CIO-Signature']).toBe(signed('journeys', journey!.body));
    expect(JSON.parse(event!.body)).toMatchObject({ object_type: 'customer', metric: 'unsubscribed' });
    expect(journey!.body).toBe('{"id":"42"}');
  });

  test('forgets a removed attribute with its time, and names who somebody is beside', async () => {
    const { simulator, ask, clock } = opened();
    const cioId = simulator.identify({ id: '42', plan: 'gold' });
    clock.ms += 12_000;
    simulator.set(cioId, { email: 'mo@example.org' });
    const show = async () =>
      ((await ask('/v1/customers/42/attributes')).json as { customer: { [map: string]: object } }).customer;
    expect((await show()).timestamps).toMatchObject({ plan: start / 1000, email: start / 1000 + 12 });
    simulator.set(cioId, { email: null });
    const { attributes, timestamps, identifiers } = await show();
    expect(identifiers).toEqual({ id: '42', email: null, cio_id: cioId });
    for (const map of [attributes, timestamps]) {
      expect(map).not.toHaveProperty('email');
      expect(Object.keys(map ?? {}).sort()).toEqual(['cio_id', 'created_at', 'id', 'plan']);
    }
  });

  test('has no exports, and says so with null', async () => {
    expect((await opened().ask('/v1/exports')).json).toEqual({ exports: null });
  });

  test('sends one call at a time, and holds all up for an hour behind one that fails', async () => {
    const { simulator, clock } = opened({ reportingSecret: 'reporting' });
    const cioId = simulator.identify({ id: '42' });
    for (const subscribed of [true, false]) simulator.subscribe(cioId, subscribed);
    const statuses = [500, 200, 200];
    const metrics: string[] = [];
    const send = async ({ body }: { body: string }) => {
      metrics.push(JSON.parse(body).metric);
      return statuses.shift()!;
    };
    await simulator.deliver(send);
    clock.ms += 3_599_999;
    await simulator.deliver(send);
    expect(metrics).toEqual(['subscribed']);
    clock.ms += 1;
    await simulator.deliver(send);
    expect(metrics).toEqual(['subscribed', 'subscribed', 'unsubscribed']);
  });
});

describe('the simulated Track API', () => {
  const track = { siteId: 'site', apiKey: 'key', takesMs: 1_000 };

  function writing(options: Partial<CustomerIoOptions['track'] & object> = {}) {
    const { simulator, clock } = opened({ track: { ...track, ...options } });
    const write = async (batch: object[], user = 'site:key') => {
      const response = await simulator.app.request('/api/v2/batch', {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}` },
        body: JSON.stringify({ batch }),
      });
      return { status: response.status, json: await response.json() };
    };
    return { simulator, clock, write };
  }
  const update = (id: string, attributes: object) => ({
    type: 'person',
    action: 'identify',
    identifiers: { id },
    attributes,
  });

  test('makes people of strangers unless it is told not to, removes what is null, and is late', async () => {
    const { simulator, clock, write } = writing();
    const ann = simulator.identify({ id: 'ann', email: 'ann@example.com', tier: 'gold' });
    const answer = await write([
      update('ann', { tier: null, points: 5 }),
      update('bob', { points: 1 }),
      update('cid', { points: 1, _update: true }),
    ]);
    expect(answer).toEqual({ status: 200, json: {} });
    expect(simulator.attributes(ann)).toMatchObject({ tier: 'gold' });
    clock.ms += 1_000;
    expect(simulator.attributes(ann)).toMatchObject({ points: 5, email: 'ann@example.com' });
    expect(simulator.attributes(ann)).not.toHaveProperty('tier');
    expect(simulator.size).toBe(2);
  });

  test('renames whom an unknown ID with a known address means, and fails at a clash without a word', async () => {
    const { simulator, clock, write } = writing();
    const ann = simulator.identify({ id: 'ann', email: 'ann@example.com' });
    const bob = simulator.identify({ id: 'bob', email: 'bob@example.com' });
    expect((await write([update('bob', { email: 'ann@example.com', points: 1 })])).status).toBe(200);
    expect((await write([update('new', { email: 'ann@example.com' })])).status).toBe(200);
    clock.ms += 1_000;
    expect(simulator.attributes(bob)).not.toHaveProperty('points');
    expect(simulator.attributes(ann)).toMatchObject({ id: 'new' });
  });

  test('names what it does not take by place, refuses a batch of nothing else, and another key', async () => {
    const { write } = writing({ fault: ({ id }) => (id === 'bad' ? 'too long' : undefined) });
    const [good, bad] = [update('good', { a: 1 }), update('bad', { a: 1 })];
    expect(await write([good, bad])).toMatchObject({
      status: 207,
      json: { errors: [{ batch_index: 1, message: 'too long' }] },
    });
    expect((await write([bad])).status).toBe(400);
    expect((await write([update('good', { a: 'x'.repeat(32_000) })])).status).toBe(400);
    expect((await write([good], 'site:other')).status).toBe(401);
  });
});
