// Ortto's connector against the simulated account: the kit, pinned results, the shapes of people and values, and what journeys send.
import { describe, expect, test } from 'vitest';
import type { Json } from '#connector';
import { ortto } from '../../connectors/ortto.ts';
import { createOrttoSimulator, type OrttoOptions } from '../../simulators/ortto.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { Account, ids, start } from './account.ts';
import { describeConnector } from './conformance.ts';

const apiKey = 'PRIVATE-key-of-the-source';
const webhookToken = 'a-token-of-our-own';
const base = { apiKey, webhookToken };

function open(options: Partial<OrttoOptions> = {}, settings: object = {}) {
  return new Account(ortto, { ...base, ...settings }, { 'x-api-key': apiKey }, (hooks) =>
    createOrttoSimulator({ apiKey, ...hooks, ...options }),
  );
}

describeConnector('ortto', {
  connector: ortto,
  stream: 'people',
  secrets: [apiKey],
  wrongSettings: [
    { settings: { webhookToken }, says: /apiKey/ },
    {
      settings: { ...base, decimals: ['lifetime value'] },
      says: /decimals.*must be the ID of a custom field/,
    },
  ],
  changeWhileReading: 'found',
  rereads: true,
  async open() {
    const account = open();
    const { simulator } = account;
    simulator.seed(1_130);
    const json = (status: number) => () =>
      Response.json({ request_id: 'b7', code: status, error: 'It was refused here' }, { status });
    const ruins = [
      json(401),
      json(403),
      json(404),
      json(400),
      json(429),
      json(503),
      json(200),
      () => Response.json({ contacts: null, meta: { total_matches: 1_130 }, has_more: false }),
      () => Response.json({ contacts: [], meta: { total_matches: 1_130 }, has_more: true }),
      () => new Response('<html>Log in</html>', { headers: { 'content-type': 'text/html' } }),
    ];
    return account.world(ruins, {
      ids: () => simulator.ids(),
      create: async () => simulator.create(),
      change: async (id, value) => simulator.change(id, { 'str::first': value }),
      remove: async (id) => void simulator.remove(id),
      property: 'str::first',
      unknownId: 'f'.repeat(26),
    });
  },
});

describe('a person', () => {
  test('has a phone number, a birthday and decimals as the fields of a customer have them', async () => {
    const account = open({}, { decimals: ['int:cm:lifetime-value'] });
    account.simulator.create({
      'phn::phone': { c: '61', n: '0401234567' },
      'dtz::b': { year: 1988, month: 2, day: 29, timezone: 'Australia/Sydney' },
      'geo::city': { name: 'Kolkata', lat: 22_572_646, lng: 88_363_895 },
      'int:cm:lifetime-value': 12_500,
      'int:cm:points': 1200,
    });
    account.simulator.create({ 'phn::phone': { n: '030 1' }, 'dtz::b': { year: 0, month: 2, day: 29 } });
    const properties = ['phn::phone', 'dtz::b', 'geo::city', 'int:cm:lifetime-value', 'int:cm:points'];
    const { records } = await account.stream.pull!(account.context(), {
      cursor: null,
      until: account.now,
      properties,
    });
    expect(records[0]!.body).toMatchObject({
      'phn::phone': '+61401234567',
      'dtz::b': '1988-02-29',
      'geo::city': { name: 'Kolkata' },
      'int:cm:lifetime-value': 12.5,
      'int:cm:points': 1200,
    });
    expect(records[1]!.body['phn::phone']).toBe('030 1');
    expect(records[1]!.body).not.toHaveProperty('dtz::b');
  });

  test('who has no external ID, e-mail address and phone number is a visitor', () => {
    const { stream, settings } = open();
    const leftOut = (body: { [name: string]: Json }) => stream.leftOut!(settings, body) !== null;
    expect(
      [{ 'str::email': 'a@example.com' }, { 'str::ei': '1' }, { 'phn::phone': '+491' }, {}].map(leftOut),
    ).toEqual([false, false, false, true]);
  });

  test('is read though others are archived, created and given other addresses while everything is paged', async () => {
    const account = open();
    const { simulator } = account;
    simulator.seed(1_600);
    const seen = await account.toRest(() => {
      account.now += 1_000;
      for (const id of simulator.ids().slice(0, 200)) simulator.archive(id);
      simulator.change(simulator.ids().at(-1)!, { 'str::email': 'aaa@example.com' });
      simulator.change(simulator.ids()[0]!, { 'str::email': 'zzz@example.com' });
    });
    const known = new Set(ids(seen));
    expect(simulator.ids().filter((id) => !known.has(id))).toEqual([]);
  });

  test('is nobody where nobody matches, and not where an answer only says so', async () => {
    const account = open();
    expect(await account.toRest()).toEqual([]);
    account.cursor = null;
    account.simulator.seed(3);
    account.fault = () => Response.json({ contacts: null, meta: { total_matches: 3 }, has_more: false });
    expect(await account.refusal()).toMatchObject({ name: 'TransientError', foreign: true });
  });

  test('whose row has no fields is rejected, and loses no value', async () => {
    const account = open();
    account.fault = () =>
      Response.json({ contacts: [{ id: '0'.repeat(26) }], meta: { total_matches: 1 }, has_more: false });
    const { records, rejected } = await account.page();
    expect([records.length, rejected?.length]).toEqual([0, 1]);
  });

  test('is deleted if it is not among those that were requested by ID while others can be read', async () => {
    const account = open();
    const id = account.simulator.create();
    const { records, missing } = await account.read(id, 'f'.repeat(26));
    expect([ids(records), missing]).toEqual([[id], ['f'.repeat(26)]]);
    account.fault = (path) => (path.endsWith('by-ids') ? Response.json({ contacts: {} }) : Response.json({}));
    await expect(account.read(id)).rejects.toMatchObject({ name: 'TransientError' });
  });
});

