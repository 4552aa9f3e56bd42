// A batch refused as a whole, halved: who is found, and with how many calls.

import { describe, expect, it } from 'vitest';
import { bisect, callsMost, smallest, smallestWithoutCalls } from '../../src/sync/deliver/bisect.ts';
import { fc, times } from '../support/properties.ts';

/** What bisecting `count` items does, where a part that holds a bad one is refused. The first refusal is not counted. */
async function run(count: number, bad: ReadonlySet<number>, options: { mayAsk?: () => boolean } = {}) {
  const [taken, alone, left]: number[][] = [[], [], []];
  let asked = 0;
  await bisect(
    Array.from({ length: count }, (_, index) => index),
    {
      ask: async (part) => {
        asked += 1;
        await Promise.resolve();
        if (part.some((item) => bad.has(item))) return 'refused';
        taken!.push(...part);
        return 'taken';
      },
      alone: async (items) => void alone!.push(...items),
      leave: async (items) => void left!.push(...items),
      mayAsk: options.mayAsk ?? (() => true),
      atOnce: 3,
    },
  );
  return { taken: taken!, alone: alone!, left: left!, asked };
}

const cases = fc
  .record({ count: fc.integer({ min: 2, max: 2000 }), share: fc.double({ min: 0, max: 1, noNaN: true }) })
  .chain(({ count, share }) =>
    fc.record({
      count: fc.constant(count),
      bad: fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: Math.max(1, Math.ceil(share * 20)) }),
    }),
  );

describe('Bisecting a refused batch', () => {
  it('finds one bad customer of 2,000 with as many calls as a binary search', async () => {
    for (const bad of [0, 777, 1999]) {
      const { asked, alone, taken, left } = await run(2000, new Set([bad]));
      expect(asked).toBeLessThanOrEqual(2 * Math.log2(2000 / smallest));
      expect(alone.length).toBeLessThanOrEqual(2 * smallest);
      expect(alone).toContain(bad);
      expect([...taken, ...alone].length).toBe(2000);
      expect(left).toEqual([]);
    }
  });

  it('finds k bad of n in the order of k × log(n) calls, singles counted', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ count, bad }) => {
        const { asked, alone, left } = await run(count, new Set(bad));
        const k = bad.length;
        const bound = 2 * k * Math.log2(count / k) + 8 * k + 2;
        const calls = asked + alone.length;
        if (left.length === 0) expect(calls).toBeLessThanOrEqual(bound);
        else expect(calls + left.length).toBeLessThanOrEqual(count + callsMost(count));
      }),
      { numRuns: times(400) },
    );
  });

  it('deals with every item once, whatever is bad and whenever calls run out', async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.nat(40), async ({ count, bad }, calls) => {
        const isBad = new Set(bad);
        let left = calls;
        const ended = await run(count, isBad, { mayAsk: () => left-- > 0 });
        const all = [...ended.taken, ...ended.alone, ...ended.left];
        expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
        expect(ended.taken.some((item) => isBad.has(item))).toBe(false);
        expect(ended.asked).toBeLessThanOrEqual(callsMost(count));
      }),
      { numRuns: times(400) },
    );
  });

  it('asks no more than its budget where nearly everything is bad', async () => {
    const bad = new Set(Array.from({ length: 2000 }, (_, index) => index));
    const { asked, alone, left } = await run(2000, bad);
    expect(asked).toBeLessThanOrEqual(callsMost(2000));
    expect(alone.length + left.length).toBe(2000);
  });

  it('goes one by one with small parts, and leaves large ones, where no call may be made', async () => {
    expect(await run(smallestWithoutCalls, new Set([3]), { mayAsk: () => false })).toMatchObject({
      asked: 0,
      left: [],
    });
    expect(await run(smallestWithoutCalls + 1, new Set([3]), { mayAsk: () => false })).toMatchObject({
      asked: 0,
      alone: [],
    });
  });
});
