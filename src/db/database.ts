// Opens PostgreSQL or the embedded PGlite behind one interface, brings it up to our migrations, and runs transactions.
// It knows no table.
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { PGlite } from '@electric-sql/pglite';
import { Param, SQL, sql } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import PQueue from 'p-queue';
import type { Options } from 'postgres';
import { AddressError, type DatabaseAddress, minConnections, parseAddress } from './address.ts';
import { noConnection } from './availability.ts';
import {
  connectFault,
  encodingFault,
  foreignFault,
  jitWarning,
  migrationFault,
  silentWarning,
} from './connect-faults.ts';
import { lockDirectory } from './lock.ts';
import { isForeign, isNewer, lacking, migrate, schemaElsewhere } from './migrations.ts';
import { NotificationListener, notificationChannel } from './notifications.ts';
import { ownFiles, ownFolder } from './own-folder.ts';
import { camelCase, parsers } from './results.ts';
import { type Connect, ConnectionError, type Session, Sessions, type SessionsOptions } from './sessions.ts';

const dialect = new PgDialect();

/** Where no pooler says how many may be in use. */
const defaultConnections = 8;

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
  /** As `rows`, but on a connection that is kept for this: it waits for no work of ours, however long that waits. */
  keep<Row extends object>(statement: SQL): Promise<Row[]>;
  /** Listens for notifications, where the database can be listened to. Rejects where it could be and cannot now. */
  listen(listener: Listener): Promise<Listening>;
  /**
   * Ends the connections of processes that were stopped between the parts of one statement, and returns how many: what they
   * have locked others wait for. The server ends those between two statements by itself, these it takes to be at work.
   */
  endStalled(): Promise<number>;
  /** What the server's clock shows, epoch milliseconds. */
  time(): Promise<number>;
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

export interface Listener {
  /** Nothing arrives any more: listening has to begin again. */
  onLost(): void;
  /** See `notifications.ts`. Null: listening begins now, and notifications of before may have been missed. */
  onNotification(notification: string | null): void;
}

export interface Listening {
  /** Whether notifications are known to arrive. Behind a pooler of transactions they never do. */
  readonly isListening: boolean;
  close(): void;
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

/** The database lacks migrations, and was not to be migrated. */
export class UnmigratedError extends DatabaseError {
  override name = 'UnmigratedError';
  /** It holds nothing of ours yet. */
  readonly isNew: boolean;
  constructor(isNew: boolean) {
    super(
      isNew
        ? 'PostgreSQL answers, and the database has no tables yet: the first start creates them.'
        : 'PostgreSQL answers, and an earlier version wrote the database: the next start migrates it.',
    );
    this.isNew = isNew;
  }
}

/** A column of type timestamptz as epoch milliseconds, where a statement reckons with it: in a row it is that already. */
export const toEpochMs = (column: SQL | object) => sql`(extract(epoch from ${column}) * 1000)::float8`;

/** Epoch milliseconds as a timestamptz parameter. */
export const toTimestamp = (milliseconds: number) => sql`to_timestamp(${milliseconds}::float8 / 1000)`;

/** A value as a jsonb parameter, alike on both drivers. It is clean, so that `cleaned` need not look through it once more. */
export const json = (value: unknown) => sql`(${new Param(jsonText(value))}::text)::jsonb`;

/**
 * A list for `json_to_recordset`, `json_array_elements` or `json_array_elements_text`. As jsonb the server would first build the whole
 * list, which takes it longer than to read and insert the rows.
 */
export const jsonList = (values: readonly unknown[]) => sql`(${new Param(jsonText(values))}::text)::json`;

/** A list of texts as a text[] parameter. */
export const texts = (values: readonly string[]) =>
  sql`array(select json_array_elements_text(${jsonList(values)}))`;

/**
 * JSON without what PostgreSQL refuses in it: NUL and lone surrogates, in values and in names. They are escapes in the text,
 * which is mended as it stands: however deep the value is, nothing recurses.
 */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  // In lower case, as `JSON.stringify` writes them.
  if (!/\\u(?:0000|d)/.test(text)) return text;
  return text.replace(/\\(?:(u0000)|(ud[89a-f][0-9a-f]{2})|.)/gi, (whole, nul, lone) =>
    nul ? '' : lone ? '\ufffd' : whole,
  );
}

