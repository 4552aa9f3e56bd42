// The drifts table: customers that the destination holds otherwise than it acknowledged, until they are delivered again or
// found to be as they should. It knows rows; comparing is the core's.

import { sql } from 'drizzle-orm';
import { index, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { DriftKind } from '../contract/drift.ts';
import type { FieldDrift } from '../customer/drift.ts';
import { time } from '../db/column-types.ts';
import { json, type Queryable, texts, toTimestamp } from '../db/database.ts';

/** Customers that the destination holds otherwise than it acknowledged, until that is over. */
export const drifts = pgTable(
  'drifts',
  {
    sourceId: text('source_id').primaryKey(),
    /** differs, deleted (gone at the destination), unknown (nothing acknowledged of it) */
    kind: text().$type<DriftKind>().notNull(),
    fields: jsonb().$type<{ [field: string]: FieldDrift }>().notNull(),
    /** What found it: `webhook`, or `verification 7`. */
    by: text().notNull(),
    foundAt: time('found_at').notNull(),
  },
  (t) => [index('drifts_found').on(t.foundAt)],
);

export type KeptDrift = typeof drifts.$inferSelect;
export type DriftRow = Omit<KeptDrift, 'foundAt'>;

export async function keepDrifts(db: Queryable, drifts: readonly DriftRow[], now: number): Promise<void> {
  if (drifts.length === 0) return;
  const unique = [...new Map(drifts.map((drift) => [drift.sourceId, drift])).values()];
  await db.rows(sql`
    insert into drifts (source_id, kind, fields, "by", found_at)
    select "sourceId", kind, fields, "by", ${toTimestamp(now)}
    from jsonb_to_recordset(${json(unique)}) as row ("sourceId" text, kind text, fields jsonb, "by" text)
    order by "sourceId"
    on conflict (source_id) do update set
      kind = excluded.kind, fields = excluded.fields, "by" = excluded."by",
      found_at = case when drifts.kind = excluded.kind and drifts.fields = excluded.fields then drifts.found_at else excluded.found_at end`);
}

/** These customers are as they should be, or were delivered again. */
export async function endDrifts(db: Queryable, sourceIds: readonly string[]): Promise<void> {
  if (sourceIds.length === 0) return;
  await db.rows(sql`delete from drifts where source_id = any(${texts(sourceIds)})`);
}

/** Fields that were found gone from customers that held them, by a verification for example. */
export async function lostFields(db: Queryable, by: string): Promise<string[]> {
  const rows = await db.rows<{ field: string }>(sql`
    select distinct field.key as field from drifts, jsonb_each(fields) as field
    where "by" = ${by} and kind = 'differs' and field.value -> 'found' = 'null'::jsonb and field.value -> 'expected' <> 'null'::jsonb`);
  return rows.map(({ field }) => field);
}

/** By source ID, those after `after`. */
export async function listDrifts(
  db: Queryable,
  page: { after?: string | undefined; limit: number },
): Promise<KeptDrift[]> {
  return db.rows(sql`
    select source_id, kind, fields, "by", found_at from drifts
    where ${page.after === undefined ? sql`true` : sql`source_id > ${page.after}`}
    order by source_id limit ${page.limit}`);
}

export async function countDrifts(db: Queryable): Promise<{ kind: DriftKind; count: number }[]> {
  return db.rows(sql`select kind, count(*) as count from drifts group by kind order by kind`);
}
