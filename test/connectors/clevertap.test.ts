// CleverTap's connector against the simulated account: the kit, whom a query finds, encoded cursors, failures with status 200,
// identities that lead to one profile, and what the webhook channel sends.
import { describe, expect, test } from 'vitest';
import { clevertap } from '../../connectors/clevertap.ts';
import { type ClevertapOptions, createClevertapSimulator, dayOf } from '../../simulators/clevertap.ts';
import { FastClock } from '../support/fast-clock.ts';
import { until } from '../support/sync-world.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { Account, ids, start } from './account.ts';
import { describeConnector } from './conformance.ts';

const accountId = 'ABC-123-456Z';
const passcode = 'passcode-of-the-account';
const webhookHeader = { name: 'X-Tributary', value: 'a-secret-of-our-own' };
const base = { accountId, passcode, webhookHeader };
const headers = { 'x-tributary': 'a-secret-of-our-own', 'content-type': 'application/json' };
const dayMs = 86_400_000;

function open(options: Partial<ClevertapOptions> = {}, settings: object = {}) {
  return new Account(clevertap, { ...base, ...settings }, {}, (hooks) =>
    createClevertapSimulator({ accountId, passcode, ...hooks, ...options }),
  );
}

describeConnector('clevertap', {
  connector: clevertap,
  stream: 'profiles',
  secrets: [passcode],
  wrongSettings: [
    { settings: { accountId }, says: /passcode/ },
    { settings: { ...base, region: 'Europe' }, says: /region: must be a region such as "eu1"/ },
    { settings: { ...base, timezone: 'CEST' }, says: /timezone: must be a time zone/ },
  ],
  changeWhileReading: 'found',
  rereads: true,
  async open() {
    const account = open();
    const { simulator } = account;
    for (let count = 0; count < 1_050; count += 1) simulator.create();
    const json = (status: number) => () =>
      Response.json({ status: 'fail', error: 'It was refused here', code: status }, { status });
    const ruins = [
      json(401),
      json(403),
      json(429),
      json(503),
      json(200),
      () => new Response('<html>Log in</html>'),
    ];
    return account.world(ruins, {
      ids: () => simulator.ids(),
      create: async () => simulator.create().identities[0]!,
      change: async (id, value) => simulator.change(id, { tier: value }),
      remove: async (id) => simulator.remove(id),
      property: 'tier',
      unknownId: 'nobody',
    });
  },
});

describe('a query', () => {
  test('finds who did the event since the day of the settings, by days of the time zone of the account', async () => {
    const account = open({}, { since: '2026-01-02', timezone: 'Asia/Tokyo' });
    const { simulator } = account;
    simulator.create({ identities: ['early'], days: [20251230] });
    simulator.create({ identities: ['in time'], days: [20260102] });
    simulator.create({ identities: ['never'], days: [] });
    // 01:00 of the next day in Tokyo.
    account.now = Date.parse('2026-11-02T16:00:00Z');
    simulator.create({ identities: ['today'], days: [20261103] });
    expect(ids(await account.toRest())).toEqual(['in time', 'today']);
    account.now += 3_600_000;
    simulator.create({ identities: ['yesterday'], days: [20261102] });
    expect(ids(await account.toRest())).toEqual(['today', 'yesterday']);
  });

  test('is asked again until it is ready', async () => {
    const account = open({ inProgress: 2 });
    account.simulator.create();
    expect(await account.page()).toMatchObject({ records: [], done: false });
    for (let turn = 0; turn < 2; turn += 1)
      expect(await account.refusal()).toMatchObject({ name: 'TransientError', retryAfterMs: 5_000 });
    expect(ids(await account.toRest())).toEqual(['shop-1']);
    expect(account.simulator.state.queries).toBe(1);
  });

  test('that has expired is made again', async () => {
    const account = open({ queryLivesMs: 3_600_000 });
    account.simulator.create();
    await account.page();
    account.now += 4_000_000;
    expect(ids(await account.toRest())).toEqual(['shop-1']);
    expect(account.simulator.state.queries).toBe(2);
  });

  test('leaves out anonymous profiles, and a profile that was deleted while it is read', async () => {
    const account = open();
    const { simulator } = account;
    simulator.create({ identities: [] });
    const gone = simulator.create().identities[0]!;
    simulator.create();
    await account.page();
    simulator.remove(gone);
    expect(ids(await account.toRest())).toEqual(['shop-3']);
  });

  test('gives properties flat, days as dates, and names above properties of the same name', async () => {
    const account = open();
    account.simulator.create({
      system: { name: 'Ada', phone: '+48600100200' },
      profileData: { name: 'other', DOB: 19900517, 'Code valid until': '$D_1459461600', tags: ['a'] },
    });
    const [record] = await account.toRest();
    expect(record!.body).toEqual({
      identity: 'shop-1',
      name: 'Ada',
      phone: '+48600100200',
      DOB: '19900517',
      'Code valid until': '2016-03-31T22:00:00.000Z',
      tags: ['a'],
    });
  });
});

