// The normalisers: a value as a vendor sent it, into the form that a field wants. They know no schema and no mapping.
// An empty text counts as null everywhere. Normalising twice is the same as once.
import type { Json, Normaliser } from '../connector.ts';
import { type Checked, cleanJson, cleanText, maxDepth, refusal } from './json.ts';
import { momentOf } from './moment.ts';
import { phoneOf } from './phone.ts';

export interface NormaliserOptions {
  /** Default region of phone numbers, ISO 3166-1 alpha-2. */
  region?: string | undefined;
  /** What splits a text into a list. Default `;`. */
  separator?: string | undefined;
}

export const defaultSeparator = ';';

type Normalise = (value: Json, options: NormaliserOptions) => Checked;

const nothing: Checked = { value: null };
const emailShape = /^[^\s@]+@[^\s@]+$/;
const numberShape = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const trueWords: ReadonlySet<string> = new Set(['true', 'yes', 'y', '1']);
const falseWords: ReadonlySet<string> = new Set(['false', 'no', 'n', '0']);

/** The text of a scalar, clean and trimmed, empty for null; undefined for a list or an object. */
function textOf(value: Json): string | undefined {
  if (typeof value === 'string') return cleanText(value).trim();
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  if (typeof value === 'boolean') return String(value);
  return value === null ? '' : undefined;
}

function text(value: Json): Checked {
  const found = textOf(value);
  if (found === undefined) return refusal(value, 'a text');
  return found === '' ? nothing : { value: found };
}

function email(value: Json): Checked {
  const found = typeof value === 'string' || value === null ? textOf(value) : undefined;
  if (found === '') return nothing;
  // Only the shape: Voucherify publishes no rule, and a stricter one of ours would lose addresses that work.
  if (found === undefined || !emailShape.test(found)) return refusal(value, 'an e-mail address');
  return { value: found.toLowerCase() };
}

function phone(value: Json, { region }: NormaliserOptions): Checked {
  const found = typeof value === 'boolean' ? undefined : textOf(value);
  if (found === '') return nothing;
  const number = found === undefined ? undefined : phoneOf(found, region);
  if (number !== undefined) return { value: number };
  const allowed = region ? `a phone number of ${region} or one with its country code` : undefined;
  return refusal(value, allowed ?? 'a phone number with its country code (or a "region" in the mapping)');
}

/** To `YYYY-MM-DD`. Of a datetime it is the date as written, of epoch milliseconds the date in UTC. */
function date(value: Json): Checked {
  const found = typeof value === 'string' ? textOf(value)! : value;
  if (found === null || found === '') return nothing;
  const moment = momentOf(found);
  return moment
    ? { value: moment.date }
    : refusal(value, 'a date (YYYY-MM-DD, ISO 8601 or epoch milliseconds)');
}

/** To `YYYY-MM-DDTHH:MM:SS.sssZ`. */
function datetime(value: Json): Checked {
  const found = typeof value === 'string' ? textOf(value)! : value;
  if (found === null || found === '') return nothing;
  const moment = momentOf(found);
  if (!moment) return refusal(value, 'a time (ISO 8601 or epoch milliseconds)');
  return { value: new Date(moment.epochMs).toISOString() };
}

function number(value: Json): Checked {
  if (typeof value === 'number')
    return Number.isFinite(value) ? { value: value + 0 } : refusal(value, 'a number');
  const found = typeof value === 'string' || value === null ? textOf(value) : undefined;
  if (found === '') return nothing;
  if (found === undefined || !numberShape.test(found)) return refusal(value, 'a number');
  const read = Number(found) + 0;
  // A long ID written in digits would silently become another one.
  if (!Number.isFinite(read) || (/^[+-]?\d+$/.test(found) && !Number.isSafeInteger(read))) {
    return refusal(value, `a number of at most ${Number.MAX_SAFE_INTEGER}`);
  }
  return { value: read };
}

function boolean(value: Json): Checked {
  const found = textOf(value)?.toLowerCase();
  if (found === '') return nothing;
  if (found !== undefined && trueWords.has(found)) return { value: true };
  if (found !== undefined && falseWords.has(found)) return { value: false };
  return refusal(value, 'true or false (also yes or no, 1 or 0)');
}

/** A text is split; elements are trimmed and empty ones left out. An empty list that came as a list stays one. */
function list(value: Json, { separator = defaultSeparator }: NormaliserOptions): Checked {
  const clean = json(value);
  if ('fault' in clean || clean.value === null) return clean;
  const found = typeof clean.value === 'string' ? clean.value.split(separator) : clean.value;
  if (typeof found !== 'object') return { value: [found] };
  if (!Array.isArray(found)) return refusal(value, 'a list');
  const elements = found
    .map((element) => (typeof element === 'string' ? element.trim() : element))
    .filter((element) => element !== null && element !== '');
  return elements.length === 0 && typeof clean.value === 'string' ? nothing : { value: elements };
}

/** Keeps the JSON type. A text is trimmed; texts within lists and objects are only cleaned. */
function json(value: Json): Checked {
  const clean = cleanJson(value);
  if (clean === undefined) return refusal(value, `JSON of at most ${maxDepth} levels`);
  return typeof clean === 'string' ? text(clean) : { value: clean };
}

export const normalisers: { readonly [as in Normaliser | 'json']: Normalise } = {
  text,
  email,
  phone,
  date,
  datetime,
  number,
  boolean,
  list,
  json,
};

/** What a field's values go through where the mapping names nothing: metadata keeps its JSON type. */
export function defaultNormaliser(field: string): Normaliser | 'json' {
  if (field === 'email') return 'email';
  if (field === 'birthdate') return 'date';
  return field.startsWith('metadata.') ? 'json' : 'text';
}

/** One value through one normaliser: null for an empty one, a fault with a sentence for one that does not fit. */
export function normalise(value: Json, as: Normaliser | 'json', options: NormaliserOptions = {}): Checked {
  return normalisers[as](value, options);
}
