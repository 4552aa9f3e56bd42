// HubSpot's connector against the simulated account: what its search cannot do, and how nothing is lost all the same.
import { describe, expect, test } from 'vitest';
import {
  type Api,
  type ApiRequest,
  type Context,
  type Json,
  type Page,
  RejectedError,
  type SourceRecord,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { hubspot } from '../../connectors/hubspot.ts';
import {
  createHubSpotSimulator,
  type HubSpotOptions,
  type HubSpotSimulator,
} from '../../simulators/hubspot.ts';
import { directApi } from '../support/direct-api.ts';
import { FastClock } from '../support/fast-clock.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { describeConnector, type OpenWorld } from './conformance.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const token = 'pat-eu1-secret-0a1b2c3d';
const stream = hubspot.source!.streams[0]!;
const minute = 60_000;
const lag = stream.settleLagSeconds! * 1000;

/** An account and a connector that reads it, on a clock moved by hand. */
class Account {
  now = start;
  readonly simulator: HubSpotSimulator;
  readonly settings: unknown;
  readonly requests: ApiRequest[] = [];
  readonly #api: Api;

  constructor(options: HubSpotOptions = {}, settings: Record<string, unknown> = {}) {
    this.simulator = createHubSpotSimulator({
      now: () => this.now,
      accessToken: token,
      quotas: false,
      ...options,
    });
    this.settings = hubspot.settings.parse({ accessToken: token, ...settings });
    const api = directApi(this.simulator.app, hubspot.api!(this.settings), () => this.now);
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

  get calls(): number {
    return this.simulator.requests.calls();
  }

  liveIds(): string[] {
    return [...this.simulator.contacts()].filter((contact) => !contact.archived).map((contact) => contact.id);
  }

  clockOf(id: string): number {
    return Date.parse(this.simulator.get(id)!.updatedAt);
  }
}

/** A cursor that reads on as the engine does. `behindMs`: how far it stays behind now. */
class Reader {
  readonly newest = new Map<string, SourceRecord>();
  readonly account: Account;
  readonly behindMs: number;
  cursor: Json | null;

  constructor(
    account: Account,
    { cursor = null, behindMs = 0 }: { cursor?: Json | null; behindMs?: number } = {},
  ) {
    this.account = account;
    this.cursor = cursor;
    this.behindMs = behindMs;
  }

  async page(properties: readonly string[] = ['id', 'firstname']): Promise<Page> {
    const until = this.account.now - this.behindMs;
    const page = await stream.pull!(this.account.context(), { cursor: this.cursor, until, properties });
    this.cursor = JSON.parse(JSON.stringify(page.cursor));
    for (const record of page.records) {
      const known = this.newest.get(record.recordId);
      if (!known || known.changedAt <= record.changedAt) this.newest.set(record.recordId, record);
    }
    return page;
  }

  async toRest(between: () => void = () => {}): Promise<SourceRecord[]> {
    const records: SourceRecord[] = [];
    for (let pull = 0; pull < 2000; pull += 1) {
      const page = await this.page();
      records.push(...page.records);
      if (page.done) return records;
      between();
    }
    throw new Error('pulling does not come to rest');
  }
}

/** A reader that has read everything there is, some minutes after it last changed, and is at rest. */
async function atRest(account: Account): Promise<Reader> {
  const reader = new Reader(account);
  await reader.toRest();
  account.now += 10 * minute;
  await reader.toRest();
  account.now += minute;
  account.simulator.requests.reset();
  account.requests.length = 0;
  return reader;
}

describeConnector('hubspot', {
  connector: hubspot,
  stream: 'contacts',
  secrets: [token, 'a-client-secret'],
  wrongSettings: [
    { settings: {}, says: /accessToken/ },
    { settings: { accessToken: '' }, says: /accessToken: must be the token alone/ },
    { settings: { accessToken: `Bearer ${token}` }, says: /accessToken: must be the token alone/ },
    { settings: { accessToken: token, apiKey: token }, says: /apiKey/ },
    {
      settings: { accessToken: token, apiVersion: 'v4' },
      says: /apiVersion: must be "v3" or a dated version/,
    },
    { settings: { accessToken: token, baseUrl: 'api.hubapi.com' }, says: /baseUrl: must be a URL such as/ },
    { settings: { accessToken: token, quota: { requests: 0, seconds: 10 } }, says: /quota/ },
  ],
  changeWhileReading: 'found',
  async open(): Promise<OpenWorld> {
    const account = new Account();
    account.simulator.seed(250);
    const { simulator } = account;
    const ruins = [
      () =>
        Response.json(
          { message: `token ${'x'.repeat(3)} refused`, category: 'INVALID_AUTHENTICATION' },
          { status: 401 },
        ),
      () => new Response('<html>malformed</html>', { status: 530 }),
      () => Response.json({ message: 'no', category: 'MISSING_SCOPES' }, { status: 403 }),
      () => Response.json({ message: 'bad', category: 'VALIDATION_ERROR' }, { status: 400 }),
      () => Response.json({ policyName: 'DAILY' }, { status: 429 }),
      () => new Response('gateway', { status: 502 }),
      () => Response.json({ well: 'but no contacts' }),
      () => Response.error(),
    ];
    return {
      settings: account.settings,
      context: () => account.context(),
      advance: (milliseconds) => {
        account.now += milliseconds;
      },
      ids: () => account.liveIds(),
      create: async () => simulator.create({ firstname: 'New', email: `new.${account.now}@example.com` }),
      change: async (id, value) => simulator.update(id, { firstname: value }),
      property: 'firstname',
      remove: async (id) => simulator.archive(id),
      unknownId: '99999999',
      ruin: async () => {
        const ruin = ruins.shift();
        simulator.faults = ruin && (() => ruin());
        return ruin !== undefined;
      },
    };
  },
});

describe('reading all contacts', () => {
  test('asks for what the mapping uses, for the clock and for merges, and for nothing else', async () => {
    const account = new Account();
    account.simulator.seed(3);
    await new Reader(account).page(['id', 'email', 'city']);
    expect(account.requests).toEqual([
      {
        path: '/crm/v3/objects/contacts',
        query: {
          limit: 100,
          properties: 'email,city,lastmodifieddate,hs_merged_object_ids',
          archived: undefined,
          after: undefined,
        },
        isAnswer: expect.any(Function),
      },
    ]);
  });

  test('reads properties whose names are too long for a URL from a body instead', async () => {
    const account = new Account();
    const names = Array.from({ length: 900 }, (_, index) => `loyalty_programme_${index}`);
    for (const name of names) account.simulator.define({ name });
    const id = account.simulator.create({ [names[0]!]: 'gold', [names[899]!]: 'last' });
    account.simulator.seed(120);
    const reader = new Reader(account);
    const pages = [await reader.page(names), await reader.page(names)];
    expect(pages.map((page) => [page.records.length, page.done])).toEqual([
      [100, false],
      [21, true],
    ]);
    expect(reader.newest.get(id)?.body).toMatchObject({ id, [names[0]!]: 'gold', [names[899]!]: 'last' });
    expect(account.simulator.requests.calls('batchRead')).toBe(2);
  });

  test('leaves out, in such a page, a contact that vanished since the list was made', async () => {
    const account = new Account();
    const names = Array.from({ length: 900 }, (_, index) => `loyalty_programme_${index}`);
    const [gone, kept] = [
      account.simulator.create({ firstname: 'Gone' }),
      account.simulator.create({ firstname: 'Kept' }),
    ];
    account.simulator.faults = async (request, next) => {
      if (request.method === 'POST') account.simulator.archive(gone);
      return next();
    };
    const page = await new Reader(account).page(['firstname', ...names]);
    expect(page.records.map((record) => record.recordId)).toEqual([kept]);
  });

  test('without properties named, pulling and reading by ID give the same', async () => {
    const account = new Account();
    const id = account.simulator.create({ firstname: 'Ada', email: 'ada@example.com', city: 'London' });
    const [pulled] = (await new Reader(account).page([])).records;
    const { records } = await stream.read!.records(account.context(), { recordIds: [id], properties: [] });
    expect(records).toEqual([pulled]);
    expect(pulled!.body).toMatchObject({ id, firstname: 'Ada', email: 'ada@example.com' });
  });

  test('reads on where the next page is named by a number', async () => {
    const account = new Account();
    account.simulator.seed(250);
    account.simulator.faults = async (_request, next) => {
      const answer = (await (await next()).json()) as { paging?: { next: { after: unknown } } };
      if (answer.paging) answer.paging.next.after = Number(answer.paging.next.after);
      return Response.json(answer);
    };
    expect(new Set((await new Reader(account).toRest()).map(({ recordId }) => recordId)).size).toBe(250);
  });

  test('keeps apart a contact without a clock, and continues with the others', async () => {
    const account = new Account();
    account.simulator.seed(2);
    account.simulator.faults = () =>
      Response.json({
        results: [
          { id: '1', properties: {} },
          { id: '2', properties: {}, updatedAt: '2026-01-01T00:00:00Z' },
        ],
      });
    const page = await new Reader(account).page();
    expect(page.records.map((record) => record.recordId)).toEqual(['2']);
    expect(page.rejected).toEqual([
      { position: 'contact 1', reason: expect.any(String), raw: { id: '1', properties: {} } },
    ]);
  });

  test('speaks to a dated version of the API, too', async () => {
    const account = new Account({}, { apiVersion: '2026-03' });
    account.simulator.seed(2);
    const reader = new Reader(account);
    await reader.toRest();
    await reader.toRest();
    await stream.properties!(account.context());
    expect(account.requests.map((request) => request.path)).toEqual([
      '/crm/objects/2026-03/contacts',
      '/crm/objects/2026-03/contacts/search',
      '/crm/properties/2026-03/contacts',
    ]);
    expect(reader.newest.size).toBe(2);
  });

  test('loses nothing to a clock of HubSpot’s that runs a minute and a half behind ours', async () => {
    const account = new Account();
    account.simulator.seed(250);
    const [first] = account.liveIds();
    const reader = new Reader(account);
    await reader.page();
    account.simulator.update(first!, { firstname: 'stamped before we began' }, account.now - 90_000);
    await reader.toRest();
    await reader.toRest();
    expect(reader.newest.get(first!)?.body['firstname']).toBe('stamped before we began');
  });

  test('refuses an unknown cursor, rather than starting somewhere', async () => {
    const reader = new Reader(new Account(), { cursor: { phase: 'elsewhere' } });
    await expect(reader.page()).rejects.toThrow(RejectedError);
  });
});

describe('reading what changed', () => {
  test('costs one call where nothing changed', async () => {
    const account = new Account();
    account.simulator.seed(500);
    const reader = await atRest(account);
    expect(await reader.toRest()).toEqual([]);
    expect(account.calls).toBe(1);
  });

  test.each([1, 199, 200, 201, 400, 1000, 1001])(
    'costs a call for each 200 of %i changes',
    async (changes) => {
      const account = new Account();
      account.simulator.seed(1200);
      const reader = await atRest(account);
      const ids = account.liveIds().slice(0, changes);
      for (const [index, id] of ids.entries())
        account.simulator.update(id, { firstname: 'x' }, account.now - (index % 50));
      account.now += 1;
      const records = await reader.toRest();
      expect(records.map((record) => record.recordId).sort()).toEqual([...ids].sort());
      expect(account.calls).toBe(Math.ceil(changes / 200));
    },
  );

  test('says how many the whole reading holds', async () => {
    const account = new Account();
    account.simulator.seed(600);
    const reader = await atRest(account);
    account.simulator.stamp(450);
    account.now += 1;
    expect([(await reader.page()).total, (await reader.page()).total, (await reader.page()).total]).toEqual([
      450, 450, 450,
    ]);
  });

  test('reads 12,345 changes though a search gives no more than 10,000', async () => {
    const account = new Account();
    account.simulator.seed(12_345);
    const reader = await atRest(account);
    for (const [index, id] of account.liveIds().entries())
      account.simulator.update(id, {}, account.now - (index % 30_000));
    account.now += 1;
    const records = await reader.toRest();
    expect(new Set(records.map((record) => record.recordId)).size).toBe(12_345);
    expect(account.simulator.requests.status(400)).toBe(0);
  });

  test('reads 25,000 contacts that changed in one and the same millisecond, each once, and then rests', async () => {
    const account = new Account();
    account.simulator.seed(25_000);
    const reader = await atRest(account);
    account.simulator.stamp(25_000);
    account.now += minute;
    const records = await reader.toRest();
    expect(records).toHaveLength(25_000);
    expect(new Set(records.map((record) => record.recordId)).size).toBe(25_000);
    expect(account.calls).toBe(125);
    expect(await reader.toRest()).toEqual([]);
    expect(account.calls).toBe(126);
  });

  test('reads again the millisecond that was not over, without giving twice what it gave', async () => {
    const account = new Account();
    account.simulator.seed(3);
    const reader = await atRest(account);
    const [first, second] = account.liveIds();
    account.simulator.update(first!, { firstname: 'early' });
    expect((await reader.page()).records.map((record) => record.recordId)).toEqual([first]);
    account.simulator.update(second!, { firstname: 'in the same millisecond' });
    expect((await reader.page()).records.map((record) => record.recordId)).toEqual([second]);
    expect((await reader.page()).records).toEqual([]);
    account.now += 1;
    expect((await reader.page()).records).toEqual([]);
  });

  test('loses no row though rows move while they are paged', async () => {
    const account = new Account();
    account.simulator.seed(1000);
    const reader = await atRest(account);
    account.simulator.stamp(1000);
    const ids = account.liveIds();
    let turn = 0;
    await reader.toRest(() => {
      // Behind, within and before the page being read.
      for (let index = turn; index < ids.length; index += 97)
        account.simulator.update(ids[index]!, { firstname: `${turn}` });
      account.now += 500;
      turn += 1;
    });
    expect(turn).toBeGreaterThan(3);
    account.now += 1000;
    await reader.toRest();
    for (const id of ids) expect(reader.newest.get(id)?.changedAt, id).toBe(account.clockOf(id));
  });

  test('is not carried past the rows between by one that is newer than the index knew', async () => {
    const account = new Account({ indexLagMs: 0 });
    account.simulator.seed(400);
    const reader = await atRest(account);
    const ids = account.liveIds();
    for (const [index, id] of ids.entries())
      account.simulator.update(id, {}, account.now - 40_000 + index * 50);
    account.now += 1;
    await stream.pull!(account.context(), { cursor: reader.cursor, until: account.now, properties: [] });
    // The first page's rows change again, and the index does not know it yet.
    account.simulator.indexLagMs = 30_000;
    for (const id of ids.slice(0, 200)) account.simulator.update(id, { firstname: 'newer' });
    account.now += 10;
    const first = await reader.page();
    expect(first.records.every((record) => record.changedAt === account.now - 10)).toBe(true);
    await reader.toRest();
    expect([...reader.newest.keys()].sort()).toEqual([...ids].sort());
  });

  test('does not move past the end of its window because of a row that is newer', async () => {
    const account = new Account({ indexLagMs: 0 });
    account.simulator.seed(10);
    const reader = await atRest(account);
    const [early, late] = account.liveIds();
    account.simulator.update(early!, { firstname: 'indexed' });
    account.now += 1000;
    account.simulator.indexLagMs = 20_000;
    account.simulator.update(early!, { firstname: 'shown' }, account.now);
    account.simulator.update(late!, { firstname: 'hidden as yet' }, account.now - 600);
    const windowEnd = account.now - 500;
    const page = await stream.pull!(account.context(), {
      cursor: reader.cursor,
      until: windowEnd,
      properties: ['firstname'],
    });
    expect(page.records.map((record) => record.body['firstname'])).toEqual(['shown']);
    reader.cursor = page.cursor;
    account.now += minute;
    expect((await reader.toRest()).map((record) => record.body['firstname'])).toContain('hidden as yet');
  });

  test('begins no endless loop at contacts that the index still has and that are gone', async () => {
    const account = new Account();
    account.simulator.seed(900);
    const reader = await atRest(account);
    account.simulator.stamp(900);
    account.now += 1;
    account.simulator.indexLagMs = 10 * minute;
    const ids = account.liveIds();
    for (const id of ids.slice(0, 650)) account.simulator.archive(id);
    const records = await reader.toRest();
    expect(records.map((record) => record.recordId).sort()).toEqual(ids.slice(650).sort());
    expect(account.calls).toBeLessThan(9);
  });

  test('waits where the index lags behind more deletions than a search can skip', async () => {
    const account = new Account();
    account.simulator.seed(10_500);
    const reader = await atRest(account);
    account.simulator.stamp(10_500);
    account.now += 1;
    account.simulator.indexLagMs = 5000;
    for (const id of account.liveIds().slice(0, 10_400)) account.simulator.archive(id);
    const error = await reader.toRest().then(undefined, (refused: unknown) => refused);
    expect(error).toBeInstanceOf(TransientError);
    expect((error as TransientError).retryAfterMs).toBe(minute);
    account.now += minute;
    expect(await reader.toRest()).toHaveLength(100);
  });

  test('makes no request if the window has not begun', async () => {
    const account = new Account();
    account.simulator.seed(5);
    const reader = await atRest(account);
    reader.cursor = { phase: 'search', from: account.now + minute, seen: [] };
    expect(await reader.page()).toEqual({ records: [], cursor: reader.cursor, done: true });
    expect(account.calls).toBe(0);
  });

  test('follows a window that took long with another at once', async () => {
    const account = new Account();
    account.simulator.seed(300);
    const reader = await atRest(account);
    account.simulator.stamp(300);
    account.now += 1;
    expect((await reader.page()).done).toBe(false);
    account.now += 10 * minute;
    const late = account.liveIds()[5]!;
    account.simulator.update(late, { firstname: 'late' }, account.now - minute);
    expect((await reader.page()).done).toBe(false);
    expect((await reader.page()).records.map((record) => record.recordId)).toEqual([late]);
  });
});

describe('an index that lags', () => {
  test('hides a change from the leading reader and not from the trailing one', async () => {
    const slow = new Set<string>();
    const account = new Account({ indexLagMs: (id) => (slow.has(String(id)) ? 90_000 : 1000) });
    account.simulator.seed(20);
    const lead = new Reader(account);
    await lead.toRest();
    const trail = new Reader(account, { cursor: lead.cursor, behindMs: lag });
    account.now += 10 * minute;
    await lead.toRest();
    await trail.toRest();
    const [hidden, plain] = account.liveIds();
    slow.add(hidden!);
    account.simulator.update(hidden!, { firstname: 'hidden' });
    account.now += 1000;
    account.simulator.update(plain!, { firstname: 'plain' });
    account.now += 5000;
    expect((await lead.toRest()).map((record) => record.recordId)).toEqual([plain]);
    account.now += lag;
    expect(await lead.toRest()).toEqual([]);
    expect((await trail.toRest()).map((record) => record.recordId).sort()).toEqual([hidden, plain].sort());
    expect(await trail.toRest()).toEqual([]);
  });

  test('leaves nothing out of what the two readers find together, whatever happens in between', async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const random = randomOf(seed);
      const below = (limit: number) => Math.floor(random() * limit);
      const account = new Account({ indexLagMs: () => below(lag - 5000) });
      const { simulator } = account;
      account.simulator.seed(150 + below(300), seed);
      const meddle = () => {
        const ids = account.liveIds();
        for (let write = below(12); write > 0; write -= 1) {
          const id = ids[below(ids.length)]!;
          const kind = random();
          if (kind < 0.1) simulator.create({ firstname: `new ${below(1e6)}` });
          else if (kind < 0.15) simulator.stamp(ids.slice(0, below(250)));
          else if (!simulator.get(id)?.archived) simulator.update(id, { firstname: `${below(1e6)}` });
          account.now += below(3) * below(2000);
        }
      };
      const lead = new Reader(account);
      await lead.toRest(meddle);
      const trail = new Reader(account, { cursor: lead.cursor, behindMs: lag });
      for (let round = 0; round < 12; round += 1) {
        meddle();
        account.now += below(40_000);
        await lead.toRest(meddle);
        if (random() < 0.7) await trail.toRest(meddle);
      }
      account.now += 2 * lag;
      await lead.toRest();
      await trail.toRest();
      for (const id of account.liveIds()) {
        const newest = Math.max(lead.newest.get(id)?.changedAt ?? 0, trail.newest.get(id)?.changedAt ?? 0);
        expect(newest, `seed ${seed}, contact ${id}`).toBe(account.clockOf(id));
      }
    }
  });
});

