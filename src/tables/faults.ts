// Which values of stored records failed their type or rule, as conditions over the records table.
import { type SQL, sql } from 'drizzle-orm';
import type { OpenOrAcknowledged } from '../contract/parts.ts';
import { texts, toTimestamp } from '../db/database.ts';

/** Of a source, and of it those of a stream or of these records; of a field; of records that were received by then. */
export interface FaultFilter {
  source?: string | undefined;
  stream?: string | undefined;
  recordIds?: readonly string[] | undefined;
  field?: string | undefined;
  receivedUntil?: number | undefined;
}

/** Of a row of `records`. Its faults count only while its word does. */
export function areFaulty({ source, stream, recordIds, receivedUntil }: Omit<FaultFilter, 'field'>): SQL {
  return sql.join(
    [
      sql`faults is not null and filtered is null and merged_into is null and (deleted_at is null or deleted_at < changed_at)`,
      ...(source === undefined ? [] : [sql`source = ${source}`]),
      ...(stream === undefined ? [] : [sql`stream = ${stream}`]),
      ...(recordIds === undefined ? [] : [sql`record_id = any(${texts(recordIds)})`]),
      ...(receivedUntil === undefined
        ? []
        : [sql`date_trunc('milliseconds', received_at) <= ${toTimestamp(receivedUntil)}`]),
    ],
    sql` and `,
  );
}

/** Of a row of `records` and one `fault` of it. */
export function isFaultOf(state: OpenOrAcknowledged, { field }: Pick<FaultFilter, 'field'>): SQL {
  const isKnown = sql`coalesce(jsonb_exists(acknowledged, fault ->> 'field'), false)`;
  const isOfState = state === 'open' ? sql`not ${isKnown}` : isKnown;
  return field === undefined ? isOfState : sql`fault ->> 'field' = ${field} and ${isOfState}`;
}
