// JSON values: made fit to store, compared, and shown to a person. It knows no field and no vendor.
import type { Json } from '../connector.ts';

/** A value made fit, or the sentence that says why it cannot be. */
export type Checked = { value: Json } | { fault: string };

/** How many lists and objects may lie in each other. Deeper values overflow the stack of whoever reads them. */
export const maxDepth = 32;

const shownChars = 60;
const keptChars = 200;
const loneSurrogates = /\p{Surrogate}/gu;

/** The text without NUL characters and lone surrogates: PostgreSQL stores neither in `jsonb`. */
export function cleanText(text: string): string {
  const whole = text.includes('\0') ? text.replaceAll('\0', '') : text;
  return whole.isWellFormed() ? whole : whole.replace(loneSurrogates, '');
}

/** Zero-width characters, the byte order mark, the soft hyphen and marks of direction. */
const invisible = /[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;
const nothingShown = new RegExp(`${invisible.source.slice(0, -1)}\\s]`);

/** The text without invisible characters, wherever they stand: for identifiers and addresses, which are never written with one. */
export function visible(text: string): string {
  return text.replace(invisible, '');
}

/** The text without spaces and invisible characters at its ends. Within, a joiner may be part of what is seen. */
export function trimmed(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && nothingShown.test(text[from]!)) from += 1;
  while (to > from && nothingShown.test(text[to - 1]!)) to -= 1;
  return text.slice(from, to);
}

function isClean(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== 'object') return typeof value === 'boolean';
  if (value === null) return true;
  if (depth >= maxDepth) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) if (!isClean(value[index], depth + 1)) return false;
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  const object = value as { [key: string]: unknown };
  return Object.keys(object).every((key) => isClean(key, 0) && isClean(object[key], depth + 1));
}

/** A clean copy, or undefined where there is none. */
function rebuilt(value: unknown, depth: number): Json | undefined {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : undefined;
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object' || depth >= maxDepth) return undefined;
  if (Array.isArray(value)) {
    const list: Json[] = [];
    for (let index = 0; index < value.length; index++) {
      const element = rebuilt(value[index], depth + 1);
      if (element === undefined) return undefined;
      list.push(element);
    }
    return list;
  }
  // A Date, a Map or a Promise would pass for an empty object.
  if (Object.prototype.toString.call(value) !== '[object Object]') return undefined;
  const entries: [string, Json][] = [];
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    const element = rebuilt(inner, depth + 1);
    if (element === undefined) return undefined;
    entries.push([cleanText(key), element]);
  }
  // Not by assignment: a key `__proto__` must become a property, not a prototype.
  return Object.fromEntries(entries);
}

/**
 * The value as clean JSON: no NUL, no lone surrogate, no `-0`, at most `maxDepth` deep; the same object where it already
 * is. Undefined for what is no JSON (a Date, a Promise, NaN) or nested deeper.
 */
export function cleanJson(value: unknown): Json | undefined {
  return isClean(value, 0) ? (value as Json) : rebuilt(value, 0);
}

/** True for equal values; the order of an object's keys does not count. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((element, index) => sameJson(element, b[index]));
  }
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
  );
}

/** One text for equal values: JSON with every object's keys sorted. */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key]!)}`);
  return `{${members.join(',')}}`;
}

function cut(text: string, chars: number): string {
  // Cleaned after the cut, which may have gone through a pair of surrogates.
  return text.length <= chars ? text : `${cleanText(text.slice(0, chars - 1))}…`;
}

/** What is kept of a faulty value: itself where it is short, else the beginning of its text. */
export function brief(value: unknown): Json {
  const clean = cleanJson(value);
  if (clean === undefined) {
    return typeof value === 'object' ? '(no JSON, or nested too deeply)' : cut(String(value), keptChars);
  }
  if (typeof clean === 'string') return cut(clean, keptChars);
  if (typeof clean !== 'object' || clean === null) return clean;
  const text = JSON.stringify(clean);
  return text.length <= keptChars ? clean : cut(text, keptChars);
}

/** A value within a sentence: `"gold"`, `42`, `["a","b"]`, cut where it is long. */
export function shown(value: unknown): string {
  const kept = brief(value);
  if (typeof kept === 'string') return `"${cut(kept, shownChars)}"`;
  return cut(JSON.stringify(kept), shownChars);
}

/** The sentence in which a value is refused. */
export function faultOf(value: unknown, allowed: string): { fault: string } {
  return { fault: `Found ${shown(value)}, where ${allowed} is allowed.` };
}
