// Infobip's connector against the simulated account: the kit, rows that move, long IDs, times without a zone, and its webhooks.
import { describe, expect, test } from 'vitest';
import type { Json } from '#connector';
import { infobip } from '../../connectors/infobip.ts';
import { createInfobipSimulator, type InfobipOptions } from '../../simulators/infobip.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { Account, ids, start } from './account.ts';
import { describeConnector } from './conformance.ts';

const apiKey = 'key-of-the-account';
const webhookBasic = { user: 'infobip', password: 'a-password-of-our-own' };
const base = { apiKey, webhookBasic };

function open(options: Partial<InfobipOptions> = {}, settings: object = {}) {
  return new Account(infobip, { ...base, ...settings }, { authorization: `App ${apiKey}` }, (hooks) =>
    createInfobipSimulator({ apiKey, ...hooks, ...options }),
  );
}

describeConnector('infobip', {
  connector: infobip,
  stream: 'persons',
  secrets: [apiKey],
  wrongSettings: [
    { settings: { webhookBasic }, says: /apiKey/ },
    { settings: { ...base, zone: 'CET' }, says: /zone: must be Z or an offset/ },
  ],
  changeWhileReading: 'found',
  async open() {
    const account = open();
    const { simulator } = account;
    simulator.seed(2_130);
    const json = (status: number) => () =>
      Response.json(
        { requestError: { serviceException: { messageId: 'REFUSED', text: 'It was refused here' } } },
        { status },
      );
    const ruins = [
      json(401),
      json(403),
      json(404),
      json(400),
      json(429),
      json(503),
      json(200),
      () => new Response('<html>Log in</html>', { headers: { 'content-type': 'text/html' } }),
    ];
    return account.world(ruins, {
      ids: () => simulator.ids(),
      create: async () => simulator.create(),
      change: async (id, value) => void simulator.change(id, { city: value }),
      remove: async (id) => void simulator.remove(id),
      property: 'city',
      unknownId: '999',
    });
  },
});

describe('a person', () => {
  test('keeps every digit of its ID, and has the first address and the first number with a plus sign', async () => {
    const account = open();
    const id = account.simulator.create();
    account.simulator.create({ contactInformation: {} });
    const [one, two] = await account.toRest();
    expect(one).toMatchObject({ recordId: id, body: { email: `p${id}@example.com`, phone: '+41793026727' } });
    expect(two!.body).toMatchObject({ email: null, phone: null });
    expect((await account.read(id)).records).toEqual([one]);
    expect(one!.body).not.toHaveProperty('changed');
  });

  test.each([
    ['Z', 0],
    ['+02:00', 7_200_000],
    ['-06:00', -21_600_000],
  ])('changed at the time of the zone %s, and changes are asked for in it', async (zone, offsetMs) => {
    const account = open({ offsetMs }, { zone });
    const id = account.simulator.create();
    expect((await account.toRest())[0]!.changedAt).toBe(start);
    account.now += 600_000;
    await account.toRest();
    account.now += 1_000;
    account.simulator.change(id, { city: 'Zagreb' });
    expect(await account.toRest()).toMatchObject([{ recordId: id, changedAt: account.now }]);
  });

  test.each([true, false])(
    'is read though 1,200 have one second and others change and go meanwhile (inclusive bound: %s)',
    async (boundIsInclusive) => {
      const account = open({ boundIsInclusive });
      const { simulator } = account;
      for (let i = 0; i < 1_200; i += 1) simulator.create({}, start - 60_000);
      simulator.seed(1_500);
      const seen = await account.toRest(() => {
        account.now += 1_000;
        simulator.change(simulator.ids()[700]!, { city: 'Split' });
        for (const id of simulator.ids().slice(0, 50)) simulator.remove(id);
      });
      const known = new Set(ids([...seen, ...(await account.toRest())]));
      expect(simulator.ids().filter((id) => !known.has(id))).toEqual([]);
    },
  );

  test('is not passed over where Infobip does not take the order: the error names the setting', async () => {
    const account = open({ knownOrder: 'modifiedAt asc' });
    account.simulator.seed(50);
    expect(await account.refusal()).toMatchObject({
      name: 'RejectedError',
      message: expect.stringContaining('set orderBy'),
    });
    const told = open({ knownOrder: 'modifiedAt asc' }, { orderBy: 'modifiedAt asc' });
    told.simulator.seed(50);
    expect(await told.toRest()).toHaveLength(50);
  });

  test('who is a lead is left out, unless types names leads', () => {
    const leftOut = (type: string, settings: object = {}) => {
      const { stream, settings: parsed } = open({}, settings);
      return stream.leftOut!(parsed, { type }) !== null;
    };
    expect([leftOut('CUSTOMER'), leftOut('LEAD')]).toEqual([false, true]);
    expect(leftOut('LEAD', { types: ['CUSTOMER', 'LEAD'] })).toBe(false);
  });

  test('is deleted if Infobip says so in the words of unknownWords, and because of no other 404', async () => {
    const account = open();
    account.simulator.seed(1);
    expect(await account.read('1')).toMatchObject({ missing: ['1'] });
    const other = open({}, { unknownWords: 'no such person' });
    other.simulator.seed(1);
    await expect(other.read('1')).rejects.toMatchObject({ name: 'TransientError', foreign: true });
  });
});

