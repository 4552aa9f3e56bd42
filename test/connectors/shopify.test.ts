// Shopify's connector against the simulated shop: the kit, its refusals with status 200, its merges, and what it pushes.
import { sql } from 'drizzle-orm';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import {
  type Context,
  type Json,
  type Page,
  type SourceRecord,
  type TransientError,
  UnauthorizedError,
} from '#connector';
import { shopify } from '../../connectors/shopify.ts';
import { createOAuthSimulator } from '../../simulators/oauth.ts';
import { createShopifySimulator, type ShopifyOptions } from '../../simulators/shopify.ts';
import { directApi } from '../support/direct-api.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf } from '../support/webhook.ts';
import { describeConnector, type OpenWorld } from './conformance.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const accessToken = 'shpat_0123456789abcdef0123456789abcdef';
const webhookSecret = 'client-secret-00';
const stream = shopify.source!.streams[0]!;
const mapped = ['id', 'firstName', 'lastName', 'defaultEmailAddress', 'defaultPhoneNumber', 'note'];

class Shop {
  now = start;
  readonly simulator: ReturnType<typeof createShopifySimulator>;
  readonly settings: unknown;
  fault: (() => Response) | null = null;
  cursor: Json | null = null;

  constructor(options: Partial<ShopifyOptions> = {}, settings: object = {}) {
    this.simulator = createShopifySimulator({
      now: () => this.now,
      accessToken,
      pointsPerSecond: false,
      faults: () => this.fault?.(),
      ...options,
    });
    this.settings = shopify.settings.parse({ shop: 'acme', accessToken, ...settings });
  }

  context(): Context<unknown> {
    const noFiles = () => {
      throw new Error('no file is read');
    };
    const description = shopify.api!(this.settings);
    const headers = { 'x-shopify-access-token': accessToken };
    const api = directApi(this.simulator.app, { ...description, headers }, () => this.now);
    return { settings: this.settings, api, files: { stat: noFiles, open: noFiles }, now: this.now };
  }

  async page(properties: readonly string[] = []): Promise<Page> {
    const request = { cursor: this.cursor, until: this.now, properties };
    const page = await stream.pull!(this.context(), request);
    this.cursor = JSON.parse(JSON.stringify(page.cursor));
    return page;
  }

  async toRest(between: () => void = () => {}): Promise<SourceRecord[]> {
    const records: SourceRecord[] = [];
    for (let pull = 0; pull < 100; pull += 1) {
      const page = await this.page();
      records.push(...page.records);
      if (page.done) return records;
      between();
    }
    throw new Error('pulling does not come to rest');
  }

  read(...recordIds: string[]) {
    return stream.read!.records(this.context(), { recordIds, properties: [] });
  }

  refusal(): Promise<unknown> {
    return this.page().then(
      () => null,
      (error: unknown) => error,
    );
  }
}

const coded = (code: string) => () =>
  Response.json({ data: null, errors: [{ message: 'It was refused here', extensions: { code } }] });

describeConnector('shopify', {
  connector: shopify,
  stream: 'customers',
  secrets: [accessToken],
  wrongSettings: [
    { settings: { shop: 'acme' }, says: /app: exactly one of/ },
    { settings: { shop: 'acme', accessToken, app: { clientId: 'a', clientSecret: 'b' } }, says: /exactly/ },
    { settings: { shop: 'https://acme.com', accessToken }, says: /shop: must be the name of the shop/ },
    { settings: { shop: 'acme', accessToken, apiVersion: 'latest' }, says: /apiVersion: must be a version/ },
    { settings: { shop: 'acme', accessToken, metafields: ['birth'] }, says: /a namespace and a key/ },
  ],
  changeWhileReading: 'found',
  async open(): Promise<OpenWorld> {
    const shop = new Shop();
    const { simulator } = shop;
    simulator.seed(230);
    const json = (status: number) => () => Response.json({ errors: 'It was refused here' }, { status });
    const ruins = [
      json(401),
      json(402),
      json(403),
      json(404),
      json(430),
      json(500),
      coded('THROTTLED'),
      coded('INTERNAL_SERVER_ERROR'),
      coded('ACCESS_DENIED'),
      coded('SHOP_INACTIVE'),
      coded('undefinedField'),
      () => new Response('<html>Down</html>', { status: 200, headers: { 'content-type': 'text/html' } }),
    ];
    return {
      settings: shop.settings,
      context: () => shop.context(),
      advance: (milliseconds) => {
        shop.now += milliseconds;
      },
      ids: () => simulator.ids(),
      create: async () => simulator.customers.create().id,
      change: async (id, value) => void simulator.customers.change(id, { firstName: value }),
      remove: async (id) => void simulator.remove(id),
      property: 'firstName',
      unknownId: '9199999999999',
      ruin: async () => {
        shop.fault = ruins.shift() ?? null;
        return shop.fault !== null;
      },
    };
  },
});

