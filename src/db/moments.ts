// Moments that queries tell, as many as are asked for in one statement. It knows no table.
import { type SQL, sql } from 'drizzle-orm';
import type { Queryable } from './database.ts';

/** The moment that a query of one timestamp tells, epoch milliseconds, or null. */
export async function moment(db: Queryable, query: SQL): Promise<number | null> {
  return (await moments(db, { at: query })).at;
}

/** The same of several queries, in one statement. The names are written in lower case. */
export async function moments<Name extends string>(
  db: Queryable,
  queries: { readonly [name in Name]: SQL },
): Promise<{ [name in Name]: number | null }> {
  const columns = Object.entries<SQL>(queries).map(
    ([name, query]) => sql`(${query}) as ${sql.identifier(name)}`,
  );
  const [row] = await db.rows<{ [name in Name]: number | null }>(sql`select ${sql.join(columns, sql`, `)}`);
  return row!;
}
