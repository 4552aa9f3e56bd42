// The oauth_tokens table: of each account the token that all workers share, sealed, and who is getting a new one. It
// knows no vendor and no request.
import { sql } from 'drizzle-orm';
import { pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { time } from '../../db/column-types.ts';
import { type Queryable, toEpochMs, toTimestamp } from '../../db/database.ts';

/** Of each account the access token that all workers share, sealed. */
export const oauthTokens = pgTable('oauth_tokens', {
  account: text().primaryKey(),
  /** {accessToken, refreshToken}, sealed under the secret key; null until the first was got. */
  sealed: text(),
  expiresAt: time('expires_at'),
  /** Of the grant in the configuration: another one starts again. */
  grantHash: text('grant_hash').notNull(),
  refreshedAt: time('refreshed_at'),
  /** Who is getting a new one. */
  lease: uuid(),
  leasedUntil: time('leased_until'),
});

/** A token as it is kept. Times are epoch milliseconds. */
export interface KeptToken {
  /** Sealed. */
  sealed: string | null;
  expiresAt: number | null;
  /** Of the grant that it came of: another one in the configuration begins anew. */
  grantHash: string;
  /** Somebody is getting a new one until then. */
  leasedUntil: number | null;
}

export async function keptToken(db: Queryable, account: string): Promise<KeptToken | null> {
  const [row] = await db.rows<KeptToken>(sql`
    select sealed, ${toEpochMs(sql`expires_at`)} as "expiresAt", grant_hash as "grantHash", ${toEpochMs(sql`leased_until`)} as "leasedUntil"
    from oauth_tokens where account = ${account}`);
  return row ?? null;
}

/** Takes the right to get a new token; false where another has it. One worker of all at a time. */
export async function claimRefresh(
  db: Queryable,
  claim: { account: string; grantHash: string; lease: string; now: number; until: number },
): Promise<boolean> {
  const rows = await db.rows(sql`
    insert into oauth_tokens (account, grant_hash, lease, leased_until)
    values (${claim.account}, ${claim.grantHash}, ${claim.lease}::uuid, ${toTimestamp(claim.until)})
    on conflict (account) do update set lease = excluded.lease, leased_until = excluded.leased_until
    where oauth_tokens.leased_until is null or oauth_tokens.leased_until < ${toTimestamp(claim.now)}
    returning account`);
  return rows.length === 1;
}

/** Keeps a new token, only while the right to get it is ours. */
export async function keepToken(
  db: Queryable,
  token: {
    account: string;
    lease: string;
    sealed: string;
    expiresAt: number;
    grantHash: string;
    now: number;
  },
): Promise<boolean> {
  const rows = await db.rows(sql`
    update oauth_tokens set sealed = ${token.sealed}, expires_at = ${toTimestamp(token.expiresAt)}, grant_hash = ${token.grantHash},
      refreshed_at = ${toTimestamp(token.now)}, lease = null, leased_until = null
    where account = ${token.account} and lease = ${token.lease}::uuid returning account`);
  return rows.length === 1;
}

export async function giveUpRefresh(
  db: Queryable,
  { account, lease }: { account: string; lease: string },
): Promise<void> {
  await db.rows(sql`
    update oauth_tokens set lease = null, leased_until = null
    where account = ${account} and lease = ${lease}::uuid`);
}
