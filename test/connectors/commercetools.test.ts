// The connector of commercetools against the simulated project: the kit, its late queries, its deletions, and what its Subscriptions push.
import { sql } from 'drizzle-orm';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { type Connector, type Json, TransientError } from '#connector';
import { commercetools } from '../../connectors/commercetools.ts';
import {
  byEventGrid,
  byPubSub,
  bySns,
  changeOf,
  messageOf,
  type PushedRequest,
} from '../../simulators/commercetools/push.ts';
import { type CommercetoolsOptions, createCommercetoolsSimulator } from '../../simulators/commercetools.ts';
import { createOAuthSimulator } from '../../simulators/oauth.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf } from '../support/webhook.ts';
import { Account, start } from './account.ts';
import { describeConnector } from './conformance.ts';

const credentials = { clientId: 'client', clientSecret: 'client-secret-00' };
const accessToken = 'an-access-token-of-two-days';
const base = { projectKey: 'acme', ...credentials };
const streamOf = (settings: object) =>
  commercetools.source!.streamsFor!(commercetools.settings.parse(settings))[0]!;

function open(options: Partial<CommercetoolsOptions> = {}, settings: object = {}) {
  const authorization = `Bearer ${accessToken}`;
  return new Account(commercetools, { ...base, ...settings }, { authorization }, (hooks) =>
    createCommercetoolsSimulator({
      ...hooks,
      isLive: (given) => given === authorization,
      messages: true,
      ...options,
    }),
  );
}

const refusal = (status: number, code: string) => () =>
  Response.json({ statusCode: status, message: 'It was refused here', errors: [{ code }] }, { status });

/** As where messages are read, so that the kit asks about deletions as well. */
const withMessages: Connector = {
  ...commercetools,
  source: { ...commercetools.source!, streams: [streamOf({ ...base, messages: true })] },
};

describeConnector('commercetools', {
  connector: withMessages,
  stream: 'customers',
  secrets: [accessToken, credentials.clientSecret],
  wrongSettings: [
    { settings: { projectKey: 'acme' }, says: /clientId/ },
    { settings: { ...base, projectKey: 'acme/prod' }, says: /projectKey: must be the key of a project/ },
    { settings: { ...base, region: 'europe' }, says: /region: must be a region and a cloud/ },
  ],
  changeWhileReading: 'found',
  async open() {
    const project = open({}, { messages: true });
    const { simulator } = project;
    simulator.seed(620);
    const ruins = [
      refusal(401, 'invalid_token'),
      refusal(403, 'insufficient_scope'),
      refusal(400, 'InvalidInput'),
      refusal(404, 'ResourceNotFound'),
      refusal(429, 'TooManyRequests'),
      refusal(503, 'OverCapacity'),
      () => Response.json({ message: 'no Route matched with those values' }, { status: 404 }),
      () => Response.json({ limit: 500, count: 620, results: [] }),
    ];
    return project.world(ruins, {
      ids: () => simulator.ids(),
      create: async () => simulator.create().id,
      change: async (id, value) => void simulator.change(id, { firstName: value }),
      remove: async (id) => simulator.remove(id),
      property: 'firstName',
      unknownId: '00000000-0000-4000-8000-000000000000',
    });
  },
});

