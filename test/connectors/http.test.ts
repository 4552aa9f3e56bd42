// The connector of any JSON API against a simulated one in every style of paging, with the traits that lose records.
import { inspect } from 'node:util';
import { Hono } from 'hono';
import { afterEach, describe, expect, test } from 'vitest';
import type { Context, Json, Page, Stream } from '#connector';
import type { Settings } from '../../connectors/http/settings.ts';
import { http } from '../../connectors/http.ts';
import { createJsonApi, type JsonApiOptions, type PagingStyle } from '../../simulators/http.ts';
import { serve } from '../../simulators/serve.ts';
import { CursorTrail } from '../../src/sync/intake/cursor-trail.ts';
import { behaviour } from '../support/databases.ts';
import { directApi } from '../support/direct-api.ts';
import { FastClock } from '../support/fast-clock.ts';
import { openSyncWorld } from '../support/sync-world.ts';
import { VendorWorld } from '../support/vendor-world.ts';
import { describeConnector } from './conformance.ts';

const start = Date.parse('2026-11-02T08:00:00Z');
const token = 'a-token-for-the-tests';

const pagings: { [style in PagingStyle]: object } = {
  none: { style: 'none' },
  cursor: { style: 'cursor', parameter: 'cursor', next: 'paging.next' },
  link: { style: 'link', next: 'links.next' },
  'link-header': { style: 'link-header' },
  page: { style: 'page', parameter: 'page', stableSort: true },
  offset: { style: 'offset', parameter: 'offset', stableSort: true },
  keyset: { style: 'keyset', parameter: 'after' },
};

function written(style: PagingStyle, more: { [key: string]: unknown } = {}) {
  return {
    baseUrl: 'https://api.example.com/v1',
    auth: { type: 'bearer', token },
    list: {
      path: '/people',
      records: 'data',
      size: { parameter: 'limit', records: 20 },
      paging: pagings[style],
      ...(more['list'] as object),
    },
    record: { changedAt: 'updated_at', ...(more['record'] as object) },
    changes: { parameter: 'since' },
    read: { path: '/people/{id}', record: 'person' },
    ...Object.fromEntries(Object.entries(more).filter(([key]) => key !== 'list' && key !== 'record')),
  };
}

/** An account of it, with a clock that is moved by hand. */
function account(
  style: PagingStyle,
  options: Partial<JsonApiOptions> = {},
  more: { [key: string]: unknown } = {},
) {
  let now = start;
  const api = createJsonApi({
    now: () => now,
    style,
    auth: { header: { name: 'authorization', value: `Bearer ${token}` } },
    ...options,
  });
  for (let i = 0; i < 105; i += 1) api.create();
  const settings = http.settings.parse(written(style, more)) as Settings;
  const stream = http.source!.streamsFor!(settings)[0]! as Stream<unknown>;
  const requests = directApi(api.app, http.api!(settings), () => now);
  const nothing = () => {
    throw new Error('no file is read');
  };
  return {
    ...api,
    settings,
    stream,
    context: (): Context<unknown> => ({
      settings,
      api: requests,
      files: { stat: nothing, open: nothing },
      now,
    }),
    advance: (milliseconds: number) => {
      now += milliseconds;
    },
    pull(cursor: Json | null = null, more: object = {}): Promise<Page> {
      return stream.pull!(this.context(), { cursor, until: now, properties: [], ...more });
    },
    async toRest(begun: Json | null = null): Promise<{ ids: string[]; cursor: Json; pages: Page[] }> {
      const pages: Page[] = [];
      const trail = new CursorTrail('the records', begun);
      do {
        pages.push(await this.pull(pages.at(-1)?.cursor ?? begun));
        trail.follow(pages.at(-1)!);
      } while (!pages.at(-1)!.done);
      const ids = pages.flatMap(({ records }) => records.map(({ recordId }) => recordId));
      return { ids, cursor: pages.at(-1)!.cursor, pages };
    },
  };
}

const everybody = Array.from({ length: 105 }, (_, index) => String(index + 1));
const paged = (Object.keys(pagings) as PagingStyle[]).filter((style) => style !== 'none');

