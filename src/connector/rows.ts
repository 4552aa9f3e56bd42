// The rows of an answer as records. It knows no vendor.
import type { Json, JsonObject } from './json.ts';
import type { TimeUnit } from './locale.ts';
import { momentOf, objectOf, valueAt, wholeSecond, wordOf } from './reading.ts';
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
  /** The path of the time of the last change, or several paths, of which the first with a time counts; or how it is made of the row. */
  changedAt: string | readonly string[] | ((row: JsonObject) => number | undefined);
  /** Of a numeric time. Default: milliseconds. */
  unit?: TimeUnit;
  /** True where other answers name whole seconds of the same state. */
  wholeSeconds?: true;
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

/** What stands in the field of what was not deleted, where nothing is declared: also as texts, as forms and old tables have it. */
const notMarks: ReadonlySet<string> = new Set(['', '0', 'false', 'f']);

/** Whether a field has one of the values of `deletedValues`, in whatever type; where none are declared, any that says yes. */
export function isMarkedDeleted(
  value: Json | undefined,
  equals: readonly (string | number | boolean)[] | undefined,
): boolean {
  if (value === undefined || value === null) return false;
  const text = String(value).trim();
  return equals ? equals.some((one) => String(one) === text) : !notMarks.has(text.toLowerCase());
}

/** How a row becomes a record; undefined where it has no ID or no time. */
export function rowReader(form: RowForm): (row: Json | undefined) => SourceRecord | undefined {
  const { id = 'id', isId, idOf, isDeleted, isUnmerged, bodyOf } = form;
  return (row) => {
    const json = objectOf(row);
    const written = wordOf(valueAt(json, id));
    const recordId = written !== undefined && idOf ? idOf(written) : written;
    const changedAt = changedAtOf(json, form);
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

function changedAtOf(row: JsonObject, { changedAt, unit, wholeSeconds }: RowForm): number | undefined {
  if (typeof changedAt === 'function') return changedAt(row);
  const moments = [changedAt].flat().map((path) => momentOf(valueAt(row, path), unit));
  const moment = moments.find((one) => one !== undefined);
  return moment !== undefined && wholeSeconds ? wholeSecond(moment) : moment;
}

/** The latest of these times, epoch milliseconds; undefined where none is a time. */
export function latestOf(values: readonly (Json | undefined)[]): number | undefined {
  const moments = values.map((value) => momentOf(value)).filter((moment) => moment !== undefined);
  return moments.length > 0 ? Math.max(...moments) : undefined;
}

/** The same for rows that each say that a record was deleted. `isOne`: whether a row is such a row. Default: all are. */
export function deletionReader({
  isOne = () => true,
  ...form
}: Omit<RowForm, 'isDeleted' | 'isUnmerged' | 'bodyOf'> & { isOne?(row: JsonObject): boolean }) {
  const read = rowReader({ ...form, isDeleted: () => true, bodyOf: () => ({}) });
  return (row: Json | undefined) => (isOne(objectOf(row)) ? read(row) : undefined);
}

/**
 * The keys under which a vendor describes a property, where they are not `name`, `label` and `type`. `name`: or how the name is made of
 * the description.
 */
export interface PropertyForm {
  name?: string | ((described: JsonObject) => string);
  label?: string;
  type?: string;
}

/** A property that a vendor describes. */
export function propertyOf(
  described: Json,
  { name = 'name', label = 'label', type = 'type' }: PropertyForm,
): Property {
  const word = (key: string) => wordOf(objectOf(described)[key]) ?? '';
  const named = typeof name === 'string' ? word(name) : name(objectOf(described));
  return { name: named, label: word(label), type: word(type) };
}

/**
 * `leftOut` of a stream whose setting `setting` lists what may stand at the path `at` of a body, which is its `noun`: `contact type`.
 * Where it is not set, nobody is left out.
 */
export function leftOutUnless<Setting extends string>(setting: Setting, noun: string, at: string) {
  return (settings: { [name in Setting]?: readonly string[] | undefined }, body: JsonObject) =>
    settings[setting]?.includes(wordOf(valueAt(body, at)) ?? '') === false
      ? `its ${noun} is not in ${setting}`
      : null;
}
