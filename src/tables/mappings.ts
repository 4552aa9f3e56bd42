// The mappings table: by which rules each source's stored records were mapped last, and the rules themselves for the time
// when the source is configured no longer. It does not know what the rules mean.
import { sql } from 'drizzle-orm';
import { jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { Json } from '../connector.ts';
import { time } from '../db/column-types.ts';
import { json, jsonList, type Queryable, toTimestamp } from '../db/database.ts';

/** The mapping by which each source's stored records were last mapped. */
export const mappings = pgTable('mappings', {
  source: text().primaryKey(),
  /** Of the rules, a blank, and of the whole schema; empty before anything was mapped. */
  fingerprint: text().notNull(),
  /** What was asked of the vendor then. */
  properties: jsonb().$type<string[]>().notNull(),
  mappedAt: time('mapped_at').notNull(),
  /** The rules as data, for the time when the source is configured no longer; null where functions are among them. */
  definition: jsonb().$type<Json>(),
  /** When a person withdrew a source that is configured no longer. */
  withdrawnAt: time('withdrawn_at'),
});

/** Stands for the rules of a source that was withdrawn: nothing it has stored is a contribution. */
export const removedRules = 'removed';

export interface Kept extends Omit<typeof mappings.$inferSelect, 'mappedAt' | 'withdrawnAt'> {
  /** A person has withdrawn it. */
  withdrawn: boolean;
}

export async function listMappings(db: Queryable): Promise<Kept[]> {
  return db.rows(sql`
    select source, fingerprint, properties, definition, withdrawn_at is not null as withdrawn
    from mappings order by source`);
}

export async function keepMapping(
  db: Queryable,
  source: string,
  fingerprint: string,
  properties: readonly string[],
  now: number,
): Promise<void> {
  await db.rows(sql`
    insert into mappings (source, fingerprint, properties, mapped_at)
    values (${source}, ${fingerprint}, ${json(properties)}, ${toTimestamp(now)})
    on conflict (source) do update set
      fingerprint = excluded.fingerprint, properties = excluded.properties, mapped_at = excluded.mapped_at`);
}

/** Keeps the rules of configured sources. One that was withdrawn and is configured again is withdrawn no more. */
export async function keepDefinitions(
  db: Queryable,
  rows: readonly { source: string; definition: Json }[],
  now: number,
): Promise<void> {
  await db.rows(sql`
    insert into mappings (source, fingerprint, properties, mapped_at, definition)
    select source, '', '[]', ${toTimestamp(now)}, definition
    from json_to_recordset(${jsonList(rows)}) as row (source text, definition jsonb)
    on conflict (source) do update set definition = excluded.definition, withdrawn_at = null
    where mappings.definition is distinct from excluded.definition or mappings.withdrawn_at is not null`);
}

/** False where nothing is known of such a source. */
export async function withdrawMapping(db: Queryable, source: string, now: number): Promise<boolean> {
  const rows = await db.rows(sql`
    update mappings set withdrawn_at = coalesce(withdrawn_at, ${toTimestamp(now)}) where source = ${source} returning source`);
  return rows.length > 0;
}

export async function dropMapping(db: Queryable, source: string): Promise<void> {
  await db.rows(sql`delete from mappings where source = ${source}`);
}

/** The source has a new name. */
export async function renameSourceInMappings(db: Queryable, from: string, to: string): Promise<void> {
  await db.rows(sql`update mappings set source = ${to} where source = ${from}`);
}
