// Where each reader of a stream goes on. A cursor moves only in the transaction that keeps its page.
import { sql } from 'drizzle-orm';
import { jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Json } from '../connector.ts';
import { time } from '../db/column-types.ts';
import { json, type Queryable, toTimestamp } from '../db/database.ts';

/** Where a reader of a stream goes on. `reader`: lead, trail, full, tombstones, remap, undo. */
export const checkpoints = pgTable(
  'checkpoints',
  {
    source: text().notNull(),
    stream: text().notNull(),
    reader: text().notNull(),
    cursor: jsonb().$type<Json>().notNull(),
    /** When this reader last came to rest. */
    restedAt: time('rested_at'),
    updatedAt: time('updated_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.source, t.stream, t.reader] })],
);

/**
 * lead: what changed, up to now. trail: the same again once the vendor's index has settled. full: everything, from the
 * start. tombstones: what the source says is gone. remap: stored records, by a mapping that changed. undo: customers of a run that
 * is undone.
 */
export type Reader = 'lead' | 'trail' | 'full' | 'tombstones' | 'remap' | 'undo';

export type Checkpoint = Pick<typeof checkpoints.$inferSelect, 'cursor' | 'restedAt'>;

export async function checkpoint(
  db: Queryable,
  source: string,
  stream: string,
  reader: Reader,
): Promise<Checkpoint | null> {
  const [row] = await db.rows<Checkpoint>(sql`
    select cursor, rested_at from checkpoints
    where source = ${source} and stream = ${stream} and reader = ${reader}`);
  return row ?? null;
}

/** All readers of a source, by stream. */
export async function listCheckpoints(
  db: Queryable,
  source: string,
): Promise<(typeof checkpoints.$inferSelect)[]> {
  return db.rows(sql`
    select source, stream, reader, cursor, rested_at, updated_at from checkpoints
    where source = ${source} order by stream, reader`);
}

export async function moveCheckpoint(
  db: Queryable,
  key: { source: string; stream: string; reader: Reader },
  to: { cursor: Json; done: boolean; now: number },
): Promise<void> {
  await db.rows(sql`
    insert into checkpoints (source, stream, reader, cursor, rested_at, updated_at)
    values (${key.source}, ${key.stream}, ${key.reader}, ${json(to.cursor)}, ${to.done ? toTimestamp(to.now) : null}, ${toTimestamp(to.now)})
    on conflict (source, stream, reader) do update set
      cursor = excluded.cursor, rested_at = coalesce(excluded.rested_at, checkpoints.rested_at), updated_at = excluded.updated_at`);
}

export async function dropCheckpoint(
  db: Queryable,
  source: string,
  stream: string,
  reader: Reader,
): Promise<void> {
  await db.rows(
    sql`delete from checkpoints where source = ${source} and stream = ${stream} and reader = ${reader}`,
  );
}

/** Drops every checkpoint of a source. */
export async function dropCheckpoints(db: Queryable, source: string): Promise<void> {
  await db.rows(sql`delete from checkpoints where source = ${source}`);
}

/** The source has a new name. */
export async function renameSourceInCheckpoints(db: Queryable, from: string, to: string): Promise<void> {
  await db.rows(sql`update checkpoints set source = ${to} where source = ${from}`);
}
