// Records beside another one, by ID: what else a vendor should be able to give. It knows no vendor.
import { sql } from 'drizzle-orm';
import type { Queryable } from '../db/database.ts';

/** The IDs of up to `most` records before and as many after this one, that the source had when they were last read. */
export async function neighboursOf(
  db: Queryable,
  { source, stream, recordId }: { source: string; stream: string; recordId: string },
  most: number,
): Promise<string[]> {
  const standing = sql`source = ${source} and stream = ${stream} and deleted_at is null and merged_into is null`;
  const rows = await db.rows<{ recordId: string }>(sql`
    (select record_id from records where ${standing} and record_id > ${recordId} order by record_id limit ${most})
    union all
    (select record_id from records where ${standing} and record_id < ${recordId} order by record_id desc limit ${most})`);
  return rows.map((row) => row.recordId);
}
