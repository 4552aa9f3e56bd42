// Tools that are installed when they are measured, each at its exact version in a folder of its own, and used as they are.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedForTheBench } from './versions.ts';

export type Tool = keyof typeof installedForTheBench;

const folder = fileURLToPath(new URL('../.work/peers/', import.meta.url));
/** The packages among theirs that have to be compiled. */
const compiled: { [Name in Tool]: string[] } = { n8n: ['sqlite3'], 'node-red': [] };
/** n8n has 2,400 packages. */
const installMs = 1_800_000;

/** Where it lies. Throws, with npm's last words, where it cannot be installed. */
export function installTool(tool: Tool): string {
  const directory = join(folder, tool);
  const installed = join(directory, 'node_modules', tool);
  const version = installedForTheBench[tool];
  const finished = join(directory, `${version}.installed`);
  if (existsSync(finished)) return installed;
  console.log(`Installing ${tool} ${version} into ${directory} …`);
  mkdirSync(directory, { recursive: true });
  // Most of the packages that would be compiled are never used, and one that fails would undo everything.
  npm(tool, directory, [
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    `${tool}@${version}`,
  ]);
  const native = compiled[tool];
  if (native.length > 0) npm(tool, directory, ['rebuild', ...native]);
  writeFileSync(finished, '');
  return installed;
}

/** It runs under the Node that runs the tool, for which native packages are built. */
function npm(tool: Tool, directory: string, args: readonly string[]): void {
  const node = dirname(process.execPath);
  const { status, stderr, error } = spawnSync('npm', [...args, '--prefix', directory, '--loglevel=error'], {
    encoding: 'utf8',
    timeout: installMs,
    env: { ...process.env, PATH: `${node}:${process.env['PATH']}`, npm_config_nodedir: dirname(node) },
  });
  if (status !== 0)
    throw new Error(`npm could not install ${tool}: ${error?.message ?? stderr.slice(-500).trim()}`);
}
