// Pipedrive's connector against the simulated company: the kit, its deletions and merges, and what it pushes.
import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { TransientError } from '#connector';
import { pipedrive } from '../../connectors/pipedrive.ts';
import { createPipedriveSimulator, type PipedriveOptions, tier } from '../../simulators/pipedrive.ts';
import { retryDeadLetters } from '../../src/sync/retry/retry.ts';
import { emailHolders } from '../../src/sync/views/email-holders.ts';
import { listDeadLetters } from '../../src/tables/dead-letters.ts';
import { listPauses } from '../../src/tables/pauses.ts';
import { FastClock } from '../support/fast-clock.ts';
import { until } from '../support/sync-world.ts';
import { vendorWorlds } from '../support/vendor-world.ts';
import { heard, requestOf } from '../support/webhook.ts';
import { Account, start } from './account.ts';
import { describeConnector, type OpenWorld } from './conformance.ts';

const apiToken = '0123456789abcdef0123456789abcdef01234567';
const webhookBasic = 'tributary:a-password-of-webhooks';
const push = { user: 'tributary', password: 'a-password-of-webhooks' };

const open = (options: Partial<PipedriveOptions> = {}, settings: object = {}) =>
  new Account(pipedrive, { apiToken, ...settings }, { 'x-api-token': apiToken }, (hooks) =>
    createPipedriveSimulator({ apiToken, quotas: false, push, ...hooks, ...options }),
  );

describeConnector('pipedrive', {
  connector: pipedrive,
  stream: 'persons',
  secrets: [apiToken],
  wrongSettings: [
    { settings: {}, says: /apiToken: either an API token, or oauth/ },
    { settings: { apiToken: 'two words' }, says: /apiToken: must be the token alone/ },
    { settings: { apiToken, companyId: 'acme' }, says: /companyId/ },
    { settings: { apiToken, oauth: { clientId: 'a', clientSecret: 'b' } }, says: /either/ },
  ],
  changeWhileReading: 'found',
  async open(): Promise<OpenWorld> {
    const company = open();
    const { simulator } = company;
    simulator.seed(620);
    const json = (status: number) => () =>
      Response.json({ success: false, error: 'It was refused here' }, { status });
    const ruins = [
      json(401),
      json(402),
      json(403),
      json(400),
      json(429),
      json(500),
      () =>
        new Response('<html>Access denied</html>', { status: 403, headers: { 'content-type': 'text/html' } }),
      () => Response.json({ success: false, data: [], error: 'x' }),
    ];
    return {
      settings: company.settings,
      context: () => company.context(),
      advance: (milliseconds) => {
        company.now += milliseconds;
      },
      ids: () => simulator.ids(),
      create: async () => String(simulator.create()),
      change: async (id, value) => void simulator.change(Number(id), { name: value }),
      remove: async (id) => void simulator.remove(Number(id)),
      property: 'name',
      unknownId: '999999',
      ruin: async () => {
        company.fault = ruins.shift() ?? null;
        return company.fault !== null;
      },
    };
  },
});

describe('a person', () => {
  test('has its primary address and number, and none where the entry is empty or missing', async () => {
    const company = open();
    company.simulator.create();
    company.simulator.create();
    company.simulator.create({ name: 'Anna Maria Nowak', email: 'anna@example.com', phone: '512', tier: 7 });
    const records = await company.toRest();
    expect(records.map(({ body: { email, phone } }) => [email, phone])).toEqual([
      [null, null],
      [null, null],
      ['anna@example.com', '512'],
    ]);
    expect(records[2]!.body['custom_fields']).toEqual({ [tier]: 7 });
  });

  test('is found again where it moves while pages are read, and twenty of one second are not lost', async () => {
    const company = open();
    company.simulator.seed(1_100);
    await company.toRest();
    await company.toRest();
    company.now += 600_000;
    await company.toRest();
    company.now += 1_000;
    for (const id of [...company.simulator.persons.keys()].slice(0, 1_020))
      company.simulator.change(id, { name: 'New' });
    let turn = 0;
    const seen = await company.toRest(() => {
      company.now += 1_000;
      turn += 1;
      company.simulator.change(turn, { name: 'Newer' });
    });
    const again = await company.toRest();
    const names = new Map([...seen, ...again].map(({ recordId, body }) => [recordId, body['name']]));
    expect(names.size).toBe(1_020);
    expect(names.get('1')).toBe('Newer');
  });
});

