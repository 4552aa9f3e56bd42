// The write_back_events table: what became of each customer's write-backs, for their history. What is wanted and acknowledged now is in
// write_backs: nothing is decided by an event.
import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { Attributes } from '../connector.ts';
import { writeBackEvents as eventNames, type WriteBackEventName } from '../contract/write-back.ts';
import { isOneOf, time } from '../db/column-types.ts';
import { jsonList, type Queryable, toTimestamp } from '../db/database.ts';

/** What became of a write-back, one row for each step that ended. */
export const writeBackEvents = pgTable(
  'write_back_events',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    source: text().notNull(),
    sourceId: text('source_id').notNull(),
    at: time('at').notNull(),
    event: text({ enum: eventNames }).notNull(),
    /** Of the values, as in write_backs. */
    revision: integer().notNull(),
    /** When the request left; null where none did. */
    sentAt: time('sent_at'),
    /** Wanted: all of them. Else those that were sent. */
    attributes: jsonb().$type<Attributes>(),
    message: text(),
  },
  (t) => [
    index('write_back_events_source_id').on(t.sourceId, t.at),
    index('write_back_events_at').on(t.at),
    check('write_back_events_event', isOneOf(t.event, eventNames)),
  ],
);

/** One step of a write-back that ended. */
export interface WriteBackEvent {
  source: string;
  sourceId: string;
  event: WriteBackEventName;
  revision: number;
  /** Epoch milliseconds. */
  sentAt?: number | undefined;
  attributes?: Attributes | undefined;
  message?: string | undefined;
}

export async function keepWriteBackEvents(
  db: Queryable,
  events: readonly WriteBackEvent[],
  now: number,
): Promise<void> {
  if (events.length === 0) return;
  await db.rows(sql`
    insert into write_back_events (source, source_id, at, event, revision, sent_at, attributes, message)
    select source, "sourceId", ${toTimestamp(now)}, event, revision, to_timestamp("sentAt" / 1000), attributes, message
    from json_to_recordset(${jsonList(events)}) as row
      (source text, "sourceId" text, event text, revision int, "sentAt" float8, attributes jsonb, message text)`);
}

/** Those of a customer after `from` and up to `to`, the newest first. */
export async function writeBackEventsOf(
  db: Queryable,
  sourceId: string,
  { from, to, limit }: { from: number | null; to: number | null; limit: number },
): Promise<Omit<typeof writeBackEvents.$inferSelect, 'id' | 'sourceId'>[]> {
  return db.rows(sql`
    select source, at, event, revision, sent_at, attributes, message from write_back_events
    where source_id = ${sourceId}
      and ${from === null ? sql`true` : sql`at > ${toTimestamp(from)}`} and ${to === null ? sql`true` : sql`at <= ${toTimestamp(to)}`}
    order by at desc, id desc limit ${limit}`);
}

/** Forgets events before a time, at most 10,000 at once. Returns how many. */
export async function forgetOldWriteBackEvents(db: Queryable, before: number): Promise<number> {
  const rows = await db.rows(sql`
    delete from write_back_events where id in (
      select id from write_back_events where at < ${toTimestamp(before)} order by at limit 10000)
    returning id`);
  return rows.length;
}

/** Forgets those of a customer who is erased. Returns how many there were. */
export async function forgetWriteBackEvents(db: Queryable, sourceId: string): Promise<number> {
  const rows = await db.rows(sql`delete from write_back_events where source_id = ${sourceId} returning id`);
  return rows.length;
}

/** The source has a new name. */
export async function renameSourceInWriteBackEvents(db: Queryable, from: string, to: string): Promise<void> {
  await db.rows(sql`update write_back_events set source = ${to} where source = ${from}`);
}
