// The real entry as a process: signals, exit codes, what it writes and leaves behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { announcedServer } from '../../src/cli/data-folder.ts';
import { cliDeps } from '../../src/cli/deps.ts';
import { runProgram } from '../../src/cli/program.ts';
import { readEnvironment } from '../../src/config.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { runCommand } from '../support/run-command.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const [appId, appToken] = ['app-id', 'app-token-00000000'];

let folder: string;
let vendor: Served;
let server: ChildProcess;
let said = '';

function run(args: string[], script = [main]): ChildProcess {
  const { PATH, HOME } = process.env;
  return spawn(process.execPath, [...script, ...args], { cwd: folder, env: { PATH, HOME, PORT: '0' } });
}

async function ended(child: ChildProcess) {
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk) => (out += chunk));
  child.stderr?.on('data', (chunk) => (err += chunk));
  const exitCode = await new Promise((resolve) =>
    child.once('close', (code, signal) => resolve(signal ?? code)),
  );
  return { exitCode, out, err };
}

/** Resolves once the server has said this; fails with what it said where it ends before. */
function hears(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      said += chunk;
      if (said.includes(word)) resolve();
    });
    child.stderr?.on('data', (chunk) => (said += chunk));
    child.once('close', (code) => reject(new Error(`it ended with ${code}: ${said}`)));
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-entry-'));
  const voucherify = createVoucherifySimulator({ now: Date.now, appId, appToken });
  vendor = await serve(voucherify.app);
  const config = {
    destination: { connector: 'voucherify', appId, appToken, baseUrl: vendor.url },
    sources: { files: { connector: 'csv' } },
  };
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'people.csv'), 'Source_id,Name\nc1,Ann\nc2,Bob\n');
  server = run(['start']);
  await hears(server, 'Database:');
});

