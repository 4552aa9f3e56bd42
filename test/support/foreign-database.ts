// A database that is not ours, to be read as a source: an embedded one, and one on the server where there is one. Each
// world has a schema of its own. It knows no connector.
import { PGlite } from '@electric-sql/pglite';
import postgres from 'postgres';
import type { Relation, RelationDescription } from '#connector';
import { systemClock } from '../../src/engine/clock.ts';
import { PostgresRelation } from '../../src/engine/relation/postgres-relation.ts';
import { errorOf } from '../../src/engine/relation/read-error.ts';
import { beginning, type ReadOnlyDatabase, readOnlyDatabase } from '../../src/engine/relation/read-only.ts';
import { databaseName, findServer, onServer } from './postgres.ts';

export interface ForeignDatabase {
  name: 'PGlite' | 'PostgreSQL';
  /** Its address, with a password; of the embedded one an address that leads nowhere. */
  url: string;
  /** Runs statements as its owner. */
  run(text: string): Promise<void>;
  /** As the engine would hand it out. Closed with the database. */
  relation(description: RelationDescription): Relation;
  close(): Promise<void>;
}

const password = 'a-password-for-tests';

/** Every kind that there is here. */
export const foreignDatabases: { name: ForeignDatabase['name']; open(): Promise<ForeignDatabase> }[] = [
  { name: 'PGlite', open: openEmbedded },
  ...((await findServer()) === null ? [] : [{ name: 'PostgreSQL' as const, open: openOnServer }]),
];

async function openEmbedded(): Promise<ForeignDatabase> {
  const database = await PGlite.create();
  const reader = (description: RelationDescription): ReadOnlyDatabase => ({
    async read(work) {
      try {
        return await database.transaction(async (tx) => {
          await tx.exec(beginning(description).replace('begin transaction', 'set transaction'));
          return work(async (text, values) => (await tx.query(text, [...values])).rows as never);
        });
      } catch (error) {
        throw errorOf('people', error);
      }
    },
    close: async () => {},
  });
  return {
    name: 'PGlite',
    url: `postgres://reader:${password}@127.0.0.1:1/nowhere`,
    run: async (text) => void (await database.exec(text)),
    relation: (description) => new PostgresRelation(reader(description), description),
    close: () => database.close(),
  };
}

async function openOnServer(): Promise<ForeignDatabase> {
  const server = (await findServer())!;
  const name = databaseName();
  await onServer(server, (sql) => sql`create database ${sql(name)}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  if (url.password === '') url.password = password;
  const owner = postgres(url.href, { max: 1, onnotice: () => {} });
  const opened: ReadOnlyDatabase[] = [];
  return {
    name: 'PostgreSQL',
    url: url.href,
    run: async (text) => void (await owner.unsafe(text).simple()),
    relation(description) {
      const database = readOnlyDatabase('people', description, systemClock);
      opened.push(database);
      return new PostgresRelation(database, description);
    },
    async close() {
      await Promise.all(opened.map((database) => database.close()));
      await owner.end({ timeout: 5 });
      await onServer(server, (sql) => sql`drop database if exists ${sql(name)} with (force)`);
    },
  };
}
