// Moments by unit, form and zone.
import { describe, expect, it } from 'vitest';
import { dateFormFault } from '../../../src/connector/date-form.ts';
import type { Locale } from '../../../src/connector/locale.ts';
import { readMoment } from '../../../src/connector/moment.ts';

const read = (value: unknown, locale?: Locale) => {
  const moment = readMoment(value, locale);
  if (moment === undefined) return undefined;
  return 'outside' in moment ? moment.outside : `${moment.date} ${new Date(moment.epochMs).toISOString()}`;
};
const time = (value: unknown, locale?: Locale) => read(value, locale)?.slice(11);
const day = (value: unknown, locale?: Locale) => read(value, locale)?.slice(0, 10);

describe('a number', () => {
  it.each<[unknown, Locale['unit'], string]>([
    [636508800, 'seconds', '1990-03-04T00:00:00.000Z'],
    ['636508800', 'seconds', '1990-03-04T00:00:00.000Z'],
    ['636508800.25', 'seconds', '1990-03-04T00:00:00.250Z'],
    [1580428800.123, 'seconds', '2020-01-31T00:00:00.123Z'],
    [-315619200, 'seconds', '1960-01-01T00:00:00.000Z'],
    [0, 'seconds', '1970-01-01T00:00:00.000Z'],
    [94694400000, 'milliseconds', '1973-01-01T00:00:00.000Z'],
    [636508800, 'milliseconds', '1970-01-08T08:48:28.800Z'],
    [-86400000, undefined, '1969-12-31T00:00:00.000Z'],
    [1580428800000000, 'microseconds', '2020-01-31T00:00:00.000Z'],
    ['-1', 'microseconds', '1969-12-31T23:59:59.999Z'],
    [1, 'excel', '1900-01-01T00:00:00.000Z'],
    [59, 'excel', '1900-02-28T00:00:00.000Z'],
    [61, 'excel', '1900-03-01T00:00:00.000Z'],
    ['44927.5', 'excel', '2023-01-01T12:00:00.000Z'],
    [44927.524537037039, 'excel', '2023-01-01T12:35:20.000Z'],
  ])('%j in %s is %s', (value, unit, at) => {
    expect(time(value, { unit })).toBe(at);
  });

  it('that is not a time between 1900 and 2199 is told with the unit it was read in, and the one probably meant', () => {
    const told = (value: unknown, unit: Locale['unit']) => read(value, { unit });
    expect(told(1580428800000, 'seconds')).toMatch(
      /read in seconds since 1970\. If it is in milliseconds, set "unit"/,
    );
    expect(told('1580428800000000', 'milliseconds')).toMatch(/read in milliseconds .* is in microseconds/);
    expect(told('1580428800000000000', undefined)).toMatch(/read in milliseconds .* set its "unit"/);
    expect(told(99999999, 'excel')).toMatch(/days as a spreadsheet counts them/);
    expect(told(60, 'excel')).toBeUndefined();
  });

  it('is none where it is a year alone, is written in scientific notation or is not finite', () => {
    for (const value of [1990, '1990', '1.58E+09', Number.NaN, Number.POSITIVE_INFINITY, '1 580 428 800'])
      expect(read(value, { unit: 'seconds' })).toBeUndefined();
  });

  it('written like a date is one as a text, and as a number only where no unit is declared', () => {
    expect(day('20220311', { unit: 'seconds' })).toBe('2022-03-11');
    expect(day('20220311')).toBe('2022-03-11');
    expect(day(20220311)).toBe('2022-03-11');
    expect(day(20220311, { unit: 'seconds' })).toBe('1970-08-23');
  });
});

describe('a time as .NET and OData write it', () => {
  it.each([
    ['/Date(1735603200000)/', '2024-12-31 2024-12-31T00:00:00.000Z'],
    ['/Date(-315619200000)/', '1960-01-01 1960-01-01T00:00:00.000Z'],
    ['/Date(1735603200000-0500)/', '2024-12-30 2024-12-31T00:00:00.000Z'],
    ['/Date(346633200000+0100)/', '1980-12-26 1980-12-25T23:00:00.000Z'],
  ])('counts milliseconds whatever the unit is: %s', (text, found) => {
    for (const unit of [undefined, 'seconds', 'excel', 'unknown'] as const)
      expect(String(read(text, { unit }))).toBe(found);
  });

  it.each(['/Date(-62135596800000)/', '/Date()/', '/Date(x)/', 'Date(1735603200000)'])(
    'is none where it stands for none, or is not whole: %s',
    (text) => {
      expect(read(text)).toBeUndefined();
    },
  );
});

