// Opens PostgreSQL or the embedded PGlite behind one interface, brings it up to our migrations, and runs transactions.
// It knows no table.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SQL, sql } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import PQueue from 'p-queue';
import type { Options, Sql } from 'postgres';
import { AddressError, type DatabaseAddress, parseAddress } from './address.ts';
import { noConnection } from './availability.ts';
import {
  connectFault,
  encodingFault,
  migrationFault,
  poolerFault,
  swallowedWarning,
} from './connect-faults.ts';
import { lockDirectory } from './lock.ts';
import { NotificationListener, notificationChannel } from './notifications.ts';
import { ownFiles, ownFolder } from './own-folder.ts';
import { camelCase, parsers } from './results.ts';
import { ConnectionError, Session, Sessions } from './sessions.ts';

const dialect = new PgDialect();

const migrationsFolder = join(dirname(fileURLToPath(import.meta.url)), '../../drizzle');

const connectionsMax = 8;

/** A statement that waits for a lock that is not ours is given up after so long. */
const lockWaitSeconds = 60;

/** Statements that run may go on for so long when their sessions are replaced or ended. */
const endingSeconds = 5;

/** More statements than this never wait for a connection: a further one fails at once. */
const waitingMax = 1_000;

/**
 * A process that is stopped in the middle of a transaction, or cut off, holds up the others for so long: none of ours waits
 * for anything but its own statements. The URL may say otherwise.
 */
const idleTransactionMs = 30_000;

/** Where statements are run: the database itself or one transaction of it. */
export interface Queryable {
  /**
   * Runs one raw statement and returns its rows: columns in camelCase, times as epoch milliseconds. The two drivers parse
   * alike only text, uuid, integers, float8, timestamptz, booleans and JSON: give the others a cast.
   */
  rows<Row extends object>(statement: SQL): Promise<Row[]>;
}

/** Where statements are run outside of a transaction too. */
export interface Preparing extends Queryable {
  /**
   * As `rows`, but with a plan that the server keeps, and on connections of its own: it waits for no other statement. Only
   * for statements whose best plan does not depend on how much the tables hold.
   */
  prepared<Row extends object>(statement: SQL): Promise<Row[]>;
}

export interface Database extends Preparing {
  kind: 'postgres' | 'pglite';
  /** Read committed. Begun again when the server chose it as a deadlock's victim, so `work` must have no other effects. */
  transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result>;
  /**
   * Holds a lock of this name until it is released or this process dies, however it dies: the server lets go when the
   * connection is gone. The connection listens for notifications too, where it can.
   */
  holdLock(name: string, holder: LockHolder): Promise<HeldLock>;
  /** True when nobody holds the lock of this name. */
  isLockFree(name: string): Promise<boolean>;
  /**
   * Ends the connections of processes that were stopped between the parts of one statement, and returns how many: what they
   * have locked others wait for. The server ends those between two statements by itself, these it takes to be at work.
   */
  endStalled(): Promise<number>;
  /** Resolves where the server answers. It waits for no other statement, and the caller decides for how long. */
  ping(): Promise<void>;
  /**
   * Cancels statements of ours that have waited for somebody else's lock for longer than `lockWaitSeconds`, and returns how
   * many: those who wait for them learn of it.
   */
  cancelBlocked(): Promise<number>;
  /** Replaces all connections: whatever waits for an answer on the old ones fails. For a server that answers no more. */
  reconnect(): void;
  close(): Promise<void>;
}

export interface LockHolder {
  /** The lock was lost while we live. */
  onLost(): void;
  /** See `notifications.ts`. Null: listening begins now, and notifications of before may have been missed. */
  onNotification?(notification: string | null): void;
}

export interface HeldLock {
  /** Whether notifications are known to arrive. Behind some poolers they never do. */
  readonly isListening: boolean;
  release(): Promise<void>;
}

