// The stream of rows: a page of a file from a byte offset on. A row that is wrong is rejected alone. It knows no fields.
import { z } from 'zod';
import {
  type Context,
  type JsonObject,
  type Locale,
  type Page,
  type PullRequest,
  RejectedError,
  type RejectedRow,
  type SourceRecord,
  type Stream,
} from '#connector';
import { type Row, rowsOf } from '#connector/csv';
import { unguarded } from '#connector/csv-guard';
import { readMoment, unitWords } from '#connector/moment';
import { delimiters, fileName, readHeader } from './header.ts';
import { type Keys, keysOf, renamed } from './keys.ts';
import type { Settings } from './settings.ts';

const cursors = z.strictObject({
  /** Where the next row begins. At the end of the file: everything has been read. */
  bytes: z.int().min(0),
  /** The number of the last row read. As a spreadsheet counts: the header is one, an empty line is one. */
  row: z.int().min(1),
  header: z.array(z.string()),
  delimiter: z.enum(delimiters),
  /** The file as it was when its reading began: time of change in epoch milliseconds, and size. */
  changedAt: z.int(),
  fileBytes: z.int().min(0),
});

/** Where the source ID of a body is found, whatever the file calls it. */
const sourceIdName = 'Source_id';

type Cursor = z.infer<typeof cursors>;
type File = { bytes: number; changedAt: number };

export const rows: Stream<Settings> = {
  name: 'rows',
  pull,
  async properties(context) {
    const { columns } = await openedHeader(context);
    return columns.map((name) => ({ name, label: name, type: 'string' }));
  },
};

async function pull(context: Context<Settings>, request: PullRequest): Promise<Page> {
  const { settings } = context;
  if (settings.path === undefined) return { records: [], cursor: request.cursor ?? 'no file', rest: true };
  const file = await stat(context, settings.path);
  const kept = readCursor(request.cursor);
  const finished = kept !== null && kept.bytes >= kept.fileBytes;
  if (kept && finished && isSame(kept, file))
    return { records: [], cursor: kept, rest: true, columns: kept.header };
  if (kept && !finished) refuseChanged(kept, file, settings.path);
  const cursor = kept && !finished ? kept : await begin(context, settings.path, file);
  const page = await readPage(context, settings.path, cursor);
  // What was written while it was read may be half of a row.
  refuseChanged(cursor, await stat(context, settings.path), settings.path);
  return page;
}

/** The columns of the file that the settings name. */
export async function openedHeader({ settings, files }: Context<Settings>): Promise<{ columns: string[] }> {
  if (settings.path === undefined) return { columns: [] };
  await stat({ files }, settings.path);
  const header = await readHeader(files, settings.path, settings.delimiter);
  const columns = renamed(header.columns, settings, fileName(settings.path));
  keysOf(columns, settings, fileName(settings.path));
  return { columns };
}

async function begin({ settings, files }: Context<Settings>, path: string, file: File): Promise<Cursor> {
  const { columns, delimiter, bytes, row } = await readHeader(files, path, settings.delimiter);
  const header = renamed(columns, settings, fileName(path));
  return { bytes, row, header, delimiter, changedAt: file.changedAt, fileBytes: file.bytes };
}

async function readPage(
  { settings, files, locale = {} }: Context<Settings>,
  path: string,
  cursor: Cursor,
): Promise<Page> {
  const keys = keysOf(cursor.header, settings, fileName(path));
  const records: SourceRecord[] = [];
  const rejected: RejectedRow[] = [];
  let { bytes, row } = cursor;
  if (bytes < cursor.fileBytes) {
    const chunks = files.open(path, bytes) as AsyncIterable<Buffer>;
    for await (const found of rowsOf(chunks, cursor.delimiter.charCodeAt(0))) {
      row += 1;
      bytes = cursor.bytes + found.end;
      if (found.fields?.length === 1 && found.fields[0] === '') continue;
      const record = recordOf(found, cursor, keys, locale);
      if (typeof record !== 'string') records.push(record);
      else rejected.push({ position: `row ${row} of ${fileName(path)}`, reason: record, raw: lineOf(found) });
      if (records.length + rejected.length >= settings.pageRows) break;
    }
  }
  return {
    records,
    ...(rejected.length > 0 && { rejected }),
    cursor: { ...cursor, bytes, row },
    rest: bytes >= cursor.fileBytes,
    columns: columnsOf(cursor.header, keys),
  };
}