describe('a customer', () => {
  test('has the default address for shipping, else for billing, else the first, and the street as its country writes it', async () => {
    const project = open();
    const address = (id: string, country: string, city: string) => ({
      id,
      country,
      city,
      streetName: 'Long Street',
      streetNumber: '7',
      mobile: '+1 512 555 0100',
    });
    const addresses = [address('a', 'DE', 'Bonn'), address('b', 'US', 'Austin'), address('c', 'DE', 'Ulm')];
    project.simulator.create({ addresses, defaultShippingAddressId: 'b', defaultBillingAddressId: 'c' });
    project.simulator.create({ addresses, defaultBillingAddressId: 'c' });
    project.simulator.create({ addresses, defaultShippingAddressId: 'gone' });
    project.simulator.create();
    const records = await project.toRest();
    const found = new Map(records.map(({ body }) => [body['email'], body['address']]));
    expect(found.get('P1@example.com')).toEqual({
      line_1: '7 Long Street',
      line_2: null,
      city: 'Austin',
      state: null,
      postal_code: null,
      country: 'US',
      phone: '+1 512 555 0100',
    });
    expect(found.get('P2@example.com')).toMatchObject({ city: 'Ulm', line_1: 'Long Street 7' });
    expect(found.get('P3@example.com')).toMatchObject({ city: 'Bonn' });
    expect(found.get('P4@example.com')).toBeNull();
    for (const { body } of records)
      for (const name of ['password', 'createdBy', 'lastModifiedBy']) expect(body).not.toHaveProperty(name);
  });

  test('of whom 1,300 were changed within a millisecond is not lost between pages', async () => {
    const project = open();
    project.simulator.seed(1_300);
    await project.toRest();
    project.now += 3_600_000;
    for (const id of project.simulator.ids()) project.simulator.change(id, { firstName: 'New' });
    const changed = await project.toRest();
    expect(new Set(changed.map(({ recordId }) => recordId)).size).toBe(1_300);
  });

  test('whom queries show four minutes late, after newer ones, is found by the trailing reader', async () => {
    const project = open();
    project.simulator.seed(3);
    project.lagMs = 300_000;
    await project.toRest();
    const [late, other] = project.simulator.ids() as [string, string];
    project.now += 60_000;
    const hidden = project.simulator.change(late, { firstName: 'Late' });
    project.now += 60_000;
    project.simulator.change(other, { firstName: 'Other' });
    // Queries know nothing of the first of the two yet.
    project.fault = (path) => {
      const { results } = { results: [project.simulator.customer(other)] };
      return path.endsWith('/customers')
        ? Response.json({ limit: 500, offset: 0, count: results.length, results })
        : undefined;
    };
    await project.toRest();
    project.fault = null;
    project.now += 240_000;
    const found = await project.toRest();
    expect(found.map(({ recordId }) => recordId)).toContain(hidden.id);
  });

  test('of a reading by ID is the present one, and gone only by the words of commercetools', async () => {
    const project = open({ lagMs: 5_000 });
    project.simulator.seed(3);
    const [one, other] = project.simulator.ids() as [string, string];
    project.simulator.change(one, { firstName: 'Now' });
    project.simulator.remove(other);
    const { records, missing } = await project.read(one, other);
    expect(records.map(({ body }) => body['firstName'])).toEqual(['Now']);
    expect(missing).toEqual([other]);
    const strange = [
      () => Response.json({ message: 'no Route matched with those values' }, { status: 404 }),
      () => Response.json({ statusCode: 404, message: 'URI not found' }, { status: 404 }),
      () => Response.json(project.simulator.customer(one)),
    ];
    for (const fault of strange) {
      project.fault = fault;
      await expect(project.read(other)).rejects.toMatchObject({ foreign: true });
    }
  });

  test('on a page that is cut short, or repeats, ends no reading', async () => {
    const project = open();
    project.simulator.seed(600);
    const first = await project.page();
    const { page: last } = first.cursor as { page: string };
    const row = project.simulator.customer(last);
    for (const body of [
      { limit: 100, count: 1, results: [row] },
      { limit: 500, count: 3, results: [row] },
      { limit: 500, count: 500, results: Array.from({ length: 500 }, () => row) },
    ]) {
      project.fault = () => Response.json(body);
      await expect(project.page()).rejects.toBeInstanceOf(TransientError);
    }
  });

  test('without an ID or a time is set aside', async () => {
    const project = open();
    const results: Json[] = [{ id: 'x' }, null, { lastModifiedAt: '2026-01-01T00:00:00.000Z' }];
    project.fault = () => Response.json({ limit: 500, count: 3, results });
    const page = await project.page();
    expect([page.records.length, page.rejected?.length]).toEqual([0, 3]);
  });
});

