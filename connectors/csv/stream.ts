// The stream of rows: reads a page of a file from a byte offset. An invalid row is rejected, and the others are read.
import { z } from 'zod';
import {
  type Context,
  type Note,
  type Page,
  type PullRequest,
  RejectedError,
  type RejectedRow,
  type SourceRecord,
  type Stream,
} from '#connector';
import { type Row, rowsOf } from '#connector/csv';
import { decoderOf, encodingOf, Scannable } from '#connector/csv-encoding';
import { Footer } from '#connector/csv-footer';
import { People } from '#connector/csv-same-ids';
import { isBlank } from '#connector/csv-text';
import { readCursor } from '#connector/cursor';
import { planOf, sourceIdColumn } from './columns.ts';
import { type FileState, fileName, read, stat } from './file.ts';
import { noRows, notesOfFile, olderFile } from './findings.ts';
import { type Header, readHeader } from './header.ts';
import { keysOf, renamed } from './keys.ts';
import { type Layout, layoutOf, layouts } from './layout.ts';
import { type NotRow, notRowOf, notRowWords } from './not-rows.ts';
import { contentOf, type Damage, propertiesOf, type ReadRow, RowReader } from './rows.ts';
import type { Settings } from './settings.ts';
import { ShortRows } from './short-rows.ts';

const cursors = z.object({
  /** Where the next row begins. At the end of the file: everything has been read. */
  bytes: z.int().min(0),
  /** The number of the last row read. As a spreadsheet counts: the header is one, an empty line is one. */
  row: z.int().min(1),
  /** Names of the columns by position, '' where there is none. */
  header: z.array(z.string()),
  delimiter: z.string(),
  /** The file as it was when its reading began: time of change in epoch milliseconds, and size. */
  changedAt: z.int(),
  fileBytes: z.int().min(0),
  /** Null in cursors of earlier versions, whose unfinished readings begin again. */
  encoding: z.string().nullable().default(null),
  layout: layouts.nullable().default(null),
});

type Kept = z.infer<typeof cursors>;
type Cursor = Kept & { encoding: string; layout: Layout };

export const rows: Stream<Settings> = {
  name: 'rows',
  pull,
  maxRejectedShare: ({ maxBadShare }) => maxBadShare,
  async properties(context) {
    const { columns } = await openedHeader(context);
    return columns.map((name) => ({ name, label: name, type: 'string' }));
  },
};

async function pull(context: Context<Settings>, request: PullRequest): Promise<Page> {
  const { settings, files } = context;
  if (settings.path === undefined) return { records: [], cursor: request.cursor ?? 'no file', done: true };
  const file = await stat(files, settings.path);
  const { cursor: stored } = request;
  const kept = stored === null || stored === 'no file' ? null : readCursor(cursors, stored, 'this file');
  const isFinished = kept !== null && kept.bytes >= kept.fileBytes;
  if (isFinished && isSame(kept, file)) return atRest(kept, settings);
  // What another run began to read and left is read from the beginning where the file has changed since.
  const goesOn = isUnfinished(kept) && (isSame(kept, file) || !request.resumes);
  if (goesOn) refuseChanged(kept, file, settings.path);
  const { cursor, notes } = goesOn
    ? { cursor: kept, notes: [] }
    : await begin(context, settings.path, file, request);
  if (settings.changedAt === undefined)
    notes.push(...olderFile(settings.path, file.changedAt, kept?.changedAt));
  const page = await readPage(context, settings.path, { cursor, notes, isFirst: !goesOn });
  // What was written while it was read may be half of a row.
  refuseChanged(cursor, await stat(files, settings.path), settings.path);
  if (!settings.complete) return page;
  return { ...page, whole: { asOf: cursor.changedAt, begins: !goesOn } };
}

/** Everything has been read, and the file is as it was. */
function atRest(cursor: Kept, settings: Settings): Page {
  const names = namesOf(cursor.header, cursor.layout?.repeated ?? []);
  const columns = propertiesOf(names, settings.sourceIdColumn);
  const page: Page = { records: [], cursor, done: true, columns };
  return settings.complete ? { ...page, whole: { asOf: cursor.changedAt, begins: false } } : page;
}

/** The columns of the file that the settings name. */
export async function openedHeader(context: Context<Settings>): Promise<{ columns: string[] }> {
  const { settings, files } = context;
  if (settings.path === undefined) return { columns: [] };
  await stat(files, settings.path);
  const { header, layout } = await open(context, settings.path, { properties: [] });
  return { columns: namesOf(header.columns, layout.repeated) };
}