describe('a customer', () => {
  test('has the values that were requested, null where there are none, and never a name that is an address', async () => {
    const shop = new Shop({}, { metafields: ['facts.birth_date', 'loyalty.tier'] });
    shop.simulator.customers.create({
      id: '9007199254740993',
      firstName: null,
      note: null,
      address: { city: 'Oslo', countryCodeV2: 'NO' },
      metafields: { 'facts.birth_date': '1990-03-14' },
    });
    const [record] = await shop.toRest();
    expect(record).toMatchObject({
      recordId: '9007199254740993',
      changedAt: start,
      body: {
        id: '9007199254740993',
        firstName: null,
        note: null,
        state: 'DISABLED',
        numberOfOrders: '0',
        defaultPhoneNumber: null,
        defaultAddress: { city: 'Oslo', countryCodeV2: 'NO', address1: null },
        metafields: { facts: { birth_date: '1990-03-14' }, loyalty: { tier: null } },
      },
    });
    expect(record!.deleted).toBeUndefined();
    expect(record!.body).not.toHaveProperty('displayName');
  });

  test('is requested with the properties of the mapping alone, so that no others need an approval', async () => {
    const shop = new Shop();
    shop.simulator.seed(3);
    for (const name of ['defaultAddress', 'lastName']) shop.simulator.state.denied.add(name);
    expect((await shop.page(['id', 'defaultEmailAddress'])).records).toHaveLength(3);
    shop.cursor = null;
    await expect(shop.page(mapped)).rejects.toThrow(/not approved to access the lastName field/);
  });

  test('who changes while pages are read moves to the end, and is found there', async () => {
    const shop = new Shop();
    shop.simulator.seed(250);
    await shop.toRest();
    shop.now += 600_000;
    await shop.toRest();
    for (const id of shop.simulator.ids()) shop.simulator.customers.change(id, { note: 'New' });
    let turn = 0;
    const seen = await shop.toRest(() => {
      shop.now += 1_000;
      shop.simulator.customers.change(shop.simulator.ids()[turn]!, { note: 'Newer' });
      turn += 1;
    });
    const notes = new Map(seen.map(({ recordId, body }) => [recordId, body['note']]));
    expect(notes.size).toBe(250);
    expect([...notes.values()].filter((note) => note === 'Newer')).toHaveLength(turn);
  });

  test('whom the index learns of four minutes later, after newer ones, is found by the trailing reader', async () => {
    const shop = new Shop({ lagMs: 240_000 });
    const { customers } = shop.simulator;
    shop.simulator.seed(3);
    let cursor: Json | null = null;
    const trail = async () => {
      const until = shop.now - stream.settleLagSeconds! * 1000;
      const page = await stream.pull!(shop.context(), { cursor, until, properties: [] });
      cursor = page.cursor;
      expect(page.done).toBe(true);
      return page.records.map(({ recordId }) => recordId);
    };
    await trail();
    const found = new Set<string>();
    const [first] = shop.simulator.ids();
    for (let minute = 1; minute <= 14; minute += 1) {
      shop.now += 60_000;
      if (minute === 2) customers.create({ id: '9199999999999' });
      // Its new time shows at once, ahead of what the index does not know yet.
      if (minute === 4) customers.change(first!, { note: 'Late' });
      for (const id of await trail()) found.add(id);
    }
    expect([...found]).toEqual(expect.arrayContaining(['9199999999999', first]));
  });

  test('is counted for forecasts: all of them, or those that changed', async () => {
    const shop = new Shop();
    shop.simulator.seed(230);
    const count = (cursor: Json | null) =>
      stream.count!(shop.context(), { cursor, until: shop.now, properties: [] });
    expect(await count(null)).toBe(230);
    await shop.toRest();
    shop.now += 600_000;
    await shop.toRest();
    shop.simulator.customers.change(shop.simulator.ids()[0]!, { note: 'New' });
    expect(await count({ phase: 'changes', from: shop.now - 1_000, given: [] })).toBe(1);
  });

  test('with every property and four metafields does not cost more than a query may', async () => {
    const shop = new Shop({}, { metafields: ['a.a', 'b.b', 'c.c', 'd.d'] });
    shop.simulator.seed(250);
    await shop.toRest();
    await shop.read(...shop.simulator.ids().slice(0, 100));
    expect(shop.simulator.state.maxCost).toBeLessThanOrEqual(1_000);
  });
});

