// The normalisers: a value as a vendor sent it, into the form that a field wants. They know no schema and no mapping.
// An empty text counts as null everywhere. Normalising twice is the same as once.
import { type Moment, readMoment, unitWords } from '../connector/moment.ts';
import type { Json, Locale, Normaliser, PhoneRule } from '../connector.ts';
import { emailOf } from './email.ts';
import { type Checked, cleanJson, cleanText, faultOf, maxDepth, shown, trimmed } from './json.ts';
import { exact, readNumber } from './number.ts';
import { phoneOf, writtenPhone } from './phone.ts';

export interface NormaliserOptions {
  /** Default region of phone numbers, ISO 3166-1 alpha-2. */
  region?: string | undefined;
  /** What splits a text into a list. Default `;`. */
  separator?: string | undefined;
  /** Which telephone numbers are taken. Default `valid`. */
  phones?: PhoneRule | undefined;
  /** How texts and numbers are to be read. */
  locale?: Locale | undefined;
}

export const defaultSeparator = ';';

/** With what a value goes through where the mapping names nothing. */
export type Reading = Normaliser | 'json' | 'written phone' | 'postal code';

type Normalise = (value: Json, options: NormaliserOptions) => Checked;

const nothing: Checked = { value: null };
const trueWords: ReadonlySet<string> = new Set(['true', 'yes', 'y', '1']);
const falseWords: ReadonlySet<string> = new Set(['false', 'no', 'n', '0']);

/** The text of a scalar, clean and trimmed, empty for null; undefined for a list or an object. */
function textOf(value: Json): string | undefined {
  if (typeof value === 'string') return trimmed(cleanText(value));
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  if (typeof value === 'boolean') return String(value);
  return value === null ? '' : undefined;
}

function text(value: Json): Checked {
  const found = textOf(value);
  if (found === undefined) return faultOf(value, 'a text');
  return found === '' ? nothing : { value: found };
}

function phoneAsWritten(value: Json): Checked {
  const found = text(value);
  if ('fault' in found || found.value === null) return found;
  const number = writtenPhone(String(found.value));
  return number === undefined ? faultOf(value, 'a phone number with all its digits') : { value: number };
}

