// Customers as the CSV file for importCSV, if it can carry them without loss. A customer with a value that might be
// changed by the import is sent in bulk instead.
// Format: https://docs.voucherify.io/api-reference/customers/import-customers-using-csv.
import type { CustomerWrite, Json, MetadataDefinition, MetadataSchema } from '#connector';
import { flatten } from './payload.ts';

const columnOf: { readonly [field: string]: string } = {
  name: 'Name',
  description: 'Description',
  email: 'Email',
  phone: 'Phone',
  birthdate: 'Birthdate',
  'address.line_1': 'Address_line_1',
  'address.line_2': 'Address_line_2',
  'address.postal_code': 'Address_Postal_Code',
  'address.city': 'Address_City',
  'address.state': 'Address_State',
  'address.country': 'Address_Country',
};
/** Names that mean more than metadata, here or in the dashboard's template, in whatever case. */
const taken = new Set(
  ['Id', 'Source_id', 'Birthday', 'City', 'State', 'Country', 'Postal_Code', ...Object.values(columnOf)].map(
    (name) => name.toLowerCase(),
  ),
);
const metadata = 'metadata.';
const day = /^\d{4}-\d{2}-\d{2}$/;
const dayOrTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

interface Row {
  sourceId: string;
  /** By column. */
  cells: Map<string, string>;
  /** The columns that hold true or false. */
  booleans: string;
}

/**
 * The file of those that it can carry, in their order, as far as they fit in `maxBytes`. A row with an empty cell in a
 * column of true and false is dropped by Voucherify: all rows have the same such columns, those that most customers have.
 */
export function csvFile(
  writes: readonly CustomerWrite[],
  { maxBytes }: { maxBytes: number },
  schema: MetadataSchema | null,
): { content: string; sourceIds: string[] } {
  const rows = writes.flatMap((write) => rowOf(write, schema) ?? []);
  const alike = Map.groupBy(rows, ({ booleans }) => booleans);
  const most = [...alike.values()].reduce((a, b) => (b.length > a.length ? b : a), []);
  const columns = [...new Set(['Source_id', ...most.flatMap(({ cells }) => [...cells.keys()])])];
  const lines = [columns.join(',')];
  const sourceIds: string[] = [];
  let bytes = lengthOf(lines[0]!);
  for (const { sourceId, cells } of most) {
    const line = columns.map((column) => quoted(cells.get(column) ?? '')).join(',');
    bytes += lengthOf(line);
    if (bytes > maxBytes) break;
    lines.push(line);
    sourceIds.push(sourceId);
  }
  return { content: `${lines.join('\n')}\n`, sourceIds };
}

/** Null where the file cannot carry all that is to be written of this customer. */
export function rowOf({ sourceId, payload }: CustomerWrite, schema: MetadataSchema | null): Row | null {
  const cells = new Map<string, string>();
  const booleans: string[] = [];
  for (const [field, value] of [['', sourceId] as const, ...Object.entries(flatten(payload))]) {
    const key = field.startsWith(metadata) ? field.slice(metadata.length) : null;
    const definition = key === null ? null : definitionOf(key, schema);
    const column = key ?? (field === '' ? 'Source_id' : columnOf[field]);
    const cell = key === null ? attributeCell(field, value) : definition && metadataCell(value, definition);
    if (column === undefined || cell === null) return null;
    cells.set(column, cell);
    if (definition?.type === 'boolean') booleans.push(column);
  }
  return { sourceId, cells, booleans: booleans.sort().join(',') };
}

/** Null where the key is none of the schema's, so that its type would be lost, or would be no safe name of a column. */
function definitionOf(key: string, schema: MetadataSchema | null): MetadataDefinition | null {
  if (!/^[A-Za-z]\w*$/.test(key) || taken.has(key.toLowerCase())) return null;
  return schema && Object.hasOwn(schema.definitions, key) ? schema.definitions[key]! : null;
}

function attributeCell(field: string, value: Json): string | null {
  return field === 'birthdate' ? matching(value, day) : textCell(value);
}

/** Lists stand in one cell, with commas between. */
function metadataCell(value: Json, { type, array }: MetadataDefinition): string | null {
  if (!array) return valueCell(value, type);
  if (!Array.isArray(value) || value.length === 0 || type === 'boolean') return null;
  const cells = value.map((one) => valueCell(one, type));
  return cells.every((cell) => cell !== null && !cell.includes(',')) ? cells.join(',') : null;
}

function valueCell(value: Json, type: MetadataDefinition['type']): string | null {
  switch (type) {
    case 'string':
    case 'image_url':
      return textCell(value);
    case 'date':
      return matching(value, day);
    case 'datetime':
      return matching(value, dayOrTime);
    case 'boolean':
      return typeof value === 'boolean' ? String(value) : null;
    case 'number':
      // As digits only: not every reader knows exponents.
      return typeof value === 'number' && /^-?\d+(\.\d+)?$/.test(String(value)) ? String(value) : null;
    default:
      return null;
  }
}

/** Readers of CSV may take blanks at the ends away, turn line ends into others, and take `null` for none. */
function textCell(value: Json): string | null {
  if (typeof value !== 'string' || value === '' || value.trim() !== value) return null;
  if (/^null$/i.test(value) || !value.isWellFormed()) return null;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return /[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]/.test(value) ? null : value;
}

function matching(value: Json, form: RegExp): string | null {
  return typeof value === 'string' && form.test(value) ? value : null;
}

function quoted(cell: string): string {
  return /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function lengthOf(line: string): number {
  return Buffer.byteLength(line) + 1;
}
