// A webhook's body into its items, by what the connector says of it. It knows no vendor.
import type { Json } from '../../connector/json.ts';
import { valueAt } from '../../connector/reading.ts';
import type { Decoding } from '../../connector/webhook.ts';
import { type BodyReading, parseBody, parseJson, usualBodyRules } from './body.ts';
import { UndecodableError } from './undecodable.ts';

export { UndecodableError };

/** The items of a body. Throws UndecodableError, whose message holds nothing of the body. */
export function decode(decoding: Decoding, body: Uint8Array, reading: BodyReading = {}): Json[] {
  const items = itemsOf(parseBody(decoding.form, body, reading), decoding.items ?? ['']);
  const { unwrap, stringified = [] } = decoding;
  const bare = unwrap === undefined ? items : items.map((item) => unwrapped(item, unwrap));
  const { maxDepth } = reading.rules ?? usualBodyRules;
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
