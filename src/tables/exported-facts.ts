// The exported_facts table: what exports of the destination show of each customer, until the first reading of all has passed
// them. It does not know what a row tells.
import { sql } from 'drizzle-orm';
import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Json } from '../connector.ts';
import { jsonList, type Queryable, texts } from '../db/database.ts';

/** Rows of exports with facts, by customer. */
export const exportedFacts = pgTable(
  'exported_facts',
  {
    sourceId: text('source_id').notNull(),
    kind: text().notNull(),
    /** The number of the row in its file: a file that is read again adds nothing. */
    position: integer().notNull(),
    value: jsonb().$type<Json>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.sourceId, t.kind, t.position] })],
);

export type ExportedFact = typeof exportedFacts.$inferSelect;

export async function keepExportedFacts(db: Queryable, rows: readonly ExportedFact[]): Promise<void> {
  if (rows.length === 0) return;
  await db.rows(sql`
    insert into exported_facts (source_id, kind, position, value)
    select "sourceId", kind, position, value
    from json_to_recordset(${jsonList(rows)}) as row ("sourceId" text, kind text, position int, value jsonb)
    on conflict (source_id, kind, position) do nothing`);
}

/**
 * By customer, in the order of the files; of one without rows an empty list. Whoever has more than `most` is left out: a till may
 * book everything on one customer.
 */
export async function exportedFactsOf(
  db: Queryable,
  sourceIds: readonly string[],
  most: number,
): Promise<Map<string, ExportedFact[]>> {
  const many = await db.rows<{ sourceId: string }>(sql`
    select source_id from unnest(${texts(sourceIds)}) as customer (source_id)
    where exists (select 1 from exported_facts where exported_facts.source_id = customer.source_id offset ${most})`);
  const found = new Map(sourceIds.map((sourceId): [string, ExportedFact[]] => [sourceId, []]));
  for (const { sourceId } of many) found.delete(sourceId);
  const rows = await db.rows<ExportedFact>(sql`
    select source_id, kind, position, value from exported_facts
    where source_id = any(${texts([...found.keys()])}) order by source_id, kind, position`);
  for (const row of rows) found.get(row.sourceId)?.push(row);
  return found;
}

/** Some customers that have rows, by chance. */
export async function someExported(db: Queryable, limit: number): Promise<string[]> {
  const rows = await db.rows<{ sourceId: string }>(sql`
    select source_id from (select distinct source_id from exported_facts) as customer order by random() limit ${limit}`);
  return rows.map(({ sourceId }) => sourceId);
}

/** Forgets what exports showed of these customers. */
export async function dropExportedFacts(db: Queryable, sourceIds: readonly string[]): Promise<void> {
  await db.rows(sql`delete from exported_facts where source_id = any(${texts(sourceIds)})`);
}

/** Forgets what exports showed of everybody. */
export async function dropAllExportedFacts(db: Queryable): Promise<void> {
  await db.rows(sql`delete from exported_facts`);
}
