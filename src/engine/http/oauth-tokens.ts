// The oauth_tokens table: of each grant the token that all workers share, sealed, and who is getting a new one. It
// knows no vendor and no request.
import { sql } from 'drizzle-orm';
import { pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { time } from '../../db/column-types.ts';
import { type Queryable, toTimestamp } from '../../db/database.ts';

/** Of each grant the access token that all workers share, sealed. */
export const oauthTokens = pgTable('oauth_tokens', {
  /** Of the configuration's own grant: the vendor's account. Of a sign-in: `source:NAME`. */
  account: text().primaryKey(),
  /** A `Token`, sealed under the secret key; null until the first was got. */
  sealed: text(),
  expiresAt: time('expires_at'),
  /** Of the grant that it came of: another one in the configuration starts again. */
  grantHash: text('grant_hash').notNull(),
  refreshedAt: time('refreshed_at'),
  /** Who is getting a new one, and until when. */
  lease: uuid(),
  leasedUntil: time('leased_until'),
  /** The lease under which a refresh token that is accepted once was last sent, while nobody knows what came of it. */
  attempt: uuid(),
  attemptedAt: time('attempted_at'),
  /** Whose data the tokens open, where the vendor says so. */
  tenant: text(),
});

/** A token as it is kept. `attemptedAt`: since when a refresh token is in doubt that is accepted once. */
export type KeptToken = Pick<
  typeof oauthTokens.$inferSelect,
  'sealed' | 'grantHash' | 'tenant' | 'attemptedAt'
>;

export async function keptToken(db: Queryable, account: string): Promise<KeptToken | null> {
  const [row] = await db.rows<KeptToken>(sql`
    select sealed, grant_hash, tenant, attempted_at from oauth_tokens where account = ${account}`);
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

/**
 * Notes, before it is sent, that a refresh token which is accepted once is sent under this lease. False where the lease
 * is lost: then it must not be sent.
 */
export async function beginAttempt(
  db: Queryable,
  attempt: { account: string; grantHash: string; lease: string; now: number },
): Promise<boolean> {
  const now = toTimestamp(attempt.now);
  const rows = await db.rows(sql`
    update oauth_tokens set attempt = lease, grant_hash = ${attempt.grantHash},
      attempted_at = case when grant_hash = ${attempt.grantHash} then coalesce(attempted_at, ${now}) else ${now} end,
      sealed = case when grant_hash = ${attempt.grantHash} then sealed end
    where account = ${attempt.account} and lease = ${attempt.lease}::uuid returning account`);
  return rows.length === 1;
}

/**
 * Keeps a new token and settles the attempt that got it. False where another worker has got one since: this one must not
 * be used.
 */
export async function keepToken(
  db: Queryable,
  token: {
    account: string;
    lease: string;
    sealed: string;
    expiresAt: number | null;
    grantHash: string;
    tenant: string | null;
    now: number;
  },
): Promise<boolean> {
  const expiresAt = token.expiresAt === null ? null : toTimestamp(token.expiresAt);
  const rows = await db.rows(sql`
    update oauth_tokens set sealed = ${token.sealed}, expires_at = ${expiresAt}, grant_hash = ${token.grantHash},
      refreshed_at = ${toTimestamp(token.now)}, tenant = coalesce(${token.tenant}, tenant),
      lease = null, leased_until = null, attempt = null, attempted_at = null
    where account = ${token.account} and coalesce(attempt, lease) = ${token.lease}::uuid returning account`);
  return rows.length === 1;
}

/** Keeps the token of a sign-in in the place of any other. A refresh that is under way finds its right gone. */
export async function replaceToken(
  db: Queryable,
  token: {
    account: string;
    sealed: string;
    expiresAt: number | null;
    grantHash: string;
    tenant: string | null;
    now: number;
  },
): Promise<void> {
  const expiresAt = token.expiresAt === null ? null : toTimestamp(token.expiresAt);
  await db.rows(sql`
    insert into oauth_tokens (account, sealed, expires_at, grant_hash, refreshed_at, tenant)
    values (${token.account}, ${token.sealed}, ${expiresAt}, ${token.grantHash}, ${toTimestamp(token.now)}, ${token.tenant})
    on conflict (account) do update set sealed = excluded.sealed, expires_at = excluded.expires_at,
      grant_hash = excluded.grant_hash, refreshed_at = excluded.refreshed_at, tenant = coalesce(excluded.tenant, oauth_tokens.tenant),
      lease = null, leased_until = null, attempt = null, attempted_at = null`);
}

/** Replaces the sealed text by the same sealed under another key, where nobody has kept another token meanwhile. */
export async function resealToken(
  db: Queryable,
  { account, sealed, resealed }: { account: string; sealed: string; resealed: string },
): Promise<void> {
  await db.rows(
    sql`update oauth_tokens set sealed = ${resealed} where account = ${account} and sealed = ${sealed}`,
  );
}

/**
 * Gives the right back, where it is still ours. `settled`: the attempt made under it is known to have got nothing, even where
 * the right has passed to another worker since.
 */
export async function giveUpRefresh(
  db: Queryable,
  { account, lease, settled }: { account: string; lease: string; settled: boolean },
): Promise<void> {
  const ours = sql`${lease}::uuid`;
  await db.rows(sql`
    update oauth_tokens set
      lease = nullif(lease, ${ours}), leased_until = case when lease = ${ours} then null else leased_until end,
      attempt = case when ${settled} and attempt = ${ours} then null else attempt end,
      attempted_at = case when ${settled} and attempt = ${ours} then null else attempted_at end
    where account = ${account} and (lease = ${ours} or attempt = ${ours})`);
}