/** A statement failed. Drizzle's own error would quote the statement's values, which are people's data. */
export class DatabaseError extends Error {
  override name = 'DatabaseError';
  /** The server's SQLSTATE, where it gave one. */
  readonly code: string | undefined;
  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

/** A column of type timestamptz as epoch milliseconds, where a statement reckons with it: in a row it is that already. */
export const toEpochMs = (column: SQL | object) => sql`(extract(epoch from ${column}) * 1000)::float8`;

/** Epoch milliseconds as a timestamptz parameter. */
export const toTimestamp = (milliseconds: number) => sql`to_timestamp(${milliseconds}::float8 / 1000)`;

/** A value as a jsonb parameter, alike on both drivers. */
export const json = (value: unknown) => sql`(${jsonText(value)}::text)::jsonb`;

/** A list of texts as a text[] parameter. */
export const texts = (values: readonly string[]) =>
  sql`array(select jsonb_array_elements_text((${jsonText(values)}::text)::jsonb))`;

/**
 * JSON without what PostgreSQL refuses in it: NUL and lone surrogates, in values and in names. They are escapes in the text,
 * which is mended as it stands: however deep the value is, nothing recurses.
 */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/\\u0000|\\ud[89a-f]/i.test(text)) return text;
  return text.replace(/\\(?:(u0000)|(ud[89a-f][0-9a-f]{2})|.)/gi, (whole, nul, lone) =>
    nul ? '' : lone ? '\ufffd' : whole,
  );
}

/** A text without NUL and with lone surrogates replaced by U+FFFD. */
export function cleanText(text: string): string {
  return text.replaceAll('\u0000', '').toWellFormed();
}

