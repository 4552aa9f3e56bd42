// A dry run tells what the real one would do, keeps nothing of it, and stands in no other's way.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { Tributary } from '../../src/app/app.ts';
import type { DryRunReport } from '../../src/sync/preview/dry-run.ts';
import { balances } from '../../src/tables/counts.ts';
import { lastRuns, reportOf, runById } from '../../src/tables/runs.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { People, versionsOf } from '../support/people.ts';

const mapping = {
  name: 'name',
  phone: { from: 'phone', as: 'text' },
  'metadata.points': { from: 'points', as: 'number' },
};

const sources = { crm: { connector: 'people', account: 'crm', mapping } };

/** What a process notes of itself, and the run's own row. */
const own = ['runs', 'workers'];

describe.each(behaviour)('a dry run on $name', ({ open }) => {
  let database: TestDatabase;
  let people: People;
  let tributary: Tributary;

  async function start(count = 20): Promise<void> {
    database = await open();
    people = new People(database);
    people.seed('crm', count);
    tributary = await people.start(sources);
  }

  afterEach(async () => {
    await people?.stop();
    await database?.close();
  });

  const report = async (id: number) => (await reportOf(database, id)) as unknown as DryRunReport;
  const change = (index: number, body: object, changedAt = 2_000) => {
    const person = people.vendor('crm').people[index]!;
    people.vendor('crm').people[index] = { ...person, changedAt, body: { ...person.body, ...body } };
  };

  it('of a source that was never read shows every customer as new, and keeps nothing', async () => {
    await start();
    const before = await versionsOf(database, own);
    const run = await people.run('crm', { dryRun: true });
    expect(run).toMatchObject({ state: 'finished', received: 20, changed: 20, request: { dryRun: true } });
    expect(balances(run)).toBe(true);
    expect(await report(run.id)).toMatchObject({
      differs: true,
      summary: '20 would be new customers',
      customers: { created: { count: 20 } },
      writes: { customers: 20, calls: { single: 20, total: 20 } },
      pages: 1,
    });
    expect(await versionsOf(database, own)).toEqual(before);
    expect(people.taken).toEqual([]);
  });

  it('pulls from the checkpoint without moving it, and the real run then does what was shown', async () => {
    await start();
    await people.run('crm');
    change(3, { phone: '+48111' });
    change(4, { phone: '+48222', name: '' });
    people.vendor('crm').people.push({ id: 'new', changedAt: 2_000, body: { id: 'new', name: 'New' } });
    const before = await versionsOf(database, own);
    const taken = people.taken.length;
    const dry = await people.run('crm', { dryRun: true });
    expect(await versionsOf(database, own)).toEqual(before);
    expect(people.taken.length).toBe(taken);
    const told = await report(dry.id);
    expect(told).toMatchObject({
      summary: '2 customers: phone changes; 1 loses name; 1 would be a new customer',
    });
    expect(told.counts).toMatchObject({ received: 3, changed: 3, customers: 3 });
    expect(told.fields.find(({ field }) => field === 'phone')?.changed.samples).toContainEqual({
      sourceId: 'p000003',
      from: '+48600000003',
      to: '+48111',
    });
    const real = await people.run('crm');
    const { received, changed, unchanged, superseded, filtered, rejected, customers } = real;
    expect({ received, changed, unchanged, superseded, filtered, rejected, customers }).toEqual(told.counts);
    expect(people.taken.length - taken).toBe(told.writes.customers);
  });

  it('of everything counts what is unchanged', async () => {
    await start();
    await people.run('crm');
    const run = await people.run('crm', { mode: 'full', dryRun: true });
    expect(run).toMatchObject({ state: 'finished', received: 20, unchanged: 20 });
    expect(await report(run.id)).toMatchObject({ differs: false, summary: 'No customer would change.' });
  });

  it('neither counts as the last run nor keeps a real one from being asked for', async () => {
    await start();
    const real = await people.run('crm');
    const dry = await people.run('crm', { dryRun: true });
    expect(await lastRuns(database, ['crm'])).toMatchObject([{ id: real.id }]);
    await people.stop();
    const asked = { source: 'crm', mode: 'incremental', trigger: 'manual', lane: 'manual' } as const;
    const waiting = await tributary.request({ ...asked, request: { dryRun: true } });
    expect(await tributary.request(asked)).not.toBeNull();
    expect(await tributary.request(asked)).toBeNull();
    expect(waiting!.id).toBeGreaterThan(dry.id);
  });

  it('taken up again after a crash starts over: nothing is counted twice', async () => {
    await start();
    await people.stop();
    const request = { dryRun: true } as const;
    const run = await tributary.request({
      source: 'crm',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'manual',
      request,
    });
    await database.rows(
      sql`update runs set pages = 1, received = 7, changed = 7 where id = ${run!.id}::bigint`,
    );
    tributary = await people.start(sources);
    await people.rest();
    expect(await runById(database, run!.id)).toMatchObject({
      state: 'finished',
      received: 20,
      changed: 20,
      pages: 1,
    });
  });

  it('is all that is done where only dry runs are', async () => {
    await start();
    await people.run('crm');
    await people.stop();
    change(0, { phone: '+48333' });
    const asked = { source: 'crm', mode: 'incremental', trigger: 'manual', lane: 'manual' } as const;
    const real = await tributary.request(asked);
    const dry = await tributary.request({ ...asked, request: { dryRun: true } });
    const taken = people.taken.length;
    const changed = { crm: { ...sources.crm, mapping: { name: 'name' } } };
    tributary = await people.wire(changed);
    await tributary.start({ calendar: false, dryRunsOnly: true });
    const { until } = await import('../support/sync-world.ts');
    await until(async () => (await runById(database, dry!.id))?.state === 'finished');
    expect(await runById(database, real!.id)).toMatchObject({
      state: 'requested',
      working: false,
      received: 0,
    });
    expect(await database.rows(sql`select id from runs where mode = 'remap'`)).toEqual([]);
    expect(people.taken.length).toBe(taken);
  });
});
