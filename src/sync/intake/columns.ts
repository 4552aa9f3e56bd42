// What became of each column of a file: fields, metadata, or nothing, and what a mapping names in vain. Pure; for a person
// to read at the end of an import. It knows no rows.
import type { MappingEntry } from '../../connector.ts';
import type { Columns } from '../../contract/run.ts';
import { standardFields } from '../../customer/fields.ts';
import { nearestName } from '../../customer/nearest.ts';
import { pathProperty } from '../../customer/path.ts';
import type { Source } from './source.ts';

type Missing = Columns['missing'][number];

export function columnReport(source: Source, columns: readonly string[]): Columns {
  const plan = source.planOf(columns);
  const { recognised = null, leftOut: left } = plan ?? {};
  const known = new Set(columns);
  const key = source.sourceIdOf(columns);
  const { used, missing } = plan ? { used: plan.uses, missing: [] } : configuredUses(source, known);
  const taken = new Set(Object.values(used).flat());
  const open = columns.filter((column) => !taken.has(column) && column !== key);
  const leftOut = left ?? open.map((column) => ({ column, reason: 'not used by the mapping' }));
  const inVain = [
    ...(isThere(key, known) ? [] : [{ field: 'source_id', column: key }]),
    ...missing,
    ...source.filterProperties
      .filter((path) => !isThere(path, known))
      .map((column) => ({ field: 'filter', column })),
  ];
  const fields = inOrder(used);
  return {
    recognised,
    mappedBy: plan ? 'names' : 'configuration',
    sourceId: isThere(key, known) ? key : null,
    fields,
    leftOut: leftOut.filter(({ column }) => column !== key),
    missing: inVain.map((one) => ({ ...one, meant: nearestName(one.column, plan ? columns : open) })),
    mapping: Object.fromEntries(
      fields.map(({ field, columns }) => [field, columns.length > 1 ? columns : columns[0]!]),
    ),
  };
}

/** What the configured mapping reads of these columns, and what it names in vain. */
function configuredUses(source: Source, known: ReadonlySet<string>) {
  const used: { [field: string]: string[] } = {};
  const missing: { field: string; column: string }[] = [];
  for (const [field, entry] of Object.entries(
    source.config.mapping ?? source.config.connector.source?.mapping ?? {},
  )) {
    const paths = pathsOf(entry);
    const there = paths.filter((path) => isThere(path, known));
    if (there.length > 0) used[field] = there;
    for (const column of paths) if (!isThere(column, known)) missing.push({ field, column });
  }
  return { used, missing };
}

/** The sentence that refuses a file of which nothing would be read, or null. `source`: its name. */
export function columnsFault(source: string, { missing, mappedBy, fields }: Columns): string | null {
  const key = missing.find(({ field }) => field === 'source_id');
  const after = 'Nothing was imported, and no stored value was cleared.';
  if (key) {
    return `The file has no column ${asked(key)}, which sources.${source} declares as the source ID. Correct "sourceId" in the configuration, or the file. ${after}`;
  }
  const named = missing.filter(({ field }) => field !== 'filter');
  if (mappedBy === 'names' || fields.length > 0 || named.length === 0) return null;
  return `The file has none of the columns that the mapping of sources.${source} names: ${named.map(asked).join(', ')}. Correct the mapping, or the file. ${after}`;
}

/** `sources.files maps "email" from "EMAIL", which the file does not have (did you mean "Email"?): …` */
export function missingSentence(source: string, one: Missing, { fields }: Columns): string {
  if (one.field === 'filter')
    return `The filter of sources.${source} reads the column ${asked(one)}, which the file does not have. The filter treats it as empty.`;
  const isRead = fields.some(({ field }) => field === one.field);
  return `sources.${source} maps ${one.field} from the column ${asked(one)}, which the file does not have: ${isRead ? 'it is read from the other columns only' : 'its last value is kept'}.`;
}

function asked({ column, meant }: Missing): string {
  return `"${column}"${meant === null ? '' : ` (did you mean "${meant}"?)`}`;
}

/** What a function reads is not known. */
function pathsOf(entry: MappingEntry): readonly string[] {
  if (typeof entry === 'function') return [];
  const from = typeof entry === 'object' && 'from' in entry ? entry.from : entry;
  return typeof from === 'string' ? [from] : from;
}

function isThere(path: string, known: ReadonlySet<string>): boolean {
  return known.has(path) || known.has(pathProperty(path));
}

function inOrder(used: { [field: string]: string[] }): Columns['fields'] {
  const place = (field: string) => {
    const at = standardFields.indexOf(field);
    return at === -1 ? standardFields.length : at;
  };
  return Object.entries(used)
    .map(([field, columns]) => ({ field, columns }))
    .sort((a, b) => place(a.field) - place(b.field));
}
