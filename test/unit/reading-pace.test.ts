// How soon what webhooks name is read, and how many calls that takes at most.
import { describe, expect, it } from 'vitest';
import { Lingering } from '../../src/sync/inbox/lingering.ts';
import { ReadingPace } from '../../src/sync/inbox/reading-pace.ts';

describe('Lingering', () => {
  it('reads a record at once, and once more for all that is reported about it within 400 ms', () => {
    const lingering = new Lingering();
    const waits = [0, 1, 200, 399, 400, 401, 800, 801, 5_000].map(
      (at) => at + lingering.waitMs(['hubspot', 'contacts', '1'], at),
    );
    expect(waits).toEqual([0, 400, 400, 400, 800, 800, 1_200, 1_200, 5_000]);
  });

  it('lets no record wait for another', () => {
    const lingering = new Lingering();
    const waits = ['1', '2', '3'].map((id) => lingering.waitMs(['hubspot', 'contacts', id], 7));
    expect([...waits, lingering.waitMs(['hubspot', 'companies', '1'], 7)]).toEqual([0, 0, 0, 0]);
  });

  it('never waits longer than 400 ms, though the clock was set back', () => {
    const lingering = new Lingering();
    lingering.waitMs(['a'], 1_000_000);
    expect(lingering.waitMs(['a'], 0)).toBeLessThanOrEqual(400);
    expect(lingering.waitMs(['a'], 1_000)).toBeLessThanOrEqual(400);
  });
});

describe('The pace of readings', () => {
  /** Readings of a source that always has something to read, each made as soon as the pace allows. */
  const readings = (
    limits: { calls: number; windowMs: number }[],
    forMs: number,
    { latencyMs = 20, freePart = 0 } = {},
  ) => {
    const pace = new ReadingPace();
    const at: number[] = [];
    for (let now = 0; now < forMs; now += latencyMs) {
      now += pace.waitMs(now, limits, freePart);
      at.push(now);
      pace.took(now, limits);
    }
    return at;
  };

  it('makes one after the other while there is plenty', () => {
    expect(readings([{ calls: 190, windowMs: 10_000 }], 900)).toHaveLength(45);
    expect(readings([], 900)).toHaveLength(45);
  });

  it('takes no more than three quarters of any window, and half of it in the long run', () => {
    const at = readings([{ calls: 190, windowMs: 10_000 }], 120_000);
    for (const from of at) {
      const inWindow = at.filter((one) => one >= from && one < from + 10_000).length;
      expect(inWindow).toBeLessThanOrEqual(190 * 0.75 + 1);
    }
    expect(at.filter((one) => one >= 60_000).length).toBeLessThanOrEqual(6 * 190 * 0.5 + 1);
  });

  it('does not wait at all while a third of every window is free, whatever it has taken before', () => {
    expect(readings([{ calls: 190, windowMs: 10_000 }], 60_000, { freePart: 0.33 })).toHaveLength(3_000);
  });

  it('does not wait longer than 400 ms for a scarce quota, nor for a day that is half used', () => {
    const day = { calls: 1_000, windowMs: 86_400_000 };
    const at = readings([day], 600_000);
    const gaps = at.slice(1).map((one, index) => one - at[index]!);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(420);
  });
});
