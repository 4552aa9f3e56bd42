// A contact of Intercom's as a record: what pull, reading by ID and webhooks say of it, made the same. It knows no request.
import type { Json, JsonObject, RejectedRow, SourceRecord } from '#connector';
import { listOf, momentOf, objectOf, wordOf } from '#connector/reading';

export interface Rows {
  records: SourceRecord[];
  rejected: RejectedRow[];
}

/** No values of the contact: the first ten of lists that have addresses of their own, and what only some answers hold. */
const leftOut = new Set(['type', 'tags', 'notes', 'companies', 'merge_history', 'enabled_push_messaging']);

/** `updated_at` is the clock, in whole seconds. */
export function contactRecord(row: Json): SourceRecord | undefined {
  const contact = objectOf(row);
  const recordId = wordOf(contact['id']);
  const changedAt = momentOf(contact['updated_at'], 'seconds');
  if (recordId === undefined || changedAt === undefined) return undefined;
  const merged = mergedInto(contact).filter((other) => other !== recordId);
  return {
    recordId,
    changedAt,
    body: {
      ...Object.fromEntries(Object.entries(contact).filter(([name]) => !leftOut.has(name))),
      id: recordId,
    },
    ...(merged.length && { merged }),
  };
}

/** The IDs of the contacts that were merged into this one, where the answer tells (`include_merge_history`). */
function mergedInto(contact: JsonObject): string[] {
  const told = listOf(contact['merge_history']).map((item) => wordOf(objectOf(item)['source_contact_id']));
  return [...new Set(told.filter((id) => id !== undefined))];
}

export function contactRecords(rows: readonly Json[]): Rows {
  const found: Rows = { records: [], rejected: [] };
  for (const row of rows) {
    const record = contactRecord(row);
    if (record) found.records.push(record);
    else {
      const id = wordOf(objectOf(row)['id']);
      found.rejected.push({
        position: `contact ${id ?? JSON.stringify(row).slice(0, 200)}`,
        reason: 'A contact has an id and a time of its last update; this one has not.',
        raw: row,
      });
    }
  }
  return found;
}
