// The api_tokens table: named tokens with roles. Of each only a hash is kept: a token is 32 random bytes, so that a plain hash tells
// nothing of it.
import { sql } from 'drizzle-orm';
import { check, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { type Role, roles, type TokenView } from '../contract/access.ts';
import { isOneOf, time } from '../db/column-types.ts';
import { type Queryable, toTimestamp } from '../db/database.ts';

/** Named tokens that open the API and the pages, each with a role. */
export const apiTokens = pgTable(
  'api_tokens',
  {
    id: uuid().primaryKey().defaultRandom(),
    name: text().notNull().unique(),
    role: text({ enum: roles }).notNull(),
    /** SHA-256, base64url. */
    hash: text().notNull().unique(),
    createdAt: time('created_at').notNull(),
    createdBy: text('created_by').notNull(),
    expiresAt: time('expires_at'),
    lastUsedAt: time('last_used_at'),
  },
  (t) => [check('api_tokens_role', isOneOf(t.role, roles))],
);

export interface LiveToken {
  id: string;
  name: string;
  role: Role;
  hash: string;
  expiresAt: number | null;
}

const view = sql`name, role, created_at, created_by, expires_at, last_used_at`;

/** Null where the name is taken. */
export async function keepToken(
  db: Queryable,
  token: { name: string; role: Role; hash: string; createdBy: string; expiresAt: number | null },
  now: number,
): Promise<TokenView | null> {
  const { name, role, hash, createdBy, expiresAt } = token;
  const [row] = await db.rows<TokenView>(sql`
    insert into api_tokens (name, role, hash, created_at, created_by, expires_at)
    values (${name}, ${role}, ${hash}, ${toTimestamp(now)}, ${createdBy},
      ${expiresAt === null ? sql`null` : toTimestamp(expiresAt)})
    on conflict (name) do nothing returning ${view}`);
  return row ?? null;
}

export async function listTokens(db: Queryable): Promise<TokenView[]> {
  return db.rows(sql`select ${view} from api_tokens order by name`);
}

/** Those that open anything now. */
export async function liveTokens(db: Queryable, now: number): Promise<LiveToken[]> {
  return db.rows(sql`
    select id, name, role, hash, expires_at from api_tokens
    where expires_at is null or expires_at > ${toTimestamp(now)}`);
}

/** Null where there is none of that name. */
export async function dropToken(db: Queryable, name: string): Promise<TokenView | null> {
  const [row] = await db.rows<TokenView>(sql`delete from api_tokens where name = ${name} returning ${view}`);
  return row ?? null;
}

export async function noteTokenUse(db: Queryable, id: string, now: number): Promise<void> {
  await db.rows(sql`update api_tokens set last_used_at = ${toTimestamp(now)} where id = ${id}::uuid`);
}
