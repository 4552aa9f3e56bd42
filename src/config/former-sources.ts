// What a configuration says of sources that it had under another name, or no longer has: where that contradicts the rest of it, or has
// no effect. It knows no database.
import type { Fault } from './faults.ts';
import { objectOf, type Parts } from './merge.ts';

/** Two statements of which only one can be true are faults. A statement without an effect is a warning, which is returned. */
export function checkFormerSources(parts: Parts, faults: Fault[]): string[] {
  const names = Object.keys(objectOf(parts['sources']));
  const removed = removedSources(parts);
  const formerOf = new Map(formerNames(parts));
  const takenBy = new Map<string, string>();
  const warnings: string[] = [];
  for (const [name, former] of formerOf) {
    const path = `sources.${name}.renamedFrom`;
    const found = JSON.stringify(former);
    const first = takenBy.get(former);
    takenBy.set(former, first ?? name);
    if (first !== undefined)
      faults.push({
        path,
        found,
        allowed: `a former name that no other source has: ${first} has it already`,
      });
    else if (removed.includes(former))
      faults.push({
        path,
        found,
        allowed: 'a source that was renamed, not removed: removedSources names it as well',
      });
    else if (isSwapped(name, formerOf))
      faults.push({
        path,
        found,
        allowed:
          'a former name that no source has now: to swap names, rename one of the sources to a third name first',
      });
    else if (names.includes(former) && (former === name || !formerOf.has(former)))
      warnings.push(
        `${path} names ${found}, which is still a source of this configuration: nothing is moved.`,
      );
  }
  for (const name of removed)
    if (names.includes(name))
      warnings.push(
        `removedSources names ${JSON.stringify(name)}, which is a source of this configuration: it is not withdrawn.`,
      );
  return warnings;
}

/** Whether its name is handed on from source to source until it comes back: a second start would hand all of them on again. */
function isSwapped(name: string, formerOf: ReadonlyMap<string, string>): boolean {
  const passed = new Set<string>();
  let at = formerOf.get(name);
  while (at !== undefined && at !== name && !passed.has(at)) {
    passed.add(at);
    at = formerOf.get(at);
  }
  return at === name && passed.size > 0;
}

function formerNames(parts: Parts): [name: string, former: string][] {
  return Object.entries(objectOf(parts['sources'])).flatMap(([name, source]) => {
    const former = objectOf(source)['renamedFrom'];
    return typeof former === 'string' ? [[name, former] as [string, string]] : [];
  });
}

function removedSources(parts: Parts): string[] {
  const removed = parts['removedSources'];
  return Array.isArray(removed) ? removed.filter((name) => typeof name === 'string') : [];
}
