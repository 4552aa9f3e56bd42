// A database that loses some statements and answers others, as during a failover: no work is to blame for it, none is given up, and the
// log names the database instead.
import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { type Database, DatabaseError } from '../../src/db/database.ts';
import { behaviour } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';
import { randomOf, seed } from '../support/random.ts';
import { differences, openSyncWorld } from '../support/sync-world.ts';

const contacts = 150;

/** Loses its session at the end of every third transaction, and before every third statement. */
function losingSessions(database: Database, isLost: () => boolean): Database {
  const lost = () => new DatabaseError('terminating connection due to administrator command', '57P01');
  const alone =
    (run: Database['rows']): Database['rows'] =>
    (statement) =>
      isLost() ? Promise.reject(lost()) : run(statement);
  return {
    ...database,
    rows: alone(database.rows),
    prepared: alone(database.prepared),
    transaction: (work) =>
      database.transaction(async (tx) => {
        const result = await work(tx);
        if (isLost()) throw lost();
        return result;
      }),
  };
}

it(`An outage that lets statements through uses up no attempt of a run or a delivery (seed ${seed})`, async () => {
  const random = randomOf(seed);
  const database = await behaviour[0].open();
  let [isOut, lost] = [false, 0];
  const errors: string[] = [];
  const isLost = () => {
    if (!isOut || random() > 0.33) return false;
    lost += 1;
    return true;
  };
  const world = await openSyncWorld(losingSessions(database, isLost), {
    clock: new FastClock(30),
    log: (line) => {
      if (line.includes('"level":"error"') && !line.includes('the database does not answer'))
        errors.push(line);
    },
  });
  try {
    world.hubspot.seed(contacts, 3);
    await world.tributary.start();
    const request = { source: 'hubspot', mode: 'full', trigger: 'manual', lane: 'backfill' } as const;
    await world.tributary.request(request);
    isOut = true;
    await world.clock.sleep(120_000);
    const [counted] = await database.rows<{ [work: string]: number }>(sql`
      select (select coalesce(sum(attempts), 0)::int from runs) as runs,
        (select coalesce(sum(attempts), 0)::int from deliveries) as deliveries`);
    isOut = false;
    await world.rest();
    expect(counted).toEqual({ runs: 0, deliveries: 0 });
    expect(errors).toEqual([]);
    expect(differences(world)).toEqual([]);
    expect(await database.rows(sql`select ref from dead_letters`)).toEqual([]);
    expect(lost).toBeGreaterThan(20);
  } finally {
    isOut = false;
    await world.close();
    await database.close();
  }
});
