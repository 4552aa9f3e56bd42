// A table as CSV (RFC 4180) that is safe to open in a spreadsheet. It knows no customers.
import { guarded } from '../connector/csv-guard.ts';

/**
 * One cell. A text that a spreadsheet would calculate gets an apostrophe before it, which spreadsheets take for "this is
 * text"; `raw` leaves it as it is, for programs.
 */
export function csvCell(value: string, raw = false): string {
  const safe = raw ? value : guarded(value);
  return /[",\r\n]/.test(safe) || safe.trim() !== safe ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One row with its line end. */
export function csvRow(values: readonly string[], raw = false): string {
  return `${values.map((value) => csvCell(value, raw)).join(',')}\r\n`;
}
