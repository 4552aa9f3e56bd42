// What a gateway says in JSON of its own before an API whose errors nobody has described: read by webhooks, end to end. The API is
// reached through the generic connector, which has no form of errors to go by. Time is simulated.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { serve } from '../../simulators/serve.ts';
import { listPauses } from '../../src/tables/pauses.ts';
import { touch } from '../../src/tables/touches.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { openSyncWorld, type SyncWorld, until } from '../support/sync-world.ts';

type Fault = (url: URL) => Response | undefined;

const gateway = (status: number, json: object = { message: 'no Route matched with those values' }) =>
  Response.json(json, { status });

const ways = {
  'by its path': { path: '/people/{id}', record: 'person' },
  'through the list': { path: '/people', record: 'data', parameter: 'ids', maxIds: 20 },
};

describe('Before an API of no known errors', () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let served: { close(): Promise<void> } | undefined;
  let fault: Fault | undefined;
  let calls = 0;
  const people = new Map<string, { name: string; updated: string }>();

  const shown = (id: string) => ({ id, ...people.get(id)! });

  function answer(request: Request): Response {
    const url = new URL(request.url);
    calls += 1;
    const refused = fault?.(url);
    if (refused) return refused;
    const [, , id] = url.pathname.split('/');
    if (id !== undefined)
      return people.has(id)
        ? Response.json({ person: shown(id) })
        : Response.json({ error: 'unknown person' }, { status: 404 });
    const asked = url.searchParams.get('ids')?.split(',');
    const ids = [...people.keys()].filter((one) => asked?.includes(one) ?? true);
    return Response.json({ data: ids.map(shown) });
  }

  async function start(read: object, count = 6): Promise<void> {
    people.clear();
    calls = 0;
    fault = undefined;
    for (let at = 1; at <= count; at += 1)
      people.set(`p${at}`, { name: 'before', updated: '2026-01-01T00:00:00Z' });
    const server = await serve({ fetch: answer });
    served = server;
    database = await behaviour[0].open();
    const list = { path: '/people', records: 'data', paging: { style: 'none' } };
    const quota = { requests: 100_000, seconds: 1 };
    const mapping = { name: 'name' };
    const record = { changedAt: 'updated' };
    world = await openSyncWorld(database, {
      sources: {
        api: {
          connector: 'http',
          baseUrl: server.url,
          auth: 'none',
          quota,
          mapping,
          list,
          complete: true,
          record,
          read,
        },
      },
    });
    await world.tributary.start();
    expect(await world.sync('full', 'api')).toMatchObject({ state: 'finished', received: count });
  }

  afterEach(async () => {
    await world?.close();
    await served?.close();
    await database?.close();
    served = undefined;
  });

  const name = async (ids: readonly string[]) => {
    const now = world.clock.now();
    const told = ids.map((recordId) => ({ stream: 'records', recordId, changedAt: now, gone: null }));
    await touch(database, 'api', told, now);
  };
  const pass = async (milliseconds: number) => {
    world.clock.skip(milliseconds);
    const from = world.clock.now();
    await until(() => world.clock.now() - from > 3_000);
  };
  const letters = () =>
    database.rows<{ ref: string; message: string }>(
      sql`select ref, message from dead_letters where settled_at is null order by ref`,
    );
  const gone = async () => {
    const rows = await database.rows<{ recordId: string }>(
      sql`select record_id from records where deleted_at is not null order by record_id`,
    );
    return rows.map(({ recordId }) => recordId);
  };
  const change = (ids: readonly string[]) => {
    for (const id of ids) people.set(id, { name: 'after', updated: '2026-12-01T00:00:00Z' });
  };
  const isAfter = (id: string) => world.voucherify.bySourceId(id)?.name === 'after';

  for (const [way, read] of Object.entries(ways)) {
    it.each([404, 400, 410, 422])(
      `records read ${way} wait for a gateway that answers %s for two hours, and all come`,
      async (status) => {
        await start(read);
        const ids = [...people.keys()];
        change(ids);
        fault = () => gateway(status);
        await name(ids);
        for (let minutes = 0; minutes < 120; minutes += 5) await pass(300_000);
        expect(await letters()).toEqual([]);
        expect(await listPauses(database)).toEqual(new Map());
        expect(await gone()).toEqual([]);
        fault = undefined;
        await pass(300_000);
        await until(() => ids.every(isAfter));
        expect(await letters()).toEqual([]);
      },
    );

    it(`records read ${way} wait where the gateway has lost the address of these alone`, async () => {
      await start(read);
      const ids = [...people.keys()];
      change(ids.slice(0, 3));
      fault = ({ pathname, searchParams }) =>
        /people\/./.test(pathname) || searchParams.has('ids')
          ? gateway(404, { error: 'not found' })
          : undefined;
      await name(ids.slice(0, 3));
      for (let minutes = 0; minutes < 120; minutes += 10) await pass(600_000);
      expect(await letters()).toEqual([]);
      expect(await gone()).toEqual([]);
      fault = undefined;
      await pass(300_000);
      await until(() => ids.slice(0, 3).every(isAfter));
    });

    it(`a record read ${way} that is refused while others are given is reported, and hides no other`, async () => {
      await start(read);
      const ids = [...people.keys()];
      change(ids);
      const isBad = ({ pathname, searchParams }: URL) =>
        pathname.endsWith('/p2') || searchParams.get('ids')?.split(',').includes('p2');
      fault = (url) => (isBad(url) ? gateway(400, { message: 'Bad Request' }) : undefined);
      await name(ids);
      for (let tries = 0; tries < 60 && (await letters()).length === 0; tries += 1) await pass(300_000);
      expect(await letters()).toMatchObject([
        { ref: expect.stringContaining('p2'), message: expect.stringContaining('Bad Request') },
      ]);
      expect(ids.filter((id) => !isAfter(id))).toEqual(['p2']);
      expect(await listPauses(database)).toEqual(new Map());
      expect(calls).toBeLessThan(400);
    });

    it(`a record read ${way} that was refused with 401 once, while others are given, comes after all`, async () => {
      await start(read);
      change(['p2']);
      let refused = 0;
      fault = ({ pathname, searchParams }) => {
        if (!pathname.endsWith('/p2') && searchParams.get('ids') !== 'p2') return undefined;
        refused += 1;
        return refused === 1 ? gateway(401, { message: 'Unauthorized' }) : undefined;
      };
      await name(['p2']);
      for (let tries = 0; tries < 20 && !isAfter('p2'); tries += 1) await pass(60_000);
      expect([refused > 1, isAfter('p2'), await letters()]).toEqual([true, true, []]);
      expect(await listPauses(database)).toEqual(new Map());
    });

    it.each([
      ['401', () => gateway(401, { message: 'Unauthorized' })],
      ['400', () => gateway(400)],
      ['a web page', () => new Response('<h1>Sorry</h1>', { status: 403 })],
    ])(
      `a record read ${way} that a full reading lacks, and that was answered with %s for a moment, is read again`,
      async (_name, refusal) => {
        await start(read);
        const isOfP4 = ({ pathname, searchParams }: URL) =>
          pathname.endsWith('/p4') || searchParams.get('ids')?.split(',').includes('p4');
        let refused = 0;
        fault = (url) => {
          if (!url.searchParams.has('ids') && url.pathname === '/people')
            return Response.json({ data: [...people.keys()].filter((id) => id !== 'p4').map(shown) });
          if (!isOfP4(url) || refused > 2) return undefined;
          refused += 1;
          return refusal();
        };
        change(['p4']);
        expect(await world.sync('full', 'api')).toMatchObject({ state: 'finished' });
        for (let tries = 0; tries < 20 && !isAfter('p4'); tries += 1) await pass(60_000);
        expect([refused > 0, isAfter('p4'), await letters(), await gone()]).toEqual([true, true, [], []]);
        expect(await listPauses(database)).toEqual(new Map());
      },
    );

    it(`a record read ${way} for a person, and answered with 401 for a moment, is read again`, async () => {
      await start(read);
      change(['p1', 'p2']);
      let refused = 0;
      fault = ({ pathname, searchParams }) => {
        if (!pathname.endsWith('/p2') && !searchParams.get('ids')?.split(',').includes('p2'))
          return undefined;
        refused += 1;
        return refused <= 2 ? gateway(401, { message: 'Unauthorized' }) : undefined;
      };
      const asked = { mode: 'records', trigger: 'manual', lane: 'manual' } as const;
      await world.tributary.request({ source: 'api', ...asked, request: { recordIds: ['p1', 'p2'] } });
      for (let tries = 0; tries < 20 && !isAfter('p2'); tries += 1) await pass(60_000);
      expect([isAfter('p1'), isAfter('p2'), await letters()]).toEqual([true, true, []]);
      expect(await listPauses(database)).toEqual(new Map());
    });

    it(`a record read ${way} that is gone is deleted, because others are given`, async () => {
      await start(read);
      people.delete('p4');
      await name(['p4']);
      for (let tries = 0; tries < 20 && (await gone()).length === 0; tries += 1) await pass(60_000);
      expect(await gone()).toEqual(['p4']);
    });
  }

  it('a list that is empty for a moment deletes nobody', async () => {
    await start(ways['through the list']);
    const ids = [...people.keys()];
    fault = ({ searchParams }) => (searchParams.has('ids') ? Response.json({ data: [] }) : undefined);
    await name(ids);
    for (let minutes = 0; minutes < 60; minutes += 10) await pass(600_000);
    expect(await gone()).toEqual([]);
    expect(await letters()).toEqual([]);
  });
});
