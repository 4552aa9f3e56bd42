// The rows of an export's file, one after the other, in flat memory whatever the file. It knows no vendor and no records.
import { rowsOf } from '../../connector/csv.ts';
import { parseJson } from '../../connector/json.ts';
import { type Json, type JsonObject, RejectedError, TransientError } from '../../connector.ts';

/** A longer line is rejected: nobody's profile. */
export const maxLineBytes = 8 * 1024 * 1024;
export const maxKeptCharacters = 10_000;
const lineFeed = 0x0a;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** What stands in a row, or why it cannot be read. */
export type ExportRow = { row: JsonObject } | { reason: string; raw: Json };

/** `delimiter`: one ASCII character. `columns`: those that the header must have. `of`: whose file it is, for what errors say. */
export async function* csvRows(
  bytes: AsyncIterable<Uint8Array>,
  { delimiter, columns, of }: { delimiter: string; columns: readonly string[]; of: string },
): AsyncGenerator<ExportRow> {
  let header: string[] | null = null;
  /** Kept back: as the last one it shows that the file is not whole. */
  let faulty: { reason: string; raw: string } | null = null;
  for await (const { fields, bytes: text, reason = '' } of rowsOf(buffers(bytes), {
    delimiter: delimiter.charCodeAt(0),
  })) {
    if (faulty) yield faulty;
    faulty = null;
    if (header === null) {
      header = fields ?? [];
      const missing = columns.filter((name) => !header!.includes(name));
      if (missing.length > 0) throw strange(of, `a file without the columns ${missing.join(', ')}`);
    } else if (fields?.length === header.length) {
      yield { row: Object.fromEntries(header.map((name, at) => [name, fields[at]!])) };
    } else if (fields === null || text.toString().trim() !== '') {
      const why =
        fields === null ? reason : `it has ${fields.length} columns, and the header ${header.length}`;
      faulty = { reason: why, raw: text.toString('utf8', 0, maxKeptCharacters) };
    }
  }
  if (header === null && columns.length > 0) throw strange(of, 'an empty file without a header');
  if (faulty && !/[\r\n]$/.test(faulty.raw)) throw incomplete(of);
  if (faulty) yield faulty;
}

/** A last line that is cut off shows that the file is not whole. */
export async function* jsonRows(
  bytes: AsyncIterable<Uint8Array>,
  { of }: { of: string },
): AsyncGenerator<ExportRow> {
  let isFirst = true;
  for await (const { text, isEnded } of linesOf(bytes)) {
    if (text === null) {
      yield { reason: `the line is longer than ${maxLineBytes} bytes`, raw: null };
      continue;
    }
    if (text.trim() === '') continue;
    const row = objectIn(text);
    if (row) yield { row };
    else if (isFirst) throw strange(of, 'a file that does not begin with a JSON object');
    else if (!isEnded) throw incomplete(of);
    else yield { reason: 'the line is not a JSON object', raw: text.slice(0, maxKeptCharacters) };
    isFirst = false;
  }
}

function objectIn(text: string): JsonObject | undefined {
  try {
    const value = parseJson(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `text` null: the line is too long. `isEnded`: a line end follows it. */
async function* linesOf(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ text: string | null; isEnded: boolean }> {
  let pieces: Buffer[] = [];
  let size = 0;
  const take = (): string | null => {
    const text = size > maxLineBytes ? null : Buffer.concat(pieces).toString();
    pieces = [];
    size = 0;
    return text;
  };
  const add = (piece: Buffer) => {
    size += piece.length;
    if (size <= maxLineBytes) pieces.push(piece);
    else pieces = [];
  };
  for await (const chunk of buffers(bytes)) {
    let from = 0;
    for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, from)) {
      add(chunk.subarray(from, at));
      yield { text: take(), isEnded: true };
      from = at + 1;
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  if (size > 0) yield { text: take(), isEnded: false };
}

/** Without the byte order mark. */
export async function* buffers(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let begun: Buffer | null = Buffer.alloc(0);
  for await (const piece of bytes) {
    const chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    if (begun === null) {
      yield chunk;
      continue;
    }
    begun = Buffer.concat([begun, chunk]);
    if (begun.length < byteOrderMark.length) continue;
    yield begun.subarray(begun.indexOf(byteOrderMark) === 0 ? byteOrderMark.length : 0);
    begun = null;
  }
  if (begun !== null && begun.length > 0) yield begun;
}

export function incomplete(of: string): RejectedError {
  return new RejectedError(`${of} sent a file that ends within a row`, { code: 'export_incomplete' });
}

/** A proxy or a login page has answered in the vendor's place. */
export function strange(of: string, what: string): TransientError {
  return new TransientError(`${of} sent ${what}`, { foreign: true });
}
