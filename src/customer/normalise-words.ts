// What a normaliser did to a value, in words that follow "which was": the value before and after goes in. It normalises
// nothing itself.
import { unitWords } from '../connector/moment.ts';
import type { Json, Locale, MetadataDefinition } from '../connector.ts';
import { sameJson } from './json.ts';
import type { Reading } from './normalise.ts';

interface Options {
  region?: string | undefined;
  separator?: string | undefined;
  locale?: Locale | undefined;
}

/** Each step that changed something, in its order; none where the value was used as is. */
export function normalisationWords(
  as: Reading,
  before: Json,
  after: Json,
  { region, separator = ';', locale }: Options,
): string[] {
  if (after === null || sameJson(before, after)) return [];
  switch (as) {
    case 'email':
      return emailWords(String(before), String(after));
    case 'phone':
      return [
        `read as a telephone number${region === undefined ? '' : ` of ${region}`}, in international form`,
      ];
    case 'date':
    case 'datetime':
      return [`read as a ${as === 'date' ? 'date' : 'time'}${howRead(as, before, locale)}`];
    case 'number':
      return [`read as a number${howRead(as, before, locale)}`];
    case 'boolean':
      return ['read as true or false'];
    case 'list':
      return [typeof before === 'string' ? `split at ${JSON.stringify(separator)}` : 'made a list'];
    case 'written phone':
    case 'postal code':
      if (typeof before === 'string' && /^\s*\+?\d+[.,]0+\s*$/.test(before))
        return ['read without the decimals that a spreadsheet added'];
      return textWords(before, after);
    default:
      return textWords(before, after);
  }
}

/** How a declared locale made a date, time or number of a value, to be put behind what it was read as. */
export function howRead(type: MetadataDefinition['type'], value: Json, locale: Locale = {}): string {
  const isNumber =
    typeof value === 'number' || (typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value));
  if (type === 'number')
    return locale.decimal === undefined ? '' : ` with decimal ${JSON.stringify(locale.decimal)}`;
  if (type !== 'date' && type !== 'datetime') return '';
  if (isNumber) return `, counting ${unitWords(locale.unit)}`;
  const forms = locale.dates === undefined ? '' : ` in the format ${[locale.dates].flat().join(' or ')}`;
  const hasOffset = typeof value === 'string' && /(z|utc|[+-]\d{2}:?\d{2})\s*$/i.test(value);
  const zone = type === 'datetime' && !hasOffset ? ` in the time zone ${locale.timezone ?? 'UTC'}` : '';
  return `${forms}${zone}`;
}

function emailWords(before: string, after: string): string[] {
  const inner = before.trim();
  const isPlain = inner.toLowerCase() === after;
  return [
    ...(inner === before ? [] : ['trimmed']),
    ...(isPlain ? [] : ['stripped of the text around the address']),
    ...(inner.toLowerCase().includes(after) && !inner.includes(after) ? ['lower-cased'] : []),
  ];
}

function textWords(before: Json, after: Json): string[] {
  if (typeof before !== 'string') return typeof after === 'string' ? ['written as text'] : ['cleaned'];
  const inner = before.trim();
  return [
    ...(inner === before ? [] : ['trimmed']),
    ...(inner === after ? [] : ['stripped of invisible characters']),
  ];
}
