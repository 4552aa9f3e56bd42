// Subscriptions at vendors, by which they send webhooks and which end by themselves: when each ends, and when it is renewed.
import { sql } from 'drizzle-orm';
import { pgTable, text } from 'drizzle-orm/pg-core';
import { time } from '../db/column-types.ts';
import { type Queryable, toTimestamp } from '../db/database.ts';

export const subscriptions = pgTable('subscriptions', {
  source: text().primaryKey(),
  /** Tells one address and one set of settings from another: no secret. */
  terms: text().notNull(),
  attemptedAt: time('attempted_at').notNull(),
  renewAt: time('renew_at').notNull(),
  /** Null until the vendor has granted it. */
  expiresAt: time('expires_at'),
  /** Why the last attempt failed. Null where it succeeded. */
  fault: text(),
});

export type SubscriptionRow = Pick<typeof subscriptions.$inferSelect, 'source' | 'expiresAt' | 'fault'>;

/** False where it need not be renewed at `now`, or was attempted within the last `retryMs`, by whatever worker. */
export async function claimRenewal(
  db: Queryable,
  { source, terms, now, retryMs }: { source: string; terms: string; now: number; retryMs: number },
): Promise<boolean> {
  const at = toTimestamp(now);
  const claimed = await db.rows(sql`
    insert into subscriptions (source, terms, attempted_at, renew_at) values (${source}, ${terms}, ${at}, ${at})
    on conflict (source) do update set terms = excluded.terms, attempted_at = excluded.attempted_at, renew_at = ${at}
    where (subscriptions.renew_at <= ${at} or subscriptions.terms <> excluded.terms)
      and subscriptions.attempted_at not between ${toTimestamp(now - retryMs + 1)} and ${at}
    returning source`);
  return claimed.length > 0;
}

/** The vendor has granted it until then. */
export async function noteRenewal(
  db: Queryable,
  source: string,
  { renewAt, expiresAt }: { renewAt: number; expiresAt: number },
): Promise<void> {
  await db.rows(sql`
    update subscriptions set renew_at = ${toTimestamp(renewAt)}, expires_at = ${toTimestamp(expiresAt)}, fault = null
    where source = ${source}`);
}

/** Returns what was noted before. */
export async function noteRenewalFault(db: Queryable, source: string, fault: string): Promise<string | null> {
  const [before] = await db.rows<{ fault: string | null }>(sql`
    select fault from subscriptions where source = ${source}`);
  await db.rows(sql`update subscriptions set fault = ${fault} where source = ${source}`);
  return before?.fault ?? null;
}

export async function listSubscriptions(db: Queryable): Promise<SubscriptionRow[]> {
  return db.rows<SubscriptionRow>(sql`select source, expires_at, fault from subscriptions`);
}