describe('a person who is not listed', () => {
  test('is gone only where the vendor says so of that person', async () => {
    const company = open();
    company.simulator.seed(5);
    company.simulator.remove(2);
    company.simulator.remove(3);
    company.now += 31 * 86_400_000;
    company.simulator.remove(4);
    const { records, missing } = await company.read('1', '2', '4', '77');
    // Purged, and never there.
    expect(missing).toEqual(['2', '77']);
    expect(records.map(({ recordId, deleted }) => [recordId, deleted])).toEqual([
      ['1', undefined],
      ['4', true],
    ]);
  });

  test('is neither read nor missing with the token of another company', async () => {
    const company = open({ companyId: 7 }, { companyId: 8 });
    company.simulator.seed(1);
    await expect(company.toRest()).rejects.toMatchObject({ name: 'UnauthorizedError' });
    await expect(company.read('77')).rejects.toMatchObject({ name: 'UnauthorizedError' });
  });

  test.each([404, 410])('is not gone because a gateway answers %i', async (status) => {
    const company = open();
    company.fault = (path) =>
      /\/\d+$/.test(path) ? Response.json({ message: 'no Route matched' }, { status }) : undefined;
    await expect(company.read('2')).rejects.toMatchObject({ name: 'TransientError', foreign: true });
  });

  test('is not treated as deleted if the answer is a refusal, or of another person', async () => {
    const company = open();
    company.simulator.seed(2);
    company.simulator.remove(2);
    const alone = (answer: () => Response) => {
      let call = 0;
      company.fault = () => {
        call += 1;
        return call === 1
          ? Response.json({ success: true, data: [], additional_data: { next_cursor: null } })
          : answer();
      };
      return company.read('2').catch((error: unknown) => error);
    };
    // Only this person is refused, who may be private to others: the list was answered.
    const hidden = await alone(() => Response.json({ success: false, error: 'no' }, { status: 403 }));
    expect(hidden).toMatchObject({ name: 'RejectedError', code: 'out_of_sight' });
    expect(await alone(() => Response.json({ success: true, data: { id: 1 } }))).toBeInstanceOf(
      TransientError,
    );
    expect(await alone(() => Response.json({ success: false, data: null }))).toBeInstanceOf(TransientError);
  });

  test('by a user who sees a part of the company is reported by the check', async () => {
    const company = open({ isAdmin: false });
    expect(await pipedrive.check!(company.context())).toEqual([
      expect.objectContaining({ allowed: true }),
      expect.objectContaining({ allowed: null, note: expect.stringContaining('not an administrator') }),
    ]);
  });
});

describe('a refusal for too many calls', () => {
  test('waits two seconds, or an hour where the day is spent', async () => {
    const company = open({ quotas: { burst: 2, dailyTokens: 50 } });
    company.simulator.seed(1);
    const refusal = async () => {
      for (;;) {
        const error = await company.page().then(
          () => null,
          (thrown: TransientError) => thrown,
        );
        if (error) return error;
      }
    };
    expect(await refusal()).toMatchObject({ quota: 'burst', retryAfterMs: 2_000 });
    for (let turn = 0; turn < 2; turn += 1) {
      company.now += 2_000;
      await company.page();
      await company.page().catch(() => {});
    }
    company.now += 2_000;
    expect(await refusal()).toMatchObject({ quota: 'daily', retryAfterMs: 3_600_000 });
  });
});

