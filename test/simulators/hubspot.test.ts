// The simulated HubSpot behaves as the reference says HubSpot does, towards the official client and the specification too.
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { Client } from '@hubspot/api-client';
import { Ajv } from 'ajv';
import { Hono } from 'hono';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type Change,
  type Contact,
  createHubSpotSimulator,
  type HubSpotOptions,
} from '../../simulators/hubspot.ts';
import { QuotaWindows } from '../../simulators/quota-windows.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { fc, times } from '../support/properties.ts';

const start = Date.UTC(2026, 9, 1, 12);

type Row = { id: string; properties: Record<string, string | null>; updatedAt: string; archivedAt?: string };
// biome-ignore lint/suspicious/noExplicitAny: the bodies are what the tests are about
type Body = any;

/** An account on simulated time, and short words to ask it with. */
function simulate(options: HubSpotOptions = {}) {
  const clock = { ms: start };
  const hubspot = createHubSpotSimulator({ now: () => clock.ms, quotas: false, ...options });
  const ask = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
    const init = {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(headers && { headers }),
    };
    const response = await hubspot.app.request(path, init);
    const text = await response.text();
    const json: Body = text.startsWith('{') ? JSON.parse(text) : text;
    return { status: response.status, headers: response.headers, json };
  };
  return {
    hubspot,
    clock,
    ask,
    list: async (query = '') => (await ask('GET', `/crm/v3/objects/contacts${query}`)).json,
    search: async (body: unknown) => (await ask('POST', '/crm/v3/objects/contacts/search', body)).json,
  };
}

const where = (propertyName: string, operator: string, value?: string | string[], highValue?: string) => ({
  propertyName,
  operator,
  ...(Array.isArray(value) ? { values: value } : value !== undefined && { value }),
  ...(highValue !== undefined && { highValue }),
});
const all = (...filters: ReturnType<typeof where>[]) => [{ filters }];
const ascending = (propertyName: string) => [{ propertyName, direction: 'ASCENDING' }];
const since = (ms: number) => all(where('lastmodifieddate', 'GTE', String(ms)));
const ids = (page: { results: Row[] }) => page.results.map((row) => row.id);

describe('quota windows', () => {
  test('admit exactly what a count over every earlier instant would admit', () => {
    const gapsMs = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 300 });
    const sizes = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 20 }));
    fc.assert(
      fc.property(gapsMs, sizes, (gaps, [few, many]) => {
        const quota = new QuotaWindows([
          { name: 'short', requests: few, seconds: 1 },
          { name: 'long', requests: many, seconds: 5 },
        ]);
        const admittedMs: number[] = [];
        let nowMs = start;
        let refused = 0;
        for (const gap of gaps) {
          nowMs += gap;
          const within = (spanMs: number) => admittedMs.filter((at) => at > nowMs - spanMs).length;
          const room = within(1000) < few && within(5000) < many;
          expect(quota.remaining(nowMs)).toEqual({ short: few - within(1000), long: many - within(5000) });
          expect(quota.admit(nowMs).admitted).toBe(room);
          if (room) admittedMs.push(nowMs);
          else refused += 1;
        }
        expect(quota.violations).toBe(refused);
      }),
    );
  });

  test('say which window is full and when it has room again, to the millisecond', () => {
    const quota = new QuotaWindows([
      { name: 'short', requests: 2, seconds: 1 },
      { name: 'long', requests: 3, seconds: 10 },
    ]);
    expect([0, 400].map((ms) => quota.admit(ms).admitted)).toEqual([true, true]);
    expect(quota.admit(900)).toEqual({ admitted: false, window: 'short', retryAfterSeconds: 0.1 });
    expect(quota.admit(999).admitted).toBe(false);
    expect(quota.remaining(1000)).toEqual({ short: 1, long: 1 });
    expect(quota.admit(1000)).toEqual({ admitted: true });
    expect(quota.admit(1001)).toEqual({ admitted: false, window: 'long', retryAfterSeconds: 8.999 });
    expect(quota.violations).toBe(3);
  });

  test('hold hundreds of admissions as exactly as a few', () => {
    const quota = new QuotaWindows([{ name: 'wide', requests: 150, seconds: 1 }]);
    const admittedMs: number[] = [];
    for (let i = 0; i < 3000; i += 1) {
      // The first 60 are half forgotten when the burst after them makes the ring wrap and grow; then pauses, and more bursts.
      const nowMs = start + i + (i < 60 ? 0 : 970) + Math.floor(i / 300) * 150;
      const room = admittedMs.filter((at) => at > nowMs - 1000).length < 150;
      expect(quota.admit(nowMs).admitted).toBe(room);
      if (room) admittedMs.push(nowMs);
    }
    expect(quota.violations).toBe(3000 - admittedMs.length);
    expect(quota.violations).toBeGreaterThan(500);
  });

  test('refuse to be made of a window that admits nothing', () => {
    expect(() => new QuotaWindows([{ name: 'none', requests: 0, seconds: 1 }])).toThrow(RangeError);
  });
});

