// What the names in a merge must be, for a configuration file and for one that is proposed over HTTP.
import { fieldFault } from '../customer/fields.ts';
import { type Fault, shown } from './faults.ts';

export type Parts = { readonly [key: string]: unknown };

export function objectOf(value: unknown): Parts {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Parts) : {};
}

/**
 * The fields that a merge names must exist. A source that it names may be configured later: until then it stands for
 * nobody, which is a warning.
 */
export function checkMerge(merge: Parts, sources: readonly string[], faults: Fault[]): string[] {
  const lists: [string, unknown][] = [['merge.sources', merge['sources']]];
  for (const [field, policy] of Object.entries(objectOf(merge['fields']))) {
    const path = `merge.fields.${field}`;
    const reason = /^((metadata|address)\..*)?\*$/.test(field) ? null : fieldFault(field);
    if (reason !== null) faults.push({ path, found: shown(policy), allowed: reason });
    lists.push(Array.isArray(policy) ? [path, policy] : [`${path}.sources`, objectOf(policy)['sources']]);
  }
  return lists.flatMap(([path, names]) =>
    (Array.isArray(names) ? names : [])
      .filter((name) => typeof name === 'string' && !sources.includes(name))
      .map(
        (name) =>
          `${path} names ${shown(name)}, but there is no source of this name (sources: ${sources.join(', ') || 'none'}).`,
      ),
  );
}
