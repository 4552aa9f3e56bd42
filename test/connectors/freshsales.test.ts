// Freshsales' connector against the simulated account: the kit, views, pages that move, soft deletions, and what a workflow sends.
import { describe, expect, test } from 'vitest';
import { freshsales } from '../../connectors/freshsales.ts';
import {
  createFreshsalesSimulator,
  type FreshsalesOptions,
  filteredViewId,
  viewId,
} from '../../simulators/freshsales.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { Account, ids, start } from './account.ts';
import { describeConnector } from './conformance.ts';

const apiKey = 'key-of-the-administrator';
const webhookToken = 'a-secret-of-our-own';
const base = { baseUrl: 'https://acme.myfreshworks.com/crm/sales/api', apiKey, viewId };

function open(options: Partial<FreshsalesOptions> = {}, settings: object = {}) {
  const own = { ...base, baseUrl: 'https://vendor.example.com', ...settings };
  return new Account(freshsales, own, { authorization: `Token token=${apiKey}` }, (hooks) =>
    createFreshsalesSimulator({ apiKey, ...hooks, ...options }),
  );
}

describeConnector('freshsales', {
  connector: freshsales,
  stream: 'contacts',
  secrets: [apiKey],
  wrongSettings: [
    { settings: { apiKey, viewId }, says: /baseUrl: must be the URL of the API/ },
    { settings: { ...base, apiKey: 'two words' }, says: /apiKey: must be the token alone/ },
    { settings: { ...base, viewId: 'All Contacts' }, says: /viewId/ },
  ],
  changeWhileReading: 'found',
  async open() {
    const account = open();
    const { simulator } = account;
    simulator.seed(330);
    const json = (status: number) => () =>
      Response.json({ errors: { code: status, message: ['It was refused here'] } }, { status });
    const ruins = [
      json(401),
      json(403),
      json(404),
      json(429),
      json(503),
      json(200),
      () => Response.json({ contacts: [], meta: { total_pages: 4, total: 330 } }),
      () => new Response('<html>Log in</html>', { headers: { 'content-type': 'text/html' } }),
    ];
    return account.world(ruins, {
      ids: () => simulator.ids(),
      create: async () => String(simulator.create().id),
      change: async (id, value) => void simulator.change(Number(id), { job_title: value }),
      remove: async (id) => void simulator.remove(Number(id)),
      property: 'job_title',
      unknownId: '999',
    });
  },
});

describe('a contact', () => {
  test('has a mobile number, else the one at work, and its time whatever the offset', async () => {
    const account = open();
    account.simulator.create({ mobile_number: '0700 1', work_number: '0700 2' });
    account.simulator.create({ mobile_number: null, work_number: '0700 2' });
    account.simulator.create();
    const records = await account.toRest();
    expect(records.map(({ body }) => body['phone'])).toEqual(['0700 1', '0700 2', null]);
    expect(records.map(({ changedAt }) => changedAt)).toEqual([start, start, start]);
  });

  test('who stays is read though others are deleted and created while everything is paged', async () => {
    const account = open();
    const { simulator } = account;
    simulator.seed(950);
    const seen = await account.toRest(() => {
      account.now += 1_000;
      for (const id of simulator.ids().slice(0, 30)) simulator.remove(Number(id));
      simulator.create();
    });
    const known = new Set(ids([...seen, ...(await account.toRest())]));
    expect(simulator.ids().filter((id) => !known.has(id))).toEqual([]);
  });

  test('who changes while changes are paged is found, and older ones are not read again', async () => {
    const account = open();
    const { simulator } = account;
    simulator.seed(450);
    await account.toRest();
    account.now += 600_000;
    await account.toRest();
    account.now += 1_000;
    const changed = simulator.ids().slice(0, 230).map(Number);
    for (const id of changed) simulator.change(id, { job_title: 'New' });
    const before = simulator.state.answers;
    const seen = await account.toRest(() => {
      account.now += 1_000;
      simulator.change(changed[200]!, { job_title: 'Newer' });
    });
    expect(simulator.state.answers - before).toBeLessThanOrEqual(3);
    const known = new Map([...seen, ...(await account.toRest())].map((one) => [one.recordId, one.body]));
    expect(known.size).toBe(230);
    expect(known.get(String(changed[200]))).toMatchObject({ job_title: 'Newer' });
  });

  test('is not missed where a page is shorter than requested, or the order of changes is not kept', async () => {
    const account = open();
    const { simulator } = account;
    simulator.seed(150);
    const contacts = [...simulator.contacts.values()];
    account.fault = () =>
      Response.json({ contacts: contacts.slice(0, 25), meta: { total: 150, total_pages: 6 } });
    expect(await account.refusal()).toMatchObject({ foreign: true });
    account.fault = null;
    await account.toRest();
    account.now += 600_000;
    simulator.change(contacts[149]!.id, { job_title: 'New' });
    // The oldest first.
    account.fault = () => {
      const page = simulator.state.answers++ % 2 ? contacts.slice(100) : contacts.slice(0, 100);
      return Response.json({ contacts: page, meta: { total: 150, total_pages: 2 } });
    };
    simulator.state.answers = 0;
    expect(ids(await account.toRest())).toContain(String(contacts[149]!.id));
  });

  test('is deleted if it is in the bin or unknown to Freshsales, not because a view does not show it', async () => {
    const account = open({}, { viewId: filteredViewId });
    const { simulator } = account;
    simulator.seed(4);
    const [one, two, three] = simulator.ids().map(Number) as [number, number, number];
    expect(await account.toRest()).toHaveLength(2);
    simulator.remove(two);
    simulator.forget(three);
    const { records, missing } = await account.read(String(one), String(two), String(three));
    expect(records.map(({ recordId, deleted }) => [recordId, deleted])).toEqual([
      [String(one), undefined],
      [String(two), true],
    ]);
    expect(missing).toEqual([String(three)]);
    for (const errors of [{ code: '404', message: ['Not found'] }, { message: 'Not found' }, ['Not found']]) {
      account.fault = (path) =>
        path.endsWith(`/${one}`) ? Response.json({ errors }, { status: 404 }) : undefined;
      expect((await account.read(String(one))).missing).toEqual([String(one)]);
    }
    account.fault = () => Response.json({ errors: { code: 404 } }, { status: 404 });
    await expect(account.read(String(one))).rejects.toMatchObject({ name: 'TransientError', foreign: true });
    account.fault = () => Response.json({ message: 'no route' }, { status: 404 });
    await expect(account.read(String(one))).rejects.toMatchObject({ name: 'TransientError', foreign: true });
  });
});

