// What each revision of a customer changed, and what made it. The first needs no row: all before it is empty.
import { sql } from 'drizzle-orm';
import { boolean, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Changed } from '../customer/undo.ts';
import { time } from '../db/column-types.ts';
import { json, jsonList, type Queryable, toTimestamp } from '../db/database.ts';

/** What one revision of a customer changed; its first revision has none, since all before it is empty. */
export const revisions = pgTable(
  'revisions',
  {
    sourceId: text('source_id').notNull(),
    revision: integer().notNull(),
    at: time('at').notNull(),
    changed: jsonb().$type<Changed>().notNull(),
    cause: jsonb().$type<Cause>().notNull(),
    /** It left the customer without a record (true), or gave it one again or kept it without (false). Null: neither. */
    orphaned: boolean(),
  },
  (t) => [
    primaryKey({ columns: [t.sourceId, t.revision] }),
    // What a run changed is looked for to undo it.
    index('revisions_run')
      .on(sql`((${t.cause} ->> 'runId')::bigint)`, t.sourceId)
      .where(sql`${t.cause} ->> 'runId' is not null`),
  ],
);

/**
 * What made a revision: a record that came by a run, a value pinned or released by hand, a record parted by hand from the
 * one that took it over, a mapping that changed, a verification that healed, or an undo of a run.
 */
export type Cause =
  | { by: 'records'; source: string; stream: string; runId: number | null }
  | { by: 'pin'; field: string; note: string; released?: true }
  | { by: 'unmerge'; source: string; stream: string; recordId: string }
  | { by: 'remap'; source: string; runId: number | null }
  | { by: 'verification'; verificationId: number }
  | { by: 'undo'; source: string; runId: number; of: number };

export type Revision = typeof revisions.$inferSelect;

export async function keepRevisions(
  db: Queryable,
  rows: readonly { sourceId: string; revision: number; changed: Changed; turned?: boolean | null }[],
  context: { cause: Cause; now: number },
): Promise<void> {
  if (rows.length === 0) return;
  await db.rows(sql`
    insert into revisions (source_id, revision, at, changed, cause, orphaned)
    select "sourceId", revision, ${toTimestamp(context.now)}, changed, ${json(context.cause)}, turned
    from json_to_recordset(${jsonList(rows)}) as row ("sourceId" text, revision int, changed jsonb, turned boolean)`);
}

/** A customer's revisions, newest first, before `before` where given. */
export async function revisionsOf(
  db: Queryable,
  sourceId: string,
  page: { before?: number | undefined; limit: number },
): Promise<Revision[]> {
  return db.rows(sql`
    select source_id, revision, at, changed, cause from revisions
    where source_id = ${sourceId} and ${page.before === undefined ? sql`true` : sql`revision < ${page.before}`}
    order by revision desc limit ${page.limit}`);
}

/** Forgets the history of a customer who is erased. Returns how many revisions there were. */
export async function forgetRevisions(db: Queryable, sourceId: string): Promise<number> {
  const rows = await db.rows(sql`delete from revisions where source_id = ${sourceId} returning revision`);
  return rows.length;
}

/** Of so many later revisions, the share that changed part of an object, 0 to 1; null where there are none. */
export async function nestedShare(db: Queryable, limit: number): Promise<number | null> {
  const [row] = await db.rows<{ share: number | null }>(sql`
    select avg(case when exists(select 1 from jsonb_object_keys(changed) as field where field like '%.%') then 1 else 0 end)::float8 as share
    from (select changed from revisions where revision > 1 limit ${limit}) as sampled`);
  return row?.share ?? null;
}
