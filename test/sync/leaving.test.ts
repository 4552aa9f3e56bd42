// A worker that joins or leaves while the database is away: it is gone all the same, so that others can take over from it.
import { sql } from 'drizzle-orm';
import { afterEach, expect, it } from 'vitest';
import { type Database, DatabaseError } from '../../src/db/database.ts';
import { WorkerRegistry } from '../../src/engine/work/worker-registry.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { openSyncWorld } from '../support/sync-world.ts';

let database: TestDatabase;
let isAway = false;
let listens = 0;

afterEach(async () => {
  isAway = false;
  listens = 0;
  await database.close();
});

/** Loses every statement while it is away. */
function losing(on: Database): Database {
  const lost = () => Promise.reject(new DatabaseError('terminating connection', '57P01'));
  return {
    ...on,
    rows: (statement) => (isAway ? lost() : on.rows(statement)),
    prepared: (statement) => (isAway ? lost() : on.prepared(statement)),
    keep: (statement) => (isAway ? lost() : on.keep(statement)),
    transaction: (work) => (isAway ? lost() : on.transaction(work)),
    listen: (listener) => {
      listens += 1;
      return isAway ? lost() : on.listen(listener);
    },
  };
}

const renewals = async () =>
  (await database.rows<{ renewals: number }>(sql`select renewals::int as renewals from workers`)).map(
    (row) => row.renewals,
  );

it('A worker that is drained while the database is away renews its lease no more', async () => {
  database = await behaviour[0].open();
  const world = await openSyncWorld(losing(database));
  try {
    world.hubspot.seed(20, 1);
    await world.tributary.start({ calendar: false });
    await world.sync('full');
    isAway = true;
    await expect(world.tributary.drain()).rejects.toThrow('terminating connection');
    isAway = false;
    const before = await renewals();
    await world.clock.sleep(60_000);
    expect(await renewals()).toEqual(before);
  } finally {
    isAway = false;
    await world.close();
  }
});

it('A worker that could not join does not go on listening', async () => {
  database = await behaviour[0].open();
  const clock = new ManualClock(1_000);
  isAway = true;
  const id = '00000000-0000-4000-8000-000000000001';
  const joined = WorkerRegistry.join(id, { database: losing(database), clock, onEvicted() {} });
  await expect(joined).rejects.toThrow('terminating connection');
  await clock.advance(60_000);
  expect(listens).toBe(1);
});
