// What the beginning of a file says about all its rows: which columns are read, which are keys, and what the IDs look
// like. It is determined once per file and kept with the cursor, so that all pages are read alike.
import { z } from 'zod';
import { describesColumns } from '#connector/csv-described-columns';
import { guardedColumns } from '#connector/csv-guarded-columns';
import { keyProfiles, profileOf } from '#connector/csv-ids';
import { isBlank } from '#connector/csv-text';
import { isSum } from './not-rows.ts';

export const layouts = z.object({
  /** Columns by position whose name another has too: none of them is read. */
  repeated: z.array(z.int()),
  /** Columns whose apostrophes are guards; see guards.ts. */
  guarded: z.array(z.int()),
  /** The columns that hold IDs. The first tells rows apart. */
  keys: z.array(z.object({ at: z.int(), profile: keyProfiles })).min(1),
  /** Columns whose every value has an @, and those of which none has. */
  mail: z.array(z.int()),
  mailless: z.array(z.int()),
  /** Many rows of this file end before the last column. */
  oftenShort: z.boolean(),
});

export type Layout = z.infer<typeof layouts>;

/** `keys`: positions of the columns that hold IDs. */
export function layoutOf(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  keys: readonly number[],
): Layout {
  const named = { columns, renamed: new Set<string>(), at: keys[0] ?? 0 };
  const sample = rows.filter(
    (row) => !isSum(row.find((cell) => !isBlank(cell)) ?? '') && describesColumns(row, named) === null,
  );
  const repeated = columns.flatMap((column, at) =>
    column !== '' && columns.some((other, index) => index !== at && other === column) ? [at] : [],
  );
  const guarded = guardedColumns(columns.length, sample);
  const whole = wholeRows(columns.length, sample);
  const short = sample.filter((row) => row.length > 1 && row.length < columns.length);
  const valuesAt = (at: number) => whole.map((row) => row[at] ?? '').filter((cell) => !isBlank(cell));
  const positions = columns.map((_, at) => at);
  const idsAt = (at: number) => whole.map((row) => (row[at] ?? '').replace(/^\s*'(?=[\d=+@-])/, ''));
  return {
    repeated,
    guarded,
    keys: keys.map((at) => ({ at, profile: profileOf(idsAt(at)) })),
    mail: positions.filter(
      (at) => valuesAt(at).length > 0 && valuesAt(at).every((cell) => cell.includes('@')),
    ),
    mailless: positions.filter(
      (at) => valuesAt(at).length > 2 && valuesAt(at).every((cell) => !cell.includes('@')),
    ),
    oftenShort: short.length > 2 && short.length * 5 > sample.length,
  };
}

/** The rows that reach the last column; where none does, those of the most frequent width. */
function wholeRows(width: number, sample: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const whole = sample.filter((row) => row.length >= width);
  if (whole.length > 0) return whole;
  const byWidth = [...Map.groupBy(sample, (row) => row.length)].filter(([length]) => length > 1);
  return byWidth.reduce<readonly (readonly string[])[]>(
    (most, [, rows]) => (rows.length > most.length ? rows : most),
    [],
  );
}
