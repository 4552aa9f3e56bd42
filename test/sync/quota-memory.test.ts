// What the calls of a long window cost in memory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { behaviour } from '../support/databases.ts';

const [{ openOwn }] = behaviour;
const child = fileURLToPath(new URL('quota-memory-child.ts', import.meta.url));

describe('The slots of a long window', () => {
  it('are held by the ten thousand within a heap of 48 MB', { timeout: 120_000 }, async () => {
    const database = await openOwn();
    try {
      await database.release();
      const args = [
        '--max-old-space-size=48',
        '--max-semi-space-size=4',
        child,
        JSON.stringify(database.where),
      ];
      const run = spawn(process.execPath, [...args, '60000'], { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      run.stderr.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-2_000);
      });
      const [code, signal] = await once(run, 'close');
      expect({ code, signal, said }).toEqual({ code: 0, signal: null, said: '' });
    } finally {
      await database.close();
    }
  });
});
