// Columns that do not become metadata unless the settings say so, because they reveal a person's location, or contain
// secrets or numbers by which the state knows a person. Columns that are internal to a vendor are listed with its export format.
import { wordsOf } from './label.ts';

const position = new Set([
  'latitude',
  'longitude',
  'lat',
  'lng',
  'lon',
  'geolocation',
  'geo',
  'gps',
  'coordinates',
  'koordinaten',
  'coordenadas',
  'breitengrad',
  'langengrad',
  'geograficzna',
  'gmtoff',
  'dstoff',
]);
const secret = new Set([
  'password',
  'passwd',
  'passwort',
  'haslo',
  'pwd',
  'contrasena',
  'senha',
  'wachtwoord',
  'kreditkarte',
  'kreditkartennummer',
  'sozialversicherungsnummer',
  'secret',
  'token',
  'tokens',
  'iban',
  'ssn',
  'pesel',
  'cpf',
  'bsn',
  'cvv',
  'cvc',
]);
/** Secrets of several words. */
const secretWords =
  /\b(?:mot de passe|(?:api|secure|private|access) key|security (?:answer|question)|social security|credit card|passport (?:no|nr|number|id)|codice fiscale)\b/;
/** Written as one word, also in lower case: `IPAddress`, `clientip`. */
const ip = /^(?:client|remote|user|login|last)?ip(?:v[46])?(?:addr(?:ess)?)?$/;

/** Why a column of this label is left out, or null. */
export function leftOutReason(label: string): string | null {
  const words = wordsOf(label);
  if (words.some((word) => ip.test(word))) return 'IP address, or a place derived from it';
  if (words.some((word) => position.has(word) || /(?:lat|long)itud(?:e|ine)?$/.test(word)))
    return 'position of the person';
  if (words.some((word) => secret.has(word)) || secretWords.test(words.join(' '))) return 'secret';
  return null;
}
