// Klaviyo's connector against the simulated account: its strict filter, its clocks, and the two kinds of what it pushes.
import { describe, expect, test } from 'vitest';
import {
  type Api,
  type ApiRequest,
  type Context,
  type Json,
  type Page,
  RejectedError,
  type SourceRecord,
} from '#connector';
import { klaviyo } from '../../connectors/klaviyo.ts';
import {
  createKlaviyoSimulator,
  type KlaviyoOptions,
  type KlaviyoSimulator,
  type PushedRequest,
} from '../../simulators/klaviyo.ts';
import { Authenticator } from '../../src/engine/webhook/authenticity.ts';
import { directApi } from '../support/direct-api.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { describeConnector, type OpenWorld } from './conformance.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const apiKey = 'pk_secret0a1b2c3d4e5f';
const secretKey = 'a-secret-of-system-webhooks';
const stream = klaviyo.source!.streams[0]!;
const minute = 60_000;
const url = 'https://sync.example.com/webhooks/klaviyo';

/** An account and a connector that reads it, on a clock moved by hand. */
class Account {
  now = start;
  readonly simulator: KlaviyoSimulator;
  readonly settings: unknown;
  readonly requests: ApiRequest[] = [];
  readonly #api: Api;
  #cursor: Json | null = null;

  constructor(options: KlaviyoOptions = {}, settings: Record<string, unknown> = {}) {
    this.simulator = createKlaviyoSimulator({
      now: () => this.now,
      apiKey,
      quotas: false,
      push: { url, secretKey },
      ...options,
    });
    this.settings = klaviyo.settings.parse({ apiKey, ...settings });
    const api = directApi(this.simulator.app, klaviyo.api!(this.settings), () => this.now);
    this.#api = {
      request: (request) => {
        this.requests.push(request);
        return api.request(request);
      },
    };
  }

  context(): Context<unknown> {
    const noFiles = () => {
      throw new Error('no file is read');
    };
    return {
      settings: this.settings,
      api: this.#api,
      files: { stat: noFiles, open: noFiles },
      now: this.now,
    };
  }

  async page(): Promise<Page> {
    const page = await stream.pull!(this.context(), {
      cursor: this.#cursor,
      until: this.now,
      properties: [],
    });
    this.#cursor = JSON.parse(JSON.stringify(page.cursor));
    return page;
  }

  async toRest(between: () => void = () => {}): Promise<SourceRecord[]> {
    const records: SourceRecord[] = [];
    for (let pull = 0; pull < 500; pull += 1) {
      const page = await this.page();
      records.push(...page.records);
      if (page.done) return records;
      between();
    }
    throw new Error('pulling does not come to rest');
  }

  /** Everything read, some minutes ago. */
  async atRest(): Promise<void> {
    await this.toRest();
    await this.toRest();
    this.now += 10 * minute;
    await this.toRest();
    this.requests.length = 0;
  }

  /** Through a restart: the cursor is what was stored. */
  set cursor(cursor: Json) {
    this.#cursor = cursor;
  }

  get cursor(): Json | null {
    return this.#cursor;
  }

  read(recordIds: readonly string[]) {
    return stream.read!.records(this.context(), { recordIds, properties: [] });
  }
}

