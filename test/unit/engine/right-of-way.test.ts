// Who goes first in one process: work in bulk gives way to what somebody waits for, and is not stopped by it for good.
import { beforeEach, describe, expect, it } from 'vitest';
import { RightOfWay } from '../../../src/engine/work/right-of-way.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('The right of way', () => {
  let clock: ManualClock;
  let rightOfWay: RightOfWay;
  let passed: boolean;

  beforeEach(() => {
    clock = new ManualClock(1_000_000);
    rightOfWay = new RightOfWay(clock);
    passed = false;
  });

  const pass = () =>
    rightOfWay.yieldToUrgent().then(() => {
      passed = true;
    });
  /** Something urgent that is done until it is ended. */
  function urgent(): { ended: Promise<string>; end(): void; fail(): void } {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const ended = rightOfWay.urgently(() => promise);
    ended.catch(() => {});
    return { ended, end: () => resolve('done'), fail: () => reject(new Error('failed')) };
  }

  it('keeps nobody waiting where nothing urgent is done', async () => {
    await pass();
    expect(passed).toBe(true);
  });

  it('lets work in bulk go on when all that is urgent has ended, well or not', async () => {
    const [one, two] = [urgent(), urgent()];
    const waiting = pass();
    one.end();
    await clock.advance(1);
    expect(passed).toBe(false);
    two.fail();
    await waiting;
    expect(await one.ended).toBe('done');
    await expect(two.ended).rejects.toThrow('failed');
    await pass();
  });

  it('lets work in bulk go on after 25 milliseconds while more and more is urgent', async () => {
    urgent();
    const waiting = pass();
    await clock.advance(24);
    urgent();
    expect(passed).toBe(false);
    await clock.advance(1);
    await waiting;
  });

  it('keeps work that holds locks waiting for half a second in all, since what is urgent may wait for them', async () => {
    urgent();
    const yieldToUrgent = rightOfWay.yieldWithLocks();
    const begunAt = clock.now();
    let parts = 0;
    const done = (async () => {
      for (; parts < 100; parts += 1) await yieldToUrgent();
    })();
    await clock.advance(499);
    expect(parts).toBe(19);
    await clock.advance(1);
    await done;
    expect(parts).toBe(100);
    expect(clock.now() - begunAt).toBe(500);
  });
});
