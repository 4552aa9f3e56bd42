// Quotas shared over the database: no window is ever exceeded, whoever calls, waits, dies or comes back.
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QuotaWindows } from '../../simulators/quota-windows.ts';
import { type Quota, TransientError } from '../../src/connector.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { type Budget, type Budgets, UnsentError } from '../../src/engine/quota/budgets.ts';
import { type Lane, lanes } from '../../src/engine/quota/lanes.ts';
import { freeSlices, renewSlices, returnSlices, takeSlices } from '../../src/engine/quota/slices.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { randomOf, seed, times } from '../support/random.ts';
import { account, day, hour, QuotaWorld, start, tenPerSecond } from './quota-world.ts';

describe.each(databases)('Budgets on $name', ({ open }) => {
  let world: QuotaWorld;
  let database: TestDatabase;
  let clock: ManualClock;

  beforeEach(async () => {
    world = await QuotaWorld.open(open);
    ({ database, clock } = world);
  });
  afterEach(() => world.close());

  const budgetOf: QuotaWorld['budgetOf'] = (...args) => world.budgetOf(...args);
  const pass: QuotaWorld['pass'] = (...args) => world.pass(...args);
  const calls: QuotaWorld['calls'] = (...args) => world.calls(...args);
  const settled = () => world.settled();
  /** From here on nobody closes it. */
  const forget = ({ room }: { room: Budgets }) => {
    world.rooms = world.rooms.filter((other) => other !== room);
  };
  const heldByAll = async () =>
    (
      await database.rows<{ held: number }>(
        sql`select coalesce(sum(slots), 0)::int as held from quota_slices`,
      )
    )[0]?.held;

  it('sends as many calls as a window allows, and the next ones when it has passed', async () => {
    const { sentAt } = calls(budgetOf([tenPerSecond]), 25);
    await pass(1);
    expect(sentAt).toHaveLength(10);
    await pass(950);
    expect(sentAt).toHaveLength(10);
    await pass(100);
    expect(sentAt).toHaveLength(20);
    await pass(1_100);
    expect(sentAt).toHaveLength(25);
  });

  it('tells what is free of the fullest window', async () => {
    const budget = budgetOf([tenPerSecond, { name: 'minute', requests: 100, seconds: 60 }]);
    expect(budget.freePart(undefined)).toBe(1);
    calls(budget, 4);
    await pass(1);
    expect(budget.freePart(undefined)).toBeCloseTo(0.6);
    await pass(2_000);
    expect(budget.freePart(undefined)).toBeCloseTo(0.96);
  });

  it('leaves the reserve to others', async () => {
    const { sentAt } = calls(budgetOf([{ ...tenPerSecond, reserve: 0.25 }]), 20);
    await pass(900);
    expect(sentAt).toHaveLength(7);
  });

  it('counts the window from the response, since the vendor may have seen the request just before it', async () => {
    const budget = budgetOf([{ name: 'one', requests: 1, seconds: 1 }]);
    const first = budget.run({ lane: 'schedule' }, () => clock.sleep(5_000));
    await settled();
    const { sentAt } = calls(budget, 1);
    await pass(5_900);
    await first;
    expect(sentAt).toEqual([]);
    await pass(200);
    expect(sentAt).toHaveLength(1);
  });

  it('frees the slot at once where nothing reached the vendor', async () => {
    const budget = budgetOf([{ name: 'one', requests: 1, seconds: 1 }]);
    const unsent = new UnsentError('no such host');
    await expect(budget.run({ lane: 'schedule' }, () => Promise.reject(unsent))).rejects.toBe(unsent);
    const { sentAt } = calls(budget, 1);
    await settled();
    expect(sentAt).toEqual([0]);
  });

  it('lets better lanes go first, whichever caller came first', async () => {
    const budget = budgetOf([{ name: 'one', requests: 1, seconds: 1 }]);
    await budget.run({ lane: 'schedule' }, async () => {});
    const order: Lane[] = [];
    for (const lane of lanes.toReversed()) void budget.run({ lane }, async () => void order.push(lane));
    await pass(5_000);
    expect(order).toEqual(lanes);
  });

  it('keeps a part of a longer window from backfills', async () => {
    const budget = budgetOf([{ name: 'ten seconds', requests: 100, seconds: 10 }]);
    const backfill = calls(budget, 200, 'backfill');
    await pass(500);
    expect(backfill.sentAt).toHaveLength(95);
    const webhook = calls(budget, 5, 'webhook');
    await pass(50);
    expect(webhook.sentAt).toHaveLength(5);
  });

  it('spreads a backfill over a shorter window, so that a webhook waits for a slot and not for the window', async () => {
    const budget = budgetOf([{ name: 'fifty', requests: 50, seconds: 1 }]);
    const backfill = calls(budget, 300, 'backfill');
    await pass(3_400);
    // The first of them are spread too: two windows and a half of 3.4 are used at least.
    expect(backfill.sentAt.length).toBeGreaterThanOrEqual(125);
    const webhook = calls(budget, 2, 'webhook');
    await pass(100);
    expect(webhook.sentAt).toHaveLength(2);
  });

  it('leaves to better lanes what they use of a shorter window and some more, so that none of their calls waits for a window', async () => {
    const budget = budgetOf([{ name: 'fifty', requests: 50, seconds: 1 }]);
    const backfill = calls(budget, 300, 'backfill');
    await pass(2_000);
    for (let call = 0; call < 20; call += 1) {
      const webhook = calls(budget, 1, 'webhook');
      await pass(150);
      expect(webhook.sentAt, `call ${call}`).toHaveLength(1);
    }
    expect(backfill.sentAt.length).toBeGreaterThan(100);
  });

  it('draws on the quotas of the bucket and on those for all, and not on others', async () => {
    const budget = budgetOf([
      { name: 'burst', requests: 6, seconds: 10, all: true },
      { name: 'plain', requests: 3, seconds: 10 },
      { name: 'search', requests: 2, seconds: 10, bucket: 'search' },
    ]);
    const search = calls(budget, 5, 'schedule', 'search');
    const plain = calls(budget, 5);
    await pass(100);
    expect(search.sentAt).toHaveLength(2);
    expect(plain.sentAt).toHaveLength(3);
    expect(budget.status()).toMatchObject([
      { quota: 'burst', used: 5, limit: 6 },
      { quota: 'plain', used: 3 },
      { quota: 'search', used: 2 },
    ]);
  });

  it('refuses at once what would wait for more than half a minute, and says for how long', async () => {
    const budget = budgetOf([{ name: 'hourly', requests: 2, seconds: 3600 }]);
    calls(budget, 2);
    await pass(60_000, 10_000);
    const error = await budget.run({ lane: 'webhook' }, async () => {}).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ quota: 'hourly', uncertain: false, status: undefined });
    expect(error.retryAfterMs).toBeGreaterThan(58 * 60_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(59 * 60_000 + 1_000);
  });

  it('refuses a caller that has been overtaken for more than half a minute', async () => {
    const budget = budgetOf([{ name: 'one', requests: 1, seconds: 10 }]);
    const webhooks = calls(budget, 1, 'webhook');
    await settled();
    const { sentAt, errors } = calls(budget, 1, 'schedule');
    for (let turn = 0; turn < 8; turn += 1) {
      calls(budget, 1, 'webhook');
      await pass(5_000, 500);
    }
    expect(webhooks.sentAt).toHaveLength(1);
    expect(sentAt).toEqual([]);
    expect(errors).toMatchObject([{ quota: 'one', uncertain: false }]);
  });

  it('stops waiting when aborted', async () => {
    const budget = budgetOf([{ name: 'one', requests: 1, seconds: 1 }]);
    calls(budget, 1);
    await settled();
    const stop = new AbortController();
    const waiting = budget.run({ lane: 'manual', signal: stop.signal }, async () => 'sent');
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ message: 'stopped', uncertain: false });
    await expect(budget.run({ lane: 'manual', signal: stop.signal }, async () => 'sent')).rejects.toThrow(
      'stopped',
    );
    // The place of who went is not lost.
    const { sentAt } = calls(budget, 1);
    await pass(1_100);
    expect(sentAt).toHaveLength(1);
  });

  it('makes no call while the vendor says that nothing is left, and continues automatically', async () => {
    const budget = budgetOf([tenPerSecond]);
    budget.observe([{ quota: 'second', exhaustedUntil: start + 10_000 }]);
    const { sentAt } = calls(budget, 3);
    await pass(9_900);
    expect(sentAt).toEqual([]);
    await pass(200);
    expect(sentAt).toHaveLength(3);
  });

  it('refuses calls at once while a quota is exhausted for long, those that wait already included', async () => {
    const budget = budgetOf([{ name: 'one', requests: 1, seconds: 20 }]);
    calls(budget, 1);
    await settled();
    const waiting = calls(budget, 1);
    await settled();
    budget.observe([{ quota: 'one', exhaustedUntil: start + 600_000 }]);
    await settled();
    expect(waiting.errors).toMatchObject([{ quota: 'one', retryAfterMs: 600_000 }]);
    await expect(budget.run({ lane: 'webhook' }, async () => {})).rejects.toMatchObject({
      retryAfterMs: 600_000,
    });
    expect(budget.status()).toMatchObject([{ exhaustedUntil: start + 600_000 }]);
  });

  it('tells other processes within a second what one has learned', async () => {
    const [one, two] = [budgetOf([tenPerSecond]), budgetOf([tenPerSecond])];
    const before = calls(two, 1);
    await settled();
    expect(before.sentAt).toHaveLength(1);
    one.observe([{ quota: 'second', exhaustedUntil: start + 600_000 }]);
    await pass(1_000);
    await expect(two.run({ lane: 'webhook' }, async () => {})).rejects.toMatchObject({ quota: 'second' });
  });

  it('tells a process that begins', async () => {
    budgetOf([tenPerSecond]).observe([{ quota: 'second', exhaustedUntil: start + 600_000 }]);
    await settled();
    const { sentAt, errors } = calls(budgetOf([tenPerSecond]), 1);
    await settled();
    expect(sentAt).toEqual([]);
    expect(errors).toMatchObject([{ quota: 'second' }]);
  });

  it('leaves the quota of a refused call alone for as long as the vendor says', async () => {
    const budget = budgetOf([
      { ...tenPerSecond, all: true },
      { name: 'search', requests: 5, seconds: 1, bucket: 'search' },
    ]);
    const refusal = new TransientError('too many', { status: 429, retryAfterMs: 7_000 });
    await expect(
      budget.run({ lane: 'schedule', bucket: 'search' }, () => Promise.reject(refusal)),
    ).rejects.toBe(refusal);
    const search = calls(budget, 1, 'schedule', 'search');
    const plain = calls(budget, 1);
    await pass(6_900);
    expect(plain.sentAt).toEqual([0]);
    expect(search.sentAt).toEqual([]);
    await pass(200);
    expect(search.sentAt).toHaveLength(1);
  });

  it('keeps to a smaller limit that the vendor names', async () => {
    const budget = budgetOf([tenPerSecond]);
    calls(budget, 10);
    await settled();
    budget.observe([{ quota: 'second', limit: 4 }]);
    await pass(3_000);
    const { sentAt } = calls(budget, 10);
    await pass(900);
    expect(sentAt).toHaveLength(4);
    expect(budget.status()).toMatchObject([{ limit: 4 }]);
  });

  it('never lets two processes send more than one may', async () => {
    const [one, two] = [calls(budgetOf([tenPerSecond]), 8), calls(budgetOf([tenPerSecond]), 8)];
    await pass(900);
    expect(one.sentAt.length + two.sentAt.length).toBe(10);
    expect(await heldByAll()).toBe(10);
  });

  it('gives half to a second process although the first could use it all', async () => {
    const [one, two] = [budgetOf([tenPerSecond]), budgetOf([tenPerSecond])];
    calls(one, 400, 'backfill');
    await pass(500);
    expect(one.status()).toMatchObject([{ held: 10 }]);
    const second = calls(two, 100, 'webhook');
    await pass(4_000);
    expect(one.status()).toMatchObject([{ held: 5 }]);
    expect(two.status()).toMatchObject([{ held: 5 }]);
    expect(second.sentAt.length).toBeGreaterThanOrEqual(5);
  });

  it('gives back what it has not used for a while', async () => {
    const budget = budgetOf([tenPerSecond]);
    calls(budget, 10);
    await pass(1_000);
    expect(await heldByAll()).toBe(10);
    await pass(35_000, 500);
    expect(await heldByAll()).toBe(0);
    expect(clock.nextWake).toBeNull();
  });

  it('leaves to the next process what it has not used, and the rest when the vendor has forgotten it', async () => {
    const quota = { name: 'ten seconds', requests: 10, seconds: 10 };
    const first = budgetOf([quota]);
    calls(first, 3);
    await settled();
    await first.room.close();
    expect(await heldByAll()).toBe(3);
    const next = calls(budgetOf([quota]), 10);
    await pass(9_900);
    expect(next.sentAt).toHaveLength(7);
    await pass(200);
    expect(next.sentAt).toHaveLength(10);
    await pass(2_000);
    const last = calls(budgetOf([quota]), 3);
    await pass(100);
    expect(last.sentAt).toHaveLength(3);
    expect(await heldByAll()).toBe(10);
  });

  it('keeps the slots of a process that died until its last call is forgotten', async () => {
    const died = new ManualClock(start); // its time stands still: it renews nothing and gives nothing back
    const gone = budgetOf([tenPerSecond], died);
    calls(gone, 10);
    await settled();
    // Lease 30 s, a request's timeout 30 s, the window 1 s.
    await pass(60_000, 1_000);
    const early = calls(budgetOf([tenPerSecond]), 5);
    await pass(500);
    expect(early.sentAt).toEqual([]);
    await pass(2_000);
    expect(early.sentAt).toHaveLength(5);
    forget(gone);
  });

  it('keeps its slots for as long as it runs', async () => {
    const [one, two] = [
      budgetOf([{ ...tenPerSecond, seconds: 60 }]),
      budgetOf([{ ...tenPerSecond, seconds: 60 }]),
    ];
    const done: number[] = [];
    for (let number = 0; number < 10; number += 1) {
      // Requests that hang: their slots stay in use beyond any lease.
      void one.run({ lane: 'schedule' }, () => clock.sleep(200_000)).then(() => done.push(number));
    }
    await settled();
    const other = calls(two, 1, 'webhook');
    await pass(190_000, 500);
    expect(done).toEqual([]);
    expect(other.sentAt).toEqual([]);
  });

  it('sends nothing with slots that it lost while it was stopped', async () => {
    let stoppedMs = 0;
    const stopped: Clock = { now: () => start + stoppedMs, sleep: () => new Promise(() => {}) };
    const sleeper = budgetOf([tenPerSecond], stopped);
    calls(sleeper, 10);
    await settled();
    // Stopped for two minutes. Nothing of it runs, so neither do its slots cool nor its timers.
    stoppedMs = 120_000;
    await clock.advance(120_000);
    const other = calls(budgetOf([tenPerSecond]), 10);
    await settled();
    expect(other.sentAt).toHaveLength(10);
    const again = calls(sleeper, 1, 'webhook');
    await settled();
    expect(again.sentAt).toEqual([]);
    expect(await heldByAll()).toBe(10);
    forget(sleeper);
  });

  it('looks at its lease once more after it has waited for its turn', async () => {
    let jumpMs = 0;
    const own: Clock = { now: () => clock.now() + jumpMs, sleep: (ms, signal) => clock.sleep(ms, signal) };
    const budget = budgetOf([{ name: 'one', requests: 1, seconds: 0.5 }], own, 5);
    calls(budget, 1);
    await settled();
    const rows = () => database.rows<{ id: string }>(sql`select id from quota_slices where slots > 0`);
    const [before] = await rows();
    let sentWith: string | undefined;
    const waiting = budget.run({ lane: 'webhook' }, async () => {
      sentWith = (await rows())[0]?.id;
    });
    await settled();
    jumpMs = 10_000; // past the lease; the slot cools, and is given on, before anything else is done
    await pass(5_000, 500);
    await waiting;
    expect(sentWith).toBeDefined();
    expect(sentWith).not.toBe(before?.id);
  });

  describe('in windows over an hour', () => {
    const daily: Quota = { name: 'daily', requests: 3, seconds: 86_400 };

    it('counts the calls of all processes, and refuses the next one with the time to come', async () => {
      const [one, two] = [calls(budgetOf([daily]), 2), calls(budgetOf([daily]), 2)];
      await settled();
      expect(one.sentAt.length + two.sentAt.length).toBe(3);
      const [error] = [...one.errors, ...two.errors];
      expect(error).toMatchObject({ quota: 'daily', uncertain: false });
      expect(error?.retryAfterMs).toBeGreaterThanOrEqual(day);
      expect(error?.retryAfterMs).toBeLessThan(day + hour);
    });

    it('counts on after a restart, and gives back what was not used', async () => {
      const quota = { ...daily, requests: 5_000 }; // five at a time
      const first = budgetOf([quota]);
      calls(first, 2);
      await settled();
      expect(first.status()).toMatchObject([{ used: 2, held: 3 }]);
      await first.room.close();
      expect(await heldByAll()).toBe(2);
      const second = budgetOf([quota]);
      calls(second, 1);
      await settled();
      expect(second.status()).toMatchObject([{ used: 3, held: 4, limit: 5_000 }]);
      await second.room.close();
      world.clock = new ManualClock(start + day + 2_000);
      const later = budgetOf([quota]);
      calls(later, 1);
      await settled();
      expect(later.status()).toMatchObject([{ used: 1 }]);
    });

    it('keeps a twentieth from backfills', async () => {
      const budget = budgetOf([{ ...daily, requests: 40 }]);
      const backfill = calls(budget, 45, 'backfill');
      await settled();
      expect(backfill.sentAt).toHaveLength(38);
      expect(backfill.errors).toHaveLength(7);
      const webhook = calls(budget, 3, 'webhook');
      await settled();
      expect(webhook.sentAt).toHaveLength(2);
    });

    it('counts no call that never reached the vendor', async () => {
      const budget = budgetOf([{ ...daily, requests: 1 }]);
      const unsent = budget.run({ lane: 'schedule' }, () => Promise.reject(new UnsentError('refused')));
      await expect(unsent).rejects.toThrow('refused');
      const { sentAt } = calls(budget, 2);
      await settled();
      expect(sentAt).toHaveLength(1);
    });
  });

  it('refuses two descriptions of one quota', () => {
    const budget = budgetOf([tenPerSecond]);
    expect(() => budget.room.account(account, [{ ...tenPerSecond, requests: 20 }])).toThrow(
      /different quotas second/,
    );
    expect(() => budget.room.account(account, [tenPerSecond])).not.toThrow();
    expect(() => budget.room.account('other', [{ name: 'none', requests: 0, seconds: 1 }])).toThrow(
      RangeError,
    );
  });

  it.each(Array.from({ length: times(1) }, (_, index) => seed + index))(
    'exceeds no window while processes come, die, stop and close at random (seed %i)',
    async (number) => {
      const random = randomOf(number);
      const quotas: Quota[] = [
        { name: 'second', requests: 7, seconds: 1, all: true },
        { name: 'ten', requests: 23, seconds: 10 },
        { name: 'search', requests: 2, seconds: 1, bucket: 'search' },
      ];
      const meters = quotas.map(
        ({ name, requests, seconds }) => new QuotaWindows([{ name, requests, seconds }]),
      );
      let served = 0;
      const admit = (bucket: string | undefined) => {
        served += 1;
        quotas.forEach((quota, index) => {
          if (quota.all || quota.bucket === bucket) meters[index]?.admit(clock.now());
        });
      };
      /** The network: the vendor sees the request somewhere between its sending and its response. */
      const send = async (own: Clock, bucket: string | undefined) => {
        await clock.sleep(random() * 300);
        admit(bucket);
        await own.sleep(random() * 300);
      };
      let living: { budget: Budget; room: Budgets; own: ManualClock }[] = [];
      for (let step = 0; step < 400; step += 1) {
        if (living.length < 2 && random() < 0.5) {
          const own = new ManualClock(clock.now());
          const budget = budgetOf(quotas, own);
          living.push({ budget, room: budget.room, own });
        }
        for (const { budget, own } of living) {
          if (random() < 0.6) {
            const bucket = random() < 0.3 ? 'search' : undefined;
            const lane = lanes[Math.floor(random() * 4)] as Lane;
            budget.run({ lane, bucket }, () => send(own, bucket)).catch(() => {});
          }
        }
        const fate = random();
        const one = living[Math.floor(random() * living.length)];
        if (one && fate < 0.02) {
          living = living.filter((other) => other !== one); // dies: its clock stands still from here on
          forget(one);
        } else if (one && fate < 0.03) {
          living = living.filter((other) => other !== one);
          await one.room.close();
        }
        await pass(250, 250, [clock, ...living.map(({ own }) => own)]);
      }
      expect(meters.map((meter) => meter.violations)).toEqual([0, 0, 0]);
      expect(served).toBeGreaterThan(40);
    },
  );
});

