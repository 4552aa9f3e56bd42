// What a filter names must be something known: a source, a code, a field or a run that is not is an error with the name that
// was probably meant, and never everybody or nobody. It knows no route.
import { fieldFault, standardFields } from '../customer/fields.ts';
import { nearestName } from '../customer/nearest.ts';
import { literalCodes } from '../sync/views/causes.ts';
import { isKnownSource, knownFields, knownLetters, knownRuns, letterCodes } from '../sync/views/known.ts';
import { destinationName } from '../tables/pauses.ts';
import { thereAre } from '../words.ts';
import type { Deps } from './deps.ts';
import { Problem } from './problem.ts';

/** Of a source that has left the configuration rows may still speak. */
export async function requireSource({ tributary }: Deps, name: string | undefined): Promise<void> {
  const { rules, database } = tributary;
  if (name === undefined || name === destinationName || rules.source(name)) return;
  if (await isKnownSource(database, name)) return;
  const names = [...rules.sources.map((source) => source.name), destinationName];
  throw unknown('source', name, `No source is called ${name}`, names);
}

/** A code of a dead letter, open or settled, or one that we give. */
export async function requireCode({ tributary }: Deps, code: string | undefined): Promise<void> {
  if (code === undefined || literalCodes.includes(code)) return;
  const codes = await letterCodes(tributary.database);
  if (codes.includes(code)) return;
  throw unknown('code', code, `No dead letter has the code ${code}`, codes, literalCodes);
}

/** Fields that a mapping names, that a customer has or that a record failed in. `path`: the parameter. */
export async function requireFields(
  { tributary }: Deps,
  path: string,
  fields: readonly string[],
): Promise<void> {
  const { rules, database } = tributary;
  const mapped = rules.sources.flatMap((source) => Object.keys(source.mapping));
  const known = new Set([...standardFields, ...mapped]);
  for (const field of fields) {
    const fault = fieldFault(field);
    if (fault !== null) throw badField(path, field, fault);
  }
  const strange = fields.filter((field) => !known.has(field));
  if (strange.length === 0) return;
  const held = await knownFields(database, strange);
  const [field] = strange.filter((name) => !held.has(name));
  if (field === undefined) return;
  throw unknown(path, field, `No customer has the field ${field}, and no mapping names it`, [...known]);
}

/** Runs that there are; runs are never taken away. */
export async function requireRuns({ tributary }: Deps, path: string, ids: readonly number[]): Promise<void> {
  const there = await knownRuns(tributary.database, ids);
  const gone = ids.filter((id) => !there.has(id));
  if (gone.length > 0) throw unknown(path, String(gone[0]), `There is no run ${gone.join(', ')}`, []);
}

/** Dead letters of these IDs, settled ones too. */
export async function requireLetters({ tributary }: Deps, ids: readonly number[] = []): Promise<void> {
  if (ids.length === 0) return;
  const there = await knownLetters(tributary.database, ids);
  const gone = ids.filter((id) => !there.has(id));
  if (gone.length === 0) return;
  throw unknown('ids', String(gone[0]), `There is no dead letter ${gone.slice(0, 20).join(', ')}`, []);
}

function badField(path: string, field: string, fault: string): Problem {
  return new Problem(400, fault, {
    type: 'bad-input',
    faults: [{ path, found: JSON.stringify(field), allowed: fault }],
  });
}

/** `known` is named where it is short; `also` is only thought of for what was meant. */
function unknown(
  path: string,
  found: string,
  sentence: string,
  known: readonly string[],
  also: readonly string[] = [],
): Problem {
  const meant = nearestName(found, [...known, ...also]);
  const list = known.length === 0 ? '' : ` ${thereAre(known.slice(0, 20))}`;
  const hint = meant === null ? list : ` Did you mean ${meant}?${list}`;
  return new Problem(400, `${sentence}.${hint}`, {
    type: 'unknown-name',
    faults: [{ path, found: JSON.stringify(found).slice(0, 200), allowed: meant ?? 'one that is known' }],
  });
}
