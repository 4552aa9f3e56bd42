// The coverage of webhooks: of the changes of a source, the share that a webhook told of first, how late either way
// was, and how often to poll in the light of that. It knows no vendor.
import { sql } from 'drizzle-orm';
import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { time } from '../db/column-types.ts';
import { json, type Queryable, toTimestamp } from '../db/database.ts';
import { addLags, type Lags, lagsOf, percentile, summedLags } from './lags.ts';

/** How changes became known, by hour: by webhook first, or by a poll that found what no webhook had told. */
export const coverage = pgTable(
  'coverage',
  {
    source: text().notNull(),
    hour: time('hour').notNull(),
    /** webhook or poll */
    channel: text().notNull(),
    changes: integer().notNull(),
    /** From the source's change to our knowing it: how many in each doubling of 100 ms. */
    lags: jsonb().notNull(),
  },
  (t) => [primaryKey({ columns: [t.source, t.hour, t.channel] })],
);

export type Channel = 'webhook' | 'poll';

/** Notes changes that became known by this channel first, with the time from each change to our knowing it. */
export async function noteCoverage(
  db: Queryable,
  { source, channel, now }: { source: string; channel: Channel; now: number },
  changedAts: readonly number[],
): Promise<void> {
  if (changedAts.length === 0) return;
  const lags = lagsOf(changedAts.map((changedAt) => Math.max(now - changedAt, 0)));
  await db.rows(sql`
    insert into coverage (source, hour, channel, changes, lags)
    values (${source}, date_trunc('hour', ${toTimestamp(now)}, 'UTC'), ${channel}, ${changedAts.length}, ${json(lags)})
    on conflict (source, hour, channel) do update set
      changes = coverage.changes + excluded.changes, lags = ${summedLags(sql`coverage.lags`, sql`excluded.lags`)}`);
}

export interface Seen {
  changes: number;
  p50Ms: number | null;
  p99Ms: number | null;
}

/** Of one source, of late. */
export interface Coverage {
  source: string;
  /** Changes told of by webhook first, of all; null where nothing changed. */
  share: number | null;
  webhook: Seen;
  poll: Seen;
}

export async function coverageSince(db: Queryable, from: number): Promise<Map<string, Coverage>> {
  const rows = await db.rows<{ source: string; channel: Channel; changes: number; lags: Lags }>(sql`
    select source, channel, changes, lags from coverage where hour > ${toTimestamp(from - 3_600_000)}`);
  return new Map(
    [...Map.groupBy(rows, (row) => row.source)].map(([source, hours]) => {
      const webhook = seen(hours.filter((row) => row.channel === 'webhook'));
      const poll = seen(hours.filter((row) => row.channel === 'poll'));
      const changes = webhook.changes + poll.changes;
      return [source, { source, share: changes > 0 ? webhook.changes / changes : null, webhook, poll }];
    }),
  );
}

function seen(hours: readonly { changes: number; lags: Lags }[]): Seen {
  const lags = hours.reduce<Lags>((sum, row) => addLags(sum, row.lags), lagsOf([]));
  return {
    changes: hours.reduce((sum, row) => sum + row.changes, 0),
    p50Ms: percentile(lags, 0.5),
    p99Ms: percentile(lags, 0.99),
  };
}

/** Fewer changes than that say nothing of a share. */
const minChanges = 10;

/**
 * How often to poll besides the schedule, seconds, or null where webhooks bring what they should. When the share of
 * changes that only a poll found grows, nobody should have to notice it before polls do.
 */
export function pollEverySeconds({ share, webhook, poll }: Coverage): number | null {
  if (share === null || webhook.changes + poll.changes < minChanges) return null;
  if (share < 0.5) return 60;
  if (share < 0.8) return 300;
  return share < 0.95 ? 900 : null;
}

/** Forgets the hours long past. */
export async function forgetCoverage(db: Queryable, before: number): Promise<void> {
  await db.rows(sql`delete from coverage where hour < ${toTimestamp(before)}`);
}

/** The source has a new name. */
export async function renameSourceInCoverage(db: Queryable, from: string, to: string): Promise<void> {
  await db.rows(sql`update coverage set source = ${to} where source = ${from}`);
}