describe('a declared form', () => {
  it.each<[string, string | string[], string]>([
    ['31.12.1979', 'DD.MM.YYYY', '1979-12-31 1979-12-31T00:00:00.000Z'],
    ['1.2.1980', 'DD.MM.YYYY', '1980-02-01 1980-02-01T00:00:00.000Z'],
    ['01.02.1980 15:04', 'DD.MM.YYYY', '1980-02-01 1980-02-01T15:04:00.000Z'],
    ['01.02.1980, 15:04:05', 'DD.MM.YYYY', '1980-02-01 1980-02-01T15:04:05.000Z'],
    ['2/1/1980', 'M/D/YYYY', '1980-02-01 1980-02-01T00:00:00.000Z'],
    ['02/01/1980 12:05 am', 'MM/DD/YYYY hh:mm A', '1980-02-01 1980-02-01T00:05:00.000Z'],
    ['02/01/1980 3:05 PM', 'MM/DD/YYYY h:mm A', '1980-02-01 1980-02-01T15:05:00.000Z'],
    ['20121012', 'DDMMYYYY', '1012-12-20 1012-12-20T00:00:00.000Z'],
    ['20102012', 'DDMMYYYY', '2012-10-20 2012-10-20T00:00:00.000Z'],
    ['31-12-79', 'DD-MM-YY', '1979-12-31 1979-12-31T00:00:00.000Z'],
    ['31-12-29', 'DD-MM-YY', '2029-12-31 2029-12-31T00:00:00.000Z'],
    ['2020年1月2日', 'YYYY年M月D日', '2020-01-02 2020-01-02T00:00:00.000Z'],
    ['1. 2. 1980', 'D. M. YYYY', '1980-02-01 1980-02-01T00:00:00.000Z'],
    ['1980-02-01', 'DD.MM.YYYY', '1980-02-01 1980-02-01T00:00:00.000Z'],
    ['31-DEC-79', 'DD-MMM-YY', '1979-12-31 1979-12-31T00:00:00.000Z'],
    ['31DEC2024', 'DDMMMYYYY', '2024-12-31 2024-12-31T00:00:00.000Z'],
    ['Dec 31, 2024 3:05 PM', 'MMM D, YYYY h:mm A', '2024-12-31 2024-12-31T15:05:00.000Z'],
    ['September 1, 2024', 'MMMM D, YYYY', '2024-09-01 2024-09-01T00:00:00.000Z'],
    ['31 déc. 2024', 'D MMM YYYY', '2024-12-31 2024-12-31T00:00:00.000Z'],
    ['1. März 2024', 'D. MMMM YYYY', '2024-03-01 2024-03-01T00:00:00.000Z'],
    ['1. Marz 2024', 'D. MMM YYYY', '2024-03-01 2024-03-01T00:00:00.000Z'],
    ['3 października 2024', 'D MMMM YYYY', '2024-10-03 2024-10-03T00:00:00.000Z'],
    ['3-ene-2024', 'DD-MMM-YYYY', '2024-01-03 2024-01-03T00:00:00.000Z'],
    ['31 dicembre 2024', 'D MMMM YYYY', '2024-12-31 2024-12-31T00:00:00.000Z'],
    ['5 mrt. 2024', 'D MMM YYYY', '2024-03-05 2024-03-05T00:00:00.000Z'],
    ['31 Dez 2024', ['D MMM YYYY', 'DD.MM.YYYY'], '2024-12-31 2024-12-31T00:00:00.000Z'],
    ['31-12-2024', 'DD-MMM-YYYY', 'undefined'],
    ['31-Foo-2024', 'DD-MMM-YYYY', 'undefined'],
    ['30-Feb-2024', 'DD-MMM-YYYY', 'undefined'],
    ['31.12.1979', ['MM/DD/YYYY', 'DD.MM.YYYY'], '1979-12-31 1979-12-31T00:00:00.000Z'],
    ['31.02.1980', 'DD.MM.YYYY', 'undefined'],
    ['12/31/1979', 'DD/MM/YYYY', 'undefined'],
    ['31.12.1979 25:00', 'DD.MM.YYYY', 'undefined'],
    ['02/01/1980 13:05 PM', 'MM/DD/YYYY hh:mm A', 'undefined'],
  ])('reads %j in %j as %s', (text, dates, found) => {
    expect(String(read(text, { dates }))).toBe(found);
  });

  it('is never guessed', () => {
    expect(read('01/02/2026')).toBeUndefined();
    expect(read('01.02.2026')).toBeUndefined();
  });

  it.each([
    'DD.MM',
    'YYYY',
    'DD.MM.YYYY HH',
    'day month',
    'DD.MM.YYYY DD',
    'hh:mm',
    'MM/DD/YYYY hh:mm',
    '',
    'DD.MMMMM.YYYY',
  ])('is refused where it is none: %j', (form) => {
    expect(dateFormFault(form)).toMatch(/is not a date format/);
  });
});

describe('a zone', () => {
  const warsaw = { timezone: 'Europe/Warsaw' };

  it.each<[string, string]>([
    ['2026-01-02 03:04', '2026-01-02T02:04:00.000Z'],
    ['2026-07-02 03:04', '2026-07-02T01:04:00.000Z'],
    ['2026-01-02T03:04:00Z', '2026-01-02T03:04:00.000Z'],
    ['2026-01-02T03:04:00+05:00', '2026-01-01T22:04:00.000Z'],
    // Skipped in spring, and shown twice in autumn.
    ['2026-03-29 02:30', '2026-03-29T01:30:00.000Z'],
    ['2026-10-25 02:30', '2026-10-25T00:30:00.000Z'],
    ['2026-10-25 03:30', '2026-10-25T02:30:00.000Z'],
  ])('takes %s as %s', (text, at) => {
    expect(time(text, warsaw)).toBe(at);
  });

  it('moves no day and no number', () => {
    expect(day('2026-01-02 00:30', warsaw)).toBe('2026-01-02');
    expect(read(1767225600, { ...warsaw, unit: 'seconds' })).toBe('2026-01-01 2026-01-01T00:00:00.000Z');
    expect(read(44927, { ...warsaw, unit: 'excel' })).toBe('2023-01-01 2022-12-31T23:00:00.000Z');
    expect(day('0001-01-01', warsaw)).toBe('0001-01-01');
  });
});