describeConnector('klaviyo', {
  connector: klaviyo,
  stream: 'profiles',
  secrets: [apiKey],
  wrongSettings: [
    { settings: {}, says: /apiKey/ },
    { settings: { apiKey: `Klaviyo-API-Key ${apiKey}` }, says: /apiKey: must be the token alone/ },
    { settings: { apiKey, revision: 'latest' }, says: /revision: must be a revision such as/ },
    { settings: { apiKey, additionalFields: ['lists'] }, says: /additionalFields/ },
    { settings: { apiKey, webhookHeader: 'X Token' }, says: /webhookHeader: must be a header name/ },
    { settings: { apiKey, webhookSecret: {} }, says: /webhookSecret: a secret, or a list/ },
    { settings: { apiKey, baseUrl: 'a.klaviyo.com' }, says: /baseUrl: must be a URL such as/ },
  ],
  changeWhileReading: 'found',
  async open(): Promise<OpenWorld> {
    const account = new Account({}, { accountId: 'AbC123' });
    account.simulator.seed(250);
    const { simulator } = account;
    const error = (status: number) =>
      Response.json(
        { errors: [{ id: '1', status, code: 'x', title: 'No', detail: 'It was refused' }] },
        { status },
      );
    const ruins = [
      () => error(401),
      () => error(403),
      () => error(400),
      () => error(429),
      () => new Response('gateway', { status: 502 }),
      () => Response.json({ well: 'but no profiles' }),
      () => Response.json({ data: [], links: { next: 'https://a.klaviyo.com/api/profiles' } }),
      () => Response.error(),
    ];
    return {
      settings: account.settings,
      context: () => account.context(),
      advance: (milliseconds) => {
        account.now += milliseconds;
      },
      ids: () => simulator.ids(),
      create: async () => simulator.create({ first_name: 'New', external_id: `new-${account.now}` }),
      change: async (id, value) => simulator.update(id, { first_name: value }),
      remove: async (id) => simulator.remove(id),
      property: 'first_name',
      unknownId: '01J99999999999999999999999',
      ruin: async () => {
        const ruin = ruins.shift();
        simulator.faults = ruin && (() => ruin());
        return ruin !== undefined;
      },
    };
  },
});

