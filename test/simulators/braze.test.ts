// The simulated Braze answers and pushes as its documentation says.
import { describe, expect, test } from 'vitest';
import { BrazeSimulator } from '../../simulators/braze.ts';

const now = Date.parse('2026-11-02T08:00:00.000Z');

function simulate(options: ConstructorParameters<typeof BrazeSimulator>[0] = {}) {
  const simulator = new BrazeSimulator({ now: () => now, apiKey: 'key', ...options });
  const ask = async (body: unknown, key = 'key') => {
    const response = await simulator.app.request('/users/export/ids', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, json: await response.json() };
  };
  return { simulator, ask };
}

describe('the simulated Braze', () => {
  test('exports what was asked for, leaves out what is empty, and names the IDs it does not have', async () => {
    const { simulator, ask } = simulate();
    simulator.create('c1', { first_name: 'Ada', email: '', total_revenue: 12.5 });
    const { status, json } = await ask({
      external_ids: ['c1', 'c2'],
      fields_to_export: ['external_id', 'first_name', 'email', 'custom_attributes'],
    });
    expect(status).toBe(201);
    expect(json).toEqual({
      message: 'success',
      users: [{ external_id: 'c1', first_name: 'Ada' }],
      invalid_user_ids: ['c2'],
    });
  });

  test('refuses another key, no fields, a field that is none, and more than fifty IDs', async () => {
    const { ask } = simulate();
    const fields = { fields_to_export: ['email'] };
    expect((await ask({ external_ids: ['c1'], ...fields }, 'other')).status).toBe(401);
    expect((await ask({ external_ids: ['c1'] })).status).toBe(400);
    expect((await ask({ external_ids: ['c1'], fields_to_export: ['tier'] })).status).toBe(400);
    expect((await ask({ external_ids: Array(51).fill('c1'), ...fields })).status).toBe(400);
  });

  test('counts requests, and says when there is room again', async () => {
    const { ask } = simulate({ requestsPerMinute: 1 });
    const body = { external_ids: ['c1'], fields_to_export: ['email'] };
    expect((await ask(body)).headers.get('x-ratelimit-remaining')).toBe('0');
    const { status, headers } = await ask(body);
    expect([status, headers.get('x-ratelimit-reset')]).toEqual([429, String(now / 1000 + 60)]);
  });

  test('shows what was written half a minute later, names who is not there yet, and reads dob as a time', async () => {
    let time = now;
    const { simulator, ask } = simulate({ now: () => time, visibleAfterMs: 31_000 });
    const body = { external_ids: ['c1'], fields_to_export: ['external_id', 'dob', 'braze_id'] };
    const first = simulator.create('c1', { dob: '1980-12-21' });
    expect((await ask(body)).json).toEqual({ message: 'success', users: [], invalid_user_ids: ['c1'] });
    time += 31_000;
    const shown = { external_id: 'c1', dob: '1980-12-21T00:00:00.000Z', braze_id: first };
    expect((await ask(body)).json).toEqual({ message: 'success', users: [shown] });
    const second = simulator.remake(first);
    expect(second).not.toBe(first);
    expect((await ask(body)).json).toMatchObject({ users: [], invalid_user_ids: ['c1'] });
  });

  test('fills in Liquid, with or without escaping, and knows no other tags', () => {
    const { simulator } = simulate();
    const ada = simulator.create('c1', { first_name: 'Ada "the first"' });
    const text = (body: string, escapes: boolean) =>
      Buffer.from(simulator.webhook(ada, body, {}, { escapes }).body).toString();
    const body = `{{\${first_name} | json_escape}} {{\${last_name}}} {{'now' | date: '%s'}}`;
    expect(text(body, true)).toBe(`Ada \\"the first\\"  ${now / 1000}`);
    expect(text(body, false)).toBe(`Ada "the first"  ${now / 1000}`);
    expect(() => text(`{{\${nothing}}}`, true)).toThrow('no tag of Braze');
  });
});

describe('what the simulated Braze is sent', () => {
  const write = async (simulator: BrazeSimulator, attributes: object[]) => {
    const response = await simulator.app.request('/users/track', {
      method: 'POST',
      headers: { authorization: 'Bearer key' },
      body: JSON.stringify({ attributes }),
    });
    return { status: response.status, json: await response.json() };
  };

  test('makes users of strangers unless it is told not to, and removes what is null', async () => {
    const { simulator } = simulate();
    const brazeId = simulator.create('c1', { custom_attributes: { tier: 'gold', points: 1 } });
    const { status, json } = await write(simulator, [
      { external_id: 'c1', tier: null, points: 2 },
      { external_id: 'c2', points: 3 },
      { external_id: 'c3', points: 4, _update_existing_only: true },
    ]);
    expect({ status, json }).toEqual({ status: 201, json: { attributes_processed: 3, message: 'success' } });
    expect(simulator.user(brazeId).custom_attributes).toEqual({ points: 2 });
    expect(simulator.size).toBe(2);
  });

  test('is taken but for the faulty, refused where all are faulty, and where there are more than 75', async () => {
    const { simulator } = simulate();
    const { status, json } = await write(simulator, [{ points: 1 }, { external_id: 'c1' }]);
    expect(status).toBe(201);
    expect(json).toMatchObject({
      attributes_processed: 1,
      errors: [{ input_array: 'attributes', index: 0 }],
    });
    expect((await write(simulator, [{ points: 1 }])).status).toBe(400);
    expect((await write(simulator, Array(76).fill({ external_id: 'c1' }))).status).toBe(400);
  });
});
