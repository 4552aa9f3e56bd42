// A death at one point of each scenario of the crash matrix, chosen by the seed. `npm run matrix` carries out all of them, on a real
// PostgreSQL, too.
import { afterAll, describe, expect, it } from 'vitest';
import { randomOf, seed } from '../../support/random.ts';
import { embedded } from './databases.ts';
import { matrixOf } from './matrix.ts';
import { scenarios } from './scenarios.ts';

afterAll(() => embedded.close());

/** No scenario has fewer. */
const fewestPoints = 12;

describe('a worker that dies', () => {
  const random = randomOf(seed);
  const cases = scenarios.map((scenario) => ({
    scenario,
    name: scenario.name,
    point: 1 + Math.floor(random() * fewestPoints),
  }));

  it.each(cases)(
    `loses nothing and does nothing twice: $name, point $point (seed ${seed})`,
    async ({ scenario, point }) => {
      const { deaths, failures } = await matrixOf(scenario, embedded, { seed, points: [point] });
      expect(failures.map(({ at, faults }) => ({ at, faults }))).toEqual([]);
      expect(deaths).toBe(1);
    },
  );
});
