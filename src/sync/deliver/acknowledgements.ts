// What the destination acknowledged of each customer, by field. It is what the next difference is taken against.
import { sql } from 'drizzle-orm';
import type { Fields } from '../../connector.ts';
import { at, json, type Queryable, texts } from '../../db/database.ts';

export interface Acknowledgement {
  sourceId: string;
  revision: number;
  fields: Fields;
}

/** Keeps these as acknowledged; an older revision never replaces a newer one. */
export async function keepAcknowledged(
  db: Queryable,
  rows: readonly Acknowledgement[],
  now: number,
): Promise<void> {
  if (rows.length === 0) return;
  await db.rows(sql`
    insert into acknowledgements (source_id, revision, fields, acknowledged_at)
    select "sourceId", revision, fields, ${at(now)}
    from jsonb_to_recordset(${json(rows)}) as row ("sourceId" text, revision int, fields jsonb)
    on conflict (source_id) do update set
      revision = excluded.revision, fields = excluded.fields, acknowledged_at = excluded.acknowledged_at
    where acknowledgements.revision <= excluded.revision`);
}

/** Whether the destination has acknowledged anybody. */
export async function anyAcknowledged(db: Queryable): Promise<boolean> {
  const [row] = await db.rows<{ any: boolean }>(sql`select exists (select 1 from acknowledgements) as any`);
  return row?.any === true;
}

/** Forgets what was acknowledged of these customers: the destination holds none of it any more. */
export async function dropAcknowledged(db: Queryable, sourceIds: readonly string[]): Promise<void> {
  if (sourceIds.length === 0) return;
  await db.rows(sql`delete from acknowledgements where source_id = any(${texts(sourceIds)})`);
}

/** Forgets what the destination acknowledged of a customer who is erased. */
export async function forgetAcknowledgement(db: Queryable, sourceId: string): Promise<number> {
  const rows = await db.rows(
    sql`delete from acknowledgements where source_id = ${sourceId} returning source_id`,
  );
  return rows.length;
}
