// Records as a run left them: those that no later run has changed. It only reads.
import { sql } from 'drizzle-orm';
import type { Queryable } from '../../db/database.ts';

export interface TouchedRecord {
  stream: string;
  recordId: string;
  /** Null where the record speaks of nobody. */
  sourceId: string | null;
  changedAt: number;
  deleted: boolean;
  filtered: string | null;
}

/** In the order of their keys, at most `limit`. It reads the records of the source until it has them: ask for it rarely. */
export async function recordsOfRun(
  db: Queryable,
  run: { id: number; source: string },
  limit: number,
): Promise<TouchedRecord[]> {
  return db.rows(sql`
    select stream, record_id, source_id, changed_at, coalesce(deleted_at >= changed_at, false) as deleted, filtered
    from records where source = ${run.source} and run_id = ${run.id}::bigint
    order by source, stream, record_id limit ${limit}`);
}
