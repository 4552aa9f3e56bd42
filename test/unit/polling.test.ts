// When a bulk action is asked about again: by its size at first, then by the share that is done.
import { describe, expect, it } from 'vitest';
import { pollDelayMs } from '../../src/sync/deliver/polling.ts';

/** Asks until the action has ended. `progressAt`: what an answer tells of it after so many milliseconds, of 100. */
function follow(customers: number, durationMs: number, progressAt: (elapsedMs: number) => number) {
  let elapsedMs = pollDelayMs({ customers, polls: 0 });
  let polls = 1;
  for (; elapsedMs < durationMs; polls += 1)
    elapsedMs += pollDelayMs({ customers, polls }, { progress: progressAt(elapsedMs), elapsedMs });
  return { polls, lateMs: elapsedMs - durationMs };
}

const silent = () => 0;
/** As Voucherify tells it: a whole percentage. */
const honest = (durationMs: number) => (elapsedMs: number) => Math.floor((100 * elapsedMs) / durationMs);

describe('a bulk action', () => {
  const kinds = [500, 2_000, 10_000, 20_000].flatMap((customers) =>
    [1, 4, 40].map((msEach) => [customers, 200 + customers * msEach] as const),
  );

  it.each(kinds)(
    'of %i customers that tells its progress over %i ms takes no more calls, and is found ended soon after it has',
    (customers, durationMs) => {
      const told = follow(customers, durationMs, honest(durationMs));
      const untold = follow(customers, durationMs, silent);
      expect(told.polls).toBeLessThanOrEqual(untold.polls);
      expect(told.lateMs).toBeLessThanOrEqual(Math.max(durationMs / 10, 500));
    },
  );

  it('whose progress stands still or runs ahead is asked about at most twice as often', () => {
    for (const progress of [1, 50, 99]) {
      const stuck = follow(2_000, 3_600_000, () => progress);
      expect(stuck.polls).toBeLessThanOrEqual(2 * follow(2_000, 3_600_000, silent).polls);
      expect(stuck.lateMs).toBeLessThanOrEqual(60_000);
    }
  });
});
