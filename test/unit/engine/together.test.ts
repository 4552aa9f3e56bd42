// What many do at the same time, done together.
import { describe, expect, it } from 'vitest';
import { Together } from '../../../src/engine/work/together.ts';

describe('work done together', () => {
  it('takes those who come at the same time, and then those who came while it was under way', async () => {
    const rounds: number[][] = [];
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const together = new Together<number>(async (items) => {
      rounds.push([...items]);
      begun.resolve();
      await goOn.promise;
    });
    const first = [together.add(1), together.add(2)];
    await begun.promise;
    const later = [together.add(3), together.add(4)];
    goOn.resolve();
    await Promise.all([...first, ...later]);
    expect(rounds).toEqual([
      [1, 2],
      [3, 4],
    ]);
    await together.add(5);
    expect(rounds.at(-1)).toEqual([5]);
  });

  it('fails for the one alone that is to blame', async () => {
    const done: number[] = [];
    const together = new Together<number>(async (items) => {
      if (items.includes(2)) throw new Error('two');
      done.push(...items);
    });
    const results = await Promise.allSettled([1, 2, 3].map((item) => together.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(done).toEqual([1, 3]);
  });
});
