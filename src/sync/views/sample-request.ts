// The request of the inbox that was sent to try the door, found again by the mark it bears. It knows rows only.
import { sql } from 'drizzle-orm';
import type { Queryable } from '../../db/database.ts';

/** The header that a request bears which was sent from here. */
export const markHeader = 'x-tributary-sample';

/** The newest ID there is, or 0: what comes later has a higher one. */
export async function newestRequest(db: Queryable): Promise<number> {
  const [row] = await db.rows<{ id: number }>(sql`select coalesce(max(id), 0)::float8 as id from inbox`);
  return row?.id ?? 0;
}

/** The ID of the request of this source with this mark that came after another, or null. */
export async function markedRequest(
  db: Queryable,
  { source, mark, after }: { source: string; mark: string; after: number },
): Promise<number | null> {
  const [row] = await db.rows<{ id: number }>(sql`
    select id from inbox
    where id > ${after}::bigint and source = ${source} and headers ->> ${markHeader} = ${mark} order by id limit 1`);
  return row?.id ?? null;
}
