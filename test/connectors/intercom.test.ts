// Intercom's connector against the simulated workspace: a search that knows days only and lags, merges, and what it pushes.
import { describe, expect, test } from 'vitest';
import {
  type Api,
  type ApiRequest,
  type Change,
  type Context,
  type Json,
  type Page,
  RejectedError,
  type SourceRecord,
  TransientError,
} from '#connector';
import { intercom } from '../../connectors/intercom.ts';
import {
  createIntercomSimulator,
  type IntercomOptions,
  type IntercomSimulator,
  type PushedRequest,
} from '../../simulators/intercom.ts';
import { Authenticator } from '../../src/engine/webhook/authenticity.ts';
import { directApi } from '../support/direct-api.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { describeConnector, type OpenWorld } from './conformance.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const accessToken = 'dG9rOnNlY3JldDBhMWIyYzNk';
const clientSecret = 'a-client-secret-of-the-app';
const stream = intercom.source!.streams[0]!;
const minute = 60_000;
const hour = 60 * minute;
const lag = stream.settleLagSeconds! * 1000;
const url = 'https://sync.example.com/webhooks/intercom';

/** A workspace and a connector that reads it, on a clock moved by hand. */
class Workspace {
  now = start;
  readonly simulator: IntercomSimulator;
  readonly settings: unknown;
  readonly requests: ApiRequest[] = [];
  readonly #api: Api;

  constructor(options: IntercomOptions = {}, settings: Record<string, unknown> = {}) {
    this.simulator = createIntercomSimulator({
      now: () => this.now,
      accessToken,
      quota: false,
      push: { url, clientSecret },
      ...options,
    });
    this.settings = intercom.settings.parse({ accessToken, ...settings });
    const api = directApi(this.simulator.app, intercom.api!(this.settings), () => this.now);
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

  read(recordIds: readonly string[]) {
    return stream.read!.records(this.context(), { recordIds, properties: [] });
  }
}

/** A cursor that reads on as the engine does. `behindMs`: how far it stays behind now. */
class Reader {
  readonly newest = new Map<string, SourceRecord>();
  readonly workspace: Workspace;
  readonly behindMs: number;
  cursor: Json | null;

  constructor(
    workspace: Workspace,
    { cursor = null, behindMs = 0 }: { cursor?: Json | null; behindMs?: number } = {},
  ) {
    this.workspace = workspace;
    this.cursor = cursor;
    this.behindMs = behindMs;
  }

