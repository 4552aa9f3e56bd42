// Sources, or the destination, that do nothing until resumed.
import { sql } from 'drizzle-orm';
import { at, ms, type Queryable } from '../db/database.ts';

/** The name under which the destination is paused. No source may be called so. */
export const destinationName = 'destination';

/** `unauthorized`: the vendor refuses our credentials; a restart tries once more. */
export type PauseCause = 'person' | 'unauthorized';

export interface Pause {
  name: string;
  cause: PauseCause;
  /** What happened and what to do. */
  reason: string;
  pausedAt: number;
}

/** True where it was not paused before. What a person has paused stays paused by a person: no restart lifts it. */
export async function pause(
  db: Queryable,
  name: string,
  why: { cause: PauseCause; reason: string },
  now: number,
): Promise<boolean> {
  const rows = await db.rows<{ fresh: boolean }>(sql`
    insert into pauses (name, cause, reason, paused_at) values (${name}, ${why.cause}, ${why.reason}, ${at(now)})
    on conflict (name) do update set
      cause = case when pauses.cause = 'person' then pauses.cause else excluded.cause end,
      reason = case when pauses.cause = 'person' and excluded.cause <> 'person' then pauses.reason else excluded.reason end
    returning xmax = 0 as fresh`);
  return rows[0]?.fresh ?? false;
}

export async function resume(db: Queryable, name: string): Promise<boolean> {
  return (await db.rows(sql`delete from pauses where name = ${name} returning name`)).length > 0;
}

export async function pauses(db: Queryable): Promise<Map<string, Pause>> {
  const rows = await db.rows<Pause>(
    sql`select name, cause, reason, ${ms(sql`paused_at`)} as "pausedAt" from pauses`,
  );
  return new Map(rows.map((row) => [row.name, row]));
}
