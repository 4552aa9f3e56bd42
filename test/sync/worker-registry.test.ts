// Who is at work: one that dies is seen dead at once and what it had leased is taken up; one that lives is left alone.
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase, toEpochMs } from '../../src/db/database.ts';
import { type Clock, systemClock } from '../../src/engine/clock.ts';
import { leasedBy, leaseOf, WorkerRegistry } from '../../src/engine/work/worker-registry.ts';
import { keepBatch } from '../../src/tables/batches.ts';
import { upsertWanted } from '../../src/tables/deliveries.ts';
import { databases, type OwnDatabase, type TestDatabase } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { openSyncWorld, until } from '../support/sync-world.ts';
import type { Orders } from './worker-registry-child.ts';

const hourMs = 3_600_000;

describe.each(databases)('the worker registry on $name', ({ open }) => {
  let database: TestDatabase;
  const present: WorkerRegistry[] = [];

  beforeEach(async () => {
    database = await open();
  });
  afterEach(async () => {
    for (const registry of present.splice(0)) await registry.leave();
    await database.close();
  });

  async function join(onEvicted: () => void = () => {}): Promise<WorkerRegistry> {
    const registry = await WorkerRegistry.join(randomUUID(), { database, clock: systemClock, onEvicted });
    present.push(registry);
    return registry;
  }

  it('does not count as dead a worker that is running or has left in good order', async () => {
    const [one, two] = [await join(), await join()];
    expect(await one.dead()).toEqual([]);
    expect(await two.dead()).toEqual([]);
    await two.leave();
    expect(await one.dead()).toEqual([]);
  });

  it('counts a worker as dead that neither left nor holds its lock, until it is marked dead', async () => {
    const gone = randomUUID();
    await database.rows(
      sql`insert into workers (id, host, pid, started_at) values (${gone}::uuid, 'there', 1, now())`,
    );
    const one = await join();
    expect(await one.dead()).toEqual([gone]);
    expect(await one.dead()).toEqual([gone]); // whoever saw it may die before it has taken all up
    await one.markDead(gone);
    expect(await one.dead()).toEqual([]);
  });

  it('forgets those who ended a week ago, and no others', async () => {
    const [long, lately] = [randomUUID(), randomUUID()];
    for (const [id, days] of [
      [long, 8],
      [lately, 6],
    ] as const)
      await database.rows(
        sql`insert into workers (id, host, pid, started_at, ended_at) values (${id}::uuid, 'there', 1, now(), now() - make_interval(days => ${days}::int))`,
      );
    const one = await join();
    await one.leave();
    const rows = await database.rows<{ id: string }>(
      sql`select id::text as id from workers order by started_at`,
    );
    expect(new Set(rows.map(({ id }) => id))).toEqual(new Set([lately, one.id]));
  });

  it('tells a live worker that it was evicted, at the latest when it looks for dead workers', async () => {
    let evictions = 0;
    const one = await join(() => {
      evictions += 1;
    });
    const other = await join();
    await one.dead();
    expect(evictions).toBe(0);
    await other.markDead(one.id);
    await one.dead();
    expect(evictions).toBe(1);
    await one.dead();
    expect(evictions).toBe(1);
  });

  it('knows the leases of a worker from those of all others', async () => {
    const [mine, theirs] = [randomUUID(), randomUUID()];
    for (let count = 0; count < 50; count += 1) {
      const lease = leaseOf(mine);
      expect(lease).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      const [row] = await database.rows<{ mine: boolean; theirs: boolean }>(sql`
        select ${leasedBy(sql`${lease}::uuid`, mine)} as mine, ${leasedBy(sql`${lease}::uuid`, theirs)} as theirs`);
      expect(row).toEqual({ mine: true, theirs: false });
    }
    expect(new Set(Array.from({ length: 100 }, () => leaseOf(mine))).size).toBe(100);
  });
});

const onServer = databases.find(({ name }) => name === 'PostgreSQL');