describe('reading contacts by ID', () => {
  test('says that a contact merged into another is missing, and gives the other', async () => {
    const account = new Account();
    const [one, other] = [
      account.simulator.create({ firstname: 'A' }),
      account.simulator.create({ firstname: 'B' }),
    ];
    const survivor = account.simulator.merge(one, other);
    const { results } = { results: [account.simulator.get(survivor)!] };
    const told = await stream.read!.records(account.context(), {
      recordIds: [one, survivor],
      properties: [],
    });
    expect(told).toMatchObject({ records: [{ recordId: survivor }], missing: [one] });
    // Where the batch answers with the survivor instead.
    account.simulator.faults = () => Response.json({ status: 'COMPLETE', results });
    const answered = await stream.read!.records(account.context(), { recordIds: [one], properties: [] });
    expect(answered).toMatchObject({ records: [{ recordId: survivor }], missing: [one] });
  });

  test('does not treat as deleted what failed for another reason', async () => {
    const account = new Account();
    const read = (errors: Json) => {
      account.simulator.faults = () =>
        Response.json({ status: 'COMPLETE', results: [], errors }, { status: 207 });
      return stream.read!.records(account.context(), { recordIds: ['1', '2'], properties: [] });
    };
    expect((await read([{ category: 'OBJECT_NOT_FOUND', context: { ids: ['1'] } }])).missing).toEqual(['1']);
    expect((await read([{ category: 'OBJECT_NOT_FOUND' }])).missing).toEqual(['1', '2']);
    expect((await read([{ category: 'INTERNAL_ERROR', context: { ids: ['1'] } }])).missing).toEqual([]);
    expect((await read([])).missing).toEqual([]);
  });
});

