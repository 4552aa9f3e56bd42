// Copper's connector against the simulated account: the kit, bare lists, custom fields in any order, and what it pushes.
import { describe, expect, test } from 'vitest';
import { copper } from '../../connectors/copper.ts';
import { type CopperOptions, createCopperSimulator, tierId } from '../../simulators/copper.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf } from '../support/webhook.ts';
import { Account, ids, start } from './account.ts';
import { describeConnector } from './conformance.ts';

const base = { apiKey: '0123456789abcdef0123456789abcdef', userEmail: 'admin@example.com' };
const webhookHeader = { name: 'X-Tributary', value: 'a-secret-of-our-own' };

function open(options: Partial<CopperOptions> = {}, settings: object = {}) {
  return new Account(copper, { ...base, ...settings }, { 'x-pw-accesstoken': base.apiKey }, (hooks) =>
    createCopperSimulator({ ...base, webhookHeader, ...hooks, ...options }),
  );
}

describeConnector('copper', {
  connector: copper,
  stream: 'people',
  secrets: [base.apiKey],
  wrongSettings: [
    { settings: { apiKey: base.apiKey }, says: /userEmail/ },
    { settings: { ...base, apiKey: 'two words' }, says: /apiKey: must be the token alone/ },
    { settings: { ...base, contactTypes: ['customer'] }, says: /contactTypes/ },
  ],
  changeWhileReading: 'found',
  async open() {
    const account = open();
    const { simulator } = account;
    simulator.seed(430);
    const json = (status: number) => () =>
      Response.json({ success: false, status, message: 'It was refused here' }, { status });
    const ruins = [
      json(401),
      json(403),
      json(404),
      json(422),
      json(429),
      json(503),
      json(200),
      () => new Response('<html>Log in</html>', { headers: { 'content-type': 'text/html' } }),
    ];
    return account.world(ruins, {
      ids: () => simulator.ids(),
      create: async () => String(simulator.create().id),
      change: async (id, value) => void simulator.change(Number(id), { title: value }),
      remove: async (id) => void simulator.remove(Number(id)),
      property: 'title',
      unknownId: '999',
    });
  },
});

describe('a person', () => {
  test('has custom fields by the ID of their definition, whatever their order', async () => {
    const account = open();
    const { id } = account.simulator.create({
      custom_fields: [
        { custom_field_definition_id: tierId + 1, value: [3, 4] },
        { custom_field_definition_id: tierId, value: 7 },
      ],
    });
    const [listed] = await account.toRest();
    const { records } = await account.read(String(id));
    expect(records[0]).toEqual(listed);
    expect(listed!.body['custom_fields']).toEqual({ [tierId]: 7, [tierId + 1]: [3, 4] });
  });

  test.each([true, false])(
    'is read though 450 have one second and others change and go meanwhile (inclusive bound: %s)',
    async (minimumIsInclusive) => {
      const account = open({ minimumIsInclusive });
      const { simulator } = account;
      for (let i = 0; i < 450; i += 1) simulator.create({}, start - 60_000);
      simulator.seed(300);
      const seen = await account.toRest(() => {
        account.now += 1_000;
        simulator.change(Number(simulator.ids()[600]), { title: 'New' });
        simulator.remove(Number(simulator.ids().at(-1)));
      });
      const known = new Set(ids([...seen, ...(await account.toRest())]));
      expect(simulator.ids().filter((id) => !known.has(id))).toEqual([]);
    },
  );

  test('who changed a second after another is found, and an interaction changes nothing but the clock', async () => {
    const account = open({ minimumIsInclusive: false });
    const one = account.simulator.create().id;
    await account.toRest();
    account.now += 600_000;
    await account.toRest();
    account.simulator.interact(one);
    const [again] = await account.toRest();
    expect(again).toMatchObject({ recordId: String(one), changedAt: account.now });
    expect(await account.toRest()).toEqual([]);
  });

  test('is left out if the contact type is not in contactTypes', () => {
    const account = open({}, { contactTypes: [1, '2'] });
    const leftOut = (contact_type_id: number | null) =>
      account.stream.leftOut!(account.settings, { contact_type_id }) !== null;
    expect([1, 2, 3, null].map(leftOut)).toEqual([false, false, true, true]);
  });

  test('is deleted in either of the words that Copper has for it, and in no others', async () => {
    const account = open();
    expect(await account.read('1000', '1001')).toMatchObject({ missing: ['1000', '1001'] });
    for (const body of [{ message: 'no route' }, { success: false, status: 403 }, []]) {
      account.fault = () => Response.json(body, { status: 404 });
      await expect(account.read('1000')).rejects.toMatchObject({ name: 'TransientError' });
    }
  });

  test('is neither read nor missing with the key of another account', async () => {
    const account = open({}, { accountId: 4712 });
    account.simulator.seed(3);
    expect(await account.refusal()).toMatchObject({ name: 'UnauthorizedError' });
    await expect(account.read('1000')).rejects.toMatchObject({ name: 'UnauthorizedError' });
  });

  test('is not missed where a list is empty and Copper does not speak', async () => {
    const account = open();
    account.simulator.seed(3);
    account.fault = (path) => (path === '/people/search' ? Response.json([]) : Response.json({ ok: true }));
    expect(await account.refusal()).toMatchObject({ name: 'TransientError', foreign: true });
    const empty = open();
    expect(await empty.toRest()).toEqual([]);
  });
});

