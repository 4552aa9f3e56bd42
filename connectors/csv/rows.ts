// Converts a row of cells to a record: cells without content are left out, and damaged rows are rejected.
import type { JsonObject, Locale, Note, SourceRecord } from '#connector';
import type { Row } from '#connector/csv';
import { textDamageOf } from '#connector/csv-damaged-text';
import { isWellFormed } from '#connector/csv-encoding';
import { unguarded } from '#connector/csv-guarded-columns';
import { readId } from '#connector/csv-ids';
import { isBlank, trimmed } from '#connector/csv-text';
import { isLeftover } from '#connector/leftovers';
import { readMoment, unitWords } from '#connector/moment';
import type { Keys } from './keys.ts';
import type { Layout } from './layout.ts';

export interface Table {
  columns: readonly string[];
  layout: Layout;
  encoding: string;
  keys: Keys;
  /** How the file writes times. */
  locale: Locale;
  /** Cells that are read as empty. */
  empty: readonly string[];
  /** The clock of rows without their own, epoch milliseconds. */
  fileChangedAt: number;
}

/** A row as it was read, without the empty cells beyond the last column. */
export type ReadRow = Row & { fields: string[] };

/** Where the source ID of a body is found, whatever the file calls it. */
const sourceIdName = 'Source_id';
/** Vendors publish no limit; an index of PostgreSQL holds no more than this in any encoding. */
const maxIdLength = 500;
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const isAscii = /^[\u0000-\u007f]*$/;

/** Reads rows of one page, and counts what a person should know of them. */
export class RowReader {
  readonly #table: Table;
  readonly #profiles: ReadonlyMap<number, Layout['keys'][number]['profile']>;
  readonly #readable: readonly number[];
  readonly #empty: ReadonlySet<string>;
  /** What may look like a leftover and has a meaning. */
  readonly #meant: ReadonlySet<string>;
  readonly #counts = new Map<string, { message: string; count: number }>();

