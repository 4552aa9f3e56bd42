// Customers that two records of one source and stream claim, with the records. It only reads.

import { sql } from 'drizzle-orm';
import type { Clash as ClashingCustomer } from '../../contract/record.ts';
import { jsonList, type Queryable } from '../../db/database.ts';

/** In the order of their source IDs, those after `after`. */
export async function listClashes(
  db: Queryable,
  page: { after?: string | undefined; limit: number },
): Promise<ClashingCustomer[]> {
  const customers = await db.rows<{ sourceId: string }>(sql`
    select source_id from customers
    where clash and ${page.after === undefined ? sql`true` : sql`source_id > ${page.after}`}
    order by source_id limit ${page.limit}`);
  const sourceIds = customers.map((customer) => customer.sourceId);
  const claims = await db.rows<{ sourceId: string; source: string; stream: string; recordIds: string[] }>(sql`
    select source_id, source, stream, jsonb_agg(record_id order by changed_at desc, record_id) as record_ids
    from records
    where source_id in (select json_array_elements_text(${jsonList(sourceIds)})) and filtered is null and merged_into is null
      and (deleted_at is null or deleted_at < changed_at)
    group by source_id, source, stream having count(*) > 1
    order by source_id, source, stream`);
  const byCustomer = Map.groupBy(claims, (claim) => claim.sourceId);
  return sourceIds.map((sourceId) => ({
    sourceId,
    claims: (byCustomer.get(sourceId) ?? []).map(({ sourceId: _, ...claim }) => claim),
  }));
}

export async function countClashes(db: Queryable): Promise<number> {
  const [row] = await db.rows<{ count: number }>(sql`select count(*) as count from customers where clash`);
  return row?.count ?? 0;
}
