// Dates and times as vendors write them: ISO 8601, or epoch milliseconds as a number or as digits. It knows no fields.
import type { Json } from '../connector.ts';

/** A moment read from a value. */
export interface Moment {
  /** `YYYY-MM-DD` as it was written: a birthday does not move with the offset it was written in. */
  date: string;
  /** Epoch milliseconds; without an offset the time is taken as UTC, without a time as midnight. */
  epochMs: number;
}

const iso =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(?:([Zz]|UTC)|([+-])(\d{2}):?(\d{2})?)?)?$/;
const basicDate = /^(19\d\d|20\d\d)(\d{2})(\d{2})$/;
const yearAlone = /^(19|20)\d\d$/;
const digits = /^-?\d{1,16}$/;
const earliestMs = Date.parse('0001-01-01T00:00:00.000Z');
const latestMs = Date.parse('9999-12-31T23:59:59.999Z');

/** Undefined for what is neither. `20220311` is a date; a year alone is none, though it could be milliseconds. */
export function momentOf(value: Json): Moment | undefined {
  const text = typeof value === 'number' ? String(Math.trunc(value)) : value;
  if (typeof text !== 'string') return undefined;
  const written = iso.exec(text);
  if (written) return momentWritten(written);
  if (!digits.test(text) || yearAlone.test(text)) return undefined;
  const basic = basicDate.exec(text);
  if (basic && isDay(Number(basic[1]), Number(basic[2]), Number(basic[3]))) {
    return momentWritten([text, basic[1], basic[2], basic[3]]);
  }
  return momentAt(Number(text));
}

function momentAt(epochMs: number): Moment | undefined {
  if (!(epochMs >= earliestMs && epochMs <= latestMs)) return undefined;
  return { date: new Date(epochMs).toISOString().slice(0, 10), epochMs };
}

function momentWritten(parts: readonly (string | undefined)[]): Moment | undefined {
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = ''] = parts;
  const [sign, offsetHours = '0', offsetMinutes = '0'] = parts.slice(9);
  if (!isDay(Number(year), Number(month), Number(day))) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return undefined;
  const date = `${year}-${month}-${day}`;
  const atUtc = Date.parse(`${date}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  const offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000 * (sign === '-' ? -1 : 1);
  const epochMs = atUtc - offsetMs;
  return epochMs >= earliestMs && epochMs <= latestMs ? { date, epochMs } : undefined;
}

function isDay(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  if (month === 2) return day <= (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28);
  return day <= ([4, 6, 9, 11].includes(month) ? 30 : 31);
}
