// Converts an item of an answer to a record.
import type { Json, JsonObject, RejectedRow, SourceRecord } from '#connector';
import { fingerprint } from '#connector/checking';
import { below } from '#connector/paths';
import { momentOf, valueAt, wordOf } from '#connector/reading';
import { isMarkedDeleted } from '#connector/rows';
import type { Settings } from './settings.ts';

export function idOf(item: Json, { record }: Settings): string | undefined {
  return wordOf(valueAt(item, record.id));
}

/** The path of the record's ID in its body. */
export function idInBody({ record }: Settings): string {
  return below(record.body ?? '', record.id) ?? 'id';
}

/** `readAt`: the clock of records that have none, epoch milliseconds. */
export function recordOf(item: Json, settings: Settings, readAt: number): SourceRecord | RejectedRow {
  const { record } = settings;
  const recordId = idOf(item, settings);
  const rejected = (reason: string): RejectedRow => ({
    position: recordId === undefined ? `record ${fingerprint(JSON.stringify(item))}` : `record ${recordId}`,
    reason,
    raw: item,
  });
  if (recordId === undefined)
    return rejected(`There is no ID at ${record.id}. Expected: a string or an integer.`);
  const changedAt = record.changedAt === undefined ? readAt : clockOf(item, record.changedAt, record.unit);
  if (changedAt === undefined)
    return rejected(
      `There is no time of change at ${record.changedAt?.join(' or ')}. Expected: ISO 8601, or a number of ${record.unit} since 1970, up to the year 9999.`,
    );
  const { deleted } = record;
  if (deleted && isMarkedDeleted(valueAt(item, deleted.path), deleted.equals))
    return { recordId, changedAt, deleted: true, body: {} };
  const fields = valueAt(item, record.body ?? '');
  if (fields === null || typeof fields !== 'object' || Array.isArray(fields))
    return rejected(`The value at ${record.body ?? 'the record'} is not an object with fields.`);
  return { recordId, changedAt, body: bodyOf(fields, recordId, settings) };
}

function bodyOf(fields: JsonObject, recordId: string, settings: Settings): JsonObject {
  return below(settings.record.body ?? '', settings.record.id) === undefined
    ? { id: recordId, ...fields }
    : fields;
}

function clockOf(item: Json, paths: readonly string[], unit: Settings['record']['unit']): number | undefined {
  const at = paths.find((path) => (valueAt(item, path) ?? '') !== '');
  return at === undefined ? undefined : momentOf(valueAt(item, at), unit);
}

export function isRecord(one: SourceRecord | RejectedRow): one is SourceRecord {
  return 'recordId' in one;
}

export function isRejected(one: SourceRecord | RejectedRow): one is RejectedRow {
  return !isRecord(one);
}
