// How far a vendor's clock is ahead of ours, from whole seconds and calls that take their time.

import { describe, expect, it } from 'vitest';
import { VendorClock } from '../../../src/engine/http/vendor-clock.ts';
import { fc } from '../../support/properties.ts';

const headerOf = (time: number) => new Date(time).toUTCString();
const at = Date.parse('2026-03-01T12:00:00.400Z');

describe("a vendor's clock", () => {
  it('is not known before an answer, nor from what is no date', () => {
    const clock = new VendorClock();
    clock.note(undefined, at, at);
    clock.note('soon', at, at);
    expect(clock.ahead).toBeNull();
  });

  it('is within its bounds, whatever the moment of the answer within the call', () => {
    const calls = fc.array(
      fc.record({
        startedAt: fc.nat(5_000_000),
        took: fc.nat(200_000),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(fc.integer({ min: -7_200_000, max: 7_200_000 }), calls, (ahead, calls) => {
        const clock = new VendorClock();
        for (const { startedAt, took, share } of calls) {
          const answeredAt = at + startedAt + took * share;
          clock.note(headerOf(answeredAt + ahead), at + startedAt, at + startedAt + took);
        }
        const { least, most } = clock.ahead!;
        expect(least).toBeLessThanOrEqual(ahead);
        expect(most).toBeGreaterThanOrEqual(ahead);
      }),
    );
  });

  it('keeps the most exact reading, until one contradicts it or it is old', () => {
    const clock = new VendorClock();
    clock.note(headerOf(at + 60_000), at, at + 20);
    const exact = clock.ahead;
    clock.note(headerOf(at + 60_000), at, at + 9_000);
    expect(clock.ahead).toEqual(exact);
    clock.note(headerOf(at + 3_600_000), at, at + 9_000);
    expect(clock.ahead!.least).toBeGreaterThan(3_500_000);
    clock.note(headerOf(at), at + 700_000, at + 740_000);
    expect(clock.ahead!.most).toBeLessThan(0);
  });
});
