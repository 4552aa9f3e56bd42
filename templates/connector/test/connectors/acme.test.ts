// Acme's connector against the simulated vendor: the kit, its quota, whom it believes to be gone, and what it pushes.
import { describe, expect, test } from 'vitest';
import type { Context, Json, Page } from '#connector';
import { describeConnector, type OpenWorld } from '../../../../test/connectors/conformance.ts';
import { directApi } from '../../../../test/support/direct-api.ts';
import { heard, requestOf } from '../../../../test/support/webhook.ts';
import { acme } from '../../connectors/acme.ts';
import { type AcmeOptions, createAcmeSimulator } from '../../simulators/acme.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const apiToken = 'token-of-the-user';
const webhookSecret = 'secret-of-the-webhook';
const base = { apiToken, webhookSecret };
const stream = acme.source!.streams[0]!;

class Account {
  now = start;
  readonly simulator: ReturnType<typeof createAcmeSimulator>;
  readonly settings = acme.settings.parse(base);
  fault: (() => Response) | null = null;

  constructor(options: Partial<AcmeOptions> = {}) {
    const faults = () => this.fault?.();
    this.simulator = createAcmeSimulator({ now: () => this.now, ...base, quota: 1_000, faults, ...options });
  }

  context(): Context<unknown> {
    const noFiles = () => {
      throw new Error('no file is read');
    };
    const description = acme.api!(this.settings);
    const headers = { authorization: `Bearer ${apiToken}` };
    const api = directApi(this.simulator.app, { ...description, headers }, () => this.now);
    return { settings: this.settings, api, files: { stat: noFiles, open: noFiles }, now: this.now };
  }

  pull(cursor: Json | null = null): Promise<Page> {
    return stream.pull!(this.context(), { cursor, until: this.now, properties: [] });
  }

  read(...recordIds: string[]) {
    return stream.read!.records(this.context(), { recordIds, properties: [] });
  }
}

describeConnector('acme', {
  connector: acme,
  stream: 'people',
  secrets: [apiToken],
  wrongSettings: [
    { settings: { webhookSecret }, says: /apiToken/ },
    { settings: { apiToken: 'two words' }, says: /apiToken: must be the token alone/ },
  ],
  changeWhileReading: 'found',
  async open(): Promise<OpenWorld> {
    const account = new Account();
    const { simulator } = account;
    simulator.seed(250);
    const refusal = (status: number) => () =>
      Response.json({ error: { code: 'it_was_refused' } }, { status });
    // TODO: each error that the vendor's pages name, and an error with status 200 if it has them.
    const ruins = [...[401, 403, 404, 422, 429, 503].map(refusal), () => Response.json({ people: [] })];
    return {
      settings: account.settings,
      context: () => account.context(),
      advance: (milliseconds) => {
        account.now += milliseconds;
      },
      ids: () => simulator.ids(),
      create: async () => String(simulator.create().id),
      change: async (id, value) => void simulator.change(Number(id), { first_name: value }),
      remove: async (id) => void simulator.remove(Number(id)),
      property: 'first_name',
      unknownId: '999999',
      ruin: async () => {
        account.fault = ruins.shift() ?? null;
        return account.fault !== null;
      },
    };
  },
});

describe('a person', () => {
  test('without an ID or a time is rejected, and the others of the page are read', async () => {
    const account = new Account();
    const people = [{ id: 0 }, null, { id: 7, updated_at: '2026-11-01T00:00:00Z' }, { updated_at: 'today' }];
    account.fault = () => Response.json({ people, next_cursor: null });
    const { records, rejected } = await account.pull();
    expect([records.map(({ recordId }) => recordId), rejected?.length]).toEqual([['7'], 3]);
  });

  test('is missing only if the vendor itself says so', async () => {
    const account = new Account();
    account.simulator.seed(3);
    account.simulator.remove(2);
    expect((await account.read('1', '2')).missing).toEqual(['2']);
    const answers = [
      () => Response.json('no such page', { status: 404 }),
      () => Response.json({ person: null }),
      () => Response.json({ person: { id: 3, updated_at: '2026-11-01T00:00:00Z' } }),
    ];
    for (const answer of answers) {
      account.fault = answer;
      await expect(account.read('1')).rejects.toMatchObject({ foreign: true });
    }
  });

  test('on a page that names itself as the next one ends no reading', async () => {
    const account = new Account();
    account.simulator.seed(150);
    const { cursor } = await account.pull();
    const { page } = cursor as { page: string };
    account.fault = () => Response.json({ people: [], next_cursor: page });
    await expect(account.pull(cursor)).rejects.toMatchObject({ foreign: true });
  });
});

describe('the quota', () => {
  test('is read from each answer, and a refusal says how long to wait', () => {
    const { readQuotas } = acme.api!(new Account().settings);
    const answered = (status: number, headers: { [name: string]: string }) =>
      readQuotas!({ status, headers, json: {} }, { path: '/' }, start);
    expect(answered(200, { 'x-ratelimit-remaining': '3' })).toEqual([{ quota: 'window', remaining: 3 }]);
    expect(answered(429, { 'x-ratelimit-remaining': '0', 'retry-after': '6' })).toEqual([
      { quota: 'window', remaining: 0, exhaustedUntil: start + 6_000 },
    ]);
    expect(answered(200, {})).toEqual([]);
  });

  test('is refused by the simulated vendor beyond its calls', async () => {
    const account = new Account({ quota: 1 });
    await account.pull();
    await expect(account.pull()).rejects.toMatchObject({ name: 'TransientError', status: 429 });
    account.now += 10_000;
    expect((await account.pull()).done).toBe(true);
  });
});

describe('a webhook', () => {
  const { push } = new Account().simulator;
  type Pushed = ReturnType<typeof push>;
  const hear = (request: Pushed, settings: object = base) => heard(acme, settings, requestOf(request), start);
  const touch = { kind: 'touch', stream: 'people', recordId: '32', changedAt: start };

  test('touches the person whom it names, and tells of a deletion', () => {
    expect(hear(push('person.updated', 32)).changes).toEqual([touch]);
    expect(hear(push('person.deleted', 32)).changes).toEqual([{ ...touch, gone: 'deleted' }]);
    expect(hear(push('company.updated', 32)).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(() => hear(push('person.updated', 0))).toThrow(/names no person/);
  });

  // TODO: a request that the vendor or its documentation signed, as a fixed text.
  test('is known by its signature, also while one secret replaces another', () => {
    const request = push('person.updated', 32);
    expect(hear(request, { ...base, webhookSecret: ['new', webhookSecret] }).verdict.authentic).toBe(true);
    expect(hear({ ...request, body: `${request.body} ` }).verdict.authentic).toBe(false);
    expect(hear(request, { ...base, webhookSecret: 'new' }).verdict.authentic).toBe(false);
    expect(hear(request, { apiToken }).verdict.authentic).toBe(false);
  });

  test('that is repeated has the same key', () => {
    const request = push('person.updated', 32);
    expect(hear(request).keys).toEqual(hear(request).keys);
    expect(hear(request).keys).not.toEqual(hear(push('person.updated', 32)).keys);
  });
});
