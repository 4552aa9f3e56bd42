// The file of an export: CSV with a column for each requested field and, instead of `metadata`, for each key that the
// schema defines. In the only published example the names are labels (`Voucher Type` for `voucher_type`); those of
// customers are not published, so names are compared loosely.
import { type Fields, type Json, type MetadataSchema, RejectedError, type ShownCustomer } from '#connector';
import { rowsOf } from '#connector/csv';
import { parseJson } from '#connector/json';
import { isObject } from './payload.ts';

/** Columns by name, and the field each shows. */
const fieldOf: { readonly [column: string]: string } = {
  name: 'name',
  description: 'description',
  email: 'email',
  phone: 'phone',
  birthdate: 'birthdate',
  address_city: 'address.city',
  address_state: 'address.state',
  address_line_1: 'address.line_1',
  address_line_2: 'address.line_2',
  address_country: 'address.country',
  address_postal_code: 'address.postal_code',
};

/** What is asked for. Metadata last, so that a key may be called like a field. */
export const exportedFields: readonly string[] = ['source_id', 'id', ...Object.keys(fieldOf), 'metadata'];

export const comma = 0x2c;
const prefix = 'metadata.';
/** How the names of metadata may begin, where all of them do. */
const anyPrefix = /^metadata[._: -]\s*/i;

type Column =
  | { is: 'sourceId' | 'id' }
  | { is: 'field'; field: string }
  | { is: 'metadata'; field: string; key: string }
  | { is: 'json' }
  | { is: 'unknown' };

export async function* shownCustomers(
  bytes: AsyncIterable<Uint8Array>,
  schema: MetadataSchema | null,
): AsyncGenerator<ShownCustomer> {
  let columns: Column[] | null = null;
  let number = 0;
  for await (const { fields, reason } of rowsOf(buffers(bytes), { delimiter: comma })) {
    number += 1;
    if (fields === null) throw unreadable(`its row ${number} cannot be read: ${reason}`);
    if (columns === null) columns = columnsOf(fields, schema);
    else if (fields.length === columns.length) yield customerOf(columns, fields, schema);
    // An empty line at the end of the file is no row.
    else if (fields.length > 1 || fields[0] !== '')
      throw unreadable(`its row ${number} has ${fields.length} columns instead of ${columns.length}`);
  }
  if (columns === null) throw unreadable('it is empty');
}

export async function* buffers(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** `source_id`, `Source ID` and `source-id` are one name. */
export function loose(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]+/g, '');
}

const plainColumns = new Map(
  ['source_id', 'id', ...Object.keys(fieldOf)].map((name) => [loose(name), plain(name)] as const),
);

function columnsOf(header: readonly string[], schema: MetadataSchema | null): Column[] {
  const names = header.map((name) => name.replace(/^\ufeff/, '').trim());
  const defined = new Set(Object.keys(schema?.definitions ?? {}));
  const fields = fieldColumns(names, defined);
  if (![...fields.values()].some(({ is }) => is === 'sourceId'))
    throw unreadable('it has no column source_id');
  const others = names.filter((_, index) => !fields.has(index));
  if (others.length === 1 && loose(others[0]!) === 'metadata' && !defined.has(others[0]!))
    return names.map((_, index) => fields.get(index) ?? { is: 'json' });
  const isPrefixed = others.every((name) => anyPrefix.test(name) && !defined.has(name));
  const keyOf = (name: string) => definedKey(isPrefixed ? name.replace(anyPrefix, '') : name, defined);
  const timesShown = Map.groupBy(others.map(keyOf), (key) => key);
  return names.map((name, index) => {
    const field = fields.get(index);
    if (field) return field;
    const key = keyOf(name);
    // Which of two columns of one name is the key's cannot be told.
    return timesShown.get(key)!.length > 1
      ? { is: 'unknown' }
      : { is: 'metadata', field: `${prefix}${key}`, key };
  });
}

/**
 * Where the fields stand. A metadata key may be called like one: then the column is meant whose name no key has, else the
 * first, since metadata is asked for last.
 */
function fieldColumns(names: readonly string[], defined: ReadonlySet<string>): Map<number, Column> {
  const candidates = Map.groupBy(
    names.flatMap((name, index) => (plainColumns.has(loose(name)) ? [{ name, index }] : [])),
    ({ name }) => loose(name),
  );
  return new Map(
    [...candidates].map(([name, columns]) => {
      const meant = columns.find((column) => !defined.has(column.name)) ?? columns[0]!;
      return [meant.index, plainColumns.get(name)!];
    }),
  );
}

/** The key of the schema that a column bears, exactly or loosely; without one, its own name. */
function definedKey(name: string, defined: ReadonlySet<string>): string {
  if (defined.has(name)) return name;
  const alike = [...defined].filter((key) => loose(key) === loose(name));
  return alike.length === 1 ? alike[0]! : name;
}

function plain(name: string): Column {
  if (name === 'source_id') return { is: 'sourceId' };
  return name === 'id' ? { is: 'id' } : { is: 'field', field: fieldOf[name]! };
}

function customerOf(
  columns: readonly Column[],
  cells: readonly string[],
  schema: MetadataSchema | null,
): ShownCustomer {
  let sourceId: string | null = null;
  let id = '';
  const shown: [string, Json][] = [];
  columns.forEach((column, index) => {
    const cell = cells[index]!;
    if (column.is === 'sourceId') sourceId = cell === '' ? null : cell;
    else if (column.is === 'id') id = cell;
    else if (column.is === 'field') shown.push([column.field, cell === '' ? null : cell]);
    else if (column.is === 'metadata') shown.push([column.field, typed(cell, column.key, schema)]);
    else if (column.is === 'json') shown.push(...metadataOf(cell, schema));
  });
  return { sourceId, id, fields: Object.fromEntries(shown) as Fields };
}

/** All of the metadata in one cell, as JSON: what the schema defines and the customer lacks is empty. */
function metadataOf(cell: string, schema: MetadataSchema | null): [string, Json][] {
  const held = cell === '' ? {} : parsed(cell);
  if (!isObject(held)) {
    if (cell === '') return [];
    throw unreadable('a customer has metadata that is not a JSON object');
  }
  const keys = new Set([...Object.keys(schema?.definitions ?? {}), ...Object.keys(held)]);
  return [...keys].map((key) => [`${prefix}${key}`, held[key] ?? null]);
}

/** A cell holds text; the type its definition says is made of it, where it can be. */
function typed(cell: string, key: string, schema: MetadataSchema | null): Json {
  if (cell === '') return null;
  const definition = schema?.definitions[key];
  if (definition?.array || definition?.type === 'object') {
    const read = parsed(cell);
    return typeof read === 'object' && read !== null ? read : cell;
  }
  // A number that JavaScript cannot keep exactly stays a text of digits.
  if (definition?.type === 'number') return numberIn(cell) ?? cell;
  if (definition?.type === 'boolean' && /^(true|false)$/i.test(cell)) return cell.toLowerCase() === 'true';
  return cell;
}

function numberIn(cell: string): number | undefined {
  const number = Number(cell);
  const isExact = Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
  return isExact ? number : undefined;
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

export function unreadable(why: string): RejectedError {
  return new RejectedError(`The file of the export cannot be read: ${why}.`, {
    code: 'unreadable_export',
  });
}
