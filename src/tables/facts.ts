// What the destination was seen to know of each customer: points, tiers, codes, segments, in groups that are read together. It
// does not know what a group holds.
import { sql } from 'drizzle-orm';
import { jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { FactGroups } from '../connector.ts';
import { time } from '../db/column-types.ts';
import { jsonList, type Queryable, texts, toTimestamp } from '../db/database.ts';

/** What the destination was seen to know of each customer. */
export const facts = pgTable('facts', {
  sourceId: text('source_id').primaryKey(),
  groups: jsonb().$type<FactGroups>().notNull(),
  /** As of when each group holds. */
  clocks: jsonb().$type<FactClocks>().notNull(),
  changedAt: time('changed_at').notNull(),
});

/**
 * Read: `at` is when it was asked for, by our clock. Told: `at` is when it changed, by the destination's clock. `keptAt`: when it
 * was kept, by our clock. Epoch milliseconds.
 */
export interface FactClock {
  at: number;
  by: 'read' | 'told';
  keptAt: number;
}

export type FactClocks = { [group: string]: FactClock };

export type CustomerFacts = Pick<typeof facts.$inferSelect, 'sourceId' | 'groups' | 'clocks'>;

/** What is known of these customers, locked in one order for all workers. */
export async function lockFacts(
  db: Queryable,
  sourceIds: readonly string[],
): Promise<Map<string, CustomerFacts>> {
  const rows = await db.rows<CustomerFacts>(sql`
    select source_id, groups, clocks from facts
    where source_id = any(${texts(sourceIds)}) order by source_id for update`);
  return new Map(rows.map((row) => [row.sourceId, row]));
}

/** What is known of these customers. */
export async function factsOf(
  db: Queryable,
  sourceIds: readonly string[],
): Promise<Map<string, CustomerFacts>> {
  const rows = await db.rows<CustomerFacts>(
    sql`select source_id, groups, clocks from facts where source_id = any(${texts(sourceIds)})`,
  );
  return new Map(rows.map((row) => [row.sourceId, row]));
}

export async function writeFacts(db: Queryable, rows: readonly CustomerFacts[], now: number): Promise<void> {
  if (rows.length === 0) return;
  await db.rows(sql`
    insert into facts (source_id, groups, clocks, changed_at)
    select "sourceId", groups, clocks, ${toTimestamp(now)}
    from json_to_recordset(${jsonList(rows)}) as row ("sourceId" text, groups jsonb, clocks jsonb)
    order by "sourceId"
    on conflict (source_id) do update set
      changed_at = case when facts.groups is distinct from excluded.groups then excluded.changed_at else facts.changed_at end,
      groups = excluded.groups, clocks = excluded.clocks`);
}

/** Customers in the order of their source IDs, those after `last`. */
export async function factsAfter(
  db: Queryable,
  last: string | null,
  limit: number,
): Promise<CustomerFacts[]> {
  return db.rows(sql`
    select source_id, groups, clocks from facts
    where ${last === null ? sql`true` : sql`source_id > ${last}`} order by source_id limit ${limit}`);
}

export async function factsOfOne(
  db: Queryable,
  sourceId: string,
): Promise<(CustomerFacts & { changedAt: number }) | null> {
  const [row] = await db.rows<CustomerFacts & { changedAt: number }>(
    sql`select source_id, groups, clocks, changed_at from facts where source_id = ${sourceId}`,
  );
  return row ?? null;
}

/** Of how many customers anything is known. */
export async function countFacts(db: Queryable): Promise<number> {
  const [row] = await db.rows<{ count: number }>(sql`select count(*)::int as count from facts`);
  return row?.count ?? 0;
}

/** Forgets what is known of these customers. Returns of how many. */
export async function dropFacts(db: Queryable, sourceIds: readonly string[]): Promise<number> {
  if (sourceIds.length === 0) return 0;
  const rows = await db.rows(
    sql`delete from facts where source_id = any(${texts(sourceIds)}) returning source_id`,
  );
  return rows.length;
}
