// A webhook's body into its items, by what the connector says of it. It knows no vendor.
import type { Json } from '../../connector/json.ts';
import { valueAt } from '../../connector/reading.ts';
import type { Decoding } from '../../connector/webhook.ts';
import { type BodyReading, parseCutBody, parseJson, tooDeep, usualBodyRules } from './body.ts';
import { UndecodableError } from './undecodable.ts';

export { UndecodableError };

/** The items of a body. Throws UndecodableError, whose message holds nothing of the body. */
export function decode(decoding: Decoding, body: Uint8Array, reading: BodyReading = {}): Json[] {
  const { items, faults } = decodeApart(decoding, body, reading);
  for (const fault of faults.values()) throw new UndecodableError(fault);
  return items;
}

/**
 * The items of a body, with those that cannot be read while others can, by index and with the reason. Throws UndecodableError where
 * none can be read.
 */
export function decodeApart(
  decoding: Decoding,
  body: Uint8Array,
  reading: BodyReading = {},
): { items: Json[]; faults: ReadonlyMap<number, string> } {
  const { json, isCut } = parseCutBody(decoding.form, body, reading);
  const { maxDepth } = reading.rules ?? usualBodyRules;
  const fault = tooDeep(maxDepth);
  const items = itemsOf(json, decoding.items ?? ['']);
  const faults = new Map(items.flatMap((item, index) => (isCut(item) ? [[index, fault]] : [])));
  if (faults.size === items.length && items.length > 0) throw new UndecodableError(fault);
  return { items: opened(items, decoding, maxDepth), faults };
}

function opened(items: Json[], { unwrap, stringified = [] }: Decoding, maxDepth: number): Json[] {
  const bare = unwrap === undefined ? items : items.map((item) => unwrapped(item, unwrap));
  return stringified.length === 0
    ? bare
    : bare.map((item) => stringified.reduce((at, path) => readAt(at, path, maxDepth), item));
}

/** What stands at the only key of an object; anything else is itself. */
export function unwrapped(item: Json, key: string): Json {
  if (item === null || typeof item !== 'object' || Array.isArray(item)) return item;
  return Object.keys(item).length === 1 && Object.hasOwn(item, key) ? item[key]! : item;
}

function itemsOf(body: Json, paths: readonly string[]): Json[] {
  for (const path of paths) {
    const found = valueAt(body, path);
    if (found != null) return Array.isArray(found) ? found : [found];
  }
  const places = paths.map((path) => (path === '' ? 'at its root' : `at ${path}`));
  throw new UndecodableError(`The body has no items ${places.join(' or ')}.`);
}

/** The item with the JSON that stands there as a string read; where it is none, the string stays. */
function readAt(item: Json, path: string, maxDepth: number): Json {
  const text = valueAt(item, path);
  const read = typeof text === 'string' ? readIn(text, maxDepth) : undefined;
  return read === undefined ? item : replaced(item, path === '' ? [] : path.split('.'), read);
}

/** Only objects and lists: to a number written as a string the string is what the vendor meant. */
function readIn(text: string, maxDepth: number): Json | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return parseJson(text, maxDepth);
  } catch (error) {
    if (error instanceof UndecodableError) return undefined;
    throw error;
  }
}

function replaced(at: Json, [key, ...rest]: readonly string[], value: Json): Json {
  if (key === undefined) return value;
  if (at === null || typeof at !== 'object') return at;
  if (Array.isArray(at))
    return at.map((item, index) => (index === Number(key) ? replaced(item, rest, value) : item));
  return { ...at, [key]: replaced(at[key] ?? null, rest, value) };
}
