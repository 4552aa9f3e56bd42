// The idempotency_keys table: requests that may be repeated without being carried out twice, each with its answer once it has one. It
// holds neither keys nor answers that anybody could read without the key.
import { sql } from 'drizzle-orm';
import { check, index, pgTable, smallint, text, uuid } from 'drizzle-orm/pg-core';
import { bytea, time } from '../db/column-types.ts';
import { type Queryable, toTimestamp } from '../db/database.ts';

/** So long a key is known. */
export const keysKeptMs = 86_400_000;

/** Requests with an idempotency key, for 24 hours. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    /** A hash of the token's ID and the key. */
    id: text().primaryKey(),
    /** A hash of the request, keyed with the idempotency key. */
    request: text().notNull(),
    createdAt: time('created_at').notNull(),
    /** Of whoever carries it out. It ends by itself if the process does. */
    lease: uuid().notNull(),
    leaseUntil: time('lease_until').notNull(),
    /** The HTTP status; null until it is answered. */
    status: smallint(),
    /** Sealed with a key that is derived from the idempotency key. */
    answer: bytea(),
  },
  (t) => [
    index('idempotency_keys_age').on(t.createdAt),
    check('idempotency_keys_answered', sql`(${t.status} is null) = (${t.answer} is null)`),
  ],
);

export interface KeptAnswer {
  request: string;
  /** Null while the request is carried out. */
  status: number | null;
  answer: Uint8Array | null;
}

interface Leased {
  id: string;
  lease: string;
}

/**
 * Begins a request. Null: it is ours to carry out, for the time of the lease. Else what is known of the one that has the key. A
 * request whose lease has ended without an answer can be begun again.
 */
export async function beginKeyed(
  db: Queryable,
  { id, lease, request, now, leaseMs }: Leased & { request: string; now: number; leaseMs: number },
): Promise<KeptAnswer | null> {
  const [begun] = await db.rows(sql`
    insert into idempotency_keys as known (id, request, created_at, lease, lease_until)
    values (${id}, ${request}, ${toTimestamp(now)}, ${lease}::uuid, ${toTimestamp(now + leaseMs)})
    on conflict (id) do update set request = excluded.request, created_at = excluded.created_at,
      lease = excluded.lease, lease_until = excluded.lease_until, status = null, answer = null
    where known.created_at <= ${toTimestamp(now - keysKeptMs)}
      or (known.status is null and known.lease_until <= ${toTimestamp(now)} and known.request = excluded.request)
    returning id`);
  if (begun) return null;
  const [known] = await db.rows<KeptAnswer>(
    sql`select request, status, answer from idempotency_keys where id = ${id}`,
  );
  // It was given back in between: whoever repeats the request again begins it.
  return known ?? { request, status: null, answer: null };
}

export async function extendKeyed(
  db: Queryable,
  { id, lease, until }: Leased & { until: number },
): Promise<void> {
  await db.rows(sql`
    update idempotency_keys set lease_until = ${toTimestamp(until)} where id = ${id} and lease = ${lease}::uuid
    returning id`);
}

/** `request`: as it was known when it had been read whole. */
export async function keepAnswer(
  db: Queryable,
  { id, lease, request, status, answer }: Leased & { request: string; status: number; answer: Uint8Array },
): Promise<void> {
  await db.rows(sql`
    update idempotency_keys set request = ${request}, status = ${status}, answer = ${answer}::bytea
    where id = ${id} and lease = ${lease}::uuid returning id`);
}

/** The key can be used again, as if it had never been. */
export async function giveBackKey(db: Queryable, { id, lease }: Leased): Promise<void> {
  await db.rows(sql`delete from idempotency_keys where id = ${id} and lease = ${lease}::uuid returning id`);
}

/** Returns how many were deleted, at most 10,000 at once. */
export async function forgetOldKeys(db: Queryable, now: number): Promise<number> {
  const rows = await db.rows(sql`
    delete from idempotency_keys where id in (
      select id from idempotency_keys where created_at <= ${toTimestamp(now - keysKeptMs)} order by created_at limit 10000)
    returning id`);
  return rows.length;
}
