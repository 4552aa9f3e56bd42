import { describe, expect, it } from 'vitest';
import { percent, upperShare } from '../../src/sync/verify/confidence.ts';
import { fc, times } from '../support/properties.ts';

describe('what a sample says of the whole', () => {
  it.each([
    // Of none among n: 1 - 0.05^(1/n), the exact form of the rule of three.
    [0, 1, 0.95],
    [0, 10, 0.2588656],
    [0, 1_000, 0.0029912],
    [0, 10_000, 0.00029953],
    // Clopper and Pearson's one-sided bounds: quantiles of the beta distribution at 0.95.
    [1, 10, 0.3941633],
    [5, 10, 0.7775589],
    [2, 100, 0.0616196],
    [10, 1_000, 0.0169032],
  ])('of %i among %i at most %f', (found, looked, share) => {
    expect(upperShare(found, looked)).toBeCloseTo(share, 5);
  });

  it('says nothing where nobody was looked at, nor where everybody differs', () => {
    expect(upperShare(0, 0)).toBe(1);
    expect(upperShare(7, 7)).toBe(1);
  });

  it('lies above what was found, rises with it and falls with the size of the sample', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (looked, part) => {
          const found = Math.floor(part * (looked - 1));
          const share = upperShare(found, looked);
          expect(share).toBeGreaterThan(found / looked);
          expect(share).toBeLessThanOrEqual(1);
          expect(upperShare(found + 1, looked)).toBeGreaterThanOrEqual(share);
          expect(upperShare(found, looked + 1)).toBeLessThanOrEqual(share);
        },
      ),
      { numRuns: times(200) },
    );
  });

  it.each([
    [0.00299, '0.3 %'],
    [0.0123, '1.3 %'],
    [0.2588, '26 %'],
    [0.00001, '0.001 %'],
    [0, '0 %'],
    [1, '100 %'],
  ])('writes %f as %s, never rounded down', (share, text) => {
    expect(percent(share)).toBe(text);
  });
});
