// What Voucherify's own webhooks say, as the simulated project sends them.
import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import type { DestinationChange } from '#connector';
import { voucherify } from '../../connectors/voucherify/index.ts';
import { signWebhook, type WebhookEnvelope } from '../../simulators/voucherify/webhooks.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { Authenticator } from '../../src/engine/webhook/authenticity.ts';
import { decode } from '../../src/engine/webhook/decoding.ts';
import { requestOf } from '../support/webhook.ts';

const secret = 'a-webhook-secret';
const [appId, appToken] = ['our-app', 'our-token'];
const now = Date.UTC(2026, 10, 25);

const webhook = voucherify.destination!.webhook!(
  voucherify.settings.parse({ appId, appToken, webhookSecret: secret }),
);

function heard(envelope: unknown, { compact = true, key = secret } = {}) {
  const body = JSON.stringify(envelope, null, compact ? undefined : 2);
  const headers = { 'X-Voucherify-Signature': signWebhook(body, key) };
  const url = 'https://sync.example.com/webhooks/destination';
  const request = requestOf({ method: 'POST', url, headers, body });
  const verdict = new Authenticator(webhook).judge(request, now);
  const items = verdict.authentic ? decode(webhook.decoding, request.body) : [];
  const received = { method: 'POST', headers: {}, query: {}, receivedAt: now };
  return {
    verdict,
    keys: items.map((item) => webhook.key!(item)),
    changes: items.flatMap((item) => webhook.changes(item, received) as DestinationChange[]),
  };
}

/** The envelopes that these calls cause at the simulated project. */
async function sent(calls: (call: typeof fetch) => Promise<unknown>): Promise<WebhookEnvelope[]> {
  const envelopes: WebhookEnvelope[] = [];
  const simulator = createVoucherifySimulator({
    now: () => now,
    appId,
    appToken,
    webhooks: (envelope) => void envelopes.push(envelope),
  });
  await calls(((path: string, init: RequestInit) =>
    simulator.app.request(path, {
      ...init,
      headers: { 'X-App-Id': appId, 'X-App-Token': appToken, 'content-type': 'application/json' },
    })) as typeof fetch);
  return envelopes;
}

test('a signature over the compact JSON is accepted, however the body is laid out', () => {
  const envelope = { id: 'whs_1', type: 'order.paid' };
  expect(heard(envelope).verdict).toEqual({ authentic: true });
  expect(heard(envelope, { compact: false }).verdict).toEqual({ authentic: true });
  expect(heard(envelope, { key: 'another' }).verdict.authentic).toBe(false);
});

test('a signature over the text itself is accepted too', () => {
  const body = '{ "id": "whs_1",  "type": "order.paid" }';
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const request = requestOf({
    url: 'https://sync.example.com/webhooks/destination',
    headers: { 'x-voucherify-signature': signature },
    body,
  });
  expect(new Authenticator(webhook).judge(request, now)).toEqual({ authentic: true });
});

test('without a secret nobody is accepted, and the reason says what to set', () => {
  const bare = voucherify.destination!.webhook!(voucherify.settings.parse({ appId, appToken }));
  const verdict = new Authenticator(bare).judge(requestOf({ url: 'https://x/', body: '{}' }), now);
  expect(verdict).toEqual({ authentic: false, reason: expect.stringContaining('destination.webhookSecret') });
});

test('changes by our own key are distinguished from those of others', async () => {
  const [created, updated, deleted] = await sent(async (call) => {
    await call('/v1/customers', { method: 'POST', body: '{"source_id":"ann","name":"Ann"}' });
    await call('/v1/customers', { method: 'POST', body: '{"source_id":"ann","name":"Anna"}' });
    await call('/v1/customers/ann', { method: 'DELETE' });
  });
  expect(heard(created).changes).toMatchObject([
    { kind: 'customer', ours: true, customer: { sourceId: 'ann', fields: { name: 'Ann' } } },
    { kind: 'facts', ours: true, customer: 'ann', reading: { groups: { loyalty: { points: 0 } } } },
  ]);
  expect(heard(updated).changes).toMatchObject([
    { ours: true, customer: { fields: { name: 'Anna' } } },
    { kind: 'facts', ours: true },
  ]);
  expect(heard(deleted).changes).toMatchObject([
    { kind: 'customer', deleted: true, customer: { sourceId: 'ann' }, changedAt: now },
  ]);
  const foreign = structuredClone(updated!);
  foreign.event.event_source = { channel: 'USER_PORTAL', user: { id: 'user_1' } };
  expect(heard(foreign).changes).toMatchObject([
    { kind: 'customer', ours: false },
    { kind: 'facts', ours: false },
  ]);
});

test('an event about points, vouchers or segments names its customer, wherever it does', () => {
  const event = { id: 'evred_1', created_at: '2026-11-25T10:00:00.000Z' };
  const named = (type: string, data: object) => heard({ id: 'whs_1', type, event, data }).changes;
  const changedAt = Date.UTC(2026, 10, 25, 10);
  const customer = { id: 'cust_1', source_id: 'ann', object: 'customer' };
  for (const [type, data] of [
    ['customer.rewarded.loyalty_points', { customer, balance: { points: 5 } }],
    ['voucher.published', { holder: customer, voucher: { code: 'A' } }],
    ['redemption.succeeded', { redemption: { customer_id: 'cust_1' } }],
    ['voucher.updated', { voucher: { holder_id: 'cust_1' } }],
  ] as const)
    expect(named(type, data), type).toEqual([{ kind: 'facts', customer: 'cust_1', changedAt, ours: false }]);
  // Our own key is no reason to leave it: a delivery can have it enter a segment, and a shop may redeem with that key.
  const event_source = { channel: 'API', api_key: { name: 'Ours', app_id: appId } };
  expect(
    heard({
      id: 'whs_1',
      type: 'customer.segment.entered',
      event: { ...event, event_source },
      data: { customer },
    }).changes,
  ).toEqual([{ kind: 'facts', customer: 'cust_1', changedAt, ours: false }]);
  const holder = { id: 'cust_2' };
  expect(named('customer.rewarded', { customer, holder, voucher: { holder_id: 'cust_2' } })).toMatchObject([
    { customer: 'cust_1' },
    { customer: 'cust_2' },
  ]);
  expect(named('campaign.created', { campaign: { id: 'camp_1' } })).toMatchObject([{ kind: 'ignored' }]);
});

test('a repeat has the same key, another event another one', async () => {
  const [created, updated] = await sent(async (call) => {
    await call('/v1/customers', { method: 'POST', body: '{"source_id":"ann","name":"Ann"}' });
    await call('/v1/customers', { method: 'POST', body: '{"source_id":"ann","name":"Anna"}' });
  });
  expect(heard(created).keys).toEqual(heard({ ...created, id: 'whs_again' }).keys);
  expect(heard(created).keys).not.toEqual(heard(updated).keys);
});

test("events about customers that are not ours are left out, and events that are not Voucherify's are refused with an explanation", () => {
  expect(heard({ id: 'whs_1', type: 'voucher.created' }).changes).toMatchObject([{ kind: 'ignored' }]);
  expect(
    heard({ id: 'whs_1', type: 'customer.created', data: { customer: { id: 'cust_1' } } }).changes,
  ).toMatchObject([{ kind: 'ignored' }]);
  expect(() => heard({ hello: 'there' })).toThrow(/has no type/);
  expect(() => heard({ id: 'whs_1', type: 'customer.created' })).toThrow(/contains no customer/);
});
