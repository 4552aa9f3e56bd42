// Values that failed their type or rule, field by field: each is left out alone, and what was good before it stands. It
// only reads.

import { sql } from 'drizzle-orm';
import type { Json, JsonObject } from '../../connector.ts';
import type { QuarantinedValue } from '../../contract/record.ts';
import type { Queryable } from '../../db/database.ts';
import type { Rules } from '../intake/rules.ts';

/** Where a page ended. */
export interface QuarantinePlace {
  source: string;
  stream: string;
  recordId: string;
  field: string;
}

/** A record's faults count only while its word does. */
const counts = sql`faults is not null and filtered is null and merged_into is null and (deleted_at is null or deleted_at < changed_at)`;

/** In the order of sources, streams, records and fields; those after `after`. */
export async function listQuarantine(
  db: Queryable,
  rules: Rules,
  filter: { source?: string | undefined; field?: string | undefined },
  page: { after?: QuarantinePlace | undefined; limit: number },
): Promise<QuarantinedValue[]> {
  const { after, limit } = page;
  type Row = Omit<QuarantinedValue, 'value'> & { body: JsonObject };
  const rows = await db.rows<Row>(sql`
    select source, stream, record_id, records.source_id, fault ->> 'field' as field,
           fault ->> 'reason' as reason, good -> (fault ->> 'field') as last_good,
           customers.fields -> (fault ->> 'field') as stands, changed_at, body
    from records cross join jsonb_array_elements(faults) as fault left join customers on customers.source_id = records.source_id
    where ${counts}
      and ${filter.source === undefined ? sql`true` : sql`source = ${filter.source}`}
      and ${filter.field === undefined ? sql`true` : sql`fault ->> 'field' = ${filter.field}`}
      and ${
        after === undefined
          ? sql`true`
          : sql`(source, stream, record_id) >= (${after.source}, ${after.stream}, ${after.recordId})
                and (source, stream, record_id, fault ->> 'field') > (${after.source}, ${after.stream}, ${after.recordId}, ${after.field})`
      }
    order by source, stream, record_id, fault ->> 'field' limit ${limit}`);
  return rows.map(({ body, ...row }) => ({ ...row, value: valueNow(rules, row.source, row.field, body) }));
}

function valueNow(rules: Rules, source: string, field: string, body: JsonObject): Json {
  const faults = rules.source(source)?.contribute(body).faults ?? [];
  return faults.find((fault) => fault.field === field)?.value ?? null;
}

/** How many values are in quarantine. */
export async function countQuarantine(db: Queryable): Promise<number> {
  const [row] = await db.rows<{ count: number }>(sql`
    select coalesce(sum(jsonb_array_length(faults)), 0)::int as count from records where ${counts}`);
  return row?.count ?? 0;
}
