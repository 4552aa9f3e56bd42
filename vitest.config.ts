import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**'],
    // Twice what the slowest takes alone: the machines are shared.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: ['test/support/postgres.ts'],
    pool: 'forks',
    maxWorkers: 2,
  },
});
