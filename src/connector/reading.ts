// What connectors need to read a vendor's JSON without trusting it. It knows no vendor.
import type { Api, ApiRequest } from './api.ts';
import type { Json, JsonObject } from './json.ts';
import type { TimeUnit } from './locale.ts';

/** The object, or an empty one. */
export function objectOf(value: Json | undefined): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}

/** The list, or an empty one. */
export function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/**
 * Sends a request that is owed a list at `path` (keys joined by dots). An answer without it, whatever its status, is not the
 * vendor's: it throws the foreign TransientError of the engine, and is never taken for an empty list.
 */
export async function requestList(
  api: Api,
  request: ApiRequest,
  path: string,
): Promise<{ list: Json[]; body: JsonObject }> {
  const isAnswer = (json: Json | undefined) =>
    Array.isArray(valueAt(json, path)) && (request.isAnswer?.(json) ?? true);
  const { json } = await api.request({ ...request, isAnswer });
  return { list: listOf(valueAt(json, path)), body: objectOf(json) };
}

/** The ID or word at the path `at` of the answer. An answer without it is not the vendor's, as in `requestList`. */
export async function requestWord(
  api: Api,
  request: Pick<ApiRequest, 'path' | 'query'>,
  at: string,
): Promise<string> {
  const wordIn = (json: Json | undefined) => wordOf(valueAt(json, at));
  const { json } = await api.request({ ...request, isAnswer: (json) => wordIn(json) !== undefined });
  return wordIn(json)!;
}

/** Whether these words are in it, in any letter case. */
export function says(value: Json | undefined, words: string): boolean {
  return JSON.stringify(value ?? '')
    .toLowerCase()
    .includes(words.toLowerCase());
}

/** An ID or a word: a text that is not empty, or a whole number as text. */
export function wordOf(value: Json | undefined): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** Whether JSON has an ID or a word at each of these paths, such as those of a vendor's errors: for `isErrorBody`. */
export function hasWordsAt(...paths: readonly string[]) {
  return (json: Json | undefined): boolean =>
    paths.every((path) => wordOf(valueAt(json, path)) !== undefined);
}

/** Whether one of these is true of JSON: for `isErrorBody` of a vendor whose errors have several forms. */
export function eitherOf(...forms: readonly ((json: Json) => boolean)[]) {
  return (json: Json): boolean => forms.some((isForm) => isForm(json));
}

/**
 * Epoch milliseconds of a time: ISO 8601 (one without a zone is UTC), or a number, also as text, in `unit`. Undefined where
 * it is none, or none between 1970 and 9999.
 */
export function momentOf(value: Json | undefined, unit: TimeUnit = 'milliseconds'): number | undefined {
  const found = typeof value === 'string' ? timeIn(value.trim(), unit) : scaled(value, unit);
  return found !== undefined && found >= 0 && found < 253_402_300_800_000 ? Math.floor(found) : undefined;
}

function timeIn(text: string, unit: TimeUnit): number | undefined {
  if (/^\d{1,16}(\.\d+)?$/.test(text)) return scaled(Number(text), unit);
  const parts =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d(?:[.,]\d+)?))?\s*(Z|UTC|[+-]\d\d:?\d\d)?)?$/i.exec(text);
  if (!parts) return undefined;
  const [, day, minutes = '00:00', seconds = '00', zone = 'Z'] = parts;
  const offset = /^[+-]/.test(zone) ? zone.replace(/^(...)(\d\d)$/, '$1:$2') : 'Z';
  const time = Date.parse(`${day}T${minutes}:${seconds.replace(',', '.').slice(0, 6)}${offset}`);
  return Number.isNaN(time) ? undefined : time;
}

function scaled(value: Json | undefined, unit: TimeUnit): number | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  if (unit === 'seconds') return value * 1000;
  return unit === 'milliseconds' ? value : value / 1000;
}

/** What stands at a path of keys and list indices joined by dots (`data.items.0.id`); `''` is the value itself. */
export function valueAt(value: Json | undefined, path: string): Json | undefined {
  if (path === '') return value;
  return path.split('.').reduce<Json | undefined>((at, key) => {
    if (at === null || typeof at !== 'object') return undefined;
    if (Array.isArray(at)) return /^\d{1,6}$/.test(key) ? at[Number(key)] : undefined;
    return Object.hasOwn(at, key) ? at[key] : undefined;
  }, value);
}

/**
 * The first of these properties that is filled; null where all are there and empty. Undefined where none that is there is
 * filled: one that is absent, because the user may not see it, may be.
 */
export function firstFilled(body: JsonObject, names: readonly string[]): Json | undefined {
  const given = names.filter((name) => Object.hasOwn(body, name)).map((name) => body[name] ?? null);
  const filled = given.find((value) => wordOf(value) !== undefined);
  return filled ?? (given.length === names.length ? null : undefined);
}

/** The object with what `make` makes of each of its values. */
export function eachValue<Value, Made>(
  object: { readonly [key: string]: Value },
  make: (value: Value, key: string) => Made,
): { [key: string]: Made } {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, make(value, key)]));
}

/**
 * The value of the primary entry of a list, as SCIM writes lists: `{value, primary}` (RFC 7643, section 2.4); else of the first. Empty
 * entries do not count; null where all are.
 */
