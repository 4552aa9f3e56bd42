// The destination_customers table: of each customer that a reading of the destination showed, what it holds in the objects
// that we write in part. It knows rows, and neither who read them nor when they are read again.
import { sql } from 'drizzle-orm';
import { jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { Fields } from '../connector.ts';
import { time } from '../db/column-types.ts';
import { jsonList, type Queryable, texts, toTimestamp } from '../db/database.ts';

export const destinationCustomers = pgTable('destination_customers', {
  sourceId: text('source_id').primaryKey(),
  /** Metadata keys and address parts alone, ours and others'. Null: not all of it can be kept as it is, so it is to be read. */
  fields: jsonb().$type<Fields>(),
  readAt: time('read_at').notNull(),
});

export type KnownParts = typeof destinationCustomers.$inferSelect;
export type ShownParts = Omit<KnownParts, 'readAt'>;

/** Keeps what a page shows. A page that was asked for earlier never replaces what a later one showed. */
export async function keepParts(db: Queryable, shown: readonly ShownParts[], readAt: number): Promise<void> {
  if (shown.length === 0) return;
  const unique = [...new Map(shown.map((one) => [one.sourceId, one])).values()];
  await db.rows(sql`
    insert into destination_customers (source_id, fields, read_at)
    select "sourceId", fields, ${toTimestamp(readAt)}
    from json_to_recordset(${jsonList(unique)}) as row ("sourceId" text, fields jsonb) order by "sourceId"
    on conflict (source_id) do update set fields = excluded.fields, read_at = excluded.read_at
    where destination_customers.read_at <= excluded.read_at`);
}

export async function partsOf(
  db: Queryable,
  sourceIds: readonly string[],
): Promise<Map<string, KnownParts & { acknowledged: Fields | null; acknowledgedAt: number | null }>> {
  const rows = await db.rows<KnownParts & { acknowledged: Fields | null; acknowledgedAt: number | null }>(sql`
    select there.source_id, there.fields, read_at, acknowledgements.fields as acknowledged, acknowledged_at
    from destination_customers as there left join acknowledgements using (source_id)
    where there.source_id = any(${texts(sourceIds)})`);
  return new Map(rows.map((row) => [row.sourceId, row]));
}

/** How many customers the destination holds as far as we know: those that were shown, and those that it acknowledged. */
export async function countKnown(db: Queryable): Promise<number> {
  const [row] = await db.rows<{ count: number }>(sql`
    select ((select count(*) from destination_customers)
      + (select count(*) from acknowledgements where not exists (
          select 1 from destination_customers as there where there.source_id = acknowledgements.source_id)))::float8 as count`);
  return row?.count ?? 0;
}

/** They are gone at the destination. */
export async function forgetParts(db: Queryable, sourceIds: readonly string[]): Promise<number> {
  if (sourceIds.length === 0) return 0;
  const rows = await db.rows(
    sql`delete from destination_customers where source_id = any(${texts(sourceIds)}) returning source_id`,
  );
  return rows.length;
}

/** The destination is another project, or is read again. */
export async function forgetAllParts(db: Queryable): Promise<void> {
  await db.rows(sql`delete from destination_customers`);
}
