// A file's first row: what it names its columns, and what parts them. It knows no records.
import { type Files, RejectedError } from '#connector';
import { maxRowBytes } from '#connector/csv';
import { scanRow } from '#connector/csv-row';

export const delimiters = [',', ';', '\t'] as const;
export type Delimiter = (typeof delimiters)[number];

export interface Header {
  /** Names of the columns, trimmed. */
  columns: string[];
  delimiter: Delimiter;
  /** Where the row after it begins. */
  bytes: number;
  /** Its own number: 1, unless empty lines stand before it. */
  row: number;
}

const byteOrderMark = [0xef, 0xbb, 0xbf];

export function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

/** Throws `RejectedError` where the file has no header that names every column once. */
export async function readHeader(files: Files, path: string, delimiter: Delimiter | 'auto'): Promise<Header> {
  const { bytes, last } = await firstBytes(files, path);
  const name = fileName(path);
  refuseOtherFormats(bytes, name);
  let from = byteOrderMark.every((byte, index) => bytes[index] === byte) ? byteOrderMark.length : 0;
  for (let row = 1; from < bytes.length; row += 1) {
    const found = firstRow(bytes, from, delimiter, last);
    if ('reason' in found) throw headerError(`The first row of ${name} cannot be read: ${found.reason}.`);
    if (found.fields.some((field) => field.trim() !== '')) {
      const columns = found.fields.map((field) => field.trim());
      checkColumns(columns, name);
      return { columns, delimiter: found.delimiter, bytes: found.next, row };
    }
    from = found.next;
  }
  throw headerError(
    `${name} is empty: its first row must name the columns, for example Source_id,Name,Email.`,
  );
}

async function firstBytes(files: Files, path: string): Promise<{ bytes: Buffer; last: boolean }> {
  const chunks: Buffer[] = [];
  let read = 0;
  for await (const chunk of files.open(path, 0) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    read += chunk.length;
    if (read > maxRowBytes) return { bytes: Buffer.concat(chunks), last: false };
  }
  return { bytes: Buffer.concat(chunks), last: true };
}

function refuseOtherFormats(bytes: Buffer, name: string): void {
  const begins = (...start: number[]) => start.every((byte, index) => bytes[index] === byte);
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) {
    throw headerError(`${name} is UTF-16 text: save it as CSV in UTF-8.`, 'csv_encoding');
  }
  if (begins(0x50, 0x4b, 0x03, 0x04)) {
    throw headerError(
      `${name} is a workbook or another zipped file: save it as CSV in UTF-8.`,
      'csv_encoding',
    );
  }
}

type First = { fields: string[]; next: number; delimiter: Delimiter };

/** With `auto`, what gives the most columns parts them; the first of the list on a tie. */
function firstRow(
  bytes: Buffer,
  from: number,
  wanted: Delimiter | 'auto',
  last: boolean,
): First | { reason: string } {
  let best: First | undefined;
  let reason = `no line ends within ${maxRowBytes} bytes`;
  for (const delimiter of wanted === 'auto' ? delimiters : [wanted]) {
    const scanned = scanRow(bytes, from, delimiter.charCodeAt(0), last);
    if (scanned.kind === 'bad') reason = scanned.reason;
    if (scanned.kind !== 'row' || scanned.fields.length <= (best?.fields.length ?? 0)) continue;
    best = { fields: scanned.fields, next: scanned.next, delimiter };
  }
  return best ?? { reason };
}

function checkColumns(columns: readonly string[], name: string): void {
  const unnamed = columns.indexOf('');
  if (unnamed !== -1) throw headerError(`Column ${unnamed + 1} of ${name} has no name in the first row.`);
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice !== undefined) throw headerError(`${name} has two columns named "${twice}": rename one of them.`);
  if (columns.some((column) => column.includes('\ufffd'))) {
    throw headerError(
      `The first row of ${name} is not UTF-8: save the file as CSV in UTF-8.`,
      'csv_encoding',
    );
  }
}

function headerError(message: string, code = 'csv_header'): RejectedError {
  return new RejectedError(message, { code });
}
