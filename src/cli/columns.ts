// What became of the columns of a file, as a few lines for a person. It knows no command.
import type { Columns } from '../contract/run.ts';
import { print, type Terminal, wrapped } from './terminal.ts';

const maxNamed = 12;

/** `full`: with the mapping that says the same, to be pasted. */
export function printColumns(terminal: Terminal, source: string, columns: Columns, full = false): void {
  const width = Math.max(terminal.columns, 40);
  const say = (sentence: string) => print(terminal, wrapped(sentence, width - 2).replaceAll(/^/gm, '  '));
  const { recognised, fields, mappedBy, sourceId } = columns;
  const isMetadata = ({ field }: { field: string }) => field.startsWith('metadata.');
  print(terminal, recognised === null ? 'Columns:' : `Columns, of a ${recognised}:`);
  const read = fields.filter((one) => !isMetadata(one)).map(arrow);
  if (sourceId !== null) read.unshift(`source ID ← ${sourceId}`);
  say(`${read.join('; ')}.`);
  const metadata = fields.filter(isMetadata);
  if (metadata.length > 0) say(`Metadata: ${list(metadata.map(nameOf))}.`);
  for (const [reason, names] of groupsOf(columns)) say(`Left out (${reason}): ${list(names)}.`);
  if (mappedBy === 'configuration') {
    say(`To change this, edit sources.${source}.mapping.`);
    return;
  }
  say(
    `To change single columns, set for example "columns": ${exampleOf(columns)} in sources.${source}. To change all of them, set "mapping".`,
  );
  if (full) print(terminal, `  "mapping": ${JSON.stringify(columns.mapping)}`);
}

function arrow({ field, columns }: { field: string; columns: string[] }): string {
  return `${field} ← ${columns.join(' + ')}`;
}

/** A key that is the column's own name needs to be said once only. */
function nameOf({ field, columns }: { field: string; columns: string[] }): string {
  const key = field.slice('metadata.'.length);
  return columns.length === 1 && (columns[0] === key || columns[0] === field)
    ? key
    : arrow({ field: key, columns });
}

function groupsOf({ leftOut }: Columns): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { column, reason } of leftOut) groups.set(reason, [...(groups.get(reason) ?? []), column]);
  return groups;
}

function list(names: readonly string[]): string {
  const more = names.length - maxNamed;
  return `${names.slice(0, maxNamed).join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

/** Of columns that are there: one that is left out is let in, one that is metadata is left out. */
function exampleOf({ leftOut, fields }: Columns): string {
  const extra = fields.find(({ field }) => field.startsWith('metadata.'))?.columns[0];
  const out = leftOut.find(({ reason }) => !reason.startsWith('key'))?.column;
  const example: { [column: string]: string | null } = {};
  if (out !== undefined) example[out] = `metadata.${out.replaceAll(/[^\p{L}\p{N}]+/gu, '_').toLowerCase()}`;
  if (extra !== undefined) example[extra] = null;
  return JSON.stringify(Object.keys(example).length > 0 ? example : { 'Loyalty tier': 'metadata.tier' });
}
