// HubSpot's webhook journal against the simulated account: what each entry names, and what is lost where, told.
import { describe, expect, test } from 'vitest';
import { type Context, type JournalPage, type Json, TransientError } from '#connector';
import { hubspot } from '../../connectors/hubspot.ts';
import type { JournalOptions } from '../../simulators/hubspot/journal.ts';
import { createHubSpotSimulator, type HubSpotOptions } from '../../simulators/hubspot.ts';
import { directApi } from '../support/direct-api.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const app = { clientId: 'the-app', clientSecret: 'the-app-secret' };
const portalId = 62_515;

class Account {
  now = start;
  readonly simulator;
  readonly journal;
  readonly settings: unknown;
  cursor: Json | null = null;
  readonly #api;

  constructor(options: Partial<JournalOptions> = {}, more: HubSpotOptions = {}) {
    this.simulator = createHubSpotSimulator({
      now: () => this.now,
      accessToken: 'pat-eu1-0a1b',
      quotas: false,
      journal: { ...app, ...options },
      ...more,
    });
    this.journal = this.simulator.journal!;
    this.settings = hubspot.settings.parse({ accessToken: 'pat-eu1-0a1b', portalId, journal: app });
    const description = hubspot.api!(this.settings);
    this.#api = directApi(this.simulator.app, description, () => this.now, {
      files: this.journal.files,
      token: (auth) => this.#token(description.otherAuths![auth]!),
    });
  }

  /** As the engine asks for it. */
  async #token(auth: NonNullable<ReturnType<NonNullable<typeof hubspot.api>>['auth']>): Promise<string> {
    if (auth.kind !== 'oauth') throw new Error('not a token that expires');
    const { client, tokenUrl, fields } = auth;
    const form = {
      grant_type: 'client_credentials',
      client_id: client.id,
      client_secret: client.secret!,
      ...fields,
    };
    const response = await this.simulator.app.request(new URL(tokenUrl).pathname, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  }

  context(): Context<unknown> {
    const files = {
      stat: () => Promise.reject(),
      open: () => {
        throw new Error('no file');
      },
    };
    return { settings: this.settings, api: this.#api, files, now: this.now };
  }

  async pull(): Promise<JournalPage> {
    const page = await hubspot.source!.journal!(this.settings)!.pull(this.context(), this.cursor);
    this.cursor = JSON.parse(JSON.stringify(page.cursor));
    return page;
  }

  async toRest(): Promise<JournalPage[]> {
    const pages: JournalPage[] = [];
    do pages.push(await this.pull());
    while (!pages.at(-1)!.done && pages.length < 500);
    return pages;
  }

  /** What is named until rest: IDs with what the vendor says of them. */
  async named(): Promise<(string | [string, string])[]> {
    const pages = await this.toRest();
    return pages.flatMap(({ touches }) =>
      touches.map(({ recordId, gone }): string | [string, string] => (gone ? [recordId, gone] : recordId)),
    );
  }
}

const foreignEvent = (more: object = {}) => ({
  type: 'crmObject',
  portalId: 4711,
  occurredAt: new Date(start).toISOString(),
  action: 'DELETE',
  objectTypeId: '0-1',
  objectId: 951,
  ...more,
});

const gaps = (pages: readonly JournalPage[]) => pages.flatMap(({ gap = [] }) => gap);

