// The connector of Salesforce Marketing Cloud against a simulated data extension: the kit, text for everything, and results that expire.
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { sfmc } from '../../connectors/sfmc.ts';
import { createOAuthSimulator } from '../../simulators/oauth.ts';
import { createSfmcSimulator, dataExtension, type SfmcOptions } from '../../simulators/sfmc.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { Account, ids } from './account.ts';
import { describeConnector } from './conformance.ts';

const clientSecret = 'secret-of-the-component';
const accessToken = 'token-of-the-component';
const base = {
  subdomain: 'mc563885gzs27c5t9-63k636ttgm',
  clientId: 'component',
  clientSecret,
  accountId: '510001234',
  dataExtension,
};

function open(options: Partial<SfmcOptions> = {}, settings: object = {}) {
  return new Account(sfmc, { ...base, ...settings }, { authorization: `Bearer ${accessToken}` }, (hooks) =>
    createSfmcSimulator({ isLive: (token) => token === accessToken, ...hooks, ...options }),
  );
}

describeConnector('sfmc', {
  connector: sfmc,
  stream: 'rows',
  secrets: [clientSecret, accessToken],
  wrongSettings: [
    { settings: { ...base, subdomain: 'evil.example.com/' }, says: /subdomain: must be the subdomain alone/ },
    { settings: { ...base, accountId: 'MID' }, says: /accountId: must be digits/ },
    { settings: { ...base, dataExtension: undefined }, says: /dataExtension/ },
  ],
  changeWhileReading: 'found',
  rereads: true,
  async open() {
    const account = open();
    const { simulator } = account;
    simulator.seed(2_630);
    const json = (status: number) => () =>
      Response.json({ message: 'It was refused here', errorcode: 0 }, { status });
    const ruins = [
      json(401),
      json(403),
      json(404),
      json(400),
      json(429),
      json(503),
      json(200),
      () => Response.json({ count: 2_630, customObjectKey: dataExtension }),
      () => Response.json({ count: 0, customObjectKey: 'another-one' }),
      () => new Response('<html>Log in</html>', { headers: { 'content-type': 'text/html' } }),
    ];
    return account.world(ruins, {
      ids: () => simulator.ids(),
      create: async () => simulator.create(),
      change: async (id, value) => void simulator.change(id, { FirstName: value }),
      remove: async (id) => void simulator.remove(id),
      property: 'firstname',
      unknownId: 'shop-999999',
    });
  },
});

describe('a row', () => {
  test('has lower-case names, its key as ID, trimmed text, and dates in the order of ISO 8601', async () => {
    const account = open();
    account.simulator.create({
      FirstName: ' Andrade',
      LastLogin: '1/5/2026 3:07:09 PM',
      Newsletter: ' True',
    });
    const [record] = await account.toRest();
    expect(record).toMatchObject({ recordId: 'shop-1' });
    expect(record!.body).toEqual({
      id: 'shop-1',
      subscriberkey: 'shop-1',
      firstname: 'Andrade',
      lastname: '1',
      emailaddress: 'p1@example.com',
      birthdate: '2005-06-13',
      lastlogin: '2026-01-05T21:07:09.000Z',
      newsletter: 'True',
      points: '22.1',
      city: '',
    });
  });

  test('is read from the result as it was, whatever is deleted and created meanwhile', async () => {
    const account = open();
    const { simulator } = account;
    simulator.seed(5_200);
    const before = simulator.ids();
    const seen = await account.toRest(() => {
      for (const id of simulator.ids().slice(0, 300)) simulator.remove(id);
      simulator.create();
    });
    expect(new Set(ids(seen))).toEqual(new Set(before));
    expect(new Set(ids(await account.toRest()))).toEqual(new Set(simulator.ids()));
  });

  test('is read from the beginning where the result has expired', async () => {
    const account = open({ resultSeconds: 60 });
    const { simulator } = account;
    simulator.seed(5_200);
    await account.page();
    account.now += 61_000;
    expect(new Set(ids(await account.toRest()))).toEqual(new Set(simulator.ids()));
  });

  test('is none where the data extension is empty, and not where an answer only says so', async () => {
    const account = open();
    expect(await account.toRest()).toEqual([]);
    account.cursor = null;
    account.fault = () => Response.json({ count: 7, customObjectKey: dataExtension });
    expect(await account.refusal()).toMatchObject({ name: 'TransientError', foreign: true });
  });

  test('is found by a key with an apostrophe, and missing only where the filter was applied', async () => {
    const account = open();
    account.simulator.create({ SubscriberKey: "o'neil" });
    account.simulator.seed(2);
    const { records, missing } = await account.read("o'neil", 'shop-9');
    expect([ids(records), missing]).toEqual([["o'neil"], ['shop-9']]);
    const unfiltered = await account.page();
    account.fault = () =>
      Response.json({
        customObjectKey: dataExtension,
        count: 1,
        items: [{ keys: { subscriberkey: 'shop-2' }, values: unfiltered.records[0]!.body }],
      });
    expect(await account.read('shop-9')).toEqual({ records: [], missing: [] });
  });

  test('deletes nobody where the data extension holds only changed rows', () => {
    expect(open().stream.sweeps).toBe(true);
    expect(open({}, { complete: false }).stream.sweeps).toBe(false);
  });
});

describe('a refusal', () => {
  test('for a missing permission comes before everything else and says what to do', async () => {
    const account = open({ lacksScope: true }, { dataExtension: 'unknown' });
    expect(await account.refusal()).toMatchObject({
      name: 'UnauthorizedError',
      message: expect.stringContaining('permission to read data extensions'),
    });
  });

  test('for too many calls waits ten seconds', async () => {
    const account = open({ perSecond: 1 });
    account.simulator.seed(1);
    await account.page();
    expect(await account.refusal()).toMatchObject({ status: 429, retryAfterMs: 10_000 });
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('rows come, change, and go, with tokens of eighteen minutes for the business unit', async () => {
    const clock = new FastClock();
    const now = () => clock.now();
    const oauth = createOAuthSimulator({
      path: '/v2/token',
      clientId: base.clientId,
      clientSecret,
      clientCredentials: true,
      json: true,
      seconds: 1_079,
      now,
    });
    const simulator = createSfmcSimulator({ now, isLive: oauth.isLive, perSecond: 5 });
    simulator.seed(4);
    const app = new Hono().route('/', oauth.app).route('/', simulator.app);
    const world = await openVendor(clock, app, { connector: 'sfmc', ...base });
    await world.sync();
    expect(world.customers()['shop-1']).toMatchObject({ name: 'Person 1', birthdate: '2005-06-13' });
    clock.skip(3_600_000);
    simulator.change('shop-1', { FirstName: 'Anna', City: 'Łódź' });
    simulator.remove('shop-2');
    await world.sync('full');
    expect(world.customers()['shop-1']).toMatchObject({ name: 'Anna 1', address: { city: 'Łódź' } });
    expect(await world.standing()).toEqual(simulator.ids());
    expect(await world.deadLetters()).toBe(0);
    expect(simulator.state.refused).toBe(0);
    expect(oauth.state.issued).toBe(2);
  });
});
