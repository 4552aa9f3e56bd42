// The audit table: who changed what, and how it was answered. It holds no value of a customer, only whom it was done to.
import { sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, smallint, text } from 'drizzle-orm/pg-core';
import { type AuditEntry, roles } from '../contract/access.ts';
import { time } from '../db/column-types.ts';
import { json, type Queryable, texts, toTimestamp } from '../db/database.ts';

/** What people and programs changed through the API and the pages. */
export const audit = pgTable(
  'audit',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: time().notNull(),
    /** The name of the token. */
    token: text().notNull(),
    role: text({ enum: roles }).notNull(),
    /** The method and the route, without names. */
    action: text().notNull(),
    /** What stood in the places of the route. */
    targets: jsonb().$type<string[]>().notNull(),
    status: smallint().notNull(),
  },
  (t) => [index('audit_at').on(t.at)],
);

export async function keepEntry(db: Queryable, entry: Omit<AuditEntry, 'id'>): Promise<void> {
  const { at, by, role, action, targets, status } = entry;
  await db.rows(sql`
    insert into audit (at, token, role, action, targets, status)
    values (${toTimestamp(at)}, ${by}, ${role}, ${action}, ${json(targets)}, ${status})`);
}

/** The newest first. */
export async function listEntries(
  db: Queryable,
  { by, before, limit }: { by?: string | undefined; before?: number | undefined; limit: number },
): Promise<AuditEntry[]> {
  const ofToken = by === undefined ? sql`true` : sql`token = ${by}`;
  const older = before === undefined ? sql`true` : sql`id < ${before}`;
  return db.rows(sql`
    select id, at, token as "by", role, action, targets, status from audit where ${ofToken} and ${older}
    order by id desc limit ${limit}`);
}

/** Of a customer who is erased it stays that something was done, not to whom. */
export async function forgetInAudit(db: Queryable, names: readonly string[]): Promise<number> {
  if (names.length === 0) return 0;
  const rows = await db.rows(sql`
    update audit set targets = '[]' where jsonb_exists_any(targets, ${texts(names)})
    returning id`);
  return rows.length;
}

/** Returns how many were deleted, at most 10,000 at once. */
export async function forgetOldEntries(db: Queryable, before: number): Promise<number> {
  const rows = await db.rows(sql`
    delete from audit where id in (select id from audit where at < ${toTimestamp(before)} order by at limit 10000)
    returning id`);
  return rows.length;
}
