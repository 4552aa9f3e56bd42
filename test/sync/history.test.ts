// What a customer was, and a source read again from a time on: end to end through the API, and as properties.
import { tmpdir } from 'node:os';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fields, Json } from '../../src/connector.ts';
import type { Changed } from '../../src/customer/undo.ts';
import { stateAt, undo } from '../../src/sync/views/history.ts';
import { requestRun, runById } from '../../src/tables/runs.ts';
import { createApp } from '../../src/web/app.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { fc } from '../support/properties.ts';
import { openSyncWorld, type SyncWorld, type SyncWorldOptions } from '../support/sync-world.ts';
import { type Call, caller, expectProblem } from '../web/calls.ts';
import { apiToken, type World } from '../web/world.ts';

// ── Pure ────────────────────────────────────────────────────────────────────────────────────────────────────────

const values = fc.jsonValue({ maxDepth: 1 }) as fc.Arbitrary<Json>;

const someFields = fc.dictionary(fc.constantFrom('name', 'email', 'phone', 'metadata.a'), values);

/** As `refold` writes it. */
function changedBetween(before: Fields, after: Fields): Changed {
  const changed: Changed = {};
  for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (JSON.stringify(before[field]) === JSON.stringify(after[field])) continue;
    changed[field] = {
      ...(Object.hasOwn(before, field) && { from: before[field]! }),
      ...(Object.hasOwn(after, field) && { to: after[field]! }),
    };
  }
  return changed;
}

/** A customer made of these states, one a second, and what is kept of it. */
function keptOf(states: readonly Fields[]) {
  const revisions = states.slice(1).map((fields, index) => ({
    revision: index + 2,
    at: (index + 1) * 1000,
    changed: changedBetween(states[index]!, fields),
  }));
  return {
    present: { revision: states.length, fields: states.at(-1)!, createdAt: 0 },
    revisions: revisions.reverse(),
  };
}

describe('the state at a time', () => {
  it('is the present now, each past state at its time, and none before the first', () => {
    fc.assert(
      fc.property(fc.array(someFields, { minLength: 1, maxLength: 8 }), (states) => {
        const { present, revisions } = keptOf(states);
        expect(stateAt(present, revisions, Number.MAX_SAFE_INTEGER)).toEqual({
          revision: present.revision,
          fields: present.fields,
        });
        for (const [index, fields] of states.entries()) {
          const state = { revision: index + 1, fields };
          expect(stateAt(present, revisions, index * 1000)).toEqual(state);
          expect(stateAt(present, revisions, index * 1000 + 999)).toEqual(state);
        }
        expect(stateAt(present, revisions, -1)).toBeNull();
      }),
    );
  });

  it('is that before a revision after an undo', () => {
    fc.assert(
      fc.property(someFields, someFields, (before, after) => {
        const changed = changedBetween(before, after);
        expect(undo(after, changed)).toEqual(before);
      }),
    );
  });
});

// ── End to end ──────────────────────────────────────────────────────────────────────────────────────────────────

