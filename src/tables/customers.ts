// The customers table: each row the fold of the records that stand, with a revision. It knows rows; how records
// become fields is handed in.
import { isDeepStrictEqual } from 'node:util';
import { sql } from 'drizzle-orm';
import { bigint, boolean, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { Fields } from '../connector.ts';
import { type Changed, noOverrides, type Overrides, withUndone } from '../customer/undo.ts';
import { time } from '../db/column-types.ts';
import { jsonList, type Queryable, texts, toTimestamp } from '../db/database.ts';
import { dropUndone, overridesOf } from './pins.ts';
import { recordsOf, type StandingRecord, stands } from './records.ts';
import { type Cause, keepRevisions } from './revisions.ts';

/** A person as Voucherify should know them. */
export const customers = pgTable(
  'customers',
  {
    sourceId: text('source_id').primaryKey(),
    revision: integer().notNull(),
    /** Values by field name: the fold of the contributions that stand. */
    fields: jsonb().$type<Fields>().notNull(),
    /** Names of fields that were there once and are in no contribution now. */
    dropped: jsonb().$type<string[]>().notNull().default([]),
    /** No record speaks of this customer any more. */
    orphaned: boolean().notNull().default(false),
    /** A person refused to let it be deleted or blanked for being orphaned. */
    deletionRefused: boolean('deletion_refused').notNull().default(false),
    /** Two records of one source and stream claim it; the newest wins. */
    clash: boolean().notNull().default(false),
    /** The run that made it; null where none did, and for those made before it was kept. */
    createdRunId: bigint('created_run_id', { mode: 'number' }),
    /** The undo that has it taken away from the destination, until a record of it changes; null where none has. */
    withheldBy: bigint('withheld_by', { mode: 'number' }),
    createdAt: time('created_at').notNull(),
    updatedAt: time('updated_at').notNull(),
  },
  (t) => [
    index('customers_updated').on(t.updatedAt),
    index('customers_clash').on(t.sourceId).where(sql`${t.clash}`),
    index('customers_withheld').on(t.sourceId).where(sql`${t.withheldBy} is not null`),
    index('customers_email').on(sql`(${t.fields} ->> 'email')`),
    // E-mail addresses as source IDs that are not in lower case: each new one is compared with these.
    index('customers_letter_case')
      .on(sql`lower(${t.sourceId})`)
      .where(sql`${t.sourceId} like '%@%' and ${t.sourceId} <> lower(${t.sourceId})`),
  ],
);

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
  becameOrphaned: boolean;
  /** A record speaks of it again. */
  cameBack: boolean;
  changed: Changed;
}

export type CustomerRow = Omit<
  typeof customers.$inferSelect,
  'deletionRefused' | 'createdRunId' | 'withheldBy' | 'createdAt' | 'updatedAt'
>;

export type Next = CustomerRow & { changed: Changed; wasOrphaned: boolean };

/**
 * Folds these customers anew from the records as they stand in this transaction, and writes those that differ.
 * Customers are locked in one order. Two workers that create the same customer at once: the second folds again once it
 * sees the first one's row, so no contribution is missed. `fresh`: see `recordsOf`.
 */
export async function refold(
  db: Queryable,
  sourceIds: Iterable<string>,
  fold: Fold,
  { fresh = [], ...context }: { cause: Cause; now: number; fresh?: readonly StandingRecord[] },
): Promise<Revised[]> {
  const revised: Next[] = [];
  let open = [...new Set(sourceIds)].sort();
  while (open.length > 0) {
    const known = await lockCustomers(db, open);
    const isOpen = new Set(open);
    const own = fresh.filter(({ sourceId }) => isOpen.has(sourceId));
    const records = Map.groupBy(await recordsOf(db, open, own), (record) => record.sourceId);
    const overrides = await overridesOf(db, open);
    await dropUndone(db, undoneOver(records, overrides, fold));
    const next = open.flatMap(
      (sourceId) =>
        foldOne(
          sourceId,
          known.get(sourceId),
          records.get(sourceId) ?? [],
          overrides.get(sourceId) ?? noOverrides,
          fold,
        ) ?? [],
    );
    const updates = next.filter((row) => row.revision > 1);
    const creations = next.filter((row) => row.revision === 1);
    await updateCustomers(db, updates, context);
    const created = await insertCustomers(db, creations, context);
    revised.push(...updates, ...creations.filter((row) => created.has(row.sourceId)));
    open = creations.filter((row) => !created.has(row.sourceId)).map((row) => row.sourceId);
  }
  await keepRevisions(
    db,
    revised.filter((row) => row.revision > 1).map((row) => ({ ...row, turned: turnOf(row) })),
    context,
  );
  return revised.map(({ sourceId, revision, orphaned, wasOrphaned, changed }) => ({
    sourceId,
    revision,
    becameOrphaned: orphaned && !wasOrphaned,
    cameBack: wasOrphaned && !orphaned,
    changed,
  }));
}

