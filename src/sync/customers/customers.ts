// The customers table: each row the fold of the records that stand, with a revision. It knows rows; how records
// become fields is handed in.
import { isDeepStrictEqual } from 'node:util';
import { sql } from 'drizzle-orm';
import type { Fields, Json } from '../../connector.ts';
import { at, json, type Queryable, texts } from '../../db/database.ts';
import { recordsOf, type StandingRecord, stands } from '../records/records.ts';
import { pinsOf } from './pins.ts';
import { type Cause, type Changed, keepRevisions } from './revisions.ts';

/**
 * The fields of one customer from the records that speak of it and the values pinned by hand; null where they cannot be
 * told, and the customer stays as it is. Pure.
 */
export type Fold = (records: readonly StandingRecord[], pins: Fields) => Fields | null;

/** A customer with a new revision. */
export interface Revised {
  sourceId: string;
  revision: number;
  /** No record speaks of it any more, and one did before. */
  becameLeft: boolean;
  /** A record speaks of it again. */
  cameBack: boolean;
  changed: Changed;
}

export interface CustomerRow {
  sourceId: string;
  revision: number;
  fields: Fields;
  dropped: string[];
  left: boolean;
  clash: boolean;
}

export type Next = CustomerRow & { changed: Changed; wasLeft: boolean };

/**
 * Folds these customers anew from the records as they stand in this transaction, and writes those that differ.
 * Customers are locked in one order. Two workers that create the same customer at once: the second folds again once it
 * sees the first one's row, so no contribution is missed.
 */
export async function refold(
  db: Queryable,
  sourceIds: Iterable<string>,
  fold: Fold,
  context: { cause: Cause; now: number },
): Promise<Revised[]> {
  const revised: Next[] = [];
  let open = [...new Set(sourceIds)].sort();
  while (open.length > 0) {
    const known = await lockCustomers(db, open);
    const records = Map.groupBy(await recordsOf(db, open), (record) => record.sourceId);
    const pins = await pinsOf(db, open);
    const next = open.flatMap(
      (sourceId) =>
        foldOne(sourceId, known.get(sourceId), records.get(sourceId) ?? [], pins.get(sourceId) ?? {}, fold) ??
        [],
    );
    const updates = next.filter((row) => row.revision > 1);
    const creations = next.filter((row) => row.revision === 1);
    await updateCustomers(db, updates, context.now);
    const created = await insertCustomers(db, creations, context.now);
    revised.push(...updates, ...creations.filter((row) => created.has(row.sourceId)));
    open = creations.filter((row) => !created.has(row.sourceId)).map((row) => row.sourceId);
  }
  await keepRevisions(
    db,
    revised.filter((row) => row.revision > 1),
    context,
  );
  return revised.map(({ sourceId, revision, left, wasLeft, changed }) => ({
    sourceId,
    revision,
    becameLeft: left && !wasLeft,
    cameBack: wasLeft && !left,
    changed,
  }));
}

/** The row this customer should have, or null where it has it already. */
export function foldOne(
  sourceId: string,
  known: CustomerRow | undefined,
  records: readonly StandingRecord[],
  pins: Fields,
  fold: Fold,
): Next | null {
  if (records.length === 0 && !known) return null;
  const standing = records.filter(stands);
  const left = standing.length === 0;
  // A customer left by all its records keeps its fields as its last records had them.
  const fields = fold(left ? records : standing, pins);
  if (fields === null) return null;
  const before = known?.fields ?? {};
  const gone = [...Object.keys(before), ...(known?.dropped ?? [])].filter(
    (field) => !Object.hasOwn(fields, field),
  );
  const dropped = [...new Set(gone)].sort();
  const clash = hasClash(standing);
  const same =
    known &&
    known.left === left &&
    known.clash === clash &&
    isDeepStrictEqual(known.fields, fields) &&
    isDeepStrictEqual(known.dropped, dropped);
  if (same) return null;
  return {
    sourceId,
    revision: (known?.revision ?? 0) + 1,
    fields,
    dropped,
    left,
    clash,
    changed: changedFields(before, fields),
    wasLeft: known?.left ?? false,
  };
}

/** Two records of one source and stream claim one customer. */
function hasClash(records: readonly StandingRecord[]): boolean {
  return new Set(records.map(({ source, stream }) => `${source}\n${stream}`)).size < records.length;
}

function changedFields(before: Fields, after: Fields): Changed {
  const changed: Changed = {};
  for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [from, to] = [before[field], after[field]] as (Json | undefined)[];
    if (!isDeepStrictEqual(from, to))
      changed[field] = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  }
  return changed;
}

async function lockCustomers(db: Queryable, sourceIds: readonly string[]): Promise<Map<string, CustomerRow>> {
  const rows = await db.rows<CustomerRow>(sql`
    select source_id as "sourceId", revision, fields, dropped, "left", clash
    from customers where source_id = any(${texts(sourceIds)})
    order by source_id for update`);
  return new Map(rows.map((row) => [row.sourceId, row]));
}

const columns = sql`("sourceId" text, revision int, fields jsonb, dropped jsonb, "left" boolean, clash boolean)`;

async function updateCustomers(db: Queryable, rows: readonly CustomerRow[], now: number): Promise<void> {
  if (rows.length === 0) return;
  await db.rows(sql`
    update customers set revision = row.revision, fields = row.fields, dropped = row.dropped, "left" = row."left", clash = row.clash, updated_at = ${at(now)}
    from jsonb_to_recordset(${json(rows.map(plain))}) as row ${columns}
    where source_id = row."sourceId"`);
}

/** Returns the source IDs that were inserted; the others exist by now. */
async function insertCustomers(
  db: Queryable,
  rows: readonly CustomerRow[],
  now: number,
): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const inserted = await db.rows<{ sourceId: string }>(sql`
    insert into customers (source_id, revision, fields, dropped, "left", clash, created_at, updated_at)
    select "sourceId", revision, fields, dropped, "left", clash, ${at(now)}, ${at(now)}
    from jsonb_to_recordset(${json(rows.map(plain))}) as row ${columns}
    on conflict (source_id) do nothing
    returning source_id as "sourceId"`);
  return new Set(inserted.map((row) => row.sourceId));
}

function plain({ sourceId, revision, fields, dropped, left, clash }: CustomerRow): CustomerRow {
  return { sourceId, revision, fields, dropped, left, clash };
}

/** A person refused to have these customers taken away though all their records have left them. */
export async function keepCustomers(db: Queryable, sourceIds: readonly string[]): Promise<void> {
  await db.rows(sql`update customers set kept = true where source_id = any(${texts(sourceIds)})`);
}

/** That word was given for one leaving: after a return it is given anew. */
export async function unkeep(db: Queryable, sourceIds: readonly string[]): Promise<void> {
  if (sourceIds.length === 0) return;
  await db.rows(sql`update customers set kept = false where source_id = any(${texts(sourceIds)}) and kept`);
}

/** Forgets a customer who is erased: waits for whoever folds it now, and whoever comes later finds none. Returns its fields. */
export async function forgetCustomer(db: Queryable, sourceId: string): Promise<Fields | null> {
  const [gone] = await db.rows<{ fields: Fields }>(
    sql`delete from customers where source_id = ${sourceId} returning fields`,
  );
  return gone?.fields ?? null;
}
