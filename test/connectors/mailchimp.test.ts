// Mailchimp's connector against the simulated audience: paging that moves, bounds that are not told, and webhooks.

import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { mailchimp } from '../../connectors/mailchimp.ts';
import type { MailchimpOptions } from '../../simulators/mailchimp/options.ts';
import { type HookRequest, MailchimpSimulator } from '../../simulators/mailchimp.ts';
import {
  type Api,
  type Change,
  type Context,
  type Json,
  RejectedError,
  type SourceRecord,
  TransientError,
  UnauthorizedError,
} from '../../src/connector.ts';
import { directApi } from '../support/direct-api.ts';
import { randomOf } from '../support/random.ts';
import { heard, requestOf, webhookOf } from '../support/webhook.ts';
import { describeConnector, type OpenWorld } from './conformance.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');

const apiKey = '0123456789abcdef0123456789abcdef-us19';

const listId = 'a1b2c3d4e5';

const secret = 'test-secret-0123456789';

const stream = mailchimp.source!.streams[0]!;

const minute = 60_000;

/** An audience and a connector that reads it, on a clock moved by hand. */
class Account {
  now = start;
  readonly simulator: MailchimpSimulator;
  readonly settings: unknown;
  readonly #api: Api;

  constructor(options: MailchimpOptions = {}, settings: Record<string, unknown> = {}) {
    this.simulator = new MailchimpSimulator({ now: () => this.now, apiKey, listId, ...options });
    this.settings = mailchimp.settings.parse({ apiKey, listId, ...settings });
    this.#api = directApi(this.simulator.app, mailchimp.api!(this.settings), () => this.now);
  }

  context(): Context<unknown> {
    const noFiles = () => {
      throw new Error('no file is read');
    };
    const files = { stat: noFiles, open: noFiles };
    return { settings: this.settings, api: this.#api, files, now: this.now };
  }

  async read(...recordIds: string[]) {
    const answer = await stream.read!.records(this.context(), { recordIds, properties: ['full_name'] });
    return { ids: answer.records.map(({ recordId }) => recordId), ...answer };
  }
}

/** A cursor that reads on as the engine does. */
class Reader {
  readonly newest = new Map<string, SourceRecord>();
  cursor: Json | null = null;
  pulls = 0;
  readonly account: Account;

  constructor(account: Account) {
    this.account = account;
  }

