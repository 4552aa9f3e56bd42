// The meaning of the columns of a customer file, by their names alone.
// Source of Voucherify's names: its customer import, the API's header names and those of the dashboard's template
// (documentation/openapi/customers.json, documentation/examples/import-customers-template.csv).
import type { ColumnPlan, JsonObject, Mapping, MappingEntry } from '#connector';
import { labelKey } from '#connector/label';
import { birthdays, lastNameBeside, type Meaning, rankOf, wholeNameAlone } from '#connector/person-columns';
import { leftOutReason } from '#connector/private-columns';
import { zoneInLabel } from '#connector/zone';
import type { ExportFormat } from './export-format.ts';
import { recognise } from './exports.ts';

/** The header names of Voucherify's API, in its order. */
export const importColumns = [
  ...['Id', 'Name', 'Email', 'Phone', 'Birthdate', 'Source_id', 'Address_line_1', 'Address_line_2'],
  ...['Address_Postal_Code', 'Address_City', 'Address_State', 'Address_Country', 'Description'],
];

/** By label, the field that a column of Voucherify's own import or template means. */
const ownLabels: ReadonlySet<string> = new Set(
  [...importColumns, 'Postal_code', 'City', 'State', 'Country'].map(labelKey),
);

/** Of a customer of Voucherify. */
const standardFields: readonly string[] = [
  ...['name', 'email', 'phone', 'birthdate', 'description', 'address.line_1', 'address.line_2'],
  ...['address.postal_code', 'address.city', 'address.state', 'address.country'],
];

/** Labels that often name the customer's key, to be offered where none is configured. */
const likelyKeys: ReadonlySet<string> = new Set(
  [
    ...['Customer ID', 'Record ID', 'Contact ID', 'User ID', 'External ID', 'Customer Number', 'Customer No'],
    ...['ID', 'Member ID', 'Client ID', 'Kundennummer', 'Numer klienta', 'Email', 'Email Address', 'E-Mail'],
  ].map(labelKey),
);

/** What a person may say of the columns. */
export interface ColumnSettings {
  recordId?: string | undefined;
  changedAt?: string | undefined;
  /** By column, the field it goes to, or null: to none. */
  columns?: { readonly [column: string]: string | null } | undefined;
  /** What becomes of columns that mean no field. */
  extra?: 'metadata' | 'none' | undefined;
}

/** The column so named, else the one that differs in nothing but case, accents, blanks and punctuation. */
export function findColumn(columns: readonly string[], name: string): string | undefined {
  return columns.includes(name) ? name : columns.find((column) => labelKey(column) === labelKey(name));
}

/** The column with the customer's key, as Voucherify names it. */
export function sourceIdColumn(columns: readonly string[]): string | undefined {
  return findColumn(columns, 'Source_id');
}

/** The column that tells rows apart: the configured one, else that of the source ID, else the key of a known export. */
export function keyColumn(columns: readonly string[], { recordId }: ColumnSettings): string | undefined {
  if (recordId !== undefined) return findColumn(columns, recordId);
  const own = sourceIdColumn(columns);
  if (own !== undefined) return own;
  const format = recognise(columns);
  return format?.keyIsSourceId ? firstOf(columns, format.key) : undefined;
}

/** What to say of a file without a key: which export it is, and which columns could be meant. */
export function keyHint(columns: readonly string[]): { recognised: string | null; candidates: string[] } {
  const format = recognise(columns);
  const known = format?.key.map((name) => findColumn(columns, name)).filter((found) => found !== undefined);
  const likely = columns.filter((column) => likelyKeys.has(labelKey(column)));
  return { recognised: format?.name ?? null, candidates: [...new Set([...(known ?? []), ...likely])] };
}

/** The columns that a known export guards with an apostrophe. */
export function guardedColumns(columns: readonly string[]): ReadonlySet<string> {
  const names = recognise(columns)?.guarded ?? [];
  return new Set(columns.filter((column) => names.some((name) => labelKey(name) === labelKey(column))));
}

