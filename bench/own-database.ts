// A database of its own for each figure, dropped when it is found. It does not know what is measured in it.
import { type Database, openDatabase } from '../src/db/database.ts';
import { databaseName, onServer } from '../test/support/postgres.ts';

/** With the URL of a new, empty database. */
export async function onOwnDatabase<Result>(
  server: string,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  const name = databaseName();
  await onServer(server, (sql) => sql`create database ${sql(name)}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  try {
    return await work(url.href);
  } finally {
    await onServer(server, (sql) => sql`drop database if exists ${sql(name)} with (force)`);
  }
}

/** With a new one that is migrated, and open. */
export function onMigratedDatabase<Result>(
  server: string,
  work: (url: string, database: Database) => Promise<Result>,
): Promise<Result> {
  return onOwnDatabase(server, async (url) => {
    const database = await openDatabase({ url, directory: '' });
    try {
      return await work(url, database);
    } finally {
      await database.close();
    }
  });
}