  constructor(table: Table) {
    this.#table = table;
    const { columns, layout, locale, empty } = table;
    this.#empty = new Set(empty.map((word) => word.toLowerCase()));
    this.#meant = new Set(
      [...(locale.true ?? []), ...(locale.false ?? [])].map((word) => word.toLowerCase()),
    );
    this.#profiles = new Map(layout.keys.map(({ at, profile }) => [at, profile]));
    this.#readable = columns.flatMap((column, at) =>
      column === '' || layout.repeated.includes(at) ? [] : [at],
    );
  }

  /** The names of the properties that a record may have. */
  get properties(): string[] {
    const { columns, keys } = this.#table;
    return propertiesOf(
      this.#readable.map((at) => columns[at]!),
      keys.sourceId,
    );
  }

  get notes(): Note[] {
    return [...this.#counts].map(([code, found]) => ({ code, ...found }));
  }

  note(code: string, message: string): void {
    const found = this.#counts.get(code);
    if (found) found.count += 1;
    else this.#counts.set(code, { message, count: 1 });
  }

  /** The record, or the sentence that says what is wrong with the row. */
  read(row: ReadRow, damage: Damage | null): SourceRecord | string {
    const { columns, layout, encoding, keys } = this.#table;
    const { fields } = row;
    if (fields.length > columns.length) return sizeOf(fields, columns);
    if (damage !== null) return `${sizeOf(fields, columns).slice(0, -1)}: ${damages[damage]}`;
    const unnamed = columns.findIndex((column, at) => column === '' && !isBlank(fields[at] ?? ''));
    if (unnamed !== -1)
      return `This row has a value in column ${unnamed + 1}, which has no name in the first row: name the column there, or clear the value.`;
    if (fields.some((field) => field.includes('\ufffd')) && !isWellFormed(row.bytes, encoding))
      return notText(encoding);
    if (fields.length < columns.length)
      this.note('csv_short_rows', 'Rows end before the last column. The missing cells were read as empty.');
    const body: JsonObject = {};
    for (const at of this.#readable) {
      const cell = unguarded(fields[at] ?? '', {
        inGuarded: layout.guarded.includes(at) || keys.guarded.has(columns[at]!),
        isKey: this.#profiles.has(at),
      });
      const read = this.#cell(cell, at);
      if (read?.fault !== undefined) return read.fault;
      if (read !== null) setProperty(body, columns[at]!, read.text);
    }
    return this.#record(body);
  }

  /** Null where the cell says nothing, not even that there is nothing. */
  #cell(cell: string, at: number): { text: string; fault?: undefined } | { fault: string } | null {
    const profile = this.#profiles.get(at);
    if (isBlank(cell)) return { text: cell };
    const column = this.#table.columns[at]!;
    if (this.#empty.size > 0 && this.#empty.has(trimmed(cell).toLowerCase())) return { text: '' };
    this.#noteDamage(cell, column);
    if (!profile) return this.#isLeftover(cell, column) ? null : { text: cell };
    const found = readId(trimmed(cell), profile);
    if ('fault' in found)
      return { fault: `The ID "${trimmed(cell)}" in the column "${column}" ${found.fault}.` };
    if (found.wasFloat)
      this.note(
        'csv_float_ids',
        `The IDs in the column "${column}" end in ".0", as a spreadsheet writes numbers. They were read without it.`,
      );
    if (profile.rounded)
      this.note(
        'csv_rounded_ids',
        `The long IDs in the column "${column}" all end in zeros. A spreadsheet keeps only 15 digits of a number, so several people may now share one ID. Export the column as text.`,
      );
    return { text: found.wasFloat ? found.id : cell };
  }

  #noteDamage(cell: string, column: string): void {
    if (isAscii.test(cell) && !cell.includes('&')) return;
    const damage = textDamageOf(cell);
    if (damage) this.note(damage.code, `The column "${column}" ${damage.what}.`);
  }

  #isLeftover(cell: string, column: string): boolean {
    const text = trimmed(cell);
    if (!isLeftover(text) || this.#meant.has(text.toLowerCase())) return false;
    const shown = JSON.stringify(text);
    this.note(
      'csv_leftovers',
      `Cells such as ${shown} in the column "${column}" stand for a missing value. They changed nothing: what was known before stays. To have them empty the field, set "empty": [${shown}].`,
    );
    return true;
  }

  #record(body: JsonObject): SourceRecord | string {
    const { keys, fileChangedAt } = this.#table;
    const written = trimmed(String(body[keys.recordId]));
    const recordId = keys.isEmail ? written.toLowerCase() : written;
    if (recordId === '')
      return `This row has no value in the column "${keys.recordId}", which identifies a row.`;
    if (recordId.length > maxIdLength)
      return `The ID in the column "${keys.recordId}" has ${recordId.length} characters, where at most ${maxIdLength} are allowed.`;
    if (keys.sourceId !== undefined) body[sourceIdName] = trimmed(String(body[keys.sourceId]));
    if (keys.changedAt === undefined) return { recordId, changedAt: fileChangedAt, body };
    const clock = this.#clock(String(body[keys.changedAt]).trim(), keys.changedAt);
    return typeof clock === 'number' ? { recordId, changedAt: clock, body } : clock;
  }

  /** Epoch milliseconds, or the sentence that says why it is no time. */
  #clock(text: string, column: string): number | string {
    const { locale } = this.#table;
    const moment = readMoment(text, locale);
    if (moment && 'epochMs' in moment) return moment.epochMs;
    const found = `"${text}" in the column "${column}"`;
    if (moment) return `${found} is a number, ${moment.outside}`;
    return `${found} is not a time: write 2026-03-01T09:30:00Z, a number of ${unitWords(locale.unit)}, or declare its form as "dates" in the "locale" of the source.`;
  }
}

/** The names of the body: a source ID that the file calls otherwise is there besides. */
export function propertiesOf(names: readonly string[], sourceId: string | undefined): string[] {
  return sourceId === undefined || names.includes(sourceIdName) ? [...names] : [...names, sourceIdName];
}

const damages = {
  /** A piece of a row. */
  broken: 'it is part of a row that an unquoted line break has split. Quote cells that contain line breaks.',
  /** The last row, of which no end was written. */
  cut: 'the file ends within this row. Export the file again, or end the row with a line break if it is whole.',
};

export type Damage = keyof typeof damages;

function sizeOf(fields: readonly string[], columns: readonly string[]): string {
  const found = `${fields.length} ${fields.length === 1 ? 'column' : 'columns'}`;
  return `This row has ${found}, the header has ${columns.length}.`;
}

function notText(encoding: string): string {
  return `This row is not ${encoding.toUpperCase()}: save the file as CSV in UTF-8, or set "encoding" to its actual encoding, for example "windows-1252" (Western Europe) or "windows-1250" (Central Europe).`;
}

/** Also under a name that would set the prototype. */
function setProperty(body: JsonObject, name: string, value: string): void {
  if (name !== '__proto__') body[name] = value;
  else Object.defineProperty(body, name, { value, enumerable: true, configurable: true, writable: true });
}

/** The row without empty cells beyond the last column; null where it holds nothing at all. */
export function contentOf(row: Row & { fields: string[] }, width: number): ReadRow | null {
  const { fields } = row;
  if (fields.every(isBlank)) return null;
  if (fields.length <= width || !fields.slice(width).every(isBlank)) return row;
  return { ...row, fields: fields.slice(0, width) };
}
