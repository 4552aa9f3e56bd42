// The names of a customer's fields: the standard attributes of a Voucherify customer, and metadata. It knows no values.
// Source: OpenAPI of Voucherify, `Customer` (documentation/openapi/customers.json, 2026-07-17).

export const standardFields: readonly string[] = [
  'name',
  'email',
  'phone',
  'birthdate',
  'description',
  'address.line_1',
  'address.line_2',
  'address.city',
  'address.state',
  'address.postal_code',
  'address.country',
];

const standard: ReadonlySet<string> = new Set(standardFields);
const metadataPrefix = 'metadata.';

/** Names that people reach for, and the field that is meant. */
const meant: { readonly [name: string]: string } = {
  fullname: 'name',
  firstname: 'name',
  lastname: 'name',
  mail: 'email',
  emailaddress: 'email',
  phonenumber: 'phone',
  mobile: 'phone',
  mobilephone: 'phone',
  birthday: 'birthdate',
  dateofbirth: 'birthdate',
  address: 'address.line_1',
  street: 'address.line_1',
  line1: 'address.line_1',
  line2: 'address.line_2',
  zip: 'address.postal_code',
  zipcode: 'address.postal_code',
  postcode: 'address.postal_code',
  region: 'address.state',
};

/** The two objects of a customer that a write sends as one: what is left out of them may be lost. */
export type FieldGroup = 'address' | 'metadata';

export function groupOf(field: string): FieldGroup | null {
  if (field.startsWith(metadataPrefix)) return 'metadata';
  return field.startsWith('address.') ? 'address' : null;
}

/** `plan` for `metadata.plan`; null for a standard attribute. Everything after the first dot is the key. */
export function metadataKey(field: string): string | null {
  return field.startsWith(metadataPrefix) ? field.slice(metadataPrefix.length) : null;
}

/** Null for the name of a field, else the sentence to print, with the name that was probably meant. */
export function fieldFault(name: string): string | null {
  if (standard.has(name)) return null;
  const key = metadataKey(name);
  if (key !== null) return keyFault(name, key);
  if (plain(name) === 'sourceid' || plain(name) === 'id') {
    return `"${name}" is not a field: the source's "sourceId" names the customer's key.`;
  }
  const group = groupMeant(name);
  return `"${name}" is not a field of a customer: did you mean "${group ?? nearest(name)}"?`;
}

function keyFault(name: string, key: string): string | null {
  if (key.trim() !== key || key === '')
    return `"${name}" is not a field: "metadata." must be followed by a key.`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(key) || !key.isWellFormed()) {
    return `${JSON.stringify(name)} is not a field: a metadata key must not contain control characters.`;
  }
  // As a key of a payload it would set the object's prototype and be lost.
  return key === '__proto__' ? `"${name}" is not a field: this key is not allowed in an object.` : null;
}

/** `metadata.tier` for `metdata.tier`, `address.*` for `adress.*`; null where the first part is like no group. */
function groupMeant(name: string): string | null {
  const at = name.indexOf('.');
  const [first, rest] = at === -1 ? [name, 'KEY'] : [name.slice(0, at), name.slice(at + 1)];
  const isLike = (group: string) => editDistance(plain(first), group) <= 2;
  if (isLike('metadata') && rest !== '') return `metadata.${rest}`;
  const address = `address.${rest}`;
  return at !== -1 && isLike('address') && (rest === '*' || standard.has(address)) ? address : null;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function nearest(name: string): string {
  const wanted = plain(name);
  for (const known of [wanted, plain(name.slice(name.indexOf('.') + 1))]) {
    if (Object.hasOwn(meant, known)) return meant[known]!;
  }
  let best = `${metadataPrefix}${name.trim() || 'key'}`;
  // A third of the letters may be wrong: more, and it is another word.
  let fewest = Math.floor(wanted.length / 3) + 1;
  for (const field of standardFields) {
    for (const candidate of [plain(field), plain(field.slice(field.indexOf('.') + 1))]) {
      const edits = editDistance(wanted, candidate);
      if (edits < fewest) [best, fewest] = [field, edits];
    }
  }
  return best;
}

/** Letters to add, remove, replace or swap with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= a.length; row++) {
    const above = rows[row - 1]!;
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swapped = isSwap ? rows[row - 2]![column - 2]! + 1 : replaced;
      current.push(Math.min(replaced, swapped, above[column]! + 1, current[column - 1]! + 1));
    }
    rows.push(current);
  }
  return rows[a.length]![b.length]!;
}
