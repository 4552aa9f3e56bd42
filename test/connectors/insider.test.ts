// Insider's connector against the simulated account: named attributes, refusals with unusual statuses, and what a journey sends.
import { describe, expect, test } from 'vitest';
import { insider } from '../../connectors/insider.ts';
import { createInsiderSimulator } from '../../simulators/insider.ts';
import { FastClock } from '../support/fast-clock.ts';
import { until } from '../support/sync-world.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { Account, start } from './account.ts';
import { expectNoAnswerBelieved } from './conformance.ts';

const key = { partnerName: 'acme', requestToken: 'token-of-the-database' };
const base = { ...key, webhookHeader: { name: 'X-Tributary', value: 'a-secret-of-our-own' } };
const headers = { 'x-tributary': 'a-secret-of-our-own', 'content-type': 'application/json' };

function open(settings: object = {}) {
  return new Account(insider, { ...base, ...settings }, {}, (hooks) =>
    createInsiderSimulator({ ...key, ...hooks }),
  );
}

const hear = (body: string, settings: object = base, given: { [name: string]: string } = headers) =>
  heard(insider, settings, requestOf({ headers: given, body }), start);

describe('a user', () => {
  test('is read with the attributes that are named, own ones by their prefix', async () => {
    const account = open();
    const own = { tier: 'gold', secret: 'not asked for' };
    account.simulator.create(
      { uuid: 'u1' },
      { name: 'Ada', surname: '', birthday: '1993-03-12T00:00:00Z', age: 5 },
      own,
    );
    const { records } = await account.stream.read!.records(account.context(), {
      recordIds: ['u1'],
      properties: ['c_tier', 'uuid'],
    });
    const body = { uuid: 'u1', name: 'Ada', birthday: '1993-03-12T00:00:00Z', c_tier: 'gold' };
    expect(records).toEqual([{ recordId: 'u1', changedAt: start, body }]);
  });

  test.each([
    ['email', { email: 'ada@example.com' }, 'ada@example.com'],
    ['custom.shop_id', { uuid: 'x', custom: { shop_id: '7' } }, '7'],
  ])('may be identified by %s', async (identifier, identifiers, id) => {
    const account = open({ identifier });
    account.simulator.create(identifiers, { name: 'Ada' });
    expect((await account.read(id)).records).toMatchObject([{ recordId: id, body: { [identifier]: id } }]);
    expect((await account.read('nobody')).missing).toEqual(['nobody']);
  });

  test('is missing only if Insider says so', async () => {
    const account = open();
    account.simulator.create({ uuid: 'u1' });
    expect(await account.read('u1', 'nobody')).toMatchObject({ records: [{}], missing: ['nobody'] });
    account.fault = () => Response.json({ message: 'no route' }, { status: 404 });
    await expect(account.read('u1')).rejects.toMatchObject({ name: 'TransientError', foreign: true });
    account.fault = null;
    await expectNoAnswerBelieved(account.stream, account.context(), {
      recordIds: ['u1'],
      properties: [],
      cursors: [],
    });
  });

  test('is waited for where calls are limited with 403, and not where the credentials are refused', async () => {
    const account = open();
    account.fault = () => Response.json({ message: 'Request Limit Exceeded' }, { status: 403 });
    await expect(account.read('u1')).rejects.toMatchObject({ name: 'TransientError', retryAfterMs: 60_000 });
    account.fault = null;
    for (const [wrong, said] of [
      [{ partnerName: 'other' }, /check partnerName/],
      [{ requestToken: 'other' }, /Check requestToken/],
    ] as const) {
      const refused = open(wrong).read('u1');
      await expect(refused).rejects.toMatchObject({ name: 'UnauthorizedError' });
      await expect(refused).rejects.toThrow(said);
    }
    expect(await account.check()).toMatchObject([{ allowed: true }]);
    expect(() => open({ partnerName: 'Acme' })).toThrow(/lower case/);
  });
});

describe('a journey', () => {
  test('touches the user whom the body of the recipe names', () => {
    const { recipe, sample } = webhookOf(insider, base);
    expect(recipe!.body).toBe('{"uuid":"{{uuid}}"}');
    expect(hear('{"uuid": "u1"}').changes).toEqual([
      { kind: 'touch', stream: 'users', recordId: 'u1', changedAt: start },
    ]);
    expect(hear(sample!).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(hear('{"uuid": ""}').changes).toMatchObject([{ kind: 'ignored' }]);
    expect(() => hear(recipe!.body)).toThrow(/no ID at uuid/);
    const custom = { ...base, identifier: 'custom.shop_id' };
    expect(webhookOf(insider, custom).recipe!.body).toBe('{"custom":{"shop_id":"{{shop_id}}"}}');
    expect(hear('{"custom": {"shop_id": 7}}', custom).changes).toMatchObject([{ recordId: '7' }]);
  });

  test('is known by a header of our own', () => {
    expect(hear('{"uuid": "u1"}').verdict.authentic).toBe(true);
    expect(hear('{"uuid": "u1"}', base, {}).verdict.authentic).toBe(false);
    expect(hear('{"uuid": "u1"}', key).verdict).toMatchObject({ authentic: false });
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('users of a journey come as they are by then, twice and in any order, and a deleted one goes', async () => {
    const clock = new FastClock();
    const simulator = createInsiderSimulator({ ...key, now: () => clock.now(), visibleAfterMs: 20_000 });
    for (const uuid of ['u1', 'u2'])
      simulator.create({ uuid }, { name: 'Person', birthday: '1993-03-12T00:00:00Z' });
    clock.skip(30_000);
    const world = await openVendor(clock, simulator.app, { connector: 'insider', ...base });
    simulator.change('u1', { name: 'Ada' });
    const { recipe } = webhookOf(insider, base);
    for (const body of simulator.journey(recipe!.body)) await world.push({ headers, body });
    expect(world.customers()).toMatchObject({
      u1: { name: 'Ada', birthdate: '1993-03-12' },
      u2: { name: 'Person' },
    });
    const [told] = simulator.journey(recipe!.body);
    simulator.remove('u2');
    clock.skip(86_400_000);
    await world.push({ headers, body: told! });
    await until(async () => (await world!.standing()).length === 1);
    expect(await world.standing()).toEqual(['u1']);
    expect(await world.deadLetters()).toBe(0);
  });
});
