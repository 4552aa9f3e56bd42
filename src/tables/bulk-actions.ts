// Bulk actions of the destination that are ours, kept for a day: an action that is looked up is none of them.
import { sql } from 'drizzle-orm';
import { pgTable, text } from 'drizzle-orm/pg-core';
import { time } from '../db/column-types.ts';
import { type Queryable, texts, toTimestamp } from '../db/database.ts';

export const bulkActions = pgTable('bulk_actions', {
  actionId: text('action_id').primaryKey(),
  namedAt: time('named_at').notNull(),
});

/** No action that is looked up is as old as this. */
const keptMs = 24 * 3_600_000;

/** Keeps it as ours. False where it is already. */
export async function keepActionId(db: Queryable, actionId: string, now: number): Promise<boolean> {
  await db.rows(sql`delete from bulk_actions where named_at < ${toTimestamp(now - keptMs)}`);
  const rows = await db.rows(sql`
    insert into bulk_actions (action_id, named_at) values (${actionId}, ${toTimestamp(now)})
    on conflict do nothing returning action_id`);
  return rows.length === 1;
}

/** Those of them that are ours. */
export async function ownAmong(db: Queryable, actionIds: readonly string[]): Promise<Set<string>> {
  if (actionIds.length === 0) return new Set();
  const rows = await db.rows<{ actionId: string }>(sql`
    select action_id from bulk_actions where action_id = any(${texts(actionIds)})`);
  return new Set(rows.map((row) => row.actionId));
}
