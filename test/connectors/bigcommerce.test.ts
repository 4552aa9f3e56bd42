// BigCommerce's connector against the simulated store: the kit, its two kinds of 429, its addresses, and what it pushes.
import { describe, expect, test } from 'vitest';
import type { Json } from '#connector';
import { bigcommerce } from '../../connectors/bigcommerce.ts';
import { type BigcommerceOptions, createBigcommerceSimulator } from '../../simulators/bigcommerce.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf } from '../support/webhook.ts';
import { Account, start } from './account.ts';
import { describeConnector, type OpenWorld } from './conformance.ts';

const accessToken = 'token-of-the-store';
const clientSecret = 'client-secret-00';
const base = { storeHash: 'abc123', accessToken };
const stream = bigcommerce.source!.streams[0]!;

const open = (options: Partial<BigcommerceOptions> = {}, settings: object = {}) =>
  new Account(bigcommerce, { ...base, ...settings }, { 'x-auth-token': accessToken }, (hooks) =>
    createBigcommerceSimulator({ accessToken, quota: false, ...hooks, ...options }),
  );

describeConnector('bigcommerce', {
  connector: bigcommerce,
  stream: 'customers',
  secrets: [accessToken],
  wrongSettings: [
    { settings: { storeHash: 'abc123' }, says: /accessToken/ },
    { settings: { ...base, storeHash: 'stores/abc123' }, says: /storeHash: must be the hash of a store/ },
    { settings: { ...base, webhookHeader: { name: 'two words', value: 'x' } }, says: /webhookHeader.name/ },
  ],
  changeWhileReading: 'found',
  async open(): Promise<OpenWorld> {
    const store = open();
    const { simulator } = store;
    simulator.seed(620);
    const json = (status: number) => () =>
      Response.json({ status, title: 'It was refused here', type: 'x', errors: {} }, { status });
    const ruins = [
      json(401),
      json(403),
      json(404),
      json(422),
      json(429),
      json(503),
      () => Response.json({ data: [] }),
      () => Response.json({ data: [], meta: { cursor_pagination: { per_page: 50, count: 0 } } }),
    ];
    return {
      settings: store.settings,
      context: () => store.context(),
      advance: (milliseconds) => {
        store.now += milliseconds;
      },
      ids: () => simulator.ids(),
      create: async () => String(simulator.create().id),
      change: async (id, value) => void simulator.change(Number(id), { first_name: value }),
      remove: async (id) => void simulator.remove(Number(id)),
      property: 'first_name',
      unknownId: '999999',
      ruin: async () => {
        store.fault = ruins.shift() ?? null;
        return store.fault !== null;
      },
    };
  },
});

describe('a customer', () => {
  test('has the address with the lowest ID, and attributes and form fields by name', async () => {
    const store = open();
    const { simulator } = store;
    simulator.create();
    simulator.create({ customer_group_id: 3 });
    simulator.setAddress(9, 1, { city: 'Ulm' });
    simulator.setAddress(4, 1, { city: 'Bonn' });
    simulator.attributes.push({ attribute_id: 12, attribute_value: 'gold', customer_id: 1 });
    simulator.formFields.push({ name: 'Birthday', value: '1990-03-14', customer_id: 1 });
    const bodies = new Map((await store.toRest()).map(({ recordId, body }) => [recordId, body]));
    expect(bodies.get('1')).toMatchObject({
      customer_group_id: null,
      address: { id: 4, city: 'Bonn' },
      attribute_values: { 12: 'gold' },
      form_field_values: { Birthday: '1990-03-14' },
    });
    expect(bodies.get('2')).toMatchObject({ customer_group_id: 3, address: null, attribute_values: {} });
  });

  test('who comes, or goes, while pages are read from the newest down makes none of the others disappear', async () => {
    const store = open();
    store.simulator.seed(700);
    const seen = await store.toRest(() => {
      store.now += 1_000;
      store.simulator.create();
      store.simulator.remove(Number(store.simulator.ids().at(-2)));
    });
    const again = await store.toRest();
    const known = new Set([...seen, ...again].map(({ recordId }) => recordId));
    for (const id of store.simulator.ids()) expect(known).toContain(id);
  });

  test('is counted for forecasts: all of them, or those that changed, with the overlap', async () => {
    const store = open({}, { filterOverlapHours: 1 });
    store.simulator.seed(30);
    const count = (cursor: Json | null) =>
      stream.count!(store.context(), { cursor, until: store.now, properties: [] });
    expect(await count(null)).toBe(30);
    store.now += 7_200_000;
    store.simulator.change(2, { company: 'New' });
    expect(await count({ phase: 'changes', from: store.now - 1_000, given: [] })).toBe(1);
  });

  test.each([
    ['eight hours behind', { filterZoneHours: -8 }],
    ['eleven hours ahead', { filterZoneHours: 11 }],
    ['UTC, with an exclusive bound', { minIsInclusive: false }],
  ])('who changed is found where the filter reads its time as %s', async (_zone, options) => {
    const store = open(options);
    store.simulator.seed(3);
    await store.toRest();
    store.now += 3_600_000;
    await store.toRest();
    store.simulator.change(2, { company: 'New' });
    expect((await store.toRest()).map(({ recordId }) => recordId)).toEqual(['2']);
    expect(await store.toRest()).toEqual([]);
  });

  test('on a full page without a cursor, or with the one before, or on a shorter page, ends no reading', async () => {
    const store = open();
    store.simulator.seed(600);
    const first = await store.page();
    const { page: end_cursor } = first.cursor as { page: string };
    const data = Array.from({ length: 250 }, () => store.simulator.customers.get(1)!);
    for (const body of [
      { data, meta: { cursor_pagination: { count: 250, per_page: 250 } } },
      { data, meta: { cursor_pagination: { count: 250, per_page: 250, end_cursor } } },
      { data: data.slice(0, 50), meta: { cursor_pagination: { count: 50, per_page: 50, end_cursor } } },
    ]) {
      store.fault = () => Response.json(body);
      expect(await store.refusal()).toMatchObject({ name: 'TransientError', foreign: true });
    }
  });

  test('without an ID or a time is set aside', async () => {
    const store = open();
    const data: Json[] = [{ id: 0 }, null, { date_modified: '2026-01-01T00:00:00Z' }];
    store.fault = () => Response.json({ data, meta: { cursor_pagination: { per_page: 250 } } });
    const page = await store.page();
    expect([page.records.length, page.rejected?.length]).toEqual([0, 3]);
  });
});

