// Runs: asked for once, carried by one worker at a time, counted page by page in the page's own transaction, ended once.

import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../src/contract/run.ts';
import { DatabaseError } from '../../src/db/database.ts';
import { moment } from '../../src/db/moments.ts';
import { leaseOf } from '../../src/engine/work/worker-registry.ts';
import { checkpoint, moveCheckpoint } from '../../src/tables/checkpoints.ts';
import { type Counts, noCounts } from '../../src/tables/counts.ts';
import {
  listPauses,
  pause,
  pullTrialForward,
  resume,
  resumeAfterTrial,
  takeTrial,
} from '../../src/tables/pauses.ts';
import {
  addNotes,
  CancelledError,
  cancelRun,
  claimRun,
  countPage,
  endRun,
  freeRuns,
  goingRun,
  holdRun,
  LostLeaseError,
  type NewRun,
  nextRunDue,
  PausedError,
  putOffRun,
  requestRun,
  runById,
  runClaimableAt,
} from '../../src/tables/runs.ts';
import { pathDatabases, type TestDatabase } from '../support/databases.ts';
import { openSyncWorld, type SyncWorld } from '../support/sync-world.ts';

const start = Date.UTC(2026, 0, 1);

const leaseMs = 30_000;

describe.each(pathDatabases)('runs on $name', ({ open }) => {
  let database: TestDatabase;
  let now: number;

  beforeAll(async () => {
    database = await open();
  });
  beforeEach(async () => {
    now = start;
    await database.rows(sql`truncate runs, pauses, checkpoints`);
  });
  afterAll(() => database.close());

  const ask = (run: Partial<NewRun> = {}) =>
    requestRun(database, {
      source: 'crm',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'schedule',
      now,
      ...run,
    });
  const newLease = (worker: string = randomUUID()) => leaseOf(worker);
  const claim = (lease: string, over: Partial<Parameters<typeof claimRun>[1]> = {}) =>
    database.transaction((tx) =>
      claimRun(tx, { lease, now, leaseMs, host: 'here', sources: ['crm', 'shop'], ...over }),
    );
  /** A run in a worker's hands. */
  async function carried(run: Partial<NewRun> = {}): Promise<{ id: number; lease: string }> {
    const requested = await ask(run);
    const lease = newLease();
    expect((await claim(lease))?.id).toBe(requested?.id);
    return { id: requested!.id, lease };
  }
  const page = (counts: Partial<Counts> = {}) => ({
    counts: { ...noCounts, ...counts },
    pages: 1,
    expected: null,
    step: 'reading',
    now,
    leaseMs,
  });
  const known = async (id: number): Promise<Run> => (await runById(database, id))!;

  describe('that are asked for', () => {
    it('run once for each slot, however often and whenever it is fired', async () => {
      const slot = start;
      const asked = await Promise.all(Array.from({ length: 10 }, () => ask({ slot, trigger: 'schedule' })));
      const [run, ...others] = asked.filter((one) => one !== null);
      expect(others).toEqual([]);
      await claim(newLease());
      await database.rows(
        sql`update runs set state = 'finished', ended_at = now(), lease = null, leased_until = null`,
      );
      expect(await ask({ slot, trigger: 'schedule' })).toBeNull();
      expect(await ask({ slot: slot + 1000, trigger: 'schedule' })).toMatchObject({ slot: slot + 1000 });
      expect(run).toMatchObject({ slot, state: 'requested', trigger: 'schedule' });
    });

    it('are not started a second time while they are running, whoever asks', async () => {
      const first = await carried({ slot: start });
      expect(await ask({ slot: start + 60_000 })).toBeNull();
      expect(await ask()).toBeNull();
      expect((await goingRun(database, 'crm', 'incremental'))?.id).toBe(first.id);
      // Of another source or mode it is another run.
      expect(await ask({ source: 'shop' })).not.toBeNull();
      expect(await ask({ mode: 'full' })).not.toBeNull();
      await endRun(database, first, { state: 'finished', error: null, now });
      expect(await goingRun(database, 'crm', 'incremental')).toBeNull();
      expect(await ask()).not.toBeNull();
    });

    it('for certain records or a file wait in any number: each is a separate request', async () => {
      for (const recordIds of [['1'], ['2']])
        expect(await ask({ mode: 'records', request: { recordIds } })).not.toBeNull();
      for (const path of ['a.csv', 'b.csv'])
        expect(await ask({ mode: 'import', request: { path, host: 'here' } })).not.toBeNull();
    });
  });

  describe('that keep notes', () => {
    it('add up what several pages say alike, and keep no character that a text cannot hold', async () => {
      const run = await carried();
      const short = { code: 'short', message: 'Cells are missing.', count: 2 };
      await addNotes(database, run.id, [short]);
      await addNotes(database, run.id, [short, { code: 'odd', message: 'A \u0000 in a name.', count: 1 }]);
      const notes = [
        { ...short, count: 4 },
        { code: 'odd', message: 'A  in a name.', count: 1 },
      ];
      expect((await known(run.id)).notes).toEqual(notes);
      const error = 'The column "a\u0000b" is missing.';
      expect(await endRun(database, run, { state: 'failed', error, now })).toMatchObject({
        error: 'The column "ab" is missing.',
        notes,
      });
    });
  });

  describe('that are claimed', () => {
    it('run the best lane first, then the oldest', async () => {
      const ids = new Map<number, string>();
      for (const [name, lane] of [
        ['later', 'schedule'],
        ['all', 'backfill'],
        ['wish', 'manual'],
        ['more', 'manual'],
      ] as const)
        ids.set((await ask({ mode: 'records', lane }))!.id, name);
      const order: string[] = [];
      for (
        let lease = newLease(), run = await claim(lease);
        run;
        lease = newLease(), run = await claim(lease)
      ) {
        order.push(ids.get(run.id)!);
        await endRun(database, { id: run.id, lease }, { state: 'finished', error: null, now });
      }
      expect(order).toEqual(['wish', 'more', 'later', 'all']);
    });

    it('are never two of one source at once: another mode waits until the first has ended', async () => {
      const first = await carried();
      const second = await ask({ mode: 'full', lane: 'manual' });
      expect(await claim(newLease())).toBeNull();
      await endRun(database, first, { state: 'finished', error: null, now });
      expect((await claim(newLease()))?.id).toBe(second?.id);
    });

    it('are as many at once as there are sources', async () => {
      await ask();
      await ask({ source: 'shop' });
      expect(new Set([(await claim(newLease()))?.source, (await claim(newLease()))?.source])).toEqual(
        new Set(['crm', 'shop']),
      );
    });

    it('are each claimed by one of many workers that reach for them at the same time', async () => {
      const workers = [database, await database.again()];
      for (const source of ['crm', 'shop'])
        for (const mode of ['incremental', 'full'] as const) await ask({ source, mode });
      const claimed = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          workers[index % 2]!.transaction((tx) =>
            claimRun(tx, { lease: newLease(), now, leaseMs, host: 'here', sources: ['crm', 'shop'] }),
          ),
        ),
      );
      expect(
        claimed
          .filter((run) => run !== null)
          .map((run) => run.source)
          .sort(),
      ).toEqual(['crm', 'shop']);
    });

    it('are only of sources that are configured, and not of one that is paused', async () => {
      await ask();
      expect(await claim(newLease(), { sources: ['shop'] })).toBeNull();
      await pause(database, 'crm', { cause: 'person', reason: 'lunch' }, now);
      expect(await claim(newLease())).toBeNull();
      await database.rows(sql`delete from pauses`);
      expect(await claim(newLease())).not.toBeNull();
    });

    it('import a file only on the machine that has it', async () => {
      const run = await ask({ mode: 'import', request: { path: '/data/people.csv', host: 'there' } });
      expect(await claim(newLease())).toBeNull();
      expect((await claim(newLease(), { host: 'there' }))?.id).toBe(run?.id);
    });
  });

  describe('a lease', () => {
    it('keeps others away until it runs out, and no longer', async () => {
      const { id } = await carried();
      now += leaseMs;
      expect(await claim(newLease())).toBeNull();
      now += 1;
      expect((await claim(newLease()))?.id).toBe(id);
    });

    it('is extended by every page and every heartbeat', async () => {
      const run = await carried();
      now += 20_000;
      await countPage(database, run, page());
      now += 20_000;
      expect(await holdRun(database, run, now + leaseMs)).toBe(true);
      now += 20_000;
      expect(await claim(newLease())).toBeNull();
    });

    it('that was lost lets its worker neither count a page, nor extend, postpone or end the run', async () => {
      const slow = await carried();
      now += leaseMs + 1;
      const quick = newLease();
      expect((await claim(quick))?.id).toBe(slow.id);
      const before = await known(slow.id);
      await expect(countPage(database, slow, page({ received: 5, changed: 5 }))).rejects.toThrow(
        LostLeaseError,
      );
      expect(await holdRun(database, slow, now + leaseMs)).toBe(false);
      await putOffRun(database, slow, { dueAt: now, counted: true, error: 'late' });
      expect(await endRun(database, slow, { state: 'finished', error: null, now })).toBeNull();
      expect(await known(slow.id)).toEqual(before);
      expect(
        await endRun(database, { id: slow.id, lease: quick }, { state: 'finished', error: null, now }),
      ).toMatchObject({ state: 'finished' });
    });

    it('that was lost rolls the whole page back', async () => {
      const slow = await carried();
      now += leaseMs + 1;
      await claim(newLease());
      const taking = database.transaction(async (tx) => {
        await moveCheckpoint(
          tx,
          { source: 'crm', stream: 'people', reader: 'lead' },
          { cursor: 'next', done: false, now },
        );
        await countPage(tx, slow, page({ received: 1, changed: 1 }));
      });
      await expect(taking).rejects.toThrow(LostLeaseError);
      expect(await checkpoint(database, 'crm', 'people', 'lead')).toBeNull();
    });

    it('of a worker that died is free at once, those of others are not', async () => {
      const [dead, alive] = [randomUUID(), randomUUID()];
      await ask();
      await ask({ source: 'shop' });
      const lost = await claim(newLease(dead));
      const kept = await claim(newLease(alive));
      await freeRuns(database, dead);
      expect(await known(lost!.id)).toMatchObject({ working: false, state: 'requested' });
      expect(await known(kept!.id)).toMatchObject({ working: true });
      expect((await claim(newLease()))?.id).toBe(lost?.id);
    });
  });

  describe('that are postponed', () => {
    it('return when they are due, with the attempt counted if it was one', async () => {
      const run = await carried();
      await putOffRun(database, run, { dueAt: now + 5_000, counted: true, error: 'no answer' });
      expect(await known(run.id)).toMatchObject({
        attempts: 1,
        error: 'no answer',
        working: false,
        state: 'requested',
      });
      expect(await nextRunDue(database)).toBe(now + 5_000);
      now += 4_999;
      expect(await claim(newLease())).toBeNull();
      now += 1;
      const lease = newLease();
      expect((await claim(lease))?.id).toBe(run.id);
      await putOffRun(database, { id: run.id, lease }, { dueAt: now, counted: false, error: null });
      expect(await known(run.id)).toMatchObject({ attempts: 1, error: null });
    });

    it('are not asked for while their source is paused, or while another run of it goes on', async () => {
      const ours = { host: 'here', sources: ['crm'] };
      const run = await carried();
      await ask({ mode: 'full' });
      expect(await moment(database, runClaimableAt(ours))).toBe(now + leaseMs);
      await putOffRun(database, run, { dueAt: now + 5_000, counted: true, error: 'no answer' });
      expect(await moment(database, runClaimableAt(ours))).toBe(now);
      await pause(database, 'crm', { cause: 'person', reason: 'lunch' }, now);
      expect(await moment(database, runClaimableAt(ours))).toBe(Number.POSITIVE_INFINITY);
      await resume(database, 'crm');
      await pause(database, 'crm', { cause: 'unauthorized', reason: 'wrong token' }, now);
      const { trialAt } = (await listPauses(database)).get('crm')!;
      expect(await moment(database, runClaimableAt(ours))).toBe(trialAt);
    });

    it('do not prevent another run of the source', async () => {
      const run = await carried();
      await putOffRun(database, run, { dueAt: now + 60_000, counted: true, error: 'no answer' });
      const other = await ask({ mode: 'full' });
      expect((await claim(newLease()))?.id).toBe(other?.id);
    });

    it('start to count attempts again after a page that went well', async () => {
      const run = await carried();
      await putOffRun(database, run, { dueAt: now, counted: true, error: 'no answer' });
      const lease = newLease();
      await claim(lease);
      await countPage(database, { id: run.id, lease }, page());
      expect(await known(run.id)).toMatchObject({ attempts: 0, error: null, pages: 1 });
    });

    it('keep their start and their counts', async () => {
      const run = await carried();
      await countPage(database, run, page({ received: 3, changed: 2, filtered: 1, customers: 2 }));
      await putOffRun(database, run, { dueAt: now, counted: false, error: null });
      now += 60_000;
      const lease = newLease();
      expect(await claim(lease)).toMatchObject({ startedAt: start, received: 3 });
      await countPage(database, { id: run.id, lease }, page({ received: 1, unchanged: 1 }));
      expect(await known(run.id)).toMatchObject({
        received: 4,
        changed: 2,
        filtered: 1,
        unchanged: 1,
        customers: 2,
        pages: 2,
      });
    });
  });

  describe('that are cancelled', () => {
    it('end at once if no worker carries them out', async () => {
      const run = await ask();
      expect(await cancelRun(database, run!.id, now)).toMatchObject({ state: 'cancelled', endedAt: now });
      expect(await claim(newLease())).toBeNull();
      expect(await ask()).not.toBeNull();
    });

    it('end at the next page if a worker does; that page is rolled back', async () => {
      const run = await carried();
      await countPage(database, run, page({ received: 1, changed: 1 }));
      expect(await cancelRun(database, run.id, now)).toMatchObject({
        state: 'requested',
        cancelRequestedAt: now,
      });
      const taking = database.transaction(async (tx) => {
        await moveCheckpoint(
          tx,
          { source: 'crm', stream: 'people', reader: 'lead' },
          { cursor: 'next', done: false, now },
        );
        await countPage(tx, run, page({ received: 1, changed: 1 }));
      });
      await expect(taking).rejects.toThrow(CancelledError);
      expect(await checkpoint(database, 'crm', 'people', 'lead')).toBeNull();
      expect(await endRun(database, run, { state: 'cancelled', error: null, now })).toMatchObject({
        state: 'cancelled',
        received: 1,
      });
    });

    it('end at once if their worker has not been heard of for the length of the lease', async () => {
      const run = await carried();
      now += leaseMs + 1;
      expect(await cancelRun(database, run.id, now)).toMatchObject({ state: 'cancelled', working: false });
      await expect(countPage(database, run, page())).rejects.toThrow(LostLeaseError);
    });

    it('end when they are postponed, and do not return', async () => {
      const run = await carried();
      await cancelRun(database, run.id, now);
      await putOffRun(database, run, { dueAt: now + 300_000, counted: true, error: 'no answer' });
      expect(await known(run.id)).toMatchObject({ state: 'cancelled', working: false });
      expect(await ask()).not.toBeNull();
    });

    it('end with the worker that died while carrying them out', async () => {
      const worker = randomUUID();
      const run = await ask();
      await claim(newLease(worker));
      await cancelRun(database, run!.id, now);
      await freeRuns(database, worker);
      expect(await known(run!.id)).toMatchObject({ state: 'cancelled', working: false });
    });

    it('stay as they ended where they had ended', async () => {
      const run = await carried();
      await endRun(database, run, { state: 'finished', error: null, now });
      expect(await cancelRun(database, run.id, now)).toBeNull();
      expect(await known(run.id)).toMatchObject({ state: 'finished', cancelRequestedAt: null });
    });
  });

  describe('that end', () => {
    it('are finished where every record received is accounted for', async () => {
      const run = await carried();
      await countPage(
        database,
        run,
        page({
          received: 15,
          changed: 5,
          unchanged: 4,
          superseded: 3,
          filtered: 2,
          rejected: 1,
          customers: 9,
        }),
      );
      expect(await endRun(database, run, { state: 'finished', error: null, now })).toMatchObject({
        state: 'finished',
        received: 15,
        customers: 9,
        error: null,
        working: false,
        endedAt: now,
        step: null,
      });
    });

    it('fail where one is not, and say so', async () => {
      const run = await carried();
      await countPage(database, run, page({ received: 15, changed: 14 }));
      expect(await endRun(database, run, { state: 'finished', error: null, now })).toMatchObject({
        state: 'failed',
        error: expect.stringMatching(/received 15 records and can account for 14 of them/),
      });
    });

    it('fail with their own error, whatever they counted', async () => {
      const run = await carried();
      await countPage(database, run, page({ received: 2 }));
      expect(
        await endRun(database, run, { state: 'failed', error: 'the vendor is gone', now }),
      ).toMatchObject({ state: 'failed', error: 'the vendor is gone' });
    });

    it('end once', async () => {
      const run = await carried();
      await endRun(database, run, { state: 'failed', error: 'x', now });
      expect(await endRun(database, run, { state: 'finished', error: null, now: now + 1 })).toBeNull();
    });
  });

  describe('the table', () => {
    it.each([
      ['a finished run that does not balance', sql`state = 'finished', ended_at = now(), received = 1`],
      ['an ended run without its end', sql`state = 'failed'`],
      ['a run that goes on after its end', sql`ended_at = now()`],
      ['a state that there is not', sql`state = 'paused', ended_at = now()`],
    ])('refuses %s', async (_what, set) => {
      const run = await ask();
      const writing = database.rows(sql`update runs set ${set} where id = ${run!.id}`);
      await expect(writing).rejects.toThrow(DatabaseError);
      await expect(writing).rejects.toMatchObject({ code: '23514' });
    });
  });

  describe('a pause', () => {
    it('is heard of by a run at its next page, which is rolled back', async () => {
      const run = await carried();
      await pause(database, 'crm', { cause: 'person', reason: 'a look at it' }, now);
      const taking = database.transaction((tx) => countPage(tx, run, page({ received: 1, changed: 1 })));
      await expect(taking).rejects.toThrow(PausedError);
      expect(await known(run.id)).toMatchObject({ state: 'requested', received: 0 });
    });

    it("by a person stays a person's when the vendor refuses us meanwhile: a restart does not lift it", async () => {
      expect(await pause(database, 'crm', { cause: 'person', reason: 'lunch' }, now)).toBe(true);
      expect(await pause(database, 'crm', { cause: 'unauthorized', reason: 'wrong token' }, now)).toBe(false);
      expect((await listPauses(database)).get('crm')).toMatchObject({ cause: 'person', reason: 'lunch' });
    });

    it('for refused credentials is tried after 1, 5 and 15 minutes, then every hour at most, by one worker', async () => {
      const minute = 60_000;
      await pause(database, 'crm', { cause: 'unauthorized', reason: 'wrong token' }, now);
      expect(await takeTrial(database, 'crm', now + minute - 1)).toBeNull();
      let at = now;
      for (const minutes of [1, 5, 15, 15, 15, 30, 60, 60]) {
        at += minutes * minute;
        expect((await listPauses(database)).get('crm')?.trialAt).toBe(at);
        const taken = await Promise.all([1, 2].map(() => takeTrial(database, 'crm', at)));
        expect(taken.filter(Boolean)).toHaveLength(1);
        // The trial was refused: the pause stands, and so do its trials.
        expect(await pause(database, 'crm', { cause: 'unauthorized', reason: 'still' }, at)).toBe(false);
      }
      expect(await resumeAfterTrial(database, 'crm')).toBe(true);
      expect(await resumeAfterTrial(database, 'crm')).toBe(false);
    });

    it('that is final is tried only when a person asks, and one by a person never', async () => {
      await pause(database, 'crm', { cause: 'unauthorized', reason: 'invalid_grant', final: true }, now);
      expect(await takeTrial(database, 'crm', now + 86_400_000)).toBeNull();
      expect(await pullTrialForward(database, 'crm', now)).toBe(true);
      expect(await takeTrial(database, 'crm', now)).toMatchObject({ name: 'crm', trials: 1 });
      await pause(database, 'crm', { cause: 'person', reason: 'lunch' }, now);
      expect(await pullTrialForward(database, 'crm', now)).toBe(false);
      expect(await takeTrial(database, 'crm', now + 86_400_000)).toBeNull();
      expect(await resumeAfterTrial(database, 'crm')).toBe(false);
    });

    it('for another project is ended by no trial and no refusal of credentials', async () => {
      await pause(database, 'destination', { cause: 'project', reason: 'another project' }, now);
      await pause(database, 'destination', { cause: 'unauthorized', reason: 'wrong token' }, now);
      expect((await listPauses(database)).get('destination')).toMatchObject({
        cause: 'project',
        trialAt: null,
      });
      expect(await pullTrialForward(database, 'destination', now)).toBe(false);
      expect(await resumeAfterTrial(database, 'destination')).toBe(false);
    });

    it("for refused credentials becomes a person's when one pauses too", async () => {
      await pause(database, 'crm', { cause: 'unauthorized', reason: 'wrong token' }, now);
      await pause(database, 'crm', { cause: 'person', reason: 'lunch' }, now);
      expect((await listPauses(database)).get('crm')).toMatchObject({ cause: 'person', reason: 'lunch' });
    });
  });
});

describe.each(pathDatabases)('two workers on $name', ({ open }) => {
  let database: TestDatabase;
  let world: SyncWorld;

  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  it('run a slot once that both fire, and not again when it is fired late', async () => {
    database = await open();
    world = await openSyncWorld(database);
    world.hubspot.seed(30, 5);
    await world.tributary.start();
    const other = await world.again(await database.again());
    const slot = Math.floor(world.clock.now() / 1000) * 1000;
    const fire = (worker: typeof other) =>
      worker.request({ source: 'hubspot', mode: 'incremental', trigger: 'schedule', lane: 'schedule', slot });
    const asked = await Promise.all([fire(world.tributary), fire(other), fire(world.tributary), fire(other)]);
    expect(asked.filter((run) => run !== null)).toHaveLength(1);
    await world.rest();
    expect(await fire(other)).toBeNull();
    await world.rest();
    const runs = await database.rows(
      sql`select state, received::int as received from runs where slot is not null`,
    );
    expect(runs).toEqual([{ state: 'finished', received: 30 }]);
    expect(world.voucherify.count).toBe(30);
  });
});
