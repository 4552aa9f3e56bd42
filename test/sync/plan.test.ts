// A forecast is what then comes: of a first sync, of an increment and of a full reading, under strict quotas, in calls and
// in minutes.

import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { UnknownSizeError } from '../../src/sync/plan/plan-records.ts';
import type { PlanRequest } from '../../src/sync/plan/planning.ts';
import type { DryRunReport } from '../../src/sync/preview/dry-run.ts';
import { type Forecast, type KeptForecast, keepForecast, listForecasts } from '../../src/tables/forecasts.ts';
import { reportOf } from '../../src/tables/runs.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';
import { People, versionsOf } from '../support/people.ts';
import { openSyncWorld, type SyncWorld, type SyncWorldOptions, until } from '../support/sync-world.ts';

/** What the vendors allow, strictly, and what we are told of it: the same. */
const burst = { requests: 10, seconds: 20 };

const calls = { requests: 30, seconds: 60 };

const bulkCalls = { requests: 12, seconds: 60 };

const search = { requests: 4, seconds: 1 };

const strict: SyncWorldOptions = {
  hubspot: { quotas: { burst, search, daily: false } },
  voucherify: { quotas: { apiCalls: calls, bulkCalls }, bulkProcessing: { waitMs: 1_000, recordMs: 1 } },
  source: { quota: [burst], searchPerSecond: 4 },
  destination: { quota: calls, bulkQuota: bulkCalls },
};

