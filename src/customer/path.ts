// Paths into a record's body: `email`, `address.city`, `phones[0].value`. It knows no fields.
// What is not written like that is one key as it stands: tables have columns named `No.` and `Phone [mobile]`.
import type { Json, JsonObject } from '../connector.ts';

/** The value at the path: undefined where it is absent, null where the value or an object on the way is null. */
export type PathReader = (body: JsonObject) => Json | undefined;

interface Step {
  /** A key, or an index into a list. */
  at: string | number;
  /** The rest of the path from here as it is written: a key that literally reads so wins. */
  rest: string;
}

const pathSyntax = /^[^.[\]]+(\[\d{1,6}\])*(\.[^.[\]]+(\[\d{1,6}\])*)*$/;
const stepSyntax = /[^.[\]]+/g;
const readers = new Map<string, PathReader>();

/** The name of the property of the body that the path begins with. */
export function pathProperty(path: string): string {
  return pathSyntax.test(path) ? path.match(stepSyntax)![0] : path;
}

/** The keys that the path names, as far as they are of objects. */
export function pathKeys(path: string): string[] {
  if (!pathSyntax.test(path)) return [path];
  return path.replace(/\[.*$/, '').split('.');
}

/** Kept by path: there are as many as the configuration names. */
export function pathReader(path: string): PathReader {
  const known = readers.get(path);
  if (known) return known;
  const reader = compile(path);
  readers.set(path, reader);
  return reader;
}

function compile(path: string): PathReader {
  if (!pathSyntax.test(path) || !/[.[]/.test(path)) {
    return (body) => (Object.hasOwn(body, path) ? body[path] : undefined);
  }
  const steps: Step[] = [...path.matchAll(stepSyntax)].map((match) => ({
    at: path[match.index - 1] === '[' ? Number(match[0]) : match[0],
    rest: path.slice(match.index),
  }));
  return (body) => walk(body, steps);
}

function walk(body: JsonObject, steps: readonly Step[]): Json | undefined {
  let value: Json | undefined = body;
  for (const { at, rest } of steps) {
    if (value === null || typeof value !== 'object') return value === null ? null : undefined;
    if (Array.isArray(value)) {
      if (typeof at === 'string') return undefined;
      // The list is there and says that it holds no more: that is null, not absent.
      value = at < value.length ? value[at] : null;
    } else {
      if (typeof at === 'number') return undefined;
      if (rest !== at && Object.hasOwn(value, rest)) return value[rest];
      value = Object.hasOwn(value, at) ? value[at] : undefined;
    }
  }
  return value;
}
