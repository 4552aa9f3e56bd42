// What a configuration comes to, part by part, as short hashes: whether two workers go by the same is seen without showing
// what it is. It decides nothing.
import { createHash } from 'node:crypto';
import type { Config } from '../config.ts';

/** By part, such as `destination` or `sources.hubspot`. */
export interface Fingerprint {
  readonly [part: string]: string;
}

export function fingerprintOf(config: Config): Fingerprint {
  const { path: _, warnings: __, destination, sources, ...rest } = config;
  const parts: [string, unknown][] = [
    ['destination', { ...destination, connector: destination.connector.name }],
    ...sources.map((source): [string, unknown] => [
      `sources.${source.name}`,
      { ...source, connector: source.connector.name },
    ]),
    ...Object.entries(rest),
  ];
  return Object.fromEntries(parts.map(([part, value]) => [part, shortHash(value)]));
}

/** The parts in which two differ, in order. What only one of them knows differs. */
export function differingParts(one: Fingerprint, other: Fingerprint): string[] {
  const parts = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...parts].filter((part) => one[part] !== other[part]).sort();
}

/** Settings by these names are credentials: they are left out. */
const secret = /token|secret|password|key$|credential/i;

/** 24 bits: enough to see a difference, too few to find a value out. */
function shortHash(value: unknown): string {
  return createHash('sha256').update(plain(value)).digest('hex').slice(0, 6);
}

/** JSON with sorted keys and the text of functions, without secrets. */
function plain(value: unknown): string {
  return (
    JSON.stringify(value, (name, part: unknown) => {
      if (typeof part === 'string' && secret.test(name)) return undefined;
      if (typeof part === 'function') return String(part);
      if (part instanceof RegExp) return String(part);
      if (part instanceof Map || part instanceof Set) return [...part];
      if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
      return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? 'undefined'
  );
}
