// The spared_values table: what an undo left as it was, and why. Written in the transaction that undoes the rest of the customer.
import { sql } from 'drizzle-orm';
import { bigint, check, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { sparedReasons } from '../contract/undo.ts';
import type { Spared } from '../customer/undo.ts';
import { isOneOf } from '../db/column-types.ts';
import { jsonList, type Queryable } from '../db/database.ts';

/** What an undo left as it was. */
export const sparedValues = pgTable(
  'spared_values',
  {
    /** The undo. */
    runId: bigint('run_id', { mode: 'number' }).notNull(),
    sourceId: text('source_id').notNull(),
    /** Empty: the customer itself. */
    field: text().notNull(),
    because: text({ enum: sparedReasons }).notNull(),
    /** Who changed it since, in words. */
    by: text().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.runId, t.sourceId, t.field] }),
    check('spared_values_because', isOneOf(t.because, sparedReasons)),
  ],
);

export type SparedValue = Spared & { sourceId: string };

export async function keepSpared(
  db: Queryable,
  runId: number,
  spared: readonly SparedValue[],
): Promise<void> {
  if (spared.length === 0) return;
  const rows = spared.map((one) => ({ ...one, field: one.field ?? '' }));
  await db.rows(sql`
    insert into spared_values (run_id, source_id, field, because, "by")
    select ${runId}::bigint, "sourceId", field, because, "by"
    from json_to_recordset(${jsonList(rows)}) as row ("sourceId" text, field text, because text, "by" text)
    order by "sourceId", field on conflict do nothing`);
}

/** In the order of source IDs and fields, those after `after`. */
export async function listSpared(
  db: Queryable,
  runId: number,
  page: { after?: { sourceId: string; field: string } | undefined; limit: number },
): Promise<SparedValue[]> {
  const { after, limit } = page;
  return db.rows(sql`
    select source_id, nullif(field, '') as field, because, "by" from spared_values
    where run_id = ${runId}::bigint
      and ${after === undefined ? sql`true` : sql`(source_id, field) > (${after.sourceId}, ${after.field})`}
    order by source_id, spared_values.field limit ${limit}`);
}

/** By undo, how much was left for each reason. */
export async function countSpared(
  db: Queryable,
  runIds: readonly number[],
): Promise<Map<number, { because: Spared['because']; count: number }[]>> {
  const rows = await db.rows<{ runId: number; because: Spared['because']; count: number }>(sql`
    select run_id, because, count(*) as count from spared_values
    where run_id in (select value::text::bigint from json_array_elements(${jsonList(runIds)}))
    group by run_id, because order by run_id, because`);
  const byRun = Map.groupBy(rows, ({ runId }) => runId);
  return new Map([...byRun].map(([id, own]) => [id, own.map(({ because, count }) => ({ because, count }))]));
}

/** Forgets a customer who is erased. */
export async function forgetSpared(db: Queryable, sourceId: string): Promise<void> {
  await db.rows(sql`delete from spared_values where source_id = ${sourceId}`);
}