describe('the journal', () => {
  test('names what was created, changed, deleted, restored, merged and erased, in the order in which it happened', async () => {
    const account = new Account();
    const { simulator } = account;
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) =>
      simulator.create({ email: `${name}@example.com` }),
    ) as [string, string, string, string];
    expect(await account.named()).toEqual([a, b, c, d]);
    simulator.update(a, { city: 'Łódź' });
    simulator.archive(b);
    simulator.restore(b);
    const survivor = simulator.merge(c, a);
    simulator.gdprDelete(d);
    expect(await account.named()).toEqual([
      a,
      [b, 'deleted'],
      b,
      survivor,
      c,
      a,
      [c, 'deleted'],
      [a, 'deleted'],
      [d, 'erased'],
      [d, 'deleted'],
    ]);
  });

  test('bears the time of each event, and that of the file where an event has none', async () => {
    const account = new Account();
    account.simulator.create({}, start - 5000);
    account.journal.add(foreignEvent({ portalId, occurredAt: null, action: 'UPDATE' }));
    const [page] = await account.toRest();
    expect(page!.touches.map(({ changedAt }) => changedAt)).toEqual([start - 5000, start]);
  });

  test('is at rest where HubSpot has nothing more (204), for one call', async () => {
    const account = new Account();
    account.simulator.create({});
    await account.toRest();
    const calls = { ...account.journal.requests };
    account.now += minute;
    expect(await account.toRest()).toMatchObject([{ touches: [], done: true }]);
    expect(account.journal.requests).toEqual({ ...calls, next: (calls['next'] ?? 0) + 1 });
  });

  test('is read file by file, each once, and from the same place after a crash at any of them', async () => {
    const account = new Account({ maxEvents: 3 });
    const ids = Array.from({ length: 20 }, () => account.simulator.create({}));
    const named: string[] = [];
    for (let files = 0; files < 50; files += 1) {
      const before = account.cursor;
      const lost = await account.pull();
      // The page was never stored: the next attempt begins where this one did.
      account.cursor = before;
      const again = await account.pull();
      expect(again.touches).toEqual(lost.touches);
      named.push(...again.touches.map(({ recordId }) => recordId));
      if (again.done) break;
    }
    expect(named).toEqual(ids);
  });

  test('leaves out events of other accounts, of other objects and of no contact, and counts the last', async () => {
    const account = new Account({ leaks: true });
    account.journal.add(foreignEvent());
    account.journal.add(foreignEvent({ portalId, objectTypeId: '0-2' }));
    account.journal.add(foreignEvent({ portalId, type: 'app_lifecycle_event', objectTypeId: undefined }));
    account.journal.add(foreignEvent({ portalId, objectId: 'no number' }));
    account.journal.add(foreignEvent({ portalId, objectId: '9007199254740993' }));
    const [page] = await account.toRest();
    expect(page!.touches.map(({ recordId }) => recordId)).toEqual(['9007199254740993']);
    expect(page!.notes).toMatchObject([{ code: 'journal_unreadable', count: 1 }]);
  });

  test('takes a privacy deletion for one of a contact though it names no kind of object', async () => {
    const account = new Account();
    account.journal.add(foreignEvent({ portalId, action: 'GDPR_DELETE', objectTypeId: undefined }));
    expect(await account.named()).toEqual([['951', 'erased']]);
  });

  test('names a contact twice where a file comes twice', async () => {
    const account = new Account();
    const id = account.simulator.create({});
    account.journal.repeatLast();
    expect(await account.named()).toEqual([id, id]);
  });

  test('is asked for with a token of the app, which may do nothing else, and files with none', async () => {
    const account = new Account();
    account.simulator.create({});
    await account.toRest();
    // The simulated storage refuses a request with credentials, and the token service one without the scope.
    expect(account.journal.requests['file']).toBe(1);
    expect(hubspot.api!(account.settings).otherAuths!['journal']).toMatchObject({
      fields: {
        scope: 'developer.webhooks_journal.read developer.webhooks_journal.subscriptions.read',
      },
    });
  });
});