async function begin(
  context: Context<Settings>,
  path: string,
  file: FileState,
  request: PullRequest,
): Promise<{ cursor: Cursor; notes: Note[] }> {
  const { header, layout } = await open(context, path, request);
  const { columns, delimiter, encoding, bytes, row } = header;
  const { changedAt, bytes: fileBytes } = file;
  return {
    cursor: { bytes, row, header: columns, delimiter, changedAt, fileBytes, encoding, layout },
    notes: notesOfFile(header, layout),
  };
}

/** What the beginning of the file says. Throws `RejectedError` where it cannot be read as customers. */
async function open(
  { settings, files }: Context<Settings>,
  path: string,
  request: Pick<PullRequest, 'properties' | 'sourceId' | 'mapped'>,
): Promise<{ header: Header; layout: Layout }> {
  const encoding = encodingOf(settings.encoding) ?? 'utf-8';
  const found = await readHeader(files, path, { delimiter: settings.delimiter, encoding });
  const columns = renamed(found.columns, settings, fileName(path));
  const header = { ...found, columns };
  const names = [...new Set(namesOf(columns, []))];
  const { recordId, sourceId, changedAt } = keysOf(names, settings, fileName(path));
  const ids = [recordId, sourceId, sourceIdColumn(names), names.find((name) => name === request.sourceId)];
  const positions = new Set(ids.flatMap((column) => (column === undefined ? [] : [columns.indexOf(column)])));
  const layout = layoutOf(columns, found.sample, [...positions]);
  refuseUnnamed(header, path);
  const fields = request.mapped ? [] : mappedByDefault(names, settings);
  refuseRepeated(columns, layout.repeated, path, [...ids, changedAt, ...request.properties, ...fields]);
  return { header, layout };
}

/** The columns that are read. */
function namesOf(columns: readonly string[], repeated: readonly number[]): string[] {
  return columns.filter((column, at) => column !== '' && !repeated.includes(at));
}

async function readPage(
  { settings, files, locale = {} }: Context<Settings>,
  path: string,
  { cursor, notes, isFirst }: { cursor: Cursor; notes: readonly Note[]; isFirst: boolean },
): Promise<Page> {
  const { header, layout, encoding } = cursor;
  const keys = keysOf(namesOf(header, []), settings, fileName(path));
  const { changedAt: fileChangedAt } = cursor;
  const { empty } = settings;
  const reader = new RowReader({ columns: header, layout, encoding, keys, locale, empty, fileChangedAt });
  const renamed = new Set(Object.values(settings.rename ?? {}));
  const people = new People(reader.properties);
  const records: SourceRecord[] = [];
  const rejected: RejectedRow[] = [];
  let [{ bytes, row }, isAtEnd] = [cursor, true] as [{ bytes: number; row: number }, boolean];
  for await (const { found, notRow, damage, end } of settledRows(files, path, cursor, renamed)) {
    [bytes, row] = [end.bytes, end.row];
    if (notRow !== null) {
      reader.note(`csv_${notRow}`, notRowWords[notRow]);
      continue;
    }
    const record = found.fields ? reader.read(found as ReadRow, damage) : unreadable(found);
    if (typeof record === 'string') {
      rejected.push({
        position: `row ${row} of ${fileName(path)}`,
        reason: record,
        raw: lineOf(found, encoding),
      });
    } else {
      people.meet(record);
      records.push(record);
    }
    // Pieces of one row stay on one page.
    isAtEnd = !end.mayStop || records.length + rejected.length < settings.pageRows;
    if (!isAtEnd) break;
  }
  if (isAtEnd) bytes = cursor.fileBytes;
  const found = [...notes, ...reader.notes, ...people.notes];
  if (isFirst && isAtEnd && records.length + rejected.length === 0) found.push(noRows(path));
  return {
    records,
    ...(rejected.length > 0 && { rejected }),
    ...(found.length > 0 && { notes: found }),
    cursor: { ...cursor, bytes, row },
    done: bytes >= cursor.fileBytes,
    columns: reader.properties,
  };
}

interface SettledRow {
  found: Row;
  /** What it is, where it is no row. */
  notRow: NotRow | null;
  damage: Damage | null;
  end: Place & { mayStop: boolean };
}

/** Where the next row begins in the file, and the number of the row before it. */
interface Place {
  bytes: number;
  row: number;
}