export function primaryValue(entries: Json | undefined): string | null {
  const filled = listOf(entries)
    .map(objectOf)
    .filter(({ value }) => wordOf(value) !== undefined);
  const first = filled.find(({ primary }) => primary === true) ?? filled[0];
  return wordOf(first?.['value']) ?? null;
}

/** A list of `{name, value}` as one object, by the paths of the two in an entry. Entries without a name are left out. */
export function namedValues(entries: Json | undefined, name: string, value: string): JsonObject {
  return Object.fromEntries(
    listOf(entries).flatMap((entry) => {
      const key = wordOf(valueAt(entry, name));
      return key === undefined ? [] : [[key, valueAt(entry, value) ?? null]];
    }),
  );
}

/** The list in parts of so many elements, at least one part. */
export function inParts<Element>(list: readonly Element[], size: number): Element[][] {
  const count = Math.max(1, Math.ceil(list.length / size));
  return Array.from({ length: count }, (_, at) => list.slice(at * size, (at + 1) * size));
}

/** The moment without its milliseconds, where the vendor's other answers name whole seconds of the same state. */
export function wholeSecond(epochMs: number): number {
  return Math.floor(epochMs / 1000) * 1000;
}

/** A time in UTC as ISO 8601 with whole seconds, without a zone: `2026-11-02T08:00:00`. */
export function isoSeconds(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19);
}

/** The vendor's word is never undercut to nothing: a refusal that says "now" is not asked again within the second. */
export const minRetryMs = 1_000;
/** Nobody waits longer on one header; what lasts longer is asked about again. */
export const maxRetryMs = 3_600_000;

/**
 * How long a `Retry-After` header, or a header of the `…-Reset` kind, asks us to wait, in milliseconds from `now` (epoch
 * milliseconds). It is read in every form that vendors send: seconds (with decimals, or with the unit `s` or `ms`), an HTTP
 * date (RFC 9110, section 10.2.3), an ISO 8601 time, and a moment as epoch seconds, milliseconds or microseconds: a number
 * above a billion is no duration. Where the header was sent several times, the longest counts. The result lies between one
 * second and `maxMs` (an hour; pass a day for the quota of a day). Undefined where the value says nothing.
 */
export function retryAfterMs(
  value: string | undefined,
  now: number,
  maxMs: number = maxRetryMs,
): number | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  const waits = [text, ...text.split(betweenValues)].map((part) => waitOf(part.trim(), now));
  const known = waits.filter((wait) => wait !== undefined);
  if (known.length === 0) return undefined;
  return Math.min(Math.max(Math.ceil(Math.max(...known)), minRetryMs), maxMs);
}

/** The comma between two values, which is none behind the day of a date. */
const betweenValues = /(?<!\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\s*),/i;

function waitOf(text: string, now: number): number | undefined {
  const [, digits, unit] = /^([+-]?\d{1,20}(?:\.\d+)?)\s*(s|ms)?$/i.exec(text) ?? [];
  if (digits !== undefined) {
    const number = Number(digits);
    if (unit !== undefined) return unit.toLowerCase() === 'ms' ? number : number * 1000;
    if (number < 1e9) return number * 1000;
    if (number < 1e11) return number * 1000 - now;
    return (number < 1e14 ? number : number / 1000) - now;
  }
  const time = momentOf(text) ?? httpDate(text);
  return time === undefined ? undefined : time - now;
}

/**
 * Epoch milliseconds of a header's date in any of the three forms of RFC 9110, section 5.6.7; all are in GMT, which asctime's
 * does not say. Undefined where it is none.
 */
export function httpDate(text: string): number | undefined {
  if (!/^(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? [\w :,+-]+$/i.test(text)) return undefined;
  // The clock of JavaScript has no leap second.
  const leapless = text.replace(/:60\b/, ':59');
  const time = Date.parse(/(GMT|UTC|[+-]\d{4})$/i.test(text) ? leapless : `${leapless} GMT`);
  return Number.isNaN(time) ? undefined : time;
}

const entities: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * A text whose HTML escapes are undone, once: `&amp;lt;` becomes `&lt;`. Names are those of the
 * five characters that escaping for HTML replaces; any character may be given by its number. Other names stay as text.
 */
export function unescapeHtml(text: string): string {
  return text.replaceAll(
    /&(?:(amp|lt|gt|quot|apos)|#0*(\d{1,7})|#x0*([\da-f]{1,6}));/gi,
    (found, name, digits, hex) => {
      if (name !== undefined) return entities[name.toLowerCase()] ?? found;
      const code = digits === undefined ? Number.parseInt(hex, 16) : Number(digits);
      const isCharacter = code >= 0x20 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
      return isCharacter ? String.fromCodePoint(code) : found;
    },
  );
}

/** A person as a writer reads them: the attributes among what the vendor holds of them, null where one is not there. */
export function personHolding(
  attributes: readonly string[],
  recordId: string,
  held: Json | undefined,
): { recordId: string; attributes: { [attribute: string]: Json } } {
  const values = objectOf(held);
  return { recordId, attributes: Object.fromEntries(attributes.map((name) => [name, values[name] ?? null])) };
}