/** What a spreadsheet made of it: `90210.0` is 90210, and of `1,001` or `9.02E+04` nobody knows what it was. */
function postalCode(value: Json): Checked {
  const found = text(value);
  if ('fault' in found || found.value === null) return found;
  const code = String(found.value);
  const [, digits] = /^(\d+)[.,]0$/.exec(code) ?? [];
  if (digits !== undefined) return { value: digits };
  const isNumber = /^\d{1,3}(?:[,'’]\d{3})+$|^\d+(?:[.,]\d+)?e\+\d+$/i.test(code);
  return isNumber
    ? faultOf(value, 'a postal code as it was before a spreadsheet took it for a number')
    : found;
}

function email(value: Json): Checked {
  const found = typeof value === 'string' || value === null ? textOf(value) : undefined;
  if (found === '') return nothing;
  const address = found === undefined ? ({ fault: 'none' } as const) : emailOf(found);
  if ('value' in address) return { value: address.value };
  if (address.fault === 'none') return faultOf(value, 'an e-mail address');
  return { fault: `Found ${shown(value)}, which contains several e-mail addresses; only one is allowed.` };
}

function phone(value: Json, { region, phones = 'valid' }: NormaliserOptions): Checked {
  const found = typeof value === 'boolean' ? undefined : textOf(value);
  if (found === '') return nothing;
  const number = found === undefined ? undefined : phoneOf(found, region, phones);
  if (number !== undefined) return { value: number };
  const allowed = region ? `a phone number of ${region} or one with its country code` : undefined;
  const fault = faultOf(
    value,
    allowed ?? 'a phone number with its country code (or a "region" in the mapping)',
  );
  const isPossible =
    found !== undefined && phones === 'valid' && phoneOf(found, region, 'possible') !== undefined;
  return isPossible
    ? {
        fault: `${fault.fault} Its number range is not in use. To accept every number of a possible length, set "phones": "possible".`,
      }
    : fault;
}

/** To `YYYY-MM-DD`. Of a datetime it is the date as written, of a number the date in UTC. */
function date(value: Json, { locale }: NormaliserOptions): Checked {
  return momentOf(value, locale, 'a date', ({ date: day }) => day);
}

/** To `YYYY-MM-DDTHH:MM:SS.sssZ`. */
function datetime(value: Json, { locale }: NormaliserOptions): Checked {
  return momentOf(value, locale, 'a time', ({ epochMs }) => new Date(epochMs).toISOString());
}

function momentOf(
  value: Json,
  locale: Locale = {},
  what: string,
  written: (moment: Moment) => string,
): Checked {
  const found = typeof value === 'string' ? textOf(value)! : value;
  if (found === null || found === '') return nothing;
  const moment = readMoment(found, locale);
  if (moment && 'outside' in moment) return { fault: `Found ${shown(value)}, ${moment.outside}` };
  if (moment) return { value: written(moment) };
  const forms =
    locale.dates === undefined ? 'a format declared in "dates"' : [locale.dates].flat().join(' or ');
  return faultOf(value, `${what} (YYYY-MM-DD, ISO 8601, ${unitWords(locale.unit)} or ${forms})`);
}

function number(value: Json, { locale }: NormaliserOptions): Checked {
  const found = typeof value === 'string' || value === null ? textOf(value) : undefined;
  if (found === '') return nothing;
  const isText = found !== undefined;
  if (!isText && typeof value !== 'number') return faultOf(value, 'a number');
  const read = isText ? readNumber(found, locale) : exact((value as number) + 0);
  if ('value' in read) return read;
  // Rounded, a long ID would become another one.
  if (read.fault === 'inexact')
    return faultOf(
      value,
      `a number of at most ${Number.MAX_SAFE_INTEGER}, which is kept exactly ("as": "text" keeps every digit),`,
    );
  if (read.fault === 'ambiguous')
    return {
      fault: `Found ${shown(value)}, in which the separator may mark thousands or decimals: set "decimal" to "." or "," in the mapping of the field or in the "locale" of the source.`,
    };
  if (read.fault === 'shortened') return faultOf(value, 'a number that no spreadsheet has shortened');
  const sign =
    read.fault === 'undeclared' ? ' (set "decimal" to read decimal commas and grouped digits)' : '';
  return faultOf(value, `a number${sign}`);
}

function boolean(value: Json, { locale = {} }: NormaliserOptions): Checked {
  const found = textOf(value)?.toLowerCase();
  if (found === '') return nothing;
  const declared = found === undefined ? undefined : declaredWord(found, locale);
  if (declared !== undefined) return { value: declared };
  if (found !== undefined && trueWords.has(found)) return { value: true };
  if (found !== undefined && falseWords.has(found)) return { value: false };
  const words = [...(locale.true ?? []), ...(locale.false ?? [])].map((word) => `, ${word}`).join('');
  return faultOf(value, `true or false (also yes or no, 1 or 0${words})`);
}

/** What a word means by the locale, in any letter case; undefined where it says nothing of it. */
export function declaredWord(text: string, locale: Locale): boolean | undefined {
  const word = text.trim().toLowerCase().normalize();
  const has = (words: readonly string[] = []) => words.some((one) => one.toLowerCase().normalize() === word);
  if (has(locale.true)) return true;
  return has(locale.false) ? false : undefined;
}

/** A text is split; elements are trimmed and empty ones left out. An empty list that came as a list stays one. */
function list(value: Json, { separator = defaultSeparator }: NormaliserOptions): Checked {
  const clean = json(value);
  if ('fault' in clean || clean.value === null) return clean;
  const found = typeof clean.value === 'string' ? clean.value.split(separator) : clean.value;
  if (typeof found !== 'object') return { value: [found] };
  if (!Array.isArray(found)) return faultOf(value, 'a list');
  const elements = found
    .map((element) => (typeof element === 'string' ? trimmed(element) : element))
    .filter((element) => element !== null && element !== '');
  return elements.length === 0 && typeof clean.value === 'string' ? nothing : { value: elements };
}

/** Keeps the JSON type. A text is trimmed; texts within lists and objects are only cleaned. */
function json(value: Json): Checked {
  const clean = cleanJson(value);
  if (clean === undefined) return faultOf(value, `JSON of at most ${maxDepth} levels`);
  return typeof clean === 'string' ? text(clean) : { value: clean };
}

export const normalisers: { readonly [as in Reading]: Normalise } = {
  text,
  email,
  phone,
  date,
  datetime,
  number,
  boolean,
  list,
  json,
  'written phone': phoneAsWritten,
  'postal code': postalCode,
};

/** What a field's values go through where the mapping names nothing: metadata keeps its JSON type. */
export function defaultNormaliser(field: string): Reading {
  if (field === 'email') return 'email';
  if (field === 'phone') return 'written phone';
  if (field === 'birthdate') return 'date';
  if (field === 'address.postal_code') return 'postal code';
  return field.startsWith('metadata.') ? 'json' : 'text';
}

/** One value through one normaliser: null for an empty one, a fault with a sentence for one that does not fit. */
export function normalise(value: Json, as: Reading, options: NormaliserOptions = {}): Checked {
  return normalisers[as](value, options);
}
