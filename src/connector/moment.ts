// Dates and times as sources write them: ISO 8601, a number in the unit that the source declares, or a declared form. The
// size of a number never decides on its unit. It knows no fields.
import { readDateForm, type WrittenDate } from './date-form.ts';
import type { Locale } from './locale.ts';
import { instantOf } from './zone.ts';

/** A moment read from a value. */
export interface Moment {
  /** `YYYY-MM-DD` as it was written: a birthday does not move with the offset it was written in. */
  date: string;
  /** Epoch milliseconds; without an offset in the locale's zone, without a time at midnight there. */
  epochMs: number;
}

/** A number that is no time from 1900 to 2199 in the unit it is read in. */
export interface Misread {
  outside: string;
}

const iso =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(?:([Zz]|UTC)|([+-])(\d{2}):?(\d{2})?)?)?$/;
/** JSON of .NET and OData 2: milliseconds, and where the time was written. */
const dotNet = /^\/Date\((-?\d{1,16})(?:([+-])(\d{2})(\d{2}))?\)\/$/;
const basicDate = /^(19\d\d|20\d\d)(\d{2})(\d{2})$/;
const yearAlone = /^(19|20)\d\d$/;
const digits = /^-?\d{1,30}(\.\d{1,20})?$/;
const earliestMs = Date.parse('0001-01-01T00:00:00.000Z');
const latestMs = Date.parse('9999-12-31T23:59:59.999Z');
const earliestNumberMs = Date.parse('1900-01-01T00:00:00.000Z');
const latestNumberMs = Date.parse('2199-12-31T23:59:59.999Z');
const dayMs = 86_400_000;
/** Day 0 of a spreadsheet. It takes 1900 for a leap year, so its days before March 1900 are one less. */
const excelEpochMs = Date.UTC(1899, 11, 30);

/** A spreadsheet's day in 2173. Read as seconds, all of these are the first two days of 1970. */
const latestSerial = 100_000;
const eitherUnit =
  'which may count days, as a spreadsheet does, or seconds since 1970. Set "unit" to "excel" or "seconds" in the mapping of the field or in the "locale" of the source.';

type Unit = NonNullable<Locale['unit']>;

/**
 * Undefined for what is neither. ISO 8601 is read in every locale. The text `20220311` is a date in every unit: no whole
 * day has such a number in any of them. A year alone is none.
 */
export function readMoment(value: unknown, locale: Locale = {}): Moment | Misread | undefined {
  if (typeof value === 'number') return ofNumber(value, locale);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  const written = iso.exec(text);
  if (written) return ofIso(written, locale);
  const counted = dotNet.exec(text);
  if (counted) return ofDotNet(counted);
  for (const form of [locale.dates ?? []].flat()) {
    const found = readDateForm(text, form);
    if (found) return ofWritten(found, locale);
  }
  if (!digits.test(text) || yearAlone.test(text)) return undefined;
  return ofBasicDate(text, locale) ?? inUnit(Number(text), locale);
}

/** What a unit is called in sentences. */
export function unitWords(unit: Unit | undefined): string {
  if (unit === 'excel') return 'days as a spreadsheet counts them';
  return `${unit === 'unknown' ? 'seconds' : (unit ?? 'milliseconds')} since 1970`;
}

function ofNumber(value: number, locale: Locale): Moment | Misread | undefined {
  if (!Number.isFinite(value) || yearAlone.test(String(value))) return undefined;
  // Where nobody has declared a unit, a number written like a date is one.
  const basic = locale.unit === undefined ? ofBasicDate(String(value), locale) : undefined;
  return basic ?? inUnit(value, locale);
}

function ofDotNet([, milliseconds, sign, hours, minutes]: readonly string[]): Moment | undefined {
  const epochMs = Number(milliseconds);
  if (!isUsual(epochMs)) return undefined;
  const offsetMs = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000 * (sign === '-' ? -1 : 1);
  return { date: dayOf(epochMs + offsetMs), epochMs };
}

