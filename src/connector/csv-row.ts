// One row of CSV out of bytes: where it ends and what its fields are (RFC 4180, with any of the three line ends). It
// knows no files, no header and no rows around it.

const quote = 0x22;
const lf = 0x0a;
const cr = 0x0d;

export type Scanned =
  | { kind: 'row'; next: number; fields: string[] }
  /** No row can be made of it. `next` is the line after the one it began on: a quote left open swallows nothing. */
  | { kind: 'bad'; next: number; reason: string }
  /** The bytes end before the row does. */
  | { kind: 'more' };

/** Reads the row that begins at `from`. `last`: no bytes follow these. `delimiter`: one byte. */
export function scanRow(bytes: Buffer, from: number, delimiter: number, last: boolean): Scanned {
  const fields: string[] = [];
  let at = from;
  for (;;) {
    const field = bytes[at] === quote ? quotedField(bytes, at, last) : plainField(bytes, at, delimiter);
    if (field === 'more') return { kind: 'more' };
    if (field === 'unclosed') return bad(bytes, from, last, 'a quote is opened and never closed');
    if (field === 'stray')
      return bad(bytes, from, last, 'a quote stands within a field that does not begin with one');
    fields.push(field.text);
    at = field.end;
    if (at >= bytes.length) return last ? { kind: 'row', next: at, fields } : { kind: 'more' };
    if (bytes[at] === delimiter) {
      at += 1;
      continue;
    }
    const next = afterLineEnd(bytes, at, last);
    if (next === 'more') return { kind: 'more' };
    if (next === undefined)
      return bad(bytes, from, last, 'text follows a closing quote: a quote within a field is written twice');
    return { kind: 'row', next, fields };
  }
}

type Field = { text: string; end: number };

function quotedField(bytes: Buffer, from: number, last: boolean): Field | 'more' | 'unclosed' {
  let escaped = false;
  let at = from + 1;
  for (;;) {
    at = bytes.indexOf(quote, at);
    if (at === -1) return last ? 'unclosed' : 'more';
    if (bytes[at + 1] !== quote) break;
    escaped = true;
    at += 2;
  }
  const text = bytes.toString('utf8', from + 1, at);
  return { text: escaped ? text.replaceAll('""', '"') : text, end: at + 1 };
}

function plainField(bytes: Buffer, from: number, delimiter: number): Field | 'stray' {
  let end = from;
  for (; end < bytes.length; end += 1) {
    const byte = bytes[end];
    if (byte === delimiter || byte === lf || byte === cr) break;
    if (byte === quote) return 'stray';
  }
  return { text: bytes.toString('utf8', from, end), end };
}

/** Undefined where no line ends at `at`. */
export function afterLineEnd(bytes: Buffer, at: number, last: boolean): number | 'more' | undefined {
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
