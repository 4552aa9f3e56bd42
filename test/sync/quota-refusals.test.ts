// Refusals teach what a quota has left for us, since others draw on it too: all workers back off together and come back.
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QuotaWindows } from '../../simulators/quota-windows.ts';
import { type Quota, TransientError } from '../../src/connector.ts';
import type { Budget } from '../../src/engine/quota/budgets.ts';
import { cutShare } from '../../src/engine/quota/slices.ts';
import { behaviour } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { account, hour, QuotaWorld, start, tenPerSecond } from './quota-world.ts';

const tooMany = (quota?: string) =>
  new TransientError('too many', { status: 429, retryAfterMs: 1_000, ...(quota && { quota }) });

/** Numbers from 0 up to 1 that are the same in each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

describe.each(behaviour)('Refusals on $name', ({ open }) => {
  let world: QuotaWorld;
  beforeEach(async () => {
    world = await QuotaWorld.open(open);
  });
  afterEach(() => world.close());

  const refused = (budget: Budget, error = tooMany(), bucket?: string) =>
    budget.run({ lane: 'schedule', bucket }, () => Promise.reject(error)).catch(() => {});
  const shareOf = (budget: Budget, name = 'second') =>
    budget.shares().find(({ quota }) => quota === name)?.share;
  const limitOf = (budget: Budget, name = 'second') =>
    budget.status().find(({ quota }) => quota === name)?.limit;
  async function stored() {
    const [row] = await world.database.rows<{ share: number | null }>(
      sql`select learned_share::float8 as share from quota_states where quota = 'second'`,
    );
    return row?.share ?? null;
  }
  /** Calls without end, so that every window is used. */
  function saturate(budget: Budget, untilMs: number): { sentAt: number[] } {
    const sentAt: number[] = [];
    const caller = async () => {
      while (world.clock.now() - start < untilMs) {
        await budget.run({ lane: 'schedule' }, async () => {
          sentAt.push(world.clock.now() - start);
          await world.clock.sleep(10);
        });
      }
    };
    for (let number = 0; number < 30; number += 1) caller().catch(() => {});
    return { sentAt };
  }

  it('cut what we allow ourselves, once for a burst, and keep to it', async () => {
    const budget = world.budgetOf([tenPerSecond]);
    await Promise.all(Array.from({ length: 10 }, () => refused(budget)));
    await world.settled();
    expect(shareOf(budget)).toBeCloseTo(0.7, 5);
    expect(limitOf(budget)).toBe(7);
    await world.pass(2_500);
    const { sentAt } = world.calls(budget, 20);
    await world.pass(900);
    expect(sentAt).toHaveLength(7);
  });

  it('of calls that were sent before a cut teach nothing more, however late they come', async () => {
    const budget = world.budgetOf([tenPerSecond]);
    let refuseLate = (_error: Error) => {};
    const late = budget.run(
      { lane: 'schedule' },
      () => new Promise<never>((_resolve, reject) => (refuseLate = reject)),
    );
    late.catch(() => {});
    await world.settled();
    await refused(budget);
    await world.pass(5_000);
    refuseLate(tooMany());
    await world.settled();
    expect(shareOf(budget)).toBeCloseTo(0.7, 3);
  });

  it('cut again when they go on, window by window, and never to nothing', async () => {
    const budget = world.budgetOf([tenPerSecond]);
    for (let window = 1; window <= 3; window += 1) {
      await refused(budget);
      await world.pass(2_500);
      expect(shareOf(budget)).toBeCloseTo(0.7 ** window, 3);
    }
    for (let window = 4; window <= 20; window += 1) {
      await refused(budget);
      await world.pass(2_500);
    }
    expect(shareOf(budget)).toBeCloseTo(0.05, 3);
    expect(limitOf(budget)).toBe(1);
    const { sentAt } = world.calls(budget, 2);
    await world.pass(2_500);
    expect(sentAt).toHaveLength(2);
  });

  it('are shared with all workers in their next round, and count once for all', async () => {
    const [one, two] = [world.budgetOf([tenPerSecond]), world.budgetOf([tenPerSecond])];
    const answer = Promise.withResolvers<never>();
    for (const budget of [one, two]) budget.run({ lane: 'schedule' }, () => answer.promise).catch(() => {});
    await world.settled();
    answer.reject(tooMany());
    await world.pass(1_000);
    expect(shareOf(one)).toBeCloseTo(0.7, 3);
    expect(shareOf(two)).toBeCloseTo(0.7, 3);
    await world.pass(2_000);
    const sent = [world.calls(one, 10), world.calls(two, 10)];
    await world.pass(900);
    expect(sent[0]!.sentAt.length + sent[1]!.sentAt.length).toBe(7);
  });

  it('are written by one statement that lets one of many workers cut', async () => {
    const refusal = { account, quota: 'second', sentAt: start - 20, now: start, windowMs: 1_000 };
    const cuts = await Promise.all(
      Array.from({ length: 8 }, (_, index) => cutShare(world.database, { ...refusal, now: start + index })),
    );
    expect(cuts.filter((cut) => cut !== null)).toHaveLength(1);
    expect(await stored()).toBeCloseTo(0.7, 5);
  });

  it('are remembered by a process that begins, before its first call', async () => {
    const first = world.budgetOf([tenPerSecond]);
    await refused(first);
    await first.room.close();
    world.clock = new ManualClock(start + 10_000);
    const next = world.budgetOf([tenPerSecond]);
    const { sentAt } = world.calls(next, 20);
    await world.pass(900);
    expect(sentAt).toHaveLength(7);
    expect(shareOf(next)).toBeCloseTo(0.7, 3);
  });

  it('are forgotten gradually: each clean window that is used gives a fiftieth back', async () => {
    const budget = world.budgetOf([{ ...tenPerSecond, requests: 50 }]);
    await refused(budget);
    await world.pass(2_000);
    const from = world.clock.now() - start;
    const { sentAt } = saturate(budget, from + 60_000);
    await world.pass(6_000);
    const soon = (await stored())!;
    expect(soon).toBeGreaterThan(0.72);
    expect(soon).toBeLessThanOrEqual(0.7 + 0.02 * 6 + 1e-6);
    await world.pass(26_000);
    expect(shareOf(budget)).toBe(1);
    expect(limitOf(budget)).toBe(50);
    const full = sentAt.filter((at) => at >= from + 30_000 && at < from + 32_000).length;
    expect(full).toBeGreaterThanOrEqual(90);
  });

  it('are not forgotten by windows that nearly nobody used', async () => {
    const budget = world.budgetOf([tenPerSecond]);
    await refused(budget);
    for (let second = 0; second < 30; second += 1) {
      world.calls(budget, 2);
      await world.pass(1_000);
    }
    expect(await stored()).toBeCloseTo(0.7, 5);
  });

  it('fade with time where nothing is called', async () => {
    const budget = world.budgetOf([tenPerSecond]);
    await refused(budget);
    await budget.room.close();
    const processAfter = (hours: number) => {
      world.clock = new ManualClock(start + hours * hour);
      return world.budgetOf([tenPerSecond]);
    };
    const soon = processAfter(3.6);
    const { sentAt } = world.calls(soon, 20);
    await world.pass(900);
    expect(sentAt).toHaveLength(8);
    expect(shareOf(soon)).toBeCloseTo(0.85, 2);
    await soon.room.close();
    const later = processAfter(8);
    world.calls(later, 1);
    await world.settled();
    expect(limitOf(later)).toBe(10);
  });

  it('cut the quota that they name, or else the one that is meant', async () => {
    const budget = world.budgetOf([
      { ...tenPerSecond, all: true },
      { name: 'search', requests: 5, seconds: 1, bucket: 'search' },
      { name: 'ten', requests: 100, seconds: 10 },
    ]);
    await refused(budget, tooMany('ten'));
    await world.settled();
    expect(budget.shares().map(({ share }) => share < 1)).toEqual([false, false, true]);
    await refused(budget, tooMany(), 'search');
    await world.settled();
    expect(budget.shares().map(({ share }) => share < 1)).toEqual([false, true, true]);
    await world.pass(12_000, 500);
    // A reading in the same response said which one has run out.
    await budget
      .run({ lane: 'schedule' }, async () => {
        budget.observe([{ quota: 'second', exhaustedUntil: world.clock.now() + 1_000 }]);
        throw new TransientError('too many', { status: 429 });
      })
      .catch(() => {});
    await world.settled();
    expect(budget.shares().map(({ share }) => share < 1)).toEqual([true, true, true]);
  });

  it('for a day that is spent stop us, and teach nothing of a rate', async () => {
    const budget = world.budgetOf([
      tenPerSecond,
      { name: 'daily', requests: 1_000, seconds: 86_400, all: true },
    ]);
    const spent = new TransientError('no more today', {
      status: 429,
      quota: 'daily',
      retryAfterMs: 10 * hour,
    });
    await refused(budget, spent);
    await world.settled();
    expect(budget.shares()).toEqual([
      { quota: 'second', share: 1 },
      { quota: 'daily', share: 1 },
    ]);
    expect(
      await world.database.rows(sql`select 1 from quota_states where learned_share is not null`),
    ).toEqual([]);
    await expect(budget.run({ lane: 'webhook' }, async () => {})).rejects.toMatchObject({ quota: 'daily' });
  });

  it('leave no more than the vendor named, times what is learned, less the reserve', async () => {
    const budget = world.budgetOf([{ ...tenPerSecond, requests: 100, reserve: 0.2 }]);
    expect(limitOf(budget)).toBe(80);
    budget.observe([{ quota: 'second', limit: 50 }]);
    await refused(budget);
    await world.settled();
    expect(limitOf(budget)).toBe(28);
  });

  it('that another user of the account causes make room for it, and when it goes we take it back', async () => {
    const quota: Quota = { name: 'second', requests: 20, seconds: 1 };
    const meter = new QuotaWindows([{ name: 'second', requests: 20, seconds: 1 }]);
    const sent: { at: number; admitted: boolean }[] = [];
    const othersPerSecond = 8;
    const vendor = async () => {
      const admission = meter.admit(world.clock.now());
      sent.push({ at: world.clock.now() - start, admitted: admission.admitted });
      await world.clock.sleep(10);
      if (!admission.admitted)
        throw new TransientError('too many', {
          status: 429,
          retryAfterMs: Math.ceil(admission.retryAfterSeconds) * 1_000,
        });
    };
    const budgets = [world.budgetOf([quota]), world.budgetOf([quota])];
    const caller = async (budget: Budget) => {
      while (world.clock.now() < start + 180_000)
        await budget.run({ lane: 'schedule' }, vendor).catch((error: TransientError) => {
          if (error.message === 'stopped') throw error;
        });
    };
    for (const budget of budgets)
      for (let number = 0; number < 30; number += 1) caller(budget).catch(() => {});
    const share = async (ms: number) => {
      for (let left = ms; left > 0; left -= 1_000 / othersPerSecond) {
        meter.admit(world.clock.now());
        await world.pass(1_000 / othersPerSecond);
      }
    };
    await share(60_000);
    const refusals = (from: number, to: number) =>
      sent.filter(({ at, admitted }) => !admitted && at >= from && at < to).length;
    const served = (from: number, to: number) =>
      sent.filter(({ at, admitted }) => admitted && at >= from && at < to).length;
    // The first refusals teach; then a step too far now and then, not one in each window.
    expect(refusals(0, 60_000)).toBeGreaterThan(0);
    expect(refusals(20_000, 60_000)).toBeLessThan(40);
    expect(served(20_000, 60_000)).toBeGreaterThan(40 * 12 * 0.6);
    await world.pass(60_000);
    expect(served(100_000, 120_000)).toBeGreaterThan(20 * 20 * 0.85);
  });

  it('that name a long wait are tried again at once where somebody asks', async () => {
    const [one, two] = [world.budgetOf([tenPerSecond]), world.budgetOf([tenPerSecond])];
    await refused(one, new TransientError('too many', { status: 429, retryAfterMs: hour }));
    await world.pass(2_000);
    await expect(one.run({ lane: 'manual' }, async () => {})).rejects.toMatchObject({ quota: 'second' });
    await one.tryNow();
    await world.pass(2_000);
    const sent = [world.calls(one, 1), world.calls(two, 1)];
    await world.pass(2_000);
    expect(sent.map(({ sentAt }) => sentAt.length)).toEqual([1, 1]);
  });

  it('without reason, one call in a hundred, cost less than a tenth of the calls', async () => {
    const budget = world.budgetOf([{ name: 'second', requests: 100, seconds: 1 }]);
    const random = seeded(7);
    let taken = 0;
    const caller = async () => {
      while (world.clock.now() - start < 30_000)
        await budget
          .run({ lane: 'schedule' }, async () => {
            await world.clock.sleep(10);
            if (random() < 0.01) throw new TransientError('too many', { status: 429 });
            taken += 1;
          })
          .catch(() => {});
    };
    for (let number = 0; number < 8; number += 1) caller().catch(() => {});
    await world.pass(30_000);
    expect(taken).toBeGreaterThan(0.9 * 100 * 30);
  });

  it.each([1, 8])('for a limit that is truly lower are still learnt from (%i at once)', async (atOnce) => {
    const budget = world.budgetOf([{ name: 'second', requests: 100, seconds: 1 }]);
    const meter = new QuotaWindows([{ name: 'second', requests: 50, seconds: 1 }]);
    let [taken, refusals] = [0, 0];
    const caller = async () => {
      while (world.clock.now() - start < 20_000)
        await budget
          .run({ lane: 'schedule' }, async () => {
            const { admitted } = meter.admit(world.clock.now());
            await world.clock.sleep(5);
            if (!admitted) {
              refusals += 1;
              throw new TransientError('too many', { status: 429, retryAfterMs: 1_000 });
            }
            taken += 1;
          })
          .catch(() => {});
    };
    for (let number = 0; number < atOnce; number += 1) caller().catch(() => {});
    await world.pass(20_000);
    expect(shareOf(budget)).toBeLessThan(0.75);
    expect(taken).toBeGreaterThan(0.6 * 50 * 20);
    expect(refusals).toBeLessThan(100);
  });
});
