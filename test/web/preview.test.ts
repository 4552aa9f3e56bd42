// Previews and dry runs over HTTP: held against the OpenAPI document, and closed to whoever looks for secrets.

import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sourceShape } from '../../src/config/shape.ts';
import { behaviour } from '../support/databases.ts';
import { versionsOf } from '../support/people.ts';
import { until } from '../support/sync-world.ts';
import { type Call, caller, expectProblem } from './calls.ts';
import { openWorld, type World } from './world.ts';

const config = (mapping: object, more: object = {}) => ({
  destination: { connector: 'memory' },
  sources: { crm: { connector: 'people', mapping }, files: { connector: 'csv' } },
  metadataSchema: 'none',
  ...more,
});
const reference = (name: string) => `\${env:${name}}`;
const present = { name: 'name', email: 'email', 'metadata.plan': 'plan' };

describe.each(behaviour)('POST /api/preview on $name', ({ open }) => {
  let world: World;
  let call: Call;

  beforeEach(async () => {
    world = await openWorld(await open());
    call = await caller(world);
    world.truth.people = Array.from({ length: 12 }, (_, index) => ({
      id: `${index}`,
      changedAt: 1_000,
      body: {
        name: `N${index}`,
        email: `e${index}@example.org`,
        plan: 'gold',
        city: index % 2 ? 'Oslo' : null,
      },
    }));
    await world.tributary.start();
    await call('POST', '/api/sources/crm/sync', { json: { mode: 'full' } });
    await until(() => world.tributary.isAtRest());
  });

  afterEach(() => world.close());

  it('answers with grouped differences and exact payloads, and writes nothing', async () => {
    const before = await versionsOf(world.database, ['workers']);
    const same = await call('POST', '/api/preview', { json: { config: config(present) } });
    expect(same.body).toMatchObject({ differs: false, customers: { looked: 12 } });
    const { status, body } = await call('POST', '/api/preview', {
      json: { config: config({ ...present, 'address.city': 'city' }), payloads: 1, samples: 1 },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      differs: true,
      summary: '6 customers gain address.city',
      writes: {
        customers: 6,
        payloads: [{ sourceId: '1', payload: { source_id: '1', 'address.city': 'Oslo' } }],
      },
    });
    expect(body.fields[0].set.samples).toHaveLength(1);
    const part = await call('POST', '/api/preview', {
      json: { mapping: { crm: { name: 'email' } }, payloads: ['3'] },
    });
    expect(part.body).toMatchObject({
      customers: { differing: 12 },
      writes: { payloads: [{ sourceId: '3' }] },
    });
    expect(await versionsOf(world.database, ['workers'])).toEqual(before);
  });

  it.each([
    [{}, { path: 'config' }],
    [{ config: config(present), mapping: { crm: present } }, { path: 'config' }],
    [{ config: config({ nmae: 'name' }) }, { path: 'config.sources.crm.mapping.nmae' }],
    [
      { config: config(present, { sources: { x: { connector: 'nosuch' } } }) },
      { path: 'config.sources.x.connector' },
    ],
    [{ config: config({ name: 7 }) }, { path: 'config.sources.crm.mapping.name' }],
    [{ mapping: { nosuch: { name: 'name' } } }, { path: 'mapping.nosuch' }],
    [{ mapping: { crm: { name: 7 } } }, { path: 'mapping.crm.name' }],
    [{ mapping: { crm: { nmae: 'x' } } }, { path: 'mapping.crm.nmae' }],
    [
      { mapping: { crm: { name: { association: 'company', property: 'name' } } } },
      { path: 'mapping.crm.name.association' },
    ],
    [{ merge: { fields: { emial: 'newest' } } }, { path: 'merge.fields.emial' }],
    [
      { config: config(present, { deletes: 'blank' }) },
      { path: 'config.deletes', allowed: '"onOrphaned" in its place, with the same value' },
    ],
    [{ config: config(present), payloads: 100_000 }, { path: 'payloads' }],
  ])('refuses %j with the fault', async (json, fault) => {
    const answer = await call('POST', '/api/preview', { json });
    expectProblem(answer, 400, { faults: expect.arrayContaining([expect.objectContaining(fault)]) });
  });

  it('takes a merge that names a source there is not, in either form, and says so', async () => {
    const merge = { fields: { name: ['nosuch'] } };
    const note =
      'merge.fields.name names "nosuch", but there is no source of this name (sources: crm, files).';
    for (const json of [{ merge }, { config: config(present, { merge }) }])
      expect((await call('POST', '/api/preview', { json })).body.notes).toContain(note);
  });

  it('takes no reference to the environment in a setting that is not of the connector', async () => {
    for (const key of Object.keys(sourceShape.shape)) {
      const crm = { connector: 'people', mapping: present, [key]: reference('PATH') };
      const answer = await call('POST', '/api/preview', {
        json: { config: config(present, { sources: { crm } }) },
      });
      const fault = { path: `config.sources.crm.${key}`, allowed: expect.stringContaining('no reference') };
      expectProblem(answer, 400, { faults: expect.arrayContaining([expect.objectContaining(fault)]) });
    }
  });

  it('says every fault at once', async () => {
    const json = { config: config({ nmae: 'x' }, { merge: { fields: { emial: 'newest' } } }) };
    const { body } = await call('POST', '/api/preview', { json });
    expect(body.faults.map(({ path }: { path: string }) => path).toSorted()).toEqual([
      'config.merge.fields.emial',
      'config.sources.crm.mapping.nmae',
    ]);
  });

  it.each([
    { name: reference('HOME') },
    { name: { from: ['name', reference('PATH')] } },
    { [reference('HOME')]: 'name' },
  ])('reads no environment for a mapping: %j', async (mapping) => {
    const answer = await call('POST', '/api/preview', { json: { config: config(mapping), payloads: 5 } });
    expectProblem(answer, 400);
    expect(JSON.stringify(answer.body)).not.toContain(process.env['HOME']);
    expect(JSON.stringify(answer.body)).not.toContain(process.env['PATH']);
  });

  it('takes a setting that refers to the environment without reading it', async () => {
    const sources = {
      crm: { connector: 'people', mapping: present },
      files: { connector: 'csv', path: reference('HOME') },
    };
    const { status, body } = await call('POST', '/api/preview', {
      json: { config: config(present, { sources }) },
    });
    expect({ status, differs: body.differs }).toEqual({ status: 200, differs: false });
  });

  it('requires authentication', async () => {
    const answer = await call('POST', '/api/preview', { json: { config: {} }, token: null });
    expectProblem(answer, 401);
  });
});