describe('tombstones', () => {
  test('miss no contact that is archived behind the page being read', async () => {
    const account = new Account();
    account.simulator.seed(400);
    const ids = account.liveIds();
    for (const id of ids.slice(50, 300)) account.simulator.archive(id);
    const pull = (cursor: Json | null) =>
      stream.tombstones!.pull(account.context(), { cursor, until: account.now, properties: [] });
    const gone = new Set<string>();
    let page = await pull(null);
    account.now += 1000;
    account.simulator.archive(ids[0]!);
    account.now += 1000;
    account.simulator.archive(ids.at(-1)!);
    const pages = [page];
    while (!page.done) {
      page = await pull(page.cursor);
      pages.push(page);
    }
    account.now += 3_600_000;
    do {
      page = await pull(page.cursor);
      pages.push(page);
    } while (!page.done);
    for (const record of pages.flatMap(({ records }) => records)) gone.add(record.recordId);
    expect(gone).toEqual(new Set([...ids.slice(50, 300), ids[0], ids.at(-1)]));
  });
});

describe('additional e-mail addresses', () => {
  const openVendor = vendorWorlds();

  test('become a list, grow with a merge, of which no event of theirs tells, and are cleared by an empty text', async () => {
    const clock = new FastClock();
    const push = { clientSecret: 'secret-of-the-app', url: 'https://sync.example.com/webhooks/vendor' };
    const simulator = createHubSpotSimulator({
      now: () => clock.now(),
      accessToken: token,
      quotas: false,
      survivorId: 'primary',
      push,
    });
    const one = simulator.create({ email: 'one@example.com', hs_additional_emails: 'uno@example.com' });
    const other = simulator.create({ email: 'other@example.com' });
    const none = simulator.create({ firstname: 'None' });
    simulator.push!.take(clock.now());
    const world = await openVendor(clock, simulator.app, {
      connector: 'hubspot',
      accessToken: token,
      clientSecret: push.clientSecret,
      mapping: {
        email: 'email',
        'metadata.emails': { from: ['email', 'hs_additional_emails'], as: 'list' },
        'metadata.more': { from: 'hs_additional_emails', as: 'list' },
      },
    });
    const metadata = (id: string) => world!.customers()[id]!.metadata ?? {};
    await world.sync();
    expect(metadata(one)).toEqual({
      emails: ['one@example.com', 'uno@example.com'],
      more: ['uno@example.com'],
    });
    expect(metadata(other)).toEqual({ emails: ['other@example.com'] });
    expect(metadata(none)).toEqual({});

    clock.skip(10_000);
    simulator.merge(one, other);
    const requests = simulator.push!.take(clock.now());
    const told = requests.map(({ body }) => new TextDecoder().decode(body)).join('');
    expect(told).not.toContain('propertyChange');
    for (const request of requests) await world.push(request);
    expect(metadata(one)).toMatchObject({ more: ['other@example.com', 'uno@example.com'] });

    clock.skip(600_000);
    simulator.update(one, { hs_additional_emails: '' });
    clock.skip(600_000);
    await world.sync('incremental');
    expect(simulator.get(one)!.properties['hs_additional_emails']).toBe('');
    expect(metadata(one)['emails']).toEqual(['one@example.com']);
    expect(metadata(one)['more'] ?? null).toBeNull();
    expect(await world.deadLetters()).toBe(0);
  });
});

