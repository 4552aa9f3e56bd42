// Who may have a database: one process the embedded folder, and nobody who is older than what lies there.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { type SQL, sql } from 'drizzle-orm';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import { drizzle as drizzlePostgres } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, DatabaseError, openDatabase } from '../../src/db/database.ts';
import { LockedError, lockDirectory, lockHolder } from '../../src/db/lock.ts';
import { databases, type OwnDatabase } from '../support/databases.ts';
import { until } from '../support/sync-world.ts';

type Taken = 'taken' | number | string;

let folder: string;
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-lock-'));
  children = [];
});

afterEach(async () => {
  for (const child of children) await end(child);
  rmSync(folder, { recursive: true, force: true });
});

function start(orders: { directories: string[]; startsAt?: number; everyMs?: number }) {
  const child = fork(
    new URL('lock-child.ts', import.meta.url),
    [JSON.stringify({ startsAt: 0, everyMs: 0, ...orders })],
    {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  children.push(child);
  const taken = new Promise<Taken[]>((resolve, reject) => {
    child.once('message', (said: { taken: Taken[] }) => resolve(said.taken));
    child.once('exit', () => reject(new Error('the process ended before it had said anything')));
  });
  return { child, taken };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

/** A folder whose lock was left by a process that is gone. */
async function leftBehind(names: readonly string[]): Promise<{ directories: string[]; lock: string }> {
  const directories = names.map((name) => join(folder, name));
  const { child, taken } = start({ directories: [join(folder, 'first')] });
  expect(await taken).toEqual(['taken']);
  const lock = readFileSync(join(folder, 'first.lock'), 'utf8');
  await end(child);
  for (const directory of directories) writeFileSync(`${directory}.lock`, lock);
  return { directories, lock };
}

describe('The lock on a folder', () => {
  it('refuses a second process, with the number of the first', async () => {
    const directory = join(folder, 'database');
    const { child, taken } = start({ directories: [directory] });
    expect(await taken).toEqual(['taken']);
    expect(() => lockDirectory(directory)).toThrow(new LockedError(directory, child.pid!));
    expect(() => lockDirectory(directory)).toThrow(`is in use by process ${child.pid}`);
    expect(lockHolder(directory)).toBe(child.pid);
  });

  it('refuses its own process a second time', () => {
    const directory = join(folder, 'database');
    lockDirectory(directory);
    expect(() => lockDirectory(directory)).toThrow(`is in use by process ${process.pid}`);
  });

  it('is taken over from a process that is gone', async () => {
    const directory = join(folder, 'database');
    const { child, taken } = start({ directories: [directory] });
    await taken;
    await end(child);
    expect(lockHolder(directory)).toBeNull();
    lockDirectory(directory);
    expect(lockHolder(directory)).toBe(process.pid);
  });

  it('is taken over where another process has the number by now', () => {
    const directory = join(folder, 'database');
    writeFileSync(`${directory}.lock`, `${process.ppid} 1`);
    lockDirectory(directory);
    expect(lockHolder(directory)).toBe(process.pid);
  });

  it.each(['', 'no number', '-1 0', '0 0', '999999999999 1'])(
    'is taken over if it names no process: %j',
    (content) => {
      const directory = join(folder, 'database');
      writeFileSync(`${directory}.lock`, content);
      lockDirectory(directory);
      expect(lockHolder(directory)).toBe(process.pid);
    },
  );

  it('is free again once released, and leaves nothing behind', async () => {
    const { directories } = await leftBehind(['database']);
    for (let round = 0; round < 3; round += 1) lockDirectory(directories[0]!).release();
    expect(readdirSync(folder)).toEqual(['first.lock']);
  });

  it('released twice does not take it from its present owner', () => {
    const directory = join(folder, 'database');
    const first = lockDirectory(directory);
    first.release();
    lockDirectory(directory);
    first.release();
    expect(lockHolder(directory)).toBe(process.pid);
  });

  it('is taken over even where who took it over before died in the middle of it', async () => {
    const { directories, lock } = await leftBehind(['database']);
    writeFileSync(`${directories[0]}.lock.takeover`, lock);
    writeFileSync(`${directories[0]}.lock.takeover.takeover`, lock);
    lockDirectory(directories[0]!).release();
    expect(readdirSync(folder)).toEqual(['first.lock']);
  });

  it.skipIf(process.platform !== 'linux')(
    'is taken over from a process that is dead but not marked dead yet',
    async () => {
      const directory = join(folder, 'database');
      const script = new URL('lock-child.ts', import.meta.url).pathname;
      const orders = JSON.stringify({ directories: [directory], startsAt: 0, everyMs: 0 });
      // A shell that turned into something that never asks what became of its children.
      const parent = spawn('sh', ['-c', '"$0" "$1" "$2" & exec sleep 60', process.execPath, script, orders], {
        stdio: 'ignore',
      });
      children.push(parent);
      await until(() => lockHolder(directory) !== null);
      const pid = lockHolder(directory)!;
      process.kill(pid, 'SIGKILL');
      await until(() => / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
      lockDirectory(directory);
      expect(lockHolder(directory)).toBe(process.pid);
    },
  );

  it('goes to exactly one of those who take it over at once', async () => {
    const { directories } = await leftBehind(Array.from({ length: 400 }, (_, index) => `database-${index}`));
    const orders = { directories, startsAt: performance.timeOrigin + performance.now() + 1_000, everyMs: 2 };
    const both = await Promise.all([start(orders).taken, start(orders).taken]);
    const winners = directories.map((_, index) => both.filter((taken) => taken[index] === 'taken').length);
    expect(winners).toEqual(directories.map(() => 1));
    // The other is told by whom it is held.
    const pids = children.map((child) => child.pid);
    for (const taken of both) for (const said of taken) expect([...pids, 'taken']).toContain(said);
  });
});

describe('The embedded database', () => {
  it('refuses a second process while it is open, and none once it is closed', async () => {
    const database = await openDatabase({ directory: folder });
    await expect(openDatabase({ directory: folder })).rejects.toThrow(LockedError);
    await database.close();
    await (await openDatabase({ directory: folder })).close();
  });

  it('that cannot be opened is not left locked', async () => {
    const directory = join(folder, 'database');
    mkdirSync(directory);
    writeFileSync(join(directory, 'PG_VERSION'), '9.4\n');
    await expect(openDatabase({ directory: folder })).rejects.toThrow();
    expect(lockHolder(directory)).toBeNull();
  });
});

describe.each(databases)('A database on $name that is newer than the program', ({ openOwn }) => {
  let database: OwnDatabase;
  const later = Date.UTC(2100, 0, 1);
  const afterwards: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    database = await openOwn();
  });
  afterEach(async () => {
    for (const close of afterwards.splice(0)) await close();
    await database.close();
  });

  /** Everything that a start might have changed: what there is, and which migrations were done. */
  async function state(of: Database): Promise<unknown> {
    const [columns] = await of.rows<{ found: string }>(sql`
      select string_agg(concat_ws(' ', table_schema, table_name, column_name, data_type), ', ' order by table_schema, table_name, ordinal_position) as found
      from information_schema.columns where table_schema in ('public', 'drizzle')`);
    const migrations = await of.rows(
      sql`select hash, created_at::float8 as at from drizzle.__drizzle_migrations order by id`,
    );
    return { columns, migrations };
  }

  it('is refused at start, and nothing of it is changed', async () => {
    await database.rows(
      sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('of a later version', ${later}::bigint)`,
    );
    // A later version may have done away with what this one would create.
    await database.rows(sql`drop table checkpoints`);
    const before = await state(database);
    await database.release();
    for (const _ of [1, 2]) {
      const opening = openDatabase(database.where);
      await expect(opening).rejects.toThrow(DatabaseError);
      await expect(opening).rejects.toThrow('newer version of Tributary');
    }
    expect(await look(database)).toEqual(before);
  });

  it('is opened again by a version that knows its migrations', async () => {
    await database.release();
    const again = await openDatabase(database.where);
    afterwards.push(() => again.close());
    expect(await again.rows(sql`select 1 as one from checkpoints`)).toEqual([]);
  });

  /** The state, read past our own door, which is closed. */
  async function look({ where }: OwnDatabase): Promise<unknown> {
    if (where.url) {
      const client = postgres(where.url, { max: 1 });
      afterwards.push(() => client.end());
      const orm = drizzlePostgres(client);
      return state({
        rows: async (statement: SQL) => [...(await orm.execute(statement))],
      } as unknown as Database);
    }
    const client = await PGlite.create({ dataDir: join(where.directory, 'database') });
    afterwards.push(() => client.close());
    const orm = drizzlePglite(client);
    return state({
      rows: async (statement: SQL) => (await orm.execute(statement)).rows,
    } as unknown as Database);
  }
});
