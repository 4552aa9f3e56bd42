// Customers by the state of their delivery, a page at a time. It only reads, and counts nothing: of a state that few are in,
// an index leads to them; of one that many are in, the page is full before much is read.
import { type SQL, sql } from 'drizzle-orm';
import type { CustomerLine, DeliveryState } from '../../contract/customer.ts';
import type { Queryable } from '../../db/database.ts';

/** Where each state's rows are found by an index of their own. */
const sources: { readonly [state in DeliveryState]: (after: SQL, limit: number) => SQL } = {
  delivered: (after, limit) => sql`
    select source_id from deliveries where state = 'delivered' and ${after} order by source_id limit ${limit}`,
  dead: (after, limit) => sql`
    select source_id from deliveries where state = 'dead' and ${after} order by source_id limit ${limit}`,
  // A hold may be open whose delivery is not held any more: only those that are count towards the page.
  held: (after, limit) => sql`
    select source_id from (select distinct source_id from holds where decided_at is null and ${after}) as open
    join deliveries using (source_id) where state = 'held' order by source_id limit ${limit}`,
  waiting: (after, limit) => sql`
    (select source_id from deliveries where state = 'waiting' and batch_id is null and ${after} order by source_id limit ${limit})
    union all
    (select source_id from deliveries where state = 'waiting' and batch_id is not null and ${after} order by source_id limit ${limit})`,
};

/** In the order of their source IDs, those after `after`. */
export async function customersInState(
  db: Queryable,
  state: DeliveryState,
  page: { after?: string | undefined; limit: number },
): Promise<CustomerLine[]> {
  const after = page.after === undefined ? sql`true` : sql`source_id > ${page.after}`;
  return db.rows(sql`
    select customers.source_id, customers.revision, fields ->> 'name' as name, fields ->> 'email' as email,
           orphaned, updated_at, state, acknowledged
    from (${sources[state](after, page.limit)}) as found
    join customers using (source_id) join deliveries using (source_id)
    where state = ${state} order by source_id limit ${page.limit}`);
}
