// A profile of Klaviyo's as a record: its attributes and its ID, side by side. It knows no request.
import type { Json, RejectedRow, SourceRecord } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';

export interface Rows {
  records: SourceRecord[];
  rejected: RejectedRow[];
}

/** `updated` is the clock. It moves with events too, so a profile comes more often than a person edits it. */
export function profileRecord(resource: Json): SourceRecord | undefined {
  const { id, attributes } = objectOf(resource);
  const recordId = wordOf(id);
  const changedAt = momentOf(objectOf(attributes)['updated']);
  if (recordId === undefined || changedAt === undefined) return undefined;
  return { recordId, changedAt, body: { ...objectOf(attributes), id: recordId } };
}

export function profileRecords(resources: readonly Json[]): Rows {
  const found: Rows = { records: [], rejected: [] };
  for (const resource of resources) {
    const record = profileRecord(resource);
    if (record) found.records.push(record);
    else {
      const id = wordOf(objectOf(resource)['id']);
      found.rejected.push({
        position: `profile ${id ?? JSON.stringify(resource).slice(0, 200)}`,
        reason: 'A profile has an id and a time of its last update; this one has not.',
        raw: resource,
      });
    }
  }
  return found;
}
