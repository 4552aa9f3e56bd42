// Airship's connector against the simulated project: the kit, whole URLs of pages, and addresses that belong to channels.
import { describe, expect, test } from 'vitest';
import { airship } from '../../connectors/airship.ts';
import { type AirshipOptions, createAirshipSimulator } from '../../simulators/airship.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { Account, ids } from './account.ts';
import { describeConnector } from './conformance.ts';

const appKey = 'app-key-of-the-project';
const masterSecret = 'secret-of-the-project';
const base = { appKey, masterSecret };
const authorization = `Basic ${btoa(`${appKey}:${masterSecret}`)}`;

function open(options: Partial<AirshipOptions> = {}, settings: object = {}) {
  return new Account(airship, { ...base, ...settings }, { authorization }, (hooks) =>
    createAirshipSimulator({ ...base, ...hooks, ...options }),
  );
}

describeConnector('airship', {
  connector: airship,
  stream: 'named_users',
  secrets: [masterSecret],
  wrongSettings: [
    { settings: { appKey }, says: /set either masterSecret or token/ },
    { settings: { ...base, token: 'abc' }, says: /set either masterSecret or token/ },
  ],
  changeWhileReading: 'found',
  rereads: true,
  async open() {
    const account = open();
    const { simulator } = account;
    simulator.seed(230);
    const json = (status: number) => () =>
      Response.json({ ok: false, error: 'It was refused here', error_code: 40_000 }, { status });
    const ruins = [
      json(401),
      json(403),
      json(404),
      json(400),
      json(429),
      json(503),
      json(200),
      () => Response.json({ ok: true, named_users: [], next_page: 'https://go.airship.eu/api/named_users' }),
      () => new Response('<html>Log in</html>', { headers: { 'content-type': 'text/html' } }),
    ];
    return account.world(ruins, {
      ids: () => simulator.ids(),
      create: async () => simulator.create(),
      change: async (id, value) => {
        simulator.users.get(id)!.channels = [{ channel_id: id, device_type: 'email', address: value }];
      },
      remove: async (id) => void simulator.remove(id),
      property: 'email',
      unknownId: 'shop-999999',
    });
  },
});

describe('a named user', () => {
  const email = (address: string, times: object = {}) => ({
    channel_id: address,
    device_type: 'email',
    address,
    ...times,
  });

  test('has the e-mail address that is opted in, else the first one, and the number of the text channel', async () => {
    const account = open();
    const { simulator } = account;
    const optedOut = {
      commercial_opted_in: '2026-01-01T00:00:00',
      commercial_opted_out: '2026-02-01T00:00:00.000Z',
    };
    const optedIn = { commercial_opted_in: '2026-03-01T00:00:00' };
    const sms = { channel_id: 's', device_type: 'sms', msisdn: '48501234567' };
    simulator.create({}, [email('a@example.com', optedOut), email('b@example.com', optedIn), sms]);
    simulator.create({}, [email('c@example.com', optedOut), email('d@example.com')]);
    simulator.create({}, [{ channel_id: 'i', device_type: 'ios', push_address: 'FE66' }]);
    simulator.create({}, []);
    expect((await account.toRest()).map(({ body }) => [body['email'], body['phone']])).toEqual([
      ['b@example.com', '+48501234567'],
      ['c@example.com', null],
      [null, null],
      [null, null],
    ]);
  });

  test('is the same after the app was opened', async () => {
    const account = open();
    const id = account.simulator.create();
    const [before] = await account.toRest();
    account.now += 3_600_000;
    account.simulator.open(id);
    const [after] = await account.toRest();
    expect(after!.body).toEqual(before!.body);
  });

  test('gets and loses an address where its channel is associated with another', async () => {
    const account = open();
    const [one, two] = [account.simulator.create(), account.simulator.create({}, [])];
    account.simulator.associate('c1', two);
    const emails = (await account.toRest()).map(({ recordId, body }) => [recordId, body['email']]);
    expect(emails).toEqual([
      [one, null],
      [two, 'p1@example.com'],
    ]);
  });

  test('is read though others are removed and created while everything is paged, and the page is asked of our host', async () => {
    const account = open();
    const { simulator } = account;
    simulator.seed(330);
    const seen = await account.toRest(() => {
      for (const id of simulator.ids().slice(0, 30)) simulator.remove(id);
      simulator.create();
    });
    const known = new Set(ids(seen));
    expect(simulator.ids().filter((id) => !known.has(id))).toEqual([]);
  });

  test('keeps an attribute that is absent, unless absentIsEmpty says otherwise', () => {
    const exhaustive = (settings: object) => {
      const { stream, settings: parsed } = open({}, settings);
      return typeof stream.exhaustive === 'function' ? stream.exhaustive(parsed) : stream.exhaustive;
    };
    expect(exhaustive({})).toEqual([]);
    expect(exhaustive({ absentIsEmpty: true })).toEqual(['attributes', 'tags']);
  });

  test('is deleted if Airship says that there is none, and because of no other 404', async () => {
    const account = open();
    account.simulator.seed(1);
    expect(await account.read('shop-9')).toMatchObject({ missing: ['shop-9'] });
    const noRoute = () => Response.json({ message: 'no route' }, { status: 404 });
    account.fault = (path) => (path.endsWith('/') ? noRoute() : undefined);
    await expect(account.read('shop-9')).rejects.toMatchObject({ name: 'TransientError', foreign: true });
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('named users come, change, and go', async () => {
    const clock = new FastClock();
    const simulator = createAirshipSimulator({ now: () => clock.now(), ...base });
    simulator.seed(3);
    const [one, two] = simulator.ids() as [string, string];
    const world = await openVendor(clock, simulator.app, { connector: 'airship', ...base });
    await world.sync();
    expect(world.customers()[one]).toMatchObject({ name: 'Person 1', email: 'p1@example.com' });
    clock.skip(600_000);
    simulator.change(one, { first_name: 'Anna' });
    simulator.remove(two);
    await world.sync('full');
    expect(world.customers()[one]).toMatchObject({ name: 'Anna 1' });
    expect(await world.standing()).toEqual(simulator.ids());
    expect(await world.deadLetters()).toBe(0);
  });
});
