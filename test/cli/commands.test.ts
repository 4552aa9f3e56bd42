// The commands in this process, on the embedded database and simulated vendors on loopback. Where no server runs they do
// the work themselves.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { announcedServer, announceServer, apiToken, removeServer } from '../../src/cli/data-folder.ts';
import { cliDeps } from '../../src/cli/deps.ts';
import { lockDirectory } from '../../src/db/lock.ts';
import { runCommand } from '../support/run-command.ts';

const [accessToken, appId, appToken] = ['pat-test-00000000', 'app-id', 'app-token-00000000'];

let folder: string;

let served: Served[];

let hubspot: ReturnType<typeof createHubSpotSimulator>;

let voucherify: ReturnType<typeof createVoucherifySimulator>;

let config: { destination: Record<string, unknown>; sources: Record<string, Record<string, unknown>> };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-cli-'));
  hubspot = createHubSpotSimulator({ now: Date.now, accessToken, quotas: false });
  voucherify = createVoucherifySimulator({ now: Date.now, appId, appToken });
  served = [await serve(hubspot.app), await serve(voucherify.app)];
  const quota = { requests: 10_000, seconds: 10, reserve: 0 };
  config = {
    destination: { connector: 'voucherify', appId, appToken, baseUrl: served[1]!.url, quota, bulk: false },
    sources: {
      hubspot: { connector: 'hubspot', accessToken, baseUrl: served[0]!.url },
      files: { connector: 'csv' },
    },
  };
});

