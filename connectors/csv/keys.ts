// The key and clock columns of a file, from the settings or by their names, and the error if there are none.
import { RejectedError } from '#connector';
import { holdsEmail } from '#connector/person-columns';
import { findColumn, guardedColumns, keyColumn, keyHint } from './columns.ts';
import type { Settings } from './settings.ts';

export interface Keys {
  /** Tells rows apart. */
  recordId: string;
  /** Its value is kept as `Source_id` besides. */
  sourceId: string | undefined;
  changedAt: string | undefined;
  /** The key is an e-mail address: its letter case does not tell two rows apart. */
  isEmail: boolean;
  /** Columns that the vendor guards against spreadsheets: an apostrophe before a value is not part of it. */
  guarded: ReadonlySet<string>;
}

/** `file`: its name, for messages. Throws `RejectedError` where a column that is needed is not there. */
export function keysOf(header: readonly string[], settings: Settings, file: string): Keys {
  const named = (wanted: string) => {
    const found = findColumn(header, wanted);
    if (found !== undefined) return found;
    throw keyError(`${file} has no column "${wanted}": it has ${quoted(header)}.`);
  };
  const changedAt = settings.changedAt === undefined ? undefined : named(settings.changedAt);
  const sourceId = settings.sourceIdColumn === undefined ? undefined : named(settings.sourceIdColumn);
  const recordId =
    settings.recordId === undefined ? (sourceId ?? keyColumn(header, settings)) : named(settings.recordId);
  if (recordId === undefined) throw keyError(withoutKey(header, file));
  return { recordId, sourceId, changedAt, isEmail: holdsEmail(recordId), guarded: guardedColumns(header) };
}

function withoutKey(header: readonly string[], file: string): string {
  const { recognised, candidates } = keyHint(header);
  const what = recognised === null ? '' : `, a ${recognised},`;
  const examples =
    candidates.length > 0 ? `, such as ${candidates.map((one) => `"${one}"`).join(' or ')}` : '';
  return `${file}${what} has no column "Source_id": it has ${quoted(header)}. Name the column that identifies a customer${examples}, in "recordId" or with --source-id. Voucherify never changes a source ID once it is set.`;
}

/** The columns as the settings call them. Throws `RejectedError` where two come to have one name. */
export function renamed(header: readonly string[], settings: Settings, file: string): string[] {
  const names = new Map<string, string>();
  for (const [from, to] of Object.entries(settings.rename ?? {})) {
    const column = findColumn(header, from);
    if (column === undefined)
      throw keyError(`${file} has no column "${from}" to rename: it has ${quoted(header)}.`);
    names.set(column, to);
  }
  const columns = header.map((column) => names.get(column) ?? column);
  const twice = [...names.values()].find((name) => columns.indexOf(name) !== columns.lastIndexOf(name));
  if (twice === undefined) return columns;
  throw keyError(`${file} would have two columns "${twice}": rename the other column too.`);
}

function quoted(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(', ');
}

function keyError(message: string): RejectedError {
  return new RejectedError(message, { code: 'csv_header' });
}
