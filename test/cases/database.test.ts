// What a database, its address and what stands before it may do to us, on a real PostgreSQL.
import { createServer, type Socket } from 'node:net';
import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isUnavailable } from '../../src/db/availability.ts';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { notify } from '../../src/db/notifications.ts';
import { openLine } from '../support/database-line.ts';
import { hasPgbouncer, type Pooler, startPgbouncer } from '../support/pgbouncer.ts';
import { databaseName, findServer, onServer } from '../support/postgres.ts';
import { until } from '../support/sync-world.ts';

const server = await findServer();

function addressOf(database: string, user?: string): string {
  const url = new URL(server!);
  url.pathname = `/${database}`;
  if (user) [url.username, url.password] = [user, 'secret'];
  return url.href;
}

describe.skipIf(!server)('A database in the real world', () => {
  const name = databaseName();
  const opened: Database[] = [];
  const open = async (url: string, warnings: string[] = []) => {
    const database = await openDatabase({ url, directory: '', onWarning: (one) => warnings.push(one) });
    opened.push(database);
    return database;
  };

  beforeAll(() => onServer(server!, (on) => on`create database ${on(name)}`));
  afterAll(async () => {
    await Promise.all(opened.map((database) => database.close()));
    await onServer(server!, (on) => on`drop database if exists ${on(name)} with (force)`);
  });

  it('20-hosted-database-url: opens where the address holds what only libpq knows', async () => {
    const warnings: string[] = [];
    const database = await open(
      `${addressOf(name)}?sslmode=prefer&channel_binding=prefer&target_session_attrs=any`,
      warnings,
    );
    expect(await database.rows(sql`select 1 as one`)).toEqual([{ one: 1 }]);
    expect(warnings.join(' ')).toContain('channel_binding');
  });

  it('23-connections-that-only-read: sessions that only read are replaced once the database takes writes', async () => {
    const database = await open(addressOf(name));
    const write = () =>
      database.rows(sql`insert into quota_states (account, quota) values ('a', gen_random_uuid())`);
    await write();
    const setTo = (value: 'on' | 'off') =>
      onServer(server!, (on) =>
        on.unsafe(`alter database ${name} set default_transaction_read_only = ${value}`),
      );
    const endSessions = () =>
      onServer(
        server!,
        (on) =>
          on`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name} and pid <> pg_backend_pid()`,
      );
    await setTo('on');
    await endSessions();
    for (let attempt = 0; attempt < 20; attempt += 1) await write().catch(() => {});
    await expect(write()).rejects.toThrow(/read-only/);
    await expect(database.transaction((tx) => tx.rows(sql`delete from quota_states`))).rejects.toThrow(
      /read-only/,
    );
    await setTo('off');
    // One may fail on a session of before; what comes after it is on a new one.
    await write().catch(() => {});
    await write();
    await database.transaction((tx) =>
      tx.rows(sql`insert into quota_states (account, quota) values ('b', 'b')`),
    );
    await database.prepared(sql`select 1 as one`);
  });

  it('refuses a database that is not UTF-8, and says how to create one', async () => {
    const other = databaseName();
    await onServer(server!, (on) =>
      on.unsafe(`create database ${other} encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0`),
    );
    try {
      await expect(open(addressOf(other))).rejects.toThrow(/encoded in LATIN1.*encoding 'UTF8'/);
    } finally {
      await onServer(server!, (on) => on`drop database ${on(other)} with (force)`);
    }
  });

  it('26-config-is-a-folder: a role that may not create tables gets the cause and the grant it needs', async () => {
    const other = databaseName();
    const role = `${other}_role`;
    await onServer(server!, async (on) => {
      await on`create database ${on(other)}`;
      await on.unsafe(`create role ${role} login password 'secret'`);
    });
    try {
      await expect(open(addressOf(other, role))).rejects.toThrow(
        new RegExp(`permission denied.*needs the rights: grant create on database … to ${role}`),
      );
    } finally {
      await onServer(server!, async (on) => {
        await on`drop database ${on(other)} with (force)`;
        await on.unsafe(`drop role ${role}`);
      });
    }
  });

  it('explains why it cannot connect', async () => {
    await expect(open(addressOf('tributary_there_is_none'))).rejects.toThrow(
      /the database does not exist on the server: create it/,
    );
    await expect(open('postgres://postgres@127.0.0.1:1/x')).rejects.toThrow(
      /nothing listens at this host and port/,
    );
    await expect(open('postgres://postgres@host.invalid/x')).rejects.toThrow(
      /host name does not exist|cannot be resolved/,
    );
  });

  it('20-hosted-database-url: names the parameter that the server does not know, and the schema that is not there', async () => {
    await expect(open(`${addressOf(name)}?reWriteBatchedInserts=true`)).rejects.toThrow(
      /unrecognized configuration parameter "reWriteBatchedInserts": remove it from the address/,
    );
  });

  it('20-hosted-database-url: a schema that is not there, and one without our tables, are named', async () => {
    const other = databaseName();
    await onServer(server!, (on) => on`create database ${on(other)}`);
    try {
      await expect(open(`${addressOf(other)}?schema=not_there`)).rejects.toThrow(
        /schema that DATABASE_URL names does not exist.*create schema/,
      );
      await onServer(addressOf(other), (on) => on.unsafe('create schema one; create schema two'));
      await open(`${addressOf(other)}?schema=one`);
      for (const address of [`${addressOf(other)}?schema=two`, addressOf(other)])
        await expect(open(address)).rejects.toThrow(
          /tables of Tributary are in the schema "one" of this database.*schema=one/,
        );
      await open(`${addressOf(other)}?options=-c%20search_path%3Dtwo,one`);
    } finally {
      await onServer(server!, (on) => on`drop database ${on(other)} with (force)`);
    }
  });

  it('24-another-project: a database with the migrations of another program is left alone', async () => {
    const other = databaseName();
    await onServer(server!, (on) => on`create database ${on(other)}`);
    try {
      await onServer(addressOf(other), (on) =>
        on.unsafe(`create schema drizzle;
          create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint);
          insert into drizzle.__drizzle_migrations (hash, created_at) values ('theirs', 1795000000000)`),
      );
      await expect(open(addressOf(other))).rejects.toThrow(
        /migrations of another program.*database of its own/,
      );
      const tables = await onServer(
        addressOf(other),
        (on) =>
          on`select tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
      );
      expect(tables.map((row) => row['tablename'])).toEqual(['__drizzle_migrations']);
    } finally {
      await onServer(server!, (on) => on`drop database ${on(other)} with (force)`);
    }
  });

  it('20-hosted-database-url: says that the server speaks no TLS', async () => {
    // As PostgreSQL answers whoever asks for TLS where it has none.
    const plain = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('N'));
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as { port: number };
    try {
      for (const mode of ['require', 'verify-full'])
        await expect(open(`postgres://u:p@127.0.0.1:${port}/x?sslmode=${mode}`)).rejects.toThrow(
          /the server does not offer TLS.*sslmode=disable/,
        );
    } finally {
      plain.close();
    }
  });

  it('reports that no connection is free', async () => {
    const role = `${databaseName()}_role`;
    await onServer(server!, (on) => on.unsafe(`create role ${role} login superuser password 'secret'`));
    await onServer(server!, (on) => on.unsafe(`alter database ${name} connection limit 0`));
    await onServer(server!, (on) => on.unsafe(`alter role ${role} nosuperuser`));
    try {
      await expect(open(addressOf(name, role))).rejects.toThrow(/no free connection/);
    } finally {
      await onServer(server!, async (on) => {
        await on.unsafe(`alter database ${name} connection limit -1`);
        await on.unsafe(`drop role ${role}`);
      });
    }
  });

  it('does not connect in a loop where connections are accepted and closed at once', async () => {
    let connections = 0;
    const closing = createServer((socket: Socket) => {
      connections += 1;
      socket.on('error', () => {}).destroy();
    });
    await new Promise<void>((resolve) => closing.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = closing.address() as { port: number };
      await expect(open(`postgres://postgres@127.0.0.1:${port}/x`)).rejects.toThrow(
        /Cannot connect to PostgreSQL.*connection to the database was lost/,
      );
      expect(connections).toBeLessThan(5);
    } finally {
      closing.close();
    }
  });

  it('answers every statement where all connections are reset again and again and each is repeated at once', {
    timeout: 60_000,
  }, async () => {
    const line = await openLine(addressOf(name));
    const database = await open(line.url);
    let isOver = false;
    const repeating = Array.from({ length: 30 }, async (_, index) => {
      while (!isOver)
        await (index % 3 === 0
          ? database.prepared(sql`select ${index}::int, pg_sleep(0.02)`)
          : index % 3 === 1
            ? database.rows(sql`select ${index}::int, pg_sleep(0.02)`)
            : database.transaction((tx) => tx.rows(sql`select ${index}::int, pg_sleep(0.02)`))
        ).catch(() => {});
    });
    for (let turn = 0; turn < 40; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      line.reset();
    }
    const settled = (async () => {
      for (let each = 0; each < 30; each += 1) await database.rows(sql`select 1`);
      for (let each = 0; each < 5; each += 1) await database.prepared(sql`select 1`);
      isOver = true;
      await Promise.all(repeating);
      return 'all';
    })();
    // Connecting again takes milliseconds; a connection that is stuck would be given up after ten seconds.
    const late = new Promise((resolve) => setTimeout(resolve, 8_000, 'late'));
    expect(await Promise.race([settled, late])).toBe('all');
    await line.close();
  });

  it('opens no more connections than it is told, whatever is asked of them at once', async () => {
    const database = await openDatabase({ url: addressOf(name), directory: '', connections: 4 });
    opened.push(database);
    const pid = sql`select pg_backend_pid() as pid, pg_sleep(0.02)::text as slept`;
    const asked = Array.from({ length: 20 }, () => [
      database.rows<{ pid: number }>(pid),
      database.prepared<{ pid: number }>(pid),
      database.keep<{ pid: number }>(pid),
      database.transaction((tx) => tx.rows<{ pid: number }>(pid)),
    ]).flat();
    const pids = (await Promise.all(asked)).map(([row]) => row!.pid);
    expect(new Set(pids).size).toBe(4);
  });

  describe.skipIf(!hasPgbouncer)('behind PgBouncer', () => {
    const poolers: Pooler[] = [];
    const start = async (options: Partial<Parameters<typeof startPgbouncer>[0]> = {}) => {
      const pooler = await startPgbouncer({ server: server!, ...options });
      poolers.push(pooler);
      return pooler.url(name);
    };
    afterAll(() => Promise.all(poolers.map((pooler) => pooler.stop())));

    const openBehind = async (options: { url: string; directUrl?: string }) => {
      const warnings: string[] = [];
      const database = await openDatabase({
        ...options,
        directory: '',
        onWarning: (one) => warnings.push(one),
      });
      opened.push(database);
      return { database, warnings };
    };
    const hearing = async (database: Database) => {
      const heard: (string | null)[] = [];
      const listening = await database.listen({
        onLost: () => {},
        onNotification: (one) => heard.push(one),
      });
      return { heard, listening };
    };

    it.each(['transaction', 'session'] as const)(
      '22-behind-pgbouncer: works in %s mode, and says what it lacks',
      async (mode) => {
        const { database, warnings } = await openBehind({ url: await start({ mode, poolSize: 15 }) });
        expect(warnings).toEqual([
          expect.stringMatching(/^DATABASE_URL leads to a connection pooler.*set jit = off\.$/),
          expect.stringMatching(/^DATABASE_URL leads to a connection pooler.*DATABASE_DIRECT_URL/),
        ]);
        const asked = Array.from({ length: 50 }, (_, number) =>
          database.rows<{ is: number }>(sql`select ${number}::int as is`),
        );
        expect((await Promise.all(asked)).map(([row]) => row?.is)).toEqual([...asked.keys()]);
        const { listening } = await hearing(database);
        expect(listening.isListening).toBe(false);
      },
    );

    it('22-behind-pgbouncer: transactions set for themselves what a session would have, and leave nothing behind', async () => {
      const { database } = await openBehind({ url: await start({ poolSize: 1 }) });
      const settings = sql`select current_setting('jit') as jit, current_setting('idle_in_transaction_session_timeout') as idle`;
      const [before] = await database.rows(settings);
      const [within] = await database.transaction((tx) => tx.rows(settings));
      expect(within).toEqual({ jit: 'off', idle: '30s' });
      expect(await database.rows(settings)).toEqual([before]);
    });

    it('22-behind-pgbouncer: each statement goes by the parameters of the address, which the pooler would refuse', async () => {
      const url = `${await start({ poolSize: 1 })}?schema=public&work_mem=5MB`;
      const { database } = await openBehind({ url });
      const settings = sql`select current_setting('search_path') as path, current_setting('work_mem') as memory`;
      const own = { path: '"public"', memory: '5MB' };
      expect(await database.rows(settings)).toEqual([own]);
      expect(await database.prepared(settings)).toEqual([own]);
      expect(await database.transaction((tx) => tx.rows(settings))).toEqual([own]);
      const { database: other } = await openBehind({ url: url.split('?')[0]! });
      expect(await other.rows(settings)).not.toEqual([own]);
    });

    it('22-behind-pgbouncer: listens at the direct address', async () => {
      const url = await start();
      const { database, warnings } = await openBehind({ url, directUrl: addressOf(name) });
      expect(warnings).toHaveLength(1);
      const { heard, listening } = await hearing(database);
      await until(() => listening.isListening);
      await database.rows(sql`select ${notify('open')}`);
      await until(() => heard.length === 2);
      expect(heard).toEqual([null, 'open']);
    });

    it('22-behind-pgbouncer: refuses a direct address of another database, and leaves that alone', async () => {
      const opening = openDatabase({ url: await start(), directUrl: server!, directory: '' });
      await expect(opening).rejects.toThrow('DATABASE_DIRECT_URL leads to another database');
    });

    it('22-behind-pgbouncer: says that the direct address leads nowhere', async () => {
      const directUrl = 'postgres://nobody@127.0.0.1:9/nothing';
      const opening = openDatabase({ url: await start(), directUrl, directory: '' });
      await expect(opening).rejects.toThrow(
        /^Cannot connect to PostgreSQL at DATABASE_DIRECT_URL: nothing listens at this host and port\.$/,
      );
    });

    it('22-behind-pgbouncer: says that the pooler takes no more connections, and goes on when it does', async () => {
      const url = await start({ settings: ['max_client_conn = 1', 'query_wait_timeout = 2'] });
      const other = postgres(url, { max: 1 });
      await other`select 1`;
      await expect(open(url)).rejects.toThrow(
        /^Cannot connect to PostgreSQL at DATABASE_URL: no more connections allowed/,
      );
      await other.end();
    });

    it('22-behind-pgbouncer: a statement that no server connection is free for fails as a database that is busy, and later works', async () => {
      const url = await start({ poolSize: 1, settings: ['query_wait_timeout = 1'] });
      const { database } = await openBehind({ url });
      const other = postgres(url, { max: 1 });
      const held = await other.reserve();
      await held`begin`;
      const error = await database.rows(sql`select 1 as one`).catch((one: unknown) => one);
      expect(isUnavailable(error)).toBe(true);
      await held`rollback`;
      held.release();
      await other.end();
      expect(await database.rows(sql`select 1 as one`)).toEqual([{ one: 1 }]);
    });

    it('22-behind-pgbouncer: sessions of the pooler that only read are ended, and it has others once the database takes writes', async () => {
      const url = await start({ poolSize: 2 });
      const { database } = await openBehind({ url });
      const write = () =>
        database.rows(sql`insert into quota_states (account, quota) values ('a', gen_random_uuid())`).then(
          () => true,
          () => false,
        );
      const setTo = (value: 'on' | 'off') =>
        onServer(server!, (on) =>
          on.unsafe(`alter database ${name} set default_transaction_read_only = ${value}`),
        );
      await setTo('on');
      await onServer(
        server!,
        (on) => on`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`,
      );
      // Both of the pooler's sessions begin while the database lets itself only be read.
      const other = postgres(url, { max: 2, prepare: false });
      await Promise.all([other`select pg_sleep(0.3)`, other`select pg_sleep(0.3)`]);
      await other.end();
      expect(await write()).toBe(false);
      await setTo('off');
      let written = 0;
      for (let attempt = 0; attempt < 100 && written < 10; attempt += 1) {
        written = (await write()) ? written + 1 : 0;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(written).toBe(10);
    });

    it('22-behind-pgbouncer: works on when the pooler was restarted', async () => {
      const pooler = await startPgbouncer({ server: server! });
      const { port } = new URL(pooler.url(name));
      const { database } = await openBehind({ url: pooler.url(name) });
      await database.rows(sql`select 1`);
      await pooler.stop();
      const error = await database.rows(sql`select 1`).catch((one: unknown) => one);
      expect(isUnavailable(error)).toBe(true);
      poolers.push(await startPgbouncer({ server: server!, port: Number(port) }));
      await until(() =>
        database.rows(sql`select 1 as one`).then(
          () => true,
          () => false,
        ),
      );
    });
  });
});