describe('reading profiles', () => {
  test('the body is the attributes and the ID, and what is asked for besides', async () => {
    const account = new Account({}, { additionalFields: ['subscriptions'] });
    const id = account.simulator.create({
      external_id: 'c-1',
      email: 'ada@example.com',
      location: { city: 'London' },
      properties: { plan: 'gold' },
    });
    const [record] = await account.toRest();
    expect(record).toMatchObject({
      recordId: id,
      changedAt: start,
      body: {
        id,
        external_id: 'c-1',
        email: 'ada@example.com',
        location: { city: 'London', address1: null },
        properties: { plan: 'gold' },
        subscriptions: { email: {} },
      },
    });
    expect((await account.read([id])).records).toEqual([record]);
  });

  test.each([
    [0, 'exact'],
    [3, 'exact'],
    [6, 'exact'],
    [0, 'seconds'],
    [6, 'seconds'],
  ] as const)(
    'with %i digits of a second and an %s filter, gives each change once and then nothing',
    async (fractionDigits, filterPrecision) => {
      const account = new Account({ fractionDigits, filterPrecision });
      account.simulator.seed(150);
      await account.atRest();
      const ids = account.simulator.ids().slice(0, 120);
      for (const id of ids) account.simulator.update(id, { title: 'Dr' });
      account.now += 1500;
      expect((await account.toRest()).map((record) => record.recordId).sort()).toEqual([...ids].sort());
      for (let pull = 0; pull < 3; pull += 1) {
        expect(await account.toRest()).toEqual([]);
        account.now += 4 * minute;
      }
    },
  );

  test.each([0, 200])(
    'finds what changes %i ms after the last row read, at the same second',
    async (milliseconds) => {
      const account = new Account();
      const [first, second] = [account.simulator.create({}), account.simulator.create({})];
      await account.atRest();
      account.simulator.update(first, { title: 'early' });
      expect((await account.toRest()).map((record) => record.recordId)).toEqual([first]);
      account.now += milliseconds;
      account.simulator.update(second, { title: 'in the same second' });
      account.simulator.update(first, { title: 'twice in the same second' });
      const records = await account.toRest();
      expect(records.map((record) => [record.recordId, record.body['title']]).sort()).toEqual(
        [
          [first, 'twice in the same second'],
          [second, 'in the same second'],
        ].sort(),
      );
      expect(await account.toRest()).toEqual([]);
    },
  );

  test('is not moved into the future by an update dated 2031, and does not return it repeatedly', async () => {
    const account = new Account();
    const [odd, even] = [account.simulator.create({}), account.simulator.create({})];
    await account.atRest();
    account.simulator.update(odd, { title: 'from the future' }, Date.parse('2031-01-01T00:00:00Z'));
    expect((await account.toRest()).map((record) => record.recordId)).toEqual([odd]);
    account.now += 10 * minute;
    expect(await account.toRest()).toEqual([]);
    account.simulator.update(even, { title: 'now' });
    account.now += minute;
    expect((await account.toRest()).map((record) => record.recordId)).toEqual([even]);
    expect(await account.toRest()).toEqual([]);
  });

  test('keeps no page cursor behind the last page', async () => {
    const account = new Account();
    account.simulator.seed(250);
    const first = await account.page();
    expect(first.cursor).toMatchObject({ phase: 'all', page: expect.any(String) });
    await account.toRest();
    expect(account.cursor).toEqual({ phase: 'changes', from: start - 5 * minute, given: [] });
    await account.toRest();
    expect(account.cursor).not.toHaveProperty('reading');
  });

  test('loses no row though rows move while they are paged', async () => {
    const account = new Account();
    account.simulator.seed(300);
    await account.atRest();
    const ids = account.simulator.ids();
    for (const id of ids) account.simulator.update(id, { title: 'all' });
    account.now += 2000;
    const newest = new Map<string, Json>();
    const note = (records: SourceRecord[]) => {
      for (const { recordId, body } of records) newest.set(recordId, body['title'] ?? null);
    };
    let turn = 0;
    note(
      await account.toRest(() => {
        for (let index = turn; index < ids.length && turn < 4; index += 41)
          account.simulator.update(ids[index]!, { title: `turn ${turn}` });
        turn += 1;
        account.now += 700;
      }),
    );
    account.now += 2000;
    note(await account.toRest());
    for (const id of ids) expect(newest.get(id), id).toBe(account.simulator.get(id)!.attributes['title']);
  });

  test('loses nothing to a clock of Klaviyo’s that runs a minute and a half behind ours', async () => {
    const account = new Account();
    account.simulator.seed(250);
    const [first] = account.simulator.ids();
    await account.page();
    account.simulator.update(first!, { title: 'stamped before we began' }, account.now - 90_000);
    await account.toRest();
    expect((await account.toRest()).map((record) => record.body['title'])).toEqual([
      'stamped before we began',
    ]);
  });

  test('is done in one call however many changed in the last second', async () => {
    const account = new Account();
    account.simulator.seed(900);
    await account.atRest();
    for (const id of account.simulator.ids()) account.simulator.update(id, { title: 'imported' });
    account.now += 10 * minute;
    expect(await account.toRest()).toHaveLength(900);
    account.requests.length = 0;
    expect(await account.toRest()).toEqual([]);
    expect(account.requests).toHaveLength(1);
  });

  test('reports a merged profile as missing, and no profile if the answer is incomplete', async () => {
    const account = new Account();
    const [from, into] = [account.simulator.create({ title: 'Dr' }), account.simulator.create({})];
    account.simulator.merge(from, into);
    const answer = await account.read([from, into]);
    expect(answer.records.map((record) => record.recordId)).toEqual([into]);
    expect(answer.missing).toEqual([from]);
    account.simulator.faults = () =>
      Response.json({ data: [], links: { next: 'https://a.klaviyo.com/api/profiles?page[cursor]=x' } });
    expect((await account.read([into])).missing).toEqual([]);
  });

  test('keeps apart a profile without a clock, and continues with the others', async () => {
    const account = new Account();
    const row = (id: string, updated: string | null) => ({ type: 'profile', id, attributes: { updated } });
    account.simulator.faults = () =>
      Response.json({
        data: [row('01A', null), row('01B', '2026-01-01T00:00:00+00:00')],
        links: { next: null },
      });
    const page = await account.page();
    expect(page.records.map((record) => record.recordId)).toEqual(['01B']);
    expect(page.rejected).toEqual([
      { position: 'profile 01A', reason: expect.any(String), raw: row('01A', null) },
    ]);
  });

  test('reads again from the time that it is rewound to, and refuses an unknown cursor', async () => {
    const account = new Account();
    account.simulator.seed(5);
    const id = account.simulator.create({});
    await account.atRest();
    account.cursor = stream.rewind!(account.settings, start);
    expect((await account.toRest()).map((record) => record.recordId)).toEqual([id]);
    account.cursor = { phase: 'elsewhere' };
    await expect(account.page()).rejects.toThrow(RejectedError);
  });
});

