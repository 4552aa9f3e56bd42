// Numbers as texts write them: the decimal sign, and groups of three digits where a locale declares them. What a number of
// JavaScript cannot keep exactly is refused, not rounded.
import type { Locale } from '../connector.ts';

/**
 * `inexact`: a whole number beyond 2^53, or one beyond all range. `undeclared`: a declared sign would give it a meaning.
 * `ambiguous`: whether its point separates thousands is not known. `shortened`: a spreadsheet shows it without some digits.
 */
export type ReadNumber =
  | { value: number }
  | { fault: 'none' | 'inexact' | 'undeclared' | 'ambiguous' | 'shortened' };

const plain = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const blanks = ' \u00a0\u202f\u2009\u2007';
/** Digits with signs between them that a locale would give a meaning. */
const foreign = new RegExp(`^[+-]?\\d[\\d.,'’${blanks}]*$`);

/** One group of three digits behind what may be the group before it: a thousand is not written with a leading zero. */
const eitherWay = /^[+-]?[1-9]\d{0,2}\.\d{3}$/;

/** As spreadsheets show what is too long for a cell, in files that people write. Programs write no sign or a small `e`. */
const shortened = /^[+-]?\d(?:[.,]\d+)?E\+\d+$/;

const shapes = { '.': shapeWith('.', ','), ',': shapeWith(',', '.') };

function shapeWith(decimal: string, group: string): RegExp {
  const groups = `\\d{1,3}([${group}'’${blanks}])\\d{3}(?:\\3\\d{3})*`;
  return new RegExp(`^([+-]?)(${groups}|\\d*)(?:\\${decimal}(\\d*))?((?:[eE][+-]?\\d+)?)$`);
}

/** Without a declared sign the point is the decimal one, and groups are refused: `1.200` might be either. */
export function readNumber(text: string, { decimal }: Locale = {}): ReadNumber {
  const signed = text.replace(/^\u2212/, '-');
  if (decimal === 'unknown' && eitherWay.test(signed)) return { fault: 'ambiguous' };
  if (decimal !== undefined && shortened.test(signed)) return { fault: 'shortened' };
  const isDeclared = decimal === ',' || decimal === '.';
  const written = isDeclared ? inPoints(signed, decimal) : signed;
  if (written === null || !plain.test(written))
    return { fault: !isDeclared && foreign.test(signed) ? 'undeclared' : 'none' };
  return exact(Number(written) + 0);
}

export function exact(value: number): ReadNumber {
  if (!Number.isFinite(value)) return { fault: 'inexact' };
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? { fault: 'inexact' } : { value };
}

/** The same number as JSON writes it, or null where its groups are not of three digits, or separated by two signs. */
function inPoints(text: string, decimal: '.' | ','): string | null {
  const [, sign, whole, , fraction, exponent] = shapes[decimal].exec(text) ?? [];
  if (whole === undefined) return null;
  const digits = whole.replace(/\D/g, '');
  return `${sign}${digits}${fraction === undefined ? '' : `.${fraction}`}${exponent}`;
}
