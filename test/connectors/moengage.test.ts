// MoEngage's connector against the simulated workspace: who gets in, whom an event names, and what reading twenty users gives.
import { describe, expect, test } from 'vitest';
import { moengage } from '../../connectors/moengage.ts';
import { createMoengageSimulator, type MoengageOptions } from '../../simulators/moengage.ts';
import { FastClock } from '../support/fast-clock.ts';
import { until } from '../support/sync-world.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { Account, start } from './account.ts';
import { expectNoAnswerBelieved } from './conformance.ts';

const workspaceId = 'SHOP00000001';
const dataApiKey = 'data-key-of-the-workspace';
const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const base = { workspaceId, dataApiKey, webhookBasic: { user: 'moengage', password: 'of-our-own' } };
const headers = { authorization: basic('moengage', 'of-our-own'), 'content-type': 'application/json' };

function open(options: Partial<MoengageOptions> = {}, settings: object = {}) {
  const own = { ...base, baseUrl: 'https://vendor.example.com', ...settings };
  return new Account(moengage, own, { authorization: basic(workspaceId, dataApiKey) }, (hooks) =>
    createMoengageSimulator({
      workspaceId,
      dataApiKey,
      ...options,
      now: hooks.now,
      faults: () => hooks.faults(''),
    }),
  );
}

const hear = (body: string, given: object = headers, settings: object = base) =>
  heard(moengage, settings, requestOf({ headers: given as { [name: string]: string }, body }), start);

describe('settings', () => {
  test('name the data centre, whose address is called', () => {
    const urlOf = (settings: object) =>
      moengage.api!(moengage.settings.parse({ ...base, ...settings })).baseUrl;
    expect(urlOf({})).toBe('https://api-01.moengage.com');
    expect(urlOf({ dataCentre: '101' })).toBe('https://api-101.moengage.com');
    expect(urlOf({ dataCentre: '03', baseUrl: 'https://stub.example.com/' })).toBe(
      'https://stub.example.com',
    );
    expect(() => urlOf({ dataCentre: 'eu' })).toThrow(/number of the data centre/);
  });
});

describe('reading users', () => {
  test('matches them by their ID, in whatever order they come, and says whom MoEngage does not know', async () => {
    const account = open();
    for (const uid of ['u1', '4000052183', 'u3'])
      account.simulator.create({ email: `${uid}@example.com` }, uid);
    const { records, missing } = await account.read('4000052183', 'nobody', 'u1');
    const emails = records.map(({ recordId, body }) => [recordId, body['email']]);
    expect(Object.fromEntries(emails)).toEqual({
      u1: 'u1@example.com',
      '4000052183': '4000052183@example.com',
    });
    expect(missing).toEqual(['nobody']);
  });

  test('knows an ID that MoEngage writes as a number with a point', async () => {
    const account = open();
    for (const said of ['4000052183.0', '"4000052183.0"', '4000052183']) {
      account.fault = () =>
        new Response(`{"status":"success","data":{"users":[{"user_attributes":{"customer_id":${said}}}]}}`);
      expect((await account.read('4000052183')).records).toMatchObject([
        { recordId: '4000052183', body: { customer_id: '4000052183' } },
      ]);
    }
  });

  test('takes nobody else for the user who was asked for, and no user without an answer for missing', async () => {
    const account = open();
    account.fault = () =>
      Response.json({ status: 'success', data: { users: [{ user_attributes: { customer_id: 'u2' } }] } });
    expect(await account.read('u1')).toEqual({ records: [], missing: [] });
    account.fault = null;
    await expectNoAnswerBelieved(account.stream, account.context(), {
      recordIds: ['u1'],
      properties: ['email'],
      cursors: [],
    });
  });

  test('joins the parts of a name where there is no whole one', async () => {
    const account = open();
    account.simulator.create({ first_name: 'Ada', last_name: 'Lovelace' }, 'u1');
    account.simulator.create({ name: 'Grace Hopper', first_name: 'G' }, 'u2');
    account.simulator.create({}, 'u3');
    const { records } = await account.read('u1', 'u2', 'u3');
    const names = Object.fromEntries(records.map(({ recordId, body }) => [recordId, body['name']]));
    expect(names).toEqual({ u1: 'Ada Lovelace', u2: 'Grace Hopper', u3: undefined });
  });

  test('an attribute that is not in the answer keeps its value, unless the settings say that it was removed', () => {
    const exhaustive = (settings: object) => {
      const { stream, settings: parsed } = open({}, settings);
      return typeof stream.exhaustive === 'function' ? stream.exhaustive(parsed) : stream.exhaustive;
    };
    expect(exhaustive({})).toEqual([]);
    expect(exhaustive({ absentIsEmpty: true })).toEqual(['']);
  });

  test.each([1, 2])('is tried again after a refusal for too many users, in its shape %i', async (shape) => {
    const account = open({ usersPerMinute: 1 });
    account.simulator.create({}, 'u1');
    await account.read('u1');
    for (let turn = 1; turn < shape; turn += 1) await account.read('u1').catch(() => {});
    await expect(account.read('u1')).rejects.toMatchObject({ name: 'TransientError', status: 429 });
  });

  test('fails where a gateway answers, or where the key is refused', async () => {
    const account = open();
    account.fault = () => Response.json({ status: 'fail', error: { type: 'x' } }, { status: 401 });
    await expect(account.read('u1')).rejects.toMatchObject({ name: 'UnauthorizedError' });
    expect((await account.check())[0]).toMatchObject({ allowed: false });
    account.fault = null;
    expect((await account.check())[0]).toMatchObject({ allowed: true });
  });
});