describe.each(behaviour)('a forecast on $name', ({ open }) => {
  let database: TestDatabase;
  let world: SyncWorld;

  async function start(contacts: number, options: SyncWorldOptions = {}): Promise<void> {
    database = await open();
    world = await openSyncWorld(database, { clock: new FastClock(25), ...options });
    world.hubspot.seed(contacts, 7, world.clock.now() - 3_600_000);
    await world.tributary.start({ calendar: false });
  }

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  const planned = (request: PlanRequest): Promise<Forecast> =>
    world.tributary.plan(world.tributary.rules.source('hubspot')!, request);

  /** Makes the forecast, does what was forecast, and returns both. */
  async function carriedOut(mode: 'incremental' | 'full'): Promise<KeptForecast> {
    const made = await planned({ mode });
    const id = await keepForecast(database, made);
    const { lane } = made;
    const run = (await world.tributary.request({ source: 'hubspot', mode, trigger: 'manual', lane }))!;
    const kept = async () => (await listForecasts(database, { run: run.id, limit: 1 }))[0];
    await until(async () => (await kept())?.actual != null);
    expect((await kept())!.id).toBe(id);
    return (await kept())!;
  }

  function ratios({ forecast, actual }: KeptForecast) {
    const told = forecast.totals.source + forecast.totals.destination;
    const made = actual!.calls.source! + actual!.calls.destination!;
    return { calls: made / told, minutes: actual!.minutes / forecast.minutes };
  }

  function expectNear(ratio: number, share = 0.1): void {
    expect(ratio).toBeGreaterThan(1 - share);
    expect(ratio).toBeLessThan(1 + share);
  }

  it('of a first sync of 3,000 contacts is within a tenth of its calls and minutes', async () => {
    await start(3_000, { ...strict, clock: new FastClock(6) });
    const kept = await carriedOut('incremental');
    expect(kept.forecast).toMatchObject({
      first: true,
      lane: 'backfill',
      records: { count: 3_000, basis: 'vendor' },
      customers: 3_000,
      bottleneck: { side: 'source', quota: '20-seconds' },
      fits: true,
    });
    expect(kept.actual).toMatchObject({ state: 'finished', records: 3_000, customers: 3_000 });
    expect(kept.actual!.calls.source).toBe(kept.forecast.totals.source);
    const { calls, minutes } = ratios(kept);
    expectNear(calls);
    expectNear(minutes);
    expect(world.hubspot.quotas!.violations.burst + world.voucherify.violations).toBe(0);
  });

  it('of changes uses the vendor’s count, and of everything the changes of full runs', async () => {
    await start(600);
    await world.sync();
    await world.clock.skip(3_600_000);
    const ids = [...world.hubspot.contacts()].slice(0, 12).map(({ id }) => id);
    for (const id of ids) world.hubspot.update(id, { city: `Town ${id}` });
    await world.clock.skip(600_000);
    const increment = await carriedOut('incremental');
    expect(increment.forecast).toMatchObject({ first: false, lane: 'manual', customers: 12 });
    expect(increment.forecast.records.basis).toBe('vendor');
    const { source, destination } = increment.forecast.totals;
    // Twelve customers, and the segments, which were read more than an hour ago.
    expect({ source, destination }).toEqual({ source: 3, destination: 13 });
    expect(increment.actual).toMatchObject({ customers: 12, calls: { source } });
    // The metadata schema may have been read meanwhile, as it is every ten minutes, and the segments, as they are every hour: also
    // between the forecast and the run.
    const others = increment.actual!.calls.destination! - destination;
    expect(others).toBeGreaterThanOrEqual(-1);
    expect(others).toBeLessThanOrEqual(2);
    const full = await carriedOut('full');
    expect(full.forecast.records).toEqual({ count: 600, basis: 'vendor' });
    expect(full.forecast.calls.find(({ what }) => what === 'everything')!.calls).toBe(6);
    expect(full.forecast.customers).toBe(600);
    expect(full.actual!.customers).toBe(0);
    const again = await planned({ mode: 'full' });
    expect(again.customers).toBe(0);
    expect(again.assumptions.join(' ')).toMatch(/As in recent runs, 0 % of the records/);
  });

  it('counts the calls by which others’ parts are known where the destination replaces, and says what it takes for granted', async () => {
    await start(120, { voucherify: { metadataWrites: 'replace' } });
    const { calls, bytes, assumptions } = await planned({ mode: 'incremental' });
    const callsFor = (wanted: string) => calls.find(({ what }) => what === wanted)?.calls;
    expect(callsFor('customers listed')).toBe(2);
    expect(callsFor('changes asked for')).toBe(1);
    expect(callsFor('reads before writes')).toBeUndefined();
    expect(bytes.read).toBeGreaterThan(bytes.written / 10);
    expect(assumptions.join(' ')).toMatch(/vendor's own count \(hubspot\)\. Every record .* new customer\./);
  });

  it('does not fit where the day’s quota is too small, whether spent by us or named so by the vendor', async () => {
    const daily = (requests: number) => ({
      source: {
        quota: [
          { requests: 1_000, seconds: 10 },
          { requests, seconds: 86_400 },
        ],
      },
    });
    await start(1_000, daily(10));
    const small = await planned({ mode: 'full' });
    expect(small).toMatchObject({ fits: false, bottleneck: { quota: 'daily' } });
    expect(small.quotas.find(({ quota }) => quota === 'daily')).toMatchObject({ calls: 11, limit: 9 });
    expect(small.minutes).toBeGreaterThan(1_000);
    await world.close();
    await database.close();
    await start(1_000, daily(20));
    expect((await planned({ mode: 'full' })).fits).toBe(true);
    await world.sync();
    const spent = await planned({ mode: 'full' });
    expect(spent.fits).toBe(false);
    expect(spent.quotas.find(({ quota }) => quota === 'daily')!.budget).toBeLessThan(10);
  });

  it('counts what a dry run found where an exact answer is asked for', async () => {
    await start(300);
    await world.sync();
    const changed = [...world.hubspot.contacts()].slice(0, 40).map(({ id }) => id);
    for (const id of changed.slice(0, 30)) world.hubspot.update(id, { city: `Town ${id}` });
    for (const id of changed.slice(30)) world.hubspot.update(id, { jobtitle: 'unread by us' });
    await world.clock.skip(600_000);
    const run = await world.tributary.request({
      source: 'hubspot',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'manual',
      request: { dryRun: true },
    });
    await world.rest();
    const report = (await reportOf(database, run!.id)) as unknown as DryRunReport;
    const exact = await planned({ mode: 'incremental', exact: { runId: run!.id, report } });
    expect(exact).toMatchObject({ customers: 30, records: { basis: 'dry run' } });
    expect((await planned({ mode: 'incremental' })).customers).toBe(40);
  });

  it('changes nothing', async () => {
    await start(50);
    await world.sync();
    await world.tributary.budgets.flush();
    const own = ['workers', 'quota_spend', 'quota_slices', 'quota_states'];
    const before = await versionsOf(database, own);
    await planned({ mode: 'full' });
    await planned({ mode: 'incremental' });
    expect(await versionsOf(database, own)).toEqual(before);
  });

  it('belongs to the first run of its kind within the hour, and to no other', async () => {
    await start(20);
    await world.sync();
    const old = await planned({ mode: 'incremental' });
    await keepForecast(database, { ...old, at: old.at - 3_700_000 });
    await keepForecast(database, { ...old, mode: 'full' });
    const unforecast = await world.sync();
    expect(await listForecasts(database, { run: unforecast.id, limit: 1 })).toEqual([]);
    const id = await keepForecast(database, await planned({ mode: 'incremental' }));
    const [first, second] = [await world.sync(), await world.sync()];
    expect(await listForecasts(database, { run: first.id, limit: 9 })).toMatchObject([{ id }]);
    expect(await listForecasts(database, { run: second.id, limit: 9 })).toEqual([]);
  });
});

describe.each(behaviour)('a forecast of a source that does not count on $name', ({ open }) => {
  let database: TestDatabase;
  let people: People;

  afterEach(async () => {
    await people?.stop();
    await database?.close();
  });

  it('uses a person’s number, the last full reading, or how fast it changed recently', async () => {
    database = await open();
    people = new People(database);
    people.seed('crm', 40);
    const tributary = await people.start({ crm: { connector: 'people', account: 'crm' } });
    const source = tributary.rules.source('crm')!;
    await expect(tributary.plan(source, { mode: 'incremental' })).rejects.toThrow(UnknownSizeError);
    const given = await tributary.plan(source, { mode: 'incremental', records: 5_000 });
    expect(given).toMatchObject({ records: { count: 5_000, basis: 'given' }, customers: 5_000 });
    await people.run('crm', { mode: 'full' });
    const full = await tributary.plan(source, { mode: 'full' });
    expect(full.records).toEqual({ count: 40, basis: 'last full run' });
    people.clock.skip(10 * 60_000);
    people.vendor('crm').people = people
      .vendor('crm')
      .people.map((person, index) =>
        index < 10
          ? { ...person, changedAt: 2_000, body: { ...person.body, name: `Other ${index}` } }
          : person,
      );
    await people.run('crm');
    people.clock.skip(20 * 60_000);
    const { records, customers } = await tributary.plan(source, { mode: 'incremental' });
    expect(records.basis).toBe('recent runs');
    // Ten in ten minutes, and twenty minutes since.
    expect(records.count).toBeGreaterThan(17);
    expect(records.count).toBeLessThan(23);
    expect(customers).toBe(records.count);
    await database.rows(sql`delete from runs`);
    expect((await tributary.plan(source, { mode: 'full' })).records).toEqual({
      count: 40,
      basis: 'stored records',
    });
  });
});
