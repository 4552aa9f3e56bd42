// The alarms table: what fails or needs a person, as long as any worker sees it. All workers share it, so that each change is told once.
import { sql } from 'drizzle-orm';
import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { time } from '../db/column-types.ts';
import { jsonList, type Queryable, toTimestamp } from '../db/database.ts';

/** What fails or needs a person, until no worker has seen it for a while. */
export const alarms = pgTable(
  'alarms',
  {
    state: text().notNull(),
    /** What it is about, such as a source; empty where there is one of the state at most. */
    subject: text().notNull().default(''),
    sentence: text().notNull(),
    raisedAt: time('raised_at').notNull(),
    seenAt: time('seen_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.state, t.subject] })],
);

export interface Alarm {
  state: string;
  /** Empty where there is one of the state at most. */
  subject: string;
  sentence: string;
  raisedAt: number;
}

/** Notes that these are seen. Returns those that nobody had seen before. */
export async function seeAlarms(
  tx: Queryable,
  seen: readonly Omit<Alarm, 'raisedAt'>[],
  now: number,
): Promise<Alarm[]> {
  if (seen.length === 0) return [];
  const rows = await tx.rows<Alarm & { isNew: boolean }>(sql`
    insert into alarms (state, subject, sentence, raised_at, seen_at)
    select state, subject, sentence, ${toTimestamp(now)}, ${toTimestamp(now)}
    from json_to_recordset(${jsonList(seen)}) as seen (state text, subject text, sentence text) order by state, subject
    on conflict (state, subject) do update set seen_at = greatest(alarms.seen_at, excluded.seen_at), sentence = excluded.sentence
    returning state, subject, sentence, raised_at, xmax = 0 as is_new`);
  return rows.filter(({ isNew }) => isNew).map(({ isNew: _, ...alarm }) => alarm);
}

/** Ends the alarms that nobody has seen since. Returns them. */
export async function endAlarms(tx: Queryable, unseenSince: number): Promise<Alarm[]> {
  return tx.rows(sql`
    delete from alarms where seen_at < ${toTimestamp(unseenSince)}
    returning state, subject, sentence, raised_at`);
}