describe('an answer with status 200', () => {
  test('that denies some customers or some of their fields stops the reading, and clears and deletes nothing', async () => {
    for (const denied of ['Customer', 'defaultEmailAddress']) {
      const shop = new Shop();
      shop.simulator.seed(3);
      await shop.page();
      shop.simulator.state.denied.add(denied);
      expect(await shop.refusal()).toBeInstanceOf(UnauthorizedError);
      await expect(shop.read(...shop.simulator.ids())).rejects.toThrow(/protected customer data/);
    }
  });

  test('that refuses a query for its points says how long to wait', async () => {
    const shop = new Shop({ pointsPerSecond: 100 });
    shop.simulator.seed(1_000);
    for (;;) {
      const error = await shop.refusal();
      if (error === null) continue;
      expect(error).toMatchObject({ name: 'TransientError', quota: 'points', foreign: false });
      const { retryAfterMs } = error as TransientError;
      shop.now += retryAfterMs!;
      break;
    }
    expect(await shop.refusal()).toBeNull();
  });

  test('reports how many pages the points allow, and until when there are none', () => {
    const { settings } = new Shop();
    const reading = (available: number, first: number) =>
      shopify.api!(settings).readQuotas!(
        {
          status: 200,
          headers: {},
          json: {
            extensions: {
              cost: {
                requestedQueryCost: 500,
                throttleStatus: { maximumAvailable: 2000, currentlyAvailable: available, restoreRate: 100 },
              },
            },
          },
        },
        { path: '/', json: { variables: { first } } },
        start,
      );
    expect(reading(1_700, 100)).toEqual([{ quota: 'points', limit: 4, remaining: 3 }]);
    expect(reading(200, 100)).toEqual([
      { quota: 'points', limit: 4, remaining: 0, exhaustedUntil: start + 3_000 },
    ]);
    // A smaller query says nothing of what a page costs.
    expect(reading(1_700, 1)).toEqual([]);
  });

  test('that refuses the cursor of a page begins the reading again', async () => {
    const shop = new Shop();
    shop.simulator.seed(230);
    await shop.page();
    shop.cursor = { ...(shop.cursor as object), page: 'a cursor of another shop' };
    const seen = await shop.toRest();
    expect(new Set(seen.map(({ recordId }) => recordId)).size).toBe(230);
  });

  test('that repeats a page, or does not say where it continues, is not accepted', async () => {
    const shop = new Shop();
    shop.simulator.seed(230);
    const first = await shop.page();
    const answer = (pageInfo: object) => () =>
      Response.json({ data: { customers: { nodes: [], pageInfo } } });
    const { page: endCursor } = first.cursor as { page: string };
    for (const pageInfo of [
      { hasNextPage: true, endCursor },
      { hasNextPage: true, endCursor: null },
      { endCursor },
    ]) {
      shop.fault = answer(pageInfo);
      expect(await shop.refusal()).toMatchObject({ name: 'TransientError', foreign: true });
    }
  });

  test('is taken for what it holds by itself: rows without an ID or a time are set aside', async () => {
    const shop = new Shop();
    const nodes = [
      { id: 'gid://shopify/Customer/1', legacyResourceId: '1' },
      null,
      { id: 'gid://shopify/Order/2' },
    ];
    shop.fault = () =>
      Response.json({ data: { customers: { nodes, pageInfo: { hasNextPage: false, endCursor: null } } } });
    const page = await shop.page();
    expect(page.records).toEqual([]);
    expect(page.rejected).toHaveLength(3);
  });
});

