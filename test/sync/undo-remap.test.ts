// A run undone under a mapping that its customers have not been mapped by yet: what the mapping changes is not the undo's.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fields } from '../../src/connector.ts';
import { Rules } from '../../src/sync/intake/rules.ts';
import { undoRun } from '../../src/sync/undo/undo.ts';
import { overridesOf } from '../../src/tables/pins.ts';
import { revisionsOf } from '../../src/tables/revisions.ts';
import { claimRun } from '../../src/tables/runs.ts';
import { listSpared } from '../../src/tables/spared-values.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { People } from '../support/people.ts';

const mapping = { name: 'name', phone: { from: 'phone', as: 'text' } };
const crm = { connector: 'people', account: 'crm', mapping };
const customer = 'p000001';

describe.each(behaviour)('an undo before the remap on $name', ({ open }) => {
  let database: TestDatabase;
  let people: People;

  afterEach(async () => {
    await people?.stop();
    await database?.close();
  });

  /** A run has renamed everybody, and nothing runs any more. Returns the number of the run. */
  async function renamed(): Promise<number> {
    database = await open();
    people = new People(database);
    people.seed('crm', 3);
    await people.start({ crm });
    await people.run('crm');
    for (const person of people.vendor('crm').people) {
      person.changedAt = 2_000;
      person.body = { ...person.body, name: 'Nobody' };
    }
    return (await people.run('crm')).id;
  }

  /** Undoes a run by this mapping, before its remap is even asked for. Returns the number of the undo. */
  async function undoneBy(own: object, runId: number, more: object = {}): Promise<number> {
    const sources = { crm: { ...crm, mapping: own }, ...more };
    const worker = await people.wire(sources);
    const requested = await worker.request({
      ...{ source: 'crm', mode: 'undo', trigger: 'manual', lane: 'manual' },
      request: { undo: runId },
    });
    const lease = '30000000-0000-4000-8000-000000000001';
    const terms = { lease, now: people.clock.now(), leaseMs: 600_000 };
    const run = await database.transaction((tx) => claimRun(tx, { ...terms, host: 'here', sources: [] }));
    expect(run?.id).toBe(requested!.id);
    const rules = new Rules(people.config(sources), null);
    const deps = { database, rules, clock: people.clock, onIngested() {} };
    await undoRun({ deps, run: run!, ...terms, signal: new AbortController().signal });
    await database.rows(
      sql`update runs set state = 'finished', ended_at = now(), lease = null, leased_until = null where id = ${run!.id}::bigint`,
    );
    return run!.id;
  }

  const fields = async () =>
    (
      await database.rows<{ fields: Fields }>(sql`select fields from customers where source_id = ${customer}`)
    )[0]!.fields;
  const kept = async () => (await overridesOf(database, [customer])).get(customer)?.undone ?? {};

  it('leaves to the mapping what the mapping brings, also when it is withdrawn', async () => {
    const run = await renamed();
    const wider = { ...mapping, 'metadata.called': 'name' };
    const undo = await undoneBy(wider, run);
    expect(await fields()).toMatchObject({ name: 'Person 1', 'metadata.called': 'Nobody' });
    const [last, before] = await revisionsOf(database, customer, { limit: 2 });
    expect(last).toMatchObject({ cause: { by: 'undo' }, changed: { name: { to: 'Person 1' } } });
    expect(Object.keys(last!.changed)).toEqual(['name']);
    expect(before).toMatchObject({ cause: { by: 'remap', source: 'crm' } });
    expect(before!.changed).toEqual({ 'metadata.called': { to: 'Nobody' } });

    await undoneBy(wider, undo);
    expect(await fields()).toMatchObject({ name: 'Nobody', 'metadata.called': 'Nobody' });
    expect(await kept()).toEqual({});
    // The remap itself has nothing left to do for them, and what it delivers is what is kept.
    await people.start({ crm: { ...crm, mapping: wider } });
    await people.rest();
    expect(await fields()).toMatchObject({ name: 'Nobody', 'metadata.called': 'Nobody' });
    expect(people.taken.findLast(({ sourceId }) => sourceId === customer)!.payload).toMatchObject({
      'metadata.called': 'Nobody',
    });
  });

  it('names the source whose mapping has changed', async () => {
    const run = await renamed();
    const other = { connector: 'people', account: 'shop', mapping: { 'metadata.plan': 'plan' } };
    people.seed('shop', 3);
    await people.start({ crm, shop: other });
    await people.run('shop');
    const wider = { ...other, mapping: { 'metadata.tariff': 'plan' } };
    await undoneBy(mapping, run, { shop: wider });
    const [, before] = await revisionsOf(database, customer, { limit: 2 });
    expect(before).toMatchObject({
      cause: { by: 'remap', source: 'shop' },
      changed: { 'metadata.plan': { from: 'gold' }, 'metadata.tariff': { to: 'gold' } },
    });
  });

  it('spares a field that the mapping gives another value', async () => {
    const run = await renamed();
    const undo = await undoneBy({ ...mapping, name: 'id' }, run);
    expect(await fields()).toMatchObject({ name: customer });
    expect(await kept()).toEqual({});
    const spared = await listSpared(database, undo, { limit: 10 });
    expect(spared[1]).toMatchObject({
      ...{ sourceId: customer, field: 'name', because: 'changed later', by: 'by the new mapping of crm' },
    });
    // What the mapping brought is delivered though the undo brought nothing back.
    await people.start({ crm: { ...crm, mapping: { ...mapping, name: 'id' } } });
    await people.rest();
    expect(people.taken.findLast(({ sourceId }) => sourceId === customer)!.payload).toMatchObject({
      name: customer,
    });
  });

  it('keeps away whoever an undo has taken away, until a record of theirs changes', async () => {
    database = await open();
    people = new People(database);
    people.seed('crm', 3);
    const worker = await people.start({ crm });
    const { id } = await people.run('crm');
    const withheld = async () =>
      (await database.rows(sql`select 1 from customers where withheld_by is not null`)).length;
    await worker.request({
      ...{ source: 'crm', mode: 'undo', trigger: 'manual', lane: 'manual' },
      request: { undo: id, created: true },
    });
    await people.rest();
    expect(await withheld()).toBe(3);
    await people.start({ crm: { ...crm, mapping: { ...mapping, 'metadata.called': 'name' } } });
    await people.rest();
    expect(await fields()).toMatchObject({ 'metadata.called': 'Person 1' });
    expect(await withheld()).toBe(3);
    const [first] = people.vendor('crm').people;
    first!.changedAt = 2_000;
    first!.body = { ...first!.body, name: 'Somebody' };
    await people.run('crm');
    expect(await withheld()).toBe(2);
  });
});
