// The bytes of a CSV file into rows, one after the other, in flat memory whatever the file. It knows no header, no
// records and no vendor.
import { type Dialect, nextLine, scanRow } from './csv-row.ts';

/** A longer row is refused: most often a quote was opened in it and not closed. */
export const maxRowBytes = 1_048_576;
/** How much is kept of a line too long to be read. */
const maxKeptBytes = 10_000;

export interface Row {
  /** The row as it stands in the file. */
  bytes: Buffer;
  /** Where the next row begins, counted from the first byte given. */
  end: number;
  /** Null for a row that cannot be read, for `reason`. */
  fields: string[] | null;
  reason?: string;
}

/** A line without any text is a row with one empty field. */
export async function* rowsOf(chunks: AsyncIterable<Buffer>, dialect: Dialect): AsyncGenerator<Row> {
  /** What is read of the file and not yet of a row, and where that stands. */
  let bytes: Buffer = Buffer.alloc(0);
  let start = 0;
  let skipping: Row | undefined;

  function* readable(last: boolean): Generator<Row> {
    let from = 0;
    while (from < bytes.length) {
      if (skipping) {
        const next = nextLine(bytes, from, last);
        // The last byte may be half of a line end.
        from = next === 'more' ? Math.max(from, bytes.length - 1) : next;
        if (next === 'more') break;
        yield { ...skipping, end: start + from };
        skipping = undefined;
        continue;
      }
      const scanned = scanWithin(
        bytes.subarray(from, from + maxRowBytes),
        dialect,
        last,
        bytes.length - from,
      );
      if (scanned === 'more') break;
      if (scanned === 'skip') {
        const reason = `the row is longer than ${maxRowBytes} bytes`;
        skipping = {
          bytes: Buffer.from(bytes.subarray(from, from + maxKeptBytes)),
          end: 0,
          fields: null,
          reason,
        };
        continue;
      }
      const { next, ...found } = scanned;
      yield { ...found, bytes: bytes.subarray(from, from + next), end: start + from + next };
      from += next;
    }
    bytes = bytes.subarray(from);
    start += from;
  }

  for await (const chunk of chunks) {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    yield* readable(false);
  }
  yield* readable(true);
}

type Read = { next: number; fields: string[] | null; reason?: string };

/** Reads one row of at most `maxRowBytes`. `skip`: not even its first line ends within them. */
function scanWithin(
  piece: Buffer,
  dialect: Dialect,
  last: boolean,
  available: number,
): Read | 'more' | 'skip' {
  const whole = available <= maxRowBytes;
  const scanned = scanRow(piece, 0, dialect, last && whole);
  if (scanned.kind === 'row') return { next: scanned.next, fields: scanned.fields };
  if (scanned.kind === 'bad') return { next: scanned.next, fields: null, reason: scanned.reason };
  if (whole) return 'more';
  const next = nextLine(piece, 0, false);
  if (next === 'more') return 'skip';
  return {
    next,
    fields: null,
    reason: `an opening quote in this row is not closed within ${maxRowBytes} bytes`,
  };
}
