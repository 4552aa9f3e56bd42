// A worker that did not renew its lease, and which the others took for dead meanwhile: it must not go on as the one it was,
// nor stay as a process that does nothing.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { databases } from '../support/databases.ts';
import { until } from '../support/sync-world.ts';

const postgres = databases.find(({ name }) => name === 'PostgreSQL');

describe.skipIf(!postgres)('a server that the other workers took for dead', () => {
  it('joins again as a new worker, in the same process', async () => {
    const database = await postgres!.openOwn();
    const folder = mkdtempSync(join(tmpdir(), 'tributary-evicted-'));
    const nowhere = 'http://127.0.0.1:9';
    const destination = { connector: 'voucherify', appId: 'a', appToken: 'b', baseUrl: nowhere };
    const config = { destination, sources: { files: { connector: 'csv' } }, metadataSchema: 'none' };
    writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
    const entry = new URL('../../src/main.ts', import.meta.url).pathname;
    const env = { ...process.env, DATABASE_URL: database.where.url!, PORT: '0', TRIBUTARY_DATA_DIR: folder };
    const server = spawn(process.execPath, [entry, 'start'], { cwd: folder, env, stdio: 'ignore' });
    const exited = new Promise<number | null>((resolve) => server.once('exit', resolve));
    try {
      const alive = () =>
        database.rows<{ id: string; pid: number }>(
          sql`select id::text as id, pid from workers where ended_at is null`,
        );
      await until(async () => (await alive()).length === 1);
      const [first] = await alive();
      await database.rows(sql`update workers set ended_at = now()`);
      await until(async () => (await alive()).length === 1);
      const [second] = await alive();
      expect(second?.pid).toBe(first?.pid);
      expect(second?.id).not.toBe(first?.id);
      server.kill('SIGTERM');
      expect(await exited).toBe(0);
    } finally {
      server.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      await database.close();
    }
  });
});
