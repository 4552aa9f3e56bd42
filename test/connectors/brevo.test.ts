// Brevo's connector against the simulated account: the kit, pages that move, absent attributes, and webhooks that know addresses only.
import { describe, expect, test } from 'vitest';
import type { Json } from '#connector';
import { brevo } from '../../connectors/brevo.ts';
import { type BrevoOptions, createBrevoSimulator } from '../../simulators/brevo.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf } from '../support/webhook.ts';
import { Account, ids, start } from './account.ts';
import { describeConnector } from './conformance.ts';

const apiKey = 'xkeysib-of-the-account';
const webhookToken = 'a-token-of-our-own';
const base = { apiKey, webhookToken };

function open(options: Partial<BrevoOptions> = {}) {
  return new Account(brevo, base, { 'api-key': apiKey }, (hooks) =>
    createBrevoSimulator({ apiKey, ...hooks, ...options }),
  );
}

describeConnector('brevo', {
  connector: brevo,
  stream: 'contacts',
  secrets: [apiKey],
  wrongSettings: [
    { settings: { webhookToken }, says: /apiKey/ },
    { settings: { ...base, apiKey: 'two words' }, says: /apiKey: must be the token alone/ },
  ],
  changeWhileReading: 'found',
  async open() {
    const account = open();
    const { simulator } = account;
    simulator.seed(2_130);
    const json = (status: number) => () =>
      Response.json({ code: 'refused', message: 'It was refused here' }, { status });
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
      create: async () => String(simulator.create().id),
      change: async (id, value) => void simulator.change(Number(id), { email: value }),
      remove: async (id) => void simulator.remove(Number(id)),
      property: 'email',
      unknownId: '999999',
    });
  },
});

describe('a contact', () => {
  test('has its name in the attributes of the account, its phone number with a plus sign, and its time', async () => {
    const account = open();
    account.simulator.create({ attributes: { FIRSTNAME: 'Anna', LASTNAME: 'Nowak', SMS: '14196056306' } });
    account.simulator.create({ attributes: { PRENOM: 'Zoé', NOM: 'Petit', SMS: 14196056306 } });
    account.simulator.create({ attributes: {} });
    const name = brevo.source!.mapping['name'] as (body: object) => Json;
    const records = await account.toRest();
    expect(records.map(({ body }) => name(body))).toEqual(['Anna Nowak', 'Zoé Petit', null]);
    const attributes = records.map(({ body }) => body['attributes'] as { SMS?: Json });
    expect(attributes.map(({ SMS }) => SMS)).toEqual(['+14196056306', '+14196056306', undefined]);
    expect(records.map(({ changedAt }) => changedAt)).toEqual([start, start, start]);
  });

  test.each([true, false])(
    'is read though 1,500 were created at one moment and others go meanwhile (inclusive bounds: %s)',
    async (sinceIsInclusive) => {
      const account = open({ sinceIsInclusive });
      const { simulator } = account;
      for (let i = 0; i < 1_500; i += 1) simulator.create({}, start - 60_000);
      simulator.seed(2_500);
      const seen = await account.toRest(() => {
        account.now += 1_000;
        for (const id of simulator.ids().slice(0, 80)) simulator.remove(Number(id));
        simulator.change(Number(simulator.ids()[900]), { email: 'new@example.com' });
      });
      const known = new Set(ids([...seen, ...(await account.toRest())]));
      expect(simulator.ids().filter((id) => !known.has(id))).toEqual([]);
    },
  );

  test('who changes is found though many change at once and others go while changes are paged', async () => {
    const account = open();
    const { simulator } = account;
    simulator.seed(3_000);
    await account.toRest();
    account.now += 600_000;
    await account.toRest();
    account.now += 1_000;
    for (const id of simulator.ids()) simulator.change(Number(id), { attributes: {} });
    const seen = await account.toRest(() => {
      account.now += 1_000;
      for (const id of simulator.ids().slice(0, 300)) simulator.remove(Number(id));
    });
    const known = new Set(ids(seen));
    expect(simulator.ids().filter((id) => !known.has(id))).toEqual([]);
  });

  test('is not passed over where a page comes in the other order', async () => {
    const account = open();
    account.simulator.seed(1_200);
    const { simulator } = account;
    account.fault = () => {
      account.fault = null;
      return Response.json({
        contacts: [...simulator.contacts.values()]
          .slice(-1_000)
          .reverse()
          .map(({ id, created, modified }) => ({
            id,
            createdAt: new Date(created).toISOString(),
            modifiedAt: new Date(modified).toISOString(),
          })),
      });
    };
    expect(await account.refusal()).toMatchObject({ name: 'TransientError', foreign: true });
  });

  test('who is read by e-mail address comes under its ID, and a former address deletes nobody', async () => {
    const account = open();
    const { id } = account.simulator.create({ email: 'anna+news@example.com' });
    const { records, missing } = await account.read('Anna+News@example.com', 'former@example.com');
    expect(ids(records)).toEqual([String(id)]);
    expect(new Set(missing)).toEqual(new Set(['Anna+News@example.com', 'former@example.com']));
  });

  test('is deleted if Brevo does not find the document, and because of no other 404', async () => {
    const account = open();
    account.simulator.seed(1);
    expect(await account.read('1')).toMatchObject({ missing: ['1'] });
    const noRoute = () => Response.json({ message: 'no Route matched' }, { status: 404 });
    account.fault = (path) => (path.endsWith('/1') ? noRoute() : undefined);
    await expect(account.read('1')).rejects.toMatchObject({ name: 'TransientError', foreign: true });
  });
});

