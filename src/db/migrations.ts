// The migrations of the folder `drizzle`, and which of them a database has. It knows no table of ours.
import { fileURLToPath } from 'node:url';
import { type SQL, sql } from 'drizzle-orm';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { home } from '../home.ts';

const migrationsFolder = fileURLToPath(new URL('drizzle', home));

interface Queryable {
  rows<Row extends object>(statement: SQL): Promise<Row[]>;
}

interface Migrated extends Queryable {
  transaction(work: (tx: Queryable) => Promise<void>): Promise<void>;
}

/** Applies what the database lacks, in one transaction. Workers that start together do so one after the other. */
export async function migrate(database: Migrated): Promise<void> {
  const known = readMigrationFiles({ migrationsFolder });
  const newest = Math.max(...known.map(({ folderMillis }) => folderMillis));
  if ((await newestApplied(database)) >= newest) return;
  await database.transaction(async (tx) => {
    // Held by the transaction and not by a session: a pooler may stand before the server.
    await tx.rows(sql`select pg_advisory_xact_lock(7225119)`);
    await tx.rows(sql`create schema if not exists drizzle`);
    await tx.rows(sql`
      create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`);
    const applied = await newestApplied(tx);
    for (const { folderMillis, hash, sql: statements } of known) {
      if (folderMillis <= applied) continue;
      for (const statement of statements) await tx.rows(sql.raw(statement));
      await tx.rows(
        sql`insert into drizzle.__drizzle_migrations (hash, created_at) values (${hash}, ${folderMillis}::bigint)`,
      );
    }
  });
}

/** How many of our migrations the database lacks, and whether it has none. */
export async function lacking(database: Queryable): Promise<{ migrations: number; isNew: boolean }> {
  const applied = await newestApplied(database);
  const known = readMigrationFiles({ migrationsFolder });
  const migrations = known.filter(({ folderMillis }) => folderMillis > applied).length;
  return { migrations, isNew: migrations === known.length };
}

/** Whether a newer version has written the database. */
export async function isNewer(database: Queryable): Promise<boolean> {
  const known = readMigrationFiles({ migrationsFolder }).map(({ folderMillis }) => folderMillis);
  return (await newestApplied(database)) > Math.max(...known);
}

/** Whether the migrations that were noted are another program's, which would take ours for its own, as we its. */
export async function isForeign(database: Queryable): Promise<boolean> {
  if ((await newestApplied(database)) <= 0) return false;
  const [found] = await database.rows<{ ours: boolean }>(
    sql`select exists (select from pg_class where relname = 'deliveries' and relkind in ('r', 'p')) as ours`,
  );
  return found?.ours === false;
}

/** The schema with our tables where the session's search path does not lead to it, else null. */
export async function schemaElsewhere(database: Queryable): Promise<string | null> {
  const [found] = await database.rows<{ schema: string }>(sql`
    select relnamespace::regnamespace::text as schema from pg_class
    where relname = 'deliveries' and relkind in ('r', 'p') and to_regclass('deliveries') is null`);
  return found?.schema ?? null;
}

/** When the newest of its migrations was made, as drizzle's journal dates it. */
async function newestApplied(database: Queryable): Promise<number> {
  const [found] = await database.rows<{ exists: boolean }>(
    sql`select to_regclass('drizzle.__drizzle_migrations') is not null as exists`,
  );
  if (!found?.exists) return Number.NEGATIVE_INFINITY;
  const [newest] = await database.rows<{ at: number }>(
    sql`select coalesce(max(created_at), 0)::float8 as at from drizzle.__drizzle_migrations`,
  );
  return newest?.at ?? 0;
}