describe.each(behaviour)('a dry run over HTTP on $name', ({ open }) => {
  it('is asked for, shown as one, and reported', async () => {
    const world = await openWorld(await open());
    try {
      const call = await caller(world);
      world.truth.people = [
        { id: '1', changedAt: 1, body: { name: 'A', email: 'a@example.org', plan: 'x' } },
      ];
      await world.tributary.start();
      const asked = await call('POST', '/api/sources/crm/sync', { json: { dryRun: true } });
      expect(asked).toMatchObject({ status: 202, body: { mode: 'incremental', request: { dryRun: true } } });
      await until(async () => (await call('GET', `/api/runs/${asked.body.id}`)).body.state === 'finished');
      const { body } = await call('GET', `/api/runs/${asked.body.id}`);
      expect(body.report).toMatchObject({ differs: true, customers: { created: { count: 1 } }, pages: 1 });
      expect((await call('GET', '/api/runs')).body.runs[0]).toMatchObject({ request: { dryRun: true } });
      const records = await call('POST', '/api/sources/crm/sync', {
        json: { mode: 'records', recordIds: ['1', '2'], dryRun: true },
      });
      await until(async () => (await call('GET', `/api/runs/${records.body.id}`)).body.state === 'finished');
      expect((await call('GET', `/api/runs/${records.body.id}`)).body).toMatchObject({
        received: 2,
        changed: 1,
        rejected: 1,
      });
      expect(await world.database.rows(sql`select 1 from customers`)).toEqual([]);
      expect(await world.database.rows(sql`select 1 from dead_letters`)).toEqual([]);
      expect(world.truth.taken.size).toBe(0);
    } finally {
      await world.close();
    }
  });
});
