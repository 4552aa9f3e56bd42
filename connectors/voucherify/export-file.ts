// The file of an export: CSV, whose columns are the fields asked for and, in place of `metadata`, the keys that the schema
// defines. How these are named is not documented, so all three ways are read. It does not know where the file is from.
import { type Fields, type Json, type MetadataSchema, RejectedError, type ShownCustomer } from '#connector';
import { rowsOf } from '#connector/csv';
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

const comma = 0x2c;
const prefix = 'metadata.';

type Column =
  | { is: 'sourceId' | 'id' }
  | { is: 'field'; field: string }
  | { is: 'metadata'; field: string; key: string }
  | { is: 'json' };

export async function* shownCustomers(
  bytes: AsyncIterable<Uint8Array>,
  schema: MetadataSchema | null,
): AsyncGenerator<ShownCustomer> {
  let columns: Column[] | null = null;
  let number = 0;
  for await (const { fields, reason } of rowsOf(buffers(bytes), comma)) {
    number += 1;
    if (fields === null) throw unreadable(`its row ${number} cannot be read: ${reason}`);
    if (columns === null) columns = columnsOf(fields);
    else if (fields.length === columns.length) yield customerOf(columns, fields, schema);
    // An empty line at the end of the file is no row.
    else if (fields.length > 1 || fields[0] !== '')
      throw unreadable(`its row ${number} has ${fields.length} columns instead of ${columns.length}`);
  }
  if (columns === null) throw unreadable('it is empty');
}

async function* buffers(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function columnsOf(header: readonly string[]): Column[] {
  const names = header.map((name, index) => (index === 0 ? name.replace(/^\ufeff/, '') : name));
  const seen = new Set<string>();
  const isField = names.map((name) => {
    const is = (name === 'source_id' || name === 'id' || Object.hasOwn(fieldOf, name)) && !seen.has(name);
    seen.add(name);
    return is;
  });
  if (!names.some((name, index) => name === 'source_id' && isField[index]))
    throw unreadable('it has no column source_id');
  const keys = names.filter((_, index) => !isField[index]);
  if (keys.length === 1 && keys[0] === 'metadata')
    return names.map((name, index) => (isField[index] ? plain(name) : { is: 'json' }));
  const isPrefixed = keys.every((key) => key.startsWith(prefix));
  return names.map((name, index) => {
    if (isField[index]) return plain(name);
    const key = isPrefixed ? name.slice(prefix.length) : name;
    return { is: 'metadata', field: `${prefix}${key}`, key };
  });
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
    else shown.push(...metadataOf(cell, schema));
  });
  return { sourceId, id, fields: Object.fromEntries(shown) as Fields };
}

/** All of the metadata in one cell, as JSON: what the schema defines and the customer lacks is empty. */
function metadataOf(cell: string, schema: MetadataSchema | null): [string, Json][] {
  const held = cell === '' ? {} : parsed(cell);
  if (!isObject(held)) {
    if (cell === '') return [];
    throw unreadable('a customer has metadata that is no JSON object');
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
  if (definition?.type === 'number' && Number.isFinite(Number(cell))) return Number(cell);
  if (definition?.type === 'boolean' && /^(true|false)$/i.test(cell)) return cell.toLowerCase() === 'true';
  return cell;
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function unreadable(why: string): RejectedError {
  return new RejectedError(`The file of the export is none that we can read: ${why}.`, {
    code: 'unreadable_export',
  });
}