function ofBasicDate(text: string, locale: Locale): Moment | undefined {
  const [, year, month, day] = basicDate.exec(text) ?? [];
  return year === undefined ? undefined : ofIso([text, year, month, day], locale);
}

function inUnit(value: number, locale: Locale): Moment | Misread | undefined {
  if (locale.unit === 'excel') return ofSpreadsheet(value, locale);
  if (locale.unit === 'unknown' && isSerial(value)) return { outside: eitherUnit };
  const unit = locale.unit === 'unknown' ? 'seconds' : (locale.unit ?? 'milliseconds');
  const epochMs = scaled(value, unit);
  if (!isUsual(epochMs)) return { outside: outsideOf(value, unit) };
  return { date: dayOf(epochMs), epochMs };
}

function scaled(value: number, unit: Exclude<Unit, 'excel' | 'unknown'>): number {
  if (unit === 'seconds') return Math.round(value * 1000);
  return Math.floor(unit === 'milliseconds' ? value : value / 1000);
}

/** True for a number with which a spreadsheet writes a day, or none. */
function isSerial(value: number): boolean {
  return value === 0 || (value >= 1 && value <= latestSerial);
}

function isUsual(epochMs: number): boolean {
  return epochMs >= earliestNumberMs && epochMs <= latestNumberMs;
}

/** The day and the time of day stand in no zone: they are those of the locale. */
function ofSpreadsheet(value: number, locale: Locale): Moment | Misread | undefined {
  // Day 60 is the 29th of February 1900, which there was not.
  if (Math.floor(value) === 60) return undefined;
  const local = excelEpochMs + Math.round((value < 60 ? value + 1 : value) * dayMs);
  if (value < 1 || !isUsual(local)) return { outside: outsideOf(value, 'excel') };
  return { date: dayOf(local), epochMs: instantOf(local, locale.timezone) };
}

function outsideOf(value: number, unit: Unit | undefined): string {
  const others = (['seconds', 'milliseconds', 'microseconds'] as const).filter(
    (other) => other !== (unit ?? 'milliseconds') && isUsual(scaled(value, other)),
  );
  const [first] = others;
  const meant =
    first === undefined
      ? 'If it uses another unit, set its "unit"'
      : `If it is in ${first}, set "unit": "${first}"`;
  return `which is not a time between 1900 and 2199 when read in ${unitWords(unit)}. ${meant} in the mapping of the field or in the "locale" of the source.`;
}

function dayOf(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}

function ofIso(parts: readonly (string | undefined)[], locale: Locale): Moment | undefined {
  const [, year, month, day, hour, minute, second, fraction = ''] = parts;
  const [utc, sign, offsetHours = '0', offsetMinutes = '0'] = parts.slice(8);
  const written = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    millisecond: Number(fraction.slice(0, 3).padEnd(3, '0')),
  };
  if (utc === undefined && sign === undefined) return ofWritten(written, locale);
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return undefined;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000 * (sign === '-' ? -1 : 1);
  return ofWritten(written, locale, offset);
}

/** Undefined where there is no such day or time of day. `offsetMs`: of the text itself. */
function ofWritten(written: WrittenDate, locale: Locale, offsetMs?: number): Moment | undefined {
  const { year, month, day, hour, minute, second, millisecond } = written;
  if (!isDay(year, month, day) || hour > 23 || minute > 59 || second > 59) return undefined;
  const pad = (value: number, length = 2) => String(value).padStart(length, '0');
  const date = `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
  const local = Date.parse(`${date}T${pad(hour)}:${pad(minute)}:${pad(second)}.${pad(millisecond, 3)}Z`);
  const epochMs = offsetMs === undefined ? instantOf(local, locale.timezone) : local - offsetMs;
  return epochMs >= earliestMs && epochMs <= latestMs ? { date, epochMs } : undefined;
}

function isDay(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  if (month === 2) return day <= (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28);
  return day <= ([4, 6, 9, 11].includes(month) ? 30 : 31);
}