for (const style of paged)
  describeConnector(`http by ${style}`, {
    connector: {
      ...http,
      source: { ...http.source!, streams: account(style).stream ? [account(style).stream] : [] },
    },
    stream: 'records',
    anyAbsence: true,
    secrets: [token],
    wrongSettings: [
      { settings: { ...written(style), baseUrl: 'api.example.com' }, says: /baseUrl: must be a URL/ },
      { settings: { ...written(style), record: {} }, says: /changedAt: is required/ },
      { settings: { ...written(style), auth: { type: 'token' } }, says: /auth: must be "none", or/ },
      {
        settings: written(style, { list: { paging: { style: 'page', parameter: 'page' } } }),
        says: /stableSort: must be true: pages by number or offset skip records/,
      },
      { settings: { ...written(style), read: { path: '/people' } }, says: /needs either \{id\}/ },
      { settings: written(style, { list: { path: 'people?sort=id' } }), says: /must begin with a slash/ },
    ],
    changeWhileReading: 'found',
    async open() {
      const world = account(style);
      const ruins = [401, 400, 429, 502].map((status) => () => Response.json({ error: 'no' }, { status }));
      return {
        settings: world.settings,
        context: () => world.context(),
        advance: world.advance,
        ids: () => [...world.people.values()].filter(({ deleted }) => !deleted).map(({ id }) => String(id)),
        create: async () => world.create(),
        change: async (id, value) => world.change(id, { name: value }),
        // Pages by number lose a record where one before it is deleted, as the page of the connector says.
        ...(style !== 'page' && { remove: async (id: string) => world.remove(id) }),
        property: 'name',
        unknownId: '999999',
        async ruin() {
          const ruin = ruins.shift();
          if (ruin) world.traits.fault = ruin;
          return ruin !== undefined;
        },
      };
    },
  });

const posted: { [style in PagingStyle]?: object } = {
  cursor: { style: 'cursor', parameter: 'page.cursor', next: 'paging.next' },
  page: { style: 'page', parameter: 'page.number', stableSort: true },
  offset: { style: 'offset', parameter: 'page.offset', stableSort: true },
  keyset: { style: 'keyset', parameter: 'page.after' },
};

/** A list that is asked for by POST, with everything in the body. */
const byPost = (style: PagingStyle, list: object = {}) => ({
  list: {
    method: 'POST',
    body: { fields: ['name'], filter: [{ kind: 'person' }], page: { sort: 'id' } },
    size: { parameter: 'page.size', records: 20 },
    paging: posted[style],
    ...list,
  },
  changes: { parameter: 'filter.0.since' },
});