/** A text without NUL and with lone surrogates replaced by U+FFFD. */
export function cleanText(text: string): string {
  return text.replaceAll('\u0000', '').toWellFormed();
}

/**
 * `directUrl`: where `url` leads to a pooler, the address of the server behind it. `connections`: of this process to `url`, at
 * least `minConnections`. `onWarning` is told what a person should
 * know of the address. Throws DatabaseError, and UnmigratedError where a server's database is not to be migrated and lacks something.
 */
export async function openDatabase(options: {
  url?: string | undefined;
  directUrl?: string | undefined;
  connections?: number | undefined;
  directory: string;
  /** Default: true. */
  migrates?: boolean | undefined;
  onWarning?: (sentence: string) => void;
}): Promise<Database> {
  const { url, directUrl = null, connections = null, migrates = true, onWarning = () => {} } = options;
  const database = url
    ? await openPostgres({ url, directUrl, connections, migrates, onWarning })
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
function openPools(connect: Connect, { prepares, workers }: { prepares: boolean; workers: number }) {
  const hosts = { index: 0 };
  const pool = (max: number, connection: object, more: Partial<SessionsOptions> = {}) =>
    new Sessions((options) => connect({ ...options, connection } as never), {
      max,
      hosts,
      prepares,
      ...more,
    });
  const listeners = new Listeners();
  return {
    hosts,
    listeners,
    main: pool(workers, {
      application_name: 'tributary',
      // A pooler may refuse them; then each transaction sets what it needs.
      ...(prepares && {
        idle_in_transaction_session_timeout: idleTransactionMs,
        // A statement is parsed once a connection, so that it takes one round trip and not two; but it is planned each
        // time: a plan made while a table was small is not kept when it has grown.
        plan_cache_mode: 'force_custom_plan',
        // Ours touch a few hundred rows. What the server takes some of them for is compiled each time: ten times as long
        // (measured: settling beside 500,000 records).
        jit: 'off',
      }),
    }),
    /** For statements whose plan the server keeps. They share a session. */
    planned: pool(1, { application_name: 'tributary' }),
    /** All of the others may be waiting for what this one is to let go. It listens, and asks whether the server answers. */
    keeper: pool(1, { application_name: 'tributary keeper' }, listeners),
  };
}

/** Those who listen on one session. */
class Listeners {
  readonly #all = new Map<NotificationListener, () => void>();

  readonly onNotification = (payload: string): void => {
    for (const listener of this.#all.keys()) listener.receive(payload);
  };

  readonly onGone = (): void => {
    const lost = [...this.#all.values()];
    this.#all.clear();
    for (const onLost of lost) onLost();
  };

  /** `begin`: has the session listen. */
  async add(
    { onLost, onNotification }: Listener,
    begin: (listener: NotificationListener) => Promise<unknown>,
  ): Promise<Listening> {
    const listener = new NotificationListener(onNotification);
    let isHeld = false;
    this.#all.set(listener, () => {
      listener.close();
      if (isHeld) onLost();
    });
    const close = () => {
      listener.close();
      this.#all.delete(listener);
    };
    try {
      await begin(listener);
    } catch (error) {
      close();
      throw error;
    }
    // What was never held is not lost: the caller learns it by this alone.
    if (!this.#all.has(listener))
      throw new DatabaseError('The connection was gone as soon as it listened.', connectionClosed);
    isHeld = true;
    return {
      get isListening() {
        return listener.isListening;
      },
      close,
    };
  }
}

async function openPostgres({
  url,
  directUrl,
  connections,
  migrates,
  onWarning,
}: {
  url: string;
  directUrl: string | null;
  connections: number | null;
  migrates: boolean;
  onWarning: (sentence: string) => void;
}): Promise<Database> {
  const [{ default: postgres }, { drizzle }] = await Promise.all([
    import('postgres'),
    import('drizzle-orm/postgres-js'),
  ]);
  const address = addressOf(url);
  const directAddress = directUrl === null ? null : addressOf(directUrl, 'DATABASE_DIRECT_URL');
  for (const warning of address.warnings) onWarning(warning);
  const connectTo =
    (to: DatabaseAddress): Connect =>
    (options) => {
      const client = postgres(driverOptions(to, { ...options, transform: { column: { from: camelCase } } }));
      // It has the driver take dates and JSON as text, which is how the two drivers are alike.
      drizzle(client);
      Object.assign(client.options.parsers, parsers);
      return client;
    };
  const server = await askServer(connectTo({ ...address, connection: {} }), address);
  const { isPooled } = server;
  const connect = connectTo(isPooled ? { ...address, connection: {} } : address);
  const workers = (connections ?? (isPooled ? minConnections : defaultConnections)) - 2;
  const { hosts, listeners, ...pools } = openPools(connect, { prepares: !isPooled, workers });
  const { main, planned, keeper } = pools;
  /** To the server itself, where a pooler stands before it. */
  const direct =
    directAddress &&
    new Sessions(
      (options) =>
        connectTo(directAddress)({ ...options, connection: { application_name: 'tributary direct' } }),
      { max: 1, hosts: { index: 0 }, ...(isPooled && listeners) },
    );
  const all = [...Object.values(pools), ...(direct ? [direct] : [])];
  const replace = (graceSeconds: number) =>
    Promise.all(all.map((pool) => pool.replace(graceSeconds).catch(() => {})));
  const end = () => Promise.all(all.map((pool) => pool.end(endingSeconds)));
  // A statement behind another on one connection would wait for the lock that the other waits for.
  const places = new PQueue({ concurrency: workers });
  const placed = <Result>(work: (session: Session) => Promise<Result>): Promise<Result> => {
    if (places.size < waitingMax) return places.add(() => useful(main, work)) as Promise<Result>;
    return Promise.reject(
      new DatabaseError(
        `All ${workers} connections are busy, and ${places.size} statements are waiting for one.`,
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
      return await pool.use((session) =>
        isPooled
          ? // On the same session, as part of its use: on another, it would be in the middle of others' transactions.
            work(session).catch(async (error) => {
              if (sqlState(error) === readOnlySession)
                await runOn(session, endReadOnlySession).catch(() => {});
              throw error;
            })
          : work(session),
      );
    } catch (error) {
      if (sqlState(error) === readOnlySession && used === generation) {
        generation += 1;
        hosts.index += 1;
        void replace(endingSeconds);
      }
      throw ofDatabase(error);
    }
  };
  const beginning = beginningOf(server, address);
  const transaction: Database['transaction'] = (work) =>
    retried(() => placed((session) => inTransaction(session, beginning.statements, work)));
  const on =
    (use: (work: (session: Session) => Promise<object[]>) => Promise<object[]>): Database['rows'] =>
    (statement) =>
      retried(() =>
        use((session) =>
          beginning.isForAll
            ? inTransaction(session, beginning.statements, (tx) => tx.rows(statement))
            : runOn(session, statement),
        ),
      ) as never;
  const rows = on(placed);
  const keep = on((work) => useful(keeper, work));
  try {
    await main.use((session) => runOn(session, sql`select 1`)).catch(refuseAddress);
    if (direct) {
      await direct.use((session) => runOn(session, sql`select 1`)).catch(refuseDirectAddress);
      await refuseOtherDatabase(transaction, (statement) =>
        direct.use((session) => runOn(session, statement)),
      );
    }
    if (await isForeign({ rows })) throw new DatabaseError(foreignFault);
    if (migrates)
      await migrate(direct ? transactionsOn(direct) : { rows, transaction }).catch(async (error) => {
        throw await explainedMigration({ rows }, error);
      });
    else await refuseUnmigrated({ rows });
    await refuseOtherSchema({ rows });
  } catch (error) {
    await end();
    throw error;
  }
  if (isPooled && server.jit) onWarning(jitWarning(server.user));
  if (isPooled && !direct) onWarning(silentWarning);
  const idleAfter = idleInterval(address);
  return {
    kind: 'postgres',
    rows,
    prepared: on((work) => useful(planned, work)),
    transaction,
    keep,
    listen: async (listener) => {
      if (isPooled && !direct) return { isListening: false, close() {} };
      return listeners.add(listener, async ({ listen, probe }) => {
        await useful(isPooled && direct ? direct : keeper, (session) => runOn(session, listen));
        // Sent where work is committed: it is not heard where the other address leads to another database.
        await rows(probe);
      });
    },
    endStalled: async () => {
      const ended = await keep(sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and usename = current_user and application_name = 'tributary'
          and ${idleAfter}::interval > '0' and xact_start is not null and wait_event = 'ClientRead'
          and state_change < now() - ${idleAfter}::interval`);
      return ended.length;
    },
    time: () => timeOf(keep),
    ping: async () => {
      await keep(sql`select 1`);
    },
    cancelBlocked: async () => {
      const cancelled = await keep(sql`
        select pg_cancel_backend(pid) from pg_stat_activity
        where datname = current_database() and usename = current_user and application_name = 'tributary' and state = 'active'
          and wait_event_type = 'Lock' and wait_event <> 'advisory' and query_start < now() - make_interval(secs => ${lockWaitSeconds})`);
      return cancelled.length;
    },
    reconnect: () => void replace(0),
    close: async () => {
      await end();
    },
  };
}

/** Transactions of one session after the other. */
function transactionsOn(sessions: Sessions): Pick<Database, 'rows' | 'transaction'> {
  return {
    rows: (statement) => sessions.use((session) => runOn(session, statement)) as never,
    transaction: (work) => sessions.use((session) => inTransaction(session, [sql`begin`], work)),
  };
}

/**
 * How a transaction begins. Behind a pooler nothing is set for a session, so that it is set for each transaction; `isForAll`:
 * and a statement by itself needs it, too.
 */
function beginningOf({ isPooled, dateStyle }: ServerFacts, { connection }: DatabaseAddress) {
  if (!isPooled) return { statements: [sql`begin`], isForAll: false };
  const own = Object.entries({ ...(!/^ISO\b/.test(dateStyle) && { DateStyle: 'ISO' }), ...connection });
  const settings = own.map(([name, value]) => sql`set_config(${name}, ${value}, true)`);
  return {
    statements: [
      // Without parameters the driver sends them as one.
      sql`begin; set local idle_in_transaction_session_timeout = ${sql.raw(String(idleTransactionMs))}; set local jit = off`,
      ...(settings.length > 0 ? [sql`select ${sql.join(settings, sql`, `)}`] : []),
    ],
    isForAll: settings.length > 0,
  };
}

/** After how long the server ends a session that is idle in a transaction. */
function idleInterval({ connection }: DatabaseAddress): string {
  const given = connection['idle_in_transaction_session_timeout'] ?? String(idleTransactionMs);
  return /^\d+$/.test(given) ? `${given} milliseconds` : given;
}

/** A transaction of which one statement has failed is rolled back, even where `work` goes on after it. */
async function inTransaction<Result>(
  session: Session,
  beginning: readonly SQL[],
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
  try {
    for (const statement of beginning) await runOn(session, statement);
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

/**
 * A pooler would lend such a session for as long as it keeps it, an hour by default, whatever is done to our connections: it is asked
 * to end itself. Mostly a pooler gives this statement to the session that it lent last, and no other session is ended by it.
 */
const endReadOnlySession = sql`
  select pg_terminate_backend(pg_backend_pid()) where current_setting('transaction_read_only')::boolean`;

/** SQLSTATE of a statement after the one that failed. */
const failedTransaction = '25P02';

const connectionClosed = 'CONNECTION_CLOSED';

function addressOf(url: string, variable = 'DATABASE_URL'): DatabaseAddress {
  try {
    return parseAddress(url);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new DatabaseError(error.message.replaceAll('DATABASE_URL', variable));
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
  return discreet(
    session.run((connection) => {
      const query = connection.unsafe(text, params as never[], { prepare: session.prepares });
      return session.prepares ? query : inOneTrip(query);
    }),
  );
}

/**
 * The driver (postgres 3.4.9) would first have an unnamed statement described, only to learn the types of its parameters: texts
 * and numbers of ours are written alike for each. A driver that ignores this takes a round trip more.
 */
function inOneTrip<Query extends object>(query: Query): Query {
  return Object.defineProperty(query, 'describeFirst', { get: () => false, set() {} });
}

/** What is known of a server once it has answered. */
interface ServerFacts {
  user: string;
  jit: boolean;
  dateStyle: string;
  /** Something stands before it that may give statements to any of its sessions. */
  isPooled: boolean;
}

/**
 * Throws DatabaseError where this server or database cannot be worked with. It asks for nothing that a pooler might refuse.
 * Who is connected to the server itself was told the number of its process when the session began; a pooler makes one up.
 */
async function askServer(connect: Connect, { saysPooler }: DatabaseAddress): Promise<ServerFacts> {
  const connection = { application_name: 'tributary' };
  const sessions = new Sessions((options) => connect({ ...options, connection } as never), {
    max: 1,
    hosts: { index: 0 },
    prepares: false,
  });
  try {
    const answer = await sessions.use((session) =>
      runOn(
        session,
        sql`
        select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
          current_setting('jit')::boolean as jit, current_setting('DateStyle') as date_style, current_user as "user",
          pg_backend_pid() as pid`,
      ),
    );
    const [found] = answer as (Omit<ServerFacts, 'isPooled'> & {
      version: number;
      encoding: string;
      pid: number;
    })[];
    const { version, encoding, pid, ...facts } = found!;
    if (version < 150000)
      throw new DatabaseError(
        `Tributary requires PostgreSQL 15 or newer; DATABASE_URL leads to version ${Math.floor(version / 10_000)}.`,
      );
    const fault = encodingFault(encoding);
    if (fault !== null) throw new DatabaseError(fault);
    const told = (answer as { state?: { pid: number } }).state?.pid;
    return { ...facts, isPooled: saysPooler || told !== pid };
  } catch (error) {
    return refuseAddress(error);
  } finally {
    await sessions.end(endingSeconds);
  }
}

/** The error of a first connection, in words. */
function refuseAddress(error: unknown): never {
  if (error instanceof DatabaseError) throw error;
  throw new DatabaseError(connectFault(error as Error), sqlState(error) ?? connectionCode(error as Error));
}

/** Migrations of another database would not be ours. A lock that is taken at one address must be there at the other. */
async function refuseOtherDatabase(
  transaction: Database['transaction'],
  direct: (statement: SQL) => Promise<object[]>,
): Promise<void> {
  const key = Math.floor(Math.random() * 2 ** 31);
  const isSame = await transaction(async (tx) => {
    await tx.rows(sql`select pg_advisory_xact_lock(7225123, ${key}::int)`);
    const [row] = await direct(sql`select pg_try_advisory_xact_lock(7225123, ${key}::int) as free`);
    return !(row as { free: boolean }).free;
  });
  if (!isSame) throw new DatabaseError('DATABASE_DIRECT_URL leads to another database than DATABASE_URL.');
}

function refuseDirectAddress(error: unknown): never {
  const { message, code } = ofDatabase(error) as DatabaseError;
  const fault = connectFault({ message, ...(code !== undefined && { code }) });
  throw new DatabaseError(fault.replaceAll('DATABASE_URL', 'DATABASE_DIRECT_URL'), code);
}

async function explainedMigration({ rows }: Queryable, error: unknown): Promise<DatabaseError> {
  const innermost = error instanceof Error && error.cause instanceof Error ? error.cause : (error as Error);
  const [user] = await rows<{ name: string }>(sql`select current_user as name`).catch(() => []);
  const fault = migrationFault(
    innermost as { message?: string; code?: string },
    user?.name ?? 'of DATABASE_URL',
  );
  return new DatabaseError(fault, sqlState(error) ?? connectionCode(innermost));
}

/**
 * PGlite fills them with zeros whenever it opens: the usual 128 MB cost every command 0.4 s and 100 MB. Reading and inserting are
 * as fast with a quarter of them, since the files are in the system's cache (PGlite 0.5.16, 120,000 records of 1 KB).
 */
const sharedBuffers = '32MB';

/**
 * V8 optimizes WebAssembly functions that run often. Optimizing PGlite's parser takes 2 s and 600 MB, and a process does not exit
 * before that is done. A sync of 20,000 records does not make up for it (Node 24.21, PGlite 0.5.16): without it a first one takes
 * 22 s of CPU instead of 26 s, one without changes 4.8 s instead of 7.6 s.
 */
function doNotOptimizeWasm(): void {
  for (const flag of ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering']) setFlagsFromString(flag);
}

async function openPglite(directory: string): Promise<Database> {
  doNotOptimizeWasm();
  const { PGlite } = await import('@electric-sql/pglite');
  ownFolder(dirname(directory));
  ownFolder(directory);
  const lock = lockDirectory(directory);
  const startParams = [...PGlite.defaultStartParams, '-c', `shared_buffers=${sharedBuffers}`];
  const options = { dataDir: directory, relaxedDurability: false, parsers: { ...parsers }, startParams };
  const client = new PGlite(options);
  const close = async () => {
    await client.close();
    lock.release();
  };
  try {
    await client.waitReady;
    ownFiles(directory);
    const database = embeddedOn(client, close);
    await migrate(database);
    return database;
  } catch (error) {
    await client.close().catch(() => {}); // it may never have been open
    lock.release();
    throw error;
  }
}

type PGliteClient = Pick<PGlite, 'query' | 'transaction' | 'listen'>;

/** The embedded database on a client that is open and parses as `parsers` says. Nothing is migrated. */
export function embeddedOn(client: PGliteClient, close: () => Promise<void>): Database {
  const rows = async (runner: Pick<PGliteClient, 'query'>, statement: SQL): Promise<never[]> => {
    const { sql: text, params } = dialect.sqlToQuery(cleaned(statement));
    const result = await discreet(runner.query<unknown[]>(text, params, { rowMode: 'array' }));
    const names = result.fields.map((field) => camelCase(field.name));
    return result.rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]]))) as never[];
  };
  // PGlite answers within one turn of the event loop: without a pause between statements of ours, timers and requests
  // would wait until all work is done.
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    kind: 'pglite',
    rows: (statement) => turn().then(() => rows(client, statement)),
    prepared: (statement) => turn().then(() => rows(client, statement)),
    transaction: (work) =>
      turn().then(() => client.transaction((tx) => work({ rows: (statement) => rows(tx, statement) }))),
    keep: (statement) => turn().then(() => rows(client, statement)),
    listen: async ({ onNotification }) => {
      const listener = new NotificationListener(onNotification);
      const unlisten = await client.listen(notificationChannel, (payload) => listener.receive(payload));
      await rows(client, listener.probe);
      return {
        get isListening() {
          return listener.isListening;
        },
        close() {
          listener.close();
          unlisten().catch(() => {}); // the database may be closed
        },
      };
    },
    endStalled: async () => 0,
    time: () => turn().then(() => timeOf((statement) => rows(client, statement))),
    ping: async () => void (await turn().then(() => rows(client, sql`select 1`))),
    cancelBlocked: async () => 0,
    reconnect: () => {},
    close,
  };
}

async function timeOf(run: (statement: SQL) => Promise<object[]>): Promise<number> {
  const [told] = await run(sql`select clock_timestamp() as time`);
  return (told as { time: number }).time;
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

async function refuseUnmigrated(database: Queryable): Promise<void> {
  const { migrations, isNew } = await lacking(database);
  if (migrations > 0) throw new UnmigratedError(isNew);
}

/** What was migrated is noted for the whole database, so no tables would be made in a second schema of it. */
async function refuseOtherSchema(database: Queryable): Promise<void> {
  const schema = await schemaElsewhere(database);
  if (schema === null) return;
  throw new DatabaseError(
    `The tables of Tributary are in the schema "${schema}" of this database, and DATABASE_URL leads to another one: add schema=${schema} to it, or use another database.`,
  );
}

async function refuseNewer(database: Database): Promise<void> {
  if (await isNewer(database)) {
    throw new DatabaseError(
      'This database was written by a newer version of Tributary. Start that version, or point this one at another database. Nothing was changed.',
    );
  }
}
