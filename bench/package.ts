// The program as npm packs it, built anew by each bench: what users install is what is measured.
import { join } from 'node:path';
import { spawnScript } from './processes.ts';

const folder = join(import.meta.dirname, '.work', 'package');

let built: Promise<string> | undefined;

/** Where one of its programs lies: `main` is `tributary`, `ours` does what bench/ours.ts says. */
export async function packaged(program: 'main' | 'ours'): Promise<string> {
  built ??= spawnScript('package-build.ts', [folder]).line;
  return join(await built, 'src', `${program}.js`);
}
