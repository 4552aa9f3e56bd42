// The databases that storage tests run on: the embedded one always, a real PostgreSQL where one is found. They are kept in
// a pool, emptied and handed out again. It knows no table.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { type Database, DatabaseError, type Listening, openDatabase } from '../../src/db/database.ts';
import { copyEmbedded, refillEmbedded } from './embedded-template.ts';
import { withTimeHeld } from './fast-clock.ts';
import { hasPgbouncer, type Pooler, startPgbouncer } from './pgbouncer.ts';
import { databaseName, databaseUrl, findServer, onServer } from './postgres.ts';
import { searchDatabase } from './secrets.ts';

export interface TestDatabase extends Database {
  /** What `openDatabase` was given, for another process. On PGlite no second process may open it. */
  where: { url?: string; directory: string };
  /** A handle as a second worker would have: a pool of its own on PostgreSQL, the same one on PGlite. Closed with this. */
  again(): Promise<Database>;
}

export interface OwnDatabase extends TestDatabase {
  /** Closes our handles but keeps the database, so that another process may have it. Closing it still removes it. */
  release(): Promise<void>;
}

export interface TestDatabases {
  name: 'PGlite' | 'PostgreSQL' | 'PgBouncer';
  /** An empty, migrated database. Closing it hands it back to the pool. */
  open(): Promise<TestDatabase>;
  /** One that is created for this test and removed when it is closed: to alter it, or to have other processes open it. */
  openOwn(): Promise<OwnDatabase>;
  /** One of its own too, in which these statements were carried out before it was opened and migrated. */
  openFrom(statements: string): Promise<OwnDatabase>;
}

const server = await findServer();

/**
 * Both databases: `describe.each(databases)('… on $name', ({ open }) => …)`. For what is about SQL, locks, concurrency or a
 * driver: each statement of ours is run on both by some test.
 */
export const databases: TestDatabases[] = [
  pooled('PGlite', createEmbedded),
  ...(server ? [pooled('PostgreSQL', (statements) => createOnServer(server, { statements }))] : []),
];

/**
 * One database, as a list: `describe.each(behaviour)(…)`, `const [{ open }] = behaviour`. For what is about Tributary and
 * would be the same on any database. It is PostgreSQL where there is one, which takes a third of the time.
 */
export const behaviour = databases.slice(-1) as [TestDatabases];

/** PostgreSQL behind a pooler that lends connections by the transaction; PostgreSQL itself where none is installed. */
export const behindPooler: TestDatabases =
  server && hasPgbouncer
    ? pooled('PgBouncer', (statements) => createBehindPooler(server, statements))
    : behaviour[0];

/** Both databases, the one on a server behind a pooler: for the path, which may rely on nothing that a session keeps. */
export const pathDatabases: TestDatabases[] = [...databases.slice(0, -1), behindPooler];

function pooled(
  name: TestDatabases['name'],
  create: (statements?: string) => Promise<OwnDatabase>,
): TestDatabases {
  const free: OwnDatabase[] = [];
  return {
    name,
    openOwn: () => create(),
    openFrom: create,
    async open() {
      const used = free.pop();
      if (used) await empty(used);
      const database = used ?? (await create());
      // What is stored is the same on both; the search takes twelve times as long on PGlite.
      const isSearched = name === (server ? 'PostgreSQL' : 'PGlite');
      const handBack = () => {
        // A server has few connections, and making one costs more than a short test: the next test takes over these.
        free.at(-1)?.reconnect();
        free.push(database);
      };
      return lend(database, { isSearched, handBack });
    },
  };
}

/** Deletes where that is quick: truncating makes new files for a table and each of its indexes. Identities start again. */
export async function empty(database: Pick<Database, 'rows'>): Promise<void> {
  await database.rows(sql`
    do $$
    declare one record;
    begin
      for one in
        select oid::regclass as name, relkind as kind, pg_relation_size(oid) as bytes
        from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S')
      loop
        if one.kind = 'S' then
          perform setval(one.name, 1, false);
        elsif one.bytes > 262144 then
          execute format('truncate %s', one.name);
        elsif one.bytes > 0 then
          execute format('delete from %s', one.name);
        end if;
      end loop;
    end $$`);
}

