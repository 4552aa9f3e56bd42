// A mapping that changes for real: stored records are mapped again without a pull, in chunks, whatever happens meanwhile.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { Tributary } from '../../src/app/app.ts';
import type { Fields } from '../../src/connector.ts';
import type { Run } from '../../src/contract/run.ts';
import { mapAgain, sameState } from '../../src/sync/intake/mapped.ts';
import { rulesOf } from '../../src/sync/intake/mapping-fingerprint.ts';
import { Rules } from '../../src/sync/intake/rules.ts';
import { carryRun, type PullDeps } from '../../src/sync/pull/pull.ts';
import { remap } from '../../src/sync/pull/remap.ts';
import { balances } from '../../src/tables/counts.ts';
import { claimRun } from '../../src/tables/runs.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { People } from '../support/people.ts';

const mapping = {
  name: 'name',
  phone: { from: 'phone', as: 'text' },
  'metadata.points': { from: 'points', as: 'number' },
};

const crm = { connector: 'people', account: 'crm', mapping };

const shop = { connector: 'people', account: 'shop', mapping: { 'metadata.shop': 'name' } };

const unbroken = { breaker: { deleted: { share: 1, count: 1e9 }, blanked: { share: 1, count: 1e9 } } };

describe.each(behaviour)('a changed mapping on $name', ({ open }) => {
  let database: TestDatabase;
  let people: People;
  let tributary: Tributary;

  async function start(sources: object = { crm }, count = 30): Promise<void> {
    database = await open();
    people = new People(database);
    people.seed('crm', count);
    tributary = await people.start(sources, unbroken);
    await people.run('crm');
  }

  async function restart(sources: object, more: object = unbroken): Promise<void> {
    tributary = await people.start(sources, more);
    await people.rest();
  }

  afterEach(async () => {
    await people?.stop();
    await database?.close();
  });

  const fieldsOf = async (sourceId: string) =>
    (
      await database.rows<{ fields: Fields }>(sql`select fields from customers where source_id = ${sourceId}`)
    )[0]?.fields;
  const remaps = () =>
    database.rows<Run>(
      sql`select source, state, pages, received::int, changed::int, unchanged::int, filtered::int, superseded::int, rejected::int, customers::int, trigger from runs where mode = 'remap' order by id`,
    );
  const pulls = () => people.vendor('crm').asked.length;
  /** The world without any of our loops, for tests that put chunk after chunk. */
  const deps = (world: Rules): PullDeps => ({
    database,
    rules: world,
    clock: people.clock,
    log: tributary.log,
    tracer: tributary.tracer,
    endpoint: () => null,
    relation: () => null,
    health: (source) => tributary.health(source),
    sending: tributary.sending,
    onIngested: () => {},
  });

  it('maps stored records again without a pull, and sends what differs', async () => {
    await start();
    const before = pulls();
    people.taken.length = 0;
    await restart({ crm: { ...crm, mapping: { ...mapping, phone: { from: 'points', as: 'text' } } } });
    expect(pulls()).toBe(before);
    const [run] = await remaps();
    expect(run).toMatchObject({
      state: 'finished',
      received: 30,
      changed: 30,
      unchanged: 0,
      customers: 30,
      trigger: 'mapping',
    });
    expect(balances(run!)).toBe(true);
    expect(await fieldsOf('p000007')).toMatchObject({ phone: '7' });
    expect(people.taken).toHaveLength(30);
    expect(people.taken).toContainEqual({
      sourceId: 'p000007',
      payload: { source_id: 'p000007', phone: '7' },
    });
    const causes = await database.rows(sql`select distinct cause ->> 'by' as by from revisions`);
    expect(causes).toEqual([{ by: 'remap' }]);
  });

  it('that changes nothing, or is the first known one, asks for nothing', async () => {
    await start();
    await restart({ crm });
    await restart({ crm, shop });
    await restart({ crm: { ...crm, token: 'another', schedule: '0 0 1 1 *' }, shop });
    expect(await remaps()).toEqual([]);
    // The order of sources decides between equals: those that it changes for are mapped again.
    await restart({ shop, crm });
    expect(await remaps()).toMatchObject([
      { source: 'shop', received: 0 },
      { source: 'crm', received: 30, changed: 0, unchanged: 30 },
    ]);
  });

  it('moves source IDs that follow, filters, and lets in what was filtered', async () => {
    await start({ crm: { ...crm, extraProperties: ['other'], filter: { points: ['1', '2'] } } });
    const next = {
      ...crm,
      extraProperties: ['other'],
      sourceId: { from: 'other', policy: 'follow' },
      filter: { points: ['2', '3'] },
    };
    await restart({ crm: next });
    expect(await fieldsOf('op000002')).toMatchObject({ name: 'Person 2' });
    expect(await fieldsOf('op000003')).toMatchObject({ name: 'Person 3' });
    const left = await database.rows(sql`select source_id as id from customers where orphaned order by 1`);
    expect(left).toEqual([{ id: 'p000001' }, { id: 'p000002' }]);
  });

  it('of a chunk dies half-way and goes on from there, each record once', async () => {
    await start({ crm }, 620);
    await people.stop();
    const config = people.config({ crm: { ...crm, mapping: { ...mapping, name: 'id' } } }, unbroken);
    const worker = await people.wire({ crm: { ...crm, mapping: { ...mapping, name: 'id' } } }, unbroken);
    const world = new Rules(config, worker.rules.schema);
    const asked = { source: 'crm', mode: 'remap', trigger: 'mapping', lane: 'backfill' } as const;
    await worker.request(asked);
    const lease = '10000000-0000-4000-8000-000000000001';
    const now = people.clock.now();
    const claimed = await database.transaction((tx) =>
      claimRun(tx, { lease, now, leaseMs: 600_000, host: 'here', sources: ['crm'] }),
    );
    // The process is gone after its first chunk: nobody puts the run down, its lease stays until it runs out.
    const killed = () => {
      throw new Error('killed');
    };
    const signal = new AbortController().signal;
    const dying = {
      deps: { ...deps(world), onIngested: killed },
      run: claimed!,
      lease,
      leaseMs: 600_000,
      signal,
    };
    await expect(remap({ ...dying, log: worker.log })).rejects.toThrow('killed');
    people.clock.skip(700_000);
    const half = await database.rows<{ named: number }>(
      sql`select count(*)::int as named from customers where fields ->> 'name' = source_id`,
    );
    expect(half).toEqual([{ named: 500 }]);
    await restart({ crm: { ...crm, mapping: { ...mapping, name: 'id' } } });
    const [run, ...others] = await remaps();
    expect(others).toEqual([]);
    expect(run).toMatchObject({
      state: 'finished',
      received: 620,
      changed: 620,
      pages: 2,
      customers: 620,
    });
    expect(await fieldsOf('p000619')).toMatchObject({ name: 'p000619' });
    expect(await database.rows(sql`select * from checkpoints where reader = 'remap'`)).toEqual([]);
  });

  it('that changes again half-way starts over, also back to what it was', async () => {
    await start({ crm }, 700);
    await people.stop();
    const half = new Rules(
      people.config({ crm: { ...crm, mapping: { ...mapping, name: 'id' } } }, unbroken),
      null,
    );
    await tributary.request({ source: 'crm', mode: 'remap', trigger: 'mapping', lane: 'backfill' });
    const lease = '10000000-0000-4000-8000-000000000002';
    const now = people.clock.now();
    const claimed = await database.transaction((tx) =>
      claimRun(tx, { lease, now, leaseMs: 600_000, host: 'here', sources: ['crm'] }),
    );
    const stop = new AbortController();
    await carryRun({ ...deps(half), onIngested: () => stop.abort() }, claimed!, lease, stop.signal);
    await database.rows(sql`update runs set state = 'cancelled', ended_at = now() where mode = 'remap'`);
    expect(await fieldsOf('p000000')).toMatchObject({ name: 'p000000' });
    // The rules are again those that are noted as done: only the checkpoint tells of the half that is not.
    await restart({ crm });
    expect(await fieldsOf('p000000')).toMatchObject({ name: 'Person 0' });
    expect((await remaps()).at(-1)).toMatchObject({
      state: 'finished',
      received: 700,
      customers: 500,
      changed: 500,
    });
  });

  it('that reads what was never asked for asks for a full run, once, and the values come', async () => {
    await start();
    await restart({
      crm: { ...crm, mapping: { ...mapping, 'metadata.other': 'other', 'metadata.plan': 'plan' } },
    });
    const full = await database.rows(sql`select state, trigger, received::int from runs where mode = 'full'`);
    expect(full).toEqual([{ state: 'finished', trigger: 'mapping', received: 30 }]);
    expect(await fieldsOf('p000004')).toMatchObject({ 'metadata.other': 'op000004' });
    expect(people.log.join('')).toContain('a full run follows');
    await restart({ crm: { ...crm, mapping: { ...mapping, 'metadata.other': 'other' } } });
    expect(await database.rows(sql`select 1 from runs where mode = 'full'`)).toHaveLength(1);
  });

  it('of a source that is withdrawn takes back what it contributed, and its return brings it back', async () => {
    await start({ crm, shop });
    people.seed('shop', 10);
    await people.run('shop');
    expect(await fieldsOf('p000003')).toMatchObject({ 'metadata.shop': 'Person 3' });
    const withdrawn = { ...unbroken, removedSources: ['shop'] };
    await restart({ crm }, withdrawn);
    expect(await fieldsOf('p000003')).not.toHaveProperty(['metadata.shop']);
    expect(people.taken.at(-1)).toMatchObject({ payload: { 'metadata.shop': null } });
    expect(await remaps()).toMatchObject([{ source: 'shop', state: 'finished', received: 10, changed: 10 }]);
    await restart({ crm }, withdrawn);
    expect(await remaps()).toHaveLength(1);
    await restart({ crm, shop });
    expect(await fieldsOf('p000003')).toMatchObject({ 'metadata.shop': 'Person 3' });
  });

  it('of the merge computes customers again', async () => {
    const second = { ...shop, mapping: { name: 'plan' } };
    await start({ crm, shop: second });
    people.seed('shop', 10, 500);
    await people.run('shop');
    expect(await fieldsOf('p000001')).toMatchObject({ name: 'Person 1' });
    await restart({ crm, shop: second }, { ...unbroken, merge: { fields: { name: ['shop'] } } });
    expect(await fieldsOf('p000001')).toMatchObject({ name: 'gold' });
  });

  it('releases a bad value by itself, and keeps the last good one of what fails only now', async () => {
    await start({ crm: { ...crm, badValues: 'quarantine' } }, 5);
    people.vendor('crm').people[1] = {
      id: 'p000001',
      changedAt: 2_000,
      body: { id: 'p000001', name: 'A', points: 'many' },
    };
    await people.run('crm');
    expect(await fieldsOf('p000001')).toMatchObject({ name: 'A', 'metadata.points': 1 });
    const asText = { ...mapping, 'metadata.points': { from: 'points', as: 'text' } };
    await restart({ crm: { ...crm, mapping: asText } });
    expect(await fieldsOf('p000001')).toMatchObject({ 'metadata.points': 'many' });
    expect(await database.rows(sql`select 1 from records where faults is not null`)).toEqual([]);
    await restart({ crm });
    expect(await fieldsOf('p000001')).toMatchObject({ 'metadata.points': 'many' });
    expect(await fieldsOf('p000002')).toMatchObject({ 'metadata.points': 2 });
    const faulty = await database.rows(
      sql`select record_id as id, good from records where faults is not null`,
    );
    expect(faulty).toEqual([{ id: 'p000001', good: { 'metadata.points': 'many' } }]);
  });

  it('ingests again what was refused whole for the old mapping', async () => {
    await start({ crm: { ...crm, badValues: 'reject' } }, 3);
    people
      .vendor('crm')
      .people.push({ id: 'late', changedAt: 2_000, body: { id: 'late', name: 'L', points: 'many' } });
    await people.run('crm');
    expect(await fieldsOf('late')).toBeUndefined();
    const asText = { ...mapping, 'metadata.points': { from: 'points', as: 'text' } };
    await restart({ crm: { ...crm, badValues: 'reject', mapping: asText } });
    expect(await fieldsOf('late')).toMatchObject({ 'metadata.points': 'many' });
    expect(await database.rows(sql`select 1 from dead_letters where settled_at is null`)).toEqual([]);
  });

  it('of the destination’s schema maps again, and sends again what it refused', async () => {
    await start();
    await database.rows(
      sql`update deliveries set state = 'dead', due_at = null, waiting_since = now(), acknowledged = null where source_id = 'p000001'`,
    );
    people.taken.length = 0;
    people.schema = {
      definedOnly: false,
      definitions: { points: { type: 'number', array: false, required: false, atMost: 20 } },
    };
    await tributary.refreshSchema();
    await people.rest();
    expect(await remaps()).toMatchObject([{ source: 'crm', state: 'finished', received: 30 }]);
    const [{ count }] = (await database.rows<{ count: number }>(
      sql`select count(*)::int as count from records where faults is not null`,
    )) as [{ count: number }];
    expect(count).toBe(9);
    // What fails under the new schema stays as it was: nothing is cleared by it.
    expect(await fieldsOf('p000025')).toMatchObject({ 'metadata.points': 25 });
    expect(await database.rows(sql`select 1 from deliveries where state = 'dead'`)).toEqual([]);
    people.schema = null;
    await tributary.refreshSchema();
    await people.rest();
    expect(await database.rows(sql`select 1 from records where faults is not null`)).toEqual([]);
  });

  it('is not taken for one while the schema is out of reach', async () => {
    await start();
    people.schemaFails = true;
    await restart({ crm: { ...crm, mapping: { name: 'id' } } });
    expect(await remaps()).toEqual([]);
    people.schemaFails = false;
    await tributary.refreshSchema();
    await people.rest();
    expect(await remaps()).toMatchObject([{ state: 'finished' }]);
  });

  it('is detected by its rules alone: names, order and secrets do not matter, functions count by their text', async () => {
    database = await open();
    people = new People(database);
    const of = (source: object, more: object = {}, others: object = {}) => {
      const world = new Rules(people.config({ crm: { ...crm, ...source }, ...others }, more));
      return rulesOf(world, world.source('crm')!);
    };
    const same = of({});
    expect(of({ token: 'secret', schedule: '* * * * *', extraProperties: ['other'] })).toBe(same);
    expect(of({}, {}, { shop })).toBe(same);
    const others = [
      of({ mapping: { ...mapping, name: 'id' } }),
      of({ sourceId: 'other' }),
      of({ sourceId: { from: 'id', policy: 'follow' } }),
      of({ filter: { plan: 'gold' } }),
      of({ filter: (body: { plan: string }) => body.plan === 'gold' }),
      of({ filter: (body: { plan: string }) => body.plan === 'silver' }),
      of({}, { merge: { default: 'first' } }),
    ];
    expect(new Set([same, ...others]).size).toBe(others.length + 1);
  });

  it('is for every stored record what ingest made of it', async () => {
    await start({ crm: { ...crm, filter: { plan: ['gold'] } } });
    people.vendor('crm').people[1] = {
      id: 'p000001',
      changedAt: 2_000,
      body: { id: 'p000001', points: 'x', plan: 'gold' },
    };
    people.vendor('crm').people[2] = {
      id: 'p000002',
      changedAt: 2_000,
      body: { id: 'p000002', plan: 'none' },
    };
    people.vendor('crm').people[3] = { id: '', changedAt: 2_000, body: { id: '', plan: 'gold' } };
    await people.run('crm');
    const rows = await database.rows<Parameters<typeof mapAgain>[1]>(
      sql`select source_id as "sourceId", filtered, faults, good, body from records`,
    );
    expect(rows.length).toBe(31);
    const source = tributary.rules.source('crm')!;
    for (const row of rows) expect(sameState(row, mapAgain(source, row))).toBe(true);
  });
});