describe.skipIf(!onServer)('a worker on PostgreSQL', () => {
  let database: OwnDatabase;
  const children: ChildProcess[] = [];
  const closing: (() => Promise<unknown> | unknown)[] = [];

  beforeEach(async () => {
    database = await onServer!.openOwn();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await kill(child);
    for (const close of closing.splice(0).reverse()) await close();
    await database.close();
  });

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  async function startWorker(orders: Omit<Orders, 'url' | 'leaseMs'>) {
    const all: Orders = { ...orders, url: database.where.url!, leaseMs: hourMs };
    const child = fork(new URL('worker-registry-child.ts', import.meta.url), [JSON.stringify(all)], {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    children.push(child);
    const leased = await new Promise((resolve, reject) => {
      child.once('message', (said: { leased: object }) => resolve(said.leased));
      child.once('exit', () => reject(new Error('the worker ended before it had leased anything')));
    });
    return { child, leased };
  }

  async function join(
    on: Database,
    clock: Clock = systemClock,
    onEvicted: () => void = () => {},
  ): Promise<WorkerRegistry> {
    const registry = await WorkerRegistry.join(randomUUID(), { database: on, clock, onEvicted });
    closing.push(() => registry.leave());
    return registry;
  }

  it('that is killed is seen dead at once, and what it had leased for an hour is taken up: run, deliveries, slots', async () => {
    const world = await openSyncWorld(database);
    closing.push(() => world.close());
    world.hubspot.seed(40, 3);
    const { account, quotas } = world.tributary.rules.source('hubspot')!.description!;
    await world.tributary.request({
      source: 'hubspot',
      mode: 'incremental',
      trigger: 'manual',
      lane: 'schedule',
    });
    const orders = {
      now: world.clock.now(),
      most: 3,
      host: world.tributary.host,
      account,
      quota: quotas[0]!,
    };
    const owed = (names: string[]) =>
      upsertWanted(
        database,
        names.map((sourceId) => ({ sourceId, revision: 1 })),
        'schedule',
        orders.now - 1000,
      );
    await owed(['a', 'b', 'c']);
    await database.rows(sql`
      insert into customers (source_id, revision, fields, created_at, updated_at)
      select id, 1, '{"name": "Ann"}', now(), now() from unnest(array['a', 'b', 'c', 'd']) as id`);

    const dying = await startWorker({ ...orders, id: randomUUID() });
    expect(dying.leased).toEqual({ runs: 1, deliveries: 3, batches: 0 });
    await owed(['d']);
    const living = await startWorker({ ...orders, id: randomUUID(), most: 1 });
    expect(living.leased).toEqual({ runs: 0, deliveries: 1, batches: 0 });
    const watching = await join(database);
    expect(await watching.dead()).toEqual([]);

    await kill(dying.child);
    const died = performance.now();
    await until(async () => (await watching.dead()).length > 0);
    expect(performance.now() - died).toBeLessThan(2_000);
    const [dead] = await watching.dead();
    const held = async () =>
      (
        await database.rows<{ slots: number; freeAt: number }>(sql`
        select sum(slots)::int as slots, max(${toEpochMs(sql`free_at`)}) as "freeAt" from quota_slices where holder = ${dead}::uuid and quota = ${quotas[0]!.name}`)
      )[0]!;
    expect((await held()).freeAt).toBeGreaterThan(world.clock.now() + hourMs / 2);

    await world.tributary.start();
    const window = quotas[0]!.seconds * 1000;
    expect((await held()).freeAt ?? 0).toBeLessThan(world.clock.now() + window + 10_000);
    const delivered = async () =>
      (
        await database.rows<{ id: string }>(
          sql`select source_id as id from deliveries where state = 'delivered' and source_id in ('a', 'b', 'c', 'd')`,
        )
      ).map(({ id }) => id);
    await until(async () => world.voucherify.count === 43 && (await delivered()).length === 3);
    expect((await delivered()).sort()).toEqual(['a', 'b', 'c']); // and not the one of the worker that lives
    const runs = () =>
      database.rows<{ state: string; received: number }>(
        sql`select state, received::int as received from runs`,
      );
    await until(async () => (await runs())[0]?.state !== 'requested'); // it reads on when all customers are there
    expect(await runs()).toEqual([{ state: 'finished', received: 40 }]);
    expect(world.clock.now() - orders.now).toBeLessThan(hourMs);
    expect(await watching.dead()).toEqual([]);
  });

  it('that is killed leaves bulk actions to be asked about at once', async () => {
    const world = await openSyncWorld(database);
    closing.push(() => world.close());
    const now = world.clock.now();
    const batch = {
      id: randomUUID(),
      actionId: 'as_none',
      kind: 'bulk' as const,
      items: [],
      submittedAt: now,
      polls: 0,
      lost: null,
    };
    await keepBatch(database, batch, now);
    const { account, quotas } = world.tributary.rules.source('hubspot')!.description!;
    const { child, leased } = await startWorker({
      id: randomUUID(),
      now,
      most: 1,
      host: 'h',
      account,
      quota: quotas[0]!,
    });
    expect(leased).toEqual({ runs: 0, deliveries: 0, batches: 1 });
    await kill(child);
    const polls = async () =>
      (await database.rows<{ polls: number }>(sql`select polls from batches`))[0]?.polls;
    expect(await polls()).toBe(1);
    await world.tributary.start();
    await until(async () => (await polls()) !== 1);
  });

  /** Cuts the connection by which a worker holds its lock. */
  const cutLocks = (of: WorkerRegistry) =>
    database.rows(sql`
      select pg_terminate_backend(pid) from pg_locks
      where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())
        and (classid::bigint << 32 | objid::bigint) = hashtextextended(${`tributary worker ${of.id}`}, 7225121)`);

  it('that lost its connection for a moment holds its lock again, and nobody counts it dead', async () => {
    let evictions = 0;
    const one = await join(await database.again(), systemClock, () => {
      evictions += 1;
    });
    const other = await join(database);
    expect(await cutLocks(one)).toHaveLength(1);
    await until(
      async () =>
        (await other.dead()).length === 0 && !(await database.isLockFree(`tributary worker ${one.id}`)),
    );
    expect(evictions).toBe(0);
  });

  it('that was evicted while its connection was gone learns it as soon as it is back', async () => {
    let evictions = 0;
    const one = await join(await database.again(), systemClock, () => {
      evictions += 1;
    });
    const other = await join(database);
    await other.markDead(one.id);
    await cutLocks(one);
    await until(() => evictions === 1);
  });

  it('asks a server that is gone for its lock once in half a second, however long it is gone', async () => {
    const proxy = await proxyTo(database.where.url!);
    closing.push(() => proxy.close());
    const remote = await openDatabase({ url: proxy.url, directory: '' });
    closing.push(() => remote.close());
    const clock = new ManualClock(Date.UTC(2026, 0, 1));
    let rests = 0;
    const sleep = (milliseconds: number, signal?: AbortSignal) => {
      rests += 1;
      return clock.sleep(milliseconds, signal);
    };
    const one = await join(remote, { now: () => clock.now(), sleep });
    await proxy.cut();
    for (let attempt = 1; attempt <= 8; attempt += 1) {
      await until(() => clock.nextWake !== null);
      expect(rests).toBe(attempt);
      await clock.advance(500);
    }
    await proxy.mend();
    await until(async () => {
      await clock.advance(500);
      return !(await database.isLockFree(`tributary worker ${one.id}`));
    });
  });
});

/** A way to the server that can be cut: every connection ends, and there is nobody to answer, until it is mended. */
async function proxyTo(
  url: string,
): Promise<{ url: string; cut(): Promise<void>; mend(): Promise<void>; close(): Promise<void> }> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    const onward = connect(Number(port || 5432), hostname);
    for (const end of [socket, onward]) {
      sockets.add(end);
      end.on('error', () => {});
      end.on('close', () => {
        socket.destroy();
        onward.destroy();
      });
    }
    socket.pipe(onward).pipe(socket);
  });
  const listen = (at: number) => new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  const cut = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await closed;
  };
  await listen(0);
  const own = new URL(url);
  own.hostname = '127.0.0.1';
  own.port = String((server.address() as { port: number }).port);
  return { url: own.href, cut, mend: () => listen(Number(own.port)), close: cut };
}
