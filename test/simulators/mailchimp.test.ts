// The simulated Mailchimp account does what the reference says of the real one.

import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { MailchimpOptions } from '../../simulators/mailchimp/options.ts';
import { MailchimpSimulator } from '../../simulators/mailchimp.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');

function opened(options: MailchimpOptions = {}) {
  const simulator = new MailchimpSimulator({ now: () => start, apiKey: 'key-us19', ...options });
  const get = async (path: string, key = 'key-us19') => {
    const response = await simulator.app.request(path, {
      headers: { authorization: `Basic ${Buffer.from(`any:${key}`).toString('base64')}` },
    });
    const json = (await response.json()) as { total_items?: number; members?: object[]; title?: string };
    return { status: response.status, json };
  };
  return { simulator, get };
}

describe('the simulated audience', () => {
  test('gives ten members unless asked for more, and refuses more than a thousand', async () => {
    const { simulator, get } = opened();
    simulator.seed(30);
    const path = '/3.0/lists/a1b2c3d4e5/members';
    expect((await get(path)).json).toMatchObject({ total_items: 30, members: { length: 10 } });
    expect((await get(`${path}?count=1000`)).json.members).toHaveLength(30);
    expect(await get(`${path}?count=1001`)).toMatchObject({
      status: 400,
      json: { title: 'Invalid Resource' },
    });
  });

  test('takes no notice of a time without its offset', async () => {
    const { simulator, get } = opened();
    simulator.seed(3);
    const path = '/3.0/lists/a1b2c3d4e5/members?since_last_changed=2026-11-02T08:00:00';
    expect((await get(path)).json.total_items).toBe(3);
    // A plus sign that is not encoded is a blank.
    expect((await get(`${path}+00:00`)).json.total_items).toBe(3);
    expect((await get(`${path}%2B00:00`)).json.total_items).toBe(0);
  });

  test('finds a member by contact ID, by hash and by address, and not once deleted for good', async () => {
    const { simulator, get } = opened();
    const id = simulator.create({ email: 'Ann@Example.com', FNAME: 'Ann' });
    const hash = createHash('md5').update('ann@example.com').digest('hex');
    for (const asked of [id, hash, 'ann@example.com']) {
      const { json } = await get(`/3.0/lists/a1b2c3d4e5/members/${asked}?fields=contact_id,id`);
      expect(json).toEqual({ contact_id: id, id: hash });
    }
    simulator.deletePermanently(id);
    expect(await get(`/3.0/lists/a1b2c3d4e5/members/${id}`)).toMatchObject({ status: 404 });
  });

  test('refuses another key, another audience and an eleventh connection', async () => {
    const { simulator, get } = opened();
    simulator.seed(1);
    expect((await get('/3.0/lists/a1b2c3d4e5', 'other')).status).toBe(401);
    expect((await get('/3.0/lists/f0f0f0f0f0')).json).toMatchObject({ title: 'Resource Not Found' });
    const many = await Promise.all(Array.from({ length: 12 }, () => get('/3.0/lists/a1b2c3d4e5')));
    expect(many.some(({ status }) => status === 429)).toBe(true);
  });

  test('nests an address in its form, or sends an empty text, and shows what it has not as an empty text', async () => {
    const { simulator, get } = opened();
    const id = simulator.create({ email: 'ann@example.com', ADDRESS: { addr1: 'Street 1', city: 'Lund' } });
    simulator.update(id, { ADDRESS: '' });
    const [nested, empty] = simulator.sent().map(({ body }) => new URLSearchParams(body));
    expect(nested!.get('data[merges][ADDRESS][addr1]')).toBe('Street 1');
    expect(nested!.has('data[merges][ADDRESS]')).toBe(false);
    expect(empty!.get('data[merges][ADDRESS]')).toBe('');
    const { json } = await get(`/3.0/lists/a1b2c3d4e5/members/${id}`);
    expect(json).toMatchObject({ sms_phone_number: '', ip_opt: '', merge_fields: { ADDRESS: '' } });
  });

  test('sends each event as a form with brackets, signed over the time and the body', () => {
    const { simulator } = opened({ signingSecret: 'hook-secret' });
    simulator.create({ email: 'Ann@Example.com', FNAME: 'Ann' });
    const [sent] = simulator.sent();
    const form = new URLSearchParams(sent!.body);
    expect(form.get('type')).toBe('subscribe');
    expect(form.get('fired_at')).toBe('2026-11-02 08:00:00');
    expect(form.get('data[list_id]')).toBe('a1b2c3d4e5');
    expect(form.get('data[merges][FNAME]')).toBe('Ann');
    const code = createHmac('sha256', 'hook-secret')
      .update(`${start / 1000}.${sent!.body}`)
      .digest('hex');
    expect(sent!.headers['X-Mailchimp-Signature']).toBe(`t=${start / 1000},v1=${code}`);
    expect(simulator.sent()).toEqual([]);
  });
});

describe('a write to the simulated audience', () => {
  test('changes the merge fields that are sent, ignores unknown tags, and validates unless it is told not to', async () => {
    const { simulator } = opened();
    simulator.define({ tag: 'POINTS', type: 'number' });
    simulator.define({ tag: 'SHOP', type: 'text', required: true });
    const id = simulator.create({ email: 'ann@example.com', FNAME: 'Ann' });
    simulator.sent();
    const patch = async (member: string, merge_fields: object, query = '') => {
      const response = await simulator.app.request(`/3.0/lists/a1b2c3d4e5/members/${member}${query}`, {
        method: 'PATCH',
        headers: { authorization: `Basic ${Buffer.from('any:key-us19').toString('base64')}` },
        body: JSON.stringify({ merge_fields }),
      });
      return { status: response.status, json: await response.json() };
    };
    expect((await patch(id, { POINTS: '5' })).json).toMatchObject({
      title: 'Invalid Resource',
      errors: [{ field: 'SHOP' }],
    });
    const { status, json } = await patch(id, { POINTS: '5', NONE: 1 }, '?skip_merge_validation=true');
    expect(status).toBe(200);
    expect(json).toMatchObject({ contact_id: id, merge_fields: { POINTS: 5, FNAME: 'Ann' } });
    expect(json).not.toHaveProperty('merge_fields.NONE');
    expect((await patch('ffff', { POINTS: '5' })).status).toBe(404);
    expect(simulator.ids()).toEqual([id]);
    expect(simulator.sent()).toEqual([]);
  });
});
