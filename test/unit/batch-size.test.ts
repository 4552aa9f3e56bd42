// How many customers go into one bulk call, by what became of those before.

import { describe, expect, it } from 'vitest';
import { BatchSize } from '../../src/sync/deliver/batch-size.ts';
import { fc } from '../support/properties.ts';

describe('The size of a batch', () => {
  it('begins with the most there may be', () => {
    expect(new BatchSize(2000).records).toBe(2000);
  });

  it('is halved by a call that was too large, and by one that was not answered in time', () => {
    const size = new BatchSize(2000);
    size.tooLarge(2000);
    expect(size.records).toBe(1000);
    size.timedOut(1000);
    expect(size.records).toBe(500);
    size.timedOut(300);
    expect(size.records).toBe(150);
  });

  it('grows back by a twentieth of the most with each full call that was taken', () => {
    const size = new BatchSize(2000);
    size.timedOut(2000);
    size.taken(1000);
    expect(size.records).toBe(1100);
    size.taken(400);
    expect(size.records).toBe(1100);
    for (let calls = 0; calls < 20; calls += 1) size.taken(size.records);
    expect(size.records).toBe(2000);
  });

  it('does not come back to a size that was refused until many calls were taken', () => {
    const size = new BatchSize(2000);
    size.tooLarge(150);
    for (let calls = 0; calls < 40; calls += 1) size.taken(size.records);
    expect(size.records).toBe(149);
    size.taken(149);
    expect(size.records).toBeGreaterThanOrEqual(150);
  });

  it('is what the destination says it takes, and goes back to that after a larger one was tried', () => {
    const size = new BatchSize(25_000);
    size.limitedTo(100);
    for (let calls = 0; calls < 40; calls += 1) size.taken(size.records);
    expect(size.records).toBe(100);
  });

  it('shrinks by as much as an action took too long', () => {
    const size = new BatchSize(20_000);
    size.took(20_000, 600_000);
    size.took(5_000, 3_000_000);
    expect(size.records).toBe(20_000);
    size.took(20_000, 1_200_000);
    expect(size.records).toBe(10_000);
  });

  it('never falls below ten, nor leaves its bounds', () => {
    const events = fc.array(
      fc.tuple(fc.constantFrom('tooLarge', 'timedOut', 'taken'), fc.integer({ min: 1, max: 3000 })),
    );
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 3000 }), events, (most, all) => {
        const size = new BatchSize(most);
        for (const [event, sent] of all) {
          size[event as 'taken'](Math.min(sent, size.records));
          expect(size.records).toBeGreaterThanOrEqual(Math.min(10, most));
          expect(size.records).toBeLessThanOrEqual(most);
        }
      }),
    );
  });
});
