// What PostgreSQL's autovacuum does by itself, for the embedded database, which has none.
import { sql } from 'drizzle-orm';
import type { Database } from './database.ts';

export async function vacuum(database: Database): Promise<void> {
  if (database.kind === 'pglite') await database.rows(sql`vacuum (analyze)`);
}