describe('what the journal may have lost', () => {
  test('is nothing on the first reading, however old its first entries are', async () => {
    const account = new Account({ maxEvents: 1 });
    account.simulator.create({});
    account.journal.publish();
    account.now += 2.99 * day;
    const id = account.simulator.create({});
    const pages = await account.toRest();
    expect(gaps(pages)).toEqual([]);
    expect(pages.flatMap(({ touches }) => touches).at(-1)?.recordId).toBe(id);
  });

  test.each(['notFound', 'skips'] as const)(
    'is told after four days without a reading, where HubSpot answers an old offset by "%s"',
    async (expired) => {
      const account = new Account({ expired });
      account.simulator.create({});
      await account.toRest();
      account.now += day;
      account.simulator.gdprDelete('951');
      account.journal.publish();
      account.now += 4 * day;
      const id = account.simulator.create({});
      const pages = await account.toRest();
      expect(gaps(pages)).toHaveLength(1);
      expect(pages.flatMap(({ touches }) => touches).map(({ recordId }) => recordId)).toEqual([id]);
      account.now += hour;
      expect(gaps(await account.toRest())).toEqual([]);
    },
  );

  test('is told once where the app was reset, and the journal is read from its oldest entry', async () => {
    const account = new Account();
    account.simulator.create({});
    await account.toRest();
    account.journal.reset();
    expect(gaps(await account.toRest())).toMatchObject([/no longer holds/]);
    expect(gaps(await account.toRest())).toEqual([]);
    const id = account.simulator.create({});
    expect(await account.named()).toEqual([id]);
  });

  test('is not believed of a 404 that something else than the journal gives', async () => {
    const account = new Account();
    account.simulator.create({});
    await account.toRest();
    const { cursor } = account;
    // Everything is unknown: a gateway answers in JSON, or the address is wrong.
    for (const json of [{ error: 'no route' }, { status: 'error', message: 'resource not found' }]) {
      account.journal.faults = () => Response.json(json, { status: 404 });
      await expect(account.pull()).rejects.toMatchObject({ status: 404 });
      expect(account.cursor).toEqual(cursor);
    }
  });

  test('is told where the stored position is of a later release', async () => {
    const account = new Account();
    account.cursor = { position: 7 };
    expect(gaps(await account.toRest())).toMatchObject([/stored position/]);
  });

  test.each([
    ['nothing', null],
    ['a list', []],
    ['an entry without an offset', { url: 'https://files.example.test/1' }],
    ['an entry without a file', { currentOffset: 'a', expiresAt: '2026-11-02' }],
  ])('is nothing where a success holds %s: it is no answer of the journal', async (_what, body) => {
    const account = new Account();
    account.simulator.create({});
    await account.toRest();
    account.journal.faults = (request) =>
      request.url.includes('/offset/') ? Response.json(body) : undefined;
    await expect(account.pull()).rejects.toThrow(TransientError);
  });
});

describe('a file of the journal that cannot be read', () => {
  const broken = {
    'is refused by the storage service': () => new Response('<Error/>', { status: 403 }),
    'is gone': () => new Response('<Error/>', { status: 404 }),
    'is a page': () => new Response('<html>sign in</html>', { headers: { 'content-type': 'text/html' } }),
    'holds no list of events': () => Response.json({ offset: 'a', publishedAt: '2026-11-02' }),
  };

  test.each(Object.entries(broken))(
    'because it %s is waited for, without a failure, and read when it is there',
    async (_why, answer) => {
      const account = new Account();
      await account.toRest();
      const id = account.simulator.create({});
      account.journal.faults = (request) => (request.url.includes('signature=') ? answer() : undefined);
      expect(await account.toRest()).toMatchObject([{ touches: [], notes: [{ code: 'journal_file' }] }]);
      account.now += 30 * minute;
      expect(gaps(await account.toRest())).toEqual([]);
      account.journal.faults = undefined;
      expect(await account.named()).toEqual([id]);
    },
  );

  test('is passed over after an hour as a gap, and those after it are read', async () => {
    const account = new Account({ maxEvents: 1 });
    await account.toRest();
    account.simulator.create({});
    const id = account.simulator.create({});
    account.journal.publish();
    let isFirst: string | undefined;
    account.journal.faults = (request) => {
      if (!request.url.includes('signature=')) return undefined;
      isFirst ??= new URL(request.url).pathname;
      return new URL(request.url).pathname === isFirst ? broken['is gone']() : undefined;
    };
    await account.toRest();
    account.now += hour;
    const pages = await account.toRest();
    expect(gaps(pages)).toMatchObject([/cannot be read/]);
    expect(pages.flatMap(({ touches }) => touches).map(({ recordId }) => recordId)).toEqual([id]);
  });

  test('because the storage service is down is a failure that is tried again', async () => {
    const account = new Account();
    account.simulator.create({});
    account.journal.faults = (request) =>
      request.url.includes('signature=') ? new Response('', { status: 503 }) : undefined;
    await expect(account.pull()).rejects.toThrow(TransientError);
  });
});