describe('http by POST', () => {
  const open = (style: PagingStyle) => account(style, { byPost: true }, byPost(style));

  test.each(Object.keys(posted) as PagingStyle[])(
    'by %s: gives everybody, then what changed, with numbers as numbers in the body',
    async (style) => {
      const world = open(style);
      const { ids, cursor: begun } = await world.toRest();
      expect(ids).toEqual(everybody);
      expect(JSON.parse(JSON.stringify(begun))).toEqual(begun);
      world.advance(120_000);
      const { cursor } = await world.toRest(begun);
      world.advance(120_000);
      const changed = world.create();
      world.advance(1000);
      expect((await world.toRest(cursor)).ids).toEqual([changed]);
    },
  );

  test('adds paging and the time of changes to the body that is configured, and leaves the rest of it', async () => {
    const world = open('cursor');
    const { cursor } = await world.toRest();
    await world.toRest(cursor);
    const [first, second] = world.traits.bodies;
    expect(first).toEqual({ fields: ['name'], filter: [{ kind: 'person' }], page: { sort: 'id', size: 20 } });
    expect(second).toEqual({
      fields: ['name'],
      filter: [{ kind: 'person' }],
      page: { sort: 'id', size: 20, cursor: expect.any(String) },
    });
    expect(world.traits.bodies.at(-1)).toMatchObject({
      filter: [{ kind: 'person', since: expect.stringMatching(/^2026-/) }],
    });
  });

  test('asks for changes with a body of their own where one is configured', async () => {
    const more = byPost('cursor');
    const changes = { parameter: 'filter.0.since', body: { filter: [{}], changed: true } };
    const world = account('cursor', { byPost: true }, { ...more, changes });
    const { cursor } = await world.toRest();
    await world.toRest(cursor);
    const last = world.traits.bodies.at(-1);
    expect(last).toMatchObject({ changed: true, filter: [{ since: expect.any(String) }] });
    expect(last).not.toHaveProperty('fields');
  });

  test('begins again where a cursor has expired, and tells an API that ignores the cursor', async () => {
    const world = open('cursor');
    const { cursor } = await world.pull();
    world.advance(1000);
    world.traits.cursorsSince = start + 500;
    expect((await world.toRest(cursor)).ids).toEqual(everybody);
    const other = open('keyset');
    other.traits.ignores.add('after');
    await expect(other.toRest()).rejects.toThrow(/ignores the parameter|never end/);
  });

  test('its check finds an API that ignores the time of changes', async () => {
    const world = open('cursor');
    expect((await http.check!(world.context())).every(({ allowed }) => allowed)).toBe(true);
    world.traits.ignores.add('since');
    const found = await http.check!(world.context());
    expect(found.find(({ what }) => what === 'find changes')).toMatchObject({
      allowed: false,
      note: expect.stringContaining('filter.0.since'),
    });
  });

  test.each([
    ['a body without POST', { list: { body: { a: 1 } } }, /list\.body: needs method "POST"/],
    [
      'a body of changes without POST',
      { changes: { parameter: 'since', body: {} } },
      /changes\.body: needs method "POST"/,
    ],
    ['links', byPost('cursor', { paging: pagings.link }), /must not be a link with method "POST"/],
    [
      'a cursor in a value that is no object',
      byPost('cursor', { paging: { style: 'cursor', parameter: 'fields.0.cursor', next: 'paging.next' } }),
      /list\.paging\.parameter: must lead to an object of the body/,
    ],
    [
      'an item that a list does not have',
      { ...byPost('cursor'), changes: { parameter: 'filter.3.since' } },
      /changes\.parameter: must lead to an object of the body/,
    ],
    [
      'a size at an empty name',
      byPost('cursor', { size: { parameter: 'page..size', records: 20 } }),
      /list\.size\.parameter: must lead/,
    ],
  ])('refuses %s', (_what, more, says) => {
    const { error } = http.settings.safeParse(written('cursor', more));
    const said = error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
    expect(said).toMatch(says);
  });
});

describe('http with credentials in the query', () => {
  const key = 'a+b/c=secret-of-the-tests';
  const auth = { type: 'query', name: 'api_key', value: key };
  const opened = (style: PagingStyle) =>
    account(style, { auth: { query: { name: 'api_key', value: key } } }, { auth });

  test.each(['cursor', 'link', 'link-header'] as const)(
    'by %s: sends them with every page, and stores none, not even those that a link repeats',
    async (style) => {
      const world = opened(style);
      const { ids, pages } = await world.toRest();
      expect(ids).toEqual(everybody);
      expect(JSON.stringify(pages.map(({ cursor }) => cursor))).not.toContain('api_key');
      for (const asked of world.traits.asked) expect(asked.match(/api_key=/g)).toHaveLength(1);
    },
  );

  test('shows them in no error and in no log, though the vendor repeats the address', async () => {
    const seen: string[] = [];
    const app = new Hono();
    app.all('*', (c) => {
      seen.push(c.req.url);
      const message = `no access to ${c.req.url} nor with ${key}`;
      return c.json({ message, error: { url: c.req.url } }, 400);
    });
    const clock = new FastClock();
    const lines: string[] = [];
    const database = await behaviour[0].open();
    const served = await serve(app);
    const world = await openSyncWorld(database, {
      clock,
      sources: {
        members: { ...written('cursor', { auth }), connector: 'http', baseUrl: `${served.url}/v1` },
      },
      log: (line) => void lines.push(line),
    });
    try {
      const api = world.tributary.endpoints.get('members')!.api('manual');
      const error = await api.request({ path: '/people' }).catch((thrown: unknown) => thrown);
      expect(new URL(seen[0]!).searchParams.get('api_key')).toBe(key);
      const shown = inspect(error, { depth: 9, showHidden: true }) + lines.join('');
      expect(shown).toContain('[hidden]');
      for (const form of [key, encodeURIComponent(key), new URLSearchParams({ k: key }).toString().slice(2)])
        expect(shown).not.toContain(form);
    } finally {
      await world.close();
      await served.close();
      await database.close();
    }
  });
});