describe('a customer read by ID', () => {
  test('is gone where the shop answers null without an error, in the order of the IDs', async () => {
    const shop = new Shop();
    shop.simulator.seed(3);
    const [one, other, last] = shop.simulator.ids() as [string, string, string];
    shop.simulator.remove(other);
    const { records, missing } = await shop.read(one, other, last);
    expect(records.map(({ recordId }) => recordId)).toEqual([one, last]);
    expect(missing).toEqual([other]);
  });

  test('is not treated as deleted if the answer is shorter, or of other customers', async () => {
    const shop = new Shop();
    shop.simulator.seed(2);
    const ids = shop.simulator.ids();
    const node = {
      id: `gid://shopify/Customer/${ids[1]}`,
      legacyResourceId: ids[1],
      updatedAt: '2026-01-01T00:00:00Z',
    };
    for (const nodes of [[], [null], [node, null], [{}, null], null]) {
      shop.fault = () => Response.json({ data: { nodes } });
      await expect(shop.read(...ids)).rejects.toMatchObject({ foreign: true });
    }
  });
});

describe('the check', () => {
  test('tells of a version that has ended, of a filter that is ignored, and of data that is not approved', async () => {
    const shop = new Shop({}, { apiVersion: '2025-07' });
    shop.simulator.seed(1);
    shop.simulator.state.ignoresFilter = true;
    shop.simulator.state.denied.add('defaultEmailAddress');
    expect(await shopify.check!(shop.context())).toEqual([
      expect.objectContaining({ allowed: true }),
      expect.objectContaining({ allowed: false, note: expect.stringContaining('protected customer data') }),
      expect.objectContaining({ allowed: false, note: expect.stringContaining('ignores the filter') }),
      expect.objectContaining({ allowed: false, note: expect.stringContaining('with version 2026-01') }),
    ]);
    expect(shopify.apiVersion!(shop.settings)).toEqual({ name: '2025-07', endsOn: '2026-07-01' });
  });
});

