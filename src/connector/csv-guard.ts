// The apostrophe before a cell that keeps a spreadsheet from calculating it or from taking it for a number: put there by
// our export and by those of others, and taken off when a file is read. It knows no file.

/**
 * What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection): a sign, in its full-width form too, also
 * behind blanks, line ends and what nobody sees; and a tab or line end itself.
 */
const formula = /^(?:[\t\r\n]|[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠])/u;
/** Shopify and others guard IDs, postal codes and phone numbers: `'08901`. A word is none of these: `'90s`, `'t Hooft`. */
const guardedCell = /^'+(?:[\t\r\n]|[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]|\d[^\p{Ll}]*$)/u;

/** The cell as it is safe in a spreadsheet. */
export function guarded(value: string): string {
  return formula.test(value) || guardedCell.test(value) ? `'${value}` : value;
}

/** The cell without the apostrophe that guards it: the value that `guarded` was given. */
export function unguarded(cell: string): string {
  return guardedCell.test(cell) ? cell.slice(1) : cell;
}
