// Builds `dist/`, what an installed package runs: Node runs no TypeScript below `node_modules`. The folder is laid out like the
// repository, so that files find one another in the same places. npm runs this before it packs.
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');

/** What the code reads beside itself. */
const beside = ['docs', 'drizzle', 'examples', 'observability', 'src/web/assets', 'tributary.schema.json'];

interface Manifest {
  imports: { [name: string]: string };
  [key: string]: unknown;
}

/** The sources as JavaScript, whose types `npm run check` checks, and declarations of what the package exports. */
export function buildPackage(to: string): void {
  rmSync(to, { recursive: true, force: true });
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin/tsc',
  );
  for (const project of ['tsconfig.package.json', 'tsconfig.client.json']) {
    const args = [compiler, '-p', join(root, project), '--outDir', to];
    execFileSync(process.execPath, args, { stdio: 'inherit' });
  }
  for (const path of beside) cpSync(join(root, path), join(to, path), { recursive: true });
  const { name, version, type, imports } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Manifest;
  const built = Object.entries(imports).map(([from, target]) => [from, target.replace(/\.ts$/, '.js')]);
  const manifest = { name, version, type, imports: Object.fromEntries(built) };
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { to: { type: 'string', default: join(root, 'dist') } } });
  buildPackage(values.to);
}
