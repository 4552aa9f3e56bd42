// Walks over all customers, one row each by what it is for: where it stands, when it ended, and by which rules it went. It does
// not know what is done with the customers.
import { sql } from 'drizzle-orm';
import { integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { Json } from '../connector.ts';
import { time } from '../db/column-types.ts';
import { json, type Queryable, toTimestamp } from '../db/database.ts';
import { leasedBy } from '../engine/work/worker-registry.ts';

/** Walks over all customers. */
export const walks = pgTable('walks', {
  name: text().primaryKey(),
  /** Of the rules it goes by: it begins again when they change. */
  fingerprint: text().notNull(),
  /** Null before the first page. */
  cursor: jsonb().$type<Json>(),
  beganAt: time('began_at').notNull(),
  /** When it ended; null while it goes on. */
  endedAt: time('ended_at'),
  /** How often it has come to its end by these rules. */
  rounds: integer().notNull().default(0),
  /** When it goes on, or begins again. Null: only when its rules change. */
  dueAt: time('due_at'),
  lease: uuid(),
});

export type Walk = Pick<typeof walks.$inferSelect, 'name' | 'cursor' | 'beganAt' | 'endedAt' | 'rounds'>;

/** Begins a walk, or begins it again where it went by other rules. */
export async function beginWalk(
  db: Queryable,
  walk: { name: string; fingerprint: string; now: number },
): Promise<void> {
  await db.rows(sql`
    insert into walks (name, fingerprint, began_at, due_at)
    values (${walk.name}, ${walk.fingerprint}, ${toTimestamp(walk.now)}, ${toTimestamp(walk.now)})
    on conflict (name) do update set
      fingerprint = excluded.fingerprint, cursor = null, began_at = excluded.began_at, ended_at = null, rounds = 0,
      due_at = excluded.due_at, lease = null
    where walks.fingerprint <> excluded.fingerprint`);
}

/** Takes a walk that is due for `leaseMs`. One that had ended begins again. */
export async function claimWalk(
  db: Queryable,
  claim: { name: string; lease: string; now: number; leaseMs: number },
): Promise<Walk | null> {
  const [row] = await db.rows<Walk>(sql`
    update walks set lease = ${claim.lease}::uuid, due_at = ${toTimestamp(claim.now + claim.leaseMs)},
      cursor = case when ended_at is null then cursor end,
      began_at = case when ended_at is null then began_at else ${toTimestamp(claim.now)} end
    where name = (select name from walks where name = ${claim.name} and due_at <= ${toTimestamp(claim.now)} for update skip locked)
    returning name, cursor, began_at, ended_at, rounds`);
  return row ?? null;
}

/** Keeps where a walk stands while it is ours. `dueAt` null: it is not gone again. False where it is not ours any more. */
export async function keepWalk(
  db: Queryable,
  held: { name: string; lease: string },
  at: { cursor: Json; endedAt: number | null; dueAt: number | null },
): Promise<boolean> {
  const rows = await db.rows(sql`
    update walks set cursor = ${json(at.cursor)}, lease = null, rounds = rounds + ${at.endedAt === null ? 0 : 1},
      ended_at = ${at.endedAt === null ? null : toTimestamp(at.endedAt)},
      due_at = ${at.dueAt === null ? null : toTimestamp(at.dueAt)}
    where name = ${held.name} and lease = ${held.lease}::uuid returning name`);
  return rows.length > 0;
}

/** Keeps a walk for longer. False where it is not ours any more. */
export async function extendWalk(
  db: Queryable,
  held: { name: string; lease: string },
  dueAt: number,
): Promise<boolean> {
  const rows = await db.rows(sql`
    update walks set due_at = ${toTimestamp(dueAt)}
    where name = ${held.name} and lease = ${held.lease}::uuid returning name`);
  return rows.length > 0;
}

/** Gives a walk back that could not go on. */
export async function putOffWalk(
  db: Queryable,
  held: { name: string; lease: string },
  dueAt: number,
): Promise<void> {
  await db.rows(sql`
    update walks set lease = null, due_at = ${toTimestamp(dueAt)}
    where name = ${held.name} and lease = ${held.lease}::uuid`);
}

/** When a walk is due, epoch milliseconds, or null. */
export async function walkDue(db: Queryable, name: string): Promise<number | null> {
  const [row] = await db.rows<{ dueAt: number | null }>(sql`select due_at from walks where name = ${name}`);
  return row?.dueAt ?? null;
}

/** One walk by its name. */
export async function walkOf(db: Queryable, name: string): Promise<(Walk & { dueAt: number | null }) | null> {
  const [row] = await db.rows<Walk & { dueAt: number | null }>(
    sql`select name, cursor, began_at, ended_at, rounds, due_at from walks where name = ${name}`,
  );
  return row ?? null;
}

/** All walks, by name. */
export async function listWalks(db: Queryable): Promise<Walk[]> {
  return db.rows(sql`select name, cursor, began_at, ended_at, rounds from walks order by name`);
}

/** What a dead worker was at may go on at once. */
export async function freeWalks(db: Queryable, worker: string, now: number): Promise<void> {
  await db.rows(
    sql`update walks set lease = null, due_at = ${toTimestamp(now)} where ${leasedBy(sql`lease`, worker)}`,
  );
}