describe.each(databases)('Slices of one quota on $name', ({ open }) => {
  it('are renewed, given back and taken at the same time without a deadlock', async () => {
    const database = await open();
    const key = { account: 'vendor:1', quota: 'second' };
    const holder = randomUUID();
    const request = { ...key, holder, slots: 60, sliceSlots: 1, limit: () => 60 };
    for (let round = 1; round <= 30; round += 1) {
      const now = round * 1_000;
      const { slices } = await takeSlices(database, { ...request, now, freeAt: now + 500 });
      const ids = slices.map(({ id }) => id);
      const freeIn = ids.map(() => 500);
      const used = ids.toReversed().map((id) => ({ id, used: 1, freeAt: now + 500 }));
      await Promise.all([
        renewSlices(database, { ids, holder, now, freeIn }),
        returnSlices(database, used),
        renewSlices(database, { ids: ids.toReversed(), holder, now, freeIn }),
        takeSlices(database, { ...request, now: now + 600, freeAt: now + 600 }),
        freeSlices(database, { ...key, holder, now, windowMs: 100 }),
      ]);
    }
    await database.close();
  });

  it('leave a process that lacks some its even part: who holds more takes none of what was given back', async () => {
    const database = await open();
    const request = { account: 'vendor:1', quota: 'second', sliceSlots: 1, limit: () => 10, freeAt: 90_000 };
    const [first, second] = [randomUUID(), randomUUID()];
    const want = { id: randomUUID(), until: 90_000 };
    const taken = await takeSlices(database, { ...request, holder: first, slots: 10, now: 1_000 });
    const none = await takeSlices(database, { ...request, holder: second, slots: 5, now: 1_100, want });
    expect([taken.slices.length, none.slices.length]).toEqual([10, 0]);
    const returned = taken.slices.slice(0, 5).map(({ id }) => ({ id, used: 0, freeAt: 1_200 }));
    await returnSlices(database, returned);
    const more = await takeSlices(database, { ...request, holder: first, slots: 5, now: 1_300 });
    expect(more).toMatchObject({ slices: [], held: 5, share: 5 });
    const part = await takeSlices(database, { ...request, holder: second, slots: 5, now: 1_400, want });
    expect(part.slices).toHaveLength(5);
    await database.close();
  });

  it('are renewed only for who holds them, and only before they are free', async () => {
    const database = await open();
    const key = { account: 'vendor:1', quota: 'second' };
    const [holder, other] = [randomUUID(), randomUUID()];
    const request = { ...key, holder, slots: 2, sliceSlots: 1, limit: () => 2 };
    const { slices } = await takeSlices(database, { ...request, now: 1_000, freeAt: 2_000 });
    const ids = slices.map(({ id }) => id);
    const renewed = (by: string, now: number) =>
      renewSlices(database, { ids, holder: by, now, freeIn: ids.map(() => 1_000) });
    expect((await renewed(other, 1_500)).size).toBe(0);
    expect(await renewed(holder, 1_500)).toEqual(new Set(ids));
    expect((await renewed(holder, 2_500)).size).toBe(0);
    await database.close();
  });
});
