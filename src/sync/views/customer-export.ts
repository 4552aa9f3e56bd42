// Customers with all their fields, page after page, for a file. It only reads.

import { sql } from 'drizzle-orm';
import type { ExportedCustomer } from '../../contract/customer.ts';
import { json, type Queryable, toTimestamp } from '../../db/database.ts';

export interface ExportFilter {
  /** Values by field name; a list holds a value where one of its elements is it. */
  fields?: { readonly [field: string]: string } | undefined;
  /** Only customers whose fields changed at or after this time, epoch milliseconds. */
  changedSince?: number | undefined;
}

/** Customers in the order of their source IDs, those after `after`. Those that their sources have left are there too. */
export async function exportCustomers(
  db: Queryable,
  filter: ExportFilter,
  page: { after?: string | undefined; limit: number },
): Promise<ExportedCustomer[]> {
  const { fields = {}, changedSince } = filter;
  return db.rows(sql`
    select source_id, fields, updated_at
    from customers
    where ${page.after === undefined ? sql`true` : sql`source_id > ${page.after}`}
      and ${changedSince === undefined ? sql`true` : sql`updated_at >= ${toTimestamp(changedSince)}`}
      and not exists (
        select 1 from jsonb_each_text(${json(fields)}) as wanted
        where (fields ->> wanted.key = wanted.value or jsonb_exists(fields -> wanted.key, wanted.value)) is not true)
    order by source_id limit ${page.limit}`);
}
