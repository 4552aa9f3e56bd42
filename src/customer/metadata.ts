// One metadata value against its definition: coerced to the declared type and checked, or refused with a sentence.
// It knows neither where the value came from nor how the schema was read.
// Source of the rules: Voucherify, documentation/prepare/metadata.mdx (types, arrays, one level of nesting, constraints).
import { parseJson } from '../connector/json.ts';
import type { Json, Locale, MetadataDefinition } from '../connector.ts';
import { type Checked, cleanJson, faultOf, maxDepth, sameJson, shown, trimmed } from './json.ts';
import { declaredWord, normalise } from './normalise.ts';

type Type = MetadataDefinition['type'];

const typeWords: { readonly [type in Type]: string } = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  date: 'a date (YYYY-MM-DD)',
  datetime: 'a time (ISO 8601)',
  image_url: 'an http or https address of an image',
  geopoint: 'a geopoint ("latitude, longitude")',
  object: 'an object',
};

const geopointShape = /^([+-]?\d+(?:\.\d+)?)\s*,\s*([+-]?\d+(?:\.\d+)?)$/;

/**
 * The value as the destination takes it, or one sentence that says what was found and what is allowed. Null and the
 * empty text mean "to be cleared", which a required key refuses. A text is read as what is declared: `"42"` as a number,
 * `"a;b"` or `"a,b"` as a list. Texts and numbers are read by the locale.
 */
export function checkMetadata(value: Json, definition: MetadataDefinition, locale: Locale = {}): Checked {
  const clean = cleanJson(value);
  if (clean === undefined) return faultOf(value, `JSON of at most ${maxDepth} levels`);
  if (clean === null || (typeof clean === 'string' && trimmed(clean) === '')) {
    return definition.required
      ? { fault: `Found no value, where ${allowed(definition)} is required.` }
      : { value: null };
  }
  if (definition.array) return checkList(listOf(clean, definition.type, locale), definition, locale);
  return checkOne(clean, definition, locale);
}

function checkList(elements: readonly Json[], definition: MetadataDefinition, locale: Locale): Checked {
  const list: Json[] = [];
  for (const [index, element] of elements.entries()) {
    if (element === null || (typeof element === 'string' && trimmed(element) === '')) continue;
    const checked = checkOne(element, definition, locale);
    if ('fault' in checked) return { fault: `Element ${index + 1} of the list: ${checked.fault}` };
    list.push(checked.value);
  }
  return { value: list };
}

/** The elements: of a list, of a text that is JSON of a list or is joined by `;` or else `,`, or the value alone. */
function listOf(value: Json, type: Type, { decimal }: Locale): Json[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'string') return [value];
  const parsed = parsedJson(value);
  if (Array.isArray(parsed)) return parsed;
  if (type === 'object') return [value];
  // A geopoint holds a comma itself, and an address may hold both: there a new one begins with its scheme.
  if (type === 'image_url') return value.split(/[;,]\s*(?=https?:)/i);
  // Where numbers are declared to hold commas, a comma separates none.
  const isWithin = type === 'geopoint' || (type === 'number' && (decimal === ',' || decimal === '.'));
  return value.split(isWithin || value.includes(';') ? ';' : ',');
}

function parsedJson(text: string): Json | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return cleanJson(parseJson(text));
  } catch {
    return undefined;
  }
}

function checkOne(value: Json, definition: MetadataDefinition, locale: Locale): Checked {
  const coerced = coerce(value, definition, locale);
  if (coerced === undefined) return faultOf(value, allowed(definition));
  if ('fault' in coerced) return coerced;
  if (definition.type === 'object')
    return checkObject(coerced.value as { [key: string]: Json }, definition, locale);
  return meets(coerced.value, definition) ? coerced : faultOf(coerced.value, allowed(definition));
}