afterEach(async () => {
  for (const server of served) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs one command line; `variables` is its whole environment. */
async function tributary(args: string[], variables: Record<string, string> = {}) {
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
  return runCommand(folder, args, variables);
}

describe('usage', () => {
  it.each([
    [['stauts'], /unknown command 'stauts'[\s\S]*Did you mean status/],
    [['status', '--foo'], /unknown option '--foo'/],
    [['import'], /missing required argument 'file'/],
    [['import', 'none.csv'], /Cannot read none\.csv: there is no such file/],
    [['sync', '--records', '1'], /requires a source/],
    [['sync', 'hubspot', '--full', '--records', '1'], /cannot be combined/],
    [['export', '--fields', 'nmae'], /"nmae" is not a field.*"name"/],
    [['export', '--filter', 'name'], /field=value/],
    [['export', '--changed-since', 'yesterday'], /is not a time/],
    [['retry', '--kind', 'letter'], /Allowed choices are inbox, record, delivery/],
  ])('that is wrong exits with 2 and an explanation: %j', async (args, sentence) => {
    const { exitCode, out, err } = await tributary(args);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toMatch(sentence);
  });

  it.each(['start', 'check', 'sync', 'status', 'retry', 'import', 'export'])(
    'of %s is explained with examples, and exits with 0',
    async (command) => {
      const { exitCode, out } = await tributary([command, '--help']);
      expect(exitCode).toBe(0);
      expect(out).toMatch(/Examples:\n {2}\$ tributary/);
      expect(out).toContain('--json');
    },
  );

  it('has the version of the package', async () => {
    expect(await tributary(['--version'])).toMatchObject({ exitCode: 0, out: `${cliDeps.version}\n` });
  });
});

interface Checked {
  name: string;
  permissions: { allowed: boolean | null; note: string }[];
}

describe('check', () => {
  it('prints every fault of the configuration and exits with 2', async () => {
    config.sources['hubspot'] = { connector: 'hubspt' };
    config.sources['files'] = { connector: 'csv', delimiter: 'ab' };
    const { exitCode, err } = await tributary(['check']);
    expect(exitCode).toBe(2);
    expect(err).toContain('sources.hubspot.connector');
    expect(err).toContain('sources.files.delimiter');
  });

  it('says that everything is allowed, and warns of names that lead nowhere', async () => {
    config.sources['hubspot']!['mapping'] = { email: 'emial', 'metadata.stage': 'lifecyclestage' };
    const { exitCode, out } = await tributary(['check', '--json']);
    const { ok, warnings, checks } = JSON.parse(out).result;
    expect({ exitCode, ok }).toEqual({ exitCode: 0, ok: true });
    const { permissions } = checks.find(({ name }: { name: string }) => name === 'destination');
    expect(permissions).toContainEqual({
      what: 'write customers',
      allowed: null,
      note: expect.stringMatching(/tributary probe/),
    });
    // The table says of what was not tried neither yes nor no.
    const told = (await tributary(['check'])).out;
    expect(told).toMatch(/destination +write customers +not tried/);
    expect(told).toMatch(/destination +read customers +yes/);
    expect(told).toMatch(/Everything that was tried is allowed\. 2 permissions not tried\./);
    expect(warnings).toEqual([expect.stringMatching(/"emial".*did you mean "email"/)]);
  });

  it('says of an experimental connector that it must be compared before it is relied on', async () => {
    config.sources['crm'] = {
      connector: 'freshsales',
      baseUrl: 'http://127.0.0.1:9',
      apiKey: 'key-0000',
      viewId: 1,
    };
    const { checks } = JSON.parse((await tributary(['check', '--json'])).out).result;
    const noted = ({ permissions }: Checked) =>
      permissions.some(({ allowed, note }) => allowed === null && /experimental/.test(note));
    expect((checks as Checked[]).filter(noted).map(({ name }) => name)).toEqual(['crm']);
  });

  it.each(['credentials', 'address'] as const)(
    'explains that the %s are wrong and exits with 1',
    async (what) => {
      if (what === 'credentials') config.destination['appToken'] = 'another-token-0000';
      else config.destination['baseUrl'] = 'http://127.0.0.1:9';
      const { exitCode, out, err } = await tributary(['check']);
      expect(exitCode).toBe(1);
      expect(out).toMatch(
        what === 'credentials' ? /destination.*NO/ : /destination +connect +NO .*cannot be reached/,
      );
      expect(out + err).not.toMatch(/\n\s+at /);
      expect(out + err).not.toContain('another-token-0000');
    },
  );
});

describe('work without a server', () => {
  it('reads, delivers, tells what it did and exports it', async () => {
    hubspot.seed(30, 7);
    const synced = await tributary(['sync', 'hubspot', '--json']);
    const { runs, customers } = JSON.parse(synced.out).result;
    expect(runs).toMatchObject([{ state: 'finished', received: 30, changed: 30, rejected: 0 }]);
    expect(customers).toMatchObject({ delivered: 30, waiting: 0, dead: 0 });
    expect(synced.exitCode).toBe(0);
    expect(voucherify.count).toBe(30);

    const status = await tributary(['status']);
    expect(status.out).toContain('Customers: 30 = 30 delivered + 0 waiting + 0 given up');
    expect(status.out).toMatch(/hubspot +hubspot +when asked +30 +incremental run 1 finished/);

    const file = join(folder, 'out.csv');
    expect(await tributary(['export', '-o', file])).toMatchObject({
      exitCode: 0,
      out: '',
      err: expect.stringContaining('30 customers written to'),
    });
    // Notes are silenced, errors are not.
    expect(await tributary(['export', '-o', file, '--quiet'])).toMatchObject({ exitCode: 0, err: '' });
    expect((await tributary(['export', '-o', join(folder, 'no', 'out.csv'), '--quiet'])).err).toMatch(
      /there is no such folder/,
    );
    if (existsSync('/dev/full'))
      expect(await tributary(['export', '-o', '/dev/full'])).toMatchObject({
        exitCode: 1,
        err: expect.stringMatching(/^Writing to \/dev\/full failed: ENOSPC/),
      });
    const [head, ...rows] = parse(readFileSync(file)) as string[][];
    expect(head?.slice(0, 4)).toEqual(['Source_id', 'Name', 'Email', 'Phone']);
    expect(rows.map(([sourceId]) => sourceId).toSorted()).toEqual(
      [...hubspot.contacts()].map(({ id }) => id).toSorted(),
    );

    const wrongId = await tributary(['sync', 'hubspot', '--records', '999999999']);
    expect(wrongId.exitCode).toBe(1);
    expect(wrongId.err).toMatch(/999999999/);

    const wrongName = await tributary(['sync', 'hubspt']);
    expect(wrongName).toMatchObject({
      exitCode: 4,
      err: expect.stringMatching(/No source is called hubspt.*hubspot/),
    });
  });

  it('imports a file, names its bad rows, and filters what it exports', async () => {
    const file = join(folder, 'people.csv');
    writeFileSync(file, 'Source_id,Name,Phone,Plan\nc1,Ann,+48600100200,gold\n,Nobody,,\nc2,=Bob,,silver\n');
    const imported = await tributary(['import', file]);
    expect(imported.exitCode).toBe(1);
    expect(imported.out).toMatch(/3 received = 2 changed .* 1 rejected/);
    expect(imported.err).toMatch(/row 3 of people\.csv/);
    expect(voucherify.bySourceId('c2')).toMatchObject({ name: '=Bob' });

    const gold = await tributary([
      'export',
      '--fields',
      'source_id,metadata.Plan',
      '--filter',
      'metadata.Plan=gold',
    ]);
    expect(gold).toMatchObject({ exitCode: 0, out: 'source_id,metadata.Plan\r\nc1,gold\r\n' });
    const lines = await tributary(['export', '--format', 'jsonl', '--fields', 'source_id,name']);
    expect(lines.out).toBe(
      '{"sourceId":"c1","fields":{"name":"Ann"}}\n{"sourceId":"c2","fields":{"name":"=Bob"}}\n',
    );
    const unnamed = await tributary(['export', '--json']);
    expect(unnamed.exitCode).toBe(2);
    expect(JSON.parse(unnamed.out)).toMatchObject({
      error: { message: expect.stringContaining('--output') },
    });
    const later = await tributary(['export', '--fields', 'source_id', '--changed-since', '2999-01-01']);
    expect(later).toMatchObject({ exitCode: 0, out: 'source_id\r\n' });
  });

  it('exports what a spreadsheet may open, and imports that as it was', async () => {
    const file = join(folder, 'people.csv');
    const content = 'Source_id,Name,Email,Phone\r\n+1,=1+1,,+48600100200\r\n@x,"A, ""B""",,\r\n';
    writeFileSync(file, content);
    expect((await tributary(['import', file])).exitCode).toBe(0);
    const exported = await tributary(['export']);
    expect(exported.out).toContain("'+48600100200");
    expect(exported.out).toContain("'=1+1");
    writeFileSync(file, exported.out);
    const again = JSON.parse((await tributary(['import', file, '--json'])).out).result;
    expect(again.runs).toMatchObject([{ received: 2, rejected: 0 }]);
    const phones = [...voucherify.customers()].map(({ source_id, name, phone }) => [
      source_id,
      name,
      phone ?? null,
    ]);
    expect(phones.toSorted()).toEqual([
      ['+1', '=1+1', '+48600100200'],
      ['@x', 'A, "B"', null],
    ]);
  });

  it('says how to configure a source for files where there is none', async () => {
    delete config.sources['files'];
    const file = join(folder, 'people.csv');
    writeFileSync(file, 'Source_id\nc1\n');
    expect(await tributary(['import', file])).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/"connector": "csv"/),
    });
  });

  it('stops waiting where the vendor refuses the credentials, and says so', async () => {
    config.sources['hubspot']!['accessToken'] = 'pat-other-0000000';
    const { exitCode, err } = await tributary(['sync', 'hubspot']);
    expect(exitCode).toBe(1);
    expect(err).toMatch(/hubspot is paused/);
    expect(err).not.toContain('pat-other-0000000');
  });

  it('says which process has the database', async () => {
    mkdirSync(join(folder, '.tributary', 'database'), { recursive: true });
    const lock = lockDirectory(join(folder, '.tributary', 'database'));
    try {
      const { exitCode, err } = await tributary(['status']);
      expect(exitCode).toBe(1);
      expect(err).toContain(`in use by process ${process.pid}`);
    } finally {
      lock.release();
    }
  });
});

