// The beginning of a file: its encoding, its delimiter, and the column names in the first row.
import { type Files, RejectedError } from '#connector';
import { maxRowBytes } from '#connector/csv';
import { looksLikeHeader } from '#connector/csv-described-columns';
import {
  decoderOf,
  isUtf16,
  isWellFormed,
  lengthInFile,
  markOf,
  refuseUnmarkedUtf16,
} from '#connector/csv-encoding';
import { type Dialect, nextLine, scanRow } from '#connector/csv-row';
import { isBlank, trimmed } from '#connector/csv-text';
import { fileName, read } from './file.ts';
import { refuseOtherFormats, refuseOtherTexts } from './formats.ts';
import { refuseMisread } from './misreadings.ts';

/** Tried in this order where nothing names the delimiter; the first wins a tie. */
const delimiters = [',', ';', '\t'];
/** Only where none of the others separates anything: it is common within cells. */
const lastResort = '|';
/** So many rows show what the columns hold. */
const maxSampleRows = 2000;
/** So many rows may stand above the names of the columns, for a person to be told of them. */
const maxTitleRows = 20;

export interface Header {
  /** Names of the columns by position, trimmed; '' where the first row has none. */
  columns: string[];
  delimiter: string;
  /** As `encodingOf` names it. */
  encoding: string;
  /** Where the row after it begins in the file. */
  bytes: number;
  /** Its own number: 1, unless other lines stand before it. */
  row: number;
  /** The rows after it, as far as the beginning of the file shows them. */
  sample: string[][];
}

/** What is to be read as what: a delimiter or `auto`, and an encoding where no byte order mark names one. */
interface Wanted {
  delimiter: string;
  encoding: string;
}

/** The beginning of a file, ready to scan. */
interface Start {
  name: string;
  bytes: Buffer;
  /** Where `bytes` begin in the file. */
  from: number;
  /** The file ends with them. */
  last: boolean;
  encoding: string;
}

/** Throws `RejectedError` where the file is not CSV, or where its first row names nothing. */
export async function readHeader(files: Files, path: string, wanted: Wanted): Promise<Header> {
  const start = await readStart(files, path, wanted.encoding);
  const { bytes, encoding, name } = start;
  const said = separatorLine(start);
  let at = said?.next ?? 0;
  for (let row = said ? 2 : 1; at < bytes.length; row += 1) {
    const found = firstRow(start, at, said?.delimiter ?? wanted.delimiter);
    if ('reason' in found) throw headerError(`The first row of ${name} cannot be read: ${found.reason}.`);
    const { fields, delimiter, next } = found;
    if (!fields.every(isBlank)) {
      refuseDamaged(fields, bytes.subarray(at, next), start);
      const inFile = start.from + lengthInFile(bytes.subarray(0, next), encoding);
      const sample = sampleRows(start, next, delimiter);
      const isSet = wanted.delimiter !== 'auto';
      const namedBy = said ? 'the line "sep="' : isSet ? 'the setting "delimiter"' : null;
      refuseMisread({ columns: fields.map(trimmed), delimiter, namedBy, sample }, name);
      refuseTitle(start, { fields, row, next }, said?.delimiter ?? wanted.delimiter);
      return { columns: fields.map(trimmed), delimiter, encoding, bytes: inFile, row, sample };
    }
    at = next;
  }
  throw headerError(
    `${name} is empty: its first row must name the columns, for example Source_id,Name,Email.`,
  );
}

/** Throws where the first row is one cell of text, as the title of a report, and one of the next names the columns. */
function refuseTitle(
  start: Start,
  title: { fields: string[]; row: number; next: number },
  wanted: string,
): void {
  const shown = title.fields.map(trimmed).filter((cell) => cell !== '');
  if (shown.length > 1) return;
  let at = title.next;
  for (let row = title.row + 1; row <= title.row + maxTitleRows && at < start.bytes.length; row += 1) {
    const found = firstRow(start, at, wanted);
    if ('reason' in found) return;
    if (looksLikeHeader(found.fields.map(trimmed)))
      throw headerError(
        `The first row of ${start.name} must name the columns, and is ${JSON.stringify(shown[0])}. Row ${row} seems to name them: delete the rows above it.`,
      );
    at = found.next;
  }
}

/** Throws where the bytes are not text in the encoding that was named, or not a table. */
async function readStart(files: Files, path: string, wanted: string): Promise<Start> {
  const name = fileName(path);
  const { bytes: raw, last } = await firstBytes(files, path);
  refuseOtherFormats(raw, name);
  const mark = markOf(raw);
  const encoding = mark.encoding ?? wanted;
  if (isUtf16(encoding) && !isUtf16(wanted)) {
    throw new RejectedError(
      `${name} is UTF-16 text: save it as CSV in UTF-8, or set "encoding" to "${encoding}".`,
      { code: 'csv_encoding' },
    );
  }
  refuseUnmarkedUtf16(raw, encoding, name);
  const text = raw.subarray(mark.bytes);
  const bytes = isUtf16(encoding)
    ? Buffer.from(new TextDecoder(encoding, { ignoreBOM: true }).decode(wholeUnits(text)), 'utf8')
    : text;
  refuseOtherTexts(bytes.toString('utf8', 0, 4096), name);
  return { name, bytes, from: mark.bytes, last, encoding };
}

