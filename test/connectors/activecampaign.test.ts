// ActiveCampaign's connector against the simulated account: the kit, text for everything, custom fields, and its two kinds of webhooks.
import { describe, expect, test } from 'vitest';
import { activecampaign } from '../../connectors/activecampaign.ts';
import {
  type ActivecampaignOptions,
  createActivecampaignSimulator,
  customFields,
} from '../../simulators/activecampaign.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf } from '../support/webhook.ts';
import { Account, ids, start } from './account.ts';
import { describeConnector } from './conformance.ts';

const apiKey = 'key-of-the-administrator';
const urlToken = 'a-secret-of-our-own';
const base = { baseUrl: 'https://acme.api-us1.com', apiKey, urlToken };

function open(options: Partial<ActivecampaignOptions> = {}) {
  return new Account(activecampaign, base, { 'api-token': apiKey }, (hooks) =>
    createActivecampaignSimulator({ apiKey, ...hooks, ...options }),
  );
}

describeConnector('activecampaign', {
  connector: activecampaign,
  stream: 'contacts',
  secrets: [apiKey],
  wrongSettings: [
    { settings: { apiKey }, says: /baseUrl: must be the API URL of the account/ },
    { settings: { ...base, baseUrl: 'https://acme.api-us1.com/api/3' }, says: /without a path/ },
    { settings: { ...base, apiKey: 'two words' }, says: /apiKey: must be the token alone/ },
  ],
  changeWhileReading: 'found',
  async open() {
    const account = open();
    const { simulator } = account;
    simulator.seed(230);
    const json = (status: number) => () => Response.json({ message: 'It was refused here' }, { status });
    const ruins = [
      json(401),
      json(403),
      json(404),
      json(422),
      json(429),
      json(503),
      json(200),
      () => Response.json({ contacts: [{ id: '3' }, { id: '2' }] }),
      () => new Response('<html>Log in</html>', { headers: { 'content-type': 'text/html' } }),
    ];
    return account.world(ruins, {
      ids: () => simulator.ids(),
      create: async () => simulator.create().id,
      change: async (id, value) => void simulator.change(id, { phone: value }),
      remove: async (id) => void simulator.remove(id),
      property: 'phone',
      unknownId: '999',
    });
  },
});

describe('a contact', () => {
  test('changed at its udate, not at the timestamp that is called UTC, in summer and in winter', async () => {
    const account = open();
    account.now = Date.parse('2026-07-01T10:07:18Z');
    const { udate, updated_utc_timestamp } = account.simulator.create();
    expect([udate, updated_utc_timestamp]).toEqual(['2026-07-01T05:07:18-05:00', '2026-07-01 05:07:18']);
    account.now = Date.parse('2026-12-01T10:07:18Z');
    expect(account.simulator.create().udate).toBe('2026-12-01T04:07:18-06:00');
    expect((await account.toRest()).map(({ changedAt }) => new Date(changedAt).toISOString())).toEqual([
      '2026-07-01T10:07:18.000Z',
      '2026-12-01T10:07:18.000Z',
    ]);
  });

  test('has custom fields by ID, choices as a list, in lists as in single reads', async () => {
    const account = open();
    const { customerId, colours, birthday } = customFields;
    const given = { [customerId]: 'c-1', [colours]: '||red||blue||', [birthday]: '' };
    const { id } = account.simulator.create({}, given);
    account.simulator.create({}, { [colours]: '||red||' });
    const [one, two] = await account.toRest();
    expect(one!.body['fields']).toEqual({ [customerId]: 'c-1', [colours]: ['red', 'blue'], [birthday]: '' });
    expect(two!.body['fields']).toEqual({ [colours]: ['red'] });
    const { records } = await account.read(id);
    expect(records).toEqual([one]);
  });

  test('keeps its custom fields where the list comes without them, and the check tells', async () => {
    const account = open({ withoutFieldValues: true });
    account.simulator.create({}, { [customFields.customerId]: 'c-1' });
    const [record] = await account.toRest();
    expect(record!.body).not.toHaveProperty('fields');
    expect((await account.check()).map(({ allowed }) => allowed)).toEqual([true, false]);
  });

  test('whom nobody edited is the same before and after its placeholders flip, where it can be mapped', async () => {
    const account = open();
    const { id } = account.simulator.create();
    const [before] = await account.toRest();
    account.now += 600_000;
    account.simulator.change(id, {});
    const [after] = await account.toRest();
    for (const name of ['sms_consent_updated_at', 'email', 'firstName'])
      expect(after!.body[name]).toBe(before!.body[name]);
    for (const name of ['links', 'scoreValues']) expect(after!.body).not.toHaveProperty(name);
  });

  test('is gone if its row says so with "1", and there if it says "0"', async () => {
    const account = open();
    account.simulator.create();
    account.simulator.create({ deleted: '1' });
    account.simulator.create({ anonymized: '1' });
    expect((await account.toRest()).map(({ deleted }) => deleted)).toEqual([undefined, true, true]);
  });

  test('is read though others are deleted and changed while everything is paged', async () => {
    const account = open();
    const { simulator } = account;
    simulator.seed(450);
    const seen = await account.toRest(() => {
      account.now += 1_000;
      for (const id of simulator.ids().slice(0, 30)) simulator.remove(id);
      const [first] = simulator.ids();
      if (first) simulator.change(first, { phone: '1' });
      if (simulator.ids().length > 250) simulator.create();
    });
    const known = new Set(ids([...seen, ...(await account.toRest())]));
    expect(simulator.ids().filter((id) => !known.has(id))).toEqual([]);
  });

  test('who changes behind a reading of changes is found by the next one', async () => {
    const account = open();
    const { simulator } = account;
    simulator.seed(300);
    await account.toRest();
    account.now += 600_000;
    for (const id of simulator.ids()) simulator.change(id, { phone: '1' });
    let isFirst = true;
    await account.toRest(() => {
      account.now += 1_000;
      if (isFirst) simulator.change(simulator.ids()[0]!, { phone: '2' });
      isFirst = false;
    });
    account.now += 1_000;
    expect((await account.toRest()).map(({ body }) => body['phone'])).toContain('2');
  });

  test('is not missed where a page ends early, and reading goes on by ascending IDs only', async () => {
    const account = open();
    const { simulator } = account;
    simulator.seed(150);
    const rows = [...simulator.contacts.values()];
    let answers = 0;
    account.fault = () => {
      answers += 1;
      return answers === 1 ? Response.json({ contacts: rows.slice(0, 7), fieldValues: [] }) : undefined;
    };
    expect(new Set(ids(await account.toRest()))).toEqual(new Set(simulator.ids()));
    account.cursor = null;
    // A list that ignores where it is to begin.
    account.fault = () => Response.json({ contacts: rows.slice(0, 100) });
    await account.page();
    expect(await account.refusal()).toMatchObject({ name: 'TransientError', foreign: true });
  });

  test('is deleted if ActiveCampaign names it as not found, and because of no other 404', async () => {
    const account = open();
    account.simulator.seed(1);
    expect(await account.read('1')).toMatchObject({ missing: ['1'] });
    const noRoute = () => Response.json({ message: 'No route found' }, { status: 404 });
    account.fault = (path) => (path.endsWith('/1') ? noRoute() : undefined);
    await expect(account.read('1')).rejects.toMatchObject({ name: 'TransientError', foreign: true });
  });
});

