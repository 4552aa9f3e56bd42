// Forecasts over HTTP: held against the OpenAPI document, and beside what came of them.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { behaviour } from '../support/databases.ts';
import { until } from '../support/sync-world.ts';
import { type Call, caller, expectProblem } from './calls.ts';
import { openWorld, type World } from './world.ts';

describe.each(behaviour)('forecasts over HTTP on $name', ({ open }) => {
  let world: World;
  let call: Call;

  beforeEach(async () => {
    world = await openWorld(await open());
    call = await caller(world);
    world.truth.people = Array.from({ length: 12 }, (_, index) => ({
      id: `${index}`,
      changedAt: 1_000,
      body: { name: `N${index}`, email: `e${index}@example.org`, plan: 'gold' },
    }));
    await world.tributary.start({ calendar: false });
  });

  afterEach(() => world.close());

  it('are made, and listed beside what then came, with the ratio', async () => {
    const made = await call('POST', '/api/plan', { json: { source: 'crm', mode: 'full', records: 12 } });
    expect(made.status).toBe(200);
    const [forecast] = made.body.forecasts;
    expect(forecast).toMatchObject({
      source: 'crm',
      mode: 'full',
      first: true,
      records: { count: 12, basis: 'given' },
      customers: 12,
      totals: { source: 0, destination: 12 },
      quotas: [{ side: 'destination', quota: 'calls', calls: 12, limit: 1520, fits: true }],
      bottleneck: null,
      fits: true,
    });
    expect(Date.parse(forecast.endsAt)).toBeGreaterThan(Date.parse(forecast.at));
    expect((await call('GET', '/api/forecasts')).body).toMatchObject({
      forecasts: [{ id: forecast.id, runId: null, actual: null, ratio: null }],
      nextCursor: null,
    });
    const run = await call('POST', '/api/sources/crm/sync', { json: { mode: 'full' } });
    const path = `/api/forecasts?run=${run.body.id}`;
    await until(async () => (await call('GET', path)).body.forecasts[0]?.actual != null);
    const { body } = await call('GET', path);
    expect(body.forecasts).toMatchObject([
      {
        id: forecast.id,
        runId: run.body.id,
        actual: { state: 'finished', records: 12, customers: 12, calls: { source: 0, destination: 0 } },
        ratio: { calls: 0, customers: 1 },
      },
    ]);
    expect(body.forecasts[0].ratio.minutes).toBeGreaterThan(0);
    expect((await call('GET', '/api/forecasts?source=files')).body.forecasts).toEqual([]);
  });

  it('go by pages, the newest first', async () => {
    for (let number = 1; number <= 3; number += 1)
      await call('POST', '/api/plan', { json: { source: 'crm', records: number } });
    const first = await call('GET', '/api/forecasts?limit=2');
    const counts = ({ body }: typeof first) =>
      body.forecasts.map(
        ({ forecast }: { forecast: { records: { count: number } } }) => forecast.records.count,
      );
    expect(counts(first)).toEqual([3, 2]);
    const second = await call('GET', `/api/forecasts?limit=2&cursor=${first.body.nextCursor}`);
    expect([counts(second), second.body.nextCursor]).toEqual([[1], null]);
  });

  it('are refused where nobody can say how much there is, as all that cannot be meant', async () => {
    const unknown = await call('POST', '/api/plan', { json: { source: 'crm' } });
    expectProblem(unknown, 409, { type: 'urn:tributary:problem:unknown-size' });
    // Where all sources are asked about, the others have their forecasts.
    const all = await call('POST', '/api/plan', { json: {} });
    expect(all.body.unknown).toContainEqual({
      source: 'crm',
      reason: expect.stringMatching(/does not say how many/),
    });
    expectProblem(await call('POST', '/api/plan', { json: { source: 'nosuch' } }), 404);
    expectProblem(await call('POST', '/api/plan', { json: { records: 7 } }), 400);
    expectProblem(await call('POST', '/api/plan', { json: { source: 'crm', mode: 'records' } }), 400);
    expectProblem(await call('POST', '/api/plan', { json: { source: 'crm', dryRunId: 99 } }), 404);
    const run = await call('POST', '/api/sources/crm/sync', { json: { mode: 'full' } });
    const json = { source: 'crm', mode: 'full', dryRunId: run.body.id };
    expectProblem(await call('POST', '/api/plan', { json }), 409, {
      type: 'urn:tributary:problem:no-report',
    });
    expectProblem(await call('POST', '/api/plan', { json: {}, token: null }), 401);
  });

  it('are exact by a dry run', async () => {
    const asked = await call('POST', '/api/sources/crm/sync', { json: { mode: 'full', dryRun: true } });
    await until(async () => (await call('GET', `/api/runs/${asked.body.id}`)).body.state === 'finished');
    const { body } = await call('POST', '/api/plan', {
      json: { source: 'crm', mode: 'full', dryRunId: asked.body.id },
    });
    expect(body.forecasts).toMatchObject([{ customers: 12, records: { count: 12, basis: 'dry run' } }]);
    expect(body.forecasts[0].assumptions[0]).toContain(`dry run ${asked.body.id}`);
  });
});