function turnOf({ orphaned, wasOrphaned }: Next): boolean | null {
  return orphaned === wasOrphaned ? null : orphaned;
}

/** The fields that the records give, with what a person pinned. Null where they cannot be told. */
export function ownFields(records: readonly StandingRecord[], pins: Fields, fold: Fold): Fields | null {
  const standing = records.filter(stands);
  // A customer left by all its records keeps its fields as its last records had them.
  return fold(standing.length === 0 ? records : standing, pins);
}

/** Undone values in whose place the records say something else by now. */
function undoneOver(
  records: ReadonlyMap<string, readonly StandingRecord[]>,
  overrides: ReadonlyMap<string, Overrides>,
  fold: Fold,
): { sourceId: string; field: string }[] {
  return [...overrides].flatMap(([sourceId, { pins, undone }]) => {
    const own = Object.keys(undone).length === 0 ? null : ownFields(records.get(sourceId) ?? [], pins, fold);
    return own === null ? [] : withUndone(own, undone).over.map((field) => ({ sourceId, field }));
  });
}

/** The row this customer should have, or null where it has it already. */
export function foldOne(
  sourceId: string,
  known: CustomerRow | undefined,
  records: readonly StandingRecord[],
  { pins, undone }: Overrides,
  fold: Fold,
): Next | null {
  if (records.length === 0 && !known) return null;
  const standing = records.filter(stands);
  const orphaned = standing.length === 0;
  const own = ownFields(records, pins, fold);
  if (own === null) return null;
  const { fields } = withUndone(own, undone);
  const before = known?.fields ?? {};
  const gone = [...Object.keys(before), ...(known?.dropped ?? [])].filter(
    (field) => !Object.hasOwn(fields, field),
  );
  const dropped = [...new Set(gone)].sort();
  const clash = hasClash(standing);
  const same =
    known &&
    known.orphaned === orphaned &&
    known.clash === clash &&
    isDeepStrictEqual(known.fields, fields) &&
    isDeepStrictEqual(known.dropped, dropped);
  if (same) return null;
  return {
    sourceId,
    revision: (known?.revision ?? 0) + 1,
    fields,
    dropped,
    orphaned,
    clash,
    changed: changedFields(before, fields),
    wasOrphaned: known?.orphaned ?? false,
  };
}

/** Two records of one source and stream claim one customer. */
function hasClash(records: readonly StandingRecord[]): boolean {
  if (records.length < 2) return false;
  return new Set(records.map(({ source, stream }) => `${source}\n${stream}`)).size < records.length;
}

function changedFields(before: Fields, after: Fields): Changed {
  const changed: Changed = {};
  for (const field of Object.keys(before)) {
    const [from, to] = [before[field]!, after[field]];
    if (to === undefined) changed[field] = { from };
    else if (!isDeepStrictEqual(from, to)) changed[field] = { from, to };
  }
  for (const field of Object.keys(after))
    if (!Object.hasOwn(before, field)) changed[field] = { to: after[field]! };
  return changed;
}

