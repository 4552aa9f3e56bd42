// The read-counts table: what became of the records that were read by ID because a webhook named them. Runs and webhook requests that
// carry records count theirs themselves.
import { sql } from 'drizzle-orm';
import { bigint, check, pgTable, text } from 'drizzle-orm/pg-core';
import type { Queryable } from '../db/database.ts';
import type { Counts } from './counts.ts';

const count = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0);

/** A row for each source, since it was first read so. */
export const readCounts = pgTable(
  'read_counts',
  {
    source: text().primaryKey(),
    received: count('received'),
    changed: count('changed'),
    unchanged: count('unchanged'),
    superseded: count('superseded'),
    filtered: count('filtered'),
    rejected: count('rejected'),
  },
  (t) => [
    check(
      'read_counts_balance',
      sql`${t.received} = ${t.changed} + ${t.unchanged} + ${t.superseded} + ${t.filtered} + ${t.rejected}`,
    ),
  ],
);

/** Adds what one reading brought, in its transaction. */
export async function addReadCounts(db: Queryable, source: string, counts: Counts): Promise<void> {
  if (counts.received === 0) return;
  const { received, changed, unchanged, superseded, filtered, rejected } = counts;
  await db.rows(sql`
    insert into read_counts (source, received, changed, unchanged, superseded, filtered, rejected)
    values (${source}, ${received}, ${changed}, ${unchanged}, ${superseded}, ${filtered}, ${rejected})
    on conflict (source) do update set
      received = read_counts.received + excluded.received, changed = read_counts.changed + excluded.changed,
      unchanged = read_counts.unchanged + excluded.unchanged, superseded = read_counts.superseded + excluded.superseded,
      filtered = read_counts.filtered + excluded.filtered, rejected = read_counts.rejected + excluded.rejected`);
}

/** The source has a new name. */
export async function renameSourceInReadCounts(db: Queryable, from: string, to: string): Promise<void> {
  await db.rows(sql`update read_counts set source = ${to} where source = ${from}`);
}
