// Builds `dist/`, what an installed package and the image run: a few files of JavaScript with our modules and those of other packages in
// them. Node runs no TypeScript below `node_modules`, and loading a thousand small files is most of a start's CPU. npm runs this
// before it packs.
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '..');

/** What the code reads beside itself, from `home` of src/home.ts. */
const beside = ['docs', 'drizzle', 'examples', 'observability', 'src/web/assets', 'tributary.schema.json'];

/** Packages that are loaded from `node_modules`: one reads files of its own, the others are loaded where traces are exported only. */
const apart = [/^@electric-sql\/pglite/, /^@opentelemetry\//];

/** The program and the client, the client's declarations, and the files that the program reads. `npm run check` checks types. */
export async function buildPackage(to: string): Promise<void> {
  await layOut({ main: 'src/main.ts' }, to);
  // By itself, so that it shares no file with the program: a browser loads it, and has nothing of Node.
  await bundle({ client: 'src/client/client.ts' }, join(to, 'src/client'));
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin/tsc',
  );
  const args = [compiler, '-p', join(root, 'tsconfig.client.json'), '--outDir', to];
  execFileSync(process.execPath, args, { stdio: 'inherit' });
}

/** Writes modules, by name, with all that they import to `src` of a folder laid out like the repository, and what they read beside it. */
export async function layOut(input: { [name: string]: string }, to: string): Promise<void> {
  rmSync(to, { recursive: true, force: true });
  await bundle(input, join(to, 'src'));
  for (const path of beside) cpSync(join(root, path), join(to, path), { recursive: true });
}

async function bundle(input: { [name: string]: string }, dir: string): Promise<void> {
  const build = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    external: apart,
    // The CommonJS of one package asks for its parts by names that only Node resolves.
    resolve: { mainFields: ['module', 'main'] },
    transform: { target: 'esnext' },
  });
  // Modules find `home` from the folder that they lie in: all lie in the same.
  const names = { entryFileNames: '[name].js', chunkFileNames: '[name].js' };
  // Errors are told apart by names, some of which are those of their classes: two of the same name in a file must both keep it.
  await build.write({ dir, format: 'esm', keepNames: true, ...names });
  await build.close();
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { to: { type: 'string', default: join(root, 'dist') } } });
  await buildPackage(values.to);
}
