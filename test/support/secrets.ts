// Credentials that the worlds of the tests are given, and where they turned up: searched in every line that a world logs or prints,
// in answers of the API, and in each database as it is handed back. `no-leaks.ts` fails the test that let one out.
import { sql } from 'drizzle-orm';
import type { Database } from '../../src/db/database.ts';

/** Long and unlike anything else, so that a find is no accident. */
export const seededSecrets: readonly string[] = [
  // Of vendors.
  'pat-test-00000000',
  'app-token-00000000',
  'hubspot-client-secret',
  'test-secret-0123456789',
  'first-refresh-token',
  'pat-na1-0f9e8d7c6b5a',
  // Of webhooks.
  'a-secret-for-the-tests',
  'the-secret-of-the-tests',
  // Of Tributary itself.
  'a-token-for-the-tests',
  'a-key-of-the-tests-that-is-long-enough',
  'a-secret-key-of-this-installation',
  'a-secret-key-that-is-long-enough-for-it',
];

const leaks: string[] = [];

/** Where secrets turned up since this was asked last. */
export function takeLeaks(): string[] {
  return leaks.splice(0);
}

/** Notes each secret in the text. `where`: where it was found, for the failure. */
export function searchText(text: string, where: string): void {
  for (const secret of seededSecrets)
    if (text.includes(secret)) leaks.push(`${secret} in ${where}: ${text.slice(0, 500)}`);
}

/** The same function, for lines of a log that are searched on their way. */
export function searched(write: (line: string) => void): (line: string) => void {
  return (line) => {
    searchText(line, 'the log');
    write(line);
  };
}

/** Longer tables are those of tests about size. */
const maxTableBytes = 1024 * 1024;

/** Notes a table with a row that holds a secret. One statement, which reads only tables that were ever written. */
export async function searchDatabase(database: Database): Promise<void> {
  const pattern = seededSecrets.join('|'); // of letters, digits and dashes
  const search = database.rows(
    sql.raw(`
    do $$
    declare
      name regclass;
      found boolean;
    begin
      for name in
        select oid::regclass from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'r'
          and pg_relation_size(oid) between 1 and ${maxTableBytes}
      loop
        execute format('select exists(select 1 from %s as t where t::text ~ %L)', name, '${pattern}')
          into found;
        if found then raise exception 'a secret in the table %', name; end if;
      end loop;
    end $$`),
  );
  await search.catch((error: Error) => {
    if (!error.message.startsWith('a secret in')) throw error;
    leaks.push(error.message);
  });
}
