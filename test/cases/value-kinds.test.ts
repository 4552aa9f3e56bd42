// Further inputs of the kinds of values.test.ts: what stands for nobody, what a spreadsheet has changed, and what may mean two
// things.
import { describe, expect, it } from 'vitest';
import { csv } from '../../connectors/csv.ts';
import type { Locale } from '../../src/connector.ts';
import { sourceIdOf } from '../../src/customer/identity.ts';
import { localeFaults } from '../../src/customer/mapping.ts';
import { defaultNormaliser, normalise } from '../../src/customer/normalise.ts';

/** As a file is read whose source declares nothing. */
const undeclared: Locale = { unit: csv.source!.timeUnit as 'unknown', decimal: csv.source!.decimal };

describe('what identifies nobody', () => {
  it.each([
    'null',
    '{{ person.id }}',
    "{{ customer.id | default('') }}",
    '{% if person.id %}',
    '*|EUID|*',
    '%%subscriberkey%%',
    '$' + '{user.id}',
    'NULL',
    'undefined',
    'None',
    'n/a',
    'N/A',
    '-',
    '?',
    'unknown',
    '(blank)',
    '[object Object]',
  ])('is no source ID, at any source: %s', (id) => {
    expect(sourceIdOf({ id }, 'id')).toEqual({
      fault: `The source ID is "${id}", which stands for a missing value: give the record an ID of its own, or name another property as the source's "sourceId".`,
    });
  });

  it.each(['0', 'NA', 'Nullman', 'n-1', 'unknown-7', '5-', '★', '{a}', '{7F-1}', '$5', '100%'])(
    'a short ID stays one: %s',
    (id) => {
      expect(sourceIdOf({ id }, 'id')).toEqual({ value: id });
    },
  );
});

describe('17-email-leftovers: an address that is the source ID', () => {
  it.each([
    'ann@example.test.',
    '<ann@example.test>',
    'mailto:ann@example.test',
    'Ann Lee <Ann@Example.test>',
    ' ann@example.test; ',
  ])('is the address alone: %s', (email) => {
    expect(sourceIdOf({ email }, 'email')).toEqual({ value: 'ann@example.test' });
  });

  it('keeps its letter case where that is asked for', () => {
    expect(sourceIdOf({ Email: 'Ann Lee <Ann@Example.test>' }, 'Email', { lowerCase: false })).toEqual({
      value: 'Ann@Example.test',
    });
    // In lower case this name is one character longer.
    expect(sourceIdOf({ Email: 'İpek <Ann@Example.test>' }, 'Email', { lowerCase: false })).toEqual({
      value: 'Ann@Example.test',
    });
  });

  it('is one, and what is no address stays as it is', () => {
    expect(sourceIdOf({ email: 'ann@example.test; bo@example.test' }, 'email')).toMatchObject({
      fault: expect.stringContaining('several'),
    });
    expect(sourceIdOf({ email: 'ann@localhost' }, 'email')).toEqual({ value: 'ann@localhost' });
    expect(sourceIdOf({ email_hash: 'AB12' }, 'email_hash')).toEqual({ value: 'ab12' });
    expect(sourceIdOf({ id: '<x@y.test>' }, 'id')).toEqual({ value: '<x@y.test>' });
  });

  it('a domain does not end in an underscore', () => {
    expect(normalise('ann@example.test_', 'email')).toHaveProperty('fault');
  });
});

describe('18-phone-with-decimals: a number that is only possible', () => {
  it.each([
    ['491701234567', 'DE', '+491701234567'],
    ['491701234567.0', 'DE', '+491701234567'],
    ['49 (170) 1234567', 'DE', '+491701234567'],
    ['436641234567', 'AT', '+436641234567'],
    ['48600100200', 'PL', '+48600100200'],
    ['36312345', 'HU', '+3636312345'],
    ['0491 12345', 'DE', '+4949112345'],
    ['390 612 3456', 'IT', '+393906123456'],
    ['3906123456', 'IT', '+393906123456'],
    ['5530031234', 'BR', '+555530031234'],
  ])('%s of %s is %s', (text, region, number) => {
    expect(normalise(text, 'phone', { region })).toEqual({ value: number });
  });

  it('without a mapping it is sent as it was written, though not as a spreadsheet has damaged it', () => {
    const as = defaultNormaliser('phone');
    expect(normalise('0170 / 1234567', as)).toEqual({ value: '0170 / 1234567' });
    expect(normalise('491701234567.0', as)).toEqual({ value: '491701234567' });
    expect(normalise(null, as)).toEqual({ value: null });
    for (const damaged of ['4.91701E+11', '4,91701E+11'])
      expect(normalise(damaged, as)).toHaveProperty('fault');
  });
});

describe('21-locale-numbers-and-dates: what may be either', () => {
  it.each(['33000', '33000.5', '44197', '0', '1'])(
    'a day of a spreadsheet is no second of 1970: %s',
    (text) => {
      expect(normalise(text, 'date', { locale: undeclared })).toEqual({
        fault: expect.stringMatching(/may count days.*Set "unit" to "excel" or "seconds"/),
      });
      expect(normalise(text, 'date', { locale: { unit: 'seconds' } })).toHaveProperty('value');
    },
  );

  it('Unix times of a file are seconds, and others say their unit', () => {
    expect(normalise('632016000', 'date', { locale: undeclared })).toEqual({ value: '1990-01-11' });
    expect(normalise('-100', 'date', { locale: undeclared })).toEqual({ value: '1969-12-31' });
    expect(normalise('632016000000', 'date', { locale: undeclared })).toEqual({
      fault: expect.stringContaining('set "unit": "milliseconds"'),
    });
  });

  it('16-ids-in-scientific-notation: a number that a spreadsheet has shortened is refused, one of a program is not', () => {
    for (const decimal of ['unknown', ',', '.'] as const) {
      expect(normalise('1.23457E+11', 'number', { locale: { decimal } })).toHaveProperty('fault');
      expect(normalise('1e3', 'number', { locale: { decimal } })).toEqual({ value: 1000 });
    }
  });

  it('two formats that swap day and month cannot both be declared', () => {
    expect(localeFaults({ dates: ['DD/MM/YYYY', 'YYYY/MM/DD', 'MM/DD/YYYY'] })).toEqual([
      { part: 'dates', reason: expect.stringContaining('"DD/MM/YYYY" and "MM/DD/YYYY" read one text') },
    ]);
    expect(localeFaults({ dates: ['DD.MM.YYYY', 'MM/DD/YYYY', 'DD.MM.YY'] })).toEqual([]);
  });
});
