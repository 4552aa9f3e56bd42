// Who is at work: one that dies is found dead and what it had claimed is taken up; one that lives is left alone.
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase, toEpochMs } from '../../src/db/database.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { leasedBy, leaseOf, WorkerRegistry } from '../../src/engine/work/worker-registry.ts';
import { keepBatch } from '../../src/tables/batches.ts';
import { claim, DueBounds, upsertWanted } from '../../src/tables/deliveries.ts';
import { type DatabaseLine, openLine } from '../support/database-line.ts';
import { databases, type OwnDatabase, type TestDatabase } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { openSyncWorld, until } from '../support/sync-world.ts';
import type { Orders } from './worker-registry-child.ts';

const hourMs = 3_600_000;
const times = { renewMs: 2_000, leaseMs: 10_000 };

/** Workers of one process on a clock that stands still, until it is moved from renewal to renewal. */
function membership() {
  const clock = new ManualClock(Date.now());
  const present: WorkerRegistry[] = [];
  /** Those that wait for their next renewal. */
  let waiting = 0;
  const counted: Clock = {
    now: () => clock.now(),
    async sleep(milliseconds, signal) {
      const isRenewal = milliseconds === times.renewMs;
      if (isRenewal) waiting += 1;
      await clock.sleep(milliseconds, signal);
      if (isRenewal) waiting -= 1;
    },
  };
  return {
    clock,
    async join(database: Database, onEvicted: () => void = () => {}): Promise<WorkerRegistry> {
      const registry = await WorkerRegistry.join(randomUUID(), {
        database,
        clock: counted,
        onEvicted,
        times,
      });
      present.push(registry);
      return registry;
    },
    /** Everybody who lives renews the lease as often as it is due. */
    async pass(milliseconds: number): Promise<void> {
      for (let passed = 0; passed < milliseconds; passed += times.renewMs) {
        const before = waiting;
        await clock.advance(times.renewMs);
        await until(() => waiting >= before);
      }
    },
    /** What all were doing is done, and each waits for its next renewal. */
    settled: () => until(() => waiting === present.length),
    async leave(): Promise<void> {
      for (const registry of present.splice(0)) await registry.leave();
    },
  };
}

const deadOf = ({ dead }: WorkerRegistry) => dead.map(({ id }) => id);