describe('a profile', () => {
  test.each(['fail', 'empty'] as const)(
    'that does not exist is missing if the answer is %s',
    async (unknown) => {
      const account = open({ unknown });
      account.simulator.create();
      expect(await account.read('shop-1', 'nobody')).toMatchObject({
        records: [{ recordId: 'shop-1' }],
        missing: ['nobody'],
      });
    },
  );

  test('under two identities is one record, which takes over the customer of the other', async () => {
    const account = open();
    account.simulator.create({ identities: ['u1', 'u2'] });
    const { records, missing } = await account.read('u1', 'u2');
    expect(records).toMatchObject([{ recordId: 'u1' }]);
    expect(missing).toEqual(['u2']);
    expect((await account.read('u2')).records).toMatchObject([{ recordId: 'u1', merged: ['u2'] }]);
  });

  test('is not missing because of another failure, nor where no query succeeds', async () => {
    const account = open();
    account.fault = () => Response.json({ status: 'fail', error: 'Internal problem', code: 17 });
    await expect(account.read('u1')).rejects.toMatchObject({
      name: 'TransientError',
      foreign: true,
      cause: { name: 'RejectedError', code: 'clevertap_17' },
    });
    account.fault = () => Response.json({ status: 'success', record: {} });
    await expect(account.read('u1')).rejects.toMatchObject({ name: 'TransientError', foreign: true });
  });

  test('is read three at a time at most', async () => {
    const account = open();
    await account.read('a', 'b', 'c');
    expect(account.simulator.state.refused).toBe(0);
    await expect(account.read('a', 'b', 'c', 'd')).rejects.toMatchObject({ status: 429 });
    expect(account.stream.read!.maxIds).toBe(3);
  });
});

describe('the webhook channel', () => {
  const hear = (body: string, given: { [name: string]: string } = headers) =>
    heard(clevertap, base, requestOf({ headers: given, body }), start);

  test('touches profiles in a list or alone, in either letter case, and ignores anonymous ones', () => {
    const { simulator } = open();
    const two = [simulator.create(), simulator.create({ identities: [] })];
    const touch = { kind: 'touch', stream: 'profiles', recordId: 'shop-1', changedAt: start };
    for (const capitals of [false, true]) {
      expect(hear(simulator.webhook(two, { capitals })).changes).toMatchObject([touch, { kind: 'ignored' }]);
      expect(hear(simulator.webhook(two, { capitals, single: true })).changes).toEqual([touch]);
    }
  });

  test('is known by its credentials, and a body that is no profile is rejected', () => {
    const { simulator } = open();
    const body = simulator.webhook([simulator.create()]);
    expect(hear(body).verdict.authentic).toBe(true);
    expect(hear(body, {}).verdict.authentic).toBe(false);
    expect(() => hear('{"message": "ok"}')).toThrow(/not a profile/);
    expect(hear(webhookOf(clevertap, base).sample!)).toMatchObject({
      verdict: { authentic: true },
      changes: [],
    });
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('profiles come, change without a time, are told of, and go', async () => {
    const clock = new FastClock();
    const simulator = createClevertapSimulator({
      now: () => clock.now(),
      accountId,
      passcode,
      inProgress: 1,
    });
    for (let count = 0; count < 3; count += 1) simulator.create();
    const world = await openVendor(clock, simulator.app, { connector: 'clevertap', ...base });
    await world.sync();
    expect(world.customers()['shop-1']).toMatchObject({ name: 'Person 1' });
    // An upload is no event.
    const [one] = simulator.profiles;
    one!.system.name = 'Ada';
    clock.skip(60_000);
    await world.sync('incremental');
    expect(world.customers()['shop-1']).toMatchObject({ name: 'Ada' });
    clock.skip(3 * dayMs);
    one!.system.name = 'Augusta';
    await world.push({ headers, body: simulator.webhook([one!]) });
    expect(world.customers()['shop-1']).toMatchObject({ name: 'Augusta' });
    simulator.remove('shop-2');
    const body = simulator.webhook([{ ...one!, identities: ['shop-2'] }]);
    await world.push({ headers, body });
    await until(async () => (await world!.standing()).length === 2);
    expect(dayOf(clock.now())).toBeGreaterThan(one!.days[0]!);
    expect(await world.deadLetters()).toBe(0);
  });
});
