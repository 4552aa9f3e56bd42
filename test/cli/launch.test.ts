// How the first command in a fresh copy installs the dependencies. npm is played by a script that notes when it begins and ends.
import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

describe('the first command in a fresh copy', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tributary-launch-'));
    cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
    for (const name of ['package-lock.json', '.npmrc']) cpSync(join(root, name), join(folder, name));
    writeFileSync(join(folder, 'hello.mjs'), `console.log('hello');`);
    mkdirSync(join(folder, 'path'));
    npm(`echo begin >> "${folder}/log"; sleep 0.5; mkdir -p node_modules; echo end >> "${folder}/log"`);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function npm(script: string): void {
    const path = join(folder, 'path', 'npm');
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }

  const noted = () => readFileSync(join(folder, 'log'), 'utf8').trim().split('\n');

  async function start() {
    const child = spawn(process.execPath, [join(folder, 'bin/node.mjs'), 'hello.mjs'], {
      cwd: folder,
      env: { PATH: `${join(folder, 'path')}:${process.env['PATH']}` },
    });
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk) => (said.out += chunk));
    child.stderr.on('data', (chunk) => (said.err += chunk));
    const exitCode = await new Promise((done) => child.once('close', done));
    return { exitCode, ...said };
  }

  it('installs once, while another that is started meanwhile waits', async () => {
    const ended = await Promise.all([start(), start()]);
    expect(ended).toMatchObject([
      { exitCode: 0, out: 'hello\n' },
      { exitCode: 0, out: 'hello\n' },
    ]);
    expect(noted()).toEqual(['begin', 'end']);
    const said = ended.map(({ err }) => err).join('');
    expect(said.match(/Installing dependencies/g)).toHaveLength(1);
    expect(said).toContain('Waiting for another command');
    expect(existsSync(join(folder, '.installing'))).toBe(false);
    // From now on nothing is installed.
    expect(await start()).toEqual({ exitCode: 0, out: 'hello\n', err: '' });
  });

  it('goes on where one was killed in the middle of it', async () => {
    // No process has this ID: it is above the highest of Linux.
    writeFileSync(join(folder, '.installing'), '4194305');
    expect(await start()).toMatchObject({ exitCode: 0, out: 'hello\n' });
    expect(noted()).toEqual(['begin', 'end']);
  });

  it('says that nothing was started where the installation fails, and leaves the next one free', async () => {
    npm('echo no network >&2; exit 1');
    const { exitCode, out, err } = await start();
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
    expect(err).toContain('no network\nnpm ci failed; see its message above. Nothing was started.');
    expect(existsSync(join(folder, '.installing'))).toBe(false);
  });
});
