// The holds table: which customers wait for a person because too many lost the same thing, and what was decided. It
// knows neither the ceiling nor what is sent.

import { type SQL, sql } from 'drizzle-orm';
import { bigint, check, index, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { Hold, HoldGroup } from '../contract/hold.ts';
import { segmentOf } from '../customer/losses.ts';
import { time } from '../db/column-types.ts';
import { jsonList, type Queryable, texts, toTimestamp } from '../db/database.ts';
import { deleted, type Loss } from './breaker.ts';
import type { Revised } from './customers.ts';

/** A delivery held by the mass-change breaker until a person decides. */
export const holds = pgTable(
  'holds',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    sourceId: text('source_id').notNull(),
    source: text().notNull(),
    runId: bigint('run_id', { mode: 'number' }),
    /** `deleted`, the field blanked, or the segment entered or left; see `segmentChange`. */
    change: text().notNull(),
    /** The value that would go, where it is a field; of a segment its name, and what the destination has of its fields. */
    from: jsonb(),
    heldAt: time('held_at').notNull(),
    decidedAt: time('decided_at'),
    /** released, refused, or dissolved: the sources took it back themselves. */
    decision: text(),
  },
  (t) => [
    uniqueIndex('holds_open').on(t.sourceId, t.change).where(sql`${t.decidedAt} is null`),
    index('holds_run').on(t.runId).where(sql`${t.decidedAt} is null`),
    check('holds_decided', sql`(${t.decidedAt} is null) = (${t.decision} is null)`),
  ],
);

/** Which open holds are meant; what is left out restricts nothing. */
export interface HoldFilter {
  ids?: readonly number[] | undefined;
  runId?: number | undefined;
  change?: string | undefined;
}

interface StandingMoves {
  standing: readonly Pick<Loss, 'sourceId' | 'change'>[];
  looked: ReadonlySet<string>;
}

export type Decision = 'released' | 'refused';

const columns = sql`id, source_id, source, run_id, change, "from", held_at`;

const fitting = ({ ids, runId, change }: HoldFilter): SQL => sql`decided_at is null
  and ${ids === undefined ? sql`true` : sql`id in (select value::text::bigint from json_array_elements(${jsonList(ids)}))`}
  and ${runId === undefined ? sql`true` : sql`run_id = ${runId}::bigint`}
  and ${change === undefined ? sql`true` : sql`change = ${change}`}`;

/** Holds these losses; one that is held already stays as it is. */
export async function keepHolds(
  db: Queryable,
  losses: readonly Loss[],
  by: { source: string; runId: number | null; now: number },
): Promise<void> {
  if (losses.length === 0) return;
  await db.rows(sql`
    insert into holds (source_id, source, run_id, change, "from", held_at)
    select "sourceId", ${by.source}, ${by.runId}::bigint, change, "from", ${toTimestamp(by.now)}
    from json_to_recordset(${jsonList(losses)}) as row ("sourceId" text, change text, "from" jsonb)
    order by "sourceId", change
    on conflict (source_id, change) where decided_at is null do nothing`);
}

/**
 * Ends the holds whose loss is none any more. `standing`: the moves into and out of segments that the customers `looked` at
 * still make. Returns the customers they were of.
 */
export async function dissolveHolds(
  db: Queryable,
  revised: readonly Revised[],
  { now, ...moves }: { now: number } & StandingMoves,
): Promise<string[]> {
  const takenBack = revised.flatMap(({ sourceId, cameBack, changed }) => [
    ...(cameBack ? [{ sourceId, change: deleted }] : []),
    ...Object.entries(changed).flatMap(([change, { to = null }]) =>
      to === null ? [] : [{ sourceId, change }],
    ),
  ]);
  if (revised.length === 0 || !(await someAreOpen(db))) return [];
  takenBack.push(...(await movesOver(db, moves)));
  if (takenBack.length === 0) return [];
  const rows = await db.rows<{ sourceId: string }>(sql`
    update holds set decided_at = ${toTimestamp(now)}, decision = 'dissolved'
    from json_to_recordset(${jsonList(takenBack)}) as row ("sourceId" text, change text)
    where holds.source_id = row."sourceId" and holds.change = row.change and decided_at is null
    returning holds.source_id`);
  return rows.map((row) => row.sourceId);
}

/** Held moves of these customers that they do not make any more. */
async function movesOver(
  db: Queryable,
  { standing, looked }: StandingMoves,
): Promise<{ sourceId: string; change: string }[]> {
  if (looked.size === 0) return [];
  const held = await db.rows<{ sourceId: string; change: string }>(sql`
    select source_id, change from holds
    where decided_at is null and source_id = any(${texts([...looked])})`);
  const stands = new Set(standing.map(({ sourceId, change }) => `${sourceId}\n${change}`));
  return held.filter(
    ({ sourceId, change }) => segmentOf(change) !== null && !stands.has(`${sourceId}\n${change}`),
  );
}

/** Almost always none is: then a page costs this one look at an empty index. */
async function someAreOpen(db: Queryable): Promise<boolean> {
  const [row] = await db.rows<{ open: boolean }>(
    sql`select exists(select 1 from holds where decided_at is null) as open`,
  );
  return row?.open ?? false;
}

/** Decides up to `most` of the open holds that fit, the oldest first, and returns them. */
export async function decideHolds(
  db: Queryable,
  which: HoldFilter,
  decision: Decision,
  { most, now }: { most: number; now: number },
): Promise<Hold[]> {
  return db.rows<Hold>(sql`
    update holds set decided_at = ${toTimestamp(now)}, decision = ${decision}
    where id in (select id from holds where ${fitting(which)} order by id limit ${most} for update)
    returning ${columns}`);
}

/** Open holds, the newest first, those before `before`. */
export async function listHolds(
  db: Queryable,
  which: HoldFilter,
  page: { before?: number | undefined; limit: number },
): Promise<Hold[]> {
  return db.rows(sql`
    select ${columns} from holds
    where ${fitting(which)} and ${page.before === undefined ? sql`true` : sql`id < ${page.before}::bigint`}
    order by id desc limit ${page.limit}`);
}

/** Open holds by run and by what is lost, the most first, each group with its first three. */
export async function groupHolds(db: Queryable, which: HoldFilter): Promise<HoldGroup[]> {
  return db.rows(sql`
    select source, run_id, change, count(*) as open, min(held_at) as first_held_at,
           jsonb_agg(jsonb_build_object('sourceId', source_id, 'from', "from") order by id) filter (where place <= 3) as samples
    from (select *, row_number() over (partition by source, run_id, change order by id) as place from holds where ${fitting(which)}) as placed
    group by source, run_id, change order by count(*) desc, run_id desc, change limit 200`);
}

export async function countHolds(db: Queryable): Promise<{ open: number; customers: number }> {
  const [row] = await db.rows<{ open: number; customers: number }>(sql`
    select count(*) as open, count(distinct source_id) as customers from holds where decided_at is null`);
  return row ?? { open: 0, customers: 0 };
}

/** Forgets every hold of these customers, with the values in it. Returns how many there were. */
export async function dropHolds(db: Queryable, sourceIds: readonly string[]): Promise<number> {
  const rows = await db.rows(sql`delete from holds where source_id = any(${texts(sourceIds)}) returning id`);
  return rows.length;
}

/** The source has a new name. */
export async function renameSourceInHolds(db: Queryable, from: string, to: string): Promise<void> {
  await db.rows(sql`update holds set source = ${to} where source = ${from}`);
}
