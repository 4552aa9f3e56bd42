// A PostgreSQL server that a test may do to as it likes: stop it at once, let it only be read, use up its connections or its disk. What
// it has committed is there after a crash. It knows no table.
import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { openDatabase } from '../../src/db/database.ts';
import { spawnBound } from '../support/bound-process.ts';
import type { OwnDatabase, TestDatabases } from '../support/databases.ts';
import { startPgbouncer } from '../support/pgbouncer.ts';
import {
  answers,
  databaseName,
  freePort,
  newestBinaries,
  onServer,
  unprivilegedUser,
} from '../support/postgres.ts';

const bin = newestBinaries();
const user = unprivilegedUser();

/** Why there is none. Null: there is one. */
export const whyNoServer =
  bin === null
    ? 'no PostgreSQL 15 or newer is installed in /usr/lib/postgresql'
    : user === null
      ? 'PostgreSQL does not run as root, and there is no user postgres or nobody'
      : null;

/** An ordinary role: a superuser has connections in reserve. */
const role = 'tributary';
/** Whoever else has something on the server. */
const occupant = 'somebody_else';

const freeConnections = `
  select count(*) < current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as free
  from pg_stat_activity where backend_type = 'client backend'`;

export class OwnServer {
  readonly #port: number;
  readonly #folder: string;
  #running: ReturnType<typeof spawnBound> | null = null;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  /** `folder`: where its files are to be, instead of a folder of its own. */
  static async begin(folder?: string): Promise<OwnServer> {
    const inside = mkdtempSync(join(folder ?? tmpdir(), 'server-'));
    own(inside);
    const server = new OwnServer(inside, await freePort());
    const initdb = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
    // Small segments: a small disk is not filled by two of them.
    await run('initdb', ['-D', server.#data, ...initdb, '--wal-segsize=1']);
    await server.start();
    for (const name of [role, occupant]) await server.query(`create role ${name} login`);
    return server;
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const settings = [
      `port=${this.#port}`,
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${this.#folder}`,
      'max_connections=80',
      // A crash of the server is none of the system: what it has handed over is there.
      'fsync=off',
      'max_wal_size=8MB',
      'min_wal_size=2MB',
    ];
    const options = settings.flatMap((pair) => ['-c', pair]);
    const server = spawnBound([join(bin!, 'postgres'), '-D', this.#data, ...options], {
      ...user,
      cwd: this.#folder,
    });
    server.stdout.resume();
    server.stderr.resume();
    this.#running = server;
    await answers(this.url());
  }

  /** As `pg_ctl stop -m immediate` does: it ends without a checkpoint, and recovers when it is started. */
  async stopAtOnce(): Promise<void> {
    const ended = this.#ended();
    await run('pg_ctl', ['stop', '-D', this.#data, '-m', 'immediate', '-w']);
    await ended;
  }

  /** Resolves when it has ended by itself. */
  #ended(): Promise<void> {
    const running = this.#running;
    if (running === null || running.exitCode !== null) return Promise.resolve();
    return new Promise((resolve) => running.once('exit', () => resolve()));
  }

  get hasEnded(): boolean {
    return this.#running?.exitCode !== null;
  }

  /** Of a superuser, or of somebody else. */
  url(database = 'postgres', as = 'postgres'): string {
    return `postgres://${as}@127.0.0.1:${this.#port}/${database}`;
  }

  /** What a superuser asks, on a connection of its own. */
  query<Row extends object>(text: string, database = 'postgres'): Promise<Row[]> {
    return onServer(this.url(database), async (on) => [...(await on.unsafe<Row[]>(text))] as Row[]);
  }

  /** Ends all sessions of the role that the workers are. */
  async endSessions(): Promise<void> {
    await this.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}'`);
  }

  /** Others take all connections that ordinary roles may have, and those that get free, until they leave. */
  async occupy(): Promise<{ leave(): Promise<void> }> {
    const held: postgres.Sql[] = [];
    let isOver = false;
    const take = async () => {
      const one = postgres(this.url('postgres', occupant), {
        max: 1,
        onnotice: () => {},
        fetch_types: false,
      });
      try {
        await one`select 1`;
        held.push(one);
        return true;
      } catch {
        await one.end({ timeout: 0 });
        return false;
      }
    };
    const taking = (async () => {
      while (!isOver) if (!(await take())) await delay(5);
    })();
    while (held.length === 0 || (await this.query<{ free: boolean }>(freeConnections))[0]!.free)
      await delay(5);
    return {
      async leave() {
        isOver = true;
        await taking;
        await Promise.all(held.map((one) => one.end({ timeout: 5 })));
      },
    };
  }

  /** Files of databases that name it lie in this folder. */
  async createTablespace(name: string, folder: string): Promise<void> {
    const path = join(folder, name);
    mkdirSync(path);
    own(path);
    await this.query(`create tablespace ${name} location '${path}'`);
    await this.query(`grant create on tablespace ${name} to ${role}`);
  }

  /** A database of its own as the workers have it. `pooled`: they reach it through PgBouncer, in transaction mode. */
  databases(options: { pooled: boolean; tablespace?: string }): Pick<TestDatabases, 'name' | 'openOwn'> {
    return {
      name: options.pooled ? 'PgBouncer' : 'PostgreSQL',
      openOwn: () => this.#openOwn(options),
    };
  }

  async #openOwn({ pooled, tablespace }: { pooled: boolean; tablespace?: string }): Promise<OwnDatabase> {
    const name = databaseName();
    const place = tablespace === undefined ? '' : ` tablespace ${tablespace}`;
    await this.query(`create database ${name} owner ${role}${place}`);
    const direct = this.url(name, role);
    const settings = ['server_login_retry = 1', 'query_wait_timeout = 10'];
    const pooler = pooled ? await startPgbouncer({ server: direct, poolSize: 20, settings }) : null;
    const directory = tmpdir();
    const database = await openDatabase({ url: direct, directory });
    return {
      ...database,
      where: { url: pooler?.url(name) ?? direct, directory },
      again: () => openDatabase({ url: direct, directory }),
      release: () => database.close(),
      close: async () => {
        await database.close();
        await pooler?.stop();
        await this.query(`drop database if exists ${name} with (force)`);
      },
    };
  }

  async close(): Promise<void> {
    if (!this.hasEnded) await this.stopAtOnce();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function own(folder: string): void {
  if (user?.uid !== undefined) chownSync(folder, user.uid, user.gid ?? -1);
}

async function run(program: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(join(bin!, program), args, { ...user, cwd: tmpdir() });
}
