// How long until the next attempt.

import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../src/engine/work/retry.ts';
import { fc } from '../../support/properties.ts';

describe('A backoff', () => {
  const least = () => 0;
  const most = () => 1;

  it('doubles its longest wait with each attempt, up to the cap', () => {
    const waits = [1, 2, 3, 4, 20, 2_000].map((attempt) =>
      backoffMs(attempt, { baseMs: 1_000, capMs: 6_000, random: most }),
    );
    expect(waits).toEqual([1_000, 2_000, 4_000, 6_000, 6_000, 6_000]);
  });

  it('is spread evenly from a floor, so that nothing loops without rest', () => {
    expect(backoffMs(5, { random: least })).toBe(250);
    expect(backoffMs(5, { random: () => 0.5 })).toBe((250 + 16_000) / 2);
  });

  it("never undercuts the vendor's word, and spreads it a little, within a second and a day", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 10 ** 9 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, retryAfterMs, draw) => {
          const wait = backoffMs(attempt, { baseMs: 500, capMs: 1_000, random: () => draw, retryAfterMs });
          const saidMs = Math.min(Math.max(retryAfterMs, 1_000), 86_400_000);
          expect(wait).toBeGreaterThanOrEqual(saidMs);
          expect(wait).toBeLessThanOrEqual(saidMs + Math.min(500, Math.ceil(saidMs / 10)));
        },
      ),
    );
  });

  it('stays between floor and ceiling whatever is drawn', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, draw) => {
          const wait = backoffMs(attempt, { baseMs: 2_000, capMs: 60_000, random: () => draw });
          expect(wait).toBeGreaterThanOrEqual(250);
          expect(wait).toBeLessThanOrEqual(60_000);
        },
      ),
    );
  });
});
