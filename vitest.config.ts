import { defineConfig } from 'vitest/config';

/** Tests that keep nothing outside of themselves: their files share processes, and what those have loaded. */
const pure = ['test/{unit,properties,simulators,connectors}/**/*.test.ts', 'test/*.test.ts'];
/** Those beside them that have a database, other processes or a clock of their own. */
const impure = ['test/unit/lock.test.ts', 'test/unit/engine/{http,download,schedule}.test.ts'];

export default defineConfig(({ mode }) => ({
  test: {
    // Many times what the slowest takes alone: machines are shared, and slowness is no fault.
    testTimeout: mode === 'long' ? 3_600_000 : 180_000,
    hookTimeout: 180_000,
    globalSetup: ['test/support/postgres.ts'],
    pool: 'forks',
    // More than the cores of a small machine, for a test waits for the database for half of its time; not so many that
    // they use up the hundred connections of a server.
    maxWorkers: 3,
    env: { TRIBUTARY_TEST_LONG: mode === 'long' ? 'yes' : '' },
    projects: [
      { extends: true, test: { name: 'pure', include: pure, exclude: impure, isolate: false } },
      {
        extends: true,
        test: { name: 'storage', include: ['test/{cases,cli,sync,web}/**/*.test.ts', ...impure] },
      },
    ],
  },
}));