async function lockCustomers(db: Queryable, sourceIds: readonly string[]): Promise<Map<string, CustomerRow>> {
  const rows = await db.rows<CustomerRow>(sql`
    select source_id, revision, fields, dropped, orphaned, clash
    from customers where source_id = any(${texts(sourceIds)})
    order by source_id for update`);
  return new Map(rows.map((row) => [row.sourceId, row]));
}

const columns = sql`("sourceId" text, revision int, fields jsonb, dropped jsonb, orphaned boolean, clash boolean)`;

/** Whoever an undo took away comes back when a record changes, not by what a person or a mapping changes. */
async function updateCustomers(
  db: Queryable,
  rows: readonly CustomerRow[],
  { cause, now }: { cause: Cause; now: number },
): Promise<void> {
  if (rows.length === 0) return;
  const withheldBy = cause.by === 'records' || cause.by === 'unmerge' ? sql`null` : sql`withheld_by`;
  await db.rows(sql`
    update customers set revision = row.revision, fields = row.fields, dropped = row.dropped, orphaned = row.orphaned, clash = row.clash, withheld_by = ${withheldBy}, updated_at = ${toTimestamp(now)}
    from json_to_recordset(${jsonList(rows.map(plain))}) as row ${columns}
    where source_id = row."sourceId"`);
}

/** Returns the source IDs that were inserted; the others exist by now. */
async function insertCustomers(
  db: Queryable,
  rows: readonly CustomerRow[],
  { cause, now }: { cause: Cause; now: number },
): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const runId = 'runId' in cause ? cause.runId : null;
  const inserted = await db.rows<{ sourceId: string }>(sql`
    insert into customers (source_id, revision, fields, dropped, orphaned, clash, created_run_id, created_at, updated_at)
    select "sourceId", revision, fields, dropped, orphaned, clash, ${runId}::bigint, ${toTimestamp(now)}, ${toTimestamp(now)}
    from json_to_recordset(${jsonList(rows.map(plain))}) as row ${columns}
    on conflict (source_id) do nothing
    returning source_id`);
  return new Set(inserted.map((row) => row.sourceId));
}

function plain({ sourceId, revision, fields, dropped, orphaned, clash }: CustomerRow): CustomerRow {
  return { sourceId, revision, fields, dropped, orphaned, clash };
}

/**
 * Undoes for customers themselves: `keep` says whether one without records is kept at the destination, `withhold` whether one
 * that is there is taken away. Null: it stays as it is. Each has a new revision by it.
 */
export async function turnCustomers(
  db: Queryable,
  turns: readonly { sourceId: string; keep: boolean | null; withhold: boolean | null }[],
  { cause, runId, now }: { cause: Cause; runId: number; now: number },
): Promise<Revised[]> {
  if (turns.length === 0) return [];
  const rows = await db.rows<{ sourceId: string; revision: number; keep: boolean | null }>(sql`
    update customers set revision = revision + 1, updated_at = ${toTimestamp(now)},
      deletion_refused = coalesce(keep, deletion_refused),
      withheld_by = case when withhold then ${runId}::bigint when not withhold then null else withheld_by end
    from json_to_recordset(${jsonList(turns)}) as row ("sourceId" text, keep boolean, withhold boolean)
    where source_id = row."sourceId"
    returning source_id, revision, row.keep`);
  const revised = rows.map(({ keep, ...row }) => ({
    ...row,
    changed: {},
    turned: keep === null ? null : !keep,
  }));
  await keepRevisions(db, revised, { cause, now });
  return revised.map(({ sourceId, revision, changed }) => ({
    ...{ sourceId, revision, changed },
    becameOrphaned: false,
    cameBack: false,
  }));
}

/** How many customers each of these undos keeps away from the destination. */
export async function countWithheld(db: Queryable, runIds: readonly number[]): Promise<Map<number, number>> {
  const rows = await db.rows<{ runId: number; count: number }>(sql`
    select withheld_by as run_id, count(*) as count from customers
    where withheld_by in (select value::text::bigint from json_array_elements(${jsonList(runIds)})) group by withheld_by`);
  return new Map(rows.map(({ runId, count }) => [runId, count]));
}

