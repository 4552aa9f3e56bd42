// The rows of an answer as records. It knows no vendor.
import type { Json } from './json.ts';
import { objectOf, wordOf } from './reading.ts';
import type { RejectedRow, SourceRecord } from './source.ts';

export interface Rows {
  records: SourceRecord[];
  rejected: RejectedRow[];
}

/** Rows of which `recordOf` makes no record are rejected. `noun` names a row, `id` the property that identifies it. */
export function toRecords(
  rows: readonly Json[],
  recordOf: (row: Json) => SourceRecord | undefined,
  { noun, id = 'id' }: { noun: string; id?: string },
): Rows {
  const found: Rows = { records: [], rejected: [] };
  for (const row of rows) {
    const record = recordOf(row);
    if (record) found.records.push(record);
    else
      found.rejected.push({
        position: `${noun} ${wordOf(objectOf(row)['id']) ?? JSON.stringify(row).slice(0, 200)}`,
        reason: `This ${noun} has no ${id} or no time of last change.`,
        raw: row,
      });
  }
  return found;
}
