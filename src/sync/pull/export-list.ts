// The rows of an export that is one JSON text with a list of them, in flat memory whatever its length. It knows no vendor.
import { parseJson } from '../../connector/json.ts';
import { objectOf } from '../../connector/reading.ts';
import type { Json, JsonObject } from '../../connector.ts';
import {
  buffers,
  type ExportRow,
  incomplete,
  maxKeptCharacters,
  maxLineBytes,
  strange,
} from './export-rows.ts';

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** `list`: the key of the list, '' where the text is the list. `names`: of the values of rows that are lists, by what stands before. */
export async function* listRows(
  bytes: AsyncIterable<Uint8Array>,
  {
    list,
    names,
    of,
  }: { list: string; names?: ((head: JsonObject) => readonly string[]) | undefined; of: string },
): AsyncGenerator<ExportRow> {
  const scan = new ListScan(list);
  let rows = 0;
  let columns: readonly string[] | null = null;
  for await (const chunk of buffers(bytes))
    for (const text of scan.rowsIn(chunk)) {
      rows += 1;
      columns ??= names?.(scan.head) ?? [];
      yield rowOf(text, columns);
    }
  // A list that is empty, and has no name, is anybody's.
  if (!scan.isFound || (list === '' && rows === 0))
    throw strange(of, `a file without the list of rows${list && ` "${list}"`}`);
  if (!scan.isWhole) throw incomplete(of);
}

function rowOf(text: string | null, names: readonly string[]): ExportRow {
  if (text === null) return { reason: `the row is longer than ${maxLineBytes} bytes`, raw: null };
  const value = jsonIn(text);
  if (Array.isArray(value)) {
    if (value.length === names.length)
      return { row: Object.fromEntries(names.map((name, at) => [name, value[at]!])) };
    return { reason: `it has ${value.length} values, and there are ${names.length} names`, raw: value };
  }
  if (value !== undefined && value !== null && objectOf(value) === value) return { row: value };
  return { reason: 'the row is not a JSON object', raw: text.slice(0, maxKeptCharacters) };
}

function jsonIn(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Where the rows of the list stand in a text that comes piece by piece. Structure is ASCII, so that bytes are scanned. */
class ListScan {
  readonly #list: string;
  /** At which the list opens. */
  readonly #listDepth: number;
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  #state: 'before' | 'list' | 'behind' = 'before';
  /** Byte by byte, since a character may be cut in two. */
  #head = '';
  #pieces: Buffer[] = [];
  #size = 0;

  constructor(list: string) {
    this.#list = list;
    this.#listDepth = list === '' ? 0 : 1;
  }

  get isFound(): boolean {
    return this.#state !== 'before';
  }

  /** Whether the text has come to its end. */
  get isWhole(): boolean {
    return this.#state === 'behind' && this.#depth === 0;
  }

  /** What stands before the list. */
  get head(): JsonObject {
    return objectOf(jsonIn(`${Buffer.from(this.#head, 'latin1')}[]}`));
  }

  /** The texts of the rows that end in this piece; null for one that is too long. */
  *rowsIn(chunk: Buffer): Generator<string | null> {
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at]!;
      if (this.#isWithinString(byte)) continue;
      if (byte === openList || byte === openObject) {
        if (byte === openList && this.#isListBehind(() => chunk.toString('latin1', from, at))) {
          this.#head += chunk.toString('latin1', from, at);
          this.#state = 'list';
          from = at + 1;
        }
        this.#depth += 1;
      } else if (byte === closeList || byte === closeObject) this.#depth -= 1;
      const isEnd = byte === closeList && this.#depth === this.#listDepth;
      const isBetween = byte === comma && this.#depth === this.#listDepth + 1;
      if (this.#state !== 'list' || !(isEnd || isBetween)) continue;
      const text = this.#take(chunk.subarray(from, at));
      if (text !== '') yield text;
      from = at + 1;
      if (isEnd) this.#state = 'behind';
    }
    if (this.#state === 'list') this.#keep(chunk.subarray(from));
    else if (this.#state === 'before' && this.#head.length < maxLineBytes)
      this.#head += chunk.toString('latin1', from);
  }

  #isWithinString(byte: number): boolean {
    if (!this.#inString) {
      this.#inString = byte === quote;
      return this.#inString;
    }
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) this.#inString = false;
    return true;
  }

  /** Whether the bracket behind this text opens the list. */
  #isListBehind(text: () => string): boolean {
    if (this.#state !== 'before' || this.#depth !== this.#listDepth) return false;
    if (this.#list === '') return true;
    const before = (this.#head + text()).trimEnd();
    return before.endsWith(':') && before.slice(0, -1).trimEnd().endsWith(JSON.stringify(this.#list));
  }

  #keep(piece: Buffer): void {
    this.#size += piece.length;
    if (this.#size <= maxLineBytes) this.#pieces.push(piece);
    else this.#pieces = [];
  }

  #take(piece: Buffer): string | null {
    this.#keep(piece);
    const text = this.#size > maxLineBytes ? null : Buffer.concat(this.#pieces).toString().trim();
    this.#pieces = [];
    this.#size = 0;
    return text;
  }
}
