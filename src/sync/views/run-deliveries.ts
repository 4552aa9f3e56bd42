// What became of the customers that some runs, or all work since a time, brought: by the state of their delivery. It only
// reads; one pass over the records of the runs.
import { type SQL, sql } from 'drizzle-orm';
import { jsonList, type Queryable, toTimestamp } from '../../db/database.ts';

export interface DeliveryCounts {
  total: number;
  /** Since the runs were asked for, or since the time. */
  delivered: number;
  waiting: number;
  held: number;
  dead: number;
}

/** Customers whose records these runs changed. `quarantined`: values of those records that were left out. */
export async function deliveriesOfRuns(
  db: Queryable,
  runIds: readonly number[],
): Promise<DeliveryCounts & { quarantined: number }> {
  const runs = sql`(select id, requested_at from runs where id in (select value::text::bigint from json_array_elements(${jsonList(runIds)})))`;
  const records = sql`select source_id, faults from records where run_id in (select id from ${runs} as asked)`;
  const counts = await count(
    db,
    sql`source_id in (select source_id from (${records}) as changed)`,
    sql`(select min(requested_at) from ${runs} as asked)`,
  );
  const [row] = await db.rows<{ quarantined: number }>(sql`
    select coalesce(sum(jsonb_array_length(faults)), 0)::int as quarantined from (${records}) as changed
    where jsonb_typeof(faults) = 'array'`);
  return { ...counts, quarantined: row?.quarantined ?? 0 };
}

/** All customers, of the delivered those that were delivered since. */
export async function deliveriesSince(db: Queryable, since: number): Promise<DeliveryCounts> {
  return count(db, sql`true`, toTimestamp(since));
}

async function count(db: Queryable, which: SQL, since: SQL): Promise<DeliveryCounts> {
  const [row] = await db.rows<Omit<DeliveryCounts, 'total'>>(sql`
    select (count(*) filter (where state = 'delivered' and delivered_at >= ${since}))::int as delivered,
           (count(*) filter (where state = 'waiting'))::int as waiting,
           (count(*) filter (where state = 'held'))::int as held,
           (count(*) filter (where state = 'dead'))::int as dead
    from deliveries where ${which}`);
  const { delivered = 0, waiting = 0, held = 0, dead = 0 } = row ?? {};
  return { total: delivered + waiting + held + dead, delivered, waiting, held, dead };
}
