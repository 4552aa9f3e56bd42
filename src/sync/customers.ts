// The customers table: each row the fold of the records that stand, with a revision. It knows rows; how records
// become fields is handed in.
import { isDeepStrictEqual } from 'node:util';
import { sql } from 'drizzle-orm';
import type { Fields } from '../connector.ts';
import { at, json, type Queryable, texts } from '../db/database.ts';
import { recordsOf, type StandingRecord } from './records.ts';

/** The fields of one customer from the records that speak of it; some may be deleted. Pure. */
export type Fold = (records: readonly StandingRecord[]) => Fields;

export interface Revised {
  sourceId: string;
  revision: number;
}

interface CustomerRow {
  sourceId: string;
  revision: number;
  fields: Fields;
  dropped: string[];
  left: boolean;
}

/**
 * Folds these customers anew from the records as they stand in this transaction, and writes those that differ.
 * Customers are locked in one order. Two workers that create the same customer at once: the second folds again once it
 * sees the first one's row, so no contribution is missed.
 */
export async function refold(db: Queryable, sourceIds: Iterable<string>, fold: Fold, now: number): Promise<Revised[]> {
  const revised: Revised[] = [];
  let open = [...new Set(sourceIds)].sort();
  while (open.length > 0) {
    const known = await lockCustomers(db, open);
    const bySourceId = Map.groupBy(await recordsOf(db, open), (record) => record.sourceId);
    const next = open.map((sourceId) => foldOne(sourceId, known.get(sourceId), bySourceId.get(sourceId) ?? [], fold));
    const updates = next.filter((row) => row !== null && row.revision > 1) as CustomerRow[];
    const creations = next.filter((row) => row !== null && row.revision === 1) as CustomerRow[];
    await updateCustomers(db, updates, now);
    const created = await insertCustomers(db, creations, now);
    revised.push(...updates, ...creations.filter((row) => created.has(row.sourceId)));
    open = creations.filter((row) => !created.has(row.sourceId)).map((row) => row.sourceId);
  }
  return revised.map(({ sourceId, revision }) => ({ sourceId, revision }));
}

/** The row this customer should have, or null where it has it already. */
function foldOne(
  sourceId: string,
  known: CustomerRow | undefined,
  records: readonly StandingRecord[],
  fold: Fold,
): CustomerRow | null {
  if (records.length === 0 && !known) return null;
  const left = records.every((record) => record.deleted);
  // A customer left by all its records keeps its fields as its last records had them.
  const fields = records.length === 0 ? (known?.fields ?? {}) : fold(left ? records : records.filter((record) => !record.deleted));
  const gone = [...Object.keys(known?.fields ?? {}), ...(known?.dropped ?? [])].filter((field) => !(field in fields));
  const dropped = [...new Set(gone)].sort();
  if (known && known.left === left && isDeepStrictEqual(known.fields, fields) && isDeepStrictEqual(known.dropped, dropped)) {
    return null;
  }
  return { sourceId, revision: (known?.revision ?? 0) + 1, fields, dropped, left };
}

async function lockCustomers(db: Queryable, sourceIds: readonly string[]): Promise<Map<string, CustomerRow>> {
  const rows = await db.rows<CustomerRow>(sql`
    select source_id as "sourceId", revision, fields, dropped, "left"
    from customers where source_id = any(${texts(sourceIds)})
    order by source_id for update`);
  return new Map(rows.map((row) => [row.sourceId, row]));
}

async function updateCustomers(db: Queryable, rows: readonly CustomerRow[], now: number): Promise<void> {
  if (rows.length === 0) return;
  await db.rows(sql`
    update customers set revision = row.revision, fields = row.fields, dropped = row.dropped, "left" = row."left", updated_at = ${at(now)}
    from jsonb_to_recordset(${json(rows)}) as row ("sourceId" text, revision int, fields jsonb, dropped jsonb, "left" boolean)
    where source_id = row."sourceId"`);
}

/** Returns the source IDs that were inserted; the others exist by now. */
async function insertCustomers(db: Queryable, rows: readonly CustomerRow[], now: number): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const inserted = await db.rows<{ sourceId: string }>(sql`
    insert into customers (source_id, revision, fields, dropped, "left", created_at, updated_at)
    select "sourceId", revision, fields, dropped, "left", ${at(now)}, ${at(now)}
    from jsonb_to_recordset(${json(rows)}) as row ("sourceId" text, revision int, fields jsonb, dropped jsonb, "left" boolean)
    on conflict (source_id) do nothing
    returning source_id as "sourceId"`);
  return new Set(inserted.map((row) => row.sourceId));
}
