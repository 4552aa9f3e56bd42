// The drifts table: customers that the destination holds otherwise than it acknowledged, until they are delivered again or
// found to be as they should. It knows rows; comparing is the core's.

import { type SQL, sql } from 'drizzle-orm';
import { check, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { DriftKind } from '../contract/drift.ts';
import type { Acknowledged, OpenOrAcknowledged } from '../contract/parts.ts';
import type { FieldDrift } from '../customer/drift.ts';
import { time } from '../db/column-types.ts';
import { jsonList, type Queryable, texts, toTimestamp } from '../db/database.ts';

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
    /** A person knows of it: who, when and why. It is open again when it changes. */
    acknowledgedAt: time('acknowledged_at'),
    acknowledgedBy: text('acknowledged_by'),
    acknowledgedReason: text('acknowledged_reason'),
  },
  (t) => [
    index('drifts_found').on(t.foundAt),
    check(
      'drifts_acknowledged',
      sql`num_nonnulls(acknowledged_at, acknowledged_by, acknowledged_reason) in (0, 3)`,
    ),
  ],
);

type Row = typeof drifts.$inferSelect;
export type DriftRow = Pick<Row, 'sourceId' | 'kind' | 'fields' | 'by'>;
export type KeptDrift = DriftRow & Pick<Row, 'foundAt'> & { acknowledged: Acknowledged | null };

/** Those of a state; of it those named by `sourceIds`, of a kind, and found by then, where that is said. */
export interface DriftFilter {
  state: OpenOrAcknowledged;
  sourceIds?: readonly string[] | undefined;
  kind?: DriftKind | undefined;
  foundUntil?: number | undefined;
}

export async function keepDrifts(db: Queryable, drifts: readonly DriftRow[], now: number): Promise<void> {
  if (drifts.length === 0) return;
  const unique = [...new Map(drifts.map((drift) => [drift.sourceId, drift])).values()];
  await db.rows(sql`
    insert into drifts (source_id, kind, fields, "by", found_at)
    select "sourceId", kind, fields, "by", ${toTimestamp(now)}
    from json_to_recordset(${jsonList(unique)}) as row ("sourceId" text, kind text, fields jsonb, "by" text)
    order by "sourceId"
    on conflict (source_id) do update set
      kind = excluded.kind, fields = excluded.fields, "by" = excluded."by",
      ${sql.join(
        ['found_at', 'acknowledged_at', 'acknowledged_by', 'acknowledged_reason'].map(keptWhereSame),
        sql`, `,
      )}`);
}

/** What was found before, and what a person said of it, stands while the difference is the same. */
function keptWhereSame(column: string): SQL {
  const name = sql.identifier(column);
  return sql`${name} = case when drifts.kind = excluded.kind and drifts.fields = excluded.fields then drifts.${name} else excluded.${name} end`;
}

/** A person knows of these and lets them be, until they change. Returns how many they are. */
export async function acknowledgeDrifts(
  db: Queryable,
  filter: Omit<DriftFilter, 'state'>,
  { at, by, reason }: Acknowledged,
): Promise<number> {
  const rows = await db.rows(sql`
    update drifts set acknowledged_at = ${toTimestamp(at)}, acknowledged_by = ${by}, acknowledged_reason = ${reason}
    where ${matches({ ...filter, state: 'open' })} returning source_id`);
  return rows.length;
}

/** They need a person again. Returns how many they are. */
export async function reopenDrifts(db: Queryable, filter: Omit<DriftFilter, 'state'>): Promise<number> {
  const rows = await db.rows(sql`
    update drifts set acknowledged_at = null, acknowledged_by = null, acknowledged_reason = null
    where ${matches({ ...filter, state: 'acknowledged' })} returning source_id`);
  return rows.length;
}

function matches({ state, sourceIds, kind, foundUntil }: DriftFilter): SQL {
  return sql.join(
    [
      state === 'open' ? sql`acknowledged_at is null` : sql`acknowledged_at is not null`,
      ...(sourceIds === undefined ? [] : [sql`source_id = any(${texts(sourceIds)})`]),
      ...(kind === undefined ? [] : [sql`kind = ${kind}`]),
      ...(foundUntil === undefined
        ? []
        : [sql`date_trunc('milliseconds', found_at) <= ${toTimestamp(foundUntil)}`]),
    ],
    sql` and `,
  );
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
  filter: DriftFilter,
  page: { after?: string | undefined; limit: number },
): Promise<KeptDrift[]> {
  const rows = await db.rows<Row>(sql`
    select source_id, kind, fields, "by", found_at, acknowledged_at, acknowledged_by, acknowledged_reason from drifts
    where ${matches(filter)} and ${page.after === undefined ? sql`true` : sql`source_id > ${page.after}`}
    order by source_id limit ${page.limit}`);
  return rows.map(({ acknowledgedAt: at, acknowledgedBy: by, acknowledgedReason: reason, ...row }) => ({
    ...row,
    acknowledged: at === null ? null : { at, by: by!, reason: reason! },
  }));
}

/** Those that nobody has acknowledged. */
export async function countDrifts(db: Queryable): Promise<{ kind: DriftKind; count: number }[]> {
  return db.rows(sql`
    select kind, count(*) as count from drifts where acknowledged_at is null group by kind order by kind`);
}

export async function countAcknowledgedDrifts(db: Queryable): Promise<number> {
  const [row] = await db.rows<{ count: number }>(sql`
    select count(*) as count from drifts where acknowledged_at is not null`);
  return row!.count;
}
