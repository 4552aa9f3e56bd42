// The PostgreSQL server that the tests may use: one that is there, or one started for this run (vitest's globalSetup).
// It knows no table.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';

/** The URL of a server that this run is starting. What needs it waits until it answers. */
const startingVariable = 'TRIBUTARY_TEST_STARTING';
const startAttempts = 150;

/** Databases left by a run that was killed are dropped after this time. */
const leftoverHours = 2;

/**
 * The URL of a server on which databases may be created: `TEST_DATABASE_URL`, or a local one that trusts us. Null where
 * there is none. Throws where `TEST_DATABASE_URL` leads nowhere.
 */
export async function findServer(): Promise<string | null> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given) {
    const attempts = process.env[startingVariable] === given ? startAttempts : 1;
    const reason = await refusal(given, attempts);
    if (reason) throw new Error(`TEST_DATABASE_URL cannot be used: ${reason}`);
    return given;
  }
  for (const user of ['postgres', 'root']) {
    const url = `postgres://${user}@127.0.0.1:5432/postgres`;
    if ((await refusal(url)) === null) return url;
  }
  return null;
}

/** Runs statements on one connection of the server and ends it. */
export async function onServer<Result>(
  url: string,
  work: (sql: postgres.Sql) => Promise<Result>,
): Promise<Result> {
  const sql = postgres(url, { max: 1, onnotice: () => {}, connect_timeout: 5 });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** In the names of all that a run makes: when it began, and what tells it from others. Its workers are told by it. */
const run = process.env['TRIBUTARY_TEST_RUN'] ?? `${Date.now().toString(36)}_${random()}`;

/** A name for a database, by which the end of the run finds it, and a later run what was left over. */
export function databaseName(): string {
  return `tributary_test_${run}_${random()}`;
}

const keptVariable = 'TRIBUTARY_TEST_KEPT';

/** Where something may be kept for later runs. */
export const keptFolder = process.env[keptVariable] ?? tmpdir();

/** The address of another database of the same server. */
export function databaseUrl(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** Where a run keeps its files, in memory where there is room. It is removed at the end of the run. */
function runFolder(): string {
  const folder = join(hasRoom('/dev/shm') ? '/dev/shm' : keptFolder, `tributary-test-${run}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * vitest's globalSetup: finds a server or begins to start one, tells the workers by `TEST_DATABASE_URL`, and returns the
 * teardown. Tests that need no database do not wait for it.
 */
export default async function setup(): Promise<() => Promise<void>> {
  process.env['TRIBUTARY_TEST_RUN'] = run;
  process.env[keptVariable] = keptFolder;
  // An embedded database waits for the disk at each commit.
  const folder = runFolder();
  process.env['TMPDIR'] = folder;
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const found = await findServer();
  const server = found ? null : await startServer();
  if (server) process.env['TEST_DATABASE_URL'] = process.env[startingVariable] = server.url;
  else if (found) process.env['TEST_DATABASE_URL'] = found;
  return async () => {
    if (server) await server.stop();
    else if (found)
      await dropDatabases(
        found,
        (name, inUse) => name.startsWith(`tributary_test_${run}_`) || (!inUse && isLeftOver(name)),
      );
  };
}

function hasRoom(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize > 4 * 2 ** 30;
}

function random(): string {
  return Math.random().toString(36).slice(2, 10);
}

/** Resolves once a server that is being started answers. */
export async function answers(url: string): Promise<void> {
  const reason = await refusal(url, startAttempts);
  if (reason) throw new Error(reason);
}

/** Why the server cannot be used, or null. One that is being started is asked more than once. */
async function refusal(url: string, attempts = 1): Promise<string | null> {
  try {
    return await onServer(url, async (sql) => {
      const [row] = await sql<{ version: number; may: boolean }[]>`
        select current_setting('server_version_num')::int as version, rolcreatedb or rolsuper as may
        from pg_roles where rolname = current_user`;
      if (!row?.may) return 'its user may not create databases';
      return row.version >= 150000 ? null : `it is PostgreSQL ${row.version / 10000}, and 15 is needed`;
    });
  } catch (error) {
    if (attempts === 1) return (error as Error).message || String((error as { code?: string }).code);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return refusal(url, attempts - 1);
  }
}

async function dropDatabases(url: string, which: (name: string, inUse: boolean) => boolean): Promise<void> {
  await onServer(url, async (sql) => {
    const rows = await sql<{ name: string; inUse: boolean }[]>`
      select datname as name, exists (select 1 from pg_stat_activity a where a.datname = d.datname) as "inUse"
      from pg_database d where datname like 'tributary\\_test\\_%'`;
    for (const { name, inUse } of rows)
      if (which(name, inUse)) await sql`drop database if exists ${sql(name)} with (force)`;
  });
}

function isLeftOver(name: string): boolean {
  const beganAt = Number.parseInt(name.split('_')[2] ?? '', 36);
  return Date.now() - beganAt > leftoverHours * 3_600_000;
}

/**
 * Begins to start the newest server binaries that are installed, on a free port, without fsync and with 300 connections. Null where
 * there are none.
 */
export async function startServer(): Promise<{ url: string; stop: () => Promise<void> } | null> {
  const bin = newestBinaries();
  const user = unprivilegedUser();
  if (!bin || !user) return null;
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'postgres-'));
  if (user.uid !== undefined) chownSync(directory, user.uid, user.gid ?? -1);
  const data = join(directory, 'data');
  const options = { ...user, cwd: directory, stdio: 'ignore' as const };
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${directory}`,
    'max_connections=300',
    'fsync=off',
    'synchronous_commit=off',
  ];
  const initdb = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
  let running = spawn(join(bin, 'initdb'), ['-D', data, ...initdb], options);
  let isStopped = false;
  const server = once(running, 'exit').then(([code]) => {
    if (isStopped || code !== 0) return;
    running = spawn(
      join(bin, 'postgres'),
      ['-D', data, ...settings.flatMap((pair) => ['-c', pair])],
      options,
    );
    return once(running, 'exit');
  });
  const kill = () => running.kill('SIGINT'); // for a server, a fast shutdown
  process.once('exit', kill);
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      process.off('exit', kill);
      isStopped = true;
      kill();
      await server;
    },
  };
}

/** The folder of the newest server programs that are installed, of those that Tributary works with. */
export function newestBinaries(): string | null {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return null;
  const version = readdirSync(root)
    .map(Number)
    .filter((major) => major >= 15 && existsSync(join(root, String(major), 'bin/initdb')))
    .sort((a, b) => b - a)[0];
  return version === undefined ? null : join(root, String(version), 'bin');
}

/** Whom to run the server as: PostgreSQL refuses to run as root. */
export function unprivilegedUser(): { uid?: number; gid?: number } | null {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) =>
        Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // no such user
    }
  }
  return null;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
