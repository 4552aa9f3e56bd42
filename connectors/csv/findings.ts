// Findings about a file as a whole that a person should know.
import type { Note } from '#connector';
import { textDamageOf } from '#connector/csv-damaged-text';
import { fileName } from './file.ts';
import type { Header } from './header.ts';
import type { Layout } from './layout.ts';

export function notesOfFile({ columns, delimiter }: Header, { repeated }: Layout): Note[] {
  const names = [...new Set(repeated.map((at) => columns[at]!))];
  const twice = names.map((name) => ({
    code: 'csv_repeated_column',
    message: `The column "${name}" appears more than once in the first row, so none of the columns with this name was read. Rename them to have them read.`,
    count: 1,
  }));
  const damaged = columns.flatMap((column) => {
    const damage = textDamageOf(column);
    return damage ? [{ code: damage.code, message: `The name of a column ${damage.what}.`, count: 1 }] : [];
  });
  const notes = [...twice, ...damaged];
  if ([',', ';', '\t'].includes(delimiter)) return notes;
  const message = `The columns of this file were read as separated by ${JSON.stringify(delimiter)}. To use another delimiter, set "delimiter".`;
  return [...notes, { code: 'csv_delimiter', message, count: 1 }];
}

export function noRows(path: string): Note {
  const message = `${fileName(path)} has names of columns and no row below them, so nothing was read.`;
  return { code: 'csv_no_rows', message, count: 1 };
}

/** `readAt`: when the file that was read last had been changed, epoch milliseconds. The time of a file is the clock of its rows. */
export function olderFile(path: string, changedAt: number, readAt: number | undefined): Note[] {
  if (readAt === undefined || changedAt >= readAt) return [];
  const message = `${fileName(path)} was changed before the file that was read last, so what that file said stays. If this one is to count, save it again, for example with "touch".`;
  return [{ code: 'csv_older_file', message, count: 1 }];
}
