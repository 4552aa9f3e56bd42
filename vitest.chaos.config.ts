import { defineConfig } from 'vitest/config';
import { quickStart } from './test/support/quick-start.ts';

export default defineConfig({
  test: {
    include: ['test/chaos/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    globalSetup: ['test/support/postgres.ts'],
    env: quickStart,
    pool: 'forks',
    maxWorkers: 2,
  },
});
