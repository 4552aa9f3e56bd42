import { defineConfig } from 'vitest/config';
import { quickStart } from './test/support/quick-start.ts';

export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/support/postgres.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: quickStart,
    pool: 'forks',
    maxWorkers: 1,
  },
});
