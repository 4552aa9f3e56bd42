// Rows of a file that say what its columns are: their names, perhaps in other words or in one cell, or their types.
import { isBlank, trimmed } from './csv-text.ts';
import { labelKey } from './label.ts';
import { rankOf } from './person-columns.ts';

interface Described {
  columns: readonly string[];
  /** Columns that are read under another name than stands in the first row. */
  renamed: ReadonlySet<string>;
  /** Of the key. */
  at: number;
}

export const delimiters = [',', ';', '\t', '|'];

/** As databases, forms and import templates write it below the names of the columns: `string`, `varchar(255)`, `Required`. */
const type =
  /^(?:(?:n?var)?char|string|str|text|(?:big|small|tiny)?int(?:eger)?|long|numeric|number|decimal|float|double|real|bool(?:ean)?|date|time|datetime|timestamp(?:tz)?|uuid|guid|json|object|array|list|enum|email|phone|url|required|optional|mandatory|nullable|not null|tekst|liczba|data|zahl|ganzzahl|datum|pflichtfeld)\s?(?:\([^()]*\)|\[\])?\*?$/i;

/** A name that columns of customers have. */
export function isLabel(text: string): boolean {
  const label = labelKey(text);
  return rankOf.has(label) || label === 'sourceid';
}

/** True where at least two cells are names that columns of customers have. */
export function looksLikeHeader(cells: readonly string[]): boolean {
  return cells.filter((cell) => !isBlank(cell) && isLabel(cell)).length > 1;
}

/** How many names of columns one cell holds between these signs. */
export function labelsIn(cell: string, sign: string): number {
  return cell.split(sign).map(trimmed).filter(isLabel).length;
}

/** The sign that separates the most names of columns. */
export function signIn(cell: string): string {
  return delimiters.reduce((best, sign) => (labelsIn(cell, sign) > labelsIn(cell, best) ? sign : best));
}

/** Whether these cells name the columns, perhaps in other words, or their types. `at`: of the key. */
export function describesColumns(
  fields: readonly string[],
  { columns, renamed, at: key }: Described,
): 'header' | 'types' | null {
  const cells = columns.flatMap((column, at) => {
    const cell = trimmed(fields[at] ?? '');
    return isBlank(cell) ? [] : [{ cell, column }];
  });
  const isName = (column: string, at: number) =>
    renamed.has(column) || trimmed(fields[at] ?? '').toLowerCase() === column.toLowerCase();
  if (cells.length > 0 && columns.every(isName)) return 'header';
  // One word alone may be anybody's, and a row without a key is told of as that.
  if (cells.length < 2 || isBlank(fields[key] ?? '')) return null;
  if (cells.every(({ cell }) => type.test(cell))) return 'types';
  const isCalled = ({ cell, column }: (typeof cells)[number]) =>
    labelKey(cell) === labelKey(column) || isLabel(cell) || /\bid$/i.test(cell);
  return cells.every(isCalled) ? 'header' : null;
}