describe('a webhook', () => {
  const { simulator } = open();
  const id = simulator.create();
  const authorization = `Basic ${btoa(`${webhookBasic.user}:${webhookBasic.password}`)}`;
  const hear = (body: Json, headers: { [name: string]: string } = { authorization }) =>
    heard(infobip, base, requestOf({ headers, body }), start + 5_000);
  const touch = { kind: 'touch', stream: 'persons', recordId: id, changedAt: start };
  const event = (type: string) => simulator.event(type, id) as unknown as Json;

  test('touches the person, one or several in a request, and tells of deletions', () => {
    const changed = event('PERSON_ATTRIBUTE_CHANGED');
    expect(hear(changed).changes).toEqual([touch]);
    expect(hear([changed, event('PERSON_MERGED')]).changes).toEqual([touch, touch]);
    expect(hear({ results: [changed, event('PERSON_DELETED')] }).changes).toEqual([
      touch,
      { ...touch, gone: 'deleted' },
    ]);
  });

  test('about something else is ignored, one that names nobody is kept, and the sample changes nothing', () => {
    expect(hear(event('WEB_SDK_SESSION')).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(() => hear({ type: 'PERSON_CREATED', payload: {} })).toThrow(/names no person/);
    expect(hear(JSON.parse(webhookOf(infobip, base).sample!)).changes).toMatchObject([{ kind: 'ignored' }]);
  });

  test('without its credentials changes nothing', () => {
    expect(hear(event('PERSON_CREATED'), {}).verdict.authentic).toBe(false);
    expect(hear(event('PERSON_CREATED'), { authorization: 'Basic eDp5' }).verdict.authentic).toBe(false);
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('persons come, change, and go, within the calls of a second', async () => {
    const clock = new FastClock();
    const simulator = createInfobipSimulator({ now: () => clock.now(), apiKey, perSecond: 5 });
    simulator.seed(4);
    const [one, two, three] = simulator.ids() as [string, string, string];
    const world = await openVendor(clock, simulator.app, { connector: 'infobip', ...base });
    await world.sync();
    const sourceId = `shop-${one.slice(-4)}`;
    expect(world.customers()[sourceId]).toMatchObject({
      email: `p${one}@example.com`,
      phone: '+41793026727',
    });
    clock.skip(60_000);
    simulator.change(one, { firstName: 'Anna' });
    simulator.remove(two);
    const headers = { authorization: `Basic ${btoa(`${webhookBasic.user}:${webhookBasic.password}`)}` };
    const events = [simulator.event('PERSON_ATTRIBUTE_CHANGED', one), simulator.event('PERSON_DELETED', two)];
    await world.push({ headers, body: JSON.stringify(events) });
    expect(world.customers()[sourceId]).toMatchObject({ name: `Anna ${one.slice(-4)}` });
    simulator.remove(three);
    clock.skip(600_000);
    await world.sync('full');
    expect(await world.standing()).toEqual(simulator.ids());
    expect(await world.deadLetters()).toBe(0);
    expect(simulator.state.refused).toBe(0);
  });
});
