// What the columns of a customer file mean. It knows no rows.
// Source of the names: Voucherify's customer import, the API's header names and those of the dashboard's template
// (documentation/openapi/customers.json, documentation/examples/import-customers-template.csv).
import type { Mapping, MappingEntry } from '#connector';

const fieldOfColumn: { readonly [name: string]: string } = {
  name: 'name',
  email: 'email',
  phone: 'phone',
  birthdate: 'birthdate',
  description: 'description',
  address_line_1: 'address.line_1',
  address_line_2: 'address.line_2',
  address_postal_code: 'address.postal_code',
  address_city: 'address.city',
  address_state: 'address.state',
  address_country: 'address.country',
  postal_code: 'address.postal_code',
  city: 'address.city',
  state: 'address.state',
  country: 'address.country',
};

/** The header names of Voucherify's API, in its order. */
export const importColumns = [
  ...['Id', 'Name', 'Email', 'Phone', 'Birthdate', 'Source_id', 'Address_line_1', 'Address_line_2'],
  ...['Address_Postal_Code', 'Address_City', 'Address_State', 'Address_Country', 'Description'],
];

/** Letter case, blanks and hyphens do not tell two names apart. */
function plain(column: string): string {
  return column.toLowerCase().replaceAll(/[\s-]+/g, '_');
}

/** The column so named, else the one that differs in nothing but case, blanks and hyphens. */
export function findColumn(columns: readonly string[], name: string): string | undefined {
  return columns.includes(name) ? name : columns.find((column) => plain(column) === plain(name));
}

/** The column with the customer's key, as Voucherify names it. */
export function sourceIdColumn(columns: readonly string[]): string | undefined {
  return findColumn(columns, 'Source_id');
}

/** Known columns to their fields, every other to metadata of its own name, as text. `keys` are not mapped. */
export function mappingOf(columns: readonly string[], keys: readonly string[]): Mapping {
  const mapping: { [field: string]: MappingEntry } = {};
  // The customer's key is no field, and neither is Voucherify's own.
  const unmapped = new Set([...keys, 'source_id', 'id'].map(plain));
  const rest: string[] = [];
  for (const column of columns.toSorted((a, b) => Number(isShort(a)) - Number(isShort(b)))) {
    if (unmapped.has(plain(column))) continue;
    const field = Object.hasOwn(fieldOfColumn, plain(column))
      ? fieldOfColumn[plain(column)]
      : ownName(column);
    if (field === undefined || Object.hasOwn(mapping, field)) rest.push(column);
    else mapping[field] = field.startsWith('metadata.') ? textOf(column) : pathOf(column);
  }
  for (const column of columns) {
    if (!rest.includes(column)) continue;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a header may hold them, a metadata key may not
    const key = column.replaceAll(/[\u0000-\u001f\u007f]+/g, ' ').trim();
    if (key === '' || key === '__proto__') continue;
    mapping[`metadata.${key}`] = textOf(column);
  }
  return mapping;
}

/** A column that bears a field's own name, as our export writes it: `address.city`, `metadata.plan`. */
function ownName(column: string): string | undefined {
  const name = column.trim();
  if (/^metadata\.\P{Cc}+$/u.test(name) && name !== 'metadata.__proto__') return name;
  return Object.values(fieldOfColumn).includes(name) ? name : undefined;
}

/** `City` gives way to `Address_City` where a file has both. */
function isShort(column: string): boolean {
  return !plain(column).startsWith('address_');
}

/** Metadata without a schema is text. */
function textOf(column: string): MappingEntry {
  const path = pathOf(column);
  return typeof path === 'string' ? { from: path, as: 'text' } : path;
}

/** A name that reads like a path into the body is none. */
function pathOf(column: string): MappingEntry {
  return /[.[\]]/.test(column) ? (body) => body[column] : column;
}