describe('a webhook', () => {
  const company = open({ companyId: 7 });
  const { push: pushes } = company.simulator;
  const hear = (request: { headers: { [name: string]: string }; body: string }, settings: object = {}) =>
    heard(pipedrive, { apiToken, webhookBasic, companyId: 7, ...settings }, requestOf(request), start);
  const at = start + 753;

  test('touches the person, by whole seconds', () => {
    const { verdict, changes, keys } = hear(pushes!.event('change', { id: 5, name: 'A' }, at));
    expect(verdict).toMatchObject({ authentic: true });
    expect(changes).toEqual([{ kind: 'touch', stream: 'persons', recordId: '5', changedAt: start }]);
    expect(keys[0]).toMatch(/^[\w-]{36}$/);
  });

  test('of a deletion says so', () => {
    expect(hear(pushes!.event('delete', { id: 5 }, at)).changes).toEqual([
      { kind: 'touch', stream: 'persons', recordId: '5', changedAt: start, gone: 'deleted' },
    ]);
  });

  test('of a merge says the same from either side', () => {
    const [one, other] = pushes!.merge({ id: 5 }, { id: 6 }, at).map((request) => hear(request).changes);
    expect(one).toEqual(other);
    expect(one![0]).toMatchObject({
      kind: 'record',
      partial: true,
      record: { recordId: '6', merged: ['5'] },
    });
  });

  test('without the password, of another company, of another entity or of version 1 changes nothing', () => {
    const request = pushes!.event('change', { id: 5 }, at);
    expect(hear({ ...request, headers: {} }).verdict).toMatchObject({ authentic: false });
    expect(hear(request, { companyId: 8 }).changes).toMatchObject([{ kind: 'ignored' }]);
    expect(hear(pushes!.event('change', { id: 5 }, at, { entity: 'deal' })).changes).toMatchObject([
      { kind: 'ignored' },
    ]);
    const old = pushes!.request({
      v: 1,
      meta: { action: 'updated', object: 'person', id: 5 },
      current: {},
      event: 'updated.person',
    });
    expect(() => hear(old)).toThrow(/not a webhook of version 2\.0/);
  });
});

