// The rows of an answer as records. It knows no vendor.
import type { Json, JsonObject } from './json.ts';
import type { TimeUnit } from './locale.ts';
import { momentOf, objectOf, valueAt, wordOf } from './reading.ts';
import type { Property, RejectedRow, SourceRecord } from './source.ts';

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

/** Where a vendor's rows hold what a record needs. */
export interface RowForm {
  /** The path of the ID. Default: `id`. */
  id?: string;
  /** The path of the time of the last change, or several paths, of which the first with a time counts. */
  changedAt: string | readonly string[];
  /** Of a numeric time. Default: milliseconds. */
  unit?: TimeUnit;
  /** What an ID of the vendor looks like. Default: any word or whole number. */
  isId?(id: string): boolean;
  /** The form in which records have the ID, undefined where it is none. Default: as it was written. */
  idOf?(written: string): string | undefined;
  /** Whether the vendor says of this row that the record is gone. */
  isDeleted?(row: JsonObject): boolean;
  /** Whether the vendor says of this row that nothing took it over. */
  isUnmerged?(row: JsonObject): boolean;
  /** The body, where it is not the row as it came. */
  bodyOf?(row: JsonObject, recordId: string): JsonObject;
}

/** How a row becomes a record; undefined where it has no ID or no time. */
export function rowReader(form: RowForm): (row: Json | undefined) => SourceRecord | undefined {
  const { id = 'id', changedAt: times, unit, isId, idOf, isDeleted, isUnmerged, bodyOf } = form;
  return (row) => {
    const json = objectOf(row);
    const written = wordOf(valueAt(json, id));
    const recordId = written !== undefined && idOf ? idOf(written) : written;
    const moments = [times].flat().map((path) => momentOf(valueAt(json, path), unit));
    const changedAt = moments.find((moment) => moment !== undefined);
    if (recordId === undefined || changedAt === undefined || isId?.(recordId) === false) return undefined;
    return {
      recordId,
      changedAt,
      ...(isDeleted?.(json) && { deleted: true as const }),
      ...(isUnmerged?.(json) && { unmerged: true as const }),
      body: bodyOf?.(json, recordId) ?? json,
    };
  };
}

/** The same for rows that each say that a record was deleted. `isOne`: whether a row is such a row. Default: all are. */
export function deletionReader({
  isOne = () => true,
  ...form
}: Omit<RowForm, 'isDeleted' | 'isUnmerged' | 'bodyOf'> & { isOne?(row: JsonObject): boolean }) {
  const read = rowReader({ ...form, isDeleted: () => true, bodyOf: () => ({}) });
  return (row: Json | undefined) => (isOne(objectOf(row)) ? read(row) : undefined);
}

/** A property that a vendor describes, by the names that its description has for them. */
export function propertyOf(
  described: Json,
  { name, label, type }: { name: string; label: string; type: string },
): Property {
  const word = (key: string) => wordOf(objectOf(described)[key]) ?? '';
  return { name: word(name), label: word(label), type: word(type) };
}
