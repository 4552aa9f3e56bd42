// What refusals teach: the arithmetic of a share that is cut, grows and comes back.

import { describe, expect, it } from 'vitest';
import { cutsAfter, fadeMs, newest, shareAt } from '../../../src/engine/quota/learning.ts';
import { fc } from '../../support/properties.ts';

const now = Date.UTC(2026, 0, 1);

describe('What refusals teach', () => {
  it('is nothing where there was none', () => {
    expect(shareAt(null, now)).toBe(1);
  });

  it('comes back within a day, evenly, and never to more than the whole', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 1, noNaN: true }), fc.nat(3 * fadeMs), (share, age) => {
        const learned = { share, at: now };
        const later = shareAt(learned, now + age);
        expect(later).toBeCloseTo(Math.min(1, share + age / fadeMs), 9);
        expect(later).toBeLessThanOrEqual(1);
        if (age >= fadeMs) expect(later).toBe(1);
      }),
    );
  });

  it('is not more for a clock that lags behind the one that wrote it', () => {
    expect(shareAt({ share: 0.5, at: now + 900 }, now)).toBe(0.5);
  });

  it('counts a refusal only where its call was sent after the last cut, and a window has passed', () => {
    const counts = (cutAt: number, refusal: { sentAt: number; now: number }) =>
      cutAt <= cutsAfter({ ...refusal, windowMs: 1_000 });
    expect(counts(now, { sentAt: now - 1, now: now + 5_000 })).toBe(false);
    expect(counts(now, { sentAt: now + 10, now: now + 999 })).toBe(false);
    expect(counts(now, { sentAt: now + 10, now: now + 1_000 })).toBe(true);
  });

  it('takes the later cut, and of one cut the later reading', () => {
    const early = { share: 0.7, at: now };
    const late = { share: 0.49, at: now + 5_000 };
    expect(newest(late, early)).toBe(late);
    expect(newest(early, late)).toBe(late);
    expect(newest(early, { share: 0.72, at: now })).toEqual({ share: 0.72, at: now });
    expect(newest(early, null)).toBe(early);
    expect(newest(null, early)).toBe(early);
  });
});