describe('a customer read by ID', () => {
  test('is gone where a whole answer about these IDs does not hold them', async () => {
    const store = open();
    store.simulator.seed(3);
    store.simulator.remove(2);
    const { records, missing } = await store.read('1', '2', '3');
    expect(records.map(({ recordId }) => recordId).sort()).toEqual(['1', '3']);
    expect(missing).toEqual(['2']);
    expect(await store.read('x')).toEqual({ records: [], missing: ['x'] });
  });

  test('is not believed gone where the answer is to another question, or not whole', async () => {
    const store = open();
    store.simulator.seed(3);
    const [one] = [store.simulator.customers.get(1)!];
    for (const body of [
      // As where the list of IDs was lost on the way: everybody.
      { data: [...store.simulator.customers.values()], meta: { pagination: { total: 3, per_page: 1 } } },
      { data: [], meta: { pagination: { total: 1, per_page: 1 } } },
      { data: [], meta: {} },
      { data: [one], meta: { pagination: { total: 1, per_page: 1 } } },
    ]) {
      store.fault = () => Response.json(body);
      await expect(store.read('2')).rejects.toMatchObject({ foreign: true });
    }
  });
});

describe('a refusal for too many calls', () => {
  test('waits as long as the window says, and where it says nothing is about no quota', async () => {
    const store = open({ quota: 2 });
    store.simulator.others(1);
    await store.page();
    store.now += 3_500;
    expect(await store.refusal()).toMatchObject({ quota: 'window', retryAfterMs: 26_500 });
    store.simulator.state.isOverloaded = true;
    expect(await store.refusal()).toMatchObject({ quota: undefined, retryAfterMs: 10_000 });
  });

  test('is foreseen by the headers, which count the calls of other apps', () => {
    const { settings } = open();
    const headers = {
      'x-rate-limit-requests-quota': '150',
      'x-rate-limit-requests-left': '0',
      'x-rate-limit-time-window-ms': '30000',
      'x-rate-limit-time-reset-ms': '6411',
    };
    const { readQuotas } = bigcommerce.api!(settings);
    const reading = { status: 200, headers, json: {} };
    expect(readQuotas!(reading, { path: '/' }, start)).toEqual([
      { quota: 'window', limit: 150, remaining: 0, exhaustedUntil: start + 6_411 },
    ]);
    expect(readQuotas!({ ...reading, headers: {} }, { path: '/' }, start)).toEqual([]);
  });
});

describe('the check', () => {
  test('tells of a webhook that was deactivated', async () => {
    const store = open({}, { clientSecret });
    const allowed = async () => (await store.check()).map(({ what, allowed }) => [what, allowed]);
    expect(await allowed()).toEqual([
      ['list customers', true],
      ['receive webhooks', true],
    ]);
    store.simulator.push.isActive = false;
    expect((await allowed()).at(-1)).toEqual(['receive webhooks', false]);
  });
});

