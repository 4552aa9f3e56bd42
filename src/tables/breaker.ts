// The mass-change breaker: how many customers may be deleted, may lose one field, and may enter or leave one segment, by one run
// and in one hour. It counts and says who is one too many; what becomes of them is none of its business.
import { sql } from 'drizzle-orm';
import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Json } from '../connector.ts';
import { segmentOf } from '../customer/losses.ts';
import { time } from '../db/column-types.ts';
import { jsonList, type Queryable, texts, toTimestamp } from '../db/database.ts';
import type { Revised } from './customers.ts';

/** Customers deleted and fields blanked, by run and by hour. */
export const breakerCounts = pgTable(
  'breaker_counts',
  {
    /** `run 12` or `hour 2026-11-23T15`. */
    scope: text().notNull(),
    /** `deleted`, the field blanked, or the segment entered or left; see `segmentChange`. */
    change: text().notNull(),
    count: integer().notNull(),
    updatedAt: time('updated_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.scope, t.change] })],
);

/** What becomes of a customer that all its records have left. `blank`: what we wrote is cleared. */
export type OrphanPolicy = 'keep' | 'blank' | 'delete' | 'erase';

/** More than the smaller of the two, per run and per hour, is held until a person decides. `share` is of all customers. */
export interface BreakerLimits {
  deleted: { share: number; count: number };
  /** Of any one field. */
  blanked: { share: number; count: number };
  /** Into or out of any one segment; `share` is of the customers in it, as far as that is known. */
  segments: { share: number; count: number };
  /** Whether moves count too that cannot be told. */
  unknownSegments: 'send' | 'hold';
}

/** What a customer loses: `deleted`, a field and the value that goes, or its place in or outside of a segment. */
export interface Loss {
  sourceId: string;
  change: string;
  from: Json;
  /** Of a segment: how many customers are in it; null where that is not known. */
  size?: number | null;
}

export const deleted = 'deleted';

/** A share of few customers is less than one: so many may always go. An explicit count may be lower. */
const fewest = 10;

/** The same of a segment: one that was made just now is empty. */
const fewestMoves = 100;

/** How old the number of customers may be, milliseconds. */
const rememberMs = 60_000;

/** Counts of runs and hours long over are forgotten. */
const forgetMs = 7 * 86_400_000;

export class Breaker {
  readonly #limits: BreakerLimits;
  readonly #onOrphaned: OrphanPolicy;
  #customers = { count: 0, at: Number.NEGATIVE_INFINITY };

  constructor(limits: BreakerLimits, onOrphaned: OrphanPolicy) {
    this.#limits = limits;
    this.#onOrphaned = onOrphaned;
  }

  /** Moves into and out of segments count too that cannot be told. */
  get holdsUnknown(): boolean {
    return this.#limits.unknownSegments === 'hold';
  }

  /**
   * Counts what these customers lose, and their `moves` into and out of segments, and returns what is beyond the ceiling,
   * the last of each kind. A customer whom the destination does not hold has nothing to lose.
   */
  async excess(
    db: Queryable,
    revised: readonly Revised[],
    { runId, now, moves = [] }: { runId: number | null; now: number; moves?: readonly Loss[] },
  ): Promise<Loss[]> {
    const candidates = revised.filter((row) => row.revision > 1).flatMap((row) => this.#lossesOf(row));
    if (candidates.length + moves.length === 0) return [];
    const known =
      candidates.length === 0
        ? new Set<string>()
        : await mayBeHeld(db, [...new Set(candidates.map((loss) => loss.sourceId))]);
    const losses = Map.groupBy(
      [...candidates.filter((loss) => known.has(loss.sourceId)), ...moves],
      (loss) => loss.change,
    );
    if (losses.size === 0) return [];
    const scopes = [...(runId === null ? [] : [`run ${runId}`]), hourOf(now)];
    const customers = await this.#countCustomers(db, now);
    const counts = await add(
      db,
      scopes,
      [...losses].map(([change, group]) => ({ change, count: group.length })),
      now,
    );
    return [...losses].flatMap(([change, group]) => {
      const over = counts.get(change)! - this.#ceiling(change, group[0]!.size ?? customers);
      return over > 0 ? group.slice(-Math.min(over, group.length)) : [];
    });
  }

  #lossesOf({ sourceId, becameOrphaned, changed }: Revised): Loss[] {
    // What a customer's last records said goes with it or stays with it: it is one loss or none.
    if (becameOrphaned) return this.#onOrphaned === 'keep' ? [] : [{ sourceId, change: deleted, from: null }];
    return Object.entries(changed).flatMap(([change, { from = null, to = null }]) =>
      from !== null && to === null ? [{ sourceId, change, from }] : [],
    );
  }

  /** `of`: the number of customers that the share is of. */
  #ceiling(change: string, of: number): number {
    const isMove = segmentOf(change) !== null;
    const { share, count } = this.#limits[isMove ? 'segments' : change === deleted ? 'deleted' : 'blanked'];
    return Math.min(count, Math.max(isMove ? fewestMoves : fewest, Math.floor(share * of)));
  }

  /** Counted no further than a limit's count makes a difference; a minute old at most. */
  async #countCustomers(db: Queryable, now: number): Promise<number> {
    if (now - this.#customers.at < rememberMs) return this.#customers.count;
    const enough = Math.max(
      ...[this.#limits.deleted, this.#limits.blanked, this.#limits.segments].map(({ share, count }) =>
        share > 0 ? Math.ceil(count / share) : 0,
      ),
    );
    const [row] = await db.rows<{ count: number }>(sql`
      select count(*) as count from (select 1 from customers limit ${enough}::bigint) as counted`);
    this.#customers = { count: row?.count ?? 0, at: now };
    return this.#customers.count;
  }
}

/** Those of these customers whom the destination holds, as far as anybody knows: whom it has deleted for us it holds no more. */
async function mayBeHeld(db: Queryable, sourceIds: readonly string[]): Promise<Set<string>> {
  const rows = await db.rows<{ sourceId: string }>(sql`
    select source_id from deliveries left join acknowledgements using (source_id)
    where source_id = any(${texts(sourceIds)}) and (acknowledgements.source_id is not null or uncertain)`);
  return new Set(rows.map((row) => row.sourceId));
}

/** Adds to the counts of these scopes; by what, the highest that any of them has come to. */
async function add(
  db: Queryable,
  scopes: readonly string[],
  losses: readonly { change: string; count: number }[],
  now: number,
): Promise<Map<string, number>> {
  const rows = scopes.flatMap((scope) => losses.map((loss) => ({ scope, ...loss })));
  const counts = await db.rows<{ change: string; count: number }>(sql`
    insert into breaker_counts (scope, change, count, updated_at)
    select scope, change, count, ${toTimestamp(now)} from json_to_recordset(${jsonList(rows)}) as row (scope text, change text, count int)
    order by scope, change
    on conflict (scope, change) do update set count = breaker_counts.count + excluded.count, updated_at = excluded.updated_at
    returning change, count`);
  const highest = new Map<string, number>();
  for (const { change, count } of counts) highest.set(change, Math.max(count, highest.get(change) ?? 0));
  return highest;
}

/** `hour 2026-11-23T15`, in UTC. */
function hourOf(now: number): string {
  return `hour ${new Date(now).toISOString().slice(0, 13)}`;
}

export async function forgetCounts(db: Queryable, now: number): Promise<void> {
  await db.rows(sql`delete from breaker_counts where updated_at < ${toTimestamp(now - forgetMs)}`);
}