/** Known columns to their fields, every other to metadata of its own name; metadata without a schema is text. */
export function mappingOf(columns: readonly string[], settings: ColumnSettings = {}): Mapping {
  return planOf(columns, settings).mapping;
}

export function planOf(columns: readonly string[], settings: ColumnSettings): ColumnPlan {
  const format = recognise(columns);
  const leftOut: ColumnPlan['leftOut'] = [];
  const decided = decisions(columns, settings);
  const open: string[] = [];
  for (const column of columns) {
    if (decided.has(column)) continue;
    const reason = keyReason(column, columns, settings);
    if (reason === null) open.push(column);
    else leftOut.push({ column, reason });
  }
  const chosen = new Map<string, string[]>();
  for (const [column, field] of decided) {
    if (field === null) leftOut.push({ column, reason: 'left out by the setting "columns"' });
    else chosen.set(field, [...(chosen.get(field) ?? []), column]);
  }
  for (const [field, used] of fieldsOf(open, format)) if (!chosen.has(field)) chosen.set(field, used);
  const fields = [...chosen.values()].flat();
  const rest = extrasOf(
    columns.filter((column) => open.includes(column) && !fields.includes(column)),
    { format, chosen, extra: settings.extra ?? 'metadata' },
  );
  for (const [field, column] of rest.metadata) chosen.set(field, [column]);
  const isOwn = fields.every((column) => ownLabels.has(labelKey(column)) || ownName(column) !== undefined);
  return {
    mapping: mappingFrom(chosen, format),
    uses: Object.fromEntries(chosen),
    recognised: format?.name ?? null,
    leftOut: [...leftOut, ...rest.leftOut],
    isOwn,
  };
}

/** What the settings say of columns that are there. */
function decisions(columns: readonly string[], settings: ColumnSettings): Map<string, string | null> {
  return new Map(
    Object.entries(settings.columns ?? {}).flatMap(([name, field]) => {
      const column = findColumn(columns, name);
      return column === undefined ? [] : [[column, field] as const];
    }),
  );
}

/** Why a column is a key or a clock and no field, or null. A key that is an e-mail address is both. */
function keyReason(column: string, columns: readonly string[], settings: ColumnSettings): string | null {
  const label = labelKey(column);
  if (label === 'sourceid') return 'key of the customer';
  if (settings.changedAt !== undefined && column === findColumn(columns, settings.changedAt))
    return 'time of the change';
  const isKey = sourceIdColumn(columns) === undefined && column === keyColumn(columns, settings);
  if (isKey && !rankOf.has(label)) return 'key of the customer';
  return label === 'id' ? "Voucherify's own ID" : null;
}

/** By field, the columns that mean it. */
function fieldsOf(columns: readonly string[], format: ExportFormat | null): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const column of columns) {
    const own = ownName(column);
    if (own !== undefined && !fields.has(own)) fields.set(own, [column]);
  }
  const best = new Map<Meaning, { column: string; rank: number }>();
  for (const column of columns) {
    const found = meaningOf(column, columns, format);
    if (found === null || found.rank >= (best.get(found.meaning)?.rank ?? Number.POSITIVE_INFINITY)) continue;
    best.set(found.meaning, { column, rank: found.rank });
  }
  const parts = (['name.first', 'name.last'] as const).flatMap((part) => best.get(part)?.column ?? []);
  for (const [meaning, { column }] of best)
    if (!meaning.startsWith('name.') && !fields.has(meaning)) fields.set(meaning, [column]);
  if (!fields.has('name') && parts.length > 0) fields.set('name', parts);
  return fields;
}

/** Names of a known export come before common ones. */
const commonRank = 1000;

function meaningOf(
  column: string,
  columns: readonly string[],
  format: ExportFormat | null,
): { meaning: Meaning; rank: number } | null {
  const label = labelKey(column);
  if (format?.asMetadata?.some((name) => labelKey(name) === label)) return null;
  if (isPlace(column, format)) return null;
  for (const [meaning, names] of Object.entries(format?.fields ?? {})) {
    const rank = names.findIndex((name) => labelKey(name) === label);
    if (rank !== -1) return { meaning: meaning as Meaning, rank };
  }
  const common = rankOf.get(label);
  if (common === undefined) return null;
  const labels = new Set(columns.map(labelKey));
  const { meaning } = common;
  const besides = lastNameBeside[label]?.some((name) => labels.has(name)) ?? false;
  const hasOtherPart = [...labels].some((other) => other !== label && isPartOfName(other));
  const found: Meaning = besides
    ? 'name.last'
    : wholeNameAlone.has(label) && !hasOtherPart
      ? 'name'
      : meaning;
  return { meaning: found, rank: commonRank + common.rank };
}

