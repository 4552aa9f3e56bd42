// Apostrophes that a program put before a cell so that a spreadsheet treats it as text: `'08901`, `'+48…`. An
// apostrophe that a person wrote is kept: `'t Hooft`, `'90s`.
import { unguarded as unguardedAlone } from './csv-guard.ts';
import { isBlank } from './csv-text.ts';

/** `90s`, `1990S`. */
const decade = /^\d{2,4}\s?s\b/i;
/** A year that was cut short, or a decade. */
const writtenByPeople = /^'(?:\d{2}|\d{2,4}S)$/;

/** A formula that is a text and nothing else: the other way to keep a spreadsheet from taking it for a number. */
const textFormula = /^="([^"]*)"$/;

const isGuarded = (cell: string) => cell.startsWith("'");

/**
 * The columns in which every apostrophe at the beginning is a guard, whatever follows it: the file writes guards, which a
 * column of nothing but guarded numbers shows, and in these columns no cell is without.
 */
export function guardedColumns(width: number, rows: readonly (readonly string[])[]): number[] {
  const columns = Array.from({ length: width }, (_, index) => index);
  const valuesOf = (index: number) => rows.map((row) => row[index] ?? '').filter((cell) => !isBlank(cell));
  const guarded = columns.filter((index) => {
    const values = valuesOf(index);
    return (
      values.length > 0 &&
      values.every((cell) => isGuarded(cell) && /\d/.test(cell) && !decade.test(cell.slice(1)))
    );
  });
  const writesGuards = guarded.some((index) => valuesOf(index).every((cell) => /^'\+?\d{5,}$/.test(cell)));
  return writesGuards ? guarded : [];
}

/** The cell as it was before it was guarded. `isKey`: the column holds IDs, which nobody begins with an apostrophe. */
export function unguarded(
  cell: string,
  { inGuarded, isKey }: { inGuarded: boolean; isKey: boolean },
): string {
  if (!isGuarded(cell)) return textFormula.exec(cell)?.[1] ?? cell;
  if (inGuarded || (isKey && /^'\d/.test(cell))) return cell.slice(1);
  return writtenByPeople.test(cell) ? cell : unguardedAlone(cell);
}