describe('what HubSpot refuses', () => {
  const description = hubspot.api!(hubspot.settings.parse({ accessToken: token }));
  const now = Date.parse('2026-11-02T21:30:00.000Z');
  const refused = (
    status: number,
    json: Json = {},
    headers: { [name: string]: string } = {},
    bucket?: string,
  ) => description.errorFor!({ status, headers, json }, { path: '/x', ...(bucket && { bucket }) }, now);

  test.each([
    ['the burst', { policyName: 'TEN_SECONDLY_ROLLING' }, undefined, 10_000, 'burst'],
    ['the search window', { policyName: 'SECONDLY' }, 'search', 1000, 'search'],
    // Midnight of the account's time zone is not told: it is looked for at each full hour.
    ['the day, until the next full hour', { policyName: 'DAILY' }, undefined, 1_800_000, 'daily'],
    ['the day, by message', { message: 'You have reached your daily limit.' }, undefined, 1_800_000, 'daily'],
    [
      'the burst, by message',
      { message: 'You have reached your ten_secondly_rolling limit.' },
      undefined,
      10_000,
      'burst',
    ],
    ['something not named', {}, undefined, 10_000, undefined],
  ])('429 for %s waits as long as that takes', (_, json, bucket, retryAfterMs, quota) => {
    expect(refused(429, json, {}, bucket)).toMatchObject({
      name: 'TransientError',
      retryAfterMs,
      quota,
      uncertain: false,
    });
  });

  test('477, an account that is being migrated, waits as long as the answer says', () => {
    expect(refused(477, {}, { 'retry-after': '7200' })).toMatchObject({
      name: 'TransientError',
      retryAfterMs: 7_200_000,
    });
    expect(refused(477)).toMatchObject({ retryAfterMs: 3_600_000 });
  });

  test('423, a lock, waits two seconds or more', () => {
    expect(refused(423)).toMatchObject({ name: 'TransientError', retryAfterMs: 2000 });
    expect(refused(423, {}, { 'retry-after': '9' })).toMatchObject({ retryAfterMs: 9000 });
  });

  test('401, and 530 for a malformed token, are about the credentials', () => {
    for (const status of [401, 530]) expect(refused(status)).toBeInstanceOf(UnauthorizedError);
  });

  test('403 names the scopes to add', () => {
    const error = refused(403, {
      category: 'MISSING_SCOPES',
      message: 'This app lacks scopes',
      errors: [
        {
          message: 'One or more are required',
          context: { requiredGranularScopes: ['crm.objects.contacts.read'] },
        },
      ],
    });
    expect(error).toBeInstanceOf(UnauthorizedError);
    expect(error?.message).toContain('Add crm.objects.contacts.read to the scopes');
  });

  test('other 4xx refuse the one request, under HubSpot’s own key', () => {
    expect(refused(400, { category: 'VALIDATION_ERROR', message: 'bad filter' })).toMatchObject({
      name: 'RejectedError',
      code: 'VALIDATION_ERROR',
      status: 400,
    });
    expect(refused(414)).toMatchObject({ name: 'RejectedError', code: 'http_414' });
  });

  test('5xx are left to the general rule', () => {
    for (const status of [500, 502, 521, 524]) expect(refused(status)).toBeUndefined();
  });
});