describe('a webhook', () => {
  const { push } = open().simulator;
  const hear = (
    request: { headers: { [name: string]: string }; body: string },
    more: object = { clientSecret },
  ) => heard(bigcommerce, { ...base, ...more }, requestOf(request), start);
  const touch = { kind: 'touch', stream: 'customers', recordId: '32', changedAt: start };

  test('is known by its signature, as computed independently: the key is the secret as it stands', () => {
    const request = {
      headers: {
        'webhook-id': 'msg_1',
        'webhook-timestamp': '1700000000',
        'webhook-signature': 'v1,SklZlZhXjqrCOaDyP4yKRZDpi6paX0QBgRyVfHADXBo=',
      },
      body: '{"scope":"store/customer/updated","store_id":"1001","data":{"type":"customer","id":32},"hash":"h","created_at":1700000000,"producer":"stores/abc"}',
    };
    const settings = { clientSecret: ['old', 'test-secret-0123456789'], storeHash: 'abc' };
    expect(hear(request, settings)).toMatchObject({ verdict: { authentic: true }, changes: [touch] });
    const later = { ...request, headers: { ...request.headers, 'webhook-timestamp': '1700000001' } };
    expect(hear(later, settings).verdict.authentic).toBe(false);
  });

  test('is known by the header that it was created with, where it has no signature', () => {
    const webhookHeader = { name: 'X-Tributary', value: 'a-secret-of-our-own' };
    const { headers, body } = push.customer('updated', 32, start);
    const { 'webhook-signature': _, ...unsigned } = headers;
    const own = { ...unsigned, 'X-Tributary': 'a-secret-of-our-own' };
    expect(hear({ headers: own, body }, { webhookHeader }).verdict.authentic).toBe(true);
    expect(hear({ headers: unsigned, body }, { webhookHeader }).verdict.authentic).toBe(false);
    expect(hear({ headers: own, body }).verdict.authentic).toBe(false);
  });

  test('touches the customer, whose address, access or data it is about, and tells of a deletion', () => {
    expect(hear(push.customer('updated', 32, start)).changes).toEqual([touch]);
    expect(hear(push.customer('deleted', 32, start)).changes).toEqual([{ ...touch, gone: 'deleted' }]);
    // 60 is the address.
    expect(hear(push.address('deleted', 60, 32, start)).changes).toEqual([touch]);
    expect(hear(push.channelAccess(32, start)).changes).toEqual([touch]);
    const nobody = push.event('store/customer/address/updated', { type: 'customer', id: 60 }, start);
    expect(() => hear(nobody)).toThrow(/names no customer/);
  });

  test('two with one hash are two', () => {
    const requests = [push.customer('updated', 32, start), push.customer('updated', 32, start)];
    for (const request of requests) expect(hear(request).keys).toEqual([null]);
  });

  test('of the store is known in either letter case', () => {
    const of = { clientSecret, storeHash: base.storeHash.toUpperCase() };
    expect(hear(push.customer('updated', 32, start), of).changes).toMatchObject([{ kind: 'touch' }]);
  });

  test('of another store, of an order or of a sample changes nothing', () => {
    const ignored = [{ kind: 'ignored' }];
    expect(
      hear(push.customer('updated', 32, start), { clientSecret, storeHash: 'other' }).changes,
    ).toMatchObject(ignored);
    expect(hear(push.event('store/order/created', { type: 'order', id: 1 }, start)).changes).toMatchObject(
      ignored,
    );
    expect(hear(push.customer('updated', 0, start)).changes).toMatchObject(ignored);
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('customers come, lose values, move, and go, beside an app that uses up most of the window', async () => {
    const clock = new FastClock();
    const simulator = createBigcommerceSimulator({ now: () => clock.now(), accessToken, quota: 20 });
    simulator.seed(6);
    simulator.change(1, { phone: '+1 512 555 0100' });
    simulator.setAddress(7, 1, { city: 'Austin', country_code: 'US' });
    const world = await openVendor(clock, simulator.app, {
      connector: 'bigcommerce',
      ...base,
      clientSecret,
      quota: { requests: 20, seconds: 30 },
    });
    await world.sync();
    expect(world.customers()['1']).toMatchObject({ name: 'Person 1', address: { city: 'Austin' } });
    const { push } = simulator;
    clock.skip(60_000);
    // "" clears.
    simulator.change(1, { phone: '' });
    await world.push(push.customer('updated', 1, clock.now()));
    expect(world.customers()['1']?.phone ?? null).toBeNull();
    clock.skip(60_000);
    // The customer's own time stays.
    simulator.setAddress(7, 1, { city: 'Dallas', country_code: 'US' });
    simulator.others(18);
    await world.push(push.address('updated', 7, 1, clock.now()));
    expect(world.customers()['1']).toMatchObject({ address: { city: 'Dallas' } });
    simulator.setAddress(7, 1, { city: 'Waco', country_code: 'US' });
    clock.skip(60_000);
    await world.sync('full');
    expect(world.customers()['1']).toMatchObject({ address: { city: 'Waco' } });
    simulator.remove(6);
    await world.push(push.customer('deleted', 6, clock.now()));
    expect(await world.standing()).not.toContain('6');
    expect(await world.deadLetters()).toBe(0);
    expect(simulator.state.refused).toBeLessThanOrEqual(1);
  });
});
