// `tributary doctor` beside simulated vendors: what is well, and everything that is not at once.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { announceServer } from '../../src/cli/data-folder.ts';
import { type Finding, nodeFinding } from '../../src/cli/machine.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { databases } from '../support/databases.ts';
import { databaseName, databaseUrl, findServer, onServer } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';

const [accessToken, appId, appToken] = ['pat-test-00000000', 'app-id', 'app-token-00000000'];

let folder: string;
let hubspot: Served;
let voucherify: Served;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-doctor-'));
  hubspot = await serve(createHubSpotSimulator({ now: Date.now, accessToken, quotas: false }).app);
  voucherify = await serve(createVoucherifySimulator({ now: Date.now, appId, appToken }).app);
});

afterAll(async () => {
  for (const server of [hubspot, voucherify]) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function configure(more: { appToken?: string; publicUrl?: string; schedule?: string } = {}): void {
  const { publicUrl, schedule, ...destination } = more;
  const crm = { connector: 'hubspot', accessToken, baseUrl: hubspot.url, clientSecret: 'a-secret', schedule };
  const config = {
    destination: { connector: 'voucherify', appId, appToken, baseUrl: voucherify.url, ...destination },
    sources: { crm },
    publicUrl,
  };
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config, null, 1));
}

const server = await findServer();

/** Its tables, and how many migrations it has had. */
const schemaOf = (url: string) =>
  onServer(url, async (sql) => {
    const tables =
      await sql`select relname from pg_class where relnamespace = 'public'::regnamespace order by 1`;
    const [known] = await sql`select to_regclass('drizzle.__drizzle_migrations') is not null as are`;
    const migrations = known!['are'] ? await sql`select id from drizzle.__drizzle_migrations order by 1` : [];
    return { tables: tables.map(({ relname }) => relname), migrations: migrations.map(({ id }) => id) };
  });

const stateOf = (findings: readonly Finding[], area: string) =>
  findings.filter((finding) => finding.area === area).map(({ state }) => state);

describe('doctor', () => {
  it('finds a machine and accounts in order', async () => {
    configure();
    const { exitCode, out } = await runCommand(folder, ['doctor', '--json'], { PORT: '0' });
    expect(exitCode).toBe(0);
    const findings = JSON.parse(out).result as Finding[];
    for (const area of ['node', 'data folder', 'port', 'secret key', 'database', 'clock', 'api versions'])
      expect([area, ...stateOf(findings, area)]).toEqual([area, 'ok']);
    expect(findings).toContainEqual({
      area: 'crm',
      state: 'ok',
      found: expect.stringMatching(/^hubspot allows: /),
      todo: null,
    });
    expect(findings.filter(({ state, todo }) => state === 'problem' && todo === null)).toEqual([]);
  });

  it.skipIf(server === null)(
    'makes nothing in an empty database, and migrates none of an earlier version',
    async () => {
      configure();
      const empty = databaseName();
      await onServer(server!, (sql) => sql`create database ${sql(empty)}`);
      const earlier = await databases.find(({ name }) => name === 'PostgreSQL')!.openOwn();
      const { url } = earlier.where;
      await earlier.rows(
        sql`delete from drizzle.__drizzle_migrations where created_at = (select max(created_at) from drizzle.__drizzle_migrations)`,
      );
      try {
        for (const [address, found] of [
          [databaseUrl(server!, empty), 'the database has no tables yet'],
          [url!, 'an earlier version wrote the database'],
        ] as const) {
          const key = 'a-secret-key-of-at-least-32-characters';
          const variables = { PORT: '0', DATABASE_URL: address, TRIBUTARY_SECRET_KEY: key };
          const before = await schemaOf(address);
          const { out } = await runCommand(folder, ['doctor', '--json'], variables);
          const findings = JSON.parse(out).result as Finding[];
          const database = { state: 'ok', found: expect.stringContaining(found) };
          expect(findings.filter(({ area }) => area === 'database')).toMatchObject([database]);
          expect(stateOf(findings, 'crm')).toContain('ok');
          expect(await schemaOf(address)).toEqual(before);
        }
      } finally {
        await earlier.close();
        await onServer(server!, (sql) => sql`drop database ${sql(empty)} with (force)`);
      }
    },
  );

  it('finds everything that is wrong at once, each with what to do, and exits with 1', async () => {
    configure({ appToken: 'another-token-0000', publicUrl: hubspot.url });
    writeFileSync(join(folder, '.env'), 'A=b\n');
    chmodSync(join(folder, '.env'), 0o644);
    // A server that answers otherwise than ours, at a port that is taken.
    announceServer(join(folder, '.tributary'), { url: 'http://127.0.0.1:9', pid: process.pid });
    const clock = { ...systemClock, now: () => Date.now() - 600_000 };
    const variables = {
      PORT: new URL(voucherify.url).port,
      DATABASE_URL: 'postgres://tributary:secret-of-the-database@127.0.0.1:1/tributary',
    };
    const { exitCode, out } = await runCommand(folder, ['doctor', '--json'], variables, () => {}, clock);
    expect(exitCode).toBe(1);
    expect(out).not.toMatch(/another-token-0000|secret-of-the-database/);
    const findings = JSON.parse(out).result as Finding[];
    expect(findings).toEqual(
      expect.arrayContaining([
        {
          area: 'port',
          state: 'problem',
          found: expect.stringMatching(/EADDRINUSE/),
          todo: expect.stringMatching(/^Set PORT/),
        },
        {
          area: '.env',
          state: 'warning',
          found: 'Other users can read its keys.',
          todo: expect.stringMatching(/^Run: chmod 600/),
        },
        {
          area: 'clock',
          state: 'problem',
          found: expect.stringMatching(/^This machine's clock is (59\d|60\d) seconds behind that of crm\.$/),
          todo: expect.stringMatching(/time server/),
        },
        {
          area: 'public address',
          state: 'problem',
          found: expect.stringMatching(/does not lead to the server/),
          todo: expect.stringMatching(/^Have the proxy pass/),
        },
      ]),
    );
    expect(stateOf(findings, 'destination')).toContain('problem');
    expect(stateOf(findings, 'database')).toEqual(['problem']);
    expect(stateOf(findings, 'secret key')).toEqual(['warning']);
    // What does not depend on the database is tried all the same.
    expect(stateOf(findings, 'crm')[0]).toBe('ok');
  });

  it('lists the faults of a configuration with their places, and exits with 2', async () => {
    configure({ schedule: 'often' });
    const { exitCode, out } = await runCommand(folder, ['doctor'], { PORT: '0' });
    expect(exitCode).toBe(2);
    expect(out).toMatch(
      /PROBLEM +configuration +sources\.crm\.schedule, line 14, column 4: "often"\. Allowed: /,
    );
    expect(out).toMatch(/ok +node +/);
  });

  it('needs no configuration', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'tributary-doctor-'));
    const { exitCode, out } = await runCommand(empty, ['doctor'], { PORT: '0' });
    rmSync(empty, { recursive: true });
    expect(exitCode).toBe(0);
    expect(out).toMatch(/WARNING +configuration +There is none: .*Run "tributary init"/);
  });

  it.each([
    ['20.19.0', 'problem'],
    ['22.18.0', 'problem'],
    ['22.19.0', 'ok'],
    ['24.0.0', 'ok'],
  ])('takes Node %s for a %s', (version, state) => {
    expect(nodeFinding(version).state).toBe(state);
  });
});