describe('a refusal for too many calls', () => {
  test('may be hidden in a 400', async () => {
    const account = open();
    const message = ['{"error":"x","response_code" :: 429}'];
    account.fault = () => Response.json({ errors: { code: 400, message } }, { status: 400 });
    expect(await account.refusal()).toMatchObject({ name: 'TransientError', retryAfterMs: 60_000 });
    account.fault = () => Response.json({ errors: { code: 400, message: ['bad'] } }, { status: 400 });
    expect(await account.refusal()).toMatchObject({ name: 'RejectedError' });
  });
});

describe('the check', () => {
  test('names the views where there is none of viewId', async () => {
    expect((await open().check())[0]).toMatchObject({ allowed: true });
    expect((await open({}, { viewId: 1 }).check())[0]).toMatchObject({
      allowed: false,
      note: expect.stringContaining('9001 (Alle Kontakte)'),
    });
  });
});

describe('what a workflow sends', () => {
  const hear = (body: string, headers: { [name: string]: string } = { 'X-Tributary-Token': webhookToken }) =>
    heard(freshsales, { ...base, webhookToken }, requestOf({ headers, body }), start);

  test('touches the contact', () => {
    const { recipe } = webhookOf(freshsales, { ...base, webhookToken });
    expect(hear(recipe!.body.replace('{{contact.id}}', '70000000001')).changes).toEqual([
      { kind: 'touch', stream: 'contacts', recordId: '70000000001', changedAt: start },
    ]);
    expect(hear('{"id": "sample"}').changes).toMatchObject([{ kind: 'ignored' }]);
  });

  test('without the token, or with a placeholder that was not filled in, changes nothing', () => {
    expect(hear('{"id": "1"}', {}).verdict.authentic).toBe(false);
    expect(hear('{"id": "1"}', { 'X-Tributary-Token': 'other' }).verdict.authentic).toBe(false);
    for (const body of ['{"id": "{{contact.id}}"}', '{"id": null}', '{}'])
      expect(() => hear(body)).toThrow(/has no `id`/);
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('contacts come, change, go to the bin and come back, within the calls of an hour', async () => {
    const clock = new FastClock();
    const simulator = createFreshsalesSimulator({ now: () => clock.now(), apiKey, perHour: 30 });
    simulator.seed(4);
    const [one, two] = simulator.ids().map(Number) as [number, number];
    const world = await openVendor(clock, simulator.app, {
      connector: 'freshsales',
      apiKey,
      viewId,
      webhookToken,
      quota: { requests: 30, seconds: 3600 },
    });
    await world.sync();
    expect(world.customers()[one]).toMatchObject({ name: `Person ${one}` });
    clock.skip(60_000);
    simulator.change(one, { first_name: 'Anna' });
    const headers = { 'x-tributary-token': webhookToken };
    await world.push({ headers, body: JSON.stringify({ id: String(one) }) });
    expect(world.customers()[one]).toMatchObject({ name: `Anna ${one}` });
    simulator.remove(two);
    clock.skip(600_000);
    await world.sync('full');
    expect(await world.standing()).not.toContain(String(two));
    clock.skip(600_000);
    simulator.restore(two);
    await world.sync('incremental');
    expect(await world.standing()).toEqual(simulator.ids());
    expect(await world.deadLetters()).toBe(0);
    expect(simulator.state.refused).toBe(0);
  });
});
