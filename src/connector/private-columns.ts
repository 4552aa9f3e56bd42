// Columns that do not become metadata unless the settings say so, because they reveal a person's location or contain
// secrets. Columns that are internal to a vendor are listed with its export format.
import { wordsOf } from './label.ts';

const position = new Set([
  'latitude',
  'longitude',
  'lat',
  'lng',
  'lon',
  'geolocation',
  'geo',
  'gmtoff',
  'dstoff',
]);
const secret = new Set([
  'password',
  'passwd',
  'passwort',
  'haslo',
  'pwd',
  'secret',
  'token',
  'tokens',
  'iban',
  'ssn',
  'pesel',
  'cvv',
  'cvc',
]);

/** Why a column of this label is left out, or null. */
export function leftOutReason(label: string): string | null {
  const words = wordsOf(label);
  if (words.some((word) => word === 'ip')) return 'IP address, or a place derived from it';
  if (words.some((word) => position.has(word) || /(?:latitude|longitude)$/.test(word)))
    return 'position of the person';
  if (words.some((word) => secret.has(word))) return 'secret';
  return null;
}
