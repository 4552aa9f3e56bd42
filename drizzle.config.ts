import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  // Tables of the engine are defined beside their statements.
  schema: [
    './src/tables/*.ts',
    './src/engine/http/oauth-tokens.ts',
    './src/engine/quota/slices.ts',
    './src/engine/quota/spend.ts',
    './src/engine/work/worker-registry.ts',
  ],
  out: './drizzle',
});
