// Values that stand in place of what records say: those that a person has set by hand, until they are released, and those that
// an undo brought back, until the records say something else. A field has one of them.
import { sql } from 'drizzle-orm';
import { bigint, check, index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Json } from '../connector.ts';
import type { Overrides, UndoneFields } from '../customer/undo.ts';
import { time } from '../db/column-types.ts';
import { jsonList, type Queryable, texts, toTimestamp } from '../db/database.ts';

/** A value that a person has set by hand, or that an undo brought back. */
export const pins = pgTable(
  'pins',
  {
    sourceId: text('source_id').notNull(),
    field: text().notNull(),
    /** Null where an undo brought back that the field is in no contribution. */
    value: jsonb().$type<Json>(),
    /** Why, in the person's words. */
    note: text().notNull(),
    pinnedAt: time('pinned_at').notNull(),
    /** The run that brought the value back; null where a person set it. */
    undoRunId: bigint('undo_run_id', { mode: 'number' }),
    /** What the records gave then: while they do, the value stands. Null: the field is in no contribution. */
    insteadOf: jsonb('instead_of').$type<Json>(),
  },
  (t) => [
    primaryKey({ columns: [t.sourceId, t.field] }),
    index('pins_undo').on(t.undoRunId).where(sql`${t.undoRunId} is not null`),
    check(
      'pins_value',
      sql`${t.undoRunId} is not null or (${t.value} is not null and ${t.insteadOf} is null)`,
    ),
  ],
);

export type Pin = Omit<typeof pins.$inferSelect, 'sourceId'>;

/** What stands in place of records, by source ID. */
export async function overridesOf(
  db: Queryable,
  sourceIds: readonly string[],
): Promise<Map<string, Overrides>> {
  const rows = await db.rows<{ sourceId: string } & Overrides>(sql`
    select source_id,
      coalesce(jsonb_object_agg(field, value) filter (where undo_run_id is null), '{}') as pins,
      coalesce(jsonb_object_agg(field,
        jsonb_build_object('runId', undo_run_id)
        || case when value is null then '{}' else jsonb_build_object('value', value) end
        || case when instead_of is null then '{}' else jsonb_build_object('insteadOf', instead_of) end
      ) filter (where undo_run_id is not null), '{}') as undone
    from pins where source_id = any(${texts(sourceIds)}) group by source_id`);
  return new Map(rows.map(({ sourceId, ...overrides }) => [sourceId, overrides]));
}

export async function pinsOfOne(db: Queryable, sourceId: string): Promise<Pin[]> {
  return db.rows(sql`
    select field, value, note, pinned_at, undo_run_id, instead_of from pins
    where source_id = ${sourceId} order by field`);
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
    from json_to_recordset(${jsonList(pins)}) as row ("sourceId" text, field text, value jsonb, note text)
    order by "sourceId", field
    on conflict (source_id, field) do update set
      value = excluded.value, note = excluded.note, pinned_at = excluded.pinned_at, undo_run_id = null, instead_of = null`);
}

/** Has these values stand in place of what records say. A person's pin stays. The caller folds the customers anew. */
export async function setUndone(
  db: Queryable,
  undone: ReadonlyMap<string, UndoneFields>,
  { note, now }: { note: string; now: number },
): Promise<void> {
  const rows = [...undone].flatMap(([sourceId, fields]) =>
    Object.entries(fields).map(([field, one]) => ({ sourceId, field, ...one })),
  );
  if (rows.length === 0) return;
  // Taken out by "->", a null of JSON is one, and what is missing is none.
  await db.rows(sql`
    insert into pins (source_id, field, value, note, pinned_at, undo_run_id, instead_of)
    select row ->> 'sourceId', row ->> 'field', row -> 'value', ${note}, ${toTimestamp(now)}, (row ->> 'runId')::bigint, row -> 'insteadOf'
    from json_array_elements(${jsonList(rows)}) as row
    order by 1, 2
    on conflict (source_id, field) do update set
      value = excluded.value, note = excluded.note, pinned_at = excluded.pinned_at,
      undo_run_id = excluded.undo_run_id, instead_of = excluded.instead_of
    where pins.undo_run_id is not null`);
}

/** These undone values stand no more. */
export async function dropUndone(
  db: Queryable,
  fields: readonly { sourceId: string; field: string }[],
): Promise<void> {
  if (fields.length === 0) return;
  await db.rows(sql`
    delete from pins using json_to_recordset(${jsonList(fields)}) as row ("sourceId" text, field text)
    where pins.source_id = row."sourceId" and pins.field = row.field and undo_run_id is not null`);
}

/** How many values each of these undo runs still keeps in place of what records say, and of how many customers. */
export async function countUndone(
  db: Queryable,
  runIds: readonly number[],
): Promise<Map<number, { values: number; customers: number }>> {
  const rows = await db.rows<{ runId: number; values: number; customers: number }>(sql`
    select undo_run_id as run_id, count(*) as values, count(distinct source_id) as customers from pins
    where undo_run_id in (select value::text::bigint from json_array_elements(${jsonList(runIds)})) group by undo_run_id`);
  return new Map(rows.map(({ runId, ...counts }) => [runId, counts]));
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
