// The databases every storage test runs on: the embedded one always, a real PostgreSQL where one is found. It knows no
// table.
import { createHash } from 'node:crypto';
import {
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { databaseName, findServer, onServer } from './postgres.ts';

export interface TestDatabase extends Database {
  /** What `openDatabase` was given, for another process. On PGlite no second process may open it. */
  where: { url?: string; directory: string };
  /** A handle as a second worker would have: a pool of its own on PostgreSQL, the same one on PGlite. Closed with this. */
  again(): Promise<Database>;
  /** Closes our handles but keeps the database, so that another process may have it. Closing it still removes it. */
  release(): Promise<void>;
}

export interface TestDatabases {
  name: 'PGlite' | 'PostgreSQL';
  /** An empty, migrated database of its own. Closing it removes it. */
  open(): Promise<TestDatabase>;
}

const server = await findServer();

/** `describe.each(databases)('… on $name', ({ open }) => …)` */
export const databases: TestDatabases[] = [
  { name: 'PGlite', open: openEmbedded },
  ...(server ? [{ name: 'PostgreSQL' as const, open: () => openOnServer(server) }] : []),
];

async function openEmbedded(): Promise<TestDatabase> {
  const template = await migratedTemplate();
  const directory = mkdtempSync(join(tmpdir(), 'tributary-test-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  process.once('exit', remove);
  copy(template, directory);
  const database = await openDatabase({ directory });
  let released = false;
  return {
    ...database,
    where: { directory },
    again: async () => ({ ...database, close: async () => {} }),
    release: async () => {
      released = true;
      await database.close();
    },
    close: async () => {
      if (!released) await database.close();
      process.off('exit', remove);
      remove();
    },
  };
}

/**
 * A folder with an empty, migrated database, kept from run to run: made anew only when the migrations or PGlite change.
 * Opening a copy of it takes a quarter of the time that a new one takes.
 */
async function migratedTemplate(): Promise<string> {
  const template = join(tmpdir(), `tributary-template-${migrationsHash()}`);
  if (existsSync(template)) return template;
  const directory = mkdtempSync(join(tmpdir(), 'tributary-test-'));
  const database = await openDatabase({ directory });
  await database.close();
  try {
    renameSync(directory, template);
  } catch {
    rmSync(directory, { recursive: true, force: true }); // another process was first
  }
  return template;
}

function migrationsHash(): string {
  const hash = createHash('sha256');
  const root = new URL('../../', import.meta.url);
  const folder = new URL('drizzle/', root);
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith('.sql')) hash.update(name).update(readFileSync(new URL(name, folder)));
  }
  for (const file of ['drizzle/meta/_journal.json', 'node_modules/@electric-sql/pglite/package.json']) {
    hash.update(readFileSync(new URL(file, root)));
  }
  return hash.digest('hex').slice(0, 16);
}

function copy(from: string, to: string): void {
  cpSync(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

async function openOnServer(url: string): Promise<TestDatabase> {
  const name = databaseName();
  await onServer(url, (sql) => sql`create database ${sql(name)}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  const where = { url: own.href, directory: tmpdir() };
  const handles: Database[] = [];
  const open = async () => {
    const handle = await openDatabase(where);
    handles.push(handle);
    return handle;
  };
  const database = await open();
  return {
    ...database,
    where,
    again: open,
    release: async () => {
      for (const handle of handles.splice(0)) await handle.close();
    },
    close: async () => {
      for (const handle of handles) await handle.close();
      await onServer(url, (sql) => sql`drop database if exists ${sql(name)} with (force)`);
    },
  };
}
