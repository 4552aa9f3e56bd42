// What JSON may hold, and how a text becomes it without losing a digit.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Numbers that JavaScript may not keep exactly: of 16 digits or more, or with an exponent. Or the text is a number itself. */
const longNumber = /[:,[]\s*-?\d(?:\d{15}|[\d.]*[eE])|^\s*-?\d/;
const exponent = /[\d.][eE][-+]?\d/;
const longDigits = 16;

/** A reviver takes three times as long as plain parsing, and few texts hold numbers like these; to look for them exactly takes almost as long as to parse. */
function holdsLongNumber(text: string): boolean {
  return (exponent.test(text) || holdsLongDigits(text)) && longNumber.test(text);
}

/** Whether so many digits stand in a row anywhere: one of them stands at every sixteenth place then. */
function holdsLongDigits(text: string): boolean {
  for (let at = longDigits - 1; at < text.length; at += longDigits) {
    if (!isDigit(text, at)) continue;
    let [first, last] = [at, at];
    while (isDigit(text, first - 1)) first -= 1;
    while (isDigit(text, last + 1)) last += 1;
    if (last - first >= longDigits - 1) return true;
  }
  return false;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

/**
 * As `JSON.parse`, but a number that JavaScript cannot keep exactly (a whole one beyond 2^53, one beyond all range)
 * becomes the text that was written: an ID keeps its digits. Throws SyntaxError.
 */
export function parseJson(text: string): Json {
  if (!holdsLongNumber(text)) return JSON.parse(text) as Json;
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown) as Json;
}

/** A reviver; the runtime hands it the source text of primitive values as its third argument. */
function keepDigits(_key: string, value: Json, { source }: { source: string }): Json {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return Number.isInteger(value) || !Number.isFinite(value) ? source : value;
}

/**
 * As `parseJson`, but of no number a digit is lost: one that would read otherwise when it is written again, such as a
 * decimal of twenty digits, becomes the text that was written. Throws SyntaxError.
 */
export function parseExactJson(text: string): Json {
  return JSON.parse(text, keepAllDigits as (key: string, value: unknown) => unknown) as Json;
}

function keepAllDigits(_key: string, value: Json, { source }: { source: string }): Json {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return Number.isFinite(value) && digitsOf(String(value)) === digitsOf(source) ? value : source;
}

/** Sign, significant digits and exponent: alike for all ways to write one number. */
function digitsOf(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  const scale = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${sign}${significant}e${scale}`;
}
