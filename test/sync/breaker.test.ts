// The mass-change breaker, end to end: what is too much is held, shown, and goes on only by a person's word.
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { writings } from '../../src/sync/deliver/difference.ts';
import { releaseHolds } from '../../src/sync/holds/decide.ts';
import { pin } from '../../src/sync/intake/pinning.ts';
import { claim, DueBounds, hold } from '../../src/tables/deliveries.ts';
import { pinsOfOne } from '../../src/tables/pins.ts';
import { createApp } from '../../src/web/app.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';
import { openSyncWorld, type SyncWorld, type SyncWorldOptions, until } from '../support/sync-world.ts';
import { type Call, caller } from '../web/calls.ts';
import { apiToken } from '../web/world.ts';

/** 2 s into an hour, so that no test lives in two of them. */
function atTheFullHour(): FastClock {
  const clock = new FastClock();
  clock.skip(3_602_000 - (clock.now() % 3_600_000));
  return clock;
}

describe.each(behaviour)('the mass-change breaker on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;
  let call: Call;
  let ids: string[];

  /** So many contacts, each with a phone and a city, delivered. */
  async function start(people: number, options: SyncWorldOptions = {}): Promise<void> {
    database = await open();
    world = await openSyncWorld(database, { clock: atTheFullHour(), ...options });
    ids = Array.from({ length: people }, (_, index) =>
      world.hubspot.create({ firstname: `P${index}`, phone: phoneOf(index), city: 'Gdynia' }),
    );
    await world.tributary.start();
    call = await callerOf(world);
    await world.sync();
  }

  const callerOf = ({ tributary }: Pick<SyncWorld, 'tributary'>) =>
    caller({ app: createApp(tributary, { apiToken, version: '1.0.0', dataDir: '/nonexistent' }) } as never);
  const phoneOf = (index: number) => `+48 600 000 ${String(index).padStart(3, '0')}`;
  const blank = (from: number, to: number) => {
    for (const id of ids.slice(from, to)) world.hubspot.update(id, { phone: '' });
  };
  const withPhone = () => ids.filter((id) => world.voucherify.bySourceId(id)?.phone != null);
  const heldIds = async () =>
    (
      await database.rows<{ sourceId: string }>(
        sql`select source_id as "sourceId" from deliveries where state = 'held' order by source_id`,
      )
    ).map((row) => row.sourceId);
  const pauseDestination = () =>
    database.rows(
      sql`insert into pauses (name, cause, reason, paused_at) values ('destination', 'person', 'a test', now())`,
    );
  const decisions = async () =>
    (await database.rows<{ decision: string | null }>(sql`select decision from holds order by id`)).map(
      (row) => row.decision,
    );

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  it('lets as many phones go as the ceiling says, holds and shows the rest, and sends them when released', async () => {
    await start(100);
    blank(0, 30);
    const run = await world.sync();
    expect(run).toMatchObject({ state: 'finished', customers: 30 });
    expect(withPhone()).toHaveLength(80);
    expect(await heldIds()).toHaveLength(10);

    const { body } = await call('GET', '/api/holds?limit=4');
    expect(body.groups).toEqual([
      expect.objectContaining({ source: 'hubspot', runId: run.id, change: 'phone', open: 10 }),
    ]);
    expect(body.groups[0].samples).toHaveLength(3);
    expect(body.holds).toHaveLength(4);
    const [first] = body.holds;
    const phone = phoneOf(ids.indexOf(first.sourceId));
    expect(first).toMatchObject({
      change: 'phone',
      runId: run.id,
      from: phone,
      action: 'write',
      difference: { phone: { from: phone, to: null } },
      payload: { source_id: first.sourceId, phone: null },
    });
    const rest = await call('GET', `/api/holds?limit=200&cursor=${body.nextCursor}`);
    expect(rest.body.holds).toHaveLength(6);
    expect(rest.body.nextCursor).toBeNull();
    expect((await call('GET', '/api/status')).body).toMatchObject({
      customers: { total: 100, delivered: 90, held: 10, waiting: 0 },
      holds: { open: 10, customers: 10 },
    });

    const released = await call('POST', '/api/holds/release', { json: { runId: run.id, change: 'phone' } });
    expect(released.body).toEqual({ holds: 10, customers: 10 });
    await world.rest();
    expect(withPhone()).toHaveLength(70);
    expect(await heldIds()).toEqual([]);
    expect((await call('GET', '/api/holds')).body).toEqual({ groups: [], holds: [], nextCursor: null });
  });

  it('holds nobody whose phone is replaced by another one, however many they are', async () => {
    await start(30);
    for (const [index, id] of ids.slice(0, 15).entries())
      world.hubspot.update(id, { phone: `+48 700 000 ${index}` });
    expect(await world.sync()).toMatchObject({ state: 'finished', customers: 15 });
    expect(await heldIds()).toEqual([]);
    expect(await decisions()).toEqual([]);
  });

  it('keeps the values of those that are refused, by pins that name the hold, also through a full sync', async () => {
    await start(30);
    blank(0, 15);
    await world.sync();
    expect(await heldIds()).toHaveLength(5);
    const { body } = await call('GET', '/api/holds');
    const { id, sourceId } = body.holds[0];
    expect((await call('POST', '/api/holds/refuse', { json: { ids: [id] } })).body).toEqual({
      holds: 1,
      customers: 1,
    });
    const phone = phoneOf(ids.indexOf(sourceId));
    expect(await pinsOfOne(database, sourceId)).toMatchObject([
      { field: 'phone', value: phone, note: `refused hold ${id}` },
    ]);
    expect(await heldIds()).toHaveLength(4);
    expect((await call('POST', '/api/holds/refuse', { json: { all: true } })).body.holds).toBe(4);
    await world.sync('full');
    expect(withPhone()).toHaveLength(20);
    expect(world.voucherify.bySourceId(sourceId)?.phone).toBe(phone);
    expect(await heldIds()).toEqual([]);
    expect(await decisions()).toEqual(Array(5).fill('refused'));
  });

  it('sends nothing at all of a customer that is held, and everything once it is not', async () => {
    await start(30);
    blank(0, 11);
    await world.sync();
    const [held] = await heldIds();
    world.hubspot.update(held!, { city: 'Sopot' });
    await world.sync();
    expect(world.voucherify.bySourceId(held!)).toMatchObject({
      phone: phoneOf(ids.indexOf(held!)),
      address: { city: 'Gdynia' },
    });
    const { body } = await call('GET', '/api/holds');
    expect(body.holds).toMatchObject([
      { difference: { phone: { to: null }, 'address.city': { from: 'Gdynia', to: 'Sopot' } } },
    ]);
    await call('POST', '/api/holds/release', { json: { all: true } });
    await world.rest();
    expect(world.voucherify.bySourceId(held!)?.phone ?? null).toBeNull();
    expect(world.voucherify.bySourceId(held!)).toMatchObject({ address: { city: 'Sopot' } });
  });

  it('sends a customer with several holds only when each of them is released', async () => {
    await start(30);
    for (const id of ids.slice(0, 11)) world.hubspot.update(id, { phone: '', city: '' });
    await world.sync();
    const [held] = await heldIds();
    expect(await decisions()).toEqual([null, null]);
    await call('POST', '/api/holds/release', { json: { change: 'phone' } });
    await world.rest();
    expect(await heldIds()).toEqual([held]);
    expect(world.voucherify.bySourceId(held!)?.phone).toBe(phoneOf(ids.indexOf(held!)));
    await call('POST', '/api/holds/release', { json: { all: true } });
    await world.rest();
    expect(await heldIds()).toEqual([]);
    expect(withPhone()).toHaveLength(19);
  });

  it('releases a customer automatically when its source has the value again', async () => {
    await start(30);
    blank(0, 12);
    await world.sync();
    const [back, stays] = await heldIds();
    world.hubspot.update(back!, { phone: '+48 700 000 000' });
    await world.sync();
    expect(world.voucherify.bySourceId(back!)?.phone).toBe('+48 700 000 000');
    expect(await heldIds()).toEqual([stays]);
    expect((await decisions()).toSorted()).toEqual(['dissolved', null].toSorted());
  });

  it('counts by the hour too, over runs that are each below the ceiling', async () => {
    await start(50);
    blank(0, 7);
    await world.sync();
    expect(await heldIds()).toEqual([]);
    blank(7, 14);
    await world.sync();
    expect(await heldIds()).toHaveLength(4);
    world.clock.skip(3_600_000);
    blank(14, 21);
    await world.sync();
    expect(await heldIds()).toHaveLength(4);
    expect(withPhone()).toHaveLength(33);
  });

  it('counts each field separately, and respects an explicit count', async () => {
    const breaker = { blanked: { share: 0.5, count: 3 } };
    await start(20, { config: { breaker } });
    blank(0, 5);
    for (const id of ids.slice(10, 13)) world.hubspot.update(id, { city: '' });
    await world.sync();
    expect((await call('GET', '/api/holds')).body.groups).toMatchObject([{ change: 'phone', open: 2 }]);
    expect(world.voucherify.bySourceId(ids[10]!)?.address?.['city']).toBeNull();
  });

  it('never counts what a person pins, nor what the destination was never sent', async () => {
    await start(20, { config: { breaker: { blanked: { share: 0, count: 0 } } } });
    const { tributary } = world;
    for (const sourceId of ids)
      await pin(tributary, { sourceId, field: 'phone', value: null, note: 'do not call' });
    tributary.wake();
    await world.rest();
    expect(withPhone()).toEqual([]);
    await pauseDestination();
    const fresh = world.hubspot.create({ firstname: 'New', phone: '+48 1' });
    const run = () =>
      tributary.request({ source: 'hubspot', mode: 'incremental', trigger: 'manual', lane: 'schedule' });
    const ended = async (id: number) =>
      (await database.rows(sql`select 1 from runs where id = ${id} and state = 'finished'`)).length > 0;
    const first = await run();
    await until(() => ended(first!.id));
    world.hubspot.update(fresh, { phone: '' });
    const second = await run();
    await until(() => ended(second!.id));
    expect(await heldIds()).toEqual([]);
    // The same breaker does hold the first value that goes from a customer it has sent.
    await database.rows(sql`delete from pauses`);
    tributary.wake();
    await world.rest();
    world.hubspot.update(fresh, { city: 'Oliwa' });
    await world.sync();
    world.hubspot.update(fresh, { city: '' });
    await world.sync();
    expect(await heldIds()).toEqual([fresh]);
  });

  it('never counts whom the destination holds no more: an undo has deleted them', async () => {
    await start(20, {
      config: {
        onOrphaned: 'delete',
        breaker: { deleted: { share: 0, count: 0 }, blanked: { share: 0, count: 0 } },
      },
    });
    const { body: first } = await call('GET', '/api/runs?limit=1');
    await call('POST', `/api/runs/${first.runs[0].id}/undo`, { json: { created: true } });
    await world.rest();
    expect(world.voucherify.count).toBe(0);

    world.hubspot.archive(ids[0]!);
    blank(1, 3);
    await world.sync('full');
    expect(await heldIds()).toEqual([]);
    expect(world.voucherify.count).toBe(2);
    // Who came back is deleted by the breaker's leave only.
    world.hubspot.archive(ids[1]!);
    await world.sync('full');
    expect(await heldIds()).toEqual([ids[1]]);
  });

  it('loses nothing when the process ends between the hold and the release, or in the middle of the release', async () => {
    await start(30);
    blank(0, 14);
    await world.sync();
    const before = await heldIds();
    expect(before).toHaveLength(4);
    const dying = {
      ...database,
      transaction: <Result>(work: Parameters<typeof database.transaction<Result>>[0]) =>
        database.transaction<Result>(async (tx) => {
          await work(tx);
          throw new Error('killed before the commit');
        }),
    };
    const { rules, clock } = world.tributary;
    await expect(releaseHolds({ database: dying, rules, clock }, {})).rejects.toThrow('killed');
    expect(await heldIds()).toEqual(before);
    const worker = await world.again(database);
    await world.rest();
    expect(withPhone()).toHaveLength(20);
    expect(await releaseHolds(worker, {})).toEqual({ holds: 4, customers: 4 });
    worker.wake();
    await world.rest();
    expect(withPhone()).toHaveLength(16);
  });

  it('takes a customer out of the hands of whoever had claimed it', async () => {
    await start(3);
    await pauseDestination();
    const now = world.clock.now();
    await database.rows(
      sql`update deliveries set state = 'waiting', due_at = to_timestamp(0), waiting_since = to_timestamp(0), revision = revision + 1`,
    );
    const claimed = await claim(database, {
      lease: randomUUID(),
      now,
      leaseMs: 60_000,
      most: [10, 10, 10, 10],
      bounds: new DueBounds(),
    });
    expect(claimed).toHaveLength(3);
    await hold(database, [ids[1]!]);
    const { connector, settings } = world.tributary.config.destination;
    const sending = { destination: connector.destination!, settings, onOrphaned: 'keep' as const };
    const { all: found } = await writings(database, claimed, sending, { by: 'bulk' });
    expect(found.map((writing) => writing.sourceId).sort()).toEqual([ids[0], ids[2]].sort());
  });

  it('explains what is wrong with a selection that chooses nothing, or everything and something', async () => {
    await start(1);
    for (const json of [{}, { all: true, change: 'phone' }, { all: false }, { ids: [] }]) {
      const answer = await call('POST', '/api/holds/release', { json });
      expect(answer).toMatchObject({ status: 400, body: { status: 400, type: expect.any(String) } });
    }
    expect((await call('GET', '/api/holds', { token: null })).status).toBe(401);
  });
});