describe('the quotas of Klaviyo', () => {
  const describe = (settings: Record<string, unknown> = {}) =>
    klaviyo.api!(klaviyo.settings.parse({ apiKey, ...settings }));
  const answer = (status: number, headers: Record<string, string>) => ({ status, headers, json: {} });
  const request = { path: '/api/profiles' };

  test('are shared by account, and slower with predictive analytics', () => {
    expect(describe({ accountId: 'AbC123' }).account).toBe('klaviyo:AbC123');
    expect(describe().account).not.toContain(apiKey);
    expect(describe().quotas.map(({ name, requests, bucket }) => [name, requests, bucket])).toEqual([
      ['burst', 75, undefined],
      ['steady', 700, undefined],
      ['jobs burst', 10, 'jobs'],
      ['jobs steady', 150, 'jobs'],
    ]);
    const slow = describe({ additionalFields: ['predictive_analytics'] }).quotas;
    expect(slow.flatMap(({ requests, bucket }) => (bucket ? [] : [requests]))).toEqual([10, 150]);
  });

  test('klaviyo-rate-headers-are-of-the-burst: each window has its limit, and what remains is of the first', () => {
    const { readQuotas } = describe();
    const recorded = {
      'ratelimit-limit': '75, 75;w=1, 750;w=60',
      'ratelimit-remaining': '74',
      'ratelimit-reset': '0',
    };
    expect(readQuotas!(answer(200, recorded), request, start)).toEqual([
      { quota: 'burst', limit: 75, remaining: 74 },
      { quota: 'steady', limit: 750 },
    ]);
    const ofTheMinute = {
      ...recorded,
      'ratelimit-limit': '750, 75;w=1, 750;w=60',
      'ratelimit-remaining': '0',
    };
    expect(readQuotas!(answer(200, { ...ofTheMinute, 'ratelimit-reset': '12' }), request, start)).toEqual([
      { quota: 'burst', limit: 75 },
      { quota: 'steady', limit: 750, remaining: 0, exhaustedUntil: start + 12_000 },
    ]);
    expect(readQuotas!(answer(200, { 'ratelimit-limit': 'many, 75;w=1' }), request, start)).toEqual([]);
  });

  test('are learned from the headers: one number alone, and on a 429 the window that is over sooner', () => {
    const { readQuotas } = describe();
    const steady = {
      'ratelimit-limit': '700',
      'ratelimit-remaining': '0',
      'ratelimit-reset': '12',
    };
    expect(readQuotas!(answer(200, steady), request, start)).toEqual([
      { quota: 'steady', limit: 700, remaining: 0, exhaustedUntil: start + 12_000 },
    ]);
    expect(readQuotas!(answer(429, { 'retry-after': '1' }), request, start)).toEqual([
      { quota: 'burst', exhaustedUntil: start + 1000 },
    ]);
    expect(readQuotas!(answer(429, { 'retry-after': '31' }), request, start)).toEqual([
      { quota: 'steady', exhaustedUntil: start + 31_000 },
    ]);
    expect(readQuotas!(answer(200, {}), request, start)).toEqual([]);
  });
});

