// Emarsys' connector against the simulated account: the kit, lists that move, errors inside successes, and fields by number.
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { emarsys } from '../../connectors/emarsys.ts';
import { createEmarsysSimulator, customerIdField, type EmarsysOptions } from '../../simulators/emarsys.ts';
import { createOAuthSimulator } from '../../simulators/oauth.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { Account, ids } from './account.ts';
import { describeConnector } from './conformance.ts';

const clientSecret = 'secret-of-the-credentials';
const accessToken = 'token-of-the-credentials';
const base = { clientId: 'credentials', clientSecret };

function open(options: Partial<EmarsysOptions> = {}, settings: object = {}) {
  return new Account(emarsys, { ...base, ...settings }, { authorization: `Bearer ${accessToken}` }, (hooks) =>
    createEmarsysSimulator({ isLive: (token) => token === accessToken, ...hooks, ...options }),
  );
}

describeConnector('emarsys', {
  connector: emarsys,
  stream: 'contacts',
  secrets: [clientSecret, accessToken],
  wrongSettings: [
    { settings: { clientId: 'credentials' }, says: /clientSecret/ },
    { settings: { ...base, listField: 'email' }, says: /listField: must be digits/ },
  ],
  changeWhileReading: 'found',
  rereads: true,
  async open() {
    const account = open();
    const { simulator } = account;
    simulator.seed(1_130);
    const json =
      (status: number, replyCode = 1) =>
      () =>
        Response.json({ replyCode, replyText: 'It was refused here', data: '' }, { status });
    const ruins = [
      json(401),
      json(403),
      json(404),
      json(400),
      json(429),
      json(503),
      json(200),
      json(200, 0),
      () => new Response('<html>Log in</html>', { headers: { 'content-type': 'text/html' } }),
    ];
    return account.world(ruins, {
      ids: () => simulator.ids(),
      create: async () => simulator.create(),
      change: async (id, value) => void simulator.change(id, { '1': value }),
      remove: async (id) => void simulator.remove(id),
      property: '1',
      unknownId: '999',
    });
  },
});

describe('a contact', () => {
  test('has its fields by number, those that the mapping uses included, and the mobile number first', async () => {
    const account = open();
    account.simulator.create({ '15': '030 1', '37': '0170 2', '4': '0000-00-00', '77777': ['3', '7'] });
    account.simulator.create({ '15': '030 1', '4': '1988-02-29' });
    const { records } = await account.stream.pull!(account.context(), {
      cursor: null,
      until: account.now,
      properties: [customerIdField, '77777'],
    });
    const [two, one] = records.map(({ body }) => body);
    expect(one).toMatchObject({ phone: '0170 2', '4': null, '77777': ['3', '7'] });
    expect(two).toMatchObject({ phone: '030 1', '4': '1988-02-29', '77777': null });
    expect(one![customerIdField]).toBe(`shop-${one!['id']}`);
  });

  test('is read though others are deleted and created while everything is paged', async () => {
    const account = open();
    const { simulator } = account;
    simulator.seed(3_500);
    const seen = await account.toRest(() => {
      for (const id of simulator.ids().slice(0, 90)) simulator.remove(id);
      simulator.create();
    });
    const known = new Set(ids(seen));
    expect(simulator.ids().filter((id) => !known.has(id))).toEqual([]);
  });

  test('who goes between the list and the reading by ID is left out, and one of whom nothing is said ends the page', async () => {
    const account = open();
    const [one, two] = [account.simulator.create(), account.simulator.create()];
    const inBetween = (act: () => Response | undefined) => (path: string) =>
      path.endsWith('getdata') ? act() : undefined;
    account.fault = inBetween(() => {
      account.simulator.remove(one);
      return undefined;
    });
    expect(ids(await account.toRest())).toEqual([two]);
    account.cursor = null;
    account.fault = inBetween(() => Response.json({ replyCode: 0, data: { errors: [], result: false } }));
    expect(await account.refusal()).toMatchObject({ name: 'TransientError', foreign: true });
  });

  test('without a value in the listed field is left out only if that is wanted', async () => {
    for (const [excludeEmpty, count] of [
      [false, 2],
      [true, 1],
    ] as const) {
      const account = open({}, { excludeEmpty });
      account.simulator.create({ '3': null });
      account.simulator.create();
      expect(await account.toRest()).toHaveLength(count);
    }
  });

  test('is deleted if Emarsys says that it finds none, among others or alone', async () => {
    const account = open();
    const id = account.simulator.create();
    const { records, missing } = await account.read(id, '7', 'shop-1');
    expect([ids(records), new Set(missing)]).toEqual([[id], new Set(['7', 'shop-1'])]);
    expect(await account.read('7')).toEqual({ records: [], missing: ['7'] });
  });
});

describe('a refusal', () => {
  test('inside a success is told in the words of Emarsys', async () => {
    const account = open();
    account.fault = () => Response.json({ replyCode: 2004, replyText: 'Invalid field: 3', data: '' });
    expect(await account.refusal()).toMatchObject({
      name: 'RejectedError',
      code: 'emarsys_2004',
      message: 'Emarsys answered with the reply code 2004: Invalid field: 3',
    });
  });

  test('for too many calls is plain text, and waits until the quota begins again', async () => {
    const account = open({ perMinute: 2 });
    account.simulator.seed(1);
    await account.page();
    expect(await account.refusal()).toMatchObject({ status: 429, retryAfterMs: 60_000 });
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('contacts come, change, and go, with tokens that end, within the calls of a minute', async () => {
    const clock = new FastClock();
    const now = () => clock.now();
    const oauth = createOAuthSimulator({
      path: '/oauth2/token',
      clientId: base.clientId,
      clientSecret,
      clientCredentials: true,
      seconds: 3_600,
      now,
    });
    const simulator = createEmarsysSimulator({ now, isLive: oauth.isLive, perMinute: 20 });
    simulator.seed(4);
    const [one, two] = simulator.ids() as [string, string];
    const app = new Hono().route('/', oauth.app).route('/', simulator.app);
    const world = await openVendor(clock, app, {
      connector: 'emarsys',
      ...base,
      sourceId: customerIdField,
      quota: { requests: 20, seconds: 60 },
    });
    await world.sync();
    expect(world.customers()[`shop-${one}`]).toMatchObject({
      name: `Person ${one}`,
      email: `p${one}@example.com`,
    });
    clock.skip(7_200_000);
    simulator.change(one, { '1': 'Anna', '4': '1988-02-29' });
    simulator.remove(two);
    await world.sync('full');
    expect(world.customers()[`shop-${one}`]).toMatchObject({ name: `Anna ${one}`, birthdate: '1988-02-29' });
    expect(await world.standing()).toEqual(simulator.ids());
    expect(await world.deadLetters()).toBe(0);
    expect(simulator.state.refused).toBe(0);
    expect(oauth.state.issued).toBe(2);
  });
});
