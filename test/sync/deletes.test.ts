// Deletes, end to end: what proves that a record is gone, and what then becomes of its customer.

import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Tributary } from '../../src/app/app.ts';
import { checkConfig } from '../../src/config.ts';
import {
  type Connector,
  defineConnector,
  type Page,
  RejectedError,
  TransientError,
} from '../../src/connector.ts';
import type { Run } from '../../src/contract/run.ts';
import { createLog } from '../../src/engine/log/log.ts';
import { refuseHolds, releaseHolds } from '../../src/sync/holds/decide.ts';
import { ingest } from '../../src/sync/intake/ingest.ts';
import { balances } from '../../src/tables/counts.ts';
import { listHolds } from '../../src/tables/holds.ts';
import { runById } from '../../src/tables/runs.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';
import { openSyncWorld, type SyncWorld, type SyncWorldOptions, until } from '../support/sync-world.ts';

describe.each(behaviour)('deletes on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;
  let ids: string[];
  const lines: string[] = [];

  async function start(people: number, options: SyncWorldOptions = {}): Promise<void> {
    lines.length = 0;
    database = await open();
    world = await openSyncWorld(database, { log: (line) => void lines.push(line), ...options });
    ids = Array.from({ length: people }, (_, index) =>
      world.hubspot.create({
        firstname: `P${index}`,
        phone: `+48 ${index}`,
        city: 'Gdynia',
        loyalty_points: 7,
      }),
    );
    await world.tributary.start();
    await world.sync();
  }

  const deletes = (policy: string, breaker?: object): SyncWorldOptions => ({
    config: { onOrphaned: policy, ...(breaker && { breaker }) },
  });
  const gone = async () =>
    (
      await database.rows<{ id: string }>(
        sql`select record_id as id from records where deleted_at >= changed_at order by record_id`,
      )
    ).map((row) => row.id);
  const swept = () => database.rows(sql`select 1 from swept_records`);
  const there = () => ids.filter((id) => world.voucherify.bySourceId(id) !== undefined);
  const acknowledged = async (sourceId: string) =>
    (await database.rows(sql`select 1 from acknowledgements where source_id = ${sourceId}`)).length === 1;
  const isList = (request: Request) =>
    request.method === 'GET' && new URL(request.url).pathname.endsWith('/contacts');
  const isLiveList = (request: Request) =>
    isList(request) && new URL(request.url).searchParams.get('archived') !== 'true';

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  // ── What becomes of the customer ──────────────────────────────────────────────────────────────────────────────

  it('keeps a customer as it is under "keep", whatever its last record says', async () => {
    await start(5, deletes('keep'));
    const before = world.voucherify.bySourceId(ids[0]!);
    world.hubspot.archive(ids[0]!);
    await world.sync('full');
    expect(await gone()).toEqual([ids[0]]);
    expect(world.voucherify.bySourceId(ids[0]!)).toEqual(before);
    expect(world.voucherify.writesOf(ids[0]!)).toBe(1);
  });

  it('clears under "blank" every field that we wrote, and none that others did', async () => {
    await start(5, deletes('blank'));
    world.voucherify.upsert({
      source_id: ids[0]!,
      description: 'theirs',
      metadata: { ...world.voucherify.bySourceId(ids[0]!)?.metadata, theirs: 'kept' },
    });
    world.hubspot.archive(ids[0]!);
    await world.sync('full');
    const found = world.voucherify.bySourceId(ids[0]!);
    expect(found).toMatchObject({ description: 'theirs', metadata: { theirs: 'kept' } });
    expect([
      found?.name,
      found?.phone,
      found?.address?.['city'],
      found?.metadata?.['loyalty_points'],
    ]).toEqual(expect.not.arrayContaining([expect.anything()]));
    world.hubspot.restore(ids[0]!);
    await world.sync('full');
    expect(world.voucherify.bySourceId(ids[0]!)).toMatchObject({ name: 'P0', address: { city: 'Gdynia' } });
  });

  it('deletes under "delete", and writes a customer whole when a record brings it back', async () => {
    await start(8, deletes('delete'));
    world.hubspot.archive(ids[0]!);
    await world.sync('full');
    expect(there()).toEqual(ids.slice(1));
    expect(world.voucherify.deleted()).toHaveLength(1);
    expect(await acknowledged(ids[0]!)).toBe(false);
    const deletions = () => world.voucherify.requests.get('DELETE /v1/customers/:customerId 204');
    await world.sync('full');
    expect(deletions()).toBe(1);
    world.hubspot.restore(ids[0]!);
    await world.sync();
    expect(world.voucherify.bySourceId(ids[0]!)).toMatchObject({
      name: 'P0',
      phone: '+48 0',
      address: { city: 'Gdynia' },
      metadata: { loyalty_points: 7 },
    });
    expect(await acknowledged(ids[0]!)).toBe(true);
  });

  it('deletes nobody twice, and nobody whom it never sent', async () => {
    await start(3, deletes('delete'));
    await database.rows(
      sql`insert into pauses (name, cause, reason, paused_at) values ('destination', 'person', 'a test', now())`,
    );
    const fresh = world.hubspot.create({ firstname: 'Brief' });
    const run = await world.tributary.request({
      source: 'hubspot',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'schedule',
    });
    await until(async () => (await runById(database, run!.id))?.state === 'finished');
    world.hubspot.archive(fresh);
    const full = await world.tributary.request({
      source: 'hubspot',
      mode: 'full',
      trigger: 'manual',
      lane: 'backfill',
    });
    await until(async () => (await runById(database, full!.id))?.state === 'finished');
    await database.rows(sql`delete from pauses`);
    world.tributary.wake();
    await world.rest();
    expect(await gone()).toEqual([fresh]);
    expect(world.voucherify.count).toBe(3);
    expect([...world.voucherify.requests.keys()].filter((key) => key.startsWith('DELETE'))).toEqual([]);
  });

  it('begins an erasure under "erase"', async () => {
    await start(4, { ...deletes('erase'), secretKey: 'a key of at least thirty-two characters' });
    world.hubspot.archive(ids[0]!);
    await world.sync('full');
    await until(async () => {
      const [row] = await database.rows<{ ended: boolean }>(
        sql`select ended_at is not null as ended from erasures`,
      );
      return row?.ended === true;
    });
    expect(there()).toEqual(ids.slice(1));
    const traces = await database.rows(sql`
      select 'customer' from customers where source_id = ${ids[0]} union all
      select 'record' from records where source_id = ${ids[0]} union all
      select 'delivery' from deliveries where source_id = ${ids[0]} union all
      select 'acknowledgement' from acknowledgements where source_id = ${ids[0]}`);
    expect(traces).toEqual([]);
  });

  it('keeps as a dead letter what "erase" cannot do without a secret key', async () => {
    await start(3, deletes('erase'));
    world.hubspot.archive(ids[0]!);
    await world.sync('full');
    const letters = await database.rows<{ code: string; message: string }>(
      sql`select code, message from dead_letters where settled_at is null`,
    );
    expect(letters).toEqual([
      { code: 'secret_key', message: expect.stringContaining('TRIBUTARY_SECRET_KEY') },
    ]);
    expect(there()).toEqual(ids);
  });

  it('holds the deletions beyond the ceiling, keeps whom a person refuses, and deletes whom one releases', async () => {
    await start(40, deletes('delete'));
    for (const id of ids.slice(0, 14)) world.hubspot.gdprDelete(id);
    await world.sync('full');
    expect(await gone()).toHaveLength(14);
    expect(there()).toHaveLength(30);
    const held = await listHolds(database, { change: 'deleted' }, { limit: 10 });
    expect(held).toHaveLength(4);
    await refuseHolds(world.tributary, { ids: [held[0]!.id] });
    await releaseHolds(world.tributary, { change: 'deleted' });
    world.tributary.wake();
    await world.rest();
    expect(there().sort()).toEqual([held[0]!.sourceId, ...ids.slice(14)].sort());
    await world.sync('full');
    expect(there()).toContain(held[0]!.sourceId);
  });

  it('asks again about a customer that was kept, once it has come back and left again', async () => {
    await start(12, deletes('delete', { deleted: { share: 1, count: 0 } }));
    world.hubspot.archive(ids[0]!);
    await world.sync('full');
    expect(await refuseHolds(world.tributary, {})).toEqual({ holds: 1, customers: 1 });
    world.hubspot.restore(ids[0]!);
    await world.sync();
    world.hubspot.archive(ids[0]!);
    await world.sync('full');
    expect(await listHolds(database, {}, { limit: 10 })).toHaveLength(1);
    world.hubspot.restore(ids[0]!);
    await world.sync();
    expect(await listHolds(database, {}, { limit: 10 })).toEqual([]);
    expect(there()).toEqual(ids);
  });

  // ── What proves that a record is gone ─────────────────────────────────────────────────────────────────────────

  it('finds by a full sweep a contact that HubSpot has forgotten without a trace', async () => {
    await start(250, deletes('delete'));
    world.hubspot.gdprDelete(ids[3]!);
    world.hubspot.gdprDelete(ids[150]!);
    await world.sync();
    expect(await gone()).toEqual([]);
    const run = await world.sync('full');
    expect(run).toMatchObject({ state: 'finished', received: 250, unchanged: 248, changed: 2 });
    expect(balances(run)).toBe(true);
    expect(await gone()).toEqual([ids[3], ids[150]].sort());
    expect(there()).toHaveLength(248);
    expect(await swept()).toEqual([]);
  });

  it('deletes nobody when the source suddenly shows nothing', async () => {
    await start(20, deletes('delete'));
    world.hubspot.faults = (request) =>
      isList(request)
        ? Response.json({ results: [] })
        : request.url.includes('batch/read')
          ? Response.json(
              { status: 'COMPLETE', results: [], numErrors: 1, errors: [{ category: 'OBJECT_NOT_FOUND' }] },
              { status: 207 },
            )
          : undefined;
    const run = await world.sync('full');
    expect(run).toMatchObject({ state: 'finished', received: 0 });
    expect(await gone()).toEqual([]);
    expect(there()).toEqual(ids);
    expect(lines.join('')).toMatch(/"reason":"it is empty[^}]*this reading shows no deletions/);
    expect(await swept()).toEqual([]);
  });

  it('keeps those of half a page chain who still live, and finds the one among them who is gone', async () => {
    await start(250, deletes('delete'));
    world.hubspot.gdprDelete(ids[200]!);
    world.hubspot.faults = async (request, next) => {
      if (!isLiveList(request)) return undefined;
      const body = (await (await next()).json()) as { results: unknown[] };
      return Response.json({ results: body.results });
    };
    const run = await world.sync('full');
    expect(run).toMatchObject({ state: 'finished', received: 250, unchanged: 249, changed: 1 });
    expect(await gone()).toEqual([ids[200]]);
    expect(there()).toHaveLength(249);
  });

  it('believes no reading of which a row was rejected', async () => {
    await start(6, {
      ...deletes('delete'),
      source: {
        badValues: 'reject',
        mapping: { name: 'firstname', 'metadata.rank': { from: 'rank', as: 'number' } },
      },
    });
    world.hubspot.create({ firstname: 'Odd', rank: 'first' });
    world.hubspot.gdprDelete(ids[0]!);
    const run = await world.sync('full');
    expect(run).toMatchObject({ state: 'finished', rejected: 1 });
    expect(await gone()).toEqual([]);
    expect(there()).toEqual(ids);
    expect(lines.join('')).toMatch(/"reason":"1 row was rejected[^}]*this reading shows no deletions/);
  });
});

// ── A source that says how much there is, and that is interrupted ───────────────────────────────────────────────────

interface Truth {
  people: string[];
  pageSize: number;
  total: number | undefined;
  beforePage: (page: number) => Promise<void> | void;
  beforeRead: (recordIds: readonly string[]) => Promise<void> | void;
  pages: number;
  reads: string[][];
  /** IDs of which a read says nothing. */
  silent: Set<string>;
}

const changedAt = Date.parse('2026-01-01T00:00:00Z');

function listed(truth: Truth): Connector {
  const recordOf = (id: string) => ({ recordId: id, changedAt, body: { id } });
  return defineConnector({
    name: 'listed',
    settings: z.strictObject({}),
    source: {
      sourceId: 'id',
      mapping: { name: 'id' },
      streams: [
        {
          name: 'people',
          sweeps: true,
          async pull(_context, { cursor }): Promise<Page> {
            const from = typeof cursor === 'number' ? cursor : 0;
            await truth.beforePage(from / truth.pageSize);
            truth.pages += 1;
            const records = truth.people.slice(from, from + truth.pageSize).map(recordOf);
            const next = from + truth.pageSize;
            const { total } = truth;
            return {
              records,
              cursor: next,
              done: next >= truth.people.length,
              ...(total !== undefined && { total }),
            };
          },
          read: {
            maxIds: 3,
            async records(_context, { recordIds }) {
              await truth.beforeRead(recordIds);
              truth.reads.push([...recordIds]);
              const found = recordIds.filter((id) => truth.people.includes(id));
              const missing = recordIds.filter((id) => !found.includes(id) && !truth.silent.has(id));
              return { records: found.map(recordOf), missing };
            },
          },
        },
      ],
    },
  });
}

const nowhere = defineConnector({
  name: 'nowhere',
  settings: z.strictObject({}),
  api: () => ({
    baseUrl: 'http://127.0.0.1:9',
    headers: {},
    account: 'nowhere',
    quotas: [{ name: 'calls', requests: 10_000, seconds: 1 }],
  }),
  destination: {
    traits: () => ({ partialWrites: 'merge', bulk: null, singlesAtOnce: 4 }),
    payload: (sourceId, fields) => ({ sourceId, ...fields }),
    upsert: async (_context, { sourceId }) => ({ sourceId, result: 'accepted' }),
    read: async () => null,
  },
});

describe.each(behaviour)('a sweep on $name', ({ open }) => {
  let database: TestDatabase;
  let truth: Truth;
  let working: Tributary[];
  const lines: string[] = [];
  const all = Array.from({ length: 20 }, (_, index) => `p${String(index).padStart(2, '0')}`);

  function wire(): Tributary {
    const raw = {
      destination: { connector: 'nowhere' },
      sources: { crm: { connector: 'listed' } },
      metadataSchema: 'none',
      onOrphaned: 'delete',
      breaker: { deleted: { share: 1, count: 1000 } },
    };
    const config = checkConfig('test', raw, {}, [listed(truth), nowhere]);
    const log = createLog({ level: 'info', write: (line) => void lines.push(line) });
    const tributary = new Tributary({ config, database, clock: new FastClock(), log });
    working.push(tributary);
    return tributary;
  }

  /** Nobody is known yet. */
  async function begin(): Promise<Tributary> {
    database = await open();
    lines.length = 0;
    working = [];
    truth = {
      people: [...all],
      pageSize: 5,
      total: undefined,
      beforePage: () => {},
      beforeRead: () => {},
      pages: 0,
      reads: [],
      silent: new Set(),
    };
    const tributary = wire();
    await tributary.start();
    return tributary;
  }

  /** Everybody is known already. */
  async function start(): Promise<Tributary> {
    const tributary = await begin();
    await finished(await full(tributary));
    truth.pages = 0;
    return tributary;
  }

  const full = async (tributary: Tributary) =>
    (await tributary.request({ source: 'crm', mode: 'full', trigger: 'manual', lane: 'backfill' }))!;
  async function finished({ id }: Run): Promise<Run> {
    await until(async () => (await runById(database, id))?.state === 'finished');
    await until(async () => (await database.rows(sql`select 1 from swept_records limit 1`)).length === 0);
    return (await runById(database, id))!;
  }
  const stop = async (tributary: Tributary) => {
    working = working.filter((other) => other !== tributary);
    await tributary.drain();
  };
  const gone = async () =>
    (
      await database.rows<{ id: string }>(
        sql`select record_id as id from records where deleted_at >= changed_at order by record_id`,
      )
    ).map((row) => row.id);

  afterEach(async () => {
    for (const tributary of working) await tributary.drain();
    await database?.close();
  });

  it('does not count where the source speaks of more than it gave', async () => {
    const tributary = await start();
    truth.people = all.slice(0, 15);
    truth.total = 20;
    await finished(await full(tributary));
    expect(await gone()).toEqual([]);
    expect(truth.reads).toEqual([]);
    expect(lines.join('')).toMatch(
      /"reason":"the source speaks of 20 and gave 15[^}]*this reading shows no deletions/,
    );
    truth.total = 15;
    const run = await finished(await full(tributary));
    expect(await gone()).toEqual(all.slice(15));
    expect(run).toMatchObject({ received: 20, unchanged: 15, changed: 5 });
  });

  it('does not count where the reading continued where another run had stopped', async () => {
    const tributary = await begin();
    truth.beforePage = (page) => {
      if (page === 2) throw new RejectedError('not now', { code: 'not_now' });
    };
    const { id } = await full(tributary);
    await until(async () => (await runById(database, id))?.state === 'failed');
    truth.beforePage = () => {};
    truth.people = all.filter((person) => person !== 'p03');
    await finished(await full(tributary));
    expect(truth.reads).toEqual([]);
    expect(await gone()).toEqual([]);
    expect(lines.join('')).toMatch(
      /"reason":"it went on from where another run had stopped[^}]*this reading shows no deletions/,
    );
    await finished(await full(tributary));
    expect(await gone()).toEqual(['p03']);
  });

  it('keeps a record of which a read says nothing at all', async () => {
    const tributary = await start();
    truth.people = all.slice(0, 18);
    truth.silent.add('p19');
    await finished(await full(tributary));
    expect(await gone()).toEqual(['p18']);
    expect(lines.join('')).toMatch(
      /"stream":"people","records":1,"msg":"records were neither found nor said to be gone; they are kept/,
    );
  });

  it('does not ask for a record that has changed since the run began', async () => {
    const tributary = await start();
    truth.people = all.slice(0, 18);
    truth.beforePage = async (page) => {
      if (page !== 1) return;
      const source = tributary.rules.source('crm')!;
      const now = tributary.clock.now();
      const record = { recordId: 'p19', changedAt: now, body: { id: 'p19', touched: true } };
      const intake = { source, stream: 'people', lane: 'webhook' as const, runId: null, now };
      await database.transaction((tx) => ingest(tx, tributary.rules, intake, { records: [record] }));
    };
    await finished(await full(tributary));
    expect(truth.reads).toEqual([['p18']]);
    expect(await gone()).toEqual(['p18']);
  });

  it('goes on after a crash in the middle of the reading, with what it had met before', async () => {
    const first = await start();
    truth.people = all.filter((id) => id !== 'p01' && id !== 'p18');
    let arrived = () => {};
    const third = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    let release = () => {};
    const blocked = new Promise<void>((resolve) => {
      release = resolve;
    });
    truth.beforePage = async (page) => {
      if (page !== 2) return;
      arrived();
      await blocked;
      throw new TransientError('the process dies here');
    };
    const run = await full(first);
    await third;
    const stopping = stop(first);
    truth.beforePage = () => {};
    release();
    await stopping;
    expect(await runById(database, run.id)).toMatchObject({ state: 'requested', pages: 2 });
    const second = wire();
    await second.start();
    expect(await finished(run)).toMatchObject({ received: 20, unchanged: 18, changed: 2, pages: 5 });
    expect(await gone()).toEqual(['p01', 'p18']);
    expect(truth.reads).toEqual([['p01', 'p18']]);
  });

  it('goes on after an interruption with the candidates that were not asked for yet, and reads no page again', async () => {
    const tributary = await start();
    truth.people = all.filter((id) => id < 'p08' || id > 'p15');
    let fail = true;
    truth.beforeRead = (recordIds) => {
      if (!recordIds.includes('p12') || !fail) return;
      fail = false;
      throw new TransientError('not now');
    };
    const run = await finished(await full(tributary));
    expect(await gone()).toEqual(all.slice(8, 16));
    expect(truth.pages).toBe(3);
    expect(truth.reads).toEqual([
      ['p08', 'p09', 'p10'],
      ['p11', 'p12', 'p13'],
      ['p14', 'p15'],
    ]);
    expect(run).toMatchObject({ received: 20, unchanged: 12, changed: 8 });
  });
});