  async page(): Promise<Page> {
    const until = this.workspace.now - this.behindMs;
    const page = await stream.pull!(this.workspace.context(), { cursor: this.cursor, until, properties: [] });
    this.cursor = JSON.parse(JSON.stringify(page.cursor));
    for (const record of page.records) {
      const known = this.newest.get(record.recordId);
      if (!known || known.changedAt <= record.changedAt) this.newest.set(record.recordId, record);
    }
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
}

/** A reader that has read everything there is, some minutes after it last changed. */
async function atRest(workspace: Workspace): Promise<Reader> {
  const reader = new Reader(workspace);
  await reader.toRest();
  await reader.toRest();
  workspace.now += 20 * minute;
  await reader.toRest();
  workspace.requests.length = 0;
  return reader;
}

const idsOf = (records: readonly SourceRecord[]) => records.map((record) => record.recordId);

describeConnector('intercom', {
  connector: intercom,
  stream: 'contacts',
  secrets: [accessToken],
  wrongSettings: [
    { settings: {}, says: /accessToken/ },
    { settings: { accessToken: `Bearer ${accessToken}` }, says: /accessToken: must be the token alone/ },
    { settings: { accessToken, apiVersion: 'Unstable' }, says: /apiVersion: must be a version such as/ },
    { settings: { accessToken, clientSecret: {} }, says: /clientSecret: a secret, or a list/ },
    { settings: { accessToken, baseUrl: 'api.eu.intercom.io' }, says: /baseUrl: must be a URL such as/ },
    { settings: { accessToken, leads: 'yes' }, says: /leads/ },
    { settings: { accessToken, region: 'eu' }, says: /region/ },
  ],
  changeWhileReading: 'found',
  async open(): Promise<OpenWorld> {
    const workspace = new Workspace();
    workspace.simulator.seed(320);
    const { simulator } = workspace;
    const error = (status: number, code: string) =>
      Response.json({ type: 'error.list', errors: [{ code, message: 'It was refused' }] }, { status });
    const ruins = [
      () => error(401, 'unauthorized'),
      () => error(403, 'api_plan_restricted'),
      () => error(400, 'parameter_invalid'),
      () => error(429, 'rate_limit_exceeded'),
      () => new Response('gateway', { status: 502 }),
      () => Response.json({ well: 'but no contacts' }),
      () => Response.error(),
    ];
    return {
      settings: workspace.settings,
      context: () => workspace.context(),
      advance: (milliseconds) => {
        workspace.now += milliseconds;
      },
      ids: () => simulator.ids(),
      create: async () => simulator.create({ name: 'New', external_id: `new-${workspace.now}` }),
      change: async (id, value) => simulator.update(id, { name: value }),
      remove: async (id) => simulator.remove(id),
      property: 'name',
      unknownId: 'ffffffffffffffffffffffff',
      ruin: async () => {
        const ruin = ruins.shift();
        simulator.faults = ruin && (() => ruin());
        return ruin !== undefined;
      },
    };
  },
});

describe('reading contacts', () => {
  test('takes all values, a lead’s made-up ID under another name, and leaves out what is a list of its own', async () => {
    const workspace = new Workspace();
    workspace.simulator.create({
      role: 'user',
      external_id: 'c-1',
      email: 'ada@example.com',
      custom_attributes: { plan: 'gold' },
    });
    workspace.simulator.create({ role: 'lead' });
    const records = await new Reader(workspace).toRest();
    expect(records.map(({ body }) => body['role']).sort()).toEqual(['lead', 'user']);
    const lead = records.find((record) => record.body['role'] === 'lead')!;
    expect(lead.body).toMatchObject({ lead_id: expect.stringMatching(/^[\da-f-]{36}$/) });
    expect(lead.body).not.toHaveProperty('external_id');
    const { body, changedAt } = records.find((record) => record.body['role'] === 'user')!;
    expect(changedAt).toBe(start);
    expect(body).toMatchObject({
      external_id: 'c-1',
      custom_attributes: { plan: 'gold' },
      updated_at: start / 1000,
    });
    for (const name of ['type', 'tags', 'notes', 'companies', 'merge_history'])
      expect(body).not.toHaveProperty(name);
  });

  test('costs one call where nothing changed, and a call for each 150 changes, whatever the day had', async () => {
    const workspace = new Workspace();
    workspace.simulator.seed(2000);
    for (const id of workspace.simulator.ids()) workspace.simulator.update(id, { name: 'imported today' });
    const reader = await atRest(workspace);
    expect(await reader.toRest()).toEqual([]);
    expect(workspace.requests).toHaveLength(1);
    const changed = workspace.simulator.ids().slice(0, 310);
    for (const id of changed) workspace.simulator.update(id, { name: 'again' });
    workspace.now += 5000;
    workspace.requests.length = 0;
    expect(idsOf(await reader.toRest()).sort()).toEqual(changed.sort());
    expect(workspace.requests).toHaveLength(3);
  });

  const zones = [-720, -660, -300, 0, 60, 330, 765, 840];
  test.each(zones.flatMap((zone) => [[zone, 'days'] as const, [zone, 'seconds'] as const]))(
    'in a time zone of %i minutes with a search by %s, loses no change at any hour of the day',
    async (timezoneMinutes, dateFilters) => {
      const workspace = new Workspace({ timezoneMinutes, dateFilters });
      const id = workspace.simulator.create({});
      const reader = await atRest(workspace);
      for (let hours = 0; hours < 26; hours += 1) {
        workspace.simulator.update(id, { name: `at hour ${hours}` });
        workspace.now += 17 * minute;
        expect((await reader.toRest()).map(({ body }) => body['name'])).toEqual([`at hour ${hours}`]);
        workspace.now += 43 * minute;
        expect(await reader.toRest()).toEqual([]);
      }
    },
  );

  test('finds what changes at the same second as the newest row read, after it was read', async () => {
    const workspace = new Workspace();
    const [first, second] = [workspace.simulator.create({}), workspace.simulator.create({})];
    const reader = await atRest(workspace);
    workspace.simulator.update(first, { name: 'early' });
    expect(idsOf(await reader.toRest())).toEqual([first]);
    workspace.now += 400;
    workspace.simulator.update(second, { name: 'in the same second' });
    workspace.simulator.update(first, { name: 'twice in it' });
    expect(new Set(idsOf(await reader.toRest()))).toEqual(new Set([first, second]));
    expect(reader.newest.get(first)!.body['name']).toBe('twice in it');
    expect(await reader.toRest()).toEqual([]);
  });

  test.each([0, 1])('finds it with a lag of %i seconds, too', async (settleLagSeconds) => {
    const workspace = new Workspace({}, { settleLagSeconds });
    const id = workspace.simulator.create({});
    const reader = await atRest(workspace);
    workspace.simulator.update(id, { name: 'early' });
    workspace.now += 300;
    await reader.toRest();
    workspace.simulator.update(id, { name: 'late in the second' });
    workspace.now += 5000;
    expect((await reader.toRest()).map(({ body }) => body['name'])).toEqual(['late in the second']);
  });

  test('is not moved into the future by a contact dated 2031, and does not return it repeatedly', async () => {
    const workspace = new Workspace();
    const [odd, even] = [workspace.simulator.create({}), workspace.simulator.create({})];
    const reader = await atRest(workspace);
    workspace.simulator.update(odd, {}, Date.parse('2031-01-01T00:00:00Z'));
    // Its search knows of it already.
    workspace.simulator.indexLagMs = -10 * 365 * 24 * hour;
    expect(idsOf(await reader.toRest())).toEqual([odd]);
    workspace.now += 10 * minute;
    expect(await reader.toRest()).toEqual([]);
    workspace.simulator.update(even, {});
    workspace.now += minute;
    expect(idsOf(await reader.toRest())).toEqual([even]);
    expect(await reader.toRest()).toEqual([]);
  });

  test.each(['keyset', 'offset'] as const)(
    'loses no row though rows move while they are paged by %s',
    async (paging) => {
      const workspace = new Workspace({ paging });
      workspace.simulator.seed(700);
      const reader = await atRest(workspace);
      const ids = workspace.simulator.ids();
      for (const [index, id] of ids.entries())
        workspace.simulator.update(id, { name: 'all' }, workspace.now + index * 10);
      workspace.now += 8000;
      let turn = 0;
      await reader.toRest(() => {
        for (let index = turn; index < ids.length && turn < 4; index += 67)
          workspace.simulator.update(ids[index]!, { name: `turn ${turn}` });
        turn += 1;
        workspace.now += 700;
      });
      expect(turn).toBeGreaterThan(3);
      workspace.now += 2000;
      await reader.toRest();
      for (const id of ids)
        expect(reader.newest.get(id)?.body['name'], id).toBe(workspace.simulator.get(id)!['name']);
    },
  );

  test('continues to the end if a page is not in the order that was asked for', async () => {
    const workspace = new Workspace();
    workspace.simulator.seed(200);
    const reader = await atRest(workspace);
    const row = (id: string, seconds: number) => ({ type: 'contact', id, updated_at: seconds });
    const today = workspace.now / 1000;
    const pages = [
      {
        data: [row('1', today - 9 * 3600), row('2', today - 8 * 3600)],
        pages: { next: { starting_after: 'x' } },
      },
      { data: [row('3', today - 7 * 3600), row('4', today - 1)], pages: {} },
    ];
    workspace.simulator.faults = () => Response.json({ type: 'list', ...pages.shift() });
    expect(idsOf(await reader.toRest())).toEqual(['4']);
    expect(pages).toEqual([]);
  });

  test('a trailing reader finds what search hid for minutes while the leading one went past it', async () => {
    const workspace = new Workspace();
    workspace.simulator.seed(10);
    const lead = await atRest(workspace);
    const trail = new Reader(workspace, { cursor: lead.cursor, behindMs: lag });
    const [slow, quick] = workspace.simulator.ids();
    workspace.simulator.indexLagMs = (id) => (id === slow ? 4 * minute : 0);
    workspace.simulator.update(slow!, { name: 'hidden' });
    workspace.now += 30_000;
    workspace.simulator.update(quick!, { name: 'known' });
    expect(idsOf(await lead.toRest())).toEqual([quick]);
    expect(idsOf(await trail.toRest())).toEqual([quick]);
    workspace.now += lag;
    expect(await lead.toRest()).toEqual([]);
    expect(idsOf(await trail.toRest())).toEqual([slow]);
    expect(trail.newest.get(slow!)!.body['name']).toBe('hidden');
    workspace.now += lag;
    expect(await trail.toRest()).toEqual([]);
  });

  test('reads again from the time that it is rewound to, and refuses an unknown cursor', async () => {
    const workspace = new Workspace();
    workspace.simulator.seed(5);
    const id = workspace.simulator.create({});
    await atRest(workspace);
    const reader = new Reader(workspace, { cursor: stream.rewind!(workspace.settings, start) });
    expect(idsOf(await reader.toRest())).toEqual([id]);
    const lost = new Reader(workspace, { cursor: { phase: 'elsewhere' } });
    await expect(lost.page()).rejects.toThrow(RejectedError);
  });
});

describe('a hostile Intercom', () => {
  const refusal = () =>
    Response.json(
      { type: 'error.list', errors: [{ code: 'parameter_invalid', message: 'starting_after is not valid' }] },
      { status: 400 },
    );
  const ofPage = async (request: Request) =>
    request.url.includes('starting_after=') || (await request.clone().text()).includes('starting_after');

  test.each(['all', 'changes'])(
    'a page of %s that has expired restarts the reading: nobody is lost',
    async (phase) => {
      const workspace = new Workspace();
      workspace.simulator.seed(400);
      const reader = phase === 'all' ? new Reader(workspace) : await atRest(workspace);
      if (phase === 'changes') {
        for (const id of workspace.simulator.ids()) workspace.simulator.update(id, { name: 'all' });
        workspace.now += 5000;
      }
      let pages = 0;
      workspace.simulator.faults = async (request) =>
        (await ofPage(request)) && ++pages === 2 ? refusal() : undefined;
      const records = await reader.toRest();
      expect(pages).toBe(4);
      expect(new Set(idsOf(records))).toEqual(new Set(workspace.simulator.ids()));
    },
  );

  test('a page that is never known ends in a refusal, not in an endless run', async () => {
    const workspace = new Workspace();
    workspace.simulator.seed(400);
    workspace.simulator.faults = async (request) => ((await ofPage(request)) ? refusal() : undefined);
    await expect(new Reader(workspace).toRest()).rejects.toThrow(RejectedError);
    expect(workspace.requests.length).toBeLessThan(15);
  });

  test('the answer for another contact is not taken for the one that was asked for', async () => {
    const workspace = new Workspace();
    const [asked, other] = [workspace.simulator.create({}), workspace.simulator.create({})];
    workspace.simulator.faults = ({ url }) =>
      url.includes(asked) ? Response.json(workspace.simulator.get(other)) : undefined;
    await expect(workspace.read([asked])).rejects.toMatchObject({ foreign: true });
  });

  test('an empty page in the middle, or a repeated page, loses nobody', async () => {
    const workspace = new Workspace();
    workspace.simulator.seed(400);
    const row = (id: string) => ({ type: 'contact', id, role: 'user', updated_at: start / 1000 });
    const page = (ids: string[], next?: string) =>
      Response.json({
        type: 'list',
        data: ids.map(row),
        pages: next ? { next: { starting_after: next } } : {},
      });
    const pages = [
      page(['1', '2'], 'a'),
      page([], 'b'),
      page(['2', '3'], 'c'),
      page(['2', '3'], 'd'),
      page(['4']),
    ];
    workspace.simulator.faults = () => pages.shift();
    const records = await new Reader(workspace).toRest();
    expect(new Set(idsOf(records))).toEqual(new Set(['1', '2', '3', '4']));
  });

  test.each([
    ['half a body', () => new Response('{"type":"list","data":[{"id":"1"', { status: 200 })],
    ['a page of HTML', () => new Response('<html>well</html>', { status: 200 })],
    ['nothing', () => new Response('', { status: 200 })],
    ['a list without data', () => Response.json({ type: 'list', pages: {} })],
  ])('%s is not mistaken for a list or a contact', async (_, answer) => {
    const workspace = new Workspace();
    const id = workspace.simulator.create({ external_id: 'c-1' });
    workspace.simulator.faults = () => answer();
    await expect(new Reader(workspace).page()).rejects.toThrow(TransientError);
    await expect(workspace.read([id])).rejects.toThrow(TransientError);
  });
});

describe('contacts that end', () => {
  test.each([
    ['gone', true],
    ['gone', false],
    ['notFound', true],
  ] as const)(
    'a merged lead, answered with %s (history told: %s), is missing',
    async (readMerged, mergeHistory) => {
      const workspace = new Workspace({ readMerged, mergeHistory });
      const [lead, user] = [
        workspace.simulator.create({ role: 'lead' }),
        workspace.simulator.create({ external_id: 'c' }),
      ];
      workspace.simulator.merge(lead, user);
      const { records, missing } = await workspace.read([lead]);
      expect(missing).toEqual([lead]);
      if (readMerged === 'gone')
        expect(records).toMatchObject([{ recordId: user, merged: [lead] }]); // The contact that it is now.
      else expect(records).toEqual([]);
      const both = await workspace.read([lead, user]);
      expect([idsOf(both.records), both.missing]).toEqual([[user], [lead]]);
      const [pulled] = await new Reader(workspace).toRest();
      expect(pulled!.merged).toEqual(mergeHistory ? [lead] : undefined);
      // However the answer is told, the body is the same.
      expect(both.records[0]!.body).toEqual(pulled!.body);
    },
  );

  test.each(['notFound', 'archived'] as const)(
    'an archived contact, answered with %s, is missing',
    async (readArchived) => {
      const workspace = new Workspace({ readArchived });
      const id = workspace.simulator.create({});
      workspace.simulator.archive(id);
      expect(await workspace.read([id])).toEqual({ records: [], missing: [id] });
      expect(await new Reader(workspace).toRest()).toEqual([]);
    },
  );

  test('a 404 or 410 that does not come from Intercom deletes nobody', async () => {
    const workspace = new Workspace();
    const id = workspace.simulator.create({ external_id: 'c-1' });
    const strange = [
      new Response('<html>404 Not Found</html>', { status: 404 }),
      Response.json({ message: 'no Route matched with those values' }, { status: 404 }),
      new Response('', { status: 410 }),
    ];
    for (const answer of strange) {
      workspace.simulator.faults = () => answer.clone();
      await expect(workspace.read([id])).rejects.toThrow(TransientError);
    }
  });

  test('a failure of one of many reads fails them all: nothing counts as missing', async () => {
    const workspace = new Workspace();
    workspace.simulator.seed(5);
    const ids = workspace.simulator.ids();
    workspace.simulator.faults = (request) =>
      request.url.includes(ids[3]!) ? new Response('gateway', { status: 502 }) : undefined;
    await expect(workspace.read(ids)).rejects.toThrow(/502/);
  });
});

describe('the quotas of Intercom', () => {
  const describe = (settings: Record<string, unknown> = {}) =>
    intercom.api!(intercom.settings.parse({ accessToken, ...settings }));
  const answer = (status: number, headers: Record<string, string>) => ({ status, headers, json: {} });
  const request = { path: '/contacts' };
  const reset = String(start / 1000 + 7);

  test('take what remains as of the shorter window, and a refusal as lasting until the reset', () => {
    const { readQuotas, account } = describe();
    expect(account).not.toContain(accessToken);
    const headers = {
      'x-ratelimit-limit': '1666',
      'x-ratelimit-remaining': '12',
      'x-ratelimit-reset': reset,
    };
    expect(readQuotas!(answer(200, headers), request, start)).toEqual([
      { quota: 'burst', limit: 1666, remaining: 12 },
    ]);
    expect(readQuotas!(answer(429, { 'x-ratelimit-reset': reset }), request, start)).toEqual([
      { quota: 'burst', exhaustedUntil: start + 7000 },
    ]);
    expect(readQuotas!(answer(200, {}), request, start)).toEqual([]);
    const own = describe({ quota: { requests: 100, seconds: 60 } });
    expect(own.quotas).toMatchObject([{ name: 'minute', requests: 100 }]);
    expect(own.readQuotas!(answer(200, headers), request, start)).toMatchObject([{ quota: 'minute' }]);
  });
});

describe('webhooks of Intercom', () => {
  const settings = { accessToken, clientSecret };
  const hear = (request: PushedRequest, given: Record<string, unknown> = settings) =>
    heard(intercom, given, requestOf(request), start);

  function setUp(values: Record<string, unknown> = { external_id: 'c-1' }) {
    const workspace = new Workspace();
    const { simulator } = workspace;
    const push = simulator.push!;
    const id = simulator.create(values);
    const told = (
      topic: string,
      item: object = simulator.pushed(id)!,
      at = start + 5000,
    ): readonly Change[] => hear(push.request(push.notification(topic, item, at))).changes;
    return { workspace, simulator, push, id, told };
  }

  test.each([
    ['X-Hub-Signature', 'sha1=30440ecc1423536661d0a551364df4ff71587aeb'],
    ['X-Body-Signature', '8b9b342a357b66598539654c7b4fa37142492f9c9f1e7410a96934af882d42d1'],
  ])('are known by %s', (header, signature) => {
    const webhook = webhookOf(intercom, { accessToken, clientSecret: 'test-secret-0123456789' });
    const judged = (value: string) => {
      const body = '{"id":"42","email":"a@example.com"}';
      return new Authenticator(webhook).judge(requestOf({ url, headers: { [header]: value }, body }), start);
    };
    expect(judged(signature)).toEqual({ authentic: true });
    expect(judged(signature.replace(/.$/, (last) => (last === '0' ? '1' : '0'))).authentic).toBe(false);
  });

  test('are refused with one bit turned, another secret, a bare digest or none', () => {
    const { push, simulator, id } = setUp();
    const request = push.request(push.notification('contact.user.updated', simulator.get(id)!, start));
    expect(hear(request).verdict).toEqual({ authentic: true });
    const turned = new Uint8Array(request.body);
    turned[9]! ^= 1;
    const signature = request.headers['x-hub-signature']!;
    for (const wrong of [
      { ...request, body: turned },
      { ...request, headers: {} },
      { ...request, headers: { 'x-hub-signature': signature.replace('sha1=', '') } },
      { ...request, headers: { 'x-hub-signature': signature.slice(0, -2) } },
      { ...request, headers: { 'x-body-signature': signature.replace('sha1=', '') } },
    ])
      expect(hear(wrong).verdict).toMatchObject({ authentic: false, reason: expect.any(String) });
    expect(hear(request, { accessToken, clientSecret: 'another' }).verdict.authentic).toBe(false);
    expect(hear(request, { accessToken, clientSecret: ['the-next', clientSecret] }).verdict.authentic).toBe(
      true,
    );
  });

  test('accept nobody if nothing is set, and say what to set', () => {
    expect(webhookOf(intercom, { accessToken })).toMatchObject({
      authentication: [],
      missing: expect.stringMatching(/Set clientSecret/),
    });
  });

  test('shake hands: a probe without credentials, and a signed ping that is not kept', () => {
    const { push } = setUp();
    const { handshake } = webhookOf(intercom, settings);
    expect(handshake).toEqual({ reachabilityCheck: true, ping: { field: 'topic', equals: 'ping' } });
    const ping = push.ping(start);
    expect(JSON.parse(new TextDecoder().decode(ping.body))).toMatchObject({ topic: 'ping' });
    // Even where it is kept it says nothing.
    expect(hear(ping)).toMatchObject({ verdict: { authentic: true }, changes: [{ kind: 'ignored' }] });
  });

  test('may be about the app itself: a health check says nothing of a contact', () => {
    const { push } = setUp();
    expect(hear(push.healthCheck())).toMatchObject({
      verdict: { authentic: true },
      changes: [{ kind: 'ignored', reason: expect.any(String) }],
    });
  });

  test.each([
    'contact.user.created',
    'contact.user.updated',
    'contact.email.updated',
    'contact.unarchived',
    'contact.subscribed',
  ])('of the topic %s are the contact exactly as pull gives it', async (topic) => {
    const { workspace, simulator, told, id } = setUp();
    workspace.now += 907;
    simulator.update(id, {
      name: "Ona O'Neil & <Sons>",
      unsubscribed_from_emails: true,
      signed_up_at: 1_767_225_600,
      custom_attributes: { renewal: 1_798_761_600, motto: 'R&amp;D' },
    });
    const [pulled] = await new Reader(workspace).toRest();
    // A webhook tells the time to the millisecond.
    const record = { ...pulled!, changedAt: start + 907 };
    expect(told(topic)).toEqual([{ kind: 'record', stream: 'contacts', record }]);
    expect((await workspace.read([id])).records).toEqual([pulled]);
  });

  test.each(['contact.deleted', 'contact.archive', 'contact.archived'])(
    'of the topic %s touch the contact, to see that it is gone',
    (topic) => {
      const { told, id } = setUp();
      expect(told(topic)).toEqual([
        { kind: 'touch', stream: 'contacts', recordId: id, changedAt: start + 5000, gone: 'deleted' },
      ]);
    },
  );

  test('of something of a contact’s touch the contact beside it', () => {
    const { told, id } = setUp();
    const item = { type: 'contact_tag', tag: { id: '7' }, contact: { type: 'contact', id } };
    expect(told('contact.user.tag.created', item)).toMatchObject([{ kind: 'touch', recordId: id }]);
    // The contact of an unsubscription is told in part (recorded).
    expect(told('contact.unsubscribed')).toMatchObject([{ kind: 'touch', recordId: id }]);
    expect(told('contact.unsubscribed', { type: 'subscription', contact: { id } })).toMatchObject([
      { kind: 'touch', recordId: id },
    ]);
  });

  test('of a merge are the record with whom it took over, or touch the contact that tells', async () => {
    const { workspace, simulator, told, id } = setUp();
    const lead = simulator.create({ role: 'lead' });
    simulator.merge(lead, id);
    const item = simulator.get(id)!;
    expect(told('contact.merged', item)).toMatchObject([{ kind: 'touch', recordId: id }]);
    const merge_history = [{ type: 'merge_history', source_contact_id: lead }];
    const [pulled] = await new Reader(workspace).toRest();
    expect(told('contact.merged', { ...item, merge_history })).toEqual([
      { kind: 'record', stream: 'contacts', record: pulled },
    ]);
    expect(pulled!.merged).toEqual([lead]);
    // Where it shows the lead instead, reading that gives the user.
    expect(told('contact.merged', { type: 'contact', id: lead, role: 'lead' })).toMatchObject([
      { kind: 'touch', recordId: lead },
    ]);
    expect((await workspace.read([lead])).records).toEqual([pulled]);
  });

  test('about leads are left out, unless they are asked for', () => {
    const { push, simulator, told, id } = setUp({ role: 'lead' });
    expect(told('contact.lead.created')).toMatchObject([{ kind: 'ignored' }]);
    const request = push.request(push.notification('contact.lead.created', simulator.get(id)!, start));
    expect(hear(request, { ...settings, leads: true }).changes).toMatchObject([
      { kind: 'record', record: { recordId: id } },
    ]);
  });

  test('about other things, or of other workspaces, are left out', () => {
    const { push, simulator, told, id } = setUp();
    expect(told('conversation.user.created', { type: 'conversation', id: '9' })).toMatchObject([
      { kind: 'ignored' },
    ]);
    const of = (appId: string) =>
      push.request(push.notification('contact.user.updated', simulator.get(id)!, start, appId));
    const ours = { ...settings, appId: ['ecahpwf5', 'another'] };
    expect(hear(of('ecahpwf5'), ours).changes).toMatchObject([{ kind: 'record' }]);
    expect(hear(of('stranger'), ours)).toMatchObject({
      verdict: { authentic: true },
      changes: [{ kind: 'ignored' }],
    });
  });

  test('have the same key on every try, and another for every notification', () => {
    const { push, simulator, id } = setUp();
    const [one, two] = [1, 2].map(() =>
      push.request(push.notification('contact.user.updated', simulator.get(id)!, start)),
    );
    expect(hear(push.again(one!)).keys).toEqual(hear(one!).keys);
    expect(hear(two!).keys).not.toEqual(hear(one!).keys);
    expect(hear(one!).keys).toEqual([expect.stringMatching(/^notif_/)]);
  });

  test.each([
    ['names no topic', { id: 'notif_1', data: { item: { email: 'secret@example.com' } } }, /has no topic/],
    [
      'names no contact',
      { topic: 'contact.deleted', data: { item: { email: 'secret@example.com' } } },
      /data\.item/,
    ],
    ['holds no item', { topic: 'contact.user.updated', data: 'secret@example.com' }, /data\.item/],
    ['is no object', ['secret@example.com'], /has no topic/],
  ])('that %s are kept to be replayed, with an explanation without their content', (_what, body, says) => {
    const { push } = setUp();
    const refused = () => hear(push.request(body as never));
    expect(refused).toThrow(RejectedError);
    expect(refused).toThrow(says);
    expect(refused).not.toThrow(/secret/);
  });

  test('have a sample without a person', async () => {
    const { workspace } = setUp();
    const { sample, changes } = webhookOf(intercom, { ...settings, appId: 'ecahpwf5' });
    const item = JSON.parse(sample!) as Json;
    const [change] = changes(item, { method: 'POST', headers: {}, query: {}, receivedAt: start });
    expect(change).toMatchObject({ kind: 'touch', gone: 'deleted' });
    const { recordId } = change as { recordId: string };
    expect((await workspace.read([recordId])).missing).toEqual([recordId]);
  });
});