describe('webhooks', () => {
  test('are accepted with the credentials that are set, and else not', () => {
    const body = '{"customer_id": "u1"}';
    expect(hear(body).verdict.authentic).toBe(true);
    expect(hear(body, {}).verdict.authentic).toBe(false);
    expect(hear(body, { authorization: basic('moengage', 'wrong') }).verdict.authentic).toBe(false);
    const none = hear(body, headers, { ...base, webhookBasic: undefined });
    expect(none.verdict).toMatchObject({
      authentic: false,
      reason: expect.stringContaining('Set webhookBasic'),
    });
  });

  test('of Streams touch the user of each event, in both dialects, and know a batch that comes again', () => {
    const { simulator } = open();
    simulator.create({}, 'u1');
    simulator.create({}, '4000052183');
    const batch = [simulator.event('u1'), simulator.event('4000052183')];
    const first = hear(simulator.batch(batch));
    const touch = (recordId: string) => ({ kind: 'touch', stream: 'users', recordId, changedAt: start });
    expect(first.changes).toEqual([touch('u1'), touch('4000052183')]);
    expect(hear(simulator.batch(batch)).keys).toEqual(first.keys);
    expect(hear(simulator.flat(simulator.event('u1'))).changes).toEqual([touch('u1')]);
  });

  test('ignore anonymous users, whatever MoEngage writes as their ID', () => {
    const { simulator } = open();
    const id = simulator.create();
    const event = simulator.event(id);
    for (const uid of [undefined, id, `device-${id}`, ''])
      expect(hear(simulator.batch([{ ...event, uid }])).changes).toMatchObject([{ kind: 'ignored' }]);
  });

  test('of a connector touch the user whom the body of the recipe names', () => {
    const { recipe, sample } = webhookOf(moengage, base);
    const filled = recipe!.body.replace(/\{\{.*\}\}/, 'u1');
    expect(hear(filled).changes).toMatchObject([{ kind: 'touch', recordId: 'u1' }]);
    expect(hear(sample!).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(() => hear(recipe!.body)).toThrow(/no ID at customer_id/);
    const other = { ...base, idPath: 'user.id' };
    expect(hear('{"user": {"id": "u2"}}', headers, other).changes).toMatchObject([{ recordId: 'u2' }]);
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('an event brings the user as it is by then, and a deleted user goes after a day', async () => {
    const clock = new FastClock();
    const simulator = createMoengageSimulator({
      now: () => clock.now(),
      workspaceId,
      dataApiKey,
      visibleAfterMs: 20_000,
    });
    const mobile = '48600100200';
    simulator.create({ first_name: 'Ada', mobile, birthday: '1990-05-17T00:00:00.000Z' }, 'u1');
    clock.skip(30_000);
    const world = await openVendor(clock, simulator.app, { connector: 'moengage', ...base });
    simulator.change('u1', { first_name: 'Augusta' });
    const body = simulator.batch([simulator.event('u1')]);
    expect(body).toContain('"first_name":"Ada"');
    await world.push({ headers, body });
    expect(world.customers()['u1']).toMatchObject({
      name: 'Augusta',
      phone: `+${mobile}`,
      birthdate: '1990-05-17',
    });
    const told = () => world!.push({ headers, body: simulator.batch([simulator.event('u1')]) });
    simulator.delete('u1');
    await told();
    expect(await world.standing()).toEqual(['u1']);
    clock.skip(86_400_000);
    await told();
    await until(async () => (await world!.standing()).length === 0);
    expect(await world.deadLetters()).toBe(0);
  });
});
