// Values that a person has set by hand: each wins over every record until it is released.
import { sql } from 'drizzle-orm';
import { jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Fields, Json } from '../connector.ts';
import { time } from '../db/column-types.ts';
import { json, type Queryable, texts, toTimestamp } from '../db/database.ts';

/** A value that a person has set by hand: it wins until it is released. */
export const pins = pgTable(
  'pins',
  {
    sourceId: text('source_id').notNull(),
    field: text().notNull(),
    value: jsonb().$type<Json>().notNull(),
    /** Why, in the person's words. */
    note: text().notNull(),
    pinnedAt: time('pinned_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.sourceId, t.field] })],
);

export type Pin = Omit<typeof pins.$inferSelect, 'sourceId'>;

/** Pinned values by source ID and field. */
export async function pinsOf(db: Queryable, sourceIds: readonly string[]): Promise<Map<string, Fields>> {
  const rows = await db.rows<{ sourceId: string; fields: Fields }>(sql`
    select source_id, jsonb_object_agg(field, value) as fields from pins
    where source_id = any(${texts(sourceIds)}) group by source_id`);
  return new Map(rows.map((row) => [row.sourceId, row.fields]));
}

export async function pinsOfOne(db: Queryable, sourceId: string): Promise<Pin[]> {
  return db.rows(sql`
    select field, value, note, pinned_at from pins where source_id = ${sourceId} order by field`);
}

/** Sets or replaces a pin. The caller folds the customer anew in the same transaction. */
export async function setPins(
  db: Queryable,
  pins: readonly { sourceId: string; field: string; value: Json; note: string }[],
  now: number,
): Promise<void> {
  if (pins.length === 0) return;
  await db.rows(sql`
    insert into pins (source_id, field, value, note, pinned_at)
    select "sourceId", field, coalesce(value, 'null'), note, ${toTimestamp(now)}
    from jsonb_to_recordset(${json(pins)}) as row ("sourceId" text, field text, value jsonb, note text)
    order by "sourceId", field
    on conflict (source_id, field) do update set value = excluded.value, note = excluded.note, pinned_at = excluded.pinned_at`);
}

/** Releases a pin; false where there was none. */
export async function releasePin(db: Queryable, sourceId: string, field: string): Promise<boolean> {
  return (
    (await db.rows(sql`delete from pins where source_id = ${sourceId} and field = ${field} returning field`))
      .length > 0
  );
}

/** Forgets what was set by hand for a customer who is erased. Returns how many values there were. */
export async function forgetPins(db: Queryable, sourceId: string): Promise<number> {
  const rows = await db.rows(sql`delete from pins where source_id = ${sourceId} returning field`);
  return rows.length;
}
