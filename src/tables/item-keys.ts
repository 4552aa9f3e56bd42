// Which items have come: each by the vendor's name for it, hashed, until the vendor does not send it again. It knows no
// vendor; what the name is made of is the connector's word.
import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { bigint, index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { time } from '../db/column-types.ts';
import { jsonList, type Queryable, toTimestamp } from '../db/database.ts';

/** Items that have come, by the vendor's name for each, so that a repeat is known for one. */
export const itemKeys = pgTable(
  'item_keys',
  {
    source: text().notNull(),
    key: text().notNull(),
    /** The request that brought it first: a replay of it is no repeat. */
    inboxId: bigint('inbox_id', { mode: 'number' }).notNull(),
    /** The vendor does not send it again after that. */
    expiresAt: time('expires_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.source, t.key] }), index('item_keys_expired').on(t.expiresAt)],
);

/** A name as it is kept: of fixed length, and telling nothing of a person. */
export function hashedKey(name: string): string {
  return createHash('sha256').update(name).digest('base64').slice(0, 27);
}

/**
 * Notes these items, each key once, in one order for all workers. Returns the keys that are new, or that came first with
 * the request that brings them now: it is opened again. Another worker that notes the same key at once is waited for.
 */
export async function noteKeys(
  db: Queryable,
  source: string,
  items: readonly { key: string; inboxId: number }[],
  { now, expiresAt }: { now: number; expiresAt: number },
): Promise<Set<string>> {
  if (items.length === 0) return new Set();
  const rows = await db.rows<{ key: string }>(sql`
    insert into item_keys (source, key, inbox_id, expires_at)
    select ${source}, key, "inboxId", ${toTimestamp(expiresAt)}
    from json_to_recordset(${jsonList(items)}) as row (key text, "inboxId" bigint) order by key
    on conflict (source, key) do update set inbox_id = excluded.inbox_id, expires_at = excluded.expires_at
    where item_keys.inbox_id = excluded.inbox_id or item_keys.expires_at <= ${toTimestamp(now)}
    returning key`);
  return new Set(rows.map((row) => row.key));
}

/** Forgets keys whose time is over, ten thousand a call. */
export async function forgetKeys(db: Queryable, now: number): Promise<number> {
  const rows = await db.rows(sql`
    delete from item_keys where (source, key) in (
      select source, key from item_keys where expires_at <= ${toTimestamp(now)} limit 10000)
    returning key`);
  return rows.length;
}

/** The source has a new name. */
export async function renameSourceInItemKeys(db: Queryable, from: string, to: string): Promise<void> {
  await db.rows(sql`update item_keys set source = ${to} where source = ${from}`);
}
