// The alarm_notices table: what is to be told of alarms, one row for each target until it has accepted it.
import { sql } from 'drizzle-orm';
import { integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { JsonObject } from '../connector.ts';
import { time } from '../db/column-types.ts';
import { type Database, jsonList, type Queryable, texts, toTimestamp } from '../db/database.ts';

/** Notices that their target has not accepted yet. */
export const alarmNotices = pgTable('alarm_notices', {
  id: uuid().primaryKey().defaultRandom(),
  /** Its name in the configuration. */
  target: text().notNull(),
  body: jsonb().$type<JsonObject>().notNull(),
  madeAt: time('made_at').notNull(),
  dueAt: time('due_at').notNull(),
  attempts: integer().notNull().default(0),
  error: text(),
});

export async function keepNotices(
  tx: Queryable,
  notices: readonly { target: string; body: JsonObject }[],
  now: number,
): Promise<void> {
  if (notices.length === 0) return;
  await tx.rows(sql`
    insert into alarm_notices (target, body, made_at, due_at)
    select target, body, ${toTimestamp(now)}, ${toTimestamp(now)}
    from json_to_recordset(${jsonList(notices)}) as notice (target text, body jsonb)`);
}

export interface Notice {
  id: string;
  target: string;
  body: JsonObject;
  madeAt: number;
  attempts: number;
}

/** The oldest notice that is due to one of these targets, put off for `leaseMs`; null where there is none. */
export async function claimNotice(
  db: Database,
  { targets, now, leaseMs }: { targets: readonly string[]; now: number; leaseMs: number },
): Promise<Notice | null> {
  const [notice] = await db.rows<Notice>(sql`
    update alarm_notices set due_at = ${toTimestamp(now + leaseMs)}, attempts = attempts + 1
    where id = (
      select id from alarm_notices where due_at <= ${toTimestamp(now)} and target = any(${texts(targets)})
      order by due_at limit 1 for update skip locked)
    returning id, target, body, made_at, attempts`);
  return notice ?? null;
}

export async function putOffNotice(db: Database, id: string, dueAt: number, error: string): Promise<void> {
  await db.rows(sql`
    update alarm_notices set due_at = ${toTimestamp(dueAt)}, error = ${error} where id = ${id}::uuid`);
}

/** It was accepted, or nobody waits for it any more. */
export async function dropNotice(db: Database, id: string): Promise<void> {
  await db.rows(sql`delete from alarm_notices where id = ${id}::uuid`);
}

/** Those to targets that are no longer configured stay until then. */
export async function dropOldNotices(db: Queryable, before: number): Promise<void> {
  await db.rows(sql`delete from alarm_notices where made_at < ${toTimestamp(before)}`);
}