function isPartOfName(label: string): boolean {
  return rankOf.get(label)?.meaning.startsWith('name.') ?? false;
}

/** What becomes of the columns of no field. */
function extrasOf(
  columns: readonly string[],
  known: {
    format: ExportFormat | null;
    chosen: ReadonlyMap<string, unknown>;
    extra: 'metadata' | 'none';
  },
): { metadata: Map<string, string>; leftOut: ColumnPlan['leftOut'] } {
  const metadata = new Map<string, string>();
  const leftOut: ColumnPlan['leftOut'] = [];
  for (const column of columns) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a header may hold them, a metadata key may not
    const key = column.replaceAll(/[\u0000-\u001f\u007f]+/g, ' ').trim();
    const field = `metadata.${key}`;
    const reason = extraReason(column, known.format);
    if (reason !== null) leftOut.push({ column, reason });
    else if (key === '' || key === '__proto__') leftOut.push({ column, reason: 'no name for metadata' });
    else if (known.extra === 'none') leftOut.push({ column, reason: 'left out by the setting "extra"' });
    else if (known.chosen.has(field) || metadata.has(field))
      leftOut.push({ column, reason: `another column goes to ${field}` });
    else metadata.set(field, column);
  }
  return { metadata, leftOut };
}

function extraReason(column: string, format: ExportFormat | null): string | null {
  const label = labelKey(column);
  if (format?.internal.some((name) => labelKey(name) === label)) return `internal to ${vendorOf(format)}`;
  if (isPlace(column, format)) return 'position of the person';
  return leftOutReason(column);
}

function isPlace(column: string, format: ExportFormat | null): boolean {
  return format?.positions?.some((name) => labelKey(name) === labelKey(column)) ?? false;
}

function vendorOf({ name }: ExportFormat): string {
  return name.split(' ')[0] ?? name;
}

/** A column that bears a field's own name, as our export writes it: `address.city`, `metadata.plan`. */
function ownName(column: string): string | undefined {
  const name = column.trim();
  return isField(name) ? name : undefined;
}

export function isField(name: string): boolean {
  if (standardFields.includes(name)) return true;
  return /^metadata\.\P{Cc}+$/u.test(name) && name !== 'metadata.__proto__';
}

function mappingFrom(chosen: ReadonlyMap<string, string[]>, format: ExportFormat | null): Mapping {
  const decimal = format?.decimal === undefined ? {} : { decimal: format.decimal };
  const mapping: { [field: string]: MappingEntry } = {};
  for (const [field, columns] of chosen) {
    const [column = ''] = columns;
    if (columns.length > 1) mapping[field] = columns;
    else if (field.startsWith('metadata.'))
      mapping[field] ??= { from: column, as: 'text', ...decimal, ...zoneInLabel(column) };
    else if (field === 'birthdate' && birthdays.has(labelKey(column))) {
      mapping[field] = (body) => (isYearless(body, column) ? undefined : body[column]);
      mapping[`metadata.${column}`] = (body) => (isYearless(body, column) ? body[column] : undefined);
    } else mapping[field] = column;
  }
  return mapping;
}

/** `02/29` is a birthday, and no date of birth. */
function isYearless(body: JsonObject, column: string): boolean {
  return /^\s*-{0,2}\d{1,2}\s*[./-]\s*\d{1,2}\s*[./-]?\s*$/.test(String(body[column] ?? ''));
}

function firstOf(columns: readonly string[], names: readonly string[]): string | undefined {
  for (const name of names) {
    const found = findColumn(columns, name);
    if (found !== undefined) return found;
  }
  return undefined;
}
