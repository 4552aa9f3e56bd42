// What stands around a process: its configuration, folders and streams. Each input is one that people have given.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttpServer, request as sendTo } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { withEnvFile } from '../../src/config/env-file.ts';
import type { Status } from '../../src/contract/status.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { databaseName, findServer, onServer } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const folders: string[] = [];
const server = await findServer();
const token = 'a-token-of-the-tests';

function folderWith(config?: object | string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-environment-'));
  folders.push(folder);
  if (config !== undefined)
    writeFileSync(
      join(folder, 'tributary.config.json'),
      typeof config === 'string' ? config : JSON.stringify(config),
    );
  return folder;
}

const destination = { connector: 'voucherify', appId: 'app', appToken: 'token-0123456789' };
const files = { connector: 'csv' };

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('The configuration', () => {
  const check = (folder: string, variables: { [name: string]: string } = {}) =>
    runCommand(folder, ['check'], variables);

  it('26-config-is-a-folder: a folder where the file should be is reported with an explanation', async () => {
    const folder = folderWith();
    mkdirSync(join(folder, 'config.json'));
    const { exitCode, err } = await check(folder, { TRIBUTARY_CONFIG: join(folder, 'config.json') });
    expect(exitCode).toBe(2);
    expect(err).toContain('a folder');
    expect(err).toContain('Docker creates a folder where the file to mount is missing');
    expect(err).not.toMatch(/defect|EISDIR|\n\s+at /);
  });

  it('26-config-is-a-folder: a data folder that is a file is reported with an explanation', async () => {
    const folder = folderWith({ destination, sources: { files } });
    writeFileSync(join(folder, 'data'), '');
    for (const data of ['data', 'data/below']) {
      const { exitCode, err } = await runCommand(folder, ['status'], {
        TRIBUTARY_DATA_DIR: join(folder, data),
      });
      expect(exitCode).toBe(2);
      expect(err).toMatch(/^The data folder .* (is a file|is inside a file): set TRIBUTARY_DATA_DIR/);
    }
  });

  it('may begin with a byte order mark', async () => {
    const json = JSON.stringify({ destination, sources: { files } });
    expect((await check(folderWith(`\ufeff${json}`))).err).not.toContain('fault');
  });

  it('may be written in UTF-16, as Windows does; other bytes that are not UTF-8 are named', async () => {
    const named = { ...files, mapping: { name: 'Prénom' } };
    const json = JSON.stringify({ destination, sources: { files: named } });
    const folder = folderWith();
    const path = join(folder, 'tributary.config.json');
    writeFileSync(path, Buffer.from(`\ufeff${json}`, 'utf16le'));
    expect((await check(folder)).err).not.toContain('fault');
    writeFileSync(path, Buffer.from(json, 'latin1'));
    expect(await check(folder)).toMatchObject({ exitCode: 2, err: expect.stringContaining('not UTF-8') });
  });

  it('has variables in a file .env, which may be in UTF-16 as well', () => {
    const folder = folderWith();
    writeFileSync(join(folder, '.env'), Buffer.from('\ufeffTOKEN=clé\r\n', 'utf16le'));
    expect(withEnvFile({}, folder)).toEqual({ TOKEN: 'clé' });
    writeFileSync(join(folder, '.env'), Buffer.from('TOKEN=clé\n', 'latin1'));
    expect(() => withEnvFile({}, folder)).toThrow('not UTF-8');
  });

  it('26-config-is-a-folder: a link that leads nowhere or to itself is reported with an explanation', async () => {
    const folder = folderWith();
    const path = join(folder, 'tributary.config.json');
    symlinkSync('/nowhere/tributary.config.json', path);
    expect((await check(folder)).err).toMatch(
      /tributary\.config\.json\n +found: +a link to a file that does not exist/,
    );
    rmSync(path);
    symlinkSync(path, path);
    expect((await check(folder)).err).toMatch(
      /tributary\.config\.json\n +found: +a file that cannot be read \(ELOOP\)/,
    );
    rmSync(path);
    const secret = join(folder, 'secret');
    symlinkSync(secret, secret);
    const linked = { ...destination, appToken: `\${file:secret}` };
    writeFileSync(path, JSON.stringify({ destination: linked, sources: { files } }));
    const { exitCode, err } = await check(folder);
    expect(exitCode).toBe(2);
    expect(err).toMatch(
      /destination\.appToken.*\n.*\n +allowed: a file that can be read; .* cannot \(ELOOP\)/,
    );
  });

  it('names a reference that is written without env:', async () => {
    const { exitCode, err } = await check(
      folderWith({ destination: { ...destination, appToken: `\${TOKEN}` }, sources: { files } }),
    );
    expect(exitCode).toBe(2);
    expect(err).toContain('destination.appToken');
    expect(err).toContain(`"\${env:TOKEN}" for the environment variable TOKEN`);
  });

  it('names keys that an object holds twice, with both lines', async () => {
    const { err } = await check(
      folderWith(
        `{"destination": ${JSON.stringify(destination)},\n"sources": {"files": {"connector": "csv",\n"connector": "csv"}}}`,
      ),
    );
    expect(err).toContain('sources.files.connector');
    expect(err).toMatch(/a duplicate key, on lines 2 and 3/);
  });

  it.each([
    ['brackets', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('names the place where %s are nested too deep', async (_what, open, close) => {
    const { exitCode, err } = await check(
      folderWith(`{"sources":\n${open.repeat(100_000)}1${close.repeat(100_000)}}`),
    );
    expect(exitCode).toBe(2);
    expect(err).toContain('more than 200 levels of braces and brackets');
    expect(err).toContain(`line 2, column ${199 * open.length + 1}`);
  });

  it('names the key that was probably meant, at every level', async () => {
    const { err } = await check(
      folderWith({
        Destination: destination,
        destination: { ...destination, AppID: 'x', base_url: 'https://x.example' },
        sources: { files: { ...files, Schedule: '* * * * *', delimeter: ',', webhook: { keepdays: 3 } } },
        breaker: { delete: { share: 1, count: 1 } },
      }),
    );
    for (const meant of ['destination', 'appId', 'baseUrl', 'schedule', 'delimiter', 'keepDays', 'deleted'])
      expect(err).toContain(`did you mean "${meant}"?`);
  });

  it('names the field, the part of an entry and the connector that were probably meant', async () => {
    const mapping = {
      'metdata.tier': 'tier',
      'Metadata.vip': 'vip',
      phone: { form: 'phone', as: 'phone' },
      birthdate: { from: 'born', as: 'dates' },
    };
    const { err } = await check(
      folderWith({
        destination,
        sources: { files: { ...files, mapping }, crm: { connector: 'HubSpot' } },
        merge: { fields: { 'adress.*': 'first', name: { policy: 'precedance' } } },
        metadataSchema: { definitions: { tier: { tpye: 'string' } } },
      }),
    );
    for (const [path, meant] of [
      ['sources.files.mapping.metdata.tier', 'metadata.tier'],
      ['sources.files.mapping.Metadata.vip', 'metadata.vip'],
      ['sources.files.mapping.phone.form', 'from'],
      ['sources.crm.connector', 'hubspot'],
      ['merge.fields.adress.*', 'address.*'],
      ['metadataSchema.definitions.tier.tpye', 'type'],
    ])
      expect(err).toMatch(new RegExp(`${path}[^\n]*\n.*\n.*did you mean "${meant}"`));
    expect(err).toMatch(/mapping\.birthdate\.as[^\n]*\n\s+found: +"dates"\n\s+allowed: .*"date", "datetime"/);
    expect(err).toMatch(/merge\.fields\.name\.policy[^\n]*\n.*\n.*"precedence"/);
  });

  it('names a variable with a trailing line feed, and shows nothing of it', async () => {
    const folder = folderWith({
      destination: { ...destination, appToken: `\${env:VOUCHERIFY_TOKEN}` },
      sources: { files },
    });
    const { exitCode, err } = await check(folder, { VOUCHERIFY_TOKEN: 'hunter2hunter2\n' });
    expect(exitCode).toBe(2);
    expect(err).toContain('the variable VOUCHERIFY_TOKEN with a trailing line feed');
    expect(err).not.toContain('hunter2');
  });

  it('is refused with the faults of the environment, all at once', async () => {
    const folder = folderWith({
      destination: { ...destination, appToken: 5 },
      sources: { files: { connector: 'csvv' } },
    });
    const { exitCode, err } = await check(folder, { DATABASE_URL: 'postgres://a:p/w@h/x', PORT: 'x' });
    expect(exitCode).toBe(2);
    for (const path of ['DATABASE_URL', 'PORT', 'destination.appToken', 'sources.files.connector'])
      expect(err).toContain(path);
  });

  it('is not replaced by the sandbox where a database is named', async () => {
    const { exitCode, err } = await runCommand(folderWith(), ['start'], { DATABASE_URL: 'postgres://h/x' });
    expect(exitCode).toBe(2);
    expect(err).toContain('DATABASE_URL is set, but there is no configuration');
    expect(err).toContain('tributary sandbox');
  });
});

describe('A proxy', () => {
  /** A proxy that leads every request to one server, and notes the hosts that were asked for. */
  async function startProxy(target: string) {
    const asked: string[] = [];
    // Plain HTTP is forwarded: the request names the whole address.
    const proxy = createHttpServer((request, response) => {
      const { host, pathname, search } = new URL(request.url ?? '');
      asked.push(host);
      const forwarded = sendTo(
        `${target}${pathname}${search}`,
        { method: request.method ?? 'GET', headers: request.headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      request.pipe(forwarded);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    return { asked, proxy, url: `http://127.0.0.1:${(proxy.address() as { port: number }).port}` };
  }

  it('27-behind-a-proxy: is used for calls to vendors, and check names it', async () => {
    const { appId, appToken } = destination;
    const voucherify = createVoucherifySimulator({ now: Date.now, appId, appToken });
    const vendor = await serve(voucherify.app);
    const { asked, proxy, url } = await startProxy(vendor.url);
    const folder = folderWith({
      destination: { ...destination, baseUrl: 'http://voucherify.invalid' },
      sources: { files },
    });
    for (const name of ['HTTP_PROXY', 'http_proxy']) {
      asked.length = 0;
      const { exitCode, out } = await runCommand(folder, ['check'], {
        [name]: url.replace('//', '//user:pr0xyw0rd@'),
      });
      expect(out).toContain(`destination is reached through the proxy ${new URL(url).host}.`);
      expect(out).not.toContain('pr0xyw0rd');
      expect(exitCode).toBe(0);
      expect(asked.length).toBeGreaterThan(0);
      expect(new Set(asked)).toEqual(new Set(['voucherify.invalid']));
    }
    asked.length = 0;
    const { out } = await runCommand(folder, ['check'], { HTTP_PROXY: url, NO_PROXY: 'a.example, .invalid' });
    expect(asked).toEqual([]);
    expect(out).toMatch(/ENOTFOUND|EAI_AGAIN/);
    proxy.close();
    proxy.closeAllConnections();
    await vendor.close();
  });

  it('27-behind-a-proxy: one that is not an address is reported with an explanation', async () => {
    const folder = folderWith({ destination, sources: { files } });
    const { exitCode, err } = await runCommand(folder, ['check'], { HTTPS_PROXY: 'proxy.example.com:3128' });
    expect(exitCode).toBe(2);
    expect(err).toContain('the URL of a proxy such as http://proxy.example.com:3128');
  });
});

describe('A process', () => {
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  interface Running {
    child: ChildProcess;
    said(): string;
    call<Body = Status>(path: string, csv?: string): Promise<{ status: number; body: Body }>;
    end(): Promise<number | null>;
  }

  /** Starts the program, and waits until it has announced where it serves. */
  async function start(
    folder: string,
    {
      stdout = 'pipe',
      variables = {},
    }: { stdout?: 'pipe' | number; variables?: { [name: string]: string } } = {},
  ): Promise<Running> {
    const { PATH, HOME } = process.env;
    const child = spawn(process.execPath, [main, 'start'], {
      cwd: folder,
      env: { PATH, HOME, PORT: '0', TRIBUTARY_API_TOKEN: token, ...variables },
      stdio: ['ignore', stdout, 'pipe'],
    });
    children.push(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (said += chunk));
    const announced = join(folder, '.tributary', 'server.json');
    while (!existsSync(announced)) {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${said}`);
      await systemClock.sleep(50);
    }
    const { url } = JSON.parse(readFileSync(announced, 'utf8')) as { url: string };
    return {
      child,
      said: () => said,
      async call<Body>(path: string, csv?: string) {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'text/csv' };
        const answer = await fetch(`${url}${path}`, { headers, ...(csv && { method: 'POST', body: csv }) });
        return { status: answer.status, body: (await answer.json()) as Body };
      },
      async end() {
        const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
        child.kill('SIGTERM');
        return closed;
      },
    };
  }

  const config = { destination: { ...destination, baseUrl: 'http://127.0.0.1:1' }, sources: { files } };

  it('faults 07: keeps its folder and the files of the embedded database to its owner', async () => {
    const folder = folderWith(config);
    const data = join(folder, '.tributary');
    mkdirSync(data);
    chmodSync(data, 0o755);
    const running = await start(folder);
    const names = ['', ...readdirSync(data, { recursive: true, encoding: 'utf8' })];
    const open = names.filter((name) => (statSync(join(data, name)).mode & 0o077) !== 0);
    expect(await running.end()).toBe(0);
    expect(open).toEqual([]);
    expect(names.length).toBeGreaterThan(900);
  });

  it.skipIf(!existsSync('/dev/full'))(
    'faults 12: continues where the disk of its log is full, and the status says so',
    async () => {
      const running = await start(folderWith(config), { stdout: openSync('/dev/full', 'w') });
      const { status, body } = await running.call('/api/status');
      expect(status).toBe(200);
      expect(body.log).toMatchObject({ code: 'ENOSPC' });
      expect(await running.end()).toBe(0);
    },
  );

  it.skipIf(!server)(
    'faults 02: survives a server that repeatedly ends all its sessions, and its work continues',
    async () => {
      const name = databaseName();
      await onServer(server!, (on) => on`create database ${on(name)}`);
      const url = new URL(server!);
      url.pathname = `/${name}`;
      try {
        const folder = folderWith({ ...config, metadataSchema: 'none' });
        const running = await start(folder, { variables: { DATABASE_URL: url.href } });
        let ended = 0;
        // A machine that is busy connects less often: more turns, not fewer sessions.
        for (let turn = 0; turn < 60 || ended <= 60; turn += 1) {
          const rows = await onServer(
            server!,
            (on) => on`select pg_terminate_backend(pid) from pg_stat_activity
              where datname = ${name} and pid <> pg_backend_pid()`,
          );
          ended += rows.length;
          expect(running.child.exitCode, running.said()).toBeNull();
          await systemClock.sleep(50);
        }
        // A worker that lost the database before it had joined closes its server after a while and joins again. Until then it may answer,
        // and even work: so everything is asked until it is so, as long as the process lives.
        const untilIt = async <Answer>(does: () => Promise<Answer | false>): Promise<Answer> => {
          for (;;) {
            expect(running.child.exitCode, running.said()).toBeNull();
            const answer = await does().catch(() => false as const);
            if (answer !== false) return answer;
            await systemClock.sleep(100);
          }
        };
        const { id } = await untilIt(async () => {
          const path = '/api/sources/files/imports?sourceId=id';
          const { status, body } = await running.call<{ id: number }>(path, 'id,name\n1,Ann\n');
          return status === 202 && body;
        });
        await untilIt(async () => {
          const { body } = await running.call<{ state: string; received: number }>(`/api/runs/${id}`);
          return body.state === 'finished' && body.received === 1;
        });
        await untilIt(async () => (await running.call('/api/status')).status === 200);
        // Each time that it joins it opens one such session: none is left of those before.
        await untilIt(async () => {
          const [open] = await onServer(
            server!,
            (on) => on`select count(*)::int as keepers from pg_stat_activity
              where datname = ${name} and application_name = 'tributary keeper'`,
          );
          return open!['keepers'] === 1;
        });
        await running.end();
      } finally {
        await onServer(server!, (on) => on`drop database if exists ${on(name)} with (force)`);
      }
    },
  );
});