describe('a refusal for too many calls', () => {
  test('waits out the minute', async () => {
    const account = open({ perMinute: 1 });
    account.simulator.seed(1);
    await account.page();
    expect(await account.refusal()).toMatchObject({ retryAfterMs: 60_000 });
  });
});

describe('the check', () => {
  test('tells of a key of another account', async () => {
    const allowed = async (accountId: number) =>
      (await open({}, { accountId }).check()).map((permission) => permission.allowed);
    expect(await allowed(4711)).toEqual([true, true]);
    expect(await allowed(4712)).toEqual([false, false]);
  });
});

describe('a webhook', () => {
  const { simulator } = open();
  const hear = (
    request: { headers: { [name: string]: string }; body: string },
    more: object = { webhookHeader },
  ) => heard(copper, { ...base, ...more }, requestOf(request), start);
  const touch = (recordId: string) => ({ kind: 'touch', stream: 'people', recordId, changedAt: start });

  test('touches all the people that it names, and tells of deletions, which have no time', () => {
    expect(hear(simulator.pushed('update', [5, 6])).changes).toEqual([touch('5'), touch('6')]);
    expect(hear(simulator.pushed('delete', [5])).changes).toEqual([{ ...touch('5'), gone: 'deleted' }]);
  });

  test('without its header, about a company or about nobody changes nothing', () => {
    const request = simulator.pushed('update', [5]);
    expect(hear({ ...request, headers: {} }).verdict.authentic).toBe(false);
    expect(hear({ ...request, headers: { 'X-Tributary': 'other' } }).verdict.authentic).toBe(false);
    expect(hear(request, {}).verdict.authentic).toBe(false);
    expect(hear(simulator.pushed('update', [5], { type: 'company' })).changes).toMatchObject([
      { kind: 'ignored' },
    ]);
    for (const body of [[], null, [null]])
      expect(() => hear(simulator.pushed('update', [], { ids: body }))).toThrow(/names no people/);
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('people come, change, and go, within the calls of a minute', async () => {
    const clock = new FastClock();
    const simulator = createCopperSimulator({
      now: () => clock.now(),
      ...base,
      webhookHeader,
      perMinute: 10,
    });
    simulator.seed(5);
    const [one, two, three] = simulator.ids().map(Number) as [number, number, number];
    const world = await openVendor(clock, simulator.app, {
      connector: 'copper',
      ...base,
      webhookHeader,
      quota: { requests: 10, seconds: 60 },
    });
    await world.sync();
    expect(world.customers()[one]).toMatchObject({ name: `Person ${one}` });
    clock.skip(60_000);
    simulator.change(one, { name: 'Anna Nowak' });
    simulator.remove(two);
    await world.push(simulator.pushed('update', [one]));
    await world.push(simulator.pushed('delete', [two]));
    expect(world.customers()[one]).toMatchObject({ name: 'Anna Nowak' });
    simulator.remove(three);
    clock.skip(600_000);
    await world.sync('full');
    expect(await world.standing()).toEqual(simulator.ids());
    expect(await world.deadLetters()).toBe(0);
    expect(simulator.state.refused).toBe(0);
  });

  test('nobody goes while every path is answered with 404, whatever is pushed; later those who are gone go', async () => {
    const clock = new FastClock();
    let isLost = false;
    const simulator = createCopperSimulator({
      now: () => clock.now(),
      ...base,
      webhookHeader,
      faults: () => (isLost ? Response.json({ success: false, status: 404 }, { status: 404 }) : undefined),
    });
    simulator.seed(3);
    const [one, two] = simulator.ids().map(Number) as [number, number];
    const world = await openVendor(clock, simulator.app, { connector: 'copper', ...base, webhookHeader });
    await world.sync();
    simulator.remove(two);
    isLost = true;
    await world.pushInVain(simulator.pushed('delete', [one, two]));
    expect(await world.standing()).toHaveLength(3);
    isLost = false;
    clock.skip(3_600_000);
    await world.sync('full');
    expect(await world.standing()).toEqual(simulator.ids());
    expect(await world.deadLetters()).toBe(0);
  });
});