/** The database for one test: when it is closed its locks are released, and nothing runs on it any more. */
function lend(
  database: OwnDatabase,
  { isSearched, handBack }: { isSearched: boolean; handBack: () => void },
): TestDatabase {
  const underWay = new Set<Promise<unknown>>();
  const listening = new Set<Listening>();
  const handles: Database[] = [];
  let isClosed = false;
  const watched = <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (isClosed) return Promise.reject(new DatabaseError('The test has closed it.', 'CONNECTION_ENDED'));
    const running = work();
    const noted: Promise<unknown> = running.then(
      () => underWay.delete(noted),
      () => underWay.delete(noted),
    );
    underWay.add(noted);
    return running;
  };
  const guarded = (handle: Database): Database => ({
    ...handle,
    rows: (statement) => watched(() => handle.rows(statement)),
    prepared: (statement) => watched(() => handle.prepared(statement)),
    transaction: (work) => watched(() => handle.transaction(work)),
    keep: (statement) => watched(() => handle.keep(statement)),
    listen: (listener) =>
      watched(async () => {
        const one = await handle.listen(listener);
        listening.add(one);
        return one;
      }),
  });
  return {
    ...guarded(database),
    where: database.where,
    async again() {
      const handle = await database.again();
      handles.push(handle);
      return guarded(handle);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      for (const one of listening) one.close();
      for (const handle of handles) await handle.close();
      while (underWay.size) await Promise.all(underWay);
      if (isSearched) await searchDatabase(database).catch(() => {}); // it may be one that a test has broken
      handBack();
    },
  };
}

/** Simulated time does not jump while a statement is under way. */
export function timeless<Handle extends Database>(handle: Handle): Handle {
  return {
    ...handle,
    rows: (statement) => withTimeHeld(() => handle.rows(statement)),
    prepared: (statement) => withTimeHeld(() => handle.prepared(statement)),
    transaction: (work) => withTimeHeld(() => handle.transaction(work)),
    keep: (statement) => withTimeHeld(() => handle.keep(statement)),
    listen: (listener) => withTimeHeld(() => handle.listen(listener)),
    ping: () => withTimeHeld(() => handle.ping()),
    // It knows nothing of simulated time.
    time: async () => Number.NaN,
    endStalled: () => withTimeHeld(() => handle.endStalled()),
    cancelBlocked: () => withTimeHeld(() => handle.cancelBlocked()),
  };
}

async function createEmbedded(statements?: string): Promise<OwnDatabase> {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-pglite-'));
  await copyEmbedded(directory);
  if (statements !== undefined) await refillEmbedded(directory, statements);
  const database = timeless(await openDatabase({ directory }));
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
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

let pooler: Promise<Pooler> | null = null;

async function createBehindPooler(url: string, statements?: string): Promise<OwnDatabase> {
  pooler ??= startPgbouncer({ server: url });
  const { url: addressOf } = await pooler;
  return createOnServer(url, { addressOf, statements });
}

interface OnServer {
  /** Where it is opened, when not at the server itself. */
  addressOf?: (database: string) => string;
  statements?: string | undefined;
}

async function createOnServer(
  url: string,
  { addressOf = (name) => databaseUrl(url, name), statements }: OnServer = {},
): Promise<OwnDatabase> {
  const name = databaseName();
  await onServer(url, async (sql) => {
    await sql`create database ${sql(name)}`;
    await sql`alter database ${sql(name)} set synchronous_commit = off`;
  });
  if (statements !== undefined)
    await onServer(databaseUrl(url, name), (sql) => sql.unsafe(statements).simple());
  const where = { url: addressOf(name), directory: tmpdir() };
  const handles: Database[] = [];
  const open = async () => {
    const handle = timeless(await openDatabase(where));
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