describe('up to Voucherify', () => {
  const openVendor = vendorWorlds();

  test('persons appear, change, are merged in either order, and disappear', async () => {
    const clock = new FastClock();
    const simulator = createPipedriveSimulator({ now: () => clock.now(), apiToken, quotas: false, push });
    simulator.seed(6);
    const world = await openVendor(clock, simulator.app, { connector: 'pipedrive', apiToken, webhookBasic });
    await world.sync();
    expect(world.ids).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(world.customers()['1']).toMatchObject({ email: 'p0@example.com' });
    const emails = ['p0@example.com', 'p5@example.com', 'nobody@example.com'];
    const holders = () => emailHolders(world.database, { emails, sources: ['vendor', 'another'] });
    const [first, last] = [
      { source: 'vendor', email: 'p0@example.com', sourceId: '1' },
      { source: 'vendor', email: 'p5@example.com', sourceId: '6' },
    ];
    expect(await holders()).toEqual([first, last]);
    expect(await emailHolders(world.database, { emails, sources: ['another'] })).toEqual([]);
    const send = async (...requests: { headers: { [name: string]: string }; body: string }[]) => {
      for (const request of requests) await world!.push(request);
    };
    clock.skip(10_000);
    simulator.change(1, { name: 'Anna Nowak' });
    await send(simulator.push!.event('change', simulator.persons.get(1)!, clock.now()));
    expect(world.customers()['1']).toMatchObject({ name: 'Anna Nowak' });
    for (const [from, into, order] of [
      [2, 3, 1],
      [4, 5, -1],
    ] as const) {
      clock.skip(10_000);
      simulator.merge(from, into);
      const both = simulator.push!.merge(
        simulator.persons.get(from)!,
        simulator.persons.get(into)!,
        clock.now(),
      );
      await send(...(order === 1 ? both : both.toReversed()));
    }
    clock.skip(10_000);
    simulator.remove(6);
    await send(simulator.push!.event('delete', simulator.persons.get(6)!, clock.now()));
    const merged = await world.database.rows<{ recordId: string; mergedInto: string }>(
      sql`select record_id, merged_into from records where merged_into is not null order by record_id`,
    );
    expect(merged).toEqual([
      { recordId: '2', mergedInto: '3' },
      { recordId: '4', mergedInto: '5' },
    ]);
    expect(await world.standing()).not.toContain('6');
    expect(await holders()).toEqual([first]);
    expect(await world.deadLetters()).toBe(0);
  });

  test('a person who becomes private to others stays as it was, and pauses nobody', async () => {
    const clock = new FastClock();
    const simulator = createPipedriveSimulator({
      now: () => clock.now(),
      apiToken,
      quotas: false,
      push,
      hiddenStatus: 403,
    });
    simulator.seed(3);
    const world = await openVendor(clock, simulator.app, { connector: 'pipedrive', apiToken, webhookBasic });
    await world.sync();
    simulator.hidden.add(2);
    clock.skip(10_000);
    for (const id of [2, 3]) {
      simulator.change(id, { name: 'Anna Nowak' });
      await world.push(simulator.push!.event('change', simulator.persons.get(id)!, clock.now()));
    }
    expect(world.customers()['3']).toMatchObject({ name: 'Anna Nowak' });
    expect(world.customers()['2']).toMatchObject({ name: 'Person 2' });
    expect(await world.deadLetters()).toBe(1);
    await world.sync();
    expect(await world.standing()).toEqual(['1', '2', '3']);
    expect(await listPauses(world.database)).toEqual(new Map());
  });

  test('persons for whom a proxy answers stay as they were, and a retry reads them again', async () => {
    const clock = new FastClock();
    const simulator = createPipedriveSimulator({ now: () => clock.now(), apiToken, quotas: false, push });
    simulator.seed(9);
    const isBlocked = ({ url }: Request) => simulator.hidden.has(Number(/\/persons\/(\d+)$/.exec(url)?.[1]));
    const page = () =>
      new Response('<html>Not found</html>', { status: 404, headers: { 'content-type': 'text/html' } });
    const fetch = (request: Request) => (isBlocked(request) ? page() : simulator.app.fetch(request));
    const world = await openVendor(clock, { fetch }, { connector: 'pipedrive', apiToken, webhookBasic });
    await world.sync();
    // More than the failures in a row that count as an outage.
    for (const id of [2, 3, 4, 5, 6, 7]) simulator.hidden.add(id);
    simulator.remove(8);
    expect(await world.sync()).toMatchObject({ state: 'finished' });
    expect(await world.standing()).toEqual(['1', '2', '3', '4', '5', '6', '7', '9']);
    // One web page says nothing of a person: each is read again and again before it is reported.
    expect(await world.deadLetters()).toBe(0);
    for (let tries = 0; tries < 100 && (await world.deadLetters()) < 6; tries += 1) {
      clock.skip(300_000);
      const from = clock.now();
      await until(() => clock.now() - from > 3_000);
    }
    const [letter, ...others] = await listDeadLetters(world.database, {}, { limit: 10 });
    expect(others).toHaveLength(5);
    expect(letter).toMatchObject({
      kind: 'record',
      code: 'unread',
      message: expect.stringContaining('answered 404 with a web page'),
    });
    expect(await listPauses(world.database)).toEqual(new Map());
    simulator.hidden.delete(2);
    await world.push(simulator.push!.event('change', simulator.persons.get(3)!, clock.now()));
    const { tributary } = world.world;
    const deps = { database: world.database, rules: tributary.rules, clock };
    expect(await retryDeadLetters(deps, {})).toMatchObject({ touched: 6, cannot: [] });
    await world.world.rest();
    expect(await world.deadLetters()).toBe(5);
    expect(await world.standing()).toEqual(['1', '2', '3', '4', '5', '6', '7', '9']);
  });
});