describe.each(databases)('the past on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;
  let call: Call;

  async function start(options: SyncWorldOptions = {}, people = 5): Promise<void> {
    database = await open();
    world = await openSyncWorld(database, options);
    world.hubspot.seed(people, 7);
    const app = createApp(world.tributary, { apiToken, version: '1.2.3', dataDir: tmpdir() });
    call = await caller({ app } as World);
    await world.tributary.start();
  }

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  const get = async (path: string) => {
    const answer = await call('GET', path);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body;
  };
  const someId = (index = 0) => [...world.hubspot.contacts()][index]!.id;

  it('is listed revision by revision: what changed, from what, by what; the first as its creation', async () => {
    await start();
    const id = someId();
    world.hubspot.update(id, { city: 'Gdynia', email: 'first@example.com' });
    const backfill = await world.sync();
    world.clock.skip(3_600_000);
    world.hubspot.update(id, { city: 'Sopot' });
    const increment = await world.sync();
    world.clock.skip(3_600_000);
    await call('PUT', `/api/customers/${id}/pins/email`, {
      json: { value: 'second@example.com', note: 'by phone' },
    });
    await world.rest();

    const { revisions, nextCursor } = await get(`/api/customers/${id}/history`);
    expect(nextCursor).toBeNull();
    expect(revisions.map(({ revision, by }: { revision: number; by: string }) => [revision, by])).toEqual([
      [3, 'by a person, who pinned email: by phone'],
      [2, `by run ${increment.id} of hubspot (contacts)`],
      [1, 'by its creation'],
    ]);
    expect(revisions[0].changed).toEqual({ email: { from: 'first@example.com', to: 'second@example.com' } });
    expect(revisions[1].changed).toEqual({ 'address.city': { from: 'Gdynia', to: 'Sopot' } });
    expect(revisions[2].changed).toMatchObject({
      email: { to: 'first@example.com' },
      'address.city': { to: 'Gdynia' },
    });
    expect(revisions[2].changed.email).not.toHaveProperty('from');
    expect(Date.parse(revisions[2].at)).toBeGreaterThanOrEqual(backfill.startedAt!);

    // Page after page it is the same.
    const first = await get(`/api/customers/${id}/history?limit=1`);
    const second = await get(`/api/customers/${id}/history?limit=1&cursor=${first.nextCursor}`);
    const third = await get(`/api/customers/${id}/history?limit=1&cursor=${second.nextCursor}`);
    expect([...first.revisions, ...second.revisions, ...third.revisions]).toEqual(revisions);
    expect(third.nextCursor).toBeNull();

    const at = async (time: number) =>
      (await get(`/api/customers/${id}/history?at=${new Date(time).toISOString()}`)).state;
    const now = await at(world.clock.now());
    expect(now).toMatchObject({ revision: 3 });
    expect(now.fields).toEqual((await get(`/api/customers/${id}`)).fields);
    const [pinned, changed, created] = revisions.map((entry: { at: string }) => Date.parse(entry.at));
    expect(await at(pinned - 1)).toMatchObject({
      revision: 2,
      fields: { email: 'first@example.com', 'address.city': 'Sopot' },
    });
    expect(await at(changed - 1)).toMatchObject({ revision: 1, fields: { 'address.city': 'Gdynia' } });
    expect(await at(created - 1)).toMatchObject({ revision: null, fields: null });
    // By the ID of a record or an e-mail too.
    expect((await get('/api/customers/second@example.com/history')).sourceId).toBe(id);
    expectProblem(await call('GET', `/api/customers/${id}/history?at=yesterday`), 400);
    expectProblem(await call('GET', '/api/customers/nobody/history'), 404);
  });

  it('is read again from a time on: what was missed since then is found', async () => {
    await start();
    await world.sync();
    world.clock.skip(3_600_000);
    const to = world.clock.now();
    world.clock.skip(60_000);
    world.hubspot.update(someId(), { city: 'Missed' });
    await world.sync();
    world.clock.skip(3_600_000);
    await world.sync(); // what trails behind has read it too
    // As though the change had never come.
    await database.rows(sql`delete from records where record_id = ${someId()}`);
    world.clock.skip(3_600_000);
    await world.sync();
    expect(await database.rows(sql`select * from records where record_id = ${someId()}`)).toEqual([]);

    const answer = await call('POST', '/api/sources/hubspot/rewind', {
      json: { to: new Date(to).toISOString() },
    });
    expect(answer).toMatchObject({
      status: 202,
      body: { mode: 'incremental', trigger: 'manual', request: { rewoundTo: to } },
    });
    await world.rest();
    const run = (await runById(database, answer.body.id))!;
    expect(run).toMatchObject({ state: 'finished', changed: 1 });
    // What had not changed since is not read again.
    expect(run.received).toBeLessThan(5);
    const [row] = await database.rows<{ body: { city: string } }>(
      sql`select body from records where record_id = ${someId()}`,
    );
    expect(row!.body.city).toBe('Missed');
  });

  it('cannot be read again where that could leave changes out, or where it is not known how', async () => {
    await start({ sources: { files: { connector: 'csv' } } });
    const rewind = (source: string, to: number) =>
      call('POST', `/api/sources/${source}/rewind`, { json: { to: new Date(to).toISOString() } });
    const hourAgo = () => world.clock.now() - 3_600_000;

    const never = await rewind('hubspot', hourAgo());
    expectProblem(never, 409, { type: 'urn:tributary:problem:never-read' });
    const run = await world.sync();
    const cannot = await rewind('files', hourAgo());
    expectProblem(cannot, 400);
    expect(cannot.body.detail).toBe(
      'files cannot be rewound: csv cannot read changes since a given time. Request a full sync instead.',
    );
    // The backfill read all that there was when it began, less the lag of the index: the reader must not go past that.
    const late = await rewind('hubspot', world.clock.now());
    expectProblem(late, 400, { faults: [{ path: 'to' }] });
    const [, until] = /up to (\S+) only/.exec(late.body.detail)!;
    expect(Date.parse(until!)).toBe(run.startedAt! - 120_000);
    expectProblem(await rewind('hubspot', Date.parse(until!) + 1), 400);
    expectProblem(await rewind('nobody', hourAgo()), 404);

    await call('POST', '/api/sources/hubspot/pause', { json: {} });
    expectProblem(await rewind('hubspot', hourAgo()), 409, { type: 'urn:tributary:problem:paused' });
    const going = await requestRun(database, {
      source: 'hubspot',
      mode: 'full',
      trigger: 'manual',
      lane: 'backfill',
      now: world.clock.now(),
    });
    await database.rows(sql`delete from pauses`);
    const second = await rewind('hubspot', hourAgo());
    expectProblem(second, 409, { runId: going!.id });
    const checkpoints = await database.rows<{ cursor: { from: number } }>(
      sql`select cursor from checkpoints where reader in ('lead', 'trail')`,
    );
    for (const { cursor } of checkpoints) expect(cursor.from).toBeGreaterThan(hourAgo());
    await world.rest();
    expect((await rewind('hubspot', Date.parse(until!))).status).toBe(202);
    await world.rest();
  });
});
