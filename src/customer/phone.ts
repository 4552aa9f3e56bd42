// Telephone numbers in E.164. It knows no fields; the numbering plans are libphonenumber's.
import {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';
import type { PhoneRule } from '../connector.ts';

/** A longer extension is another number that was written behind the first. */
const maxExtensionDigits = 6;
/** A number with everything that people write beside it. What is longer is not searched: that could take minutes. */
const maxLength = 250;
/** What a spreadsheet makes of a number: `600100200.0`, in some countries with a comma. */
const withDecimals = /^(\+?\d{6,})[.,](\d+)$/;
const inScientificNotation = /^\+?\d+([.,]\d+)?[eE][+-]?\d+$/;
const extension = /(?<!\p{L})(?:ext|extn|extension|x|int|доб)[.:=]?\s*\d/iu;

export function isRegion(region: string): boolean {
  return isSupportedCountry(region);
}

/**
 * `+48600100200`, or undefined where the text holds no number, or more than one. `region` (ISO 3166-1 alpha-2) is taken for
 * numbers without a country code. `valid`: in a range that its country has given out, which is more than a possible length.
 * An extension is left out, as E.164 has none.
 */
export function phoneOf(
  text: string,
  region: string | undefined,
  rule: PhoneRule = 'valid',
): string | undefined {
  const written = tidied(text);
  if (written === undefined) return undefined;
  // `00` is the international prefix wherever no region says otherwise (ITU-T E.123).
  const dialled = region === undefined && written.startsWith('00') ? `+${written.slice(2)}` : written;
  const phone = withOwnCode(dialled, region) ?? numberOf(dialled, region);
  if (!phone || (phone.ext ?? '').length > maxExtensionDigits) return undefined;
  return (rule === 'valid' ? phone.isValid() : phone.isPossible()) ? phone.number : undefined;
}

function numberOf(text: string, region?: string) {
  return parsePhoneNumberFromString(text, region as CountryCode | undefined);
}

/**
 * `491701234567` in Germany: a number whose `+` was lost. As one of a German town without its zero it would be possible too,
 * and nobody's. `3906123456` in Italy stays what it is: nobody there dials a zero before 390.
 */
function withOwnCode(text: string, region: string | undefined) {
  if (region === undefined || !/^[1-9][\d\s().\-/]+$/.test(text)) return undefined;
  if (!text.startsWith(getCountryCallingCode(region as CountryCode))) return undefined;
  const dialled = numberOf(text, region);
  if (dialled?.isValid() && digitsOf(dialled.formatNational()) === digitsOf(text)) return undefined;
  const phone = numberOf(`+${text}`);
  return phone?.isValid() && phone.country === region ? phone : undefined;
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}

/**
 * A number as it was written, where nobody says that it is to be brought into one form: without the decimals of a spreadsheet;
 * undefined where digits are lost.
 */
export function writtenPhone(text: string): string | undefined {
  if (inScientificNotation.test(text)) return undefined;
  const [, digits, decimals = ''] = withDecimals.exec(text) ?? [];
  return digits !== undefined && /^0+$/.test(decimals) ? digits : text;
}

/** Without what a spreadsheet or a person added to the number; undefined where digits are lost or letters among them. */
function tidied(text: string): string | undefined {
  if (text.length > maxLength) return undefined;
  const plain = text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .trim();
  if (inScientificNotation.test(plain)) return undefined;
  const [, digits, decimals = ''] = withDecimals.exec(plain) ?? [];
  if (digits !== undefined && /^0+$/.test(decimals)) return digits;
  // A single decimal is not a group of digits: a spreadsheet has taken the text for a number.
  if (digits !== undefined && decimals.length === 1) return undefined;
  if (extension.test(plain)) return plain;
  const number = plain.replace(/(?<=[\d\s)])[\s(\-–—,;:/]+\p{L}[\p{L}\s.\-)]*$/u, '').trim();
  return /\d\p{L}/u.test(number) ? undefined : number;
}
