// The simulated Customer.io workspace does what the reference says of the real one.
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type CustomerIoOptions, CustomerIoSimulator } from './customerio.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');

function opened(options: CustomerIoOptions = {}) {
  const simulator = new CustomerIoSimulator({ now: () => start, appKey: 'app-key', ...options });
  const ask = async (path: string, body?: object, key = 'app-key') => {
    const response = await simulator.app.request(path, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${key}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: await response.json() };
  };
  return { simulator, ask };
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

  test('leaves out of a batch whom it does not know, and refuses more than a hundred', async () => {
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
});
