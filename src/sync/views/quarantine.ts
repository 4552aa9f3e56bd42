// Values that failed their type or rule, field by field: each is left out alone, and what was good before it stands. It
// only reads.

import { sql } from 'drizzle-orm';
import type { Json, JsonObject } from '../../connector.ts';
import type { OpenOrAcknowledged } from '../../contract/parts.ts';
import type { QuarantinedValue } from '../../contract/record.ts';
import type { Queryable } from '../../db/database.ts';
import { areFaulty, type FaultFilter, isFaultOf } from '../../tables/faults.ts';
import type { Rules } from '../intake/rules.ts';

/** Where a page ended. */
export interface QuarantinePlace {
  source: string;
  stream: string;
  recordId: string;
  field: string;
}

/** In the order of sources, streams, records and fields; those after `after`. */
export async function listQuarantine(
  db: Queryable,
  rules: Rules,
  filter: Pick<FaultFilter, 'source' | 'field'> & { state: OpenOrAcknowledged },
  page: { after?: QuarantinePlace | undefined; limit: number },
): Promise<QuarantinedValue[]> {
  const { after, limit } = page;
  type Row = Omit<QuarantinedValue, 'value'> & { body: JsonObject };
  const rows = await db.rows<Row>(sql`
    select source, stream, record_id, records.source_id, fault ->> 'field' as field,
           fault ->> 'reason' as reason, good -> (fault ->> 'field') as last_good,
           customers.fields -> (fault ->> 'field') as stands, changed_at,
           acknowledged -> (fault ->> 'field') as acknowledged, body
    from records cross join jsonb_array_elements(faults) as fault left join customers on customers.source_id = records.source_id
    where ${areFaulty(filter)} and ${isFaultOf(filter.state, filter)}
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

/** Open values of one source and field. */
export interface QuarantineGroup {
  source: string;
  field: string;
  values: number;
  /** The reason of one of them. */
  sample: string;
}

/** The most frequent first, at most 50. */
export async function groupQuarantine(
  db: Queryable,
  filter: Pick<FaultFilter, 'source' | 'field'>,
): Promise<QuarantineGroup[]> {
  return db.rows(sql`
    select source, fault ->> 'field' as field, count(*) as values, min(fault ->> 'reason') as sample
    from records cross join jsonb_array_elements(faults) as fault
    where ${areFaulty(filter)} and ${isFaultOf('open', filter)}
    group by source, fault ->> 'field' order by count(*) desc, source, fault ->> 'field' limit 50`);
}

/** How many values are in quarantine. */
export async function countQuarantine(db: Queryable): Promise<{ open: number; acknowledged: number }> {
  const [row] = await db.rows<{ open: number; acknowledged: number }>(sql`
    select count(*) filter (where ${isFaultOf('open', {})}) as open,
           count(*) filter (where ${isFaultOf('acknowledged', {})}) as acknowledged
    from records cross join jsonb_array_elements(faults) as fault where ${areFaulty({})}`);
  return row!;
}
