// A death at one point of each scenario of the crash matrix, chosen by the seed, on each database. `npm run matrix` carries out all of
// them.
import { afterAll, describe, expect, it } from 'vitest';
import { randomOf, seed } from '../../support/random.ts';
import { embedded, onServer } from './databases.ts';
import { matrixOf } from './matrix.ts';
import { scenarios } from './scenarios.ts';

const databases = [embedded, ...(onServer ? [onServer] : [])];

/** No scenario has fewer. */
const fewestPoints = 12;

describe.each(databases)('a worker that dies, on $name', (on) => {
  afterAll(() => on.close());

  const random = randomOf(seed);
  const cases = scenarios.map((scenario) => ({
    scenario,
    name: scenario.name,
    point: 1 + Math.floor(random() * fewestPoints),
  }));

  it.each(cases)(
    `loses nothing and does nothing twice: $name, point $point (seed ${seed})`,
    async ({ scenario, point }) => {
      const { deaths, failures } = await matrixOf(scenario, on, { seed, points: [point] });
      expect(failures.map(({ at, faults }) => ({ at, faults }))).toEqual([]);
      expect(deaths).toBe(1);
    },
  );
});
