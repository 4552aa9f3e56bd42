// The freshness table: from a source's change to the destination's word, by lane and hour. What is settled is gathered here
// and written at most once a second, so that no two settlements wait for one row.
import { sql } from 'drizzle-orm';
import { integer, jsonb, pgTable, primaryKey, smallint } from 'drizzle-orm/pg-core';
import { time } from '../db/column-types.ts';
import { jsonList, type Queryable, toTimestamp } from '../db/database.ts';
import { type Lane, lanes } from '../engine/quota/lanes.ts';
import { addLags, type Lags, lagsOf, percentile, summedLags } from './lags.ts';

/** From a source's change to the destination's word, by lane and hour. */
export const freshness = pgTable(
  'freshness',
  {
    lane: smallint().notNull(),
    hour: time('hour').notNull(),
    deliveries: integer().notNull(),
    /** How many in each doubling of 100 ms. */
    lags: jsonb().notNull(),
  },
  (t) => [primaryKey({ columns: [t.hour, t.lane] })],
);

const hourMs = 3_600_000;

const everyMs = 1_000;

interface Hour {
  lane: number;
  hour: number;
  deliveries: number;
  lags: Lags;
}

/** What this process has delivered and not yet written down: lost with it, a second's worth at most. */
export class FreshnessNotes {
  #hours = new Map<string, Hour>();
  #writtenAt = 0;

  /** Deliveries of one lane that were acknowledged `now`, by the time each took since the source's change. */
  note(lane: number, freshnessMs: readonly number[], now: number): void {
    if (freshnessMs.length === 0) return;
    const hour = Math.floor(now / hourMs) * hourMs;
    this.#add({ lane, hour, deliveries: freshnessMs.length, lags: lagsOf(freshnessMs) });
  }

  #add(more: Hour): void {
    const key = `${more.lane} ${more.hour}`;
    const known = this.#hours.get(key);
    const sum = known && {
      deliveries: known.deliveries + more.deliveries,
      lags: addLags(known.lags, more.lags),
    };
    this.#hours.set(key, { ...more, ...sum });
  }

  /** Writes what was noted; unless `all`, only where the last time is a second ago. */
  async write(db: Queryable, now: number, { all = false } = {}): Promise<void> {
    if (this.#hours.size === 0 || (!all && Math.abs(now - this.#writtenAt) < everyMs)) return;
    const rows = [...this.#hours.values()].sort((a, b) => a.hour - b.hour || a.lane - b.lane);
    this.#hours.clear();
    this.#writtenAt = now;
    try {
      await db.rows(sql`
        insert into freshness (lane, hour, deliveries, lags)
        select lane, to_timestamp(hour / 1000), deliveries, lags
        from json_to_recordset(${jsonList(rows)}) as row (lane int, hour float8, deliveries int, lags jsonb)
        order by hour, lane
        on conflict (hour, lane) do update set
          deliveries = freshness.deliveries + excluded.deliveries, lags = ${summedLags(sql`freshness.lags`, sql`excluded.lags`)}`);
    } catch (error) {
      for (const row of rows) this.#add(row);
      throw error;
    }
  }
}

/** Percentiles are milliseconds, to within their doubling; null where nothing was delivered. */
export interface Fresh {
  deliveries: number;
  p50Ms: number | null;
  p99Ms: number | null;
}

export interface Freshness {
  all: Fresh;
  /** All lanes, the best first. */
  lanes: (Fresh & { lane: Lane })[];
}

/** How fresh what was delivered since `from` was, in whole hours. */
export async function freshnessSince(db: Queryable, from: number): Promise<Freshness> {
  const rows = await db.rows<{ lane: number; deliveries: number; lags: Lags }>(
    sql`select lane, deliveries, lags from freshness where hour > ${toTimestamp(from - hourMs)}`,
  );
  return {
    all: freshOf(rows),
    lanes: lanes.map((lane, number) => ({ lane, ...freshOf(rows.filter((row) => row.lane === number)) })),
  };
}

function freshOf(rows: readonly { deliveries: number; lags: Lags }[]): Fresh {
  const lags = rows.reduce<Lags>((sum, row) => addLags(sum, row.lags), lagsOf([]));
  return {
    deliveries: rows.reduce((sum, row) => sum + row.deliveries, 0),
    p50Ms: percentile(lags, 0.5),
    p99Ms: percentile(lags, 0.99),
  };
}

/** Changes delivered by hour, since `from`; hours without any are left out. Backfills are not among them. */
export async function deliveriesByHour(
  db: Queryable,
  from: number,
): Promise<{ hour: number; deliveries: number }[]> {
  return db.rows(sql`
    select hour, sum(deliveries)::int as deliveries from freshness where hour >= ${toTimestamp(from)}
    group by hour order by hour`);
}

/** Forgets the hours long past. */
export async function forgetFreshness(db: Queryable, before: number): Promise<void> {
  await db.rows(sql`delete from freshness where hour < ${toTimestamp(before)}`);
}