describe('system webhooks of Klaviyo', () => {
  const settings = { apiKey, webhookSecret: secretKey };
  const topic = 'event:klaviyo.unsubscribed_from_email_marketing';

  function told(account: Account, given: Record<string, unknown> = settings) {
    return (request: PushedRequest) => heard(klaviyo, given, requestOf(request), account.now);
  }

  test('are known by the signature over the body and the timestamp behind it', () => {
    const request = requestOf({
      url,
      headers: {
        'Klaviyo-Signature': 'fb6fff69f8a7d34fdba0a2e0e1b8998e9f2e188da3fafe245b166361ed8c3811',
        'Klaviyo-Timestamp': '1700000000',
        'Klaviyo-Webhook-Id': '42',
      },
      body: '{"id":"42","email":"a@example.com"}',
    });
    const webhook = webhookOf(klaviyo, { apiKey, webhookSecret: 'test-secret-0123456789' });
    const { checks, ...signed } = webhook;
    expect(new Authenticator(signed).judge(request, start)).toEqual({ authentic: true });
    // The vector's body names no webhook.
    expect(new Authenticator({ ...signed, checks: checks! }).judge(request, start)).toEqual({
      authentic: false,
      reason: expect.stringContaining('Klaviyo-Webhook-Id'),
    });
  });

  test('are refused with one bit turned, another secret, no timestamp or another webhook’s ID', () => {
    const account = new Account();
    const hear = told(account);
    const request = account.simulator.push!.system(
      [account.simulator.push!.event(account.simulator.create({}), topic, start)],
      start,
    );
    expect(hear(request).verdict).toEqual({ authentic: true });
    const turned = new Uint8Array(request.body);
    turned[5]! ^= 1;
    const without = { ...request.headers };
    delete without['klaviyo-timestamp'];
    for (const wrong of [
      { ...request, body: turned },
      {
        ...request,
        headers: { ...request.headers, 'klaviyo-timestamp': `${request.headers['klaviyo-timestamp']}1` },
      },
      { ...request, headers: without },
      { ...request, headers: { ...request.headers, 'klaviyo-webhook-id': 'another' } },
      { ...request, headers: {} },
    ])
      expect(hear(wrong).verdict).toMatchObject({ authentic: false, reason: expect.any(String) });
    expect(told(account, { apiKey, webhookSecret: 'another' })(request).verdict.authentic).toBe(false);
    const rotated = { apiKey, webhookSecret: ['the-next-secret', secretKey] };
    expect(told(account, rotated)(request).verdict.authentic).toBe(true);
  });

  test('accept nobody if nothing is set, and say what to set', () => {
    expect(webhookOf(klaviyo, { apiKey })).toMatchObject({
      authentication: [],
      missing: expect.stringMatching(/Set webhookSecret/),
    });
  });

  test('touch the profile of each event, which read gives as pull does', async () => {
    const account = new Account();
    account.simulator.seed(3);
    const pulled = await account.toRest();
    const { push } = account.simulator;
    const events = account.simulator.ids().map((id) => push!.event(id, topic, start - 60_000));
    const { changes } = told(account)(push!.system(events, start));
    expect(changes).toEqual(
      account.simulator.ids().map((recordId) => ({
        kind: 'touch',
        stream: 'profiles',
        recordId,
        changedAt: start - 60_000,
      })),
    );
    const { records } = await account.read(account.simulator.ids());
    expect(records).toEqual(pulled);
  });

  test('are the record itself where the profile is included whole', async () => {
    const account = new Account({ push: { url, secretKey, included: true } });
    const id = account.simulator.create({ external_id: 'c-1', properties: { plan: 'gold' } });
    const [pulled] = await account.toRest();
    const request = account.simulator.push!.system([account.simulator.push!.event(id, topic, start)], start);
    expect(told(account)(request).changes).toEqual([{ kind: 'record', stream: 'profiles', record: pulled }]);
    // What was asked for besides is not in it.
    const more = { ...settings, additionalFields: ['subscriptions'] };
    expect(told(account, more)(request).changes).toMatchObject([{ kind: 'touch', recordId: id }]);
  });

  test('touch a profile that is included in part only', () => {
    const account = new Account();
    const event = account.simulator.push!.event('01JA', topic, start);
    const part = { type: 'profile', id: '01JA', attributes: { updated: '2026-11-02T08:00:00+00:00' } };
    const request = account.simulator.push!.system(
      [{ ...event, payload: { ...event.payload, included: [part] } }],
      start,
    );
    expect(told(account)(request).changes).toMatchObject([{ kind: 'touch', recordId: '01JA' }]);
  });

  test('have the same key on every try, and another for every event', () => {
    const account = new Account();
    const { push } = account.simulator;
    const events = [1, 2, 3].map(() => push!.event('01JA', topic, start));
    const hear = told(account);
    const first = hear(push!.system(events, start)).keys;
    account.now += minute;
    expect(hear(push!.system(events, account.now)).keys).toEqual(first);
    expect(new Set(first).size).toBe(3);
    expect(first).toEqual(events.map((event) => event.external_id));
  });

  test('are kept to be replayed where they name no profile, with an explanation without their content', () => {
    const account = new Account();
    const event = { external_id: '1', topic: 'event:x', payload: { data: { id: 'secret@example.com' } } };
    const hear = () => told(account)(account.simulator.push!.system([event], start));
    expect(hear).toThrow(RejectedError);
    expect(hear).toThrow(/^The event names no profile/);
  });

  test('have a sample without a profile', async () => {
    const account = new Account();
    const { sample, changes } = webhookOf(klaviyo, settings);
    const [item] = (JSON.parse(sample!) as { data: Json[] }).data;
    const [change] = changes(item!, { method: 'POST', headers: {}, query: {}, receivedAt: start });
    expect(change).toMatchObject({ kind: 'touch', stream: 'profiles' });
    const { recordId } = change as { recordId: string };
    expect((await account.read([recordId])).missing).toEqual([recordId]);
  });
});