describe('a refusal for too many calls', () => {
  test('says in a header of its own how long to wait', async () => {
    const account = open({ perSecond: 1 });
    account.simulator.seed(1);
    await account.page();
    expect(await account.refusal()).toMatchObject({ status: 429, retryAfterMs: 1_000 });
  });
});

describe('a webhook', () => {
  const { simulator } = open();
  const hear = (
    body: Json,
    headers: { [name: string]: string } = { authorization: `Bearer ${webhookToken}` },
  ) => heard(brevo, base, requestOf({ headers, body }), start);
  const touch = (recordId: string) => ({ kind: 'touch', stream: 'contacts', recordId, changedAt: start });

  test('touches the contact by e-mail address at the time of receipt, one or several in a body', () => {
    const updated = simulator.event('contact_updated', 'a@example.com');
    const added = simulator.event('listAddition', 'b@example.com', { list_id: [2] });
    expect(hear(updated).changes).toEqual([touch('a@example.com')]);
    expect(hear([updated, added]).changes).toEqual([touch('a@example.com'), touch('b@example.com')]);
  });

  test('about a campaign, a deletion or a contact without an address is ignored', () => {
    for (const body of [
      simulator.event('delivered', 'a@example.com'),
      simulator.event('contact_deleted', 'a@example.com'),
      simulator.event('contact_updated', undefined),
    ])
      expect(hear(body).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(() => hear({ email: 'a@example.com' })).toThrow(/names no event/);
  });

  test('without its credentials changes nothing', () => {
    const event = simulator.event('contact_updated', 'a@example.com');
    expect(hear(event, {}).verdict.authentic).toBe(false);
    expect(hear(event, { authorization: 'Bearer other' }).verdict.authentic).toBe(false);
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();
  const headers = { authorization: `Bearer ${webhookToken}` };

  test('contacts come, change, lose a value, and go, within the calls of a second', async () => {
    const clock = new FastClock();
    const simulator = createBrevoSimulator({ now: () => clock.now(), apiKey, perSecond: 10 });
    simulator.seed(5);
    const [one, two] = simulator.ids().map(Number) as [number, number];
    simulator.change(one, { attributes: { FIRSTNAME: 'Anna', SMS: '14196056306' } });
    const world = await openVendor(clock, simulator.app, { connector: 'brevo', ...base });
    await world.sync();
    expect(world.customers()[one]).toMatchObject({ name: 'Anna', phone: '+14196056306' });
    clock.skip(60_000);
    const { email } = simulator.change(one, { attributes: { FIRSTNAME: 'Hanna' } });
    await world.push({ headers, body: JSON.stringify(simulator.event('contact_updated', email)) });
    expect(world.customers()[one]).toMatchObject({ name: 'Hanna' });
    expect(world.customers()[one]).not.toHaveProperty('phone');
    simulator.remove(two);
    clock.skip(600_000);
    await world.sync('full');
    expect(await world.standing()).toEqual(simulator.ids());
    expect(await world.deadLetters()).toBe(0);
    expect(simulator.state.refused).toBe(0);
  });

  test('nobody goes while every path is answered with 404, nor because of a former address', async () => {
    const clock = new FastClock();
    let isLost = false;
    const lost = () => Response.json({ code: 'document_not_found', message: 'Not found' }, { status: 404 });
    const faults = () => (isLost ? lost() : undefined);
    const simulator = createBrevoSimulator({ now: () => clock.now(), apiKey, faults });
    simulator.seed(3);
    const [one, two] = simulator.ids().map(Number) as [number, number];
    const world = await openVendor(clock, simulator.app, { connector: 'brevo', ...base });
    await world.sync();
    const former = simulator.contacts.get(one)!.email;
    simulator.change(one, { email: 'new@example.com' });
    await world.push({ headers, body: JSON.stringify(simulator.event('contact_updated', former)) });
    isLost = true;
    await world.pushInVain({
      headers,
      body: JSON.stringify(simulator.event('contact_updated', 'new@example.com')),
    });
    expect(await world.standing()).toHaveLength(3);
    isLost = false;
    simulator.remove(two);
    clock.skip(3_600_000);
    await world.sync('full');
    expect(await world.standing()).toEqual(simulator.ids());
    expect(world.customers()[one]).toMatchObject({ email: 'new@example.com' });
    expect(await world.deadLetters()).toBe(0);
  });
});
