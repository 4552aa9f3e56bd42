// Customers for a person to look at: a list to page through, and one of them with everything that is known. It only
// reads.

import { type SQL, sql } from 'drizzle-orm';
import type { Fields } from '../../connector.ts';
import type {
  CustomerLine,
  Customer as CustomerView,
  DeliveryState,
  DeliveryView,
  RecordView,
} from '../../contract/customer.ts';
import { fieldFault } from '../../customer/fields.ts';
import type { Queryable } from '../../db/database.ts';
import { lanes } from '../../engine/quota/lanes.ts';
import { customersInState } from './customers-by-state.ts';

export interface CustomerFilter {
  after?: string | undefined;
  search?: string | undefined;
  state?: DeliveryState | undefined;
  limit: number;
  /** A search looks at so many customers at most. Default: at all of them. */
  maxSearched?: number | undefined;
}

/**
 * Customers in the order of their source IDs, those after `after`. `state`: only those whose delivery is in it. `search`: only those
 * whose source ID, e-mail or telephone number begins with it, or a word of whose name does, whatever its letter case;
 * `metadata.plan:gold` means those who have this value of a field. A search reads the table until it has its page.
 */
export async function listCustomers(
  db: Queryable,
  { after, search = '', state, limit, maxSearched }: CustomerFilter,
): Promise<CustomerLine[]> {
  if (state !== undefined && search.trim() === '') return customersInState(db, state, { after, limit });
  const following = after === undefined ? sql`true` : sql`source_id > ${after}`;
  const searched =
    maxSearched === undefined
      ? sql`customers`
      : sql`(select * from customers where ${following} order by source_id limit ${maxSearched})`;
  return db.rows(sql`
    select customers.source_id, customers.revision, fields ->> 'name' as name, fields ->> 'email' as email,
           orphaned, updated_at, state, acknowledged
    from ${searched} as customers left join deliveries using (source_id)
    where ${following} and ${matching(search)}
      and ${state === undefined ? sql`true` : sql`deliveries.state = ${state}`}
    order by customers.source_id limit ${limit}`);
}

function matching(search: string): SQL {
  const sought = search.trim();
  if (sought === '') return sql`true`;
  const [, field, value] = /^([a-z]+(?:\.[^:\s]+)?):\s*(.+)$/.exec(sought) ?? [];
  if (field !== undefined && fieldFault(field) === null) return sql`fields ->> ${field} = ${value}`;
  const lower = sought.toLowerCase();
  const number = sought.replace(/[\s()./-]/g, '');
  const isNumber = /^\+?\d{4,}$/.test(number);
  return sql`(starts_with(lower(customers.source_id), ${lower}) or starts_with(lower(fields ->> 'email'), ${lower})
    or strpos(' ' || lower(fields ->> 'name'), ${` ${lower}`}) > 0
    or ${isNumber ? sql`strpos(fields ->> 'phone', ${number}) in (1, 2)` : sql`false`})`;
}

/** One customer with everything that is known, or null where there is none of this source ID. */
export async function customerView(db: Queryable, sourceId: string): Promise<CustomerView | null> {
  const [customer] = await db.rows<Omit<CustomerView, 'delivery' | 'acknowledged' | 'records'>>(sql`
    select source_id, revision, fields, dropped, orphaned, created_at, updated_at from customers where source_id = ${sourceId}`);
  if (!customer) return null;
  const [delivery] = await db.rows<Omit<DeliveryView, 'lane'> & { lane: number }>(sql`
    select revision, acknowledged, state, lane, due_at, waiting_since,
           attempts, case when batch_id is not null then 'batch' when lease is not null then 'worker' end as carried_by,
           delivered_at, error_code, error
    from deliveries where source_id = ${sourceId}`);
  const [acknowledged] = await db.rows<{ revision: number; fields: Fields; at: number }>(sql`
    select revision, fields, acknowledged_at as at from acknowledgements where source_id = ${sourceId}`);
  return {
    ...customer,
    delivery: delivery ? { ...delivery, lane: lanes[delivery.lane]! } : null,
    acknowledged: acknowledged ?? null,
    records: await recordsAbout(db, sourceId),
  };
}

/** Every record that speaks or spoke of the customer, filtered ones too. */
async function recordsAbout(db: Queryable, sourceId: string): Promise<RecordView[]> {
  return db.rows(sql`
    select source, stream, record_id, changed_at, deleted_at,
           coalesce(deleted_at >= changed_at, false) as deleted, filtered, faults, run_id, received_at, body
    from records where source_id = ${sourceId}
    order by changed_at desc, source, stream, record_id limit 200`);
}
