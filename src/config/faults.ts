// What is wrong with a configuration, in words that show no secret. It does not know what a configuration holds.
import type { z } from 'zod';
import { nearestName } from '../customer/nearest.ts';

export interface Fault {
  /** Where: `sources.hubspot.schedule`. */
  path: string;
  /** The line and column of the file, both from 1; absent where it is not known. */
  place?: Place;
  /** What stands there, as JSON; a secret's value is never shown. */
  found: string;
  allowed: string;
}

export interface Place {
  line: number;
  column: number;
}

/** Everything that is wrong with a configuration. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly faults: readonly Fault[];
  readonly #where: string;

  constructor(where: string, faults: readonly Fault[]) {
    const lines = faults.map(
      ({ path, place, found, allowed }) =>
        `  ${path}${placeText(place)}\n    found:   ${found}\n    allowed: ${allowed}`,
    );
    super(
      `${where} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${lines.join('\n')}`,
    );
    this.#where = where;
    this.faults = faults;
  }

  /** The same, with the places of the file where the faults are. */
  placed(placeOf: (path: string) => Place | undefined): ConfigError {
    return new ConfigError(
      this.#where,
      this.faults.map((fault) => {
        const place = fault.place ?? placeOf(fault.path);
        return place ? { ...fault, place } : fault;
      }),
    );
  }
}

function placeText(place: Place | undefined): string {
  return place ? ` (line ${place.line}, column ${place.column})` : '';
}

const secret = /token|secret|password|key$|credential|database_url/i;
const hidden = '(a secret, not shown)';

/** A value as JSON, without what is secret by its name or stands in a URL before the @. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  return (JSON.stringify(value, masked) ?? 'a function').slice(0, 200);
}

/** A copy as JSON has it, without what is secret by its name or stands in a URL before the @. */
export function withoutSecrets(value: unknown): unknown {
  const named = (key: string, item: unknown) =>
    typeof item === 'function' ? '(a function)' : masked(key, item);
  return JSON.parse(JSON.stringify(value, named) ?? 'null') as unknown;
}

function masked(key: string, item: unknown): unknown {
  if (secret.test(key) && item !== null) return hidden;
  return typeof item === 'string' ? item.replace(/:\/\/[^/@\s]*@/g, '://…@') : item;
}

/** `raw` is what was written: what variables hold is never shown. `knownKeys`: those of the object there. */
export function faultsOf(
  error: z.ZodError,
  raw: unknown,
  path: string,
  knownKeys: (at: readonly PropertyKey[]) => readonly string[] = () => [],
): Fault[] {
  const valueAt = (keys: readonly string[]) =>
    keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined | null)?.[key], raw);
  return error.issues
    .flatMap((issue) => innermost(issue, valueAt))
    .flatMap((issue) => {
      if (issue.code === 'unrecognized_keys') {
        const known = knownKeys(issue.path);
        return issue.keys.map((key) => ({
          path: joined(path, [...issue.path, key]),
          ...unknownKey(key, known),
        }));
      }
      const keys = issue.path.map(String);
      if (issue.code === 'invalid_key') {
        return [
          {
            path: joined(path, issue.path),
            found: shown(keys.at(-1)),
            allowed: issue.issues.map(allowedBy).join('; '),
          },
        ];
      }
      const value = valueAt(keys);
      const isSecret = keys.some((key) => secret.test(key)) && value !== undefined && value !== '';
      const found = isSecret ? hidden : shown(value);
      return [{ path: joined(path, issue.path), found, allowed: allowedBy(issue) }];
    });
}

/**
 * What is wrong within an object that fits none of several forms: by the form that it fits best. Anything else that fits none is at fault
 * as a whole.
 */
function innermost(
  issue: z.core.$ZodIssue,
  valueAt: (keys: readonly string[]) => unknown,
): z.core.$ZodIssue[] {
  const value = valueAt(issue.path.map(String));
  if (issue.code !== 'invalid_union' || typeof value !== 'object' || value === null || Array.isArray(value))
    return [issue];
  const isWithin = (inner: z.core.$ZodIssue) => inner.path.length > 0 || inner.code === 'unrecognized_keys';
  const [best] = issue.errors
    .filter((form) => form.length > 0 && form.every(isWithin))
    .sort((a, b) => weightOf(a) - weightOf(b));
  if (!best) return [issue];
  return best.flatMap((inner) => innermost({ ...inner, path: [...issue.path, ...inner.path] }, valueAt));
}

function weightOf(form: readonly z.core.$ZodIssue[]): number {
  return form.reduce((sum, one) => sum + (one.code === 'unrecognized_keys' ? one.keys.length : 1), 0);
}

/** Former names of keys, by which no other key may be called. */
const renamed: { readonly [key: string]: string } = {
  deletes: 'onOrphaned',
  keep: 'extraProperties',
  probe: 'reachabilityCheck',
};

function unknownKey(key: string, known: readonly string[]): Omit<Fault, 'path'> {
  const now = Object.hasOwn(renamed, key) ? renamed[key]! : null;
  return now !== null && known.includes(now)
    ? { found: 'a key that was renamed', allowed: `"${now}" in its place, with the same value` }
    : { found: 'an unknown key', allowed: keyMeant(key, known) };
}

function keyMeant(key: string, known: readonly string[]): string {
  return known.length > 0 ? nameMeant(key, known) : 'the keys that docs/configuration.md lists';
}

/** The name that was probably meant, or all that there are. */
export function nameMeant(name: string, known: readonly string[]): string {
  const meant = nearestName(name, known);
  return meant === null ? `one of ${known.join(', ')}` : `did you mean "${meant}"?`;
}

/** What would be right, from zod's words for what is wrong. */
function allowedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input') {
    const ways = issue.errors.map((way) =>
      way
        .map((inner) =>
          inner.path.length ? `${joined('', inner.path)}: ${allowedBy(inner)}` : allowedBy(inner),
        )
        .join('; '),
    );
    return [...new Set(ways)].join(', or ');
  }
  return inWords(issue) ?? issue.message;
}

const typeWords: { readonly [type: string]: string } = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  null: 'null',
};

/** Null for a message that is not zod's own. */
function inWords(issue: z.core.$ZodIssue): string | null {
  const { message } = issue;
  if (message === 'Invalid URL') return 'a URL that begins with https:// or http://';
  if (!/^(Invalid (input|option)|Too (small|big)): expected/.test(message)) return null;
  if (issue.code === 'invalid_type') return typeWords[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') return listed(issue.values.map((one) => JSON.stringify(one)));
  if (issue.code === 'too_small') return bound(issue.origin, 'at least', 'more than', issue.minimum, issue);
  if (issue.code === 'too_big') return bound(issue.origin, 'at most', 'less than', issue.maximum, issue);
  return message.replace(/^Invalid (input|option): /, '');
}

function bound(
  origin: string,
  inclusive: string,
  exclusive: string,
  limit: number | bigint,
  issue: { inclusive?: boolean | undefined },
): string {
  const side = `${issue.inclusive === false ? exclusive : inclusive} ${limit}`;
  const things = { string: ['character', 'characters'], array: ['item', 'items'] }[origin];
  return things ? `${side} ${things[limit === 1 ? 0 : 1]}` : `a number of ${side}`;
}

/** `a, b or c`. */
function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function joined(path: string, rest: readonly PropertyKey[]): string {
  return (
    rest.reduce<string>(
      (at, key) => (typeof key === 'number' ? `${at}[${key}]` : at ? `${at}.${String(key)}` : String(key)),
      path,
    ) || '(the whole)'
  );
}