/** The rows from the cursor on that hold anything, each once it is known what it is. */
async function* settledRows(
  files: Context<Settings>['files'],
  path: string,
  cursor: Cursor,
  renamed: ReadonlySet<string>,
): AsyncGenerator<SettledRow> {
  const { header, layout, encoding, fileBytes } = cursor;
  if (cursor.bytes >= fileBytes) return;
  type Held = { fields: readonly string[]; found: Row; place: Place };
  const short = new ShortRows<Held>(layout, header.length);
  const named = { columns: header, renamed, key: layout.keys[0]! };
  function* handOut(groups: ReturnType<typeof short.end>): Generator<SettledRow> {
    for (const group of groups)
      for (const [index, { row, broken }] of group.entries()) {
        const damage = isCut(row.found, row.place.bytes, cursor) ? 'cut' : broken ? 'broken' : null;
        const end = { ...row.place, mayStop: index === group.length - 1 };
        yield { found: row.found, notRow: null, damage, end };
      }
  }
  const place = new Scannable(encoding);
  const dialect = {
    delimiter: cursor.delimiter.charCodeAt(0),
    columns: header.length,
    ...decoderOf(encoding),
  };
  const below = new Footer<Held>(header.length, named.key);
  let { row } = cursor;
  for await (const found of rowsOf(place.of(read(files, path, cursor.bytes)), dialect)) {
    row += 1;
    const end = { bytes: Math.min(cursor.bytes + place.inFile(found.end), fileBytes), row };
    const content = found.fields === null ? found : contentOf(found as ReadRow, header.length);
    const held = content && { fields: content.fields ?? [], found: content, place: end };
    if (below.holds(held)) continue;
    for (const one of below.rows()) yield* handOut(short.push(one));
    if (held === null) continue;
    const notRow = found.fields === null ? null : notRowOf(held.fields, named);
    if (found.fields !== null && notRow === null) yield* handOut(short.push(held));
    else {
      yield* handOut(short.end());
      yield { found, notRow, damage: null, end: { ...end, mayStop: true } };
    }
  }
  yield* handOut(short.end());
  for (const { found, place: end } of below.rows())
    yield { found, notRow: 'footer', damage: null, end: { ...end, mayStop: true } };
}

/** The last row, short and without an end, of a file that otherwise writes its rows whole. */
function isCut({ bytes, fields }: Row, end: number, { fileBytes, header, layout }: Cursor): boolean {
  if (end < fileBytes || fields === null || fields.length >= header.length || layout.oftenShort) return false;
  const [last] = bytes.subarray(-1);
  return last !== 0x0a && last !== 0x0d;
}

/** A column with values whose name is missing is refused with the file; a single value is refused with its row. */
function refuseUnnamed({ columns, sample }: Header, path: string): void {
  const unnamed = columns.findIndex(
    (column, at) =>
      column === '' && sample.filter((row) => !isBlank(row[at] ?? '')).length * 2 > sample.length,
  );
  if (unnamed === -1) return;
  throw new RejectedError(
    `Column ${unnamed + 1} of ${fileName(path)} contains values but has no name in the first row: name it there, or remove it.`,
    { code: 'csv_header' },
  );
}

/** The columns that the default mapping makes fields of; what becomes metadata only is left out as easily. */
function mappedByDefault(names: readonly string[], settings: Settings): string[] {
  const { uses } = planOf(names, settings);
  const fields = Object.entries(uses).filter(([field]) => !field.startsWith('metadata.'));
  return [...Object.keys(settings.columns ?? {}), ...fields.flatMap(([, columns]) => columns)];
}

/** Of two columns with one name nobody can tell which is meant: refused where it is used. */
function refuseRepeated(
  columns: readonly string[],
  repeated: readonly number[],
  path: string,
  used: readonly (string | undefined)[],
): void {
  const twice = repeated.map((at) => columns[at]!).find((column) => used.includes(column));
  if (twice === undefined) return;
  throw new RejectedError(`${fileName(path)} has two columns named "${twice}": rename one of them.`, {
    code: 'csv_header',
  });
}

function unreadable({ reason }: Row): string {
  return `This row cannot be read: ${reason}.`;
}

function lineOf({ bytes }: Row, encoding: string): string {
  const { decode } = decoderOf(encoding);
  const text = decode ? decode(bytes, 0, bytes.length) : bytes.toString('utf8');
  return text.replace(/[\r\n]+$/, '');
}

function isUnfinished(cursor: Kept | null): cursor is Cursor {
  return (
    cursor !== null && cursor.layout !== null && cursor.encoding !== null && cursor.bytes < cursor.fileBytes
  );
}

function isSame(cursor: Kept, file: FileState): boolean {
  return cursor.changedAt === file.changedAt && cursor.fileBytes === file.bytes;
}

function refuseChanged(cursor: Kept, file: FileState, path: string): void {
  if (isSame(cursor, file)) return;
  const message = `${fileName(path)} changed while it was being read. The next run reads it from the beginning.`;
  throw new RejectedError(message, { code: 'file_changed' });
}
