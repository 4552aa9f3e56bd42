// The package as npm installs it: below `node_modules`, where Node runs no TypeScript, and without what only the repository has.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildPackage } from '../../scripts/package.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';

const root = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  files: string[];
  bin: { tributary: string };
  dependencies: { [name: string]: string };
};
const [appId, appToken] = ['app-id', 'app-token-00000000'];

let folder: string;
let installed: string;
let vendor: Served;
let voucherify: ReturnType<typeof createVoucherifySimulator>;

/** A package of ours for each that a user would get with it: none that only the repository needs. */
function linkDependencies(): void {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: { [path: string]: { dev?: boolean } };
  };
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    const nested = path.split('node_modules/').length > 2;
    if (path === '' || nested || dev) continue;
    mkdirSync(join(folder, path, '..'), { recursive: true });
    symlinkSync(join(root, path), join(folder, path));
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-package-'));
  installed = join(folder, 'node_modules', 'tributary');
  linkDependencies();
  for (const path of ['package.json', ...manifest.files.filter((name) => name !== 'dist')])
    cpSync(join(root, path), join(installed, path), { recursive: true });
  await buildPackage(join(installed, 'dist'));
  voucherify = createVoucherifySimulator({ now: Date.now, appId, appToken });
  vendor = await serve(voucherify.app);
}, 120_000);

afterAll(async () => {
  await vendor?.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(args: string[]): ChildProcess {
  const { PATH, HOME } = process.env;
  const script = join(installed, manifest.bin.tributary);
  return spawn(process.execPath, [script, ...args], { cwd: folder, env: { PATH, HOME, PORT: '0' } });
}

/** The program of docs/api.md, as a user of the package has it. */
function writeProgram(): void {
  const page = readFileSync(join(root, 'docs/api.md'), 'utf8');
  const [, program = ''] = /^```ts\n(.*?)^```$/ms.exec(page) ?? [];
  writeFileSync(join(folder, 'program.ts'), program);
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
}

/** What the compiler says of the program. */
function faultsOf(options: string[]): string {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const args = [compiler, '--noEmit', '--strict', '--target', 'es2024', '--types', 'node', ...options];
  return spawnSync(process.execPath, [...args, 'program.ts'], { cwd: folder, encoding: 'utf8' }).stdout;
}

async function ended(child: ChildProcess) {
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk) => (out += chunk));
  child.stderr?.on('data', (chunk) => (err += chunk));
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  return { exitCode, out, err };
}

it('says what to configure where nothing is, since the sandbox comes with the repository alone', async () => {
  expect(await ended(run(['start']))).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('run "tributary init"'),
  });
  expect(await ended(run(['sandbox']))).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('comes with a checkout of the repository'),
  });
  const { out } = await ended(run(['doctor']));
  expect(out).toContain('There is none');
  expect(out).not.toContain('sandbox');
});

it('serves, imports a file, renders its docs, and ends on SIGTERM', async () => {
  const config = {
    destination: { connector: 'voucherify', appId, appToken, baseUrl: vendor.url },
    sources: { files: { connector: 'csv' } },
  };
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'people.csv'), 'Source_id,Name\nc1,Ann\nc2,Bob\n');
  const server = run(['start']);
  const end = ended(server);
  await Promise.race([said(server, 'Database:'), end]);
  const imported = await ended(run(['import', 'people.csv']));
  expect(imported).toMatchObject({ exitCode: 0 });
  expect([...voucherify.customers()].map(({ name }) => name).sort()).toEqual(['Ann', 'Bob']);
  const { url } = JSON.parse(readFileSync(join(folder, '.tributary', 'server.json'), 'utf8')) as {
    url: string;
  };
  const page = await fetch(`${url}/docs`);
  expect(page.status).toBe(200);
  writeProgram();
  const token = readFileSync(join(folder, '.tributary', 'api-token'), 'utf8').trim();
  const env = { TRIBUTARY_URL: url, TRIBUTARY_API_TOKEN: token };
  const program = await ended(spawn(process.execPath, ['program.ts'], { cwd: folder, env }));
  expect(program.out).toBe('c1\nc2\nNo source is called hubspot. There is files.\n');
  server.kill('SIGTERM');
  expect((await end).exitCode).toBe(0);
}, 120_000);

it.each([
  ['nodenext', ['--module', 'nodenext']],
  ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
])(
  'types the client for a program that resolves modules as %s',
  (_name, options) => {
    writeProgram();
    expect(faultsOf(options)).toBe('');
    const path = join(folder, 'program.ts');
    writeFileSync(path, readFileSync(path, 'utf8').replace("'/api/customers'", "'/api/customer'"));
    expect(faultsOf(options)).toContain('\'"/api/customer"\' is not assignable');
  },
  60_000,
);

it('has a client that imports nothing, so that a browser can load it', () => {
  const client = readFileSync(join(installed, 'dist/src/client/client.js'), 'utf8');
  expect(client).toContain('export {');
  expect(client).not.toMatch(/^import |require\(|node:/m);
});

it('bundles no package that only the repository needs', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: { [path: string]: { dev?: boolean } };
  };
  const bundled = readdirSync(join(installed, 'dist/src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) => {
      const text = readFileSync(join(installed, 'dist/src', name), 'utf8');
      return [...text.matchAll(/^\/\/ (node_modules\/(?:@[^/]+\/)?[^/]+)/gm)].map(([, path]) => path!);
    });
  expect(new Set(bundled).size).toBeGreaterThan(20);
  for (const path of new Set(bundled)) expect(packages[path]?.dev, path).not.toBe(true);
});

it('holds no TypeScript but declarations, and nothing that only the repository needs', () => {
  const packed = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  const source = packed.filter((name) => /\.ts$/.test(name) && !name.endsWith('.d.ts'));
  expect(source).toEqual([]);
  expect(packed.filter((name) => /(^|\/)(test|simulators|bench)(\/|$)/.test(name))).toEqual([]);
});

function said(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve) => {
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += chunk;
      if (text.includes(word)) resolve();
    });
  });
}