/** `onWarning` is told what a person should know of the address. Throws DatabaseError. */
export async function openDatabase(options: {
  url?: string | undefined;
  directory: string;
  onWarning?: (sentence: string) => void;
}): Promise<Database> {
  const database = options.url
    ? await openPostgres(options.url, options.onWarning ?? (() => {}))
    : await openPglite(join(options.directory, 'database'));
  try {
    await refuseNewer(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

/** The sessions of one process. All are replaced together when they turn out to be useless. */
function openPools(connect: (options: Options<Record<string, never>>) => Sql) {
  const hosts = { index: 0 };
  const pool = (max: number, connection: object, keeps = true) =>
    new Sessions((options) => connect({ ...options, connection } as never), { max, hosts, keeps });
  return {
    hosts,
    main: pool(connectionsMax, {
      application_name: 'tributary',
      idle_in_transaction_session_timeout: idleTransactionMs,
      // A statement is parsed once a connection, so that it takes one round trip and not two; but it is planned each
      // time: a plan made while a table was small is not kept when it has grown.
      plan_cache_mode: 'force_custom_plan',
      // Ours touch a few hundred rows. What the server takes some of them for is compiled each time: ten times as long
      // (measured: settling beside 500,000 records).
      jit: 'off',
    }),
    /** For statements whose plan the server keeps. They share sessions. */
    planned: pool(2, { application_name: 'tributary' }),
    /** All of the others may be waiting for what this one is to let go. */
    keeper: pool(1, { application_name: 'tributary keeper' }),
    /** Asks whether the server answers. */
    pulse: pool(1, { application_name: 'tributary pulse' }, false),
  };
}

async function openPostgres(url: string, onWarning: (sentence: string) => void): Promise<Database> {
  const [{ default: postgres }, { drizzle }, { migrate }] = await Promise.all([
    import('postgres'),
    import('drizzle-orm/postgres-js'),
    import('drizzle-orm/postgres-js/migrator'),
  ]);
  const address = addressOf(url);
  for (const warning of address.warnings) onWarning(warning);
  const connectPlain = (options: Options<Record<string, never>>) => postgres(driverOptions(address, options));
  const connect = (options: Options<Record<string, never>>) => {
    const client = connectPlain({ ...options, transform: { column: { from: camelCase } } });
    // It has the driver take dates and JSON as text, which is how the two drivers are alike.
    drizzle(client);
    Object.assign(client.options.parsers, parsers);
    return client;
  };
  const { hosts, ...pools } = openPools(connect);
  const { main, planned, keeper, pulse } = pools;
  const replace = (graceSeconds: number) =>
    Promise.all(Object.values(pools).map((pool) => pool.replace(graceSeconds).catch(() => {})));
  const end = () => Promise.all(Object.values(pools).map((pool) => pool.end(endingSeconds)));
  // A statement behind another on one connection would wait for the lock that the other waits for.
  const places = new PQueue({ concurrency: connectionsMax });
  const placed = <Result>(work: (session: Session) => Promise<Result>): Promise<Result> => {
    if (places.size < waitingMax) return places.add(() => useful(main, work)) as Promise<Result>;
    return Promise.reject(
      new DatabaseError(
        `All ${connectionsMax} connections are busy, and ${places.size} statements are waiting for one.`,
        noConnection,
      ),
    );
  };
  let generation = 0;
  /** Sessions that can only read stay so for good: they are replaced. */
  const useful = async <Result>(
    pool: Sessions,
    work: (session: Session) => Promise<Result>,
  ): Promise<Result> => {
    const used = generation;
    try {
      return await pool.use(work);
    } catch (error) {
      if (sqlState(error) === readOnlySession && used === generation) {
        generation += 1;
        hosts.index += 1;
        void replace(endingSeconds);
      }
      throw ofDatabase(error);
    }
  };
  try {
    await refuseServer(main, keeper, onWarning);
    // Workers that start together migrate one after the other.
    await placed(async (guard) => {
      try {
        await runOn(guard, sql`select pg_advisory_lock(7225119)`);
        if (!(await isNewer({ rows: (statement) => runOn(guard, statement) as never })))
          await untilLost(connectPlain, (client) => migrate(drizzle(client), { migrationsFolder }));
      } catch (error) {
        throw await explainedMigration(guard, error);
      } finally {
        await runOn(guard, sql`select pg_advisory_unlock(7225119)`).catch(() => {});
      }
    });
  } catch (error) {
    await end();
    throw error;
  }
  return {
    kind: 'postgres',
    rows: (statement) => retried(() => placed((session) => runOn(session, statement))) as never,
    prepared: (statement) => retried(() => useful(planned, (session) => runOn(session, statement))) as never,
    transaction: (work) => retried(() => placed((session) => inTransaction(session, work))),
    holdLock: async (name, { onLost, onNotification }) => {
      let state: 'asked' | 'held' | 'lost' = 'asked';
      const listener = new NotificationListener(onNotification ?? (() => {}));
      const holder = new Session(connect, {
        hosts,
        onLost: () => {
          const wasHeld = state === 'held';
          state = 'lost';
          listener.close();
          if (wasHeld) onLost();
        },
        onNotification: (payload) => listener.receive(payload),
      });
      try {
        await holder.opened;
        // A session of ours that the server has not yet seen dead may hold it.
        await runOn(holder, sql`set lock_timeout = ${sql.raw(String(lockWaitSeconds * 1000))}`);
        await runOn(holder, sql`select pg_advisory_lock(hashtextextended(${name}, 7225121))`);
        // What was never held is not lost: the caller learns it by this alone.
        if (state !== 'asked')
          throw new DatabaseError('The connection was gone as soon as it held the lock.', connectionClosed);
        state = 'held';
      } catch (error) {
        holder.destroy();
        throw ofDatabase(error);
      }
      // Where it cannot listen, loops look by themselves.
      await runOn(holder, listener.listen)
        .then(() => runOn(holder, listener.probe))
        .catch(() => {});
      return {
        get isListening() {
          return listener.isListening;
        },
        release: () => {
          listener.close();
          return holder.end();
        },
      };
    },
    isLockFree: async (name) => {
      const [row] = (await placed((session) =>
        runOn(session, sql`select pg_try_advisory_xact_lock(hashtextextended(${name}, 7225121)) as free`),
      )) as { free: boolean }[];
      return row?.free ?? false;
    },
    endStalled: async () => {
      const ended = await useful(keeper, (session) =>
        runOn(
          session,
          sql`
        select pg_terminate_backend(pid) from pg_stat_activity, (select current_setting('idle_in_transaction_session_timeout') as after) as said
        where datname = current_database() and usename = current_user and application_name = 'tributary'
          and after <> '0' and xact_start is not null and wait_event = 'ClientRead' and state_change < now() - after::interval`,
        ),
      );
      return ended.length;
    },
    ping: async () => {
      await useful(pulse, (session) => runOn(session, sql`select 1`));
    },
    cancelBlocked: async () => {
      const cancelled = await useful(pulse, (session) =>
        runOn(
          session,
          sql`
        select pg_cancel_backend(pid) from pg_stat_activity
        where datname = current_database() and usename = current_user and application_name = 'tributary' and state = 'active'
          and wait_event_type = 'Lock' and wait_event <> 'advisory' and query_start < now() - make_interval(secs => ${lockWaitSeconds})`,
        ),
      );
      return cancelled.length;
    },
    reconnect: () => void replace(0),
    close: async () => {
      await end();
    },
  };
}

/** Runs on a client of its own. Rejects where its connection is gone, whatever the driver does. */
async function untilLost(
  connect: (options: Options<Record<string, never>>) => Sql,
  work: (client: Sql) => Promise<unknown>,
): Promise<void> {
  const lost = Promise.withResolvers<never>();
  const onclose = () =>
    lost.reject(
      new DatabaseError('The connection was lost while the database was migrated.', connectionClosed),
    );
  const client = connect({ max: 1, max_lifetime: null, onclose });
  try {
    await Promise.race([work(client), lost.promise]);
  } finally {
    lost.promise.catch(() => {});
    await client.end({ timeout: 5 });
  }
}

/** A transaction of which one statement has failed is rolled back, even where `work` goes on after it. */
async function inTransaction<Result>(
  session: Session,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> {
  let failed: unknown;
  let isOver = false;
  const rows = async (statement: SQL) => {
    if (isOver) throw new DatabaseError('The transaction of this statement is over.');
    try {
      return await runOn(session, statement);
    } catch (error) {
      failed ??= error;
      throw error;
    }
  };
  await runOn(session, sql`begin`);
  try {
    const result = await work({ rows: rows as never });
    if (failed !== undefined) throw failed;
    isOver = true;
    await runOn(session, sql`commit`);
    return result;
  } catch (error) {
    if (!isOver) {
      isOver = true;
      await runOn(session, sql`rollback`).catch(() => session.destroy());
    }
    // What came after the failure says only that there was one.
    const isConsequence = sqlState(error) === failedTransaction || isConnectionGone(failed);
    throw isConsequence ? (failed ?? error) : error;
  }
}

/**
 * The statement with clean texts as parameters: text from outside may hold NUL, which PostgreSQL refuses in any text, and
 * then refuses the whole statement. It is taken out here, once for every column.
 */
function cleaned(statement: SQL): SQL {
  let isClean = true;
  const chunks = statement.queryChunks.map((chunk) => {
    const clean =
      typeof chunk === 'string' ? cleanText(chunk) : chunk instanceof SQL ? cleaned(chunk) : chunk;
    isClean &&= clean === chunk;
    return clean;
  });
  return isClean ? statement : new SQL(chunks);
}

/** SQLSTATE of a session that was begun while the server only let itself be read. */
const readOnlySession = '25006';

/** SQLSTATE of a statement after the one that failed. */
const failedTransaction = '25P02';

const connectionClosed = 'CONNECTION_CLOSED';

function addressOf(url: string): DatabaseAddress {
  try {
    return parseAddress(url);
  } catch (error) {
    throw error instanceof AddressError ? new DatabaseError(error.message) : error;
  }
}

export function driverOptions(
  address: DatabaseAddress,
  options: Options<Record<string, never>>,
): Options<Record<string, never>> {
  const { host, port, path, database, username, password, ssl, connection } = address;
  return {
    ...options,
    // A folder takes the place of a host, and the driver knows the name of the socket in it.
    ...(path !== undefined ? { host: path } : host && { host }),
    ...(port && { port: path === undefined ? port : port[0]! }),
    ...(database && { database }),
    ...(username && { username }),
    ...(password !== undefined && { password }),
    ssl,
    // The style in which times are parsed.
    connection: { DateStyle: 'ISO', ...options.connection, ...connection },
    onnotice: () => {},
    connect_timeout: 10,
    // The driver would ask for the types of arrays on each new connection and leave a failure of that unhandled.
    fetch_types: false,
  } as Options<Record<string, never>>;
}

function runOn(session: Session, statement: SQL): Promise<object[]> {
  const { sql: text, params } = dialect.sqlToQuery(cleaned(statement));
  return discreet(session.run((connection) => connection.unsafe(text, params as never[], { prepare: true })));
}

/** Throws DatabaseError where this server, database or what stands before it cannot be worked with. */
async function refuseServer(
  main: Sessions,
  keeper: Sessions,
  onWarning: (sentence: string) => void,
): Promise<void> {
  const refuse = async (session: Session) => {
    const [found] = (await runOn(
      session,
      sql`
      select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
             current_setting('plan_cache_mode') as mode`,
    )) as { version: number; encoding: string; mode: string }[];
    const { version = 0, encoding = '', mode } = found ?? {};
    if (version < 150000)
      throw new DatabaseError(
        `Tributary requires PostgreSQL 15 or newer; DATABASE_URL leads to version ${Math.floor(version / 10_000)}.`,
      );
    const isShared = await keeper.use((other) => sharesSessions(session, other));
    const fault = encodingFault(encoding) ?? (isShared ? poolerFault : null);
    if (fault !== null) throw new DatabaseError(fault);
    if (mode !== 'force_custom_plan') onWarning(swallowedWarning);
  };
  await main.use(refuse).catch((error: Error) => {
    if (error instanceof DatabaseError) throw error;
    throw new DatabaseError(connectFault(error), sqlState(error) ?? connectionCode(error));
  });
}

/** Whether two connections are given the same session of the server in turn: then a lock taken by one is had by the other. */
async function sharesSessions(one: Session, other: Session): Promise<boolean> {
  const key = Math.floor(Math.random() * 2 ** 31);
  const isTrue = async (session: Session, statement: SQL) =>
    ((await runOn(session, statement)) as { had: boolean }[])[0]?.had === true;
  const tryLock = sql`select pg_try_advisory_lock(7225123, ${key}::int) as had`;
  const unlock = sql`select pg_advisory_unlock(7225123, ${key}::int) as had`;
  await isTrue(one, tryLock);
  const isShared = await isTrue(other, tryLock);
  if (isShared) await isTrue(other, unlock);
  const hadIt = await isTrue(one, unlock);
  return isShared || !hadIt;
}

async function explainedMigration(guard: Session, error: unknown): Promise<DatabaseError> {
  const innermost = error instanceof Error && error.cause instanceof Error ? error.cause : (error as Error);
  const [user] = (await runOn(guard, sql`select current_user as name`).catch(() => [])) as { name: string }[];
  const fault = migrationFault(
    innermost as { message?: string; code?: string },
    user?.name ?? 'of DATABASE_URL',
  );
  return new DatabaseError(fault, sqlState(error) ?? connectionCode(innermost));
}

async function openPglite(directory: string): Promise<Database> {
  const [{ PGlite }, { drizzle }, { migrate }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('drizzle-orm/pglite'),
    import('drizzle-orm/pglite/migrator'),
  ]);
  ownFolder(dirname(directory));
  ownFolder(directory);
  const lock = lockDirectory(directory);
  const client = new PGlite({ dataDir: directory, relaxedDurability: false });
  const rows = async (runner: Pick<typeof client, 'query'>, statement: SQL): Promise<never[]> => {
    const { sql: text, params } = dialect.sqlToQuery(cleaned(statement));
    const result = await discreet(runner.query<unknown[]>(text, params, { rowMode: 'array', parsers }));
    const names = result.fields.map((field) => camelCase(field.name));
    return result.rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]]))) as never[];
  };
  try {
    await client.waitReady;
    ownFiles(directory);
    if (!(await isNewer({ rows: (statement) => rows(client, statement) })))
      await migrate(drizzle(client), { migrationsFolder });
  } catch (error) {
    await client.close().catch(() => {}); // it may never have been open
    lock.release();
    throw error;
  }
  // PGlite answers within one turn of the event loop: without a pause between statements of ours, timers and requests
  // would wait until all work is done.
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  // The folder is ours alone, so is every lock in it.
  const held = new Set<string>();
  return {
    kind: 'pglite',
    rows: (statement) => turn().then(() => rows(client, statement)),
    prepared: (statement) => turn().then(() => rows(client, statement)),
    transaction: (work) =>
      turn().then(() => client.transaction((tx) => work({ rows: (statement) => rows(tx, statement) }))),
    holdLock: async (name, { onNotification }) => {
      held.add(name);
      const listener = new NotificationListener(onNotification ?? (() => {}));
      const unlisten = await client.listen(notificationChannel, (payload) => listener.receive(payload));
      await rows(client, listener.probe);
      return {
        get isListening() {
          return listener.isListening;
        },
        release: async () => {
          listener.close();
          held.delete(name);
          await unlisten();
        },
      };
    },
    isLockFree: async (name) => !held.has(name),
    endStalled: async () => 0,
    ping: async () => void (await turn().then(() => rows(client, sql`select 1`))),
    cancelBlocked: async () => 0,
    reconnect: () => {},
    close: async () => {
      await client.close();
      lock.release();
    },
  };
}

