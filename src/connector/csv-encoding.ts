// Decoding the bytes of a file. UTF-16 is converted to UTF-8 before it is scanned; all other supported encodings write
// ASCII as ASCII, so their bytes are scanned as they are.

import type { Dialect } from './csv-row.ts';
import { RejectedError } from './errors.ts';

/** Not scanned byte by byte: ASCII bytes mean something else in it, or it decodes nothing. */
const unfit = ['iso-2022-jp', 'replacement', 'x-user-defined'];
const marks = [
  { encoding: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', bytes: [0xff, 0xfe] },
  { encoding: 'utf-16be', bytes: [0xfe, 0xff] },
] as const;

/** What editors and other languages call them, and the Encoding Standard does not know. */
const otherLabels: { readonly [label: string]: string } = {
  ...{ 'utf-8-bom': 'utf-8', 'utf-8-sig': 'utf-8', 'utf8-bom': 'utf-8', cp65001: 'utf-8' },
  ...{ macroman: 'macintosh', 'mac-roman': 'macintosh', mac_roman: 'macintosh', 'x-macroman': 'macintosh' },
};

/** The name of an encoding by any of its labels (https://encoding.spec.whatwg.org/#names-and-labels); null for none. */
export function encodingOf(label: string): string | null {
  try {
    const { encoding } = new TextDecoder(otherLabels[label.trim().toLowerCase()] ?? label);
    return unfit.includes(encoding) ? null : encoding;
  } catch {
    return null;
  }
}

/** The encoding that a byte order mark names, and how many bytes the marks take. */
export function markOf(bytes: Buffer): { encoding: string | null; bytes: number } {
  const mark = marks.find((known) => known.bytes.every((byte, index) => bytes[index] === byte));
  if (!mark) return { encoding: null, bytes: 0 };
  let length = 0;
  // Two programs that each put a mark before the text leave two.
  while (mark.bytes.every((byte, index) => bytes[length + index] === byte)) length += mark.bytes.length;
  return { encoding: mark.encoding, bytes: length };
}

/** Throws where the bytes, without a mark, are UTF-16 though `encoding` says otherwise. */
export function refuseUnmarkedUtf16(bytes: Buffer, encoding: string, name: string): void {
  if (isUtf16(encoding)) return;
  const start = bytes.subarray(0, 4096);
  const zeros = [0, 0];
  for (const [index, byte] of start.entries()) if (byte === 0) zeros[index % 2]! += 1;
  const [even, odd] = zeros as [number, number];
  // Latin letters have a zero in every second byte.
  if (even + odd <= start.length / 4 || (even > 0 && odd > 0 && even < odd * 10 && odd < even * 10)) return;
  const found = odd > even ? 'utf-16le' : 'utf-16be';
  throw new RejectedError(
    `${name} is UTF-16 text without a byte order mark: save it as CSV in UTF-8, or set "encoding" to "${found}".`,
    { code: 'csv_encoding' },
  );
}

/** Reads fields in this encoding. Bytes that it does not know become U+FFFD. */
export function decoderOf(encoding: string): Pick<Dialect, 'decode'> {
  if (encoding === 'utf-8' || isUtf16(encoding)) return {};
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  return { decode: (bytes, from, to) => decoder.decode(bytes.subarray(from, to)) };
}

/** True where every byte of a row is text in this encoding. */
export function isWellFormed(bytes: Buffer, encoding: string): boolean {
  // Lone surrogates of UTF-16 have become U+FFFD on the way.
  if (isUtf16(encoding)) return !bytes.includes('\ufffd');
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

export function isUtf16(encoding: string): boolean {
  return encoding.startsWith('utf-16');
}

/** The bytes to scan, and where a place among them lies in the file. Places are asked for in ascending order. */
export class Scannable {
  readonly #encoding: string;
  /** What was turned into UTF-8 and not passed yet. */
  #pieces: Buffer[] = [];
  #scanned = 0;
  #inFile = 0;

  constructor(encoding: string) {
    this.#encoding = encoding;
  }

  async *of(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    if (!isUtf16(this.#encoding)) {
      yield* chunks;
      return;
    }
    const decoder = new TextDecoder(this.#encoding, { ignoreBOM: true });
    for await (const chunk of chunks) yield this.#keep(decoder.decode(chunk, { stream: true }));
    yield this.#keep(decoder.decode());
  }

  #keep(text: string): Buffer {
    const piece = Buffer.from(text, 'utf8');
    if (piece.length > 0) this.#pieces.push(piece);
    return piece;
  }

  /** Bytes of the file before the byte `at` of what was given to scan, counted from where the reading began. */
  inFile(at: number): number {
    if (!isUtf16(this.#encoding)) return at;
    while (this.#scanned < at && this.#pieces.length > 0) {
      const [piece] = this.#pieces as [Buffer, ...Buffer[]];
      const passed = piece.subarray(0, at - this.#scanned);
      this.#inFile += lengthInFile(passed, this.#encoding);
      this.#scanned += passed.length;
      if (passed.length === piece.length) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(passed.length);
    }
    return this.#inFile;
  }
}

/** How many bytes of the file these bytes were before they were made ready to scan. They hold whole characters. */
export function lengthInFile(bytes: Buffer, encoding: string): number {
  if (!isUtf16(encoding)) return bytes.length;
  let units = 0;
  for (const byte of bytes) {
    if ((byte & 0xc0) !== 0x80) units += 1;
    if (byte >= 0xf0) units += 1;
  }
  return 2 * units;
}