describe('webhooks of Klaviyo’s flows', () => {
  const settings = {
    apiKey,
    webhookSecret: secretKey,
    urlToken: 'a-token-of-flows',
    headerToken: 'another-token',
  };
  const { recipe } = webhookOf(klaviyo, settings);
  const values = {
    'person.KlaviyoID': '01JA',
    'person.id': 'c-1',
    'person.email': 'ada@example.com',
    'person.first_name': 'Ada',
  };

  test('come with a token in the address or in a header, and are refused without', () => {
    const { push } = new Account().simulator;
    const judged = (options: { url?: string; headers?: Record<string, string> }) =>
      heard(klaviyo, settings, requestOf(push!.flow(recipe!.body, values, options)), start).verdict.authentic;
    expect(judged({ url: `${url}/a-token-of-flows` })).toBe(true);
    expect(judged({ headers: { 'X-Webhook-Token': 'another-token' } })).toBe(true);
    expect(judged({ url: `${url}/another-token` })).toBe(false);
    expect(judged({ headers: { 'X-Webhook-Token': 'a-token-of-flows' } })).toBe(false);
    expect(judged({})).toBe(false);
  });

  test('are records of a stream of their own, beside system webhooks at the same address', () => {
    const account = new Account();
    const { push } = account.simulator;
    const flow = push!.flow(recipe!.body, values, { url: `${url}/a-token-of-flows` });
    expect(heard(klaviyo, settings, requestOf(flow), start).changes).toEqual([
      {
        kind: 'record',
        stream: 'flows',
        record: {
          recordId: '01JA',
          changedAt: start,
          body: {
            id: '01JA',
            external_id: 'c-1',
            email: 'ada@example.com',
            phone_number: '',
            first_name: 'Ada',
            last_name: '',
          },
        },
      },
    ]);
    const system = push!.system([push!.event('01JA', 'event:x', start)], start);
    expect(heard(klaviyo, settings, requestOf(system), start).changes).toMatchObject([
      { kind: 'touch', stream: 'profiles', recordId: '01JA' },
    ]);
  });

  test('use the names that the person configured', () => {
    const { push } = new Account().simulator;
    const given = { ...settings, authored: { id: 'who.id', changedAt: 'when', eventId: 'nr' } };
    const request = push!.flow(
      '{"who":{"id":"{{ person.KlaviyoID }}"},"when":1793606400,"nr":"n-1","email":"{{ person.email }}"}',
      values,
      { url: `${url}/a-token-of-flows` },
    );
    const { changes, keys } = heard(klaviyo, given, requestOf(request), start);
    expect(changes).toMatchObject([
      { kind: 'record', stream: 'flows', record: { recordId: '01JA', changedAt: 1_793_606_400_000 } },
    ]);
    expect(keys).toEqual(['n-1']);
  });

  test('are kept to be replayed where they have no ID', () => {
    const { push } = new Account().simulator;
    const request = push!.flow('{"email":"ada@example.com"}', {}, { url: `${url}/a-token-of-flows` });
    expect(() => heard(klaviyo, settings, requestOf(request), start)).toThrow(/^The body has no ID at id/);
  });

  test('name nobody where the template was not filled in', () => {
    const body = '{"id":"{{ person.KlaviyoID }}"}';
    const request = requestOf({ url: `${url}/a-token-of-flows`, body });
    expect(() => heard(klaviyo, settings, request, start)).toThrow(
      /^The body has no ID at id: the template was not filled in/,
    );
  });

  test('have a sample of a person who is gone', () => {
    const only = { apiKey, urlToken: 'a-token-of-flows', authored: { id: 'who.id', deleted: 'who.gone' } };
    const { sample } = webhookOf(klaviyo, only);
    const request = requestOf({ url: `${url}/a-token-of-flows`, body: sample! });
    expect(heard(klaviyo, only, request, start).changes).toMatchObject([
      { kind: 'record', stream: 'flows', record: { deleted: true, body: {} } },
    ]);
  });
});