describe('serving', () => {
  const served: Served[] = [];
  const serving = async (...args: Parameters<typeof serve>) => {
    const one = await serve(...args);
    served.push(one);
    return one;
  };
  afterEach(async () => {
    for (const one of served.splice(0)) await one.close();
  });

  test('delays each request by the latency and cuts a connection on a network error', async () => {
    const app = new Hono();
    app.get('/', (c) => c.text('here'));
    app.get('/cut', () => Response.error());
    const { url } = await serving(app, { latencyMs: 60 });
    const before = performance.now();
    expect(await (await fetch(url)).text()).toBe('here');
    expect(performance.now() - before).toBeGreaterThan(55);
    await expect(fetch(`${url}/cut`)).rejects.toThrow();
  });

  test('closes idle connections at once and lets a busy one finish', async () => {
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const app = new Hono();
    app.get('/', async (c) => {
      reached.resolve();
      await gate.promise;
      return c.text('finished');
    });
    const { url, close } = await serving(app);
    const idle = connect(Number(new URL(url).port), '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    const busy = fetch(url).then((response) => response.text());
    await reached.promise;
    const idleClosed = new Promise((resolve) => idle.once('close', resolve));
    const closed = close();
    await idleClosed;
    gate.resolve();
    expect(await busy).toBe('finished');
    await closed;
    await expect(fetch(url)).rejects.toThrow();
  });

  test('takes the port it is given, and says so when that is taken', async () => {
    const { url } = await serving(new Hono());
    await expect(serve(new Hono(), { port: Number(new URL(url).port) })).rejects.toThrow('EADDRINUSE');
  });
});

describe('the list', () => {
  test('pages by ID to the end, and a page without a cursor is the last', async () => {
    const { hubspot, list } = simulate();
    for (let i = 0; i < 25; i += 1) hubspot.create({ email: `p${i}@example.com` });
    const [first, second] = [await list(), await list('?after=1401')];
    expect(first.results).toHaveLength(10);
    expect(first.paging.next.after).toBe('1401');
    expect(first.paging.next.link).toContain('after=1401');
    expect(second.results[0].id).toBe('1451');
    const third = await list('?after=1901');
    expect([third.results.length, third.paging]).toEqual([5, undefined]);
    // 951 … 2151: text order would put 1001 first.
    expect([...ids(first), ...ids(second), ...ids(third)]).toEqual(
      [...hubspot.contacts()].map(({ id }) => id),
    );
  });

  test('misses nobody and repeats nobody while contacts change, vanish and appear between pages', async () => {
    const { hubspot, list, clock } = simulate();
    hubspot.seed(60);
    const before = [...hubspot.contacts()].map(({ id }) => id);
    const seen: string[] = [];
    let after: string | undefined = '';
    while (after !== undefined) {
      const page: Body = await list(`?limit=7&after=${after}`);
      seen.push(...ids(page));
      after = page.paging?.next.after;
      clock.ms += 1000;
      hubspot.update(seen[0]!, { city: 'Brno' });
      if (seen.length === 14) hubspot.gdprDelete(seen[13]!);
      if (seen.length === 21) hubspot.create({ firstname: 'Late' });
    }
    expect(seen).toEqual([...before, '3951']);
  });

  test('returns the properties asked for and no others, null where empty, the default six when none are asked', async () => {
    const { hubspot, list } = simulate();
    hubspot.create({ email: 'ANNA@Example.com', firstname: 'Anna', city: 'Łódź' });
    expect((await list('?properties=city,zip,unheard_of&properties=phone')).results[0].properties).toEqual({
      city: 'Łódź',
      zip: null,
      phone: null,
    });
    expect((await list()).results[0].properties).toEqual({
      createdate: '2026-10-01T12:00:00.000Z',
      email: 'anna@example.com',
      firstname: 'Anna',
      hs_object_id: '951',
      lastmodifieddate: '2026-10-01T12:00:00.000Z',
      lastname: null,
    });
  });

  test('shows archived contacts only where they are asked for, with the time, for 90 days', async () => {
    const { hubspot, list, clock, ask } = simulate();
    const [kept, gone] = [hubspot.create({ firstname: 'Kept' }), hubspot.create({ firstname: 'Gone' })];
    hubspot.archive(gone, start + 5000);
    clock.ms += 10_000;
    expect(ids(await list())).toEqual([kept]);
    const archived = await list('?archived=true&limit=100');
    expect(archived.results).toMatchObject([
      { id: gone, archived: true, archivedAt: '2026-10-01T12:00:05.000Z' },
    ]);
    expect(archived.results[0].updatedAt).toBe('2026-10-01T12:00:00.000Z');
    const one = `/crm/v3/objects/contacts/${gone}`;
    expect([(await ask('GET', one)).status, (await ask('GET', `${one}?archived=true`)).status]).toEqual([
      404, 200,
    ]);
    clock.ms += 90 * 86_400_000;
    expect(ids(await list('?archived=true'))).toEqual([]);
    expect(() => hubspot.restore(gone)).toThrow('not found');
  });

  test('pages through archived contacts too', async () => {
    const { hubspot, list } = simulate();
    hubspot.seed(30);
    const archived = [...hubspot.contacts()].map(({ id }) => id).filter((id) => Number(id) % 100 === 1);
    for (const id of archived) hubspot.archive(id);
    const first = await list('?archived=true&limit=10');
    const second = await list(`?archived=true&limit=10&after=${first.paging.next.after}`);
    expect([...ids(first), ...ids(second)]).toEqual(archived);
    expect(second.paging).toBeUndefined();
  });

  test('brings a restored contact back under its ID, found as changed or not', async () => {
    const { hubspot, list, search } = simulate();
    const [a, b] = [hubspot.create({}), hubspot.create({})];
    for (const id of [a, b]) hubspot.archive(id, start + 1);
    hubspot.restore(a, start + 2);
    hubspot.restore(b, start + 2, { touch: false });
    expect(ids(await list())).toEqual([a, b]);
    expect(ids(await search({ filterGroups: since(start + 1) }))).toEqual([]);
  });
});

describe('search', () => {
  const people = async () => {
    const account = simulate();
    account.hubspot.define({ name: 'points', type: 'number' });
    account.hubspot.define({ name: 'joined_on', type: 'date' });
    account.hubspot.create(
      { firstname: 'Ada', email: 'ada@example.com', points: 9, joined_on: '2026-01-02' },
      start,
    );
    account.hubspot.create(
      { firstname: 'Bo', email: 'bo@mail.example', points: 10, company: 'Acme Ltd' },
      start + 1,
    );
    account.hubspot.create({ firstname: 'Cy', phone: '+48 601', joined_on: '2026-03-04' }, start + 2);
    const names = async (filterGroups: unknown, rest: object = {}) => {
      const page = await account.search({ filterGroups, properties: ['firstname'], ...rest });
      return page.results.map((row: Row) => row.properties['firstname']).join(' ');
    };
    account.clock.ms += 10;
    return { ...account, names };
  };

  test('answers every operator, numbers and IDs compared as numbers and dates in both forms', async () => {
    const { names } = await people();
    expect(await names(all(where('points', 'GT', '9')))).toBe('Bo');
    expect(await names(all(where('points', 'BETWEEN', '9', '10')))).toBe('Ada Bo');
    expect(await names(all(where('hs_object_id', 'LT', '1001')))).toBe('Ada');
    expect(await names(all(where('hs_object_id', 'GTE', '1001')))).toBe('Bo Cy');
    expect(await names(all(where('firstname', 'EQ', 'ada')))).toBe('Ada');
    expect(await names(all(where('firstname', 'NEQ', 'Ada')))).toBe('Bo Cy');
    expect(await names(all(where('firstname', 'IN', ['ada', 'cy'])))).toBe('Ada Cy');
    expect(await names(all(where('firstname', 'NOT_IN', ['ada', 'cy'])))).toBe('Bo');
    expect(await names(all(where('email', 'HAS_PROPERTY')))).toBe('Ada Bo');
    expect(await names(all(where('email', 'NOT_HAS_PROPERTY')))).toBe('Cy');
    expect(await names(all(where('company', 'CONTAINS_TOKEN', 'ac*')))).toBe('Bo');
    expect(await names(all(where('company', 'NOT_CONTAINS_TOKEN', 'acme')))).toBe('Ada Cy');
    expect(await names(all(where('joined_on', 'LTE', String(Date.UTC(2026, 0, 2)))))).toBe('Ada');
    expect(await names(all(where('lastmodifieddate', 'LTE', new Date(start).toISOString())))).toBe('Ada');
    expect(await names(all(where('createdate', 'GT', String(start))))).toBe('Bo Cy');
    expect(await names([...all(where('firstname', 'EQ', 'Ada')), ...all(where('points', 'EQ', '10'))])).toBe(
      'Ada Bo',
    );
    expect(await names([], { query: '48 601' })).toBe('Cy');
  });

  test('sorts by any property, both ways, contacts without a value last', async () => {
    const { names } = await people();
    expect(await names([], { sorts: [{ propertyName: 'points', direction: 'DESCENDING' }] })).toBe(
      'Bo Ada Cy',
    );
    expect(await names([], { sorts: ascending('points') })).toBe('Ada Bo Cy');
    expect(await names([], { sorts: ['-lastmodifieddate'] })).toBe('Cy Bo Ada');
    expect(await names(since(start + 1), { sorts: ascending('lastmodifieddate') })).toBe('Bo Cy');
  });

  test('gives the same answer by index and by scan', async () => {
    const { hubspot, search } = simulate();
    hubspot.seed(400);
    hubspot.stamp(150, start - 400 * 86_400_000);
    const contacts = [...hubspot.contacts()];
    const timeOf = (contact: Contact) => Date.parse(contact.updatedAt);
    const bound = fc.constantFrom(...contacts);
    const operator = fc.constantFrom('EQ', 'GT', 'GTE', 'LT', 'LTE', 'NEQ');
    const compare: Record<string, (a: number, b: number) => boolean> = {
      EQ: (a, b) => a === b,
      GT: (a, b) => a > b,
      GTE: (a, b) => a >= b,
      LT: (a, b) => a < b,
      LTE: (a, b) => a <= b,
      NEQ: (a, b) => a !== b,
    };
    const sort = fc.constantFrom('hs_object_id', 'lastmodifieddate', 'createdate');
    await fc.assert(
      fc.asyncProperty(
        bound,
        operator,
        bound,
        operator,
        sort,
        async (time, timeOperator, id, idOperator, sorted) => {
          const filters = [
            where('lastmodifieddate', timeOperator, String(timeOf(time))),
            where('hs_object_id', idOperator, id.id),
          ];
          const page = await search({ filterGroups: [{ filters }], sorts: ascending(sorted), limit: 200 });
          const expected = contacts.filter(
            (contact) =>
              compare[timeOperator]!(timeOf(contact), timeOf(time)) &&
              compare[idOperator]!(Number(contact.id), Number(id.id)),
          );
          expect(page.total).toBe(expected.length);
          const found = new Set(ids(page));
          const missing = expected.filter((contact) => !found.has(contact.id));
          expect(found.size + missing.length).toBe(expected.length);
          if (expected.length <= 200) expect(missing).toEqual([]);
          const keyOf = (foundId: string) => {
            const contact = hubspot.get(foundId)!;
            return sorted === 'hs_object_id' ? Number(foundId) : Date.parse(contact.properties[sorted]!);
          };
          const keys = ids(page).map(keyOf);
          expect(keys).toEqual(keys.toSorted((a, b) => a - b));
        },
      ),
      { numRuns: times(150) },
    );
  });

  test('skips a row when one before it changes between two pages of offsets', async () => {
    const { hubspot, search, clock } = simulate();
    const made = Array.from({ length: 6 }, (_, i) => hubspot.create({ firstname: `n${i}` }, start + i));
    clock.ms += 1000;
    const query = { filterGroups: since(start), sorts: ascending('lastmodifieddate'), limit: 3 };
    const first = await search(query);
    hubspot.update(made[0]!, { city: 'Plzeň' });
    const second = await search({ ...query, after: first.paging.next.after });
    expect(ids(first)).toEqual(made.slice(0, 3));
    expect(ids(second)).toEqual([made[4], made[5], made[0]]);
  });

  test('gives no more than 10,000 results of a query, whatever its total', async () => {
    const { hubspot, ask } = simulate();
    hubspot.seed(10_400);
    const page = (after: number, limit = 200) =>
      ask('POST', '/crm/v3/objects/contacts/search', {
        limit,
        after: String(after),
        sorts: ascending('lastmodifieddate'),
      });
    const last = await page(9800);
    expect(last.json.total).toBe(10_400);
    expect(last.json.results).toHaveLength(200);
    expect(last.json.paging.next.after).toBe('10000');
    for (const beyond of [await page(10_000), await page(9900), await page(10_000, 1)]) {
      expect(beyond.status).toBe(400);
      expect(beyond.json).toMatchObject({ status: 'error', category: 'VALIDATION_ERROR' });
    }
    expect((await page(9900, 100)).status).toBe(200);
  });

  test('finds more than 10,000 contacts of one millisecond by time and ID, and not by time alone', async () => {
    const { hubspot, search } = simulate();
    hubspot.seed(12_500);
    const stamped = hubspot.stamp(12_000, start);
    const blind = await search({
      filterGroups: since(start),
      sorts: ascending('lastmodifieddate'),
      limit: 200,
      after: '9800',
    });
    expect(blind.total).toBe(12_000);
    expect(new Set(blind.results.map((row: Row) => row.updatedAt))).toEqual(
      new Set(['2026-10-01T12:00:00.000Z']),
    );
    // Their order among themselves says nothing of the ID.
    expect(ids(blind)).not.toEqual(ids(blind).toSorted((a, b) => Number(a) - Number(b)));

    const drained: string[] = [];
    for (let lastId = '0', more = true; more; ) {
      const filters = [where('lastmodifieddate', 'EQ', String(start)), where('hs_object_id', 'GT', lastId)];
      const page = await search({
        filterGroups: [{ filters }],
        sorts: ascending('hs_object_id'),
        limit: 200,
      });
      drained.push(...ids(page));
      lastId = drained.at(-1)!;
      more = page.results.length === 200;
    }
    expect(drained).toEqual(stamped);
  });

  test('knows a write only after the lag, yet shows the row as it is now', async () => {
    const { hubspot, search, clock } = simulate({ indexLagMs: 30_000 });
    const id = hubspot.create({ city: 'Old' });
    const byCity = (city: string) =>
      search({ filterGroups: all(where('city', 'EQ', city)), properties: ['city'] });
    expect((await byCity('Old')).total).toBe(0);
    clock.ms += 30_000;
    expect((await byCity('Old')).total).toBe(1);
    hubspot.update(id, { city: 'New' });
    const stale = await search({
      filterGroups: all(where('lastmodifieddate', 'LTE', String(start))),
      properties: ['city', 'lastmodifieddate'],
    });
    expect(stale.results[0].properties).toEqual({
      city: 'New',
      lastmodifieddate: '2026-10-01T12:00:30.000Z',
    });
    expect([(await byCity('Old')).total, (await byCity('New')).total]).toEqual([1, 0]);
    clock.ms += 30_000;
    expect([(await byCity('Old')).total, (await byCity('New')).total]).toEqual([0, 1]);
    hubspot.archive(id);
    const archived = await byCity('New');
    expect([archived.total, archived.results.length]).toEqual([1, 0]);
    clock.ms += 30_000;
    expect((await byCity('New')).total).toBe(0);
  });

  test('lets a later write be findable before an earlier one, but never undo it', async () => {
    const lags: number[] = [60_000, 1000];
    const { hubspot, search, clock } = simulate({ indexLagMs: () => lags.shift() ?? 5000 });
    const id = hubspot.create({ city: 'First' });
    hubspot.update(id, { city: 'Second' });
    const other = hubspot.create({ city: 'Other' });
    const known = async (city: string) => ids(await search({ filterGroups: all(where('city', 'EQ', city)) }));
    clock.ms += 1000;
    expect([await known('Second'), await known('Other')]).toEqual([[id], []]);
    clock.ms += 60_000;
    expect([await known('First'), await known('Second'), await known('Other')]).toEqual([[], [id], [other]]);
  });

  test('refuses what HubSpot refuses, with its error body', async () => {
    const { ask } = simulate();
    const filter = where('email', 'EQ', 'x');
    const bad: object[] = [
      { limit: 201 },
      { limit: 0 },
      { after: 'abc' },
      { sorts: [...ascending('email'), ...ascending('city')] },
      { filterGroups: Array.from({ length: 6 }, () => ({ filters: [filter] })) },
      { filterGroups: [{ filters: Array.from({ length: 11 }, () => filter) }] },
      {
        filterGroups: Array.from({ length: 3 }, () => ({ filters: Array.from({ length: 9 }, () => filter) })),
      },
      { filterGroups: all(where('email', 'LIKE', 'x')) },
      { filterGroups: all(where('no_such_property', 'EQ', 'x')) },
      { filterGroups: all(where('lastmodifieddate', 'GTE', 'yesterday')) },
      { filterGroups: all(where('lastmodifieddate', 'BETWEEN', '5')) },
      { filterGroups: all(where('email', 'IN', [])) },
      { query: 'x'.repeat(3001) },
    ];
    for (const body of bad) {
      const { status, json } = await ask('POST', '/crm/v3/objects/contacts/search', body);
      expect([status, json.status, json.category, typeof json.correlationId], JSON.stringify(body)).toEqual([
        ...[400, 'error', 'VALIDATION_ERROR', 'string'],
      ]);
    }
  });
});

describe('one contact and batches', () => {
  test('a batch finds what is there, names what is not, and keeps no order', async () => {
    const { hubspot, ask } = simulate();
    const [a, b, gone] = [hubspot.create({ city: 'A' }), hubspot.create({ city: 'B' }), hubspot.create({})];
    hubspot.archive(gone);
    const batch = (inputs: string[], query = '') =>
      ask('POST', `/crm/v3/objects/contacts/batch/read${query}`, {
        inputs: inputs.map((id) => ({ id })),
        properties: ['city'],
      });
    const full = await batch([a, b]);
    expect([full.status, full.json.status, ids(full.json)]).toEqual([200, 'COMPLETE', [b, a]]);
    expect(full.json.results[1].properties).toEqual({ city: 'A' });
    const partial = await batch([a, gone, '7', 'x']);
    expect([partial.status, ids(partial.json), partial.json.numErrors]).toEqual([207, [a], 1]);
    expect(partial.json.errors[0]).toMatchObject({
      category: 'OBJECT_NOT_FOUND',
      context: { ids: [gone, '7', 'x'] },
    });
    expect(ids((await batch([a, gone], '?archived=true')).json)).toEqual([gone]);
    expect((await batch(Array.from({ length: 101 }, () => a))).status).toBe(400);
    const byEmail = { idProperty: 'email', inputs: [{ id: 'X@example.com' }], properties: [] };
    hubspot.update(a, { email: 'x@example.com' });
    expect(ids((await ask('POST', '/crm/v3/objects/contacts/batch/read', byEmail)).json)).toEqual([a]);
  });

  test('a contact is read by ID, by e-mail and by a unique property of the account, under both path versions', async () => {
    const { hubspot, ask } = simulate();
    hubspot.define({ name: 'member_number', hasUniqueValue: true });
    const id = hubspot.create({ email: 'eva@example.com', member_number: 'M-1' });
    for (const base of [
      '/crm/v3/objects/contacts',
      '/crm/objects/2026-03/contacts',
      '/crm/objects/2026-09/0-1',
    ]) {
      expect((await ask('GET', `${base}/${id}`)).json.id).toBe(id);
      expect((await ask('GET', `${base}/EVA%40example.com?idProperty=email`)).json.id).toBe(id);
      expect((await ask('GET', `${base}/M-1?idProperty=member_number`)).json.id).toBe(id);
      expect((await ask('GET', `${base}/Eva?idProperty=firstname`)).status).toBe(400);
      expect((await ask('GET', `${base}/999999`)).json).toMatchObject({ category: 'OBJECT_NOT_FOUND' });
    }
  });

  test('writes through the API are checked, and an e-mail belongs to one contact', async () => {
    const { ask, hubspot, clock } = simulate();
    hubspot.define({ name: 'points', type: 'number' });
    const base = '/crm/v3/objects/contacts';
    const made = await ask('POST', base, { properties: { email: 'Jo@example.com', points: '4' } });
    expect([made.status, made.json.properties.email, made.json.properties.points]).toEqual([
      201,
      'jo@example.com',
      '4',
    ]);
    clock.ms += 1000;
    const changed = await ask('PATCH', `${base}/${made.json.id}`, {
      properties: { points: '', city: 'Rome' },
    });
    expect(changed.json).toMatchObject({
      updatedAt: '2026-10-01T12:00:01.000Z',
      properties: { points: '', city: 'Rome' },
    });
    const again = await ask('POST', base, { properties: { email: 'jo@EXAMPLE.com' } });
    expect([again.status, again.json.category, again.json.message]).toEqual([
      409,
      'CONFLICT',
      expect.stringContaining('951'),
    ]);
    const values = { points: 'many', nickname: 'J', createdate: '1', lifecyclestage: 'wizard', email: 'no' };
    const refused = await ask('PATCH', `${base}/951`, { properties: values });
    expect(refused.status).toBe(400);
    expect(refused.json.errors.map((error: Body) => error.code).sort()).toEqual([
      ...['INVALID_EMAIL', 'INVALID_NUMBER', 'INVALID_OPTION', 'PROPERTY_DOESNT_EXIST', 'READ_ONLY_VALUE'],
    ]);
    expect(hubspot.get('951')!.properties).toMatchObject({ city: 'Rome' });
    expect((await ask('DELETE', `${base}/951`)).status).toBe(204);
    expect((await ask('DELETE', `${base}/951`)).status).toBe(204);
    expect((await ask('POST', base, { properties: { email: 'jo@example.com' } })).status).toBe(201);
    expect(() => hubspot.restore('951')).toThrow('already exists');
    expect((await ask('POST', base, 'not an object')).status).toBe(400);
  });

  test('a merge leaves a survivor with a new ID that remembers both, chained merges included', async () => {
    const { hubspot, list, ask, search, clock } = simulate();
    const a = hubspot.create({ email: 'a@example.com', firstname: 'A' });
    const b = hubspot.create({ email: 'b@example.com', city: 'B-town' });
    const c = hubspot.create({ email: 'c@example.com' });
    const { json: survivor } = await ask('POST', '/crm/v3/objects/contacts/merge', {
      primaryObjectId: a,
      objectIdToMerge: b,
    });
    expect(survivor.properties.hs_merged_object_ids).toBe(`${a};${b}`);
    expect([a, b, c]).not.toContain(survivor.id);
    const last = hubspot.merge(survivor.id, c, start + 9);
    expect(hubspot.get(last)!.properties).toMatchObject({
      ...{ firstname: 'A', city: 'B-town', email: 'a@example.com' },
      hs_additional_emails: 'c@example.com;b@example.com',
      hs_merged_object_ids: `${a};${b};${survivor.id};${c}`,
      hs_calculated_merged_vids: `${a}:${start};${b}:${start};${survivor.id}:${start + 9};${c}:${start + 9}`,
    });
    expect(ids(await list())).toEqual([last]);
    expect(ids(await list('?archived=true'))).toEqual([]);
    clock.ms += 9;
    expect(ids(await search({}))).toEqual([last]);
    const one = (id: string) => ask('GET', `/crm/v3/objects/contacts/${id}`);
    expect([(await one(a)).json.id, (await one(survivor.id)).json.id]).toEqual([last, last]);
    expect((await ask('GET', '/crm/v3/objects/contacts/b@example.com?idProperty=email')).json.id).toBe(last);
    const same = await ask('POST', '/crm/v3/objects/contacts/merge', {
      primaryObjectId: last,
      objectIdToMerge: last,
    });
    expect(same.status).toBe(400);
  });

  test('a merge may keep the primary ID, and a merged ID may be unknown, as the account is set', async () => {
    const { hubspot, ask } = simulate({ survivorId: 'primary', readMerged: 'notFound' });
    const [a, b] = [hubspot.create({}), hubspot.create({})];
    expect(hubspot.merge(a, b)).toBe(a);
    expect(hubspot.get(a)!.properties['hs_merged_object_ids']).toBe(b);
    expect((await ask('GET', `/crm/v3/objects/contacts/${b}`)).status).toBe(404);
  });

  test('a contact erased for privacy is nowhere', async () => {
    const { hubspot, ask, list } = simulate();
    const [byId, byEmail] = [hubspot.create({}), hubspot.create({ email: 'forget@example.com' })];
    const erase = (body: object) => ask('POST', '/crm/v3/objects/contacts/gdpr-delete', body);
    expect((await erase({ objectId: byId })).status).toBe(204);
    expect((await erase({ objectId: 'forget@example.com', idProperty: 'email' })).status).toBe(204);
    expect((await erase({ objectId: byId })).status).toBe(404);
    expect([ids(await list()), ids(await list('?archived=true'))]).toEqual([[], []]);
    expect((await ask('GET', `/crm/v3/objects/contacts/${byEmail}?archived=true`)).status).toBe(404);
  });

  test('the account tells its ID and its property definitions', async () => {
    const { hubspot, ask } = simulate({ portalId: 77 });
    hubspot.define({ name: 'tier', type: 'enumeration', options: ['gold', 'silver'] });
    for (const path of ['/account-info/v3/details', '/account-info/2026-03/details']) {
      expect((await ask('GET', path)).json.portalId).toBe(77);
    }
    for (const path of ['/crm/v3/properties/contacts', '/crm/properties/2026-03/contacts']) {
      const { results } = (await ask('GET', path)).json;
      expect(results.find((property: Body) => property.name === 'tier')).toMatchObject({
        ...{ type: 'enumeration', fieldType: 'select', hasUniqueValue: false },
        options: [{ value: 'gold' }, { value: 'silver' }],
      });
    }
  });
});

describe('limits', () => {
  const listing = '/crm/v3/objects/contacts';
  const searching = '/crm/v3/objects/contacts/search';

  test('the burst window slides: no ten seconds hold more than the plan allows', async () => {
    const { hubspot, ask, clock } = simulate({ quotas: {}, plan: 'free' });
    const admittedMs: number[] = [];
    for (let i = 0; i < 1200; i += 1) {
      clock.ms += 37;
      if ((await ask('GET', listing)).status === 200) admittedMs.push(clock.ms);
    }
    for (const at of admittedMs) {
      expect(admittedMs.filter((other) => other >= at && other < at + 10_000).length).toBeLessThanOrEqual(
        100,
      );
    }
    expect(admittedMs.length).toBeGreaterThan(400);
    expect(hubspot.quotas!.violations).toEqual({ burst: 1200 - admittedMs.length, search: 0, daily: 0 });
  });

  test('a refusal names its policy, and the headers say what is left', async () => {
    const { ask, clock } = simulate({ quotas: { burst: { requests: 2, seconds: 10 } } });
    const first = await ask('GET', listing);
    expect(first.headers.get('x-hubspot-ratelimit-max')).toBe('2');
    expect(first.headers.get('x-hubspot-ratelimit-remaining')).toBe('1');
    expect(first.headers.get('x-hubspot-ratelimit-interval-milliseconds')).toBe('10000');
    expect(first.headers.get('x-hubspot-ratelimit-daily')).toBe('650000');
    expect(first.headers.get('x-hubspot-ratelimit-daily-remaining')).toBe('649999');
    await ask('GET', '/crm/v3/objects/contacts/1');
    const refused = await ask('GET', listing);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBeNull();
    expect(refused.json).toMatchObject({
      ...{ status: 'error', errorType: 'RATE_LIMIT', policyName: 'TEN_SECONDLY_ROLLING' },
      message: 'You have reached your ten_secondly_rolling limit.',
    });
    clock.ms += 9999;
    expect((await ask('GET', listing)).status).toBe(429);
    clock.ms += 1;
    expect((await ask('GET', listing)).status).toBe(200);
  });

  test('search has five a second of its own, names no policy, and tells of the day only', async () => {
    const { ask, clock, hubspot } = simulate({ quotas: { burst: { requests: 1, seconds: 10 } } });
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) statuses.push((await ask('POST', searching, {})).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
    const refused = await ask('POST', searching, {});
    expect(refused.json).toEqual({
      status: 'error',
      message: 'You have reached your secondly limit.',
      category: 'RATE_LIMITS',
      correlationId: expect.any(String),
    });
    expect([...refused.headers.keys()].filter((name) => name.includes('ratelimit')).sort()).toEqual([
      'x-hubspot-ratelimit-daily',
      'x-hubspot-ratelimit-daily-remaining',
    ]);
    clock.ms += 1000;
    expect((await ask('POST', searching, {})).status).toBe(200);
    expect((await ask('GET', listing)).status).toBe(200);
    expect(hubspot.quotas!.violations).toEqual({ burst: 0, search: 2, daily: 0 });
  });

  test('the daily allowance counts searches too and returns at midnight', async () => {
    const { ask, clock } = simulate({ quotas: { daily: 2 } });
    await ask('GET', listing);
    await ask('POST', searching, {});
    expect((await ask('POST', searching, {})).json.policyName).toBe('DAILY');
    clock.ms = Date.UTC(2026, 9, 1, 23, 59, 59, 999);
    expect((await ask('GET', listing)).json.policyName).toBe('DAILY');
    clock.ms += 1;
    expect((await ask('GET', listing)).headers.get('x-hubspot-ratelimit-daily-remaining')).toBe('1');
  });

  test('an OAuth app has no daily figure', async () => {
    const { ask } = simulate({ quotas: {}, plan: 'oauth' });
    const { headers } = await ask('GET', listing);
    expect(headers.get('x-hubspot-ratelimit-max')).toBe('110');
    expect(headers.get('x-hubspot-ratelimit-daily')).toBeNull();
  });

  test('only the token is let in, and it can be revoked', async () => {
    const { ask, hubspot } = simulate({ accessToken: 'pat-1' });
    const withToken = (token: string) => ask('GET', listing, undefined, { authorization: `Bearer ${token}` });
    expect((await ask('GET', listing)).json).toMatchObject({
      status: 'error',
      category: 'INVALID_AUTHENTICATION',
    });
    expect([(await withToken('pat-1')).status, (await withToken('pat-2')).status]).toEqual([200, 401]);
    hubspot.accessToken = 'pat-2';
    expect([(await withToken('pat-1')).status, (await withToken('pat-2')).status]).toEqual([401, 200]);
  });

  test('a URL that is too long is refused, and not in JSON', async () => {
    const { ask } = simulate();
    const names = (characters: number) => `${listing}?properties=${'x'.repeat(characters)}`;
    expect((await ask('GET', names(15_000))).status).toBe(200);
    const refused = await ask('GET', names(20_000));
    expect([refused.status, refused.headers.get('content-type')]).toEqual([
      414,
      expect.stringContaining('html'),
    ]);
    const { url, close } = await serve(simulate().hubspot.app);
    expect((await fetch(url + names(20_000))).status).toBe(414);
    await close();
  });

  test('list limits above 100 and unknown paths are refused', async () => {
    const { ask } = simulate();
    expect((await ask('GET', `${listing}?limit=101`)).json.category).toBe('VALIDATION_ERROR');
    expect((await ask('GET', `${listing}?after=zzz`)).status).toBe(400);
    expect((await ask('GET', '/crm/v3/objects/deals')).json).toMatchObject({ status: 'error' });
  });
});

describe('faults and counts', () => {
  test('a fault takes the place of a route, before it or after it took effect', async () => {
    const { hubspot, ask } = simulate({ quotas: { burst: { requests: 1, seconds: 10 } } });
    hubspot.faults = (request) =>
      request.method === 'GET' ? new Response('down', { status: 503 }) : undefined;
    expect((await ask('GET', '/crm/v3/objects/contacts')).json).toBe('down');
    expect((await ask('POST', '/crm/v3/objects/contacts', { properties: {} })).status).toBe(201);
    hubspot.quotas!.spend('search', start);
    hubspot.faults = async (_request, next) => {
      expect((await next()).status).toBe(429);
      return Response.error();
    };
    await hubspot.app.request('/crm/v3/objects/contacts');
    expect(hubspot.requests.toJSON()).toEqual({
      list: { calls: 2, byStatus: { 0: 1, 503: 1 } },
      create: { calls: 1, byStatus: { 201: 1 } },
    });
    expect([hubspot.requests.calls(), hubspot.requests.calls('list'), hubspot.requests.status(503)]).toEqual([
      3, 2, 1,
    ]);
    hubspot.requests.reset();
    expect(hubspot.requests.calls()).toBe(0);
  });

  test('a cut after the write leaves the caller with nothing and the truth with the contact', async () => {
    const { hubspot } = simulate();
    hubspot.faults = async (_request, next) => {
      await next();
      return Response.error();
    };
    const { url, close } = await serve(hubspot.app);
    const body = JSON.stringify({ properties: { email: 'cut@example.com' } });
    await expect(fetch(`${url}/crm/v3/objects/contacts`, { method: 'POST', body })).rejects.toThrow();
    expect([...hubspot.contacts()].map(({ properties }) => properties['email'])).toEqual(['cut@example.com']);
    await close();
  });
});

describe('the truth', () => {
  test('the same seed gives the same people, another seed others, and no e-mail twice', () => {
    const people = (seed: number) => {
      const { hubspot } = simulate();
      hubspot.seed(2000, seed);
      return [...hubspot.contacts()];
    };
    const [first, second, other] = [people(7), people(7), people(8)];
    expect(first).toEqual(second);
    expect(first[0]).not.toEqual(other[0]);
    const emails = first.flatMap(({ properties }) => properties['email'] ?? []);
    expect(new Set(emails).size).toBe(emails.length);
    expect(emails.length).toBeGreaterThan(1800);
    expect(new Set(first.map(({ properties }) => properties['country'])).size).toBeGreaterThan(20);
    for (const { createdAt, updatedAt } of first)
      expect(Date.parse(createdAt)).toBeLessThanOrEqual(Date.parse(updatedAt));
    expect(Math.max(...first.map(({ updatedAt }) => Date.parse(updatedAt)))).toBeLessThan(start);
  });

  test('500,000 people are made and searched in time', async () => {
    const { hubspot, search } = simulate();
    hubspot.seed(500_000);
    const newest = await search({
      sorts: [{ propertyName: 'lastmodifieddate', direction: 'DESCENDING' }],
      limit: 1,
    });
    expect(newest.total).toBe(500_000);
    const before = process.cpuUsage();
    for (let i = 0; i < 20; i += 1) {
      const from = start - (i + 1) * 20 * 86_400_000;
      const page = await search({
        filterGroups: since(from),
        sorts: ascending('lastmodifieddate'),
        limit: 200,
      });
      expect(page.results).toHaveLength(200);
      expect(Date.parse(page.results[0].updatedAt)).toBeGreaterThanOrEqual(from);
    }
    // 2 ms each where this was written; scanning all would take some hundred.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000 / 20).toBeLessThan(50);
  });

  test('a snapshot, and the journal of what came after it, make the same account again', async () => {
    const journal: string[] = [];
    const first = simulate({ onWrite: (contact, change) => journal.push(JSON.stringify([contact, change])) });
    first.hubspot.seed(50);
    const snapshot = JSON.stringify(first.hubspot.snapshot());
    const [a, b, c, d, e] = [...first.hubspot.contacts()].map(({ id }) => id) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const made = first.hubspot.create({ email: 'new@example.com', brand_new: 'yes' }, start + 1);
    first.hubspot.update(a, { city: 'Nowhere', phone: null }, start + 2);
    first.hubspot.archive(b, start + 3);
    first.hubspot.archive(c, start + 3);
    first.hubspot.restore(c, start + 4);
    const survivor = first.hubspot.merge(d, e, start + 5);
    first.hubspot.gdprDelete(made, start + 6);
    first.hubspot.stamp([a, c], start + 7);
    expect(journal.map((line) => (JSON.parse(line) as [Contact, Change])[1].type)).toEqual([
      ...['creation', 'propertyChange', 'deletion', 'deletion', 'restore', 'merge', 'privacyDeletion'],
      ...['propertyChange', 'propertyChange'],
    ]);

    const second = simulate();
    second.hubspot.create({ email: 'stranger@example.com' });
    second.hubspot.restoreSnapshot(JSON.parse(snapshot));
    for (const line of journal) second.hubspot.replay(...(JSON.parse(line) as [Contact, Change]));
    expect([...second.hubspot.contacts()]).toEqual([...first.hubspot.contacts()]);
    expect(second.hubspot.snapshot().nextId).toBe(first.hubspot.snapshot().nextId);
    first.clock.ms = second.clock.ms = start + 1000;
    const everything = { sorts: ascending('lastmodifieddate'), limit: 200 };
    expect(await second.search(everything)).toEqual(await first.search(everything));
    expect((await second.ask('GET', `/crm/v3/objects/contacts/${d}`)).json.id).toBe(survivor);
  });
});

describe('the official client', () => {
  test('lists, searches, reads, creates, updates, archives, merges and erases', async () => {
    const { hubspot } = simulate({ accessToken: 'pat-eu1-x', portalId: 4711 });
    hubspot.seed(25);
    const { url, close } = await serve(hubspot.app);
    const client = new Client({ accessToken: 'pat-eu1-x', basePath: url, limiterOptions: { minTime: 0 } });
    const { contacts } = client.crm;
    try {
      const everyone = await contacts.getAll(10, undefined, ['email', 'city']);
      expect(everyone.map(({ id }) => id)).toEqual([...hubspot.contacts()].map(({ id }) => id));
      const created = await contacts.basicApi.create({
        properties: { email: 'sdk@example.com', firstname: 'Sdk' },
      });
      expect(created.createdAt).toEqual(new Date(start));
      const updated = await contacts.basicApi.update(created.id, { properties: { city: 'Lyon' } });
      expect(updated.properties['city']).toBe('Lyon');
      const found = await contacts.searchApi.doSearch({
        filterGroups: [
          { filters: [{ propertyName: 'email', operator: 'EQ' as never, value: 'sdk@example.com' }] },
        ],
        sorts: ['lastmodifieddate'],
        properties: ['city'],
        limit: 10,
        after: '0',
      });
      expect([found.total, found.results[0]?.id]).toEqual([1, created.id]);
      const byEmail = await contacts.basicApi.getById(
        'sdk@example.com',
        ['city'],
        undefined,
        undefined,
        false,
        'email',
      );
      expect(byEmail.properties).toEqual({ city: 'Lyon' });
      const inputs = [{ id: created.id }, { id: '1' }];
      const batch = await contacts.batchApi.read({
        inputs,
        properties: ['email'],
        propertiesWithHistory: [],
      });
      expect(batch.results.map(({ id }) => id)).toEqual([created.id]);
      expect('errors' in batch && batch.errors?.[0]?.context['ids']).toEqual(['1']);
      const [first, second] = everyone as [(typeof everyone)[0], (typeof everyone)[0]];
      const survivor = await contacts.basicApi.merge({
        primaryObjectId: first.id,
        objectIdToMerge: second.id,
      });
      expect(hubspot.get(survivor.id)?.properties['hs_merged_object_ids']).toBe(`${first.id};${second.id}`);
      await contacts.basicApi.archive(created.id);
      const archived = await contacts.basicApi.getPage(10, undefined, ['email'], undefined, undefined, true);
      expect(archived.results.map(({ id, archivedAt }) => [id, archivedAt])).toEqual([
        [created.id, new Date(start)],
      ]);
      await contacts.basicApi.purge({ objectId: survivor.id });
      expect(hubspot.get(survivor.id)).toBeUndefined();
      const properties = await client.crm.properties.coreApi.getAll('contacts');
      expect(properties.results.find(({ name }) => name === 'email')).toMatchObject({
        hasUniqueValue: true,
        type: 'string',
      });
      const details = await client.apiRequest({ method: 'GET', path: '/account-info/v3/details' });
      expect(await details.json()).toMatchObject({ portalId: 4711 });
      await expect(contacts.basicApi.getById('1')).rejects.toMatchObject({
        code: 404,
        body: { category: 'OBJECT_NOT_FOUND' },
      });
    } finally {
      await close();
    }
  });
});

const specification = new URL('../../../shared/reference/openapi/hubspot-contacts.json', import.meta.url);

describe.skipIf(!existsSync(specification))('the specification', () => {
  const read = () => {
    const document: Body = JSON.parse(readFileSync(specification, 'utf8'));
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    ajv.addFormat('int64', true);
    ajv.addSchema(document, 'hubspot');
    const pointer = (...parts: string[]) =>
      parts.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    /** Nothing, or what is wrong with this answer to this operation. */
    return (path: string, method: string, status: number, body: unknown) => {
      const content = ['content', 'application/json', 'schema'];
      const parts = ['paths', path, method, 'responses', String(status), ...content];
      const validate = ajv.compile({ $ref: `hubspot#/${pointer(...parts)}` });
      return validate(body) ? undefined : ajv.errorsText(validate.errors);
    };
  };

  test('holds for every answer of every operation it describes', async () => {
    const wrong = read();
    const { hubspot, ask } = simulate({ accessToken: 't', quotas: { burst: { requests: 14, seconds: 10 } } });
    hubspot.seed(300);
    const gone = hubspot.create({});
    hubspot.archive(gone);
    const contacts = '/crm/v3/objects/contacts';
    const token = { authorization: 'Bearer t' };
    const one = `${contacts}/{contactId}`;
    const operations: [template: string, method: string, path: string, body: unknown, status: number][] = [
      [contacts, 'get', contacts, undefined, 200],
      [contacts, 'get', `${contacts}?limit=100&archived=true&properties=city`, undefined, 200],
      [contacts, 'get', `${contacts}?limit=1000`, undefined, 400],
      [one, 'get', `${contacts}/951`, undefined, 200],
      [one, 'get', `${contacts}/${gone}?archived=true`, undefined, 200],
      [one, 'get', `${contacts}/1`, undefined, 404],
      [
        `${contacts}/search`,
        'post',
        `${contacts}/search`,
        { limit: 200, properties: ['phone', 'email'] },
        200,
      ],
      [`${contacts}/search`, 'post', `${contacts}/search`, { limit: 201 }, 400],
      [
        `${contacts}/batch/read`,
        'post',
        `${contacts}/batch/read`,
        { inputs: [{ id: '951' }], properties: [] },
        200,
      ],
      [
        `${contacts}/batch/read`,
        'post',
        `${contacts}/batch/read`,
        { inputs: [{ id: '1' }], properties: [] },
        207,
      ],
      [`${contacts}/batch/read`, 'post', `${contacts}/batch/read`, { inputs: [] }, 400],
      [
        `${contacts}/merge`,
        'post',
        `${contacts}/merge`,
        { primaryObjectId: '951', objectIdToMerge: '1001' },
        200,
      ],
      [`${contacts}/merge`, 'post', `${contacts}/merge`, { primaryObjectId: '951' }, 400],
      ['/crm/v3/properties/{objectType}', 'get', '/crm/v3/properties/contacts', undefined, 200],
      [contacts, 'get', contacts, undefined, 200],
      [contacts, 'get', contacts, undefined, 200],
      [contacts, 'get', contacts, undefined, 429],
    ];
    for (const [template, method, path, body, status] of operations) {
      const answer = await ask(method.toUpperCase(), path, body, token);
      expect([answer.status, wrong(template, method, status, answer.json)], `${method} ${path}`).toEqual([
        status,
        undefined,
      ]);
    }
    const refused = await ask('GET', contacts);
    expect([refused.status, wrong(contacts, 'get', 401, refused.json)]).toEqual([401, undefined]);
    // The check can fail: a row without its times is none.
    expect(wrong(contacts, 'get', 200, { results: [{ id: '1', properties: { email: 5 } }] })).toContain(
      'createdAt',
    );
  });
});
