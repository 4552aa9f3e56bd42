// Lines of a file that are no rows: the names of the columns once more or their types, a line that is drawn, the sum of the rows, and
// the text below a table.
import { describesColumns } from '#connector/csv-described-columns';
import type { KeyProfile } from '#connector/csv-ids';
import { isBlank, trimmed } from '#connector/csv-text';
import { labelKey } from '#connector/label';

export type NotRow = 'header' | 'types' | 'rule' | 'total' | 'footer';

export const notRowWords: { readonly [kind in NotRow]: string } = {
  header: 'Rows that name the columns once more, in the same or in other words, were passed over.',
  types: 'Rows that name the types of the columns, or which of them are required, were passed over.',
  rule: 'Rows of nothing but dashes or other signs were passed over.',
  total: 'Rows that sum up or count the others were passed over.',
  footer:
    'The file ends with lines of one cell each below an empty line. They were taken for a note below the table, and passed over.',
};

const sums: ReadonlySet<string> = new Set(
  [
    ...['total', 'totals', 'grand total', 'grand totals', 'subtotal', 'subtotals', 'sum', 'summary', 'count'],
    ...['summe', 'gesamt', 'gesamtsumme', 'gesamtergebnis', 'insgesamt', 'zwischensumme', 'anzahl'],
    ...['suma', 'razem', 'ogółem', 'łącznie', 'somme', 'total général', 'total general', 'totale', 'totaal'],
  ].map(labelKey),
);
/** `(2 rows)`, `17 Zeilen`. */
const count = /^\(?\d[\d.,' ]*\s(?:rows?|records?|zeilen|datensätze|wierszy|rekordów|lignes|filas)\b.*$/iu;
const rule = /^[-=_+|:*–—\s]{2,}$/;

interface Named {
  columns: readonly string[];
  /** Columns that are read under another name than stands in the first row. */
  renamed: ReadonlySet<string>;
  key: { at: number; profile: KeyProfile };
}

/** Which of them these cells are, or null for a row. A footer shows only by what is around it. */
export function notRowOf(fields: readonly string[], { columns, renamed, key }: Named): NotRow | null {
  const filled = fields.filter((cell) => !isBlank(cell));
  if (filled.every((cell) => rule.test(cell))) return 'rule';
  const described = describesColumns(fields, { columns, renamed, at: key.at });
  return described ?? (isTotal(fields, key) ? 'total' : null);
}

function isTotal(fields: readonly string[], { at, profile }: Named['key']): boolean {
  const [first = '', ...others] = fields.filter((cell) => !isBlank(cell)).map(trimmed);
  if (others.length === 0 && count.test(first)) return true;
  if (!isSum(first)) return false;
  const key = trimmed(fields[at] ?? '');
  if (key === '') return true;
  // Beside IDs of letters alone it may be one of them.
  return key === first && (profile.digit || profile.mail || others.every((cell) => /^[\d.,' ]+$/.test(cell)));
}

/** True where the first cell that holds anything says that the row sums up others. */
export function isSum(text: string): boolean {
  return sums.has(labelKey(text));
}
