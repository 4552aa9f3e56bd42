// Whole systems by seed: workers that die, vendors that fail, on simulated time in one process. After the queues have drained
// everything must hold that test/simulation/checks.ts asks. `npm run simulate` carries out more of them.
import { afterAll, describe, expect, it } from 'vitest';
import { closeDatabase } from './database.ts';
import { historyOf } from './history.ts';
import { simulate } from './simulation.ts';

afterAll(closeDatabase);

describe('a simulation', () => {
  it('goes the same way for the same seed, whatever was simulated before', async () => {
    const history = historyOf(3, 0.5);
    const { hash } = await simulate(history);
    expect((await simulate(historyOf(4, 0.5))).hash).not.toBe(hash);
    expect((await simulate(history)).hash).toBe(hash);
  });

  it.each([1, 2, 3, 5, 8])('holds what the product promises (seed %i)', async (seed) => {
    const { faults, lines } = await simulate(historyOf(seed, 1));
    expect(faults, lines.slice(-50).join('\n')).toEqual([]);
  });
});