describe('a refusal', () => {
  test('with 403 passes, because it comes with valid keys too', async () => {
    const account = open({ forbidsEvery: 2 });
    account.simulator.seed(150);
    const first = await account.page();
    expect(await account.refusal()).toMatchObject({ name: 'TransientError', status: 403 });
    const second = await account.page();
    expect([first.records.length, second.records.length]).toEqual([100, 50]);
  });
});

describe('a webhook', () => {
  const { simulator } = open();
  const { id } = simulator.create();
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const hear = (body: string, path = `/${urlToken}`) =>
    heard(
      activecampaign,
      base,
      requestOf({ url: `https://sync.example.com/webhooks/source${path}`, headers, body }),
      start + 5_000,
    );

  test('of an event or of an automation touches the contact', () => {
    expect(hear(simulator.event('update', id)).changes).toEqual([
      { kind: 'touch', stream: 'contacts', recordId: id, changedAt: start },
    ]);
    expect(hear(simulator.automation(id)).changes).toEqual([
      { kind: 'touch', stream: 'contacts', recordId: id, changedAt: start + 5_000 },
    ]);
  });

  test('without the secret in its URL changes nothing', () => {
    expect(hear(simulator.event('update', id), '').verdict.authentic).toBe(false);
    expect(hear(simulator.event('update', id), '/other').verdict.authentic).toBe(false);
    expect(hear(simulator.event('update', id)).verdict.authentic).toBe(true);
  });

  test('about a campaign or a deal is ignored, and one that names nobody is kept', () => {
    expect(hear(simulator.event('open', id)).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(hear('type=deal_add&deal[id]=5').changes).toMatchObject([{ kind: 'ignored' }]);
    for (const body of [
      'contact[email]=a@example.com',
      'type=update&contact[id]=',
      'type=update&contact[id]=x',
    ])
      expect(() => hear(body)).toThrow(/names no contact/);
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('contacts come, change, and go, within the calls of a second and past a 403', async () => {
    const clock = new FastClock();
    const simulator = createActivecampaignSimulator({
      now: () => clock.now(),
      apiKey,
      perSecond: 5,
      forbidsEvery: 5,
    });
    simulator.seed(5);
    const [one, two] = simulator.ids() as [string, string];
    const world = await openVendor(clock, simulator.app, { connector: 'activecampaign', apiKey, urlToken });
    await world.sync();
    expect(world.customers()[one]).toMatchObject({ name: `Person ${one}`, email: `p${one}@example.com` });
    clock.skip(60_000);
    simulator.change(one, { firstName: 'Anna' });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    await world.push({ path: `/${urlToken}`, headers, body: simulator.event('update', one) });
    expect(world.customers()[one]).toMatchObject({ name: `Anna ${one}` });
    simulator.remove(two);
    clock.skip(600_000);
    await world.sync('full');
    expect(await world.standing()).toEqual(simulator.ids());
    expect(await world.deadLetters()).toBe(0);
    expect(simulator.state.refused).toBe(0);
  });

  test('nobody goes while every path is answered with 404, and later those who are gone go', async () => {
    const clock = new FastClock();
    let isLost = false;
    const faults = () =>
      isLost ? Response.json({ message: 'No Result found' }, { status: 404 }) : undefined;
    const simulator = createActivecampaignSimulator({ now: () => clock.now(), apiKey, faults });
    simulator.seed(3);
    const [one, two] = simulator.ids() as [string, string];
    const world = await openVendor(clock, simulator.app, { connector: 'activecampaign', apiKey, urlToken });
    await world.sync();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    isLost = true;
    await world.pushInVain({ path: `/${urlToken}`, headers, body: simulator.event('update', one) });
    expect(await world.standing()).toHaveLength(3);
    isLost = false;
    simulator.remove(two);
    clock.skip(3_600_000);
    await world.sync('full');
    expect(await world.standing()).toEqual(simulator.ids());
    expect(await world.deadLetters()).toBe(0);
  });
});