  async toRest(between: () => void = () => {}): Promise<SourceRecord[]> {
    const records: SourceRecord[] = [];
    for (let pull = 0; pull < 500; pull += 1) {
      const request = { cursor: this.cursor, until: this.account.now, properties: ['full_name'] };
      const page = await stream.pull!(this.account.context(), request);
      this.pulls += 1;
      this.cursor = JSON.parse(JSON.stringify(page.cursor));
      records.push(...page.records);
      for (const record of page.records) this.newest.set(record.recordId, record);
      if (page.done) return records;
      between();
    }
    throw new Error('pulling does not come to rest');
  }
}

describeConnector('mailchimp', {
  connector: mailchimp,
  stream: 'members',
  secrets: [apiKey, Buffer.from(`tributary:${apiKey}`).toString('base64')],
  wrongSettings: [
    { settings: {}, says: /apiKey/ },
    {
      settings: { apiKey, listId: 'https://us19.admin.mailchimp.com' },
      says: /listId: must be the audience/,
    },
    { settings: { apiKey: '0123456789abcdef', listId }, says: /apiKey: must end with the data centre/ },
    { settings: { apiKey: `Basic ${apiKey}`, listId }, says: /apiKey: must be the token alone/ },
    { settings: { apiKey, listId, baseUrl: 'us19' }, says: /baseUrl: must be a URL such as/ },
    { settings: { apiKey, listId, clientSecret: secret }, says: /clientSecret/ },
  ],
  changeWhileReading: 'found',
  async open(): Promise<OpenWorld> {
    const account = new Account();
    const { simulator } = account;
    simulator.seed(1300);
    const problem = (status: number, title: string) =>
      Response.json({ title, status, detail: 'no' }, { status });
    const ruins = [
      () => problem(401, 'API Key Invalid'),
      () => new Response('<html>busy</html>', { status: 403 }),
      () => problem(403, 'Forbidden'),
      () => problem(404, 'Resource Not Found'),
      () => problem(429, 'Too Many Requests'),
      () => problem(400, 'Invalid Resource'),
      () => new Response('gateway', { status: 502 }),
      () => Response.json({ well: 'but no members' }),
      () => Response.error(),
    ];
    return {
      settings: account.settings,
      context: () => account.context(),
      advance: (milliseconds) => {
        account.now += milliseconds;
      },
      ids: () => simulator.ids(),
      create: async () => simulator.create({ email: `new.${account.now}@example.com`, FNAME: 'New' }),
      change: async (id, value) => simulator.update(id, { FNAME: value }),
      property: 'full_name',
      remove: async (id) => simulator.archive(id),
      unknownId: createHash('md5').update('nobody').digest('hex'),
      ruin: async () => {
        const ruin = ruins.shift();
        simulator.faults = ruin && (() => ruin());
        return ruin !== undefined;
      },
    };
  },
});

describe('reading all members', () => {
  test('asks for a thousand in the order of changes, with times in full and the fields that are used', async () => {
    const account = new Account();
    account.simulator.seed(3);
    await new Reader(account).toRest();
    const [first, second] = account.simulator.requests.map(
      (request) => new URLSearchParams(request.split('?')[1]),
    );
    expect(Object.fromEntries(first!)).toEqual({
      count: '1000',
      offset: '0',
      sort_field: 'last_changed',
      sort_dir: 'ASC',
      before_last_changed: '2026-11-02T07:55:01+00:00',
      fields:
        'members.contact_id,members.id,members.unique_email_id,members.web_id,members.status,members.last_changed,members.full_name,total_items',
    });
    expect(second!.get('since_last_changed')).toBe('2026-11-02T07:54:59+00:00');
    expect(second!.get('before_last_changed')).toBe('2026-11-02T08:00:01+00:00');
  });

  test('gives what changed in the last minutes in the same run', async () => {
    const account = new Account();
    account.simulator.seed(2);
    const recent = account.simulator.create({ email: 'now@example.com' });
    const reader = new Reader(account);
    await reader.toRest();
    expect([...reader.newest.keys()]).toContain(recent);
  });

  test('gives an archived member as gone since it was archived, whether the list of all has it or not', async () => {
    for (const listsArchived of [true, false]) {
      const account = new Account({ listsArchived });
      const id = account.simulator.create({ email: 'gone@example.com' }, start - 3_600_000);
      account.simulator.archive(id);
      const reader = new Reader(account);
      await reader.toRest();
      const pull = listsArchived ? stream.pull! : stream.tombstones!.pull;
      let cursor: Json | null = null;
      const found: SourceRecord[] = [];
      for (let done = false; !done; ) {
        const page = await pull(account.context(), { cursor, until: account.now, properties: [] });
        ({ cursor, done } = page);
        found.push(...page.records);
      }
      expect(found).toMatchObject([{ recordId: id, deleted: true, changedAt: start }]);
      expect((await account.read(id)).records).toMatchObject([{ recordId: id, deleted: true }]);
    }
  });

  test('refuses a member without a contact_id with an explanation, and continues', async () => {
    const account = new Account({ withoutContactIds: true });
    account.simulator.seed(2);
    const page = await stream.pull!(account.context(), { cursor: null, until: start, properties: [] });
    expect(page.records).toEqual([]);
    expect(page.rejected).toHaveLength(2);
    expect(page.rejected![0]!.reason).toMatch(/has no contact_id/);
    expect(page.rejected![0]!.position).toMatch(/^member [0-9a-f]{32}$/);
  });

  test('gives the tags by their names, and every field where no mapping says which', async () => {
    const account = new Account();
    account.simulator.create(
      { email: 'a@example.com', tags: ['VIP', 'Paris'], PHONE: '+33 1' },
      start - 86_400_000,
    );
    const { records } = await stream.pull!(account.context(), { cursor: null, until: start, properties: [] });
    expect(records[0]!.body).toMatchObject({ tags: ['VIP', 'Paris'], merge_fields: { PHONE: '+33 1' } });
    expect(records[0]!.body).not.toHaveProperty('_links');
  });
});

describe('members that change while they are paged', () => {
  const behaviours: MailchimpOptions[] = [
    {},
    { sinceIncludes: true, beforeIncludes: true },
    { ignores: 'sort_field' },
    { ignores: 'since_last_changed' },
  ];
  for (const behaviour of behaviours) {
    for (const secondsApart of [1, 0]) {
      test(`none is lost: ${JSON.stringify(behaviour)}, changed ${secondsApart} s apart`, async () => {
        const account = new Account(behaviour);
        const { simulator } = account;
        simulator.seed(3500, secondsApart);
        const random = randomOf(7);
        const pick = () => simulator.ids()[Math.floor(random() * simulator.ids().length)]!;
        const reader = new Reader(account);
        let moves = 0;
        await reader.toRest(() => {
          if (moves > 12) return;
          moves += 1;
          account.now += 700;
          for (let turn = 0; turn < 40; turn += 1)
            simulator.update(pick(), { FNAME: `moved ${moves}.${turn}` });
          simulator.deletePermanently(pick());
          simulator.create({ email: `new.${moves}@example.com`, FNAME: 'New' });
        });
        account.now += minute;
        await reader.toRest();
        for (const id of simulator.ids())
          expect(reader.newest.get(id)?.body['full_name']).toBe(simulator.get(id).FNAME);
      });
    }
  }

  test('needs no more calls than there are pages where nothing moves', async () => {
    const account = new Account();
    account.simulator.seed(3500);
    const reader = new Reader(account);
    await reader.toRest();
    expect(reader.pulls).toBeLessThanOrEqual(5);
  });

  test('two changes in one second are both returned, although the first was already read', async () => {
    const account = new Account();
    account.simulator.seed(2);
    const [id] = account.simulator.ids();
    const reader = new Reader(account);
    await reader.toRest();
    account.simulator.update(id!, { FNAME: 'once' });
    await reader.toRest();
    account.now += 200;
    account.simulator.update(id!, { FNAME: 'twice' });
    await reader.toRest();
    expect(reader.newest.get(id!)?.body['full_name']).toBe('twice');
  });

  test('a change that the vendor stamps some minutes behind our clock is found', async () => {
    const account = new Account();
    account.simulator.seed(2);
    const reader = new Reader(account);
    await reader.toRest();
    const [id] = account.simulator.ids();
    account.simulator.update(id!, { FNAME: 'late' }, account.now - 4 * minute);
    expect(await reader.toRest()).toMatchObject([{ recordId: id, body: { full_name: 'late' } }]);
  });

  test('a cursor of another kind is refused with an explanation', async () => {
    const pull = stream.pull!(new Account().context(), { cursor: { page: 2 }, until: start, properties: [] });
    await expect(pull).rejects.toThrow(/start a full sync/);
  });

  test('a rewound reading starts at the requested time', async () => {
    const account = new Account();
    account.simulator.seed(100);
    const reader = new Reader(account);
    reader.cursor = stream.rewind!(account.settings, start - 86_400_000 - 9_500);
    // Times are whole seconds: the one that it falls in is read too.
    expect(await reader.toRest()).toHaveLength(11);
  });
});

describe('reading by ID', () => {
  test('a hash of an address is missing, and the record is returned under its contact_id', async () => {
    const account = new Account();
    const id = account.simulator.create({ email: 'Ann@Example.com', FNAME: 'Ann' });
    const hash = md5('ann@example.com');
    expect(await account.read(hash)).toMatchObject({ ids: [id], missing: [hash] });
    expect(await account.read(hash, id)).toMatchObject({ ids: [id], missing: [hash] });
  });

  test('nobody is reported missing if the audience itself is missing', async () => {
    const account = new Account({ listId: 'f0f0f0f0f0' });
    await expect(account.read(md5('ann@example.com'))).rejects.toThrow(UnauthorizedError);
    await expect(account.read(md5('ann@example.com'))).rejects.toThrow(/listId names an audience/);
  });

  test('never takes more than half of the connections', async () => {
    const account = new Account();
    account.simulator.seed(20);
    await account.read(...account.simulator.ids().slice(0, stream.read!.maxIds));
    expect(account.simulator.busiest).toBe(5);
  });

  test('no refusal reveals the person it is about', async () => {
    const account = new Account();
    const hash = md5('ann@example.com');
    account.simulator.faults = ({ url }) =>
      url.includes(hash) ? Response.json({ title: 'Invalid Resource' }, { status: 400 }) : undefined;
    const error = await account.read(hash).then(undefined, (error: Error) => error);
    expect(error).toBeInstanceOf(RejectedError);
    expect((error as Error).message).not.toContain(hash);
  });
});

describe('the account', () => {
  const described = (settings: Record<string, unknown>) =>
    mailchimp.api!(mailchimp.settings.parse({ apiKey, listId, ...settings }));

  test('is reached where the key says, or where baseUrl does', () => {
    expect(described({}).baseUrl).toBe('https://us19.api.mailchimp.com');
    expect(described({ baseUrl: 'http://127.0.0.1:4010/' }).baseUrl).toBe('http://127.0.0.1:4010');
    expect(described({ apiKey: 'plain', baseUrl: 'http://127.0.0.1:4010' }).baseUrl).toMatch(/4010$/);
  });

  test('gets at most ten requests a second, unless configured otherwise', () => {
    expect(described({}).quotas).toEqual([{ name: '1-seconds', requests: 10, seconds: 1, all: true }]);
    expect(described({}).account).toMatch(/^mailchimp:[0-9a-f]{8}$/);
  });

  test('a refusal that is not in JSON passes; one that is, is about the credentials', () => {
    const { errorFor } = described({});
    const refused = (status: number, json?: Json) =>
      errorFor!({ status, headers: {}, json }, { path: '/3.0/lists/x/members' }, start);
    expect(refused(403)).toBeInstanceOf(TransientError);
    expect(refused(429)).toMatchObject({ name: 'TransientError', retryAfterMs: 2000 });
    expect(refused(403, { title: 'Forbidden' })).toBeInstanceOf(UnauthorizedError);
    expect(refused(401, { title: 'API Key Invalid' })).toBeInstanceOf(UnauthorizedError);
    expect(refused(400, { title: 'Invalid Resource' })).toMatchObject({ code: 'invalid_resource' });
    expect(refused(502)).toBeUndefined();
  });
});

describe('webhooks', () => {
  const signed = { apiKey, listId, webhookSecret: secret };
  const hear = (request: HookRequest, settings: object = signed, now = start) =>
    heard(
      mailchimp,
      settings,
      requestOf({ ...request, url: 'https://sync.example.com/webhooks/mailchimp' }),
      now,
    );
  const simulator = (now = () => start) => new MailchimpSimulator({ now, listId, signingSecret: secret });

  test('the test vector that we computed by the published algorithm is authentic', () => {
    const body = 'type=subscribe&data%5Bid%5D=8a25ff1d98';
    const code = '717f6969652cd56a4d0b41d55f62f3e94176fdd895765582df06956fcfdbd8f8';
    const judged = (given: string, header = `t=1700000000,v1=${code}`) => {
      const request = requestOf({ body: given, headers: { 'X-Mailchimp-Signature': header } });
      // The vector has no audience in it: only whether it is authentic is asked.
      try {
        return heard(mailchimp, signed, request, 1_700_000_000_000).verdict.authentic;
      } catch (error) {
        if (error instanceof RejectedError) return true;
        throw error;
      }
    };
    expect(judged(body)).toBe(true);
    expect(judged(body.replace('98', '99'))).toBe(false);
    expect(judged(body, `t=1700000001,v1=${code}`)).toBe(false);
    // While a secret is changed there may be several.
    expect(judged(body, `t=1700000000,v1=${'0'.repeat(64)},v1=${code}`)).toBe(true);
    expect(judged(body, `t=1700000000`)).toBe(false);
  });

  test('another secret is refused, either of two fits, and a time of long ago does not', () => {
    const account = simulator();
    account.create({ email: 'ann@example.com' });
    const [request] = account.sent();
    const judged = (settings: object, now = start) =>
      hear(request!, { apiKey, listId, ...settings }, now).verdict;
    expect(judged({ webhookSecret: 'another' }).authentic).toBe(false);
    expect(judged({ webhookSecret: ['another', secret] }).authentic).toBe(true);
    expect(judged({ webhookSecret: secret }, start + 299_000).authentic).toBe(true);
    expect(judged({ webhookSecret: secret }, start + 301_000).authentic).toBe(false);
    expect(judged({ webhookSecret: secret, toleranceSeconds: 6000 }, start + 4_500_000).authentic).toBe(true);
  });

  test('a webhook that is not signed shows the token at the end of its URL', () => {
    const account = new MailchimpSimulator({ now: () => start, listId });
    account.create({ email: 'ann@example.com' });
    const [request] = account.sent();
    const judged = (url: string, settings: object) =>
      heard(mailchimp, { apiKey, listId, ...settings }, requestOf({ ...request!, url }), start).verdict
        .authentic;
    const url = 'https://sync.example.com/webhooks/mailchimp';
    expect(judged(`${url}/a-long-token`, { urlToken: 'a-long-token' })).toBe(true);
    expect(judged(`${url}/another`, { urlToken: 'a-long-token' })).toBe(false);
    expect(judged(url, { urlToken: 'a-long-token' })).toBe(false);
    expect(judged(`${url}/a-long-token`, { webhookSecret: secret })).toBe(false);
  });

  test('without a secret nobody is accepted, and an explanation says what to set; the first GET needs none', () => {
    const webhook = webhookOf(mailchimp, { apiKey, listId });
    expect(webhook.authentication).toEqual([]);
    expect(webhook.missing).toMatch(/Set webhookSecret .* or set urlToken/);
    expect(webhook.handshake).toEqual({ reachabilityCheck: true });
  });

  const touch = (email: string, more: object = {}) => ({
    kind: 'touch',
    stream: 'members',
    recordId: md5(email),
    changedAt: start,
    ...more,
  });

  test('each event touches the members that it names, at its time in UTC', () => {
    const account = simulator();
    const said = (): Change[] => account.sent().flatMap((request) => hear(request).changes);
    const id = account.create({ email: 'Ann@Example.com' });
    expect(said()).toEqual([touch('ann@example.com')]);
    account.update(id, { FNAME: 'Ann' });
    expect(said()).toEqual([touch('ann@example.com')]);
    account.unsubscribe(id);
    expect(said()).toEqual([touch('ann@example.com')]);
    account.changeEmail(id, 'anna@example.com');
    expect(said()).toEqual([touch('anna@example.com'), touch('ann@example.com')]);
    account.clean(id);
    expect(said()).toEqual([touch('anna@example.com')]);
    account.archive(id);
    expect(said()).toEqual([touch('anna@example.com', { gone: 'deleted' })]);
  });

  test('what an event names is read as it is pulled', async () => {
    const account = new Account({ signingSecret: secret });
    const id = account.simulator.create({ email: 'Ann@Example.com', FNAME: 'Ann' });
    account.simulator.changeEmail(id, 'anna@example.com');
    const changes = account.simulator.sent().flatMap((request) => hear(request).changes);
    const hashes = changes.flatMap((change) => (change.kind === 'touch' ? [change.recordId] : []));
    const answer = await account.read(...hashes);
    const reader = new Reader(account);
    await reader.toRest();
    expect(answer.records).toEqual([reader.newest.get(id)]);
    expect(new Set(answer.missing)).toEqual(new Set(hashes));
  });

  test('a campaign, another audience and a contact without an address are ignored', () => {
    const account = simulator();
    const event = { type: 'campaign', fired_at: '2026-11-02 08:00:00', 'data[list_id]': listId };
    expect(hear(account.hook(event)).changes).toMatchObject([{ kind: 'ignored' }]);
    const other = {
      ...event,
      type: 'profile',
      'data[list_id]': 'f0f0f0f0f0',
      'data[email]': 'a@example.com',
    };
    const phoneOnly = { ...other, 'data[list_id]': listId, 'data[email]': '' };
    expect(hear(account.hook(phoneOnly)).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(hear(account.hook(other)).changes).toMatchObject([
      { kind: 'ignored', reason: 'It is about an audience other than listId.' },
    ]);
  });

  test('a repeat has the same key, however it is signed; other events have others', () => {
    let now = start;
    const account = simulator(() => now);
    const id = account.create({ email: 'ann@example.com' });
    account.update(id, { FNAME: 'Ann' });
    account.update(id, { FNAME: 'Anna' });
    account.changeEmail(id, 'anna@example.com');
    account.changeEmail(id, 'ann@example.com');
    account.clean(id);
    const sent = account.sent();
    const keys = sent.map((request) => hear(request).keys[0]);
    expect(new Set(keys).size).toBe(6);
    for (const key of keys) expect(key).toEqual(expect.any(String));
    now += 60_000;
    const again = sent.map((request) => hear(account.retry(request, 'stamped anew'), signed, now).keys[0]);
    expect(again).toEqual(keys);
    expect(sent.map((request) => hear(account.retry(request, 'as it was')).keys[0])).toEqual(keys);
    expect(keys.join()).not.toContain('@');
  });

  test('a body that is no event is rejected with an explanation without its content', () => {
    const account = simulator();
    const event = { type: 'profile', fired_at: '2026-11-02 08:00:00', 'data[list_id]': listId };
    const odd = [
      { text: 'Lovelace' },
      { ...event, type: '' },
      { type: 'profile', fired_at: event.fired_at, 'data[email]': 'lovelace@example.com' },
      event,
      { ...event, fired_at: 'Lovelace', 'data[email]': 'lovelace@example.com' },
      { ...event, 'data[email][]': 'lovelace@example.com' },
    ];
    for (const fields of odd) {
      const hearing = () => hear(account.hook(fields as { [name: string]: string }));
      expect(hearing, JSON.stringify(fields)).toThrow(RejectedError);
      expect(hearing).toThrow(/\w+ \w+ \w+/);
      expect(hearing).not.toThrow(/lovelace/i);
    }
  });

  test('the sample is one that we take, of a member that there is not', async () => {
    const { sample } = webhookOf(mailchimp, signed);
    const code = createHmac('sha256', secret)
      .update(`${start / 1000}.${sample}`)
      .digest('hex');
    const headers = { 'X-Mailchimp-Signature': `t=${start / 1000},v1=${code}` };
    const { verdict, changes } = hear({ method: 'POST', headers, body: sample! });
    expect(verdict.authentic).toBe(true);
    expect(changes).toMatchObject([{ kind: 'touch' }]);
    const [change] = changes;
    if (change?.kind !== 'touch') throw new Error('it touches nobody');
    expect((await new Account().read(change.recordId)).records).toEqual([]);
  });
});

test('every setting has a description', () => {
  const shape = (mailchimp.settings as unknown as { shape: Record<string, { description?: string }> }).shape;
  expect(Object.keys(shape).length).toBeGreaterThan(5);
  for (const [name, setting] of Object.entries(shape))
    expect(setting.description, name).toMatch(/\w+ \w+.*\.$/);
});

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
