// The program as npm packs it, built anew by each bench: what users install is what is measured.
import { join } from 'node:path';
import { layOut } from '../scripts/package.ts';

const folder = join(import.meta.dirname, '.work', 'package');

let built: Promise<void> | undefined;

/** Where one of its programs lies: `main` is `tributary`, `ours` does what bench/ours.ts says. */
export async function packaged(program: 'main' | 'ours'): Promise<string> {
  built ??= layOut({ main: 'src/main.ts', ours: 'bench/ours.ts' }, folder);
  await built;
  return join(folder, 'src', `${program}.js`);
}
