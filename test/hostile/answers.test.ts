// Answers of a JSON API that are legal and hostile: huge, wide, doubled, circular. Each record costs at most itself, and each
// reading comes to an end.
import { sql } from 'drizzle-orm';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { type Served, serve } from '../../simulators/serve.ts';
import type { Run } from '../../src/contract/run.ts';
import { balances } from '../../src/tables/counts.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { openSyncWorld, type SyncWorld } from '../support/sync-world.ts';

describe('a JSON API whose answers are hostile', () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let served: Served;

  afterEach(async () => {
    await world?.close();
    await database?.close();
    await served?.close();
  });

  /** `answer`: the body of the page behind a cursor. */
  async function start(answer: (cursor: string | undefined) => string, source: object = {}): Promise<void> {
    const app = new Hono();
    app.get('/people', (c) =>
      c.body(answer(c.req.query('cursor')), 200, { 'content-type': 'application/json' }),
    );
    served = await serve(app);
    database = await behaviour[0].open();
    world = await openSyncWorld(database, {
      sources: {
        api: {
          connector: 'http',
          baseUrl: served.url,
          auth: 'none',
          list: {
            path: '/people',
            records: 'data',
            paging: { style: 'cursor', parameter: 'cursor', next: 'next' },
          },
          record: { id: 'id', changedAt: 'updated' },
          quota: { requests: 100_000, seconds: 1 },
          mapping: { name: 'name', 'metadata.note': 'note', 'metadata.number': 'number' },
          ...source,
        },
      },
    });
    await world.tributary.start();
  }

  const sync = (): Promise<Run> => world.sync('full', 'api');
  const page = (data: unknown[], next?: string) => JSON.stringify({ data, ...(next && { next }) });
  const person = (id: string, more: object = {}) => ({
    id,
    name: `Name of ${id}`,
    updated: '2026-01-01T00:00:00Z',
    ...more,
  });
  const letters = () =>
    database.rows<{ kind: string; ref: string; message: string }>(
      sql`select kind, ref, message from dead_letters where settled_at is null order by ref`,
    );

  it('has a record of 10 MB: it is kept and delivered whole, and the others beside it', async () => {
    await start(() => page([person('a'), person('huge', { note: 'x'.repeat(10_000_000) }), person('b')]));
    expect(await sync()).toMatchObject({ state: 'finished', received: 3, rejected: 0 });
    for (const id of ['a', 'b', 'huge'])
      expect(world.voucherify.bySourceId(id)).toMatchObject({ name: `Name of ${id}` });
    expect(String(world.voucherify.bySourceId('huge')?.metadata?.['note'])).toHaveLength(10_000_000);
  });

  it('has a record of 5,000 properties: what is mapped is delivered', async () => {
    const wide = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, index) => [`property_${index}`, index]),
    );
    await start(() => page([person('wide', wide), person('a')]), {
      mapping: { name: 'name', 'metadata.last': 'property_4999' },
    });
    expect(await sync()).toMatchObject({ state: 'finished', received: 2, rejected: 0 });
    expect(world.voucherify.bySourceId('wide')).toMatchObject({ metadata: { last: 4999 } });
  });

  it('names keys twice and prototypes: the last of equal keys counts, and no prototype changes', async () => {
    const first = `{"id":"a","id":"b","name":"first","name":"second","updated":"2026-01-01T00:00:00Z",
      "__proto__":{"note":"polluted","polluted":true},"constructor":{"prototype":{"polluted":true}}}`;
    await start(() => `{"data":[],"data":[${first}],"__proto__":{"next":"again"}}`);
    expect(await sync()).toMatchObject({ state: 'finished', received: 1, pages: 1 });
    expect(world.voucherify.bySourceId('a')).toBeUndefined();
    expect(world.voucherify.bySourceId('b')).toMatchObject({ name: 'second' });
    expect(world.voucherify.bySourceId('b')?.metadata ?? {}).toEqual({});
    expect('polluted' in {}).toBe(false);
  });

  it('has whole numbers beyond 2^53 as IDs and values: no two people become one', async () => {
    const row = (id: string) =>
      `{"id":${id},"name":"n${id}","updated":"2026-01-01T00:00:00Z","note":${id},"number":${id}}`;
    await start(() => `{"data":[${row('9007199254740992')},${row('9007199254740993')}]}`);
    expect(await sync()).toMatchObject({ state: 'finished', received: 2, rejected: 0 });
    expect(world.voucherify.bySourceId('9007199254740993')).toMatchObject({
      name: 'n9007199254740993',
      metadata: { note: '9007199254740993' },
    });
    expect(world.voucherify.bySourceId('9007199254740992')).toBeDefined();
  });

  it.each([
    ['the year 1', '0001-01-01T00:00:00Z', false],
    ['the year 9999', '9999-12-31T23:59:59Z', true],
    ['a year before all', '-271821-04-20T00:00:00Z', false],
    ['a year after all', '+275760-09-13T00:00:00Z', false],
    ['a number beyond all dates', 8.64e18, false],
  ])(
    'dates a record in %s: it is delivered, or kept apart with the reason',
    async (_what, updated, isTaken) => {
      await start(() => page([person('old', { updated }), person('a')]));
      const run = await sync();
      expect(run).toMatchObject({ state: 'finished', received: 2, rejected: isTaken ? 0 : 1 });
      expect(balances(run)).toBe(true);
      expect(world.voucherify.bySourceId('old') !== undefined).toBe(isTaken);
      expect(world.voucherify.bySourceId('a')).toBeDefined();
      const dead = isTaken
        ? []
        : [{ ref: 'record old', message: expect.stringContaining('no time of change') }];
      expect(await letters()).toMatchObject(dead);
    },
  );

  it('turns its cursors in a circle: the run ends, says so, and keeps what it has read', async () => {
    await start((cursor) => page([person(`p${cursor ?? 0}`)], `${(Number(cursor ?? 0) + 1) % 7}`));
    const run = await sync();
    expect(run).toMatchObject({ state: 'failed', error: expect.stringContaining('never end') });
    expect(run.pages).toBeLessThan(1_000);
    await world.rest();
    expect(world.voucherify.count).toBe(7);
  });

  it('has pages without end that show the same people: the run ends and says so', async () => {
    await start((cursor) => page([person('a'), person('b')], `${Number(cursor ?? 0) + 1}`));
    const run = await sync();
    expect(run).toMatchObject({ state: 'failed', error: expect.stringContaining('never end') });
    expect(run.pages).toBeLessThan(1_000);
  });
});