/** Locks these customers in one order. */
export async function lockCustomersOf(db: Queryable, sourceIds: readonly string[]): Promise<void> {
  await db.rows(sql`
    select 1 from customers where source_id = any(${texts(sourceIds)}) order by source_id for update`);
}

/** A person refused to have these customers taken away though all their records are gone. */
export async function refuseDeletions(db: Queryable, sourceIds: readonly string[]): Promise<void> {
  await db.rows(sql`update customers set deletion_refused = true where source_id = any(${texts(sourceIds)})`);
}

/** That word was given for one leaving: after a return it is given anew. */
export async function forgetRefusals(db: Queryable, sourceIds: readonly string[]): Promise<void> {
  if (sourceIds.length === 0) return;
  await db.rows(
    sql`update customers set deletion_refused = false where source_id = any(${texts(sourceIds)}) and deletion_refused`,
  );
}

/** Forgets a customer who is erased: waits for whoever folds it now, and whoever comes later finds none. Returns its fields. */
export async function forgetCustomer(db: Queryable, sourceId: string): Promise<Fields | null> {
  const [gone] = await db.rows<{ fields: Fields }>(
    sql`delete from customers where source_id = ${sourceId} returning fields`,
  );
  return gone?.fields ?? null;
}

/** False where there is none. Held, so that nobody takes it away while it is pinned. */
export async function lockCustomer(tx: Queryable, sourceId: string): Promise<boolean> {
  return (await tx.rows(sql`select 1 from customers where source_id = ${sourceId} for update`)).length > 0;
}

export async function existingCustomers(db: Queryable, sourceIds: readonly string[]): Promise<Set<string>> {
  const rows = await db.rows<{ sourceId: string }>(
    sql`select source_id from customers where source_id = any(${texts(sourceIds)})`,
  );
  return new Set(rows.map((row) => row.sourceId));
}

/** Customers with their revisions, in the order of their source IDs. */
/** The revisions of these customers, of those that there are. */
export async function revisionsOf(
  db: Queryable,
  sourceIds: readonly string[],
): Promise<{ sourceId: string; revision: number }[]> {
  if (sourceIds.length === 0) return [];
  return db.rows(sql`select source_id, revision from customers where source_id = any(${texts(sourceIds)})`);
}

export async function revisionsOfAllAfter(
  db: Queryable,
  after: string,
  limit: number,
): Promise<{ sourceId: string; revision: number }[]> {
  return db.rows(sql`
    select source_id, revision from customers where source_id > ${after} order by source_id limit ${limit}`);
}

/** The first customers by source ID. */
export async function firstCustomers(
  db: Queryable,
  limit: number,
): Promise<{ sourceId: string; fields: Fields }[]> {
  return db.rows(sql`select source_id, fields from customers order by source_id limit ${limit}`);
}

/**
 * How many of these source IDs, which are new, are e-mail addresses that differ from another customer's in nothing but
 * letter case.
 */
export async function countLetterTwins(db: Queryable, sourceIds: readonly string[]): Promise<number> {
  const emails = sourceIds.filter((id) => id.includes('@'));
  if (emails.length === 0) return 0;
  const rows = emails.map((id) => ({ id, lower: id.toLowerCase() }));
  const [found] = await db.rows<{ count: number }>(sql`
    select count(*) as count from json_to_recordset(${jsonList(rows)}) as fresh (id text, lower text)
    where exists (
      select from customers where lower(source_id) = fresh.lower and source_id like '%@%' and source_id <> lower(source_id)
        and source_id <> fresh.id
    ) or (fresh.id <> fresh.lower and exists (select from customers where source_id = fresh.lower))`);
  return found?.count ?? 0;
}

/** Fields of customers, by source ID. */
export async function fieldsOfCustomers(
  db: Queryable,
  sourceIds: readonly string[],
): Promise<Map<string, Fields>> {
  const rows = await db.rows<{ sourceId: string; fields: Fields }>(
    sql`select source_id, fields from customers where source_id = any(${texts(sourceIds)})`,
  );
  return new Map(rows.map((row) => [row.sourceId, row.fields]));
}