describe('the settings', () => {
  const parse = (more: object) => hubspot.settings.safeParse({ accessToken: 'pat-eu1-0a1b', ...more });

  test('need the ID of the account beside a journal', () => {
    expect(parse({ journal: app }).error?.issues).toMatchObject([{ path: ['portalId'] }]);
    expect(parse({ journal: app, portalId }).success).toBe(true);
  });

  test('without a journal read none, and ask for no token of an app', () => {
    const settings = parse({ portalId }).data;
    expect(hubspot.source!.journal!(settings)).toBeNull();
    expect(hubspot.api!(settings).otherAuths).toBeUndefined();
  });

  test('lead to the dated version that is configured', async () => {
    const settings = parse({ journal: app, portalId, apiVersion: '2026-09' }).data;
    expect(hubspot.api!(settings).otherAuths!['journal']).toMatchObject({
      tokenUrl: 'https://api.hubapi.com/oauth/2026-09/token',
    });
  });
});

describe('check', () => {
  const check = async (account: Account) =>
    Object.fromEntries(
      (await hubspot.check!(account.context())).map(({ what, allowed, note }) => [what, { allowed, note }]),
    );

  test('says that the app is subscribed', async () => {
    const permissions = await check(new Account());
    expect(Object.values(permissions).every(({ allowed }) => allowed)).toBe(true);
    expect(Object.keys(permissions)).toContain('find privacy deletions in the webhook journal');
  });

  test('says which subscription is missing, with the command that makes it', async () => {
    const ofContacts = { portalId, objectTypeId: '0-1', properties: [], subscriptionType: 'OBJECT' };
    const subscriptions = [
      { ...ofContacts, actions: ['CREATE', 'DELETE'] },
      { ...ofContacts, portalId: 4711, actions: ['MERGE', 'RESTORE'] },
    ];
    const account = new Account({ subscriptions });
    const permissions = await check(account);
    const { allowed, note } =
      permissions['find deleted, merged and restored contacts in the webhook journal']!;
    expect(allowed).toBe(false);
    expect(note).toContain('not subscribed to MERGE, RESTORE of contacts in account 62515');
    const privacy = permissions['find privacy deletions in the webhook journal']!;
    const body = JSON.parse(/-d '(.*)'$/.exec(privacy.note)![1]!);
    await account.simulator.app.request('/webhooks-journal/subscriptions/2026-03', {
      method: 'POST',
      headers: { authorization: `Bearer ${await tokenOf(account)}` },
      body: JSON.stringify(body),
    });
    expect((await check(account))['find privacy deletions in the webhook journal']!.allowed).toBe(true);
  });

  test('says that the journal cannot be read, and goes no further', async () => {
    const account = new Account();
    account.journal.faults = () =>
      Response.json({ status: 'error', message: 'This app is not allowed.' }, { status: 403 });
    const permissions = await check(account);
    expect(permissions['read the webhook journal']).toMatchObject({
      allowed: false,
      note: expect.stringContaining('developer.webhooks_journal.read'),
    });
    expect(permissions['list contacts']!.allowed).toBe(true);
  });

  async function tokenOf(account: Account): Promise<string> {
    const form = {
      grant_type: 'client_credentials',
      client_id: app.clientId,
      client_secret: app.clientSecret,
      scope: 'developer.webhooks_journal.read',
    };
    const response = await account.simulator.app.request('/oauth/2026-03/token', {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  }
});