describe('a webhook', () => {
  const { simulator } = new Shop();
  const { push } = simulator;
  const customer = simulator.customers.create({ note: null });
  const settings = { shop: 'acme', accessToken, webhookSecret };
  const hear = (request: { headers: { [name: string]: string }; body: string }, more: object = {}) =>
    heard(shopify, { ...settings, ...more }, requestOf(request), start + 5_000);
  const touch = { kind: 'touch', stream: 'customers', recordId: customer.id, changedAt: start };

  test('is known by its signature, as computed independently, in any letter case of its header', () => {
    const body = '{"id":1}';
    const headers = { 'x-shopify-hmac-sha256': 'H19jdkTt0bdVHJbmH87mtfSa7ud+merMEAWsvbbRGkY=' };
    expect(hear({ headers, body }, { webhookSecret: ['old', 'test-secret'] }).verdict.authentic).toBe(true);
    expect(hear({ headers, body }).verdict.authentic).toBe(false);
    expect(hear({ headers: {}, body }).verdict.authentic).toBe(false);
  });

  test('touches the customer by the time it names, in the zone of the shop', () => {
    expect(hear(push.customer('customers/update', customer, start + 900)).changes).toEqual([touch]);
    expect(hear(push.tagsAdded(customer.id, ['vip'], start)).changes).toEqual([touch]);
  });

  test('of a deletion or a redaction says so, and by its signed body alone erases nobody', () => {
    expect(hear(push.deletion(customer.id, start + 900)).changes).toEqual([{ ...touch, gone: 'deleted' }]);
    expect(hear(push.redaction(customer.id, start)).changes).toEqual([{ ...touch, gone: 'erased' }]);
    const ahead = push.deletion(customer.id, start + 86_400_000);
    expect(hear(ahead).changes).toMatchObject([{ changedAt: start + 5_000 }]);
  });

  test('of a merge hands the customer on, and of a merge that failed reads both', () => {
    expect(hear(push.merge('5', '6', start)).changes).toMatchObject([
      { kind: 'record', partial: true, record: { recordId: '5', merged: ['6'], body: {} } },
      { kind: 'touch', recordId: '5' },
    ]);
    expect(hear(push.merge('5', '6', start, 'failed')).changes).toMatchObject([
      { kind: 'touch', recordId: '5' },
      { kind: 'touch', recordId: '6' },
    ]);
  });

  test('of another shop, of an order, of a test, or about the app itself changes nothing', () => {
    const ignored = [{ kind: 'ignored' }];
    const foreign = push.customer('customers/update', customer, start);
    const headers = { ...foreign.headers, 'X-Shopify-Shop-Domain': 'other.myshopify.com' };
    expect(hear({ ...foreign, headers }).changes).toMatchObject(ignored);
    const { 'X-Shopify-Shop-Domain': _, ...without } = foreign.headers;
    expect(hear({ ...foreign, headers: without }).changes).toMatchObject(ignored);
    const order = { id: 7, admin_graphql_api_id: 'gid://shopify/Order/7', customer: { id: 5 } };
    expect(hear(push.request('orders/create', order, start)).changes).toMatchObject(ignored);
    expect(hear(push.test(start)).changes).toMatchObject(ignored);
    for (const topic of ['app/uninstalled', 'shop/redact', 'customers/data_request'])
      expect(hear(push.request(topic, { shop_id: 1, customer: { id: 5 } }, start)).changes).toMatchObject(
        ignored,
      );
    expect(() => hear(push.request('customers/update', { id: 'x' }, start))).toThrow(/names no customer/);
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('customers come with a token of the app, change, are merged, and go; points are never overspent', async () => {
    const clock = new FastClock();
    const app = { clientId: 'client', clientSecret: webhookSecret };
    const oauth = createOAuthSimulator({
      path: '/admin/oauth/access_token',
      ...app,
      clientCredentials: true,
      seconds: 86_399,
      now: () => clock.now(),
    });
    const simulator = createShopifySimulator({
      now: () => clock.now(),
      isLive: (token) => oauth.isLive(`Bearer ${token}`),
      pointsPerSecond: 100,
    });
    simulator.seed(430);
    const [first, second, third, fourth] = simulator.ids() as [string, string, string, string];
    const both = new Hono().route('/', oauth.app).route('/', simulator.app);
    const world = await openVendor(clock, both, { connector: 'shopify', shop: 'acme', app });
    await world.sync();
    expect(world.ids).toHaveLength(430);
    expect(simulator.state.throttled).toBe(0);
    expect(world.customers()[first]).toMatchObject({ email: 'p1@example.com' });
    const { push, customers } = simulator;
    clock.skip(10_000);
    const changed = customers.change(first, { firstName: 'Anna', lastName: 'Nowak', email: null });
    await world.push(push.customer('customers/update', changed, clock.now()));
    expect(world.customers()[first]).toMatchObject({ name: 'Anna Nowak' });
    // A token of a day has ended.
    clock.skip(90_000_000);
    simulator.merge(second, third);
    await world.push(push.merge(second, third, clock.now()));
    simulator.remove(fourth);
    await world.push(push.deletion(fourth, clock.now()));
    const merged = await world.database.rows(
      sql`select record_id, merged_into from records where merged_into is not null`,
    );
    expect(merged).toEqual([{ recordId: third, mergedInto: second }]);
    expect(await world.standing()).not.toContain(fourth);
    // Redacted but still there: read, and not erased.
    await world.push(push.redaction(first, clock.now()));
    await world.push(push.test(clock.now()));
    expect(world.ids).toContain(first);
    expect(oauth.state).toMatchObject({ issued: 2, refused: 0 });
    expect(await world.deadLetters()).toBe(0);
  });
});
