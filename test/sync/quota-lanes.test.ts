// Lanes that all want more than there is: each gets its least share of a window, and none waits for ever.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Quota, TransientError } from '../../src/connector.ts';
import type { Budget } from '../../src/engine/quota/budgets.ts';
import { type Lane, lanes, minShares } from '../../src/engine/quota/lanes.ts';
import { forecastCalls } from '../../src/sync/plan/calls-forecast.ts';
import { behaviour } from '../support/databases.ts';
import { QuotaWorld, start } from './quota-world.ts';

interface Sent {
  lane: Lane;
  at: number;
  waitedMs: number;
}

describe.each(behaviour)('Lanes on $name', ({ open }) => {
  let world: QuotaWorld;
  beforeEach(async () => {
    world = await QuotaWorld.open(open);
  });
  afterEach(() => world.close());

  /**
   * Callers of one lane, each of whom calls again as soon as its call is answered, or comes back when it was told to.
   * They go on until the time is over.
   */
  function flood(budget: Budget, lane: Lane, callers: number, untilMs: number): Sent[] {
    const sent: Sent[] = [];
    const now = () => world.clock.now() - start;
    const caller = async () => {
      let since = now();
      while (now() < untilMs) {
        try {
          await budget.run({ lane }, async () => {
            sent.push({ lane, at: now(), waitedMs: now() - since });
            await world.clock.sleep(20);
          });
          since = now();
        } catch (error) {
          if (!(error instanceof TransientError) || error.message === 'stopped') return;
          await world.clock.sleep(error.retryAfterMs ?? 1_000);
        }
      }
    };
    for (let number = 0; number < callers; number += 1) void caller();
    return sent;
  }
  const between = (sent: readonly Sent[], from: number, to: number) =>
    sent.filter(({ at }) => at >= from && at < to).length;

  it('gives each its least share of every window while all are flooded', async () => {
    const budget = world.budgetOf([{ name: 'rate', requests: 100, seconds: 1 }]);
    const sent = lanes.map((lane) => flood(budget, lane, 150, 12_000));
    await world.pass(12_000);
    for (let from = 2_000; from < 11_000; from += 1_100) {
      const counts = sent.map((one) => between(one, from, from + 1_100));
      expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(95);
      lanes.forEach((lane, index) => {
        expect(counts[index], lane).toBeGreaterThanOrEqual(Math.floor(95 * minShares[lane]) - 2);
      });
    }
  });

  it('lets a webhook wait for the next slot at most while the rest is flooded', async () => {
    const budget = world.budgetOf([{ name: 'rate', requests: 20, seconds: 1 }]);
    for (const lane of lanes.slice(1)) flood(budget, lane, 60, 15_000);
    await world.pass(2_000);
    const waits: number[] = [];
    for (let trial = 0; trial < 20; trial += 1) {
      const since = world.clock.now();
      void budget.run({ lane: 'webhook' }, async () => void waits.push(world.clock.now() - since));
      await world.pass(500 + 35 * trial);
    }
    expect(waits).toHaveLength(20);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_100);
  });

  it('leaves nothing unused: a lane alone has all, and two share what four would', async () => {
    const budget = world.budgetOf([{ name: 'rate', requests: 100, seconds: 1 }]);
    const schedule = flood(budget, 'schedule', 150, 9_000);
    await world.pass(4_000);
    expect(between(schedule, 0, 4_000)).toBeGreaterThanOrEqual(380);
    const manual = flood(budget, 'manual', 150, 9_000);
    await world.pass(5_000);
    const [high, low] = [between(manual, 5_000, 9_000), between(schedule, 5_000, 9_000)];
    expect(high + low).toBeGreaterThanOrEqual(360);
    expect(low).toBeGreaterThanOrEqual(0.1 * (high + low) - 2);
    expect(high).toBeGreaterThanOrEqual(0.85 * (high + low));
  });

  it('starves no backfill in windows so long that callers are told to come back', async () => {
    const quota: Quota = { name: 'minute', requests: 40, seconds: 60 };
    const budget = world.budgetOf([quota]);
    const minutes = 20;
    const webhooks = flood(budget, 'webhook', 60, minutes * 60_000);
    await world.pass(1_000, 250);
    const backfill = flood(budget, 'backfill', 4, minutes * 60_000);
    await world.pass((minutes - 1) * 60_000, 250);
    const all = webhooks.length + backfill.length;
    expect(all).toBeGreaterThanOrEqual(40 * (minutes - 2));
    expect(backfill.length).toBeGreaterThanOrEqual(minShares.backfill * all - 4);
    expect(webhooks.length).toBeGreaterThanOrEqual(0.8 * all);
  });

  it('lets a backfill queue when slots become free, although its wait was too long when it arrived', async () => {
    const budget = world.budgetOf([{ name: 'minute', requests: 40, seconds: 60 }]);
    // Four times as many webhooks as may be sent: some stand in line at any time.
    const webhooks = async (minutes: number) => {
      for (let turn = 0; turn < 160 * minutes; turn += 1) {
        world.calls(budget, 1, 'webhook');
        await world.pass(375, 375);
      }
    };
    await webhooks(1);
    const backfill = flood(budget, 'backfill', 2, 12 * 60_000);
    await webhooks(11);
    expect(backfill.length).toBeGreaterThanOrEqual(minShares.backfill * 40 * 10 - 4);
  });

  it('shares between processes: a flood of webhooks in one leaves the backfill of another its part', async () => {
    const quota: Quota = { name: 'rate', requests: 40, seconds: 1 };
    const [one, two] = [world.budgetOf([quota]), world.budgetOf([quota])];
    const webhooks = flood(one, 'webhook', 100, 12_000);
    const backfill = flood(two, 'backfill', 100, 12_000);
    await world.pass(12_000);
    const counts = [webhooks, backfill].map((sent) => between(sent, 6_000, 12_000));
    expect(counts[0]! + counts[1]!).toBeGreaterThanOrEqual(40 * 5);
    expect(counts[0]).toBeGreaterThanOrEqual(0.45 * (counts[0]! + counts[1]!));
    expect(counts[1]).toBeGreaterThanOrEqual(0.05 * (counts[0]! + counts[1]!));
  });

  describe('of a window of a minute', () => {
    const minute: Quota = { name: 'minute', requests: 700, seconds: 60 };
    /** As many webhooks a second, each a single call; how long each of them waited. */
    async function webhooks(budget: Budget, perSecond: number, seconds: number): Promise<number[]> {
      const waits: number[] = [];
      let refused = 0;
      for (let call = 0; call < perSecond * seconds; call += 1) {
        const since = world.clock.now();
        budget
          .run({ lane: 'webhook' }, async () => void waits.push(world.clock.now() - since))
          .catch(() => (refused += 1));
        await world.pass(1_000 / perSecond, 100);
      }
      await world.pass(2_000, 100);
      expect(waits.length + refused).toBeGreaterThanOrEqual(perSecond * seconds - 1);
      return [...waits, ...Array.from({ length: refused }, () => Number.POSITIVE_INFINITY)];
    }
    const longest = (waits: readonly number[]) => Math.max(...waits);

    it.each([1_000, 25_000])(
      'a backfill leaves what is expected of urgent calls, so that none waits, from the first on (%i ms after it began)',
      async (after) => {
        const budget = world.budgetOf([minute], world.clock, 30, true);
        const backfill = flood(budget, 'backfill', 30, 300_000);
        await world.pass(after, 100);
        expect(longest(await webhooks(budget, 3, 130))).toBeLessThan(1_000);
        const from = after + 65_000;
        expect(between(backfill, from, from + 60_000)).toBeGreaterThan(0.9 * (700 - 180));
      },
    );

    it('a backfill alone uses all that it ever could', async () => {
      const [plain, expecting] = [false, true].map((isUrgent) => {
        const budget = world.budgetOf([{ ...minute, name: `of ${isUrgent}` }], world.clock, 30, isUrgent);
        return flood(budget, 'backfill', 30, 250_000);
      });
      const foretold = await forecastCalls(
        {
          at: 0,
          lane: 'backfill',
          quotas: [{ ...minute, limit: 700, kept: 210, spent: [], others: 0, exhaustedUntil: null }],
          callMs: 20,
          steps: [{ what: 'calls', calls: 2_000, atOnce: 30 }],
        },
        async () => {},
      );
      await world.pass(250_000, 100);
      expect(plain).toHaveLength(5 * 665);
      const foretoldMs = foretold.minutes * 60_000;
      expect(Math.abs(expecting![1_999]!.at - foretoldMs)).toBeLessThan(0.02 * foretoldMs);
      for (const minutes of [1, 2, 3, 4]) {
        const ends = minutes * 60_000;
        expect(between(expecting!, 0, ends)).toBeGreaterThan(between(plain!, 0, ends) - 10);
      }
    });

    it('a backfill leaves what better lanes used in the last windows, where nobody expected them', async () => {
      const budget = world.budgetOf([minute]);
      const backfill = flood(budget, 'backfill', 30, 400_000);
      await world.pass(1_000, 100);
      await webhooks(budget, 5, 120);
      expect(longest(await webhooks(budget, 5, 120))).toBeLessThan(1_000);
      expect(between(backfill, 125_000, 245_000)).toBeGreaterThan(0.9 * 2 * (700 - 300));
      // They have gone: the backfill has all of it again.
      await world.pass(130_000, 100);
      expect(between(backfill, 310_000, 370_000)).toBeGreaterThanOrEqual(660);
    });

    it('neither starves where more that is urgent comes than the quota allows', async () => {
      const budget = world.budgetOf([minute], world.clock, 30, true);
      const backfill = flood(budget, 'backfill', 30, 400_000);
      await world.pass(5_000, 100);
      const urgent = flood(budget, 'webhook', 400, 400_000);
      await world.pass(300_000, 100);
      for (const from of [65_000, 125_000, 185_000, 245_000]) {
        const [better, worse] = [urgent, backfill].map((sent) => between(sent, from, from + 60_000));
        expect(better! + worse!).toBeGreaterThanOrEqual(690);
        expect(worse).toBeGreaterThanOrEqual(Math.floor(700 * minShares.backfill) - 2);
        expect(better).toBeGreaterThanOrEqual(0.8 * 700);
      }
    });
  });
});
