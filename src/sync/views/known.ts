// Whether what a filter names is known: sources, codes, fields, runs and dead letters of which rows speak. It only reads.
import { sql } from 'drizzle-orm';
import { jsonList, type Queryable } from '../../db/database.ts';

/** Whether any row is of a source of this name, also of one that has left the configuration. */
export async function isKnownSource(db: Queryable, name: string): Promise<boolean> {
  const [kept] = await db.rows<{ known: boolean }>(sql`
    select exists(select 1 from mappings where source = ${name}) or exists(select 1 from runs where source = ${name})
      or exists(select 1 from dead_letters where source = ${name})
      or exists(select 1 from inbox where source = ${name}) as known`);
  return kept?.known ?? false;
}

/** Codes of all dead letters, open or settled. */
export async function letterCodes(db: Queryable): Promise<string[]> {
  const rows = await db.rows<{ code: string }>(sql`select distinct code from dead_letters`);
  return rows.map((row) => row.code);
}

/** Those of these fields that a customer has or that a record failed in. */
export async function knownFields(db: Queryable, names: readonly string[]): Promise<Set<string>> {
  const rows = await db.rows<{ field: string }>(sql`
    select name as field from json_array_elements_text(${jsonList(names)}) as name
    where exists(select 1 from customers where jsonb_exists(fields, name))
      or exists(select 1 from records where faults @> jsonb_build_array(jsonb_build_object('field', name)))`);
  return new Set(rows.map((row) => row.field));
}

/** Those of these runs that there are. */
export async function knownRuns(db: Queryable, ids: readonly number[]): Promise<Set<number>> {
  const rows = await db.rows<{ id: number }>(sql`
    select id from runs
    where id in (select value::bigint from json_array_elements_text(${jsonList(ids)}))`);
  return new Set(rows.map(({ id }) => id));
}

/** Those of these dead letters that there are, settled ones too. */
export async function knownLetters(db: Queryable, ids: readonly number[]): Promise<Set<number>> {
  const rows = await db.rows<{ id: number }>(sql`
    select id from dead_letters
    where id in (select value::bigint from json_array_elements_text(${jsonList(ids)}))`);
  return new Set(rows.map(({ id }) => id));
}
