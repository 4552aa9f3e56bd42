// What was spent of each quota, by lane and hour: every call counted once, by few statements.
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Quota, TransientError } from '../../src/connector.ts';
import type { Database } from '../../src/db/database.ts';
import { UnsentError } from '../../src/engine/quota/budgets.ts';
import { forgetSpend, readSpend, Spending } from '../../src/engine/quota/spend.ts';
import { databases } from '../support/databases.ts';
import { account, day, hour, QuotaWorld, start, tenPerSecond } from './quota-world.ts';

describe.each(databases)('What was spent on $name', ({ open }) => {
  let world: QuotaWorld;
  beforeEach(async () => {
    world = await QuotaWorld.open(open);
  });
  afterEach(() => world.close());

  const spent = (from = start) => readSpend(world.database, { account, from });
  const daily: Quota = { name: 'daily', requests: 10_000, seconds: 86_400, all: true };

  it('is written with the next round, for each quota that a call draws on, by lane', async () => {
    const budget = world.budgetOf([tenPerSecond, daily]);
    world.calls(budget, 3, 'webhook');
    world.calls(budget, 2, 'backfill');
    await world.settled();
    expect(await spent()).toEqual([]);
    await world.pass(1_000);
    expect(await spent()).toEqual([
      { quota: 'daily', lane: 'webhook', hour: start, calls: 3, refused: 0 },
      { quota: 'daily', lane: 'backfill', hour: start, calls: 2, refused: 0 },
      { quota: 'second', lane: 'webhook', hour: start, calls: 3, refused: 0 },
      { quota: 'second', lane: 'backfill', hour: start, calls: 2, refused: 0 },
    ]);
  });

  it('counts what the vendor refused to the quota that refused it, and nothing that never reached it', async () => {
    const budget = world.budgetOf([tenPerSecond, daily]);
    const refusal = new TransientError('too many', { status: 429, quota: 'second' });
    const failures = [
      refusal,
      new UnsentError('no such host'),
      new TransientError('broken', { status: 500 }),
    ];
    for (const failure of failures) {
      await budget.run({ lane: 'manual' }, () => Promise.reject(failure)).catch(() => {});
      await world.pass(2_000);
    }
    expect(await spent()).toEqual([
      { quota: 'daily', lane: 'manual', hour: start, calls: 2, refused: 0 },
      { quota: 'second', lane: 'manual', hour: start, calls: 2, refused: 1 },
    ]);
  });

  it('adds up over workers and hours', async () => {
    const [one, two] = [world.budgetOf([tenPerSecond]), world.budgetOf([tenPerSecond])];
    world.calls(one, 3);
    world.calls(two, 4);
    await world.pass(2_000);
    world.calls(one, 2);
    await world.pass(2_000);
    await world.pass(hour, hour / 10);
    world.calls(two, 1);
    await world.pass(2_000);
    expect(await spent()).toEqual([
      { quota: 'second', lane: 'schedule', hour: start, calls: 9, refused: 0 },
      { quota: 'second', lane: 'schedule', hour: start + hour, calls: 1, refused: 0 },
    ]);
    expect(await spent(start + hour + 1)).toEqual([
      { quota: 'second', lane: 'schedule', hour: start + hour, calls: 1, refused: 0 },
    ]);
    expect(await readSpend(world.database, { account: 'another', from: start })).toEqual([]);
  });

  it('is written when a process closes', async () => {
    const budget = world.budgetOf([tenPerSecond]);
    world.calls(budget, 5);
    await world.settled();
    await budget.room.close();
    expect(await spent()).toMatchObject([{ calls: 5 }]);
  });

  it('costs one statement for any number of calls', async () => {
    let statements = 0;
    const counting: Database = {
      ...world.database,
      rows: (statement) => {
        statements += 1;
        return world.database.rows(statement);
      },
    };
    const spending = new Spending();
    for (let call = 0; call < 1_000; call += 1)
      spending.count({ account, quota: `q${call % 3}` }, 'schedule', start + call, call % 10 === 0);
    await spending.flush(counting);
    await spending.flush(counting);
    expect(statements).toBe(1);
    expect((await spent()).map(({ calls, refused }) => [calls, refused])).toEqual([
      [334, 34],
      [333, 33],
      [333, 33],
    ]);
  });

  it('is kept for later where the database fails, and counted once', async () => {
    let fails = true;
    const failing: Database = {
      ...world.database,
      rows: (statement) =>
        fails ? Promise.reject(new Error('no database')) : world.database.rows(statement),
    };
    const spending = new Spending();
    const key = { account, quota: 'second' };
    spending.count(key, 'schedule', start, false);
    const flushing = spending.flush(failing);
    spending.count(key, 'schedule', start, true);
    await expect(flushing).rejects.toThrow('no database');
    expect(spending.pending).toBe(true);
    fails = false;
    await spending.flush(failing);
    expect(spending.pending).toBe(false);
    expect(await spent()).toMatchObject([{ calls: 2, refused: 1 }]);
  });

  it('is in the table when writing it down ends, also what another call is still writing', async () => {
    const { promise: mayWrite, resolve: goOn } = Promise.withResolvers<void>();
    const slow: Database = {
      ...world.database,
      rows: (statement) => mayWrite.then(() => world.database.rows(statement)),
    };
    const spending = new Spending();
    spending.count({ account, quota: 'second' }, 'schedule', start, false);
    const first = spending.flush(slow);
    await Promise.resolve();
    const second = spending.flush(world.database).then(() => spent());
    goOn();
    expect(await second).toMatchObject([{ calls: 1 }]);
    await first;
  });

  it('is forgotten after 400 days', async () => {
    const spending = new Spending();
    for (const days of [0, 399, 401])
      spending.count({ account, quota: 'second' }, 'schedule', start - days * day, false);
    await spending.flush(world.database);
    await forgetSpend(world.database, start);
    expect((await spent(0)).map((row) => row.hour)).toEqual([start - 399 * day, start]);
  });

  it('lets many workers write at once', async () => {
    const rooms = Array.from({ length: 6 }, () => new Spending());
    for (const [index, spending] of rooms.entries()) {
      const quotas = ['a', 'b', 'c', 'd'].slice(index % 2);
      for (const quota of index % 3 ? quotas : quotas.toReversed())
        spending.count({ account, quota }, 'schedule', start, false);
    }
    await Promise.all(rooms.map((spending) => spending.flush(world.database)));
    const rows = await world.database.rows<{ calls: number }>(
      sql`select sum(calls)::int as calls from quota_spend`,
    );
    expect(rows[0]?.calls).toBe(3 * 4 + 3 * 3);
  });
});
