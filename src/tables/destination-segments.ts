// The destination_segments table: the segments of an account as they were read last, and why they could not be read since. It
// asks nobody.
import { sql } from 'drizzle-orm';
import { jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { Segment } from '../connector.ts';
import { time } from '../db/column-types.ts';
import { json, type Queryable, toTimestamp } from '../db/database.ts';

/** A segment, and how many customers were in it when it was read; null where that is not known. */
export interface SizedSegment extends Segment {
  size: number | null;
}

/** The segments of each account of the destination as they were read last. */
export const destinationSegments = pgTable('destination_segments', {
  account: text().primaryKey(),
  segments: jsonb().$type<SizedSegment[]>().notNull(),
  /** When they were read; null where they never were. */
  readAt: time('read_at'),
  askedAt: time('asked_at').notNull(),
  /** Why the last reading failed; null where it did not. */
  fault: text(),
});

export type KeptSegments = Omit<typeof destinationSegments.$inferSelect, 'account'>;

export async function keepSegments(
  db: Queryable,
  account: string,
  segments: readonly SizedSegment[],
  now: number,
): Promise<void> {
  await db.rows(sql`
    insert into destination_segments (account, segments, read_at, asked_at)
    values (${account}, ${json(segments)}, ${toTimestamp(now)}, ${toTimestamp(now)})
    on conflict (account) do update set
      segments = excluded.segments, read_at = excluded.read_at, asked_at = excluded.asked_at, fault = null`);
}

/** What was read before stays. */
export async function keepSegmentsFault(
  db: Queryable,
  account: string,
  fault: string,
  now: number,
): Promise<void> {
  await db.rows(sql`
    insert into destination_segments (account, segments, asked_at, fault)
    values (${account}, '[]', ${toTimestamp(now)}, ${fault})
    on conflict (account) do update set asked_at = excluded.asked_at, fault = excluded.fault`);
}

/** Null where the segments of this account were never asked for. */
export async function keptSegments(db: Queryable, account: string): Promise<KeptSegments | null> {
  const [row] = await db.rows<KeptSegments>(sql`
    select segments, read_at, asked_at, fault from destination_segments where account = ${account}`);
  return row ?? null;
}