describe.each(databases)('the worker registry on $name', ({ name, open }) => {
  let database: TestDatabase;
  let workers: ReturnType<typeof membership>;

  beforeEach(async () => {
    database = await open();
    workers = membership();
  });
  afterEach(async () => {
    await workers.leave();
    await database.close();
  });

  const join = (onEvicted?: () => void) => workers.join(database, onEvicted);
  const insert = (id: string) =>
    database.rows(
      sql`insert into workers (id, host, pid, started_at) values (${id}::uuid, 'there', 1, now())`,
    );

  it('counts nobody dead who renews its lease or has left in good order', async () => {
    const [one, two] = [await join(), await join()];
    await workers.pass(60_000);
    expect([one.dead, two.dead]).toEqual([[], []]);
    expect([one.isCurrent, two.isCurrent]).toEqual([true, true]);
    await two.leave();
    await workers.clock.advance(60_000);
    expect(one.dead).toEqual([]);
  });

  it('counts a worker as dead that does not renew its lease for as long as it lasts, until it is evicted', async () => {
    const one = await join();
    const gone = randomUUID();
    await insert(gone);
    await workers.pass(10_000);
    expect(one.dead).toEqual([]); // it is known for 8 s
    await workers.pass(2_000);
    expect(deadOf(one)).toEqual([gone]);
    await workers.pass(2_000);
    expect(deadOf(one)).toEqual([gone]); // whoever saw it may die before it has taken all up
    expect(await one.evict(database, one.dead[0]!)).toBe(true);
    expect(await one.evict(database, one.dead[0]!)).toBe(false);
    await workers.pass(2_000);
    expect(one.dead).toEqual([]);
  });

  it('evicts nobody who has renewed its lease since', async () => {
    const one = await join();
    const slow = randomUUID();
    await insert(slow);
    await workers.pass(12_000);
    const [dead] = one.dead;
    await database.rows(sql`update workers set renewals = renewals + 1 where id = ${slow}::uuid`);
    expect(await one.evict(database, dead!)).toBe(false);
    await workers.pass(2_000);
    expect(one.dead).toEqual([]);
  });

  it.runIf(name === 'PGlite')(
    "of a folder that is this process's alone knows at once that others are gone",
    async () => {
      const gone = randomUUID();
      await insert(gone);
      const one = await join();
      expect(deadOf(one)).toEqual([gone]);
      expect(deadOf(await join())).toEqual([gone]);
    },
  );

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

  it('tells a live worker that it was evicted when it would renew its lease, once', async () => {
    let evictions = 0;
    const one = await join(() => {
      evictions += 1;
    });
    const other = await join();
    await workers.pass(2_000);
    expect(evictions).toBe(0);
    const [{ renewals }] = (await database.rows<{ renewals: number }>(
      sql`select renewals from workers where id = ${one.id}::uuid`,
    )) as [{ renewals: number }];
    expect(await other.evict(database, { id: one.id, renewals })).toBe(true);
    await workers.clock.advance(2_000);
    await until(() => evictions === 1);
    expect(one.isCurrent).toBe(false);
    await workers.clock.advance(20_000);
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
    return { child, leased, id: orders.id };
  }

  it('that is killed is found dead, and what it had claimed for an hour is taken up: run, deliveries, slots', async () => {
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
    const living = await WorkerRegistry.join(randomUUID(), {
      database,
      clock: world.clock,
      onEvicted: () => expect.fail('one that lives was evicted'),
    });
    closing.push(() => living.leave());
    const claimed = await claim(database, {
      lease: leaseOf(living.id),
      now: orders.now,
      leaseMs: hourMs,
      most: [1, 1, 1, 1],
      bounds: new DueBounds(),
    });
    expect(claimed.map(({ sourceId }) => sourceId)).toEqual(['d']);
    await kill(dying.child);
    const held = async () =>
      (
        await database.rows<{ slots: number; freeAt: number }>(sql`
        select sum(slots)::int as slots, max(${toEpochMs(sql`free_at`)}) as "freeAt" from quota_slices where holder = ${dying.id}::uuid and quota = ${quotas[0]!.name}`)
      )[0]!;
    expect((await held()).freeAt).toBeGreaterThan(world.clock.now() + hourMs / 2);

    await world.tributary.start();
    const window = quotas[0]!.seconds * 1000;
    await until(async () => ((await held()).freeAt ?? 0) < world.clock.now() + window + 10_000);
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
    expect(living.isCurrent).toBe(true);
  });

  it('that is killed leaves bulk actions to be asked about soon', async () => {
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
    await keepBatch(database, batch, { dueAt: now });
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

  describe('that is cut off from the database', () => {
    let line: DatabaseLine;
    let workers: ReturnType<typeof membership>;
    let one: WorkerRegistry;
    let evictions: number;

    beforeEach(async () => {
      line = await openLine(database.where.url!);
      const remote = await openDatabase({ url: line.url, directory: '' });
      workers = membership();
      evictions = 0;
      one = await workers.join(remote, () => {
        evictions += 1;
      });
      closing.push(
        () => line.close(),
        () => remote.close(),
        () => workers.leave(),
      );
    });

    const renewals = async () => {
      const [row] = await database.rows<{ renewals: number }>(
        sql`select renewals from workers where id = ${one.id}::uuid`,
      );
      return row!.renewals;
    };
    const untilRenewed = async () => {
      await workers.settled();
      const before = await renewals();
      await workers.clock.advance(2_000);
      await until(async () => (await renewals()) > before);
    };

    it('for less than its lease stays one of them', async () => {
      const other = await workers.join(database);
      await untilRenewed();
      line.cut();
      await workers.clock.advance(4_000);
      await line.mend();
      await untilRenewed();
      await untilRenewed();
      expect(other.dead).toEqual([]);
      expect(one.isCurrent).toBe(true);
      expect(evictions).toBe(0);
    });

    it('for longer may send nothing until it has renewed its lease', async () => {
      await untilRenewed();
      line.cut();
      await workers.clock.advance(10_000);
      expect(one.isCurrent).toBe(false);
      await line.mend();
      await until(async () => {
        await untilRenewed();
        return one.isCurrent;
      });
      expect(evictions).toBe(0);
    });

    it('and evicted meanwhile learns it as soon as it is back', async () => {
      line.cut();
      await database.rows(sql`update workers set ended_at = now() where id = ${one.id}::uuid`);
      await line.mend();
      await until(async () => {
        await workers.clock.advance(2_000);
        return evictions === 1;
      });
      expect(one.isCurrent).toBe(false);
    });
  });
});
