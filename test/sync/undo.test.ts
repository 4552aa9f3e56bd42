// A run undone, end to end: Voucherify holds again what it held before, what others changed is spared and listed, and it stays so
// through full syncs until the source says something else.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { Run } from '../../src/contract/run.ts';
import { undoRun } from '../../src/sync/undo/undo.ts';
import { runById } from '../../src/tables/runs.ts';
import { createApp } from '../../src/web/app.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { openSyncWorld, type SyncWorld, type SyncWorldOptions } from '../support/sync-world.ts';
import { type Call, caller } from '../web/calls.ts';
import { apiToken } from '../web/world.ts';

describe.each(behaviour)('a run undone on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;
  let call: Call;
  let ids: string[];

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  async function start(people: number, options: SyncWorldOptions = {}): Promise<void> {
    database = await open();
    world = await openSyncWorld(database, options);
    ids = Array.from({ length: people }, (_, index) =>
      world.hubspot.create({ firstname: `P${index}`, city: 'Gdynia', phone: `+48 600 000 ${100 + index}` }),
    );
    await world.tributary.start();
    call = await caller({
      app: createApp(world.tributary, { apiToken, version: '1.0.0', dataDir: '/nonexistent' }),
    } as never);
    await world.sync();
  }

  const held = (id: string) => world.voucherify.bySourceId(id);
  const everything = () =>
    new Map(
      [...world.voucherify.customers()].map(({ source_id, name, phone, address, metadata }) => [
        source_id,
        { name: name ?? null, phone: phone ?? null, city: address?.city ?? null, ...metadata },
      ]),
    );
  const preview = async (runId: number, created = false) =>
    (await call('GET', `/api/runs/${runId}/undo?created=${created}`)).body;
  const undo = async (runId: number, created = false): Promise<Run> => {
    const { status, body } = await call('POST', `/api/runs/${runId}/undo`, { json: { created } });
    expect(status).toBe(202);
    await world.rest();
    return (await runById(database, body.id))!;
  };
  const sparedBy = async (runId: number) => (await call('GET', `/api/runs/${runId}/spared`)).body.spared;

  it('brings back what Voucherify held, keeps it through a full sync, and ends where the source changes again', async () => {
    await start(12);
    const before = everything();
    for (const id of ids.slice(0, 8)) world.hubspot.update(id, { city: 'Sopot', phone: '', jobtitle: 'x' });
    const run = await world.sync();
    expect(everything()).not.toEqual(before);

    const shown = await preview(run.id);
    expect(shown).toMatchObject({
      differs: true,
      customers: { looked: 8, back: 8 },
      spared: { counts: [], values: [] },
    });
    expect(
      shown.fields.map(({ field, changed }: never) => [field, (changed as { count: number }).count]),
    ).toEqual([
      ['address.city', 8],
      ['phone', 8],
    ]);
    expect(everything()).not.toEqual(before);

    const undone = await undo(run.id);
    expect(undone).toMatchObject({ mode: 'undo', state: 'finished', received: 8, changed: 8, customers: 8 });
    expect(everything()).toEqual(before);
    // Only what had changed was written, by an ordinary delivery.
    expect(await preview(run.id)).toMatchObject({ differs: false, customers: { looked: 8, back: 0 } });

    await world.sync('full');
    expect(everything()).toEqual(before);
    const [listed] = (await call('GET', '/api/undos')).body.undos;
    expect(listed).toMatchObject({ undoes: run.id, standing: { values: 16, customers: 8 }, spared: [] });
    const explained = (await call('GET', `/api/customers/${ids[0]}/explain?field=address.city`)).body;
    expect(JSON.stringify(explained)).toContain(`Run ${undone.id}, an undo, brought it back`);

    // The source changes one of the two fields again: that counts, and the other stands.
    world.hubspot.update(ids[0]!, { city: 'Gdansk' });
    await world.sync();
    expect(held(ids[0]!)).toMatchObject({ address: { city: 'Gdansk' }, phone: '+48 600 000 100' });
    expect((await call('GET', '/api/undos')).body.undos[0].standing).toEqual({ values: 15, customers: 8 });
    // The same value as before the undo is the source's word too.
    world.hubspot.update(ids[0]!, { city: 'Sopot' });
    await world.sync();
    expect(held(ids[0]!)).toMatchObject({ address: { city: 'Sopot' } });
  });

  it('spares and lists what a later run, a pin and somebody at Voucherify changed', async () => {
    await start(6);
    for (const id of ids) world.hubspot.update(id, { city: 'Sopot' });
    const run = await world.sync();
    world.hubspot.update(ids[0]!, { city: 'Gdansk' });
    const later = await world.sync();
    await call('PUT', `/api/customers/${ids[1]}/pins/address.city`, {
      json: { value: 'Hel', note: 'she rang' },
    });
    await world.rest();
    world.voucherify.upsert({ source_id: ids[2]!, address: { city: 'Elsewhere' } });
    await call('POST', '/api/verify', { json: { full: true } });
    await world.rest();
    await until(async () => (await call('GET', '/api/drifts')).body.drifts.length > 0);

    const { spared } = await preview(run.id);
    expect(spared.counts.map(({ because }: { because: string }) => because).sort()).toEqual([
      'changed later',
      'drifted',
      'pinned',
    ]);
    const undone = await undo(run.id);
    expect(undone).toMatchObject({ received: 6, changed: 3, superseded: 3 });
    expect(await sparedBy(undone.id)).toEqual(
      [
        {
          sourceId: ids[0],
          field: 'address.city',
          because: 'changed later',
          by: `by run ${later.id} of hubspot (contacts)`,
        },
        { sourceId: ids[1], field: 'address.city', because: 'pinned', by: 'by a person' },
        {
          sourceId: ids[2],
          field: 'address.city',
          because: 'drifted',
          by: expect.stringMatching(/^by somebody at the destination, found by verification/),
        },
      ].sort((a, b) => (a.sourceId! < b.sourceId! ? -1 : 1)),
    );
    expect(ids.map((id) => held(id)?.address?.city)).toEqual([
      ...['Gdansk', 'Hel', 'Elsewhere', 'Gdynia', 'Gdynia', 'Gdynia'],
    ]);
  });

  it('is withdrawn by undoing it', async () => {
    await start(4);
    for (const id of ids) world.hubspot.update(id, { city: 'Sopot' });
    const run = await world.sync();
    const after = everything();
    const undone = await undo(run.id);
    await undo(undone.id);
    expect(everything()).toEqual(after);
    expect((await call('GET', '/api/undos')).body.undos.map(({ standing }: never) => standing)).toEqual([
      { values: 0, customers: 0 },
      { values: 0, customers: 0 },
    ]);
    await world.sync('full');
    expect(everything()).toEqual(after);
  });

  it('takes customers that the run created away only if asked, and gives them back when their source changes them', async () => {
    await start(3);
    const created = [1, 2].map((index) => world.hubspot.create({ firstname: `New ${index}` }));
    const run = await world.sync();
    expect(world.voucherify.count).toBe(5);
    const left = await undo(run.id);
    expect(left).toMatchObject({ changed: 0, superseded: 2 });
    expect((await sparedBy(left.id)).map(({ because }: { because: string }) => because)).toEqual([
      'created',
      'created',
    ]);
    expect(world.voucherify.count).toBe(5);

    expect(await preview(run.id, true)).toMatchObject({ customers: { takenAway: { count: 2 } } });
    const undone = await undo(run.id, true);
    expect(world.voucherify.count).toBe(3);
    await world.sync('full');
    expect(world.voucherify.count).toBe(3);
    expect((await call('GET', '/api/undos')).body.undos[0].withheld).toBe(2);

    world.hubspot.update(created[0]!, { city: 'Sopot' });
    await world.sync();
    expect(held(created[0]!)).toMatchObject({ name: 'New 1', address: { city: 'Sopot' } });
    await undo(undone.id);
    expect(held(created[1]!)).toMatchObject({ name: 'New 2' });
  });

  it('brings back customers whom the run left without a record', async () => {
    await start(5, { config: { onOrphaned: 'delete', breaker: { deleted: { share: 1, count: 100 } } } });
    const before = everything();
    for (const id of ids.slice(0, 2)) world.hubspot.archive(id);
    const run = await world.sync('full');
    expect(world.voucherify.count).toBe(3);
    expect(await preview(run.id)).toMatchObject({ customers: { kept: { count: 2 } } });
    const undone = await undo(run.id);
    expect(everything()).toEqual(before);
    await world.sync('full');
    expect(everything()).toEqual(before);
    await undo(undone.id);
    expect(world.voucherify.count).toBe(3);
  });

  it('goes on where it died, and while its source is paused', async () => {
    await start(12);
    const before = everything();
    for (const id of ids) world.hubspot.update(id, { city: 'Sopot' });
    const run = await world.sync();
    await call('POST', '/api/sources/hubspot/pause', { json: {} });
    await world.tributary.drain();
    const { body } = await call('POST', `/api/runs/${run.id}/undo`, { json: {} });
    // Dies after each transaction in turn: the customers of a transaction go back with its checkpoint, or not at all.
    const lease = '00000000-0000-4000-8000-000000000001';
    await database.rows(
      sql`update runs set lease = ${lease}::uuid, leased_until = now() where id = ${body.id}::bigint`,
    );
    const running = {
      deps: {
        ...world.tributary,
        database,
        rules: world.tributary.rules,
        clock: world.clock,
        onIngested() {},
      },
      run: (await runById(database, body.id))!,
      ...{ lease, leaseMs: 1000, signal: AbortSignal.timeout(60_000), chunkCustomers: 5 },
    };
    const dying = { ...database, rows: database.rows.bind(database), transaction: dyingAfter(2) };
    await expect(
      undoRun({ ...running, deps: { ...running.deps, database: dying as never } }),
    ).rejects.toThrow('killed');
    const half = (await runById(database, body.id))!;
    expect(half).toMatchObject({ received: 10, changed: 10, pages: 2 });
    await database.rows(sql`update runs set lease = null, leased_until = null where id = ${body.id}::bigint`);
    await world.again(await database.again());
    await world.rest();
    expect(await runById(database, body.id)).toMatchObject({ state: 'finished', received: 12, changed: 12 });
    expect(everything()).toEqual(before);
  });

  /** Commits so many transactions, and is killed in the middle of the next. */
  function dyingAfter(times: number): TestDatabase['transaction'] {
    let done = 0;
    return async (work) => {
      if (done === times)
        return database.transaction(async (tx) => {
          await work(tx);
          throw new Error('killed');
        });
      done += 1;
      return database.transaction(work);
    };
  }

  it('refuses a run that is still going, a dry run and an unknown one', async () => {
    await start(2);
    const { body: dry } = await call('POST', '/api/sources/hubspot/sync', { json: { dryRun: true } });
    await until(async () => (await call('GET', `/api/runs/${dry.id}`)).body.state === 'finished');
    expect(await call('POST', `/api/runs/${dry.id}/undo`, { json: {} })).toMatchObject({
      status: 409,
      body: { detail: `Run ${dry.id} was a dry run: it changed nothing.` },
    });
    expect((await call('GET', '/api/runs/999/undo')).status).toBe(404);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries += 1) {
    if (tries > 2_000) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