afterAll(async () => {
  server.kill('SIGKILL');
  await vendor.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a server and the commands beside it', () => {
  it('faults 16: writes JSON lines where no terminal is attached, and no token or login link', () => {
    const lines = said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string });
    expect(lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^Status page: http:\/\/127\.0\.0\.1:\d+$/),
        expect.stringMatching(/^API token: +kept in .*api-token$/),
      ]),
    );
    // Others read a log.
    expect(said).not.toContain('login?key=');
    expect(said).not.toContain(readFileSync(join(folder, '.tributary', 'api-token'), 'utf8').trim());
  });

  it('speak to one another: an import is done by the server', async () => {
    const imported = await ended(run(['import', 'people.csv', '--json']));
    expect(imported).toMatchObject({ exitCode: 0, err: '' });
    expect(JSON.parse(imported.out).result).toMatchObject({
      runs: [{ state: 'finished', received: 2 }],
      customers: { delivered: 2, waiting: 0 },
    });
    expect(await ended(run(['export', '--fields', 'source_id,name']))).toMatchObject({
      exitCode: 0,
      out: 'source_id,name\r\nc1,Ann\r\nc2,Bob\r\n',
    });
  });

  it('are refused a wrong token with 2, and a second server on the same database with 1', async () => {
    const { url } = JSON.parse(readFileSync(join(folder, '.tributary', 'server.json'), 'utf8')) as {
      url: string;
    };
    const { PATH } = process.env;
    const env = { PATH, TRIBUTARY_URL: url, TRIBUTARY_API_TOKEN: 'wrong-wrong-wrong-wrong' };
    const wrong = await ended(spawn(process.execPath, [main, 'status'], { cwd: folder, env }));
    expect(wrong).toMatchObject({ exitCode: 2, err: expect.stringMatching(/rejects the token/) });
    const second = await ended(run(['start']));
    expect(second.exitCode).toBe(1);
    expect(second.err).toContain(`in use by process ${server.pid}, the server at ${url}`);
  });

  /** The options that name the server. */
  const serverOptions = () => {
    const token = readFileSync(join(folder, '.tributary', 'api-token'), 'utf8').trim();
    return ['--url', announcedServer(join(folder, '.tributary'))!.url, '--token', token];
  };

  it.each([
    'sources list',
    'runs list',
    'customers list',
    'problems list',
    'problems dead-letters',
    'problems quarantine',
    'holds list',
    'drifts list',
    'webhooks inbox',
    'token list',
    'audit',
    'write-backs',
    'logs',
  ])('answer %s --json with one object whose result is a list', async (path) => {
    const args = [...path.split(' '), '--json', ...serverOptions()];
    const { exitCode, out, err } = await runCommand(folder, args);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(JSON.parse(out)).toEqual({
      command: path,
      ok: true,
      summary: expect.stringMatching(/^.+\.$/),
      result: expect.any(Array),
      error: null,
    });
  });

  it('show the log of the server and its status, once and again', async () => {
    const at = serverOptions();
    const listed = await runCommand(folder, ['logs', '--json', ...at]);
    expect(JSON.parse(listed.out)).toMatchObject({
      command: 'logs',
      result: expect.arrayContaining([
        expect.objectContaining({ level: 'info', message: expect.stringMatching(/^Status page: /) }),
      ]),
    });
    expect((await runCommand(folder, ['logs', '--limit', '1', ...at])).out).toMatch(/^\S+Z info {2}.+\n$/);

    // Ctrl-C after the second look, as the handler of the command alone hears it.
    let looks = 0;
    const clock: Clock = {
      now: Date.now,
      sleep: async () => {
        looks += 1;
        if (looks % 2 === 0) (process.listeners('SIGINT').at(-1) as () => void)();
      },
    };
    const followed = await runCommand(folder, ['logs', '-f', '--json', ...at], {}, () => {}, clock);
    expect(followed.exitCode).toBe(0);
    const lines = followed.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number });
    expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length);

    const out = new PassThrough();
    const terminal = {
      out,
      err: out,
      outIsTerminal: true,
      errIsTerminal: false,
      colors: false,
      columns: 100,
    };
    const deps = { ...cliDeps, readEnvironment: async (given = {}) => readEnvironment(given, folder) };
    expect(await runProgram(['status', '--watch', '5', ...at], { terminal, clock, deps })).toBe(0);
    const drawn = String(out.read());
    expect(drawn.split('\x1b[H').map((page) => page.split(' s.')[0])).toEqual([
      '',
      expect.stringMatching(/^\d{4}-\d\d-\d\dT\S+Z, every 5$/),
      expect.stringMatching(/^\d{4}-\d\d-\d\dT\S+Z, every 5$/),
    ]);
    expect(drawn).toContain('Customers: 2 = 2 delivered');
    expect(await runCommand(folder, ['status', '--watch', ...at])).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/^--watch draws on a terminal/),
    });
  });

  it('follow the log until nobody reads it any more', async () => {
    const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    let looks = 0;
    const out = new Writable({
      autoDestroy: false,
      write: (_chunk, _encoding, written) => written(looks > 0 ? gone : null),
    });
    out.on('error', () => {});
    const clock: Clock = {
      now: Date.now,
      sleep: async () => {
        looks += 1;
        if (looks === 1) out.write('a line\n');
        if (looks > 20) throw new Error('It is still followed.');
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
    const terminal = {
      out,
      err: out,
      outIsTerminal: false,
      errIsTerminal: false,
      colors: false,
      columns: 80,
    };
    const deps = { ...cliDeps, readEnvironment: async (given = {}) => readEnvironment(given, folder) };
    expect(await runProgram(['logs', '-f', ...serverOptions()], { terminal, clock, deps })).toBe(0);
    expect(looks).toBeLessThan(20);
  });

  it('exits with 0 on SIGTERM within ten seconds, and is not announced any more', async () => {
    const begun = performance.now();
    const end = ended(server);
    server.kill('SIGTERM');
    expect((await end).exitCode).toBe(0);
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(existsSync(join(folder, '.tributary', 'server.json'))).toBe(false);
  });
});

describe('the command tributary', () => {
  const command = fileURLToPath(new URL('../../bin/tributary.mjs', import.meta.url));

  it('writes nothing but JSON to the standard output through npm run --silent', async () => {
    const { PATH, HOME } = process.env;
    const at = { TRIBUTARY_URL: 'http://127.0.0.1:9', TRIBUTARY_API_TOKEN: 'a-token-of-16-or-more' };
    const npm = spawn('npm', ['run', '--silent', 'tributary', '--', 'sources', '--json'], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { PATH, HOME, ...at },
    });
    const { exitCode, out, err } = await ended(npm);
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: expect.stringContaining('Cannot reach') });
    expect(JSON.parse(out)).toMatchObject({ command: 'sources list', ok: false, error: { code: 'failed' } });
  });

  it('passes arguments and exit codes on', async () => {
    expect(await ended(run(['stauts'], [command]))).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/Did you mean status/),
    });
    expect(await ended(run(['--version'], [command]))).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});