describe('quotas', () => {
  const describeWith = (settings: Record<string, unknown>) =>
    hubspot.api!(hubspot.settings.parse({ accessToken: token, ...settings }));

  test('are those of the smallest plan unless configured otherwise', () => {
    expect(describeWith({}).quotas).toEqual([
      { name: 'burst', requests: 100, seconds: 10, all: true },
      { name: 'daily', requests: 250_000, seconds: 86_400, all: true },
      { name: 'search', requests: 5, seconds: 1, bucket: 'search' },
    ]);
    expect(
      describeWith({ quota: { requests: 190, seconds: 10, reserve: 0.5 }, searchPerSecond: 2 }).quotas,
    ).toEqual([
      { name: 'burst', requests: 190, seconds: 10, all: true, reserve: 0.5 },
      { name: 'search', requests: 2, seconds: 1, bucket: 'search' },
    ]);
  });

  test('are learned from the headers, where a response has them', async () => {
    const account = new Account({ quotas: { burst: { requests: 190, seconds: 10 }, daily: 650_000 } });
    const { readQuotas } = describeWith({});
    const list = await account.context().api.request({ path: '/crm/v3/objects/contacts' });
    expect(readQuotas!(list, { path: '' }, account.now)).toEqual([
      { quota: 'burst', limit: 190, remaining: 189 },
      { quota: 'daily', limit: 650_000, remaining: 649_999 },
    ]);
    const search = await account
      .context()
      .api.request({ method: 'POST', path: '/crm/v3/objects/contacts/search', json: {} });
    expect(readQuotas!(search, { path: '' }, account.now)).toEqual([
      { quota: 'daily', limit: 650_000, remaining: 649_998 },
    ]);
  });

  test('belong to the account if its ID is given, otherwise to the token, which they do not reveal', () => {
    expect(describeWith({ portalId: 62515 }).account).toBe('hubspot:62515');
    expect(describeWith({}).account).toMatch(/^hubspot:[0-9a-f]{8}$/);
    expect(describeWith({}).account).not.toBe(describeWith({ accessToken: 'pat-other' }).account);
    expect(token).not.toContain(describeWith({}).account.slice(8));
  });
});

test('every setting has a description', () => {
  const shape = (hubspot.settings as unknown as { shape: Record<string, { description?: string }> }).shape;
  for (const [name, setting] of Object.entries(shape))
    expect(setting.description, name).toMatch(/\w+ \w+.*\.$/);
});

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
