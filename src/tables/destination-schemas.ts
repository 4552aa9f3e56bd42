// The destination_schemas table: the metadata schema of an account as it was read last, so that a start does not depend on
// the destination's being reachable, and all workers learn of a change. It asks nobody.
import { sql } from 'drizzle-orm';
import { jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { MetadataSchema } from '../connector.ts';
import { time } from '../db/column-types.ts';
import { json, type Queryable, toTimestamp } from '../db/database.ts';

/** The metadata schema of each account of the destination as it was read last. */
export const destinationSchemas = pgTable('destination_schemas', {
  account: text().primaryKey(),
  /** Null where the destination has none. */
  schema: jsonb().$type<MetadataSchema>(),
  readAt: time('read_at').notNull(),
});

export type KeptSchema = Pick<typeof destinationSchemas.$inferSelect, 'schema'>;

export async function keepSchema(
  db: Queryable,
  account: string,
  schema: MetadataSchema | null,
  now: number,
): Promise<void> {
  const value = schema === null ? sql`null` : sql`${json(schema)}`;
  await db.rows(sql`
    insert into destination_schemas (account, schema, read_at) values (${account}, ${value}, ${toTimestamp(now)})
    on conflict (account) do update set schema = excluded.schema, read_at = excluded.read_at`);
}

/** Null where the schema of this account was never read. */
export async function keptSchema(db: Queryable, account: string): Promise<KeptSchema | null> {
  const [row] = await db.rows<KeptSchema>(
    sql`select schema from destination_schemas where account = ${account}`,
  );
  return row ?? null;
}
