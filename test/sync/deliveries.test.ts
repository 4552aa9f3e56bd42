// Deliveries: a level and no list. Who is owed what, who carries it, and what becomes of it whatever dies on the way.

import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Database, toEpochMs } from '../../src/db/database.ts';
import { moment } from '../../src/db/moments.ts';
import { apportion, type Lane, lanes } from '../../src/engine/quota/lanes.ts';
import { leaseOf } from '../../src/engine/work/worker-registry.ts';
import {
  assignToBatch,
  backlog,
  type Claimed,
  claim,
  DueBounds,
  deliveryDueAt,
  extendLease,
  freeDeliveries,
  hold,
  pullForward,
  redeliver,
  releaseHeld,
  requeueDead,
  type Settlement,
  settle,
  settleEach,
  upsertWanted,
} from '../../src/tables/deliveries.ts';
import { FreshnessNotes, forgetFreshness, freshnessSince } from '../../src/tables/freshness.ts';
import { pathDatabases, type TestDatabase } from '../support/databases.ts';

const start = Date.UTC(2026, 0, 1);

const leaseMs = 120_000;

interface Row {
  revision: number;
  acknowledged: number | null;
  state: string;
  lane: number;
  dueAt: number | null;
  waitingSince: number | null;
  attempts: number;
  uncertain: boolean;
  leased: boolean;
  deliveredAt: number | null;
  code: string | null;
  error: string | null;
}