describe('a server elsewhere', () => {
  const TRIBUTARY_API_TOKEN = 'a-token-of-16-or-more';

  it('that cannot be reached is named, and the exit code is 1', async () => {
    const variables = { TRIBUTARY_URL: 'http://127.0.0.1:9', TRIBUTARY_API_TOKEN };
    const { exitCode, err } = await tributary(['status'], variables);
    expect({ exitCode, err }).toEqual({
      exitCode: 1,
      err: expect.stringMatching(/^Cannot reach Tributary at http:\/\/127\.0\.0\.1:9/),
    });
  });

  it('needs a URL and a token, otherwise the exit code is 2', async () => {
    expect(
      (await tributary(['status'], { TRIBUTARY_URL: 'sync.example.com', TRIBUTARY_API_TOKEN })).exitCode,
    ).toBe(2);
    const without = await tributary(['status'], { TRIBUTARY_URL: 'https://sync.example.com' });
    expect(without).toMatchObject({ exitCode: 2, err: expect.stringMatching(/TRIBUTARY_API_TOKEN is not/) });
  });
});

describe('the data folder', () => {
  it('keeps one token, for its owner alone', () => {
    const first = apiToken(folder, undefined);
    expect(first.created).toBe(true);
    expect(apiToken(folder, undefined)).toMatchObject({ token: first.token, created: false });
    expect(statSync(first.path).mode & 0o777).toBe(0o600);
    expect(apiToken(folder, 'given-by-the-environment')).toMatchObject({
      token: 'given-by-the-environment',
      origin: 'TRIBUTARY_API_TOKEN',
    });
  });

  it('forgets a server whose process is gone, and leaves the entry of another', () => {
    announceServer(folder, { url: 'http://127.0.0.1:3000', pid: process.pid });
    expect(statSync(join(folder, 'server.json')).mode & 0o777).toBe(0o600);
    removeServer(folder, process.pid + 1);
    expect(announcedServer(folder)).toEqual({ url: 'http://127.0.0.1:3000', pid: process.pid });
    removeServer(folder, process.pid);
    expect(announcedServer(folder)).toBeNull();
    announceServer(folder, { url: 'http://127.0.0.1:3000', pid: 2 ** 22 + 1 });
    expect(announcedServer(folder)).toBeNull();
    writeFileSync(join(folder, 'server.json'), '{"url"');
    chmodSync(join(folder, 'server.json'), 0o600);
    expect(announcedServer(folder)).toBeNull();
  });
});