/** The value in the declared type, or the sentence that refuses it; undefined where what is allowed says it all. */
function coerce(value: Json, { type }: MetadataDefinition, locale: Locale): Checked | undefined {
  switch (type) {
    case 'string':
      return orUndefined(normalise(value, 'text'));
    case 'number':
    case 'date':
    case 'datetime': {
      const read = normalise(value, type, { locale });
      // A number that cannot be kept, or was read in a unit, is refused for a reason of its own.
      const isNumeric = typeof value === 'number' || (typeof value === 'string' && /\d/.test(value));
      return isNumeric ? read : orUndefined(read);
    }
    case 'boolean': {
      const word = typeof value === 'string' ? trimmed(value).toLowerCase() : value;
      if (typeof word === 'boolean') return { value: word };
      const declared = typeof word === 'object' ? undefined : declaredWord(String(word), locale);
      if (declared !== undefined) return { value: declared };
      // Stricter than the normaliser: the vendor takes true, false and null only.
      if (word === 'true' || word === 'false') return { value: word === 'true' };
      return typeof word === 'object'
        ? undefined
        : faultOf(
            value,
            'true or false, or a word that the "locale" of the source declares as "true" or "false",',
          );
    }
    case 'image_url':
      return imageUrl(value);
    case 'geopoint':
      return geopoint(value);
    case 'object': {
      const object = typeof value === 'string' ? parsedJson(value) : value;
      return typeof object === 'object' && !Array.isArray(object) ? { value: object } : undefined;
    }
  }
}

function orUndefined(checked: Checked): Checked | undefined {
  return 'fault' in checked ? undefined : checked;
}

function imageUrl(value: Json): Checked | undefined {
  if (typeof value !== 'string') return undefined;
  const address = trimmed(value);
  return /^https?:\/\//i.test(address) && URL.canParse(address) ? { value: address } : undefined;
}

function geopoint(value: Json): Checked | undefined {
  const [, latitude, longitude] = (typeof value === 'string' && geopointShape.exec(trimmed(value))) || [];
  if (latitude === undefined || longitude === undefined) return undefined;
  if (Math.abs(Number(latitude)) > 90 || Math.abs(Number(longitude)) > 180) return undefined;
  return { value: `${latitude}, ${longitude}` };
}

function checkObject(
  object: { [key: string]: Json },
  { properties }: MetadataDefinition,
  locale: Locale,
): Checked {
  if (!properties) return { value: object };
  const entries: [string, Json][] = [];
  for (const [key, value] of Object.entries(object)) {
    const definition = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (definition?.type === 'object')
      return { fault: `In "${key}": an object within an object is not allowed.` };
    const checked = definition ? checkMetadata(value, definition, locale) : { value };
    if ('fault' in checked) return { fault: `In "${key}": ${checked.fault}` };
    entries.push([key, checked.value]);
  }
  for (const [key, definition] of Object.entries(properties)) {
    if (definition.required && !Object.hasOwn(object, key)) {
      return { fault: `In "${key}": Found no value, where ${allowed(definition)} is required.` };
    }
  }
  return { value: Object.fromEntries(entries) };
}

function meets(value: Json, definition: MetadataDefinition): boolean {
  if (definition.oneOf?.length && !definition.oneOf.some((one) => sameJson(one, value))) return false;
  if (definition.noneOf?.some((one) => sameJson(one, value))) return false;
  if (typeof value === 'number') {
    return (
      value !== definition.notEqual &&
      value < (definition.lessThan ?? Number.POSITIVE_INFINITY) &&
      value <= (definition.atMost ?? Number.POSITIVE_INFINITY) &&
      value > (definition.moreThan ?? Number.NEGATIVE_INFINITY) &&
      value >= (definition.atLeast ?? Number.NEGATIVE_INFINITY)
    );
  }
  if (typeof value !== 'string') return true;
  return (
    value.length >= (definition.minLength ?? 0) &&
    value.length <= (definition.maxLength ?? Number.POSITIVE_INFINITY) &&
    value.length === (definition.exactLength ?? value.length)
  );
}

/** What a definition allows of one value, as words: `a number of at least 1 and less than 10`. */
function allowed(definition: MetadataDefinition): string {
  const rules: string[] = [];
  const rule = (words: string, bound: number | undefined, unit = '') => {
    if (bound !== undefined) rules.push(`${words} ${bound}${unit}`);
  };
  rule('at least', definition.atLeast);
  rule('more than', definition.moreThan);
  rule('at most', definition.atMost);
  rule('less than', definition.lessThan);
  rule('other than', definition.notEqual);
  rule('at least', definition.minLength, ' characters');
  rule('at most', definition.maxLength, ' characters');
  rule('exactly', definition.exactLength, ' characters');
  const type = typeWords[definition.type];
  const list = definition.oneOf?.length ? `${type} out of ${definition.oneOf.map(shown).join(', ')}` : type;
  const but = definition.noneOf?.length ? ` but ${definition.noneOf.map(shown).join(', ')}` : '';
  return rules.length === 0 ? `${list}${but}` : `${list} of ${rules.join(' and ')}${but}`;
}