describe.each(pathDatabases)('deliveries on $name', ({ name, open }) => {
  let database: TestDatabase;
  let now: number;

  beforeAll(async () => {
    database = await open();
  });
  beforeEach(async () => {
    now = start;
    await database.rows(sql`truncate deliveries, records, revisions, freshness`);
  });
  afterAll(() => database.close());

  const owe = (sourceId: string, revision = 1, lane: Lane = 'schedule') =>
    upsertWanted(database, [{ sourceId, revision }], lane, now);
  const oweMany = (count: number, lane: Lane = 'schedule') =>
    upsertWanted(
      database,
      Array.from({ length: count }, (_, index) => ({
        sourceId: `c${String(index).padStart(5, '0')}`,
        revision: 1,
      })),
      lane,
      now,
    );
  const newLease = (worker: string = randomUUID()) => leaseOf(worker);
  const reach = (
    lease: string,
    most = 100,
    bounds = new DueBounds(),
    on: Database = database,
  ): Promise<Claimed[]> =>
    on.transaction(async (tx) => {
      const due = await backlog(tx, now, most);
      const waiting = lanes.map((lane) => due.find((one) => one.lane === lane)?.due ?? 0);
      return claim(tx, { lease, now, leaseMs, most: apportion(most, waiting), bounds });
    });
  /** Claims without counting what is due first: only the claim itself keeps rows from it. */
  const claimUncounted = (lease = newLease()) =>
    claim(database, { lease, now, leaseMs, most: lanes.map(() => 100), bounds: new DueBounds() });
  const row = async (sourceId: string): Promise<Row> => {
    const [found] = await database.rows<Row>(sql`
      select revision, acknowledged, state, lane, ${toEpochMs(sql`due_at`)} as "dueAt", ${toEpochMs(sql`waiting_since`)} as "waitingSince",
        attempts, uncertain, lease is not null as leased, ${toEpochMs(sql`delivered_at`)} as "deliveredAt", error_code as code, error
      from deliveries where source_id = ${sourceId}`);
    return found!;
  };
  const ids = (claimed: readonly Claimed[]) => claimed.map(({ sourceId }) => sourceId);
  const delivered = (sourceId: string, revision = 1): Settlement => ({
    sourceId,
    revision,
    end: 'delivered',
  });
  const dead = (sourceId: string, revision = 1): Settlement => ({
    sourceId,
    revision,
    end: 'dead',
    code: 'refused',
    message: 'no',
    uncertain: false,
  });
  const later = (
    sourceId: string,
    dueAt: number,
    over: Partial<Extract<Settlement, { end: 'again' }>> = {},
  ): Settlement => ({
    sourceId,
    revision: 1,
    end: 'again',
    dueAt,
    counted: true,
    message: 'no answer',
    uncertain: true,
    ...over,
  });

  describe('that are wanted', () => {
    it('are one row, however often: a thousand changes of a customer are one delivery', async () => {
      for (let revision = 1; revision <= 1000; revision += 50) {
        now += 1000;
        await owe('ann', revision);
      }
      await owe('ann', 1000);
      const [count] = await database.rows<{ count: number }>(
        sql`select count(*)::int as count from deliveries`,
      );
      expect(count?.count).toBe(1);
      expect(await reach(newLease())).toMatchObject([{ sourceId: 'ann', revision: 1000 }]);
    });

    it('never fall back to an older revision', async () => {
      await owe('ann', 7);
      await owe('ann', 3);
      expect(await row('ann')).toMatchObject({ revision: 7 });
    });

    it('keep the best lane of all that asked for them, and the longest wait', async () => {
      await owe('ann', 1, 'backfill');
      now += 60_000;
      await owe('ann', 2, 'manual');
      now += 60_000;
      await owe('ann', 3, 'schedule');
      expect(await row('ann')).toMatchObject({ lane: 1, waitingSince: start, dueAt: start });
    });

    it('keep the best lane while they are held, and while they are put off', async () => {
      await owe('ann', 1, 'webhook');
      await owe('bob', 1, 'webhook');
      await hold(database, ['ann']);
      await owe('ann', 2, 'backfill');
      const lease = newLease();
      await reach(lease);
      await settle(database, { lease }, [later('bob', now + 1000)], now);
      await owe('bob', 2, 'schedule');
      await releaseHeld(database, ['ann'], now);
      expect(await row('ann')).toMatchObject({ state: 'waiting', lane: 0, waitingSince: start });
      expect(await row('bob')).toMatchObject({ lane: 0, waitingSince: start, attempts: 1 });
    });

    it('take the better lane where they are sent again for healing', async () => {
      await owe('ann', 1, 'backfill');
      await owe('bob', 1, 'webhook');
      await redeliver(database, ['ann', 'bob'], { lane: 'schedule', now });
      expect([(await row('ann')).lane, (await row('bob')).lane]).toEqual([2, 0]);
    });

    it('wait anew, in the new lane, once they were delivered', async () => {
      await owe('ann', 1, 'webhook');
      const lease = newLease();
      await reach(lease);
      await settle(database, { lease }, [delivered('ann')], now);
      now += 60_000;
      await owe('ann', 2, 'backfill');
      expect(await row('ann')).toMatchObject({
        state: 'waiting',
        lane: 3,
        waitingSince: now,
        dueAt: now,
        acknowledged: 1,
      });
    });

    it('do not jump a wait that a failure has given them', async () => {
      await owe('ann');
      const lease = newLease();
      await reach(lease);
      await settle(database, { lease }, [later('ann', now + 300_000)], now);
      await owe('ann', 2, 'webhook');
      expect(await row('ann')).toMatchObject({ dueAt: now + 300_000, lane: 0, attempts: 1 });
    });
  });

  describe('that are claimed', () => {
    it('go by lane, then by how long they are due', async () => {
      await owe('schedule-late');
      now += 1000;
      for (const lane of ['backfill', 'schedule', 'manual', 'webhook'] as const) await owe(lane, 1, lane);
      now += 1000;
      expect(ids(await reach(newLease(), 3))).toEqual(['webhook', 'manual', 'schedule-late']);
      expect(ids(await reach(newLease(), 3))).toEqual(['schedule', 'backfill']);
    });

    it('are not due for others until the lease runs out', async () => {
      await owe('ann');
      await reach(newLease());
      expect(await reach(newLease())).toEqual([]);
      expect(await moment(database, deliveryDueAt(lanes))).toBe(now + leaseMs);
      now += leaseMs - 1;
      expect(await reach(newLease())).toEqual([]);
    });

    it('are not claimed by a worker that counted them as due before another one claimed them', async () => {
      await owe('ann');
      await reach(newLease());
      await owe('bob');
      expect(ids(await claimUncounted())).toEqual(['bob']);
      expect(await claimUncounted()).toEqual([]);
    });

    it('are held further by the worker that has them, and by no other', async () => {
      await owe('ann');
      const lease = newLease();
      await reach(lease);
      await owe('bob');
      await reach(newLease());
      now += 1000;
      const until = now + leaseMs;
      expect(await extendLease(database, { lease, sourceIds: ['ann', 'bob'], until })).toBe(true);
      expect([(await row('ann')).dueAt, (await row('bob')).dueAt]).toEqual([until, start + leaseMs]);
      await settle(database, { lease }, [delivered('ann')], now);
      expect(await extendLease(database, { lease, sourceIds: ['ann', 'bob'], until })).toBe(false);
    });

    it('are left to their workers when those that wait for a later moment are pulled forward', async () => {
      await owe('ann');
      const lease = newLease();
      await reach(lease);
      await settle(database, { lease }, [later('ann', now + 300_000)], now);
      await owe('bob');
      await reach(newLease());
      now += 1000;
      expect(await pullForward(database, now)).toBe(1);
      expect(await row('ann')).toMatchObject({ dueAt: now });
      expect(await row('bob')).toMatchObject({ leased: true, dueAt: start + leaseMs });
    });

    it('are due again when it has run out, and in doubt: nobody knows what arrived', async () => {
      await owe('ann');
      expect(await reach(newLease())).toMatchObject([{ uncertain: false }]);
      now += leaseMs;
      expect(await backlog(database, now, 100)).toEqual([{ lane: 'schedule', due: 1, oldest: start }]);
      expect(await reach(newLease())).toMatchObject([{ sourceId: 'ann', uncertain: true }]);
    });

    it('are no longer in doubt once an attempt has ended well', async () => {
      await owe('ann');
      await reach(newLease());
      now += leaseMs;
      const lease = newLease();
      await reach(lease);
      await settle(database, { lease }, [delivered('ann')], now);
      await owe('ann', 2);
      expect(await reach(newLease())).toMatchObject([{ uncertain: false }]);
    });

    it('of a worker that died are due at once and in doubt; those of others are left alone', async () => {
      const [gone, alive] = [randomUUID(), randomUUID()];
      await owe('ann');
      await reach(newLease(gone));
      await owe('bob');
      await reach(newLease(alive));
      now += 1000;
      expect(await freeDeliveries(database, gone, now)).toEqual([{ sourceId: 'ann', acknowledged: null }]);
      expect(await reach(newLease())).toMatchObject([{ sourceId: 'ann', uncertain: true }]);
      expect(await row('bob')).toMatchObject({ leased: true, dueAt: start + leaseMs });
    });

    it('by many workers at once are claimed each by one', async () => {
      await oweMany(2000);
      const workers = [database, await database.again()];
      const claims = await Promise.all(
        Array.from({ length: 12 }, (_, index) => reach(newLease(), 150, new DueBounds(), workers[index % 2])),
      );
      const all = claims.flatMap(ids);
      expect(new Set(all).size).toBe(all.length);
      expect(all.length).toBe(1800);
    });

    it.skipIf(name === 'PGlite')(
      'are passed by where another worker is just claiming them, without waiting for it',
      async () => {
        await oweMany(10);
        const other = await database.again();
        await database.transaction(async (tx) => {
          const first = await claim(tx, {
            lease: newLease(),
            now,
            leaseMs,
            most: [4, 4, 4, 4],
            bounds: new DueBounds(),
          });
          // This one would wait for ever if it waited.
          const second = await reach(newLease(), 100, new DueBounds(), other);
          expect([first.length, second.length]).toEqual([4, 6]);
          expect(ids(second).filter((id) => ids(first).includes(id))).toEqual([]);
        });
      },
    );
  });

  describe('that are settled', () => {
    it('delivered, are done with', async () => {
      await owe('ann', 5);
      const lease = newLease();
      await reach(lease);
      now += 500;
      expect(await settle(database, { lease }, [delivered('ann', 5)], now)).toEqual(new Set(['ann']));
      expect(await row('ann')).toEqual({
        revision: 5,
        acknowledged: 5,
        state: 'delivered',
        lane: 2,
        dueAt: null,
        waitingSince: null,
        attempts: 0,
        uncertain: false,
        leased: false,
        deliveredAt: now,
        code: null,
        error: null,
      });
    });

    it('stay due where a newer revision was wanted meanwhile, in the lane that it came by', async () => {
      await owe('ann', 1, 'backfill');
      const lease = newLease();
      await reach(lease);
      now += 500;
      await owe('ann', 2, 'webhook');
      expect(await reach(newLease())).toEqual([]);
      await settle(database, { lease }, [delivered('ann', 1)], now);
      expect(await row('ann')).toMatchObject({
        state: 'waiting',
        revision: 2,
        acknowledged: 1,
        lane: 0,
        dueAt: now,
        waitingSince: now,
      });
      expect(await reach(newLease())).toMatchObject([{ sourceId: 'ann', revision: 2, uncertain: false }]);
    });

    it('with a refusal are dead, unless a newer revision may be better', async () => {
      await owe('ann');
      await owe('bob');
      const lease = newLease();
      await reach(lease);
      await owe('bob', 2);
      await settle(database, { lease }, [dead('ann'), dead('bob')], now);
      expect(await row('ann')).toMatchObject({
        state: 'dead',
        dueAt: null,
        waitingSince: start,
        code: 'refused',
        error: 'no',
      });
      expect(ids(await reach(newLease()))).toEqual(['bob']);
    });

    it('with one attempt too many leave a newer revision all of its own', async () => {
      await owe('ann');
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const lease = newLease();
        await reach(lease);
        await settle(database, { lease }, [later('ann', now)], now);
      }
      const lease = newLease();
      expect(await reach(lease)).toMatchObject([{ attempts: 5 }]);
      await owe('ann', 2);
      await settle(database, { lease }, [dead('ann', 1)], now);
      expect(await reach(newLease())).toMatchObject([{ revision: 2, attempts: 0 }]);
    });

    it('to be retried wait as long as required, and count an attempt only if it was one', async () => {
      await owe('ann');
      const lease = newLease();
      await reach(lease);
      await settle(database, { lease }, [later('ann', now + 2000)], now);
      expect(await row('ann')).toMatchObject({
        state: 'waiting',
        dueAt: now + 2000,
        attempts: 1,
        uncertain: true,
        waitingSince: start,
        error: 'no answer',
      });
      now += 2000;
      const next = newLease();
      await reach(next);
      await settle(database, { lease: next }, [later('ann', now, { counted: false, uncertain: false })], now);
      expect(await row('ann')).toMatchObject({ attempts: 1, uncertain: false });
    });

    it("by a worker that has lost them are not: it settles nothing of another's", async () => {
      await owe('ann');
      const slow = newLease();
      await reach(slow);
      now += leaseMs;
      const quick = newLease();
      await reach(quick);
      const before = await row('ann');
      for (const settlement of [delivered('ann'), dead('ann'), later('ann', now)])
        expect(await settle(database, { lease: slow }, [settlement], now)).toEqual(new Set());
      expect(await row('ann')).toEqual(before);
      expect(await settle(database, { lease: quick }, [delivered('ann')], now)).toEqual(new Set(['ann']));
      expect(await settle(database, { lease: quick }, [dead('ann')], now)).toEqual(new Set());
      expect(await row('ann')).toMatchObject({ state: 'delivered' });
    });

    it('only so far as they are still held, one by one', async () => {
      await owe('ann');
      const lease = newLease();
      await reach(lease);
      await owe('bob');
      expect(
        await settle(database, { lease }, [delivered('ann'), delivered('bob'), delivered('nobody')], now),
      ).toEqual(new Set(['ann']));
      expect(await row('bob')).toMatchObject({ state: 'waiting' });
    });

    it('by a bulk action only while it carries them', async () => {
      await owe('ann');
      await owe('bob');
      const [lease, batchId] = [newLease(), randomUUID()];
      await reach(lease);
      expect(await assignToBatch(database, { lease, batchId, sourceIds: ['ann'] })).toBe(1);
      expect(
        await assignToBatch(database, { lease: newLease(), batchId: randomUUID(), sourceIds: ['bob'] }),
      ).toBe(0);
      now += leaseMs * 10;
      expect(ids(await claimUncounted())).toEqual(['bob']);
      expect(await settle(database, { lease }, [dead('ann')], now)).toEqual(new Set());
      expect(await settle(database, { batchId: randomUUID() }, [dead('ann')], now)).toEqual(new Set());
      expect(await settle(database, { batchId }, [delivered('ann')], now)).toEqual(new Set(['ann']));
    });
  });

  describe('whose change has a clock', () => {
    const change = (sourceId: string, revision: number, changedAt?: number, lane: Lane = 'webhook') =>
      upsertWanted(database, [{ sourceId, revision, changedAt }], lane, now);
    const fresh = async (sourceId: string) =>
      (
        await database.rows<{ changedAt: number | null; freshnessMs: number | null }>(sql`
          select ${toEpochMs(sql`changed_at`)} as "changedAt", freshness_ms::float8 as "freshnessMs"
          from deliveries where source_id = ${sourceId}`)
      )[0]!;
    const send = async (sourceId: string, revision = 1) => {
      const lease = newLease();
      await reach(lease);
      return settleEach(database, { lease }, [delivered(sourceId, revision)], now);
    };

    it('are as fresh as the oldest change that had to wait', async () => {
      await change('ann', 1, start - 5_000);
      now += 2_000;
      await change('ann', 2, now - 1_000);
      await change('ann', 3);
      expect(await fresh('ann')).toEqual({ changedAt: start - 5_000, freshnessMs: null });
      now += 1_000;
      expect(await send('ann', 3)).toEqual([{ sourceId: 'ann', lane: 0, freshnessMs: 8_000 }]);
      expect(await fresh('ann')).toEqual({ changedAt: null, freshnessMs: 8_000 });
    });

    it('say nothing where no change of the source is in them', async () => {
      await change('ann', 1, now);
      await send('ann');
      await redeliver(database, ['ann'], { lane: 'schedule', now });
      expect(await send('ann')).toMatchObject([{ freshnessMs: null }]);
      expect(await fresh('ann')).toEqual({ changedAt: null, freshnessMs: null });
    });

    it('keep their clock over failures, and a source ahead of us is no fresher than at once', async () => {
      await change('ann', 1, start + 60_000);
      const lease = newLease();
      await reach(lease);
      await settle(database, { lease }, [later('ann', now)], now);
      expect(await fresh('ann')).toMatchObject({ changedAt: start + 60_000 });
      expect(await send('ann')).toMatchObject([{ freshnessMs: 0 }]);
    });

    it('begin a new clock with the change that came while the one before was on its way', async () => {
      await change('ann', 1, start - 9_000);
      const lease = newLease();
      await reach(lease);
      now += 4_000;
      await change('ann', 2, now - 500);
      await database.rows(sql`
        insert into revisions (source_id, revision, at, changed, cause) values ('ann', 2, to_timestamp(${now}::float8 / 1000), '{}', '{}')`);
      await database.rows(sql`
        insert into records (source, stream, record_id, source_id, changed_at, hash, body, received_at)
        values ('s', 'people', '1', 'ann', to_timestamp(${now - 500}::float8 / 1000), 'h', '{}', to_timestamp(${now}::float8 / 1000))`);
      now += 1_000;
      expect(await settleEach(database, { lease }, [delivered('ann', 1)], now)).toMatchObject([
        { freshnessMs: 14_000 },
      ]);
      expect(await fresh('ann')).toEqual({ changedAt: start + 3_500, freshnessMs: 14_000 });
      expect(await send('ann', 2)).toMatchObject([{ freshnessMs: 1_500 }]);
    });

    it('are added up by lane and hour, and read as percentiles', async () => {
      const [one, two] = [new FreshnessNotes(), new FreshnessNotes()];
      one.note(0, [90, 1_000, 1_000, 60_000], now);
      one.note(2, [500_000], now - 2 * 3_600_000);
      await one.write(database, now);
      one.note(0, [100], now);
      await one.write(database, now + 999);
      two.note(0, [100, 200], now);
      await two.write(database, now, { all: true });
      expect((await freshnessSince(database, now)).all.deliveries).toBe(6);
      await one.write(database, now + 1_000);
      const { all, lanes } = await freshnessSince(database, now - 3 * 3_600_000);
      expect(all).toMatchObject({ deliveries: 8 });
      expect(lanes.map(({ lane, deliveries }) => [lane, deliveries])).toEqual([
        ['webhook', 7],
        ['manual', 0],
        ['schedule', 1],
        ['backfill', 0],
      ]);
      expect(lanes[0]!.p50Ms).toBeLessThanOrEqual(200);
      expect(lanes[0]!.p99Ms).toBeGreaterThan(51_200);
      expect(lanes[1]).toMatchObject({ p50Ms: null, p99Ms: null });
      await forgetFreshness(database, now);
      expect((await freshnessSince(database, 0)).all.deliveries).toBe(7);
    });
  });

  it('that are to go by themselves say so to whoever claims them, until they are delivered', async () => {
    await owe('ann');
    let lease = newLease();
    expect(await reach(lease)).toMatchObject([{ alone: false }]);
    await settle(database, { lease }, [later('ann', now, { alone: true })], now);
    await owe('ann', 2);
    lease = newLease();
    expect(await reach(lease)).toMatchObject([{ alone: true, revision: 2 }]);
    await settle(database, { lease }, [delivered('ann', 2)], now);
    await owe('ann', 3);
    expect(await reach(newLease())).toMatchObject([{ alone: false }]);
  });

  describe('that are dead', () => {
    beforeEach(async () => {
      await owe('ann', 1, 'backfill');
      const [first, last] = [newLease(), newLease()];
      await reach(first);
      await settle(database, { lease: first }, [later('ann', now)], now);
      await reach(last);
      await settle(database, { lease: last }, [dead('ann')], now);
      expect(await row('ann')).toMatchObject({ state: 'dead', attempts: 1 });
      now += 60_000;
    });

    it('are never due by themselves', async () => {
      now += 10 ** 9;
      expect(await backlog(database, now, 100)).toEqual([]);
      expect(await moment(database, deliveryDueAt(lanes))).toBeNull();
      expect(await reach(newLease())).toEqual([]);
    });

    it('live again with a newer revision, with all attempts before them and without the old error', async () => {
      await owe('ann', 2, 'schedule');
      expect(await row('ann')).toMatchObject({
        state: 'waiting',
        lane: 2,
        dueAt: now,
        attempts: 0,
        code: null,
        error: null,
      });
      expect(await reach(newLease())).toMatchObject([{ revision: 2 }]);
    });

    it('live again where a person wishes it', async () => {
      await owe('bob');
      expect(await requeueDead(database, ['ann', 'bob', 'nobody'], 'manual', now)).toBe(1);
      expect(await row('ann')).toMatchObject({
        state: 'waiting',
        lane: 1,
        dueAt: now,
        attempts: 0,
        revision: 1,
      });
      expect(await requeueDead(database, null, 'manual', now)).toBe(0);
    });
  });

  describe('a bound', () => {
    /** Claims until nothing is left, as a worker does, with bounds that it keeps. */
    async function claimAll(bounds: DueBounds): Promise<void> {
      while ((await reach(newLease(), 10, bounds)).length > 0);
    }

    it('hides no row that commits up to a minute late', async () => {
      const bounds = new DueBounds();
      await oweMany(50);
      await claimAll(bounds);
      await upsertWanted(database, [{ sourceId: 'late', revision: 1 }], 'schedule', now - 59_999);
      expect(ids(await reach(newLease(), 10, bounds))).toEqual(['late']);
    });

    it('hides none for longer than fifteen seconds, however late it commits', async () => {
      const bounds = new DueBounds();
      await oweMany(50);
      await claimAll(bounds);
      await upsertWanted(database, [{ sourceId: 'late', revision: 1 }], 'schedule', now - 3_600_000);
      let found: string[] = [];
      const since = now;
      // Work goes on all the while, so that the bound goes on too.
      for (let step = 0; found.length === 0 && step < 100; step += 1) {
        now += 500;
        await upsertWanted(database, [{ sourceId: `more-${step}`, revision: 1 }], 'schedule', now);
        found = ids(await reach(newLease(), 1, bounds)).filter((id) => id === 'late');
      }
      expect(found).toEqual(['late']);
      expect(now - since).toBeLessThanOrEqual(15_500);
    });

    it('hides nothing for long where the clock is set back', async () => {
      const bounds = new DueBounds();
      await oweMany(50);
      await claimAll(bounds);
      now -= 3_600_000;
      await upsertWanted(database, [{ sourceId: 'then', revision: 1 }], 'schedule', now);
      expect(ids(await reach(newLease(), 10, bounds))).toEqual(['then']);
    });

    it("of one lane does not hide another's rows", async () => {
      const bounds = new DueBounds();
      await oweMany(50, 'schedule');
      await claimAll(bounds);
      await upsertWanted(database, [{ sourceId: 'other', revision: 1 }], 'webhook', now - 3_600_000);
      expect(ids(await reach(newLease(), 10, bounds))).toEqual(['other']);
    });
  });

  describe('the backlog', () => {
    it('tells by lane how many are due and since when, each counted no further than asked', async () => {
      await oweMany(30, 'backfill');
      now += 5000;
      await owe('wish', 1, 'manual');
      expect(await backlog(database, now, 1000)).toEqual([
        { lane: 'manual', due: 1, oldest: now },
        { lane: 'backfill', due: 30, oldest: start },
      ]);
      expect(await backlog(database, now, 11)).toEqual([
        { lane: 'manual', due: 1, oldest: now },
        { lane: 'backfill', due: 11, oldest: start },
      ]);
      expect(await backlog(database, start - 1, 1000)).toEqual([]);
    });
  });

  describe('the table', () => {
    it.each([
      ['a waiting row that is never due', sql`due_at = null`],
      ['a dead row that is due', sql`state = 'dead'`],
      ['a waiting row without since when', sql`waiting_since = null`],
      ['a delivered row that still waits', sql`state = 'delivered', due_at = null, acknowledged = revision`],
      [
        'a delivered row of which another revision was acknowledged',
        sql`state = 'delivered', due_at = null, waiting_since = null, acknowledged = revision - 1`,
      ],
      ['a state that there is not', sql`state = 'sent', due_at = null`],
    ])('refuses %s', async (_what, set) => {
      await owe('ann', 2);
      await expect(database.rows(sql`update deliveries set ${set}`)).rejects.toMatchObject({ code: '23514' });
    });
  });
});