/** The driver's own words and code of an error, without the values that drizzle puts into its message. */
async function discreet<Result>(running: PromiseLike<Result>): Promise<Result> {
  try {
    return await running;
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    const innermost = error instanceof Error && error.cause instanceof Error ? error.cause : (error as Error);
    throw new DatabaseError(innermost.message, sqlState(error) ?? connectionCode(innermost));
  }
}

/** What the driver throws by itself, where there is no connection to run a statement on. Other errors are as they are. */
function ofDatabase(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DatabaseError) return error;
  const code = sqlState(error) ?? connectionCode(error);
  const isDrivers =
    error.name === 'PostgresError' || error instanceof ConnectionError || isSocketFault(error);
  return isDrivers ? new DatabaseError(error.message || code || 'no reason given', code) : error;
}

/** Of connecting or of a connection, as Node's sockets and the driver throw them. */
function isSocketFault(error: Error): boolean {
  const { syscall, address } = error as { syscall?: unknown; address?: unknown };
  return (
    connectionCode(error) !== undefined &&
    (syscall !== undefined || address !== undefined || error instanceof AggregateError)
  );
}

/** The driver's words for it; else the server's, which closes after them: shut down, or idle in a transaction for too long. */
function isConnectionGone(error: unknown): boolean {
  return error instanceof DatabaseError && /^(CONNECTION_|57P0[1-5]$|25P0[34]$)/.test(error.code ?? '');
}