describe('http', () => {
  test.each(paged)('by %s: a page that the API cuts without a word loses nothing', async (style) => {
    const world = account(style, { maxPageSize: 7 });
    const { ids } = await world.toRest();
    expect(ids).toEqual(everybody);
  });

  test.each(paged)('by %s: people who are deleted while the list is read hide nobody', async (style) => {
    const world = account(style, {}, { list: { total: 'total' } });
    const first = await world.pull();
    world.remove('1');
    const { ids } = await world.toRest(first.cursor);
    for (const id of everybody.slice(20)) expect(ids).toContain(id);
  });

  test('a list that loses records again and again is given up with an explanation', async () => {
    const world = account('offset');
    let gone = 0;
    const read = async () => {
      for (let cursor: Json | null = null; ; ) {
        const page: Page = await world.pull(cursor);
        ({ cursor } = page);
        gone += 1;
        world.remove(String(gone));
      }
    };
    await expect(read()).rejects.toThrow(/Records left the list/);
  });

  test.each(['link', 'link-header'] as const)(
    'by %s: a link to another host is not followed',
    async (style) => {
      const world = account(style);
      world.traits.linkBase = 'https://evil.example.net/v1';
      await expect(world.toRest()).rejects.toThrow(/does not lead to api.example.com\/v1\//);
      world.traits.linkBase = 'https://api.example.com/v2';
      await expect(world.toRest()).rejects.toThrow(/does not lead to/);
    },
  );

  test('a cursor that leads to itself ends the reading, and empty pages do not', async () => {
    const world = account('cursor');
    world.traits.emptyPages = true;
    expect((await world.toRest()).ids).toEqual(everybody);
    world.traits.circles = true;
    await expect(world.toRest()).rejects.toThrow(/never end/);
  });

  test.each([
    ['page', 'page'],
    ['offset', 'offset'],
    ['keyset', 'after'],
    ['cursor', 'cursor'],
  ] as const)('by %s: an API that ignores %s is found out', async (style, parameter) => {
    const world = account(style);
    world.traits.ignores.add(parameter);
    await expect(world.toRest()).rejects.toThrow(/never end|ignores the parameter|Records left the list/);
  });

  test('a cursor that has expired begins the reading again', async () => {
    const world = account('cursor');
    const first = await world.pull();
    world.advance(3_600_000);
    world.traits.cursorsSince = start + 1;
    expect((await world.toRest(first.cursor)).ids).toEqual(everybody);
  });

  test('a change that shows late is found by the trailing reader', async () => {
    const world = account('cursor', {}, { changes: { parameter: 'since', lagSeconds: 120 } });
    expect(world.stream.settleLagSeconds).toBe(120);
    expect(account('cursor').stream.settleLagSeconds).toBeUndefined();
  });

  test('changes are asked for in the format that is declared', async () => {
    const changes = { parameter: 'since', format: 'seconds' };
    const world = account('cursor', { seconds: true }, { changes, record: { unit: 'seconds' } });
    const { cursor } = await world.toRest();
    world.advance(90_500);
    world.change('7', { name: 'changed' });
    const { ids } = await world.toRest(cursor);
    expect(ids).toContain('7');
    expect(world.traits.asked.at(-1)).toContain(`since=${Math.floor(start / 1000) - 60}`);
  });

  test('the check finds a filter by time that the API ignores, and records that cannot be read', async () => {
    const world = account('cursor');
    expect((await http.check!(world.context())).map(({ allowed }) => allowed)).toEqual([true, true, true]);
    world.traits.ignores.add('since');
    expect(await http.check!(world.context())).toMatchObject([
      { allowed: true },
      { allowed: false, note: expect.stringMatching(/ignores the parameter since/) },
      { allowed: true },
    ]);
    const elsewhere = account('cursor', {}, { read: { path: '/persons/{id}', record: 'person' } });
    expect((await http.check!(elsewhere.context())).at(-1)).toMatchObject({ allowed: false });
  });

  test('a record of somebody else is never taken for the one that was asked for', async () => {
    const world = account('cursor');
    world.traits.fault = () => Response.json({ person: { id: 8, updated_at: '2026-01-01' } });
    const asked = world.stream.read!.records(world.context(), { recordIds: ['7'], properties: [] });
    await expect(asked).rejects.toMatchObject({ foreign: true });
  });

  test('an ID that different records have is refused, by the reading and by the check', async () => {
    const world = account('cursor', {}, { record: { id: 'updated_at' } });
    await expect(world.toRest()).rejects.toThrow(/same value at updated_at: set record.id/);
    expect((await http.check!(world.context()))[0]).toMatchObject({
      allowed: false,
      note: expect.stringContaining('same value at updated_at'),
    });
  });

  test('records are read by a list of IDs, unless the API ignores it', async () => {
    const read = { path: '/people', parameter: 'ids', record: 'data' };
    const world = account('cursor', {}, { read });
    const recordIds = ['3', '5', '999', 'a,b'];
    const answer = await world.stream.read!.records(world.context(), { recordIds, properties: [] });
    expect(answer.records.map(({ recordId }) => recordId)).toEqual(['3', '5']);
    expect(answer.missing).toEqual(['999']);
    world.traits.ignores.add('ids');
    const ignored = world.stream.read!.records(world.context(), { recordIds: ['3'], properties: [] });
    await expect(ignored).rejects.toThrow(/ignores the parameter ids/);
  });

  test('an item without an ID or a time is rejected, and the others are read', async () => {
    const world = account('none');
    const item = { id: 1, updated_at: '2026-01-01T00:00:00Z' };
    world.traits.fault = () => Response.json({ data: [item, { id: 2 }, { updated_at: item.updated_at }] });
    const page = await world.pull();
    expect(page.records.map(({ recordId }) => recordId)).toEqual(['1']);
    expect(page.rejected!.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/no time of change at updated_at/),
      expect.stringMatching(/no ID at id/),
    ]);
  });

  test('an API without changes is read whole each time, and a list that falls short of its total deletes nobody', async () => {
    const more = { changes: undefined, read: undefined, complete: true, list: { total: 'total' } };
    const world = account('cursor', {}, more);
    const { pages, cursor } = await world.toRest();
    expect(pages.map(({ whole }) => whole)).toEqual(
      pages.map((_, index) => ({ asOf: start, begins: index === 0 })),
    );
    expect((await world.toRest(cursor)).ids).toEqual(everybody);
    const items = [{ id: 1, updated_at: '2026-01-01T00:00:00Z' }];
    world.traits.fault = () => Response.json({ data: items, total: 2, paging: { next: null } });
    expect((await world.pull()).whole).toBeUndefined();
  });

  test('what is sent to authenticate is in every request, and in no cursor and no error', async () => {
    for (const [auth, expected] of [
      [{ type: 'header', name: 'X-Key', value: token }, { header: { name: 'x-key', value: token } }],
      [
        { type: 'basic', user: token, password: '' },
        { header: { name: 'authorization', value: `Basic ${btoa(`${token}:`)}` } },
      ],
    ] as const) {
      const world = account('link', { auth: expected }, { auth });
      const { ids, pages } = await world.toRest();
      expect(ids).toEqual(everybody);
      expect(JSON.stringify(pages.map(({ cursor }) => cursor))).not.toContain(token);
    }
  });
});