async function firstBytes(files: Files, path: string): Promise<{ bytes: Buffer; last: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of read(files, path, 0)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxRowBytes) return { bytes: Buffer.concat(chunks), last: false };
  }
  return { bytes: Buffer.concat(chunks), last: true };
}

/** Without half a character of UTF-16 at its end. */
function wholeUnits(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length - (bytes.length % 2));
}

/** `sep=;` before the header, as Excel writes and reads it, names the delimiter. */
function separatorLine({ bytes, last, name }: Start): { delimiter: string; next: number } | null {
  const next = nextLine(bytes, 0, last);
  if (next === 'more') return null;
  const line = bytes.toString('latin1', 0, next).replace(/[\r\n]+$/, '');
  const [, said] = /^"?sep=(\\t|.)"?[\s,;|]*$/i.exec(line) ?? [];
  if (said === undefined) return null;
  const delimiter = said === '\\t' ? '\t' : said;
  if (isDelimiter(delimiter)) return { delimiter, next };
  throw headerError(
    `The first row of ${name} declares ${JSON.stringify(said)} as the delimiter, which is not supported: use a comma, a semicolon, a tab or "|".`,
  );
}

/** One byte that is neither part of a word nor a quote or line end. */
export function isDelimiter(text: string): boolean {
  return /^[\t!-~]$/.test(text) && !/[\w"]/.test(text);
}

type First = { fields: string[]; next: number; delimiter: string };

/** With `auto`, what gives the most columns separates them. */
function firstRow(start: Start, from: number, wanted: string): First | { reason: string } {
  const { bytes, last, encoding } = start;
  let reason = `no line ends within ${maxRowBytes} bytes`;
  const scan = (delimiter: string, strict: Pick<Dialect, 'strict'>): First | null => {
    const dialect = { delimiter: delimiter.charCodeAt(0), ...decoderOf(encoding), ...strict };
    const scanned = scanRow(bytes, from, dialect, last);
    if (scanned.kind === 'bad') reason = scanned.reason;
    return scanned.kind === 'row' ? { fields: scanned.fields, next: scanned.next, delimiter } : null;
  };
  if (wanted !== 'auto') return scan(wanted, {}) ?? { reason };
  const best = (strict: Pick<Dialect, 'strict'>) =>
    delimiters
      .map((delimiter) => scan(delimiter, strict))
      .reduce(
        (most, found) => ((found?.fields.length ?? 0) > (most?.fields.length ?? 0) ? found : most),
        null,
      );
  // A quoted name may hold any of them: with the wrong one its quotes are out of place.
  const found = best({ strict: true }) ?? best({});
  if (found && found.fields.length > 1) return found;
  const piped = scan(lastResort, { strict: true });
  return piped && piped.fields.length > 1 ? piped : (found ?? { reason });
}

function refuseDamaged(columns: readonly string[], bytes: Buffer, { name, encoding }: Start): void {
  if (columns.some((column) => column.includes('\ufffd')) && !isWellFormed(bytes, encoding)) {
    throw new RejectedError(
      `The first row of ${name} is not ${encoding.toUpperCase()}: save the file as CSV in UTF-8, or set "encoding" to its actual encoding, for example "windows-1252" (Western Europe) or "windows-1250" (Central Europe).`,
      { code: 'csv_encoding' },
    );
  }
  const damaged = columns.findIndex((column) => column.includes('\u0000'));
  if (damaged !== -1) {
    throw headerError(
      `The name of column ${damaged + 1} of ${name} contains a NUL character: the file is damaged or is not text. Export it again.`,
    );
  }
}

function sampleRows({ bytes, last, encoding }: Start, from: number, delimiter: string): string[][] {
  const dialect = { delimiter: delimiter.charCodeAt(0), ...decoderOf(encoding) };
  const rows: string[][] = [];
  for (let at = from; at < bytes.length && rows.length < maxSampleRows; ) {
    const scanned = scanRow(bytes, at, dialect, last);
    if (scanned.kind === 'more') break;
    if (scanned.kind === 'row' && !scanned.fields.every(isBlank)) rows.push(scanned.fields);
    at = scanned.next;
  }
  return rows;
}

function headerError(message: string): RejectedError {
  return new RejectedError(message, { code: 'csv_header' });
}
