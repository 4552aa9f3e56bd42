// Column types that several tables share.
import { sql } from 'drizzle-orm';
import { type AnyPgColumn, customType } from 'drizzle-orm/pg-core';

/** A moment: in code epoch milliseconds, as `results.ts` parses it. */
export const time = customType<{ data: number }>({ dataType: () => 'timestamp with time zone' });

export const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' });

/** The condition that a column holds one of these values, as a check writes it. */
export const isOneOf = (column: AnyPgColumn, values: readonly string[]) =>
  sql`${column} in (${sql.raw(values.map((value) => `'${value}'`).join(', '))})`;