describe('a push', () => {
  const customer = open().simulator.create();
  const settings = { ...base, urlToken: 'a-secret-in-the-address' };
  const address = 'https://sync.example.com/webhooks/shop/a-secret-in-the-address';
  const hear = ({ method, headers, body }: PushedRequest, url = address) =>
    heard(commercetools, settings, requestOf({ method, headers, body, url }), start);
  const about = { projectKey: 'acme', modifiedAt: '2026-11-02T07:59:58.123Z' };
  const updated = changeOf('ResourceUpdated', customer, about);
  const changedAt = Date.parse(about.modifiedAt);
  const touch = { kind: 'touch', stream: 'customers', recordId: customer.id, changedAt };
  const wrappers = [
    ['Pub/Sub', byPubSub],
    ['SNS', bySns],
    ['Event Grid', byEventGrid],
  ] as const;

  test.each(wrappers)('through %s touches the customer, and is named by its version', (_name, wrap) => {
    expect(hear(wrap(updated))).toMatchObject({
      verdict: { authentic: true },
      keys: [`${customer.id} 1 ResourceUpdated`],
      changes: [touch],
    });
  });

  test.each(wrappers)('through %s of a deletion says so, and of an erasure', (_name, wrap) => {
    const deleted = changeOf('ResourceDeleted', customer, about);
    expect(hear(wrap(deleted)).changes).toEqual([{ ...touch, gone: 'deleted' }]);
    expect(hear(wrap({ ...deleted, dataErasure: true })).changes).toEqual([{ ...touch, gone: 'erased' }]);
  });

  test('in the format of CloudEvents is read through the other queues as well', () => {
    const event = { specversion: '1.0', id: 'e', type: 'com.commercetools.customer', data: updated };
    for (const wrap of [byPubSub, bySns]) expect(hear(wrap(event)).changes).toEqual([touch]);
  });

  test('of a message, whole or not, is a touch as well', () => {
    const created = { projectKey: 'acme', createdAt: about.modifiedAt };
    const message = messageOf('CustomerFirstNameSet', customer, created);
    expect(hear(byPubSub(message))).toMatchObject({ keys: [message.id], changes: [touch] });
    const deletion = messageOf('CustomerDeleted', customer, { ...created, payload: {} });
    expect(hear(bySns(deletion)).changes).toEqual([{ ...touch, gone: 'deleted' }]);
  });

  test('without the secret of the address is not let in', () => {
    for (const url of ['https://sync.example.com/webhooks/shop', `${address}x`])
      expect(hear(byPubSub(updated), url).verdict.authentic).toBe(false);
  });

  test('of another project, of another resource, of a test or a confirmation changes nothing', () => {
    const ignored = [{ kind: 'ignored' }];
    expect(hear(byPubSub({ ...updated, projectKey: 'other' })).changes).toMatchObject(ignored);
    expect(hear(bySns({ ...updated, resource: { typeId: 'subscription', id: 'x' } })).changes).toMatchObject(
      ignored,
    );
    expect(hear(bySns({}, 'SubscriptionConfirmation')).changes).toMatchObject(ignored);
    const garbage = { message: { data: 'no base64' } };
    expect(hear({ ...byPubSub({}), body: JSON.stringify(garbage) }).changes).toMatchObject(ignored);
    expect(() => hear(byPubSub({ ...updated, resource: { typeId: 'customer', id: '1' } }))).toThrow(
      /names no customer/,
    );
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('customers come, lose values, go by messages, are erased, and no token of theirs is stored', async () => {
    const clock = new FastClock();
    const now = () => clock.now();
    const oauth = createOAuthSimulator({
      path: '/oauth/token',
      ...credentials,
      clientCredentials: true,
      seconds: 172_800,
      now,
    });
    const simulator = createCommercetoolsSimulator({ now, isLive: oauth.isLive, messages: true });
    simulator.seed(6);
    // One person, known to two Stores by one address.
    for (const key of ['de', 'fr'])
      simulator.create({ email: 'both@example.com', stores: [{ typeId: 'store', key }] });
    const app = new Hono().route('/', oauth.app).route('/', simulator.app);
    const urlToken = 'a-secret-in-the-address';
    const world = await openVendor(clock, app, {
      connector: 'commercetools',
      ...base,
      messages: true,
      urlToken,
      privacyDeletions: 'erase',
    });
    await world.sync();
    expect(world.ids).toEqual(simulator.ids().sort());
    const [first, second, third] = simulator.ids() as [string, string, string];
    expect(world.customers()[first]).toMatchObject({ name: 'Person 1', email: 'p1@example.com' });
    const send = (request: PushedRequest) => world!.push({ ...request, path: `/${urlToken}` });
    const about = () => ({ projectKey: 'acme', modifiedAt: new Date(clock.now()).toISOString() });
    clock.skip(60_000);
    // What is not set any more is absent.
    const changed = simulator.change(first, { firstName: undefined, lastName: 'Nowak' });
    await send(byPubSub(changeOf('ResourceUpdated', changed, about())));
    expect(world.customers()[first]).toMatchObject({ name: 'Nowak' });
    clock.skip(600_000);
    simulator.remove(second);
    await world.sync('incremental');
    expect(await world.standing()).not.toContain(second);
    const erased = simulator.customer(third)!;
    simulator.remove(third);
    await send(bySns({ ...changeOf('ResourceDeleted', erased, about()), dataErasure: true }));
    // Once the person is erased everywhere, the receipt names nobody.
    expect(await world.database.rows(sql`select coalesce(source_id, ${third}) as id from erasures`)).toEqual([
      { id: third },
    ]);
    const payload = { value: 'a-token-that-resets-a-password', customerId: first };
    const token = { projectKey: 'acme', createdAt: new Date(clock.now()).toISOString(), payload };
    const before = await world.database.rows(sql`select id from inbox`);
    for (const wrap of [byPubSub, bySns, byEventGrid])
      await send(wrap(messageOf('CustomerPasswordTokenCreated', changed, token)));
    expect(await world.database.rows(sql`select id from inbox`)).toEqual(before);
    expect(await world.deadLetters()).toBe(0);
    expect(oauth.state).toMatchObject({ issued: 1, refused: 0 });
  });
});
