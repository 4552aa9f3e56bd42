// Converts rows to records: the ID from the key, the clock, and the mark of a deleted row.
import { RejectedError, type RejectedRow, type RelationShape, type Row, type SourceRecord } from '#connector';
import { momentOf } from '#connector/reading';
import { isMarkedDeleted } from '#connector/rows';
import type { Settings } from './settings.ts';

/** The columns that are read: those asked for and those that a record is made of. Undefined: all. */
export function columnsFor(
  { key, updatedAt, deleted }: Settings,
  properties: readonly string[],
): string[] | undefined {
  if (properties.length === 0) return undefined;
  return [...new Set([...properties, ...key, updatedAt, ...(deleted ? [deleted.column] : [])])];
}

/** The position of a row by its key. */
export function keyOf(row: Row, { key }: Settings): (string | null)[] {
  return row.at.slice(-key.length);
}

/** One column's text, or the texts of several as a JSON list. */
export function recordIdOf(key: readonly string[]): string {
  return key.length === 1 ? key[0]! : JSON.stringify(key);
}

/** The key that an ID stands for; null where no row can have it. */
export function keyOfId(recordId: string, shape: RelationShape, { key }: Settings): string[] | null {
  const texts = key.length === 1 ? [recordId] : textsIn(recordId);
  const fits = (text: string, name: string) =>
    isOfType(text, shape.columns.find((column) => column.name === name)?.type ?? '');
  return texts?.length === key.length && texts.every((text, index) => fits(text, key[index]!)) ? texts : null;
}

function textsIn(recordId: string): string[] | null {
  try {
    const texts: unknown = JSON.parse(recordId);
    return Array.isArray(texts) && texts.every((text) => typeof text === 'string') ? texts : null;
  } catch {
    return null;
  }
}

const bits: { readonly [type: string]: number } = { int2: 16, int4: 32, int8: 64 };

/** Whether the server takes the text for a value of the type. */
function isOfType(text: string, type: string): boolean {
  if (type === 'uuid') return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);
  if (type === 'numeric') return /^-?\d{1,1000}(\.\d{1,1000})?$/.test(text);
  const width = bits[type];
  if (width === undefined) return !text.includes('\0');
  return /^-?\d{1,19}$/.test(text) && BigInt(text) === BigInt.asIntN(width, BigInt(text));
}

/** The record, or why the row is none. */
export function recordOf(
  row: Row,
  settings: Settings,
  properties: readonly string[],
): SourceRecord | RejectedRow {
  const { updatedAt, deleted, table } = settings;
  const key = keyOf(row, settings);
  if (!key.every((text) => text !== null))
    return {
      position: `rows of ${table} without a key`,
      reason: 'The key of this row is null.',
      raw: row.body,
    };
  const recordId = recordIdOf(key);
  const changedAt = momentOf(row.body[updatedAt]);
  if (changedAt === undefined)
    return {
      position: `row ${recordId} of ${table}`,
      reason: `Its ${updatedAt} is ${JSON.stringify(row.body[updatedAt] ?? null)}, which is not a time between 1970 and 9999, so its changes cannot be found.`,
      raw: row.body,
    };
  if (deleted && isMarkedDeleted(row.body[deleted.column], deleted.equals))
    return { recordId, changedAt, deleted: true, body: {} };
  const ours = [updatedAt, ...(deleted ? [deleted.column] : [])];
  const body = Object.entries(row.body).filter(
    ([name]) => properties.length === 0 || properties.includes(name) || !ours.includes(name),
  );
  return { recordId, changedAt, body: Object.fromEntries(body) };
}

/** Where reading goes on behind a row. A null in it is a key that appeared since the reading began. */
export function positionIn(at: readonly (string | null)[]): string[] {
  if (at.every((text) => text !== null)) return [...at];
  throw new RejectedError('The key of a row is null, so reading cannot continue after it.', {
    code: 'relation',
  });
}

export function isRecord(one: SourceRecord | RejectedRow): one is SourceRecord {
  return 'recordId' in one;
}

export function isRejected(one: SourceRecord | RejectedRow): one is RejectedRow {
  return !isRecord(one);
}