/** After a deadlock or a serialization failure the server has undone everything, so the statement or transaction can run again. */
async function retried<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const code = sqlState(error);
      if (attempt >= 5 || (code !== '40P01' && code !== '40001')) throw error;
    }
  }
}

function connectionCode(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(CONNECTION_|CONNECT_TIMEOUT$|E[A-Z]+$)/.test(code) ? code : undefined;
}

/** The SQLSTATE of a database error, however the driver and drizzle have wrapped it. */
function sqlState(error: unknown): string | undefined {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const code = (inner as { code?: unknown }).code;
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code;
  }
  return undefined;
}

/** The newest migration we know, as drizzle's journal dates it. */
function newestKnown(): number {
  const journal = JSON.parse(readFileSync(join(migrationsFolder, 'meta/_journal.json'), 'utf8')) as {
    entries: { when: number }[];
  };
  return Math.max(...journal.entries.map((entry) => entry.when));
}

async function isNewer(database: Queryable): Promise<boolean> {
  const [found] = await database.rows<{ exists: boolean }>(
    sql`select to_regclass('drizzle.__drizzle_migrations') is not null as exists`,
  );
  if (!found?.exists) return false;
  const [newest] = await database.rows<{ at: number }>(
    sql`select coalesce(max(created_at), 0)::float8 as at from drizzle.__drizzle_migrations`,
  );
  return (newest?.at ?? 0) > newestKnown();
}

async function refuseNewer(database: Database): Promise<void> {
  if (await isNewer(database)) {
    throw new DatabaseError(
      'This database was written by a newer version of Tributary. Start that version, or point this one at another database. Nothing was changed.',
    );
  }
}
