import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const url = (path: string) => new URL(`../../${path}`, import.meta.url).href;
const entries = ['src/cli/program.ts', 'src/app/app.ts', 'src/web/app.ts', 'src/web/server.ts'];

/** Prints where every module of a worker was found, and its format. */
const program = `
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({
    load(url, context, next) {
      loaded.push(url + ' ' + (context.format ?? 'unknown'));
      return next(url, context);
    },
  });
  for (const entry of ${JSON.stringify([...entries, 'connectors/index.ts'].map(url))}) await import(entry);
  for (const line of loaded.sort()) console.log(line);
`;

function modulesOf(flags: string[]): string[] {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const args = [...flags, '--input-type=module', '--eval', program];
  const options = { cwd: fileURLToPath(url('.')), env, encoding: 'utf8' } as const;
  const { stdout, stderr } = spawnSync(process.execPath, args, options);
  const files = stdout.split('\n').filter((line) => line.startsWith('file:'));
  if (files.length === 0) throw new Error(stderr);
  return files;
}

test('a worker that is told where its modules are loads the same ones as Node finds by itself', () => {
  const told = modulesOf([`--import=${url('bin/quick-resolve.mjs')}`]);
  expect(told.length).toBeGreaterThan(100);
  expect(told).toEqual(modulesOf([]));
}, 60_000);
