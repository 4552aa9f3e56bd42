// Bloomreach's connector against the simulated project: values by position, rights that are missing, what a scenario sends, and an
// export that is one answer.
import { describe, expect, test } from 'vitest';
import { bloomreach } from '../../connectors/bloomreach.ts';
import { type BloomreachOptions, createBloomreachSimulator } from '../../simulators/bloomreach.ts';
import { FastClock } from '../support/fast-clock.ts';
import { until } from '../support/sync-world.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { Account, start } from './account.ts';
import { expectNoAnswerBelieved } from './conformance.ts';

const key = { projectToken: 'project-of-the-shop', apiKeyId: 'key-id', apiSecret: 'secret-of-the-key' };
const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const base = { ...key, webhookBasic: { user: 'bloomreach', password: 'of-our-own' } };
const headers = { authorization: basic('bloomreach', 'of-our-own'), 'content-type': 'application/json' };

function open(options: Partial<BloomreachOptions> = {}, settings: object = {}) {
  const authorization = basic(key.apiKeyId, key.apiSecret);
  return new Account(bloomreach, { ...base, ...settings }, { authorization }, (hooks) =>
    createBloomreachSimulator({ ...key, ...hooks, ...options }),
  );
}

const hear = (body: string, settings: object = base, given: { [name: string]: string } = headers) =>
  heard(bloomreach, settings, requestOf({ headers: given, body }), start);

describe('a customer', () => {
  test('is read by the hard ID, values by position, and what is empty is null', async () => {
    const account = open();
    account.simulator.create({ email: 'Ada@example.com', birth_date: -86_400, tags: ['a', 'b'] });
    const properties = ['email', 'tags', 'phone', 'registered'];
    const { records } = await account.stream.read!.records(account.context(), {
      recordIds: ['shop-1'],
      properties,
    });
    const body = { registered: 'shop-1', email: 'Ada@example.com', tags: ['a', 'b'], phone: null };
    expect(records).toEqual([{ recordId: 'shop-1', changedAt: start, body }]);
  });

  test('keeps a property that the key has no right to', async () => {
    const account = open({ forbidden: ['email'] });
    account.simulator.create({ email: 'ada@example.com' });
    const { records } = await account.read('shop-1');
    expect(records[0]!.body).toMatchObject({ first_name: 'Person', phone: null });
    expect(records[0]!.body).not.toHaveProperty('email');
  });

  test.each(['404', 'nulls'] as const)(
    'that does not exist, or is anonymous, is missing (%s)',
    async (unknown) => {
      const account = open({ unknown });
      for (let count = 0; count < 2; count += 1) account.simulator.create();
      account.simulator.anonymize('shop-2');
      expect(await account.read('shop-1', 'shop-2', 'nobody')).toMatchObject({
        records: [{ recordId: 'shop-1' }],
        missing: ['shop-2', 'nobody'],
      });
    },
  );

  test('is not missing because the project is wrong, or something else answers', async () => {
    const wrong = open({}, { projectToken: 'another' });
    await expect(wrong.read('shop-1')).rejects.toMatchObject({ name: 'TransientError', foreign: true });
    const account = open();
    await expectNoAnswerBelieved(account.stream, account.context(), {
      recordIds: ['shop-1'],
      properties: ['email'],
      cursors: [],
    });
    account.fault = () => Response.json({ errors: ['no rights'], success: false }, { status: 403 });
    await expect(account.read('shop-1')).rejects.toThrow(/Give the private API key the rights/);
    expect(await account.check()).toMatchObject([{ allowed: false }]);
    account.fault = null;
    expect(await account.check()).toMatchObject([{ allowed: true }]);
  });
});

describe('a scenario', () => {
  const template = (id: string | null) =>
    webhookOf(bloomreach, base).recipe!.body.replace(/\{\{.*?\}\}/, JSON.stringify(id));

  test('touches the customer, one by one or in batches of texts', () => {
    const touch = (recordId: string) => ({ kind: 'touch', stream: 'customers', recordId, changedAt: start });
    expect(hear(template('a "quoted" ID')).changes).toEqual([touch('a "quoted" ID')]);
    const texts = ['u1', 'u2'].map(template);
    expect(hear(JSON.stringify({ customers: texts })).changes).toEqual([touch('u1'), touch('u2')]);
    expect(hear(`[${texts}]`).changes).toEqual([touch('u1'), touch('u2')]);
    expect(hear(template(null)).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(hear(webhookOf(bloomreach, base).sample!).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(() => hear('{"customers": ["{\\"registered\\": \\"a\\"b\\"}"]}')).toThrow(/no ID at registered/);
  });

  test('may name another hard ID', () => {
    const settings = { ...base, hardId: 'shop_id' };
    expect(webhookOf(bloomreach, settings).recipe!.body).toBe(
      '{"shop_id": {{ customer_ids.shop_id | tojson }}}',
    );
    expect(hear('{"shop_id": 7}', settings).changes).toMatchObject([{ recordId: '7' }]);
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  async function opened(count: number) {
    const clock = new FastClock();
    const simulator = createBloomreachSimulator({ ...key, now: () => clock.now(), visibleAfterMs: 20_000 });
    for (let one = 0; one < count; one += 1) simulator.create({ birth_date: 642_902_400 });
    simulator.create({}, null);
    clock.skip(60_000);
    const world = await openVendor(clock, simulator.app, { connector: 'bloomreach', ...base });
    return { clock, simulator, world };
  }

  test('everybody comes by one answer, without the anonymous, and an answer that breaks off loses nobody', async () => {
    const { simulator, world } = await opened(1_203);
    simulator.state.cutsOff = true;
    await world.sync();
    if (world.ids.length < 1_203) await world.sync();
    expect(world.ids).toHaveLength(1_203);
    expect(world.customers()['shop-1']).toMatchObject({ name: 'Person 1', birthdate: '1990-05-17' });
    expect(simulator.state.exports).toBeGreaterThan(1);
    expect(await world.deadLetters()).toBe(0);
  });

  test('a scenario brings a change that shows late, and a full reading finds who was anonymized', async () => {
    const { clock, simulator, world } = await opened(3);
    await world.sync();
    simulator.change('shop-1', { first_name: 'Ada' });
    const sent: number[] = [];
    const send = async (body: string) => {
      await world.push({ headers, body });
      sent.push(200);
      return 200;
    };
    expect(await simulator.scenario(['{"registered": "shop-1"}'], send)).toEqual({
      requests: 1,
      stopped: false,
    });
    expect(world.customers()['shop-1']).toMatchObject({ name: 'Ada 1' });
    simulator.anonymize('shop-2');
    clock.skip(60_000);
    await world.sync();
    await until(async () => (await world.standing()).length === 2);
    expect(await world.standing()).toEqual(['shop-1', 'shop-3']);
    expect(await world.deadLetters()).toBe(0);
  });

  test('a refusal does not stop the rest of the send', async () => {
    const { simulator } = await opened(1);
    const refuseWith = webhookOf(bloomreach, base).refuseWith!;
    const texts = ['{"registered": "shop-1"}', '{"registered": "shop-2"}'];
    expect(await simulator.scenario(texts, async () => refuseWith)).toEqual({ requests: 6, stopped: false });
    expect(await simulator.scenario(texts, async () => 401)).toMatchObject({ stopped: false });
    expect(await simulator.scenario(texts, async () => 413)).toMatchObject({ stopped: true });
  });
});
