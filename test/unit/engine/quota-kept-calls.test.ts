// What a backfill leaves of a window to better lanes, by itself: slots and times in, callers out.
import { describe, expect, it } from 'vitest';
import {
  backfillAt,
  backfillCallers,
  keptCalls,
  RecentUse,
  type Slots,
} from '../../../src/engine/quota/kept-calls.ts';
import { fc, times } from '../../support/properties.ts';

const windowMs = 60_000;

const windows = fc
  .record({
    free: fc.integer({ min: 0, max: 40 }),
    cooling: fc.array(
      fc.record({ at: fc.integer({ min: 1, max: windowMs - 1 }), slots: fc.integer({ min: 1, max: 10 }) }),
      { maxLength: 12 },
    ),
    underWay: fc.integer({ min: 0, max: 3 }),
    share: fc.double({ min: 0.05, max: 0.75, noNaN: true }),
  })
  .map(({ free, cooling, underWay, share }) => {
    const all = free + underWay + cooling.reduce((sum, { slots }) => sum + slots, 0);
    const slots: Slots = { free, cooling: cooling.toSorted((a, b) => a.at - b.at), now: 0, windowMs };
    return { slots, kept: Math.min(share * all, Math.max(all - 1, 0)) };
  })
  .filter(({ kept }) => kept > 0);

/** Slots that have fallen free by then, if so many callers of a backfill go at `now`. */
const freeBy = ({ free, cooling }: Slots, callers: number, at: number) =>
  [...cooling].reduce((sum, freed) => sum + (freed.at <= at ? freed.slots : 0), free - callers);

/** Whether what is kept is there at every moment of the window to come: it is scarcest just before slots fall free. */
function isThere(slots: Slots, kept: number, callers: number): boolean {
  const looks = [...slots.cooling].map(({ at }) => at - 1e-6);
  return [...looks, windowMs - 1e-6].every(
    (at) => freeBy(slots, callers, at) >= (kept * at) / windowMs - 1e-6,
  );
}

const spread = (slots: number) =>
  Array.from({ length: slots }, (_, index) => ({ at: ((index + 1) * windowMs) / slots, slots: 1 }));

describe('what is kept of a window', () => {
  it('is there when it is expected, however the slots cool, and not a call more is kept', () => {
    fc.assert(
      fc.property(windows, ({ slots, kept }) => {
        const room = backfillCallers(slots, kept);
        if (room >= 0) expect(isThere(slots, kept, room)).toBe(true);
        expect(isThere(slots, kept, Math.max(room, 0) + 1)).toBe(false);
      }),
      { numRuns: times(300) },
    );
  });

  it('lets nobody wait who may go, and those behind no shorter than those before', () => {
    fc.assert(
      fc.property(windows, fc.integer({ min: 1, max: 9 }), ({ slots, kept }, callers) => {
        const at = backfillAt(slots, kept, callers);
        expect(at === 0).toBe(backfillCallers(slots, kept) >= callers);
        expect(backfillAt(slots, kept, callers + 1)).toBeGreaterThanOrEqual(at);
      }),
      { numRuns: times(300) },
    );
  });

  it('leaves a whole window to a backfill by and by', () => {
    const full = (now: number): Slots => ({
      free: 30 - Math.floor((now / windowMs) * 30),
      cooling: [{ at: windowMs, slots: 70 }],
      now,
      windowMs,
    });
    expect(backfillCallers({ free: 100, cooling: [], now: 0, windowMs }, 30)).toBe(70);
    for (const share of [0.1, 0.5, 0.9]) expect(backfillCallers(full(share * windowMs), 30)).toBe(0);
    expect(backfillAt({ free: 30, cooling: [{ at: windowMs, slots: 70 }], now: 0, windowMs }, 30, 15)).toBe(
      windowMs / 2,
    );
  });

  it('takes nothing from a backfill whose calls are spread already', () => {
    expect(backfillCallers({ free: 2, cooling: spread(98), now: 0, windowMs }, 75)).toBe(1);
  });

  it('is what is expected or what was used, with some more, and never all', () => {
    expect(keptCalls({ own: 700, used: 0, isExpected: false })).toBe(0);
    expect(keptCalls({ own: 700, used: 0, isExpected: true })).toBe(210);
    expect(keptCalls({ own: 700, used: 240, isExpected: true })).toBe(300);
    expect(keptCalls({ own: 700, used: 700, isExpected: false })).toBe(525);
    expect(keptCalls({ own: 2, used: 2, isExpected: true })).toBe(1);
    expect(keptCalls({ own: 1, used: 1, isExpected: true })).toBe(0);
    expect(keptCalls({ own: 0, used: 1, isExpected: true })).toBe(0);
  });

  it('follows what was used, two windows behind', () => {
    const use = new RecentUse(windowMs);
    for (let call = 0; call < 120; call += 1) use.add(call * 500);
    expect(use.calls(59_999)).toBe(120);
    for (const at of [75_000, 100_000, 118_000]) expect(use.calls(at)).toBeGreaterThanOrEqual(60);
    expect(use.calls(181_000)).toBe(0);
  });
});