describe('a refusal for too many calls', () => {
  test('says in its body how long to wait', async () => {
    const account = open({ perSecond: 1 });
    account.simulator.seed(1);
    await account.page();
    expect(await account.refusal()).toMatchObject({ status: 429, retryAfterMs: 1_000 });
  });
});

describe('a webhook', () => {
  const { simulator } = open();
  const id = simulator.create();
  const hear = (
    body: Json,
    headers: { [name: string]: string } = { authorization: `Bearer ${webhookToken}` },
  ) => heard(ortto, base, requestOf({ headers, body }), start + 5_000);
  const touch = { kind: 'touch', stream: 'people', recordId: id, changedAt: start };

  test('of a journey touches the person at its time, and has an ID by which repeats are known', () => {
    const { changes, keys } = hear(simulator.webhook(id));
    expect(changes).toEqual([touch]);
    expect(keys).toEqual([simulator.webhook(id).id]);
    expect(hear({ contact_id: id, email: 'a@example.com' }).changes).toEqual([
      { ...touch, changedAt: start + 5_000 },
    ]);
  });

  test('that names nobody is kept, and the sample changes nothing', () => {
    expect(() => hear(simulator.webhook(id, { contact: { email: 'a@example.com' } }))).toThrow(
      /names no person/,
    );
    const { sample } = webhookOf(ortto, base);
    expect(hear(JSON.parse(sample!)).changes).toMatchObject([{ kind: 'ignored' }]);
  });

  test('without its credentials is refused in a way after which Ortto tries again', () => {
    expect(hear(simulator.webhook(id), {}).verdict.authentic).toBe(false);
    expect(webhookOf(ortto, base).refuseWith).toBe(503);
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('people come, change, are archived and restored, within the calls of a second', async () => {
    const clock = new FastClock();
    const simulator = createOrttoSimulator({ now: () => clock.now(), apiKey, perSecond: 10 });
    simulator.seed(3);
    const [one, two] = simulator.ids() as [string, string];
    simulator.change(one, { 'geo::city': { name: 'Sydney' }, 'phn::phone': { c: '61', n: '401234567' } });
    const world = await openVendor(clock, simulator.app, { connector: 'ortto', ...base });
    await world.sync();
    expect(world.customers()['shop-1']).toMatchObject({
      name: 'Person 1',
      phone: '+61401234567',
      address: { city: 'Sydney' },
    });
    clock.skip(60_000);
    simulator.change(one, { 'str::first': 'Anna', 'phn::phone': undefined });
    const headers = { authorization: `Bearer ${webhookToken}` };
    await world.push({ headers, body: JSON.stringify(simulator.webhook(one)) });
    expect(world.customers()['shop-1']).toMatchObject({ name: 'Anna 1' });
    expect(world.customers()['shop-1']).not.toHaveProperty('phone');
    simulator.archive(two);
    clock.skip(600_000);
    await world.sync('full');
    expect(await world.standing()).toEqual(simulator.ids());
    simulator.restore(two);
    clock.skip(600_000);
    await world.sync('incremental');
    expect(await world.standing()).toEqual(simulator.ids());
    expect(await world.deadLetters()).toBe(0);
    expect(simulator.state.refused).toBe(0);
  });
});