/** The record, or the sentence that says what is wrong with the row. */
function recordOf(
  row: Row,
  { header, changedAt }: Cursor,
  keys: Keys,
  locale: Locale,
): SourceRecord | string {
  const { fields } = row;
  if (fields === null) return `This row cannot be read: ${row.reason}.`;
  if (fields.length !== header.length) {
    return `This row has ${fields.length} columns, the header has ${header.length}.`;
  }
  if (fields.some((field) => field.includes('\ufffd')) && !isUtf8(row.bytes)) {
    return 'This row is not UTF-8: save the file as CSV in UTF-8.';
  }
  const body: JsonObject = Object.fromEntries(
    header.map((column, index) => [column, cellValue(fields[index]!, keys.guarded.has(column))]),
  );
  const written = String(body[keys.recordId]).trim();
  const recordId = keys.isEmail ? written.toLowerCase() : written;
  if (recordId === '')
    return `This row has no value in the column "${keys.recordId}", which tells rows apart.`;
  if (keys.sourceId !== undefined) body[sourceIdName] = String(body[keys.sourceId]).trim();
  if (keys.changedAt === undefined) return { recordId, changedAt, body };
  const clock = String(body[keys.changedAt]).trim();
  const moment = readMoment(clock, locale);
  if (moment && 'epochMs' in moment) return { recordId, changedAt: moment.epochMs, body };
  const found = `"${clock}" in the column "${keys.changedAt}"`;
  if (moment) return `${found} is a number ${moment.outside}`;
  return `${found} is not a time: write 2026-03-01T09:30:00Z, a number of ${unitWords(locale.unit)}, or declare its form as "dates" in the "locale" of the source.`;
}

/** Without an apostrophe that a spreadsheet needs and nobody else; `always`: the vendor guards every cell of this column. */
function cellValue(cell: string, always: boolean): string {
  return always && cell.startsWith("'") ? cell.slice(1) : unguarded(cell);
}

/** The names of the body: a source ID that the file calls otherwise is there besides. */
function columnsOf(header: readonly string[], { sourceId }: Keys): string[] {
  return sourceId === undefined || header.includes(sourceIdName) ? [...header] : [...header, sourceIdName];
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function lineOf({ bytes }: Row): string {
  return bytes.toString('utf8').replace(/[\r\n]+$/, '');
}

function isSame(cursor: Cursor, file: File): boolean {
  return cursor.changedAt === file.changedAt && cursor.fileBytes === file.bytes;
}

function refuseChanged(cursor: Cursor, file: File, path: string): void {
  if (isSame(cursor, file)) return;
  const message = `${fileName(path)} was changed while it was being read: start a full reading once it is complete.`;
  throw new RejectedError(message, { code: 'file_changed' });
}

function readCursor(cursor: PullRequest['cursor']): Cursor | null {
  if (cursor === null || cursor === 'no file') return null;
  const { data } = cursors.safeParse(cursor);
  if (data) return data;
  throw new RejectedError('The cursor kept for this file is none of ours: start a full reading.', {
    code: 'cursor',
  });
}

async function stat({ files }: Pick<Context<Settings>, 'files'>, path: string): Promise<File> {
  try {
    return await files.stat(path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no_file';
    const what =
      code === 'ENOENT' || code === 'no_file' ? 'There is no file' : `It is not possible to read (${code})`;
    throw new RejectedError(`${what} ${path}.`, { code: 'no_file', cause });
  }
}
