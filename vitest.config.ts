import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { quickStart } from './test/support/quick-start.ts';

/** Few of these have a database. */
const pure = [
  'templates/connector/test/connectors/*.test.ts',
  'test/{unit,properties,simulators,connectors}/**/*.test.ts',
  'test/*.test.ts',
];
/** Those of them that have a clock or processes of their own. */
const alone = ['test/unit/lock.test.ts', 'test/unit/engine/{http,download,schedule}.test.ts'];
/** They mostly wait for other processes, while tests beside them work. */
const waiting = /\/(small-heap|quota-stopped|environment|entry|service|worker-registry)\.test\.ts$/;

/** Begins with what takes longest whatever the cores, and ends with what is short. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification) =>
      waiting.test(moduleId) ? 0 : project.name === 'storage' ? 1 : 2;
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig(({ mode }) => ({
  test: {
    // Many times what the slowest takes alone: machines are shared, and slowness is no fault.
    testTimeout: mode === 'long' ? 3_600_000 : 180_000,
    hookTimeout: 180_000,
    globalSetup: ['test/support/postgres.ts'],
    setupFiles: ['test/support/no-leaks.ts'],
    pool: 'forks',
    // More than the cores of a small machine, for a test waits for the database for half of its time; not so many that
    // they use up the hundred connections of a server.
    maxWorkers: 3,
    env: { ...quickStart, TRIBUTARY_TEST_LONG: mode === 'long' ? 'yes' : '' },
    sequence: { sequencer: LongestFirst },
    // Files of a project share processes, what those have loaded, and the pool of databases.
    isolate: false,
    projects: [
      { extends: true, test: { name: 'pure', include: pure, exclude: alone } },
      {
        extends: true,
        test: { name: 'storage', include: ['test/{cases,cli,hostile,simulation,sync,web}/**/*.test.ts'] },
      },
      { extends: true, test: { name: 'alone', include: alone, isolate: true } },
    ],
  },
}));