describe('a JSON API up to Voucherify', () => {
  let world: VendorWorld;
  afterEach(() => world.close());

  test('is read, changes, and loses people only once they were asked for', async () => {
    const clock = new FastClock();
    const api = createJsonApi({ now: () => clock.now(), style: 'cursor' });
    for (let i = 0; i < 40; i += 1) api.create();
    const { baseUrl: _, ...settings } = written('cursor', { auth: 'none', complete: true });
    const app = {
      fetch: (request: Request) =>
        api.app.fetch(new Request(request.url.replace(/(:\d+)\//, '$1/v1/'), request)),
    };
    world = await VendorWorld.open(clock, app as never, { connector: 'http', ...settings });
    expect(await world.sync()).toMatchObject({ state: 'finished', changed: 40 });
    expect(world.customers()['7']).toMatchObject({ name: 'Person 7', email: 'p7@example.com' });
    api.change('7', { name: 'Renamed' });
    api.remove('8');
    await world.sync('incremental');
    expect(world.customers()['7']).toMatchObject({ name: 'Renamed' });
    await world.sync();
    expect(await world.standing()).not.toContain('8');
    expect(await world.standing()).toHaveLength(39);
    api.traits.fault = () => Response.json({ data: [], total: 0, paging: { next: null } });
    await world.sync();
    expect(await world.standing()).toHaveLength(39);
  });
});
