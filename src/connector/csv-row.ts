// One row of CSV out of bytes: where it ends and what its fields are (RFC 4180, with any of the three line ends, and as
// spreadsheets read what strays from it). It knows no files, no header and no rows around it.

const quote = 0x22;
const lf = 0x0a;
const cr = 0x0d;
const blank = 0x20;
const tab = 0x09;

export type Scanned =
  | { kind: 'row'; next: number; fields: string[] }
  /** No row can be made of it. `next` is the line after the one it began on: a quote left open swallows nothing. */
  | { kind: 'bad'; next: number; reason: string }
  /** The bytes end before the row does. */
  | { kind: 'more' };

/** How a file is written. */
export interface Dialect {
  /** What separates the columns: one byte. */
  delimiter: number;
  /** The text of these bytes, in an encoding that writes ASCII as ASCII. Default: UTF-8. */
  decode?(bytes: Buffer, from: number, to: number): string;
  /** How many columns the header has, where it is known: it shows quotes that are closed only rows later. */
  columns?: number;
  /** A quote within a field that does not begin with one makes the row bad, so that a wrong delimiter shows. */
  strict?: true;
}

const utf8 = (bytes: Buffer, from: number, to: number) => bytes.toString('utf8', from, to);

/**
 * Reads the row that begins at `from`. `last`: no bytes follow these. As spreadsheets do, it takes a quote within a field
 * that does not begin with one for a character, and passes over blanks before an opening quote and after a closing one.
 */
export function scanRow(bytes: Buffer, from: number, dialect: Dialect, last: boolean): Scanned {
  const { delimiter, columns = 0 } = dialect;
  const fields: string[] = [];
  let at = from;
  for (;;) {
    const opening = openingQuote(bytes, at);
    const field =
      opening === -1 ? plainField(bytes, at, dialect) : quotedField(bytes, opening, dialect, last);
    if (field === 'more') return { kind: 'more' };
    if (field === 'unclosed') return bad(bytes, from, last, 'an opening quote is never closed');
    if (field === 'stray') return bad(bytes, from, last, 'a quote appears within an unquoted field');
    fields.push(field.text);
    at = field.end;
    if (at < bytes.length && bytes[at] === delimiter) {
      at += 1;
      continue;
    }
    const isOver = at >= bytes.length;
    if (isOver && !last) return { kind: 'more' };
    const next = isOver ? at : afterLineEnd(bytes, at, last);
    if (next === 'more') return { kind: 'more' };
    if (next === undefined)
      return bad(bytes, from, last, 'text follows a closing quote: double the quotes within a field');
    if (fields.length < columns && fields.some((text) => holdsRow(text, delimiter, columns)))
      return bad(bytes, from, last, 'its opening quote is closed only in another row');
    return { kind: 'row', next, fields };
  }
}

type Field = { text: string; end: number };

/** Where a quoted field begins, with nothing but blanks before it; -1 where the field is a plain one. */
function openingQuote(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === blank) at += 1;
  return bytes[at] === quote ? at : -1;
}

function quotedField(
  bytes: Buffer,
  from: number,
  { delimiter, decode = utf8 }: Dialect,
  last: boolean,
): Field | 'more' | 'unclosed' {
  let escaped = false;
  let at = from + 1;
  for (;;) {
    at = bytes.indexOf(quote, at);
    if (at === -1) return last ? 'unclosed' : 'more';
    if (bytes[at + 1] !== quote) break;
    escaped = true;
    at += 2;
  }
  const text = decode(bytes, from + 1, at);
  let end = at + 1;
  while (bytes[end] === blank || (bytes[end] === tab && delimiter !== tab)) end += 1;
  return { text: escaped ? text.replaceAll('""', '"') : text, end };
}

function plainField(
  bytes: Buffer,
  from: number,
  { delimiter, decode = utf8, strict }: Dialect,
): Field | 'stray' {
  let end = from;
  for (; end < bytes.length; end += 1) {
    const byte = bytes[end];
    if (byte === delimiter || byte === lf || byte === cr) break;
    if (strict && byte === quote) return 'stray';
  }
  return { text: decode(bytes, from, end), end };
}

/** True where a line of a text, after its first, has as many delimiters as a whole row. */
function holdsRow(text: string, delimiter: number, columns: number): boolean {
  const [, ...lines] = text.split(/[\r\n]+/);
  const separator = String.fromCharCode(delimiter);
  return lines.some((line) => line.split(separator).length >= columns);
}

/** Undefined where no line ends at `at`. */
function afterLineEnd(bytes: Buffer, at: number, last: boolean): number | 'more' | undefined {
  if (bytes[at] === lf) return at + 1;
  if (bytes[at] !== cr) return undefined;
  if (at + 1 >= bytes.length) return last ? at + 1 : 'more';
  return bytes[at + 1] === lf ? at + 2 : at + 1;
}

/** Where the line after that of `from` begins. */
export function nextLine(bytes: Buffer, from: number, last: boolean): number | 'more' {
  for (let at = from; at < bytes.length; at += 1) {
    if (bytes[at] === lf || bytes[at] === cr) return afterLineEnd(bytes, at, last) ?? 'more';
  }
  return last ? bytes.length : 'more';
}

function bad(bytes: Buffer, from: number, last: boolean, reason: string): Scanned {
  const next = nextLine(bytes, from, last);
  return next === 'more' ? { kind: 'more' } : { kind: 'bad', next, reason };
}
