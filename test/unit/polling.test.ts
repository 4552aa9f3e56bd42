// When a bulk action is asked about again: by its size at first, then by the share that is done.
import { describe, expect, it } from 'vitest';
import { pollDelayMs } from '../../src/sync/deliver/polling.ts';

/** Asks until the action has ended. `shareAt`: what an answer tells of it after so many milliseconds, null for nothing. */
function follow(customers: number, durationMs: number, shareAt: (elapsedMs: number) => number | null) {
  let elapsedMs = pollDelayMs({ customers, polls: 0 });
  let polls = 1;
  for (; elapsedMs < durationMs; polls += 1) {
    const share = shareAt(elapsedMs);
    elapsedMs += pollDelayMs({ customers, polls }, share === null ? null : { share, elapsedMs });
  }
  return { polls, lateMs: elapsedMs - durationMs };
}

const silent = () => null;
/** As Voucherify tells it: a whole percentage, of which 0 tells nothing. */
const honest = (durationMs: number) => (elapsedMs: number) =>
  Math.floor((100 * elapsedMs) / durationMs) / 100 || null;

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
    for (const share of [0.01, 0.5, 0.99]) {
      const stuck = follow(2_000, 3_600_000, () => share);
      expect(stuck.polls).toBeLessThanOrEqual(2 * follow(2_000, 3_600_000, silent).polls);
      expect(stuck.lateMs).toBeLessThanOrEqual(60_000);
    }
  });
});
