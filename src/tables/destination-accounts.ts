// The destination_accounts table: accounts of the destination; acknowledgements are of the one adopted last.
import { sql } from 'drizzle-orm';
import { pgTable, text } from 'drizzle-orm/pg-core';
import { time } from '../db/column-types.ts';
import { type Queryable, toTimestamp } from '../db/database.ts';

/** Accounts of the destination; acknowledgements are of the one adopted last. */
export const destinationAccounts = pgTable('destination_accounts', {
  account: text().primaryKey(),
  adoptedAt: time('adopted_at').notNull(),
});

/** The account whose acknowledgements these are; null before the first start. */
export async function adoptedAccount(db: Queryable): Promise<string | null> {
  const [row] = await db.rows<{ account: string }>(
    sql`select account from destination_accounts order by adopted_at desc, account limit 1`,
  );
  return row?.account ?? null;
}

/** From now on acknowledgements are this account's. */
export async function adoptAccount(db: Queryable, account: string, now: number): Promise<void> {
  await db.rows(sql`
    insert into destination_accounts (account, adopted_at) values (${account}, ${toTimestamp(now)})
    on conflict (account) do update set adopted_at = excluded.adopted_at`);
}
