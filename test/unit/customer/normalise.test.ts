// What each normaliser makes of what vendors send.
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/connector.ts';
import {
  defaultNormaliser,
  type NormaliserOptions,
  normalise,
  type Reading,
} from '../../../src/customer/normalise.ts';

const normal = (value: Json, as: Reading, options?: NormaliserOptions) => {
  const checked = normalise(value, as, options);
  return 'value' in checked ? checked.value : `FAULT ${checked.fault}`;
};

it('An empty text is null for every normaliser, and null stays null.', () => {
  for (const as of [
    'text',
    'email',
    'phone',
    'date',
    'datetime',
    'number',
    'boolean',
    'list',
    'json',
  ] as const) {
    for (const empty of ['', '  \t', '\0', '\ud800', null]) expect(normal(empty, as)).toBeNull();
  }
});

describe('text', () => {
  it.each([
    ['  Anna\0 ', 'Anna'],
    [30001, '30001'],
    [true, 'true'],
  ])('makes of %j %j', (value, text) => {
    expect(normal(value, 'text')).toBe(text);
  });

  it('refuses lists and objects', () => {
    expect(normal(['a'], 'text')).toBe('FAULT Found ["a"], where a text is allowed.');
    expect(normal({ a: 1 }, 'text')).toMatch(/^FAULT/);
  });
});

describe('email', () => {
  it('is trimmed and in lower case', () => {
    expect(normal(' Anna.Nowak@Example.COM ', 'email')).toBe('anna.nowak@example.com');
  });

  it.each(['n/a', 'a@b@c', 'anna nowak@example.com', '@', 5, ['a@b.c']])('refuses %j', (value) => {
    expect(normal(value, 'email')).toMatch(/an e-mail address is allowed\.$/);
  });
});

describe('phone', () => {
  it.each([
    ['+48 600-100-200', undefined, '+48600100200'],
    ['600 100 200', 'PL', '+48600100200'],
    ['0048 600 100 200', undefined, '+48600100200'],
    ['0048 600 100 200', 'PL', '+48600100200'],
    ['(415) 555-2671', 'US', '+14155552671'],
    ['+44 20 7946 0958', 'PL', '+442079460958'],
    [600100200, 'PL', '+48600100200'],
  ])('makes of %j in %s %s', (value, region, number) => {
    expect(normal(value, 'phone', { region })).toBe(number);
  });

  it('refuses what is no number, and says what a number without a country code wants', () => {
    expect(normal('ask reception', 'phone')).toBe(
      'FAULT Found "ask reception", where a phone number with its country code (or a "region" in the mapping) is allowed.',
    );
    expect(normal('600 100 200', 'phone')).toMatch(/^FAULT/);
    expect(normal('12', 'phone', { region: 'PL' })).toMatch(
      /a phone number of PL or one with its country code/,
    );
    expect(normal(true, 'phone')).toMatch(/^FAULT/);
  });
});

describe('date', () => {
  it.each([
    ['1990-05-01', '1990-05-01'],
    ['1990-05-01T10:20:30.123Z', '1990-05-01'],
    ['2020-02-29', '2020-02-29'],
    [641520000000, '1990-05-01'],
    ['641520000000', '1990-05-01'],
    ['-86400000', '1969-12-31'],
    ['0', '1970-01-01'],
    ['19900501', '1990-05-01'],
    ['86400000', '1970-01-02'],
    ['0001-01-01T00:00:00Z', '0001-01-01'],
  ])('makes of %j %s', (value, date) => {
    expect(normal(value, 'date')).toBe(date);
  });

  it('keeps the day as it was written, whatever the offset: a birthday does not move', () => {
    expect(normal('1990-05-01T00:00:00+02:00', 'date')).toBe('1990-05-01');
    expect(normal('1990-05-01T23:30:00-05:00', 'date')).toBe('1990-05-01');
  });

  it.each(['2021-02-29', '1990-13-01', '0000-00-00', '01/05/1990', '1990', 1990, 'yesterday', true, []])(
    'refuses %j',
    (value) => {
      expect(normal(value, 'date')).toMatch(
        /a date \(YYYY-MM-DD, ISO 8601, milliseconds since 1970 or a format declared in "dates"\) is allowed\.$/,
      );
    },
  );
});

describe('datetime', () => {
  it.each([
    ['2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02T03:04:05.678912+0130', '2026-01-02T01:34:05.678Z'],
    ['2026-01-02T03:04-05', '2026-01-02T08:04:00.000Z'],
    ['2026-01-02 03:04:05', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02 03:04:05 UTC', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02', '2026-01-02T00:00:00.000Z'],
    [1767322800000, '2026-01-02T03:00:00.000Z'],
    [1767322800000.5, '2026-01-02T03:00:00.000Z'],
  ])('makes of %j %s', (value, time) => {
    expect(normal(value, 'datetime')).toBe(time);
  });

  it.each([
    '2026-01-02T25:00:00Z',
    '2026-01-02T10:60',
    '2026-01-02T10:00:00+99:00',
    '0001-01-01T00:00:00+01:00',
    1e17,
    'now',
  ])('refuses %j', (value) => {
    expect(normal(value, 'datetime')).toMatch(/^FAULT/);
  });
});

describe('number', () => {
  it.each([
    ['42', 42],
    [' -1.50 ', -1.5],
    ['1e3', 1000],
    ['.5', 0.5],
    [7, 7],
  ])('makes of %j %d', (value, number) => {
    expect(normal(value, 'number')).toBe(number);
  });

  it.each(['1,234.5', '12 PLN', '0x10', 'Infinity', '1e999', true, [1]])('refuses %j', (value) => {
    expect(normal(value, 'number')).toMatch(/^FAULT/);
  });

  it('refuses digits that a number cannot hold, rather than change them', () => {
    expect(normal('12345678901234567890', 'number')).toMatch(/a number of at most 9007199254740991/);
  });
});

it('boolean reads true and false, yes and no, 1 and 0, in any case, and nothing else.', () => {
  expect(['TRUE', ' yes ', 'Y', '1', 1, true].map((value) => normal(value, 'boolean'))).toEqual(
    Array(6).fill(true),
  );
  expect(['False', 'NO', 'n', '0', 0, false].map((value) => normal(value, 'boolean'))).toEqual(
    Array(6).fill(false),
  );
  for (const value of ['maybe', 2, [true]]) expect(normal(value, 'boolean')).toMatch(/^FAULT/);
});

describe('list', () => {
  it('splits a text at the separator, trims the elements and leaves empty ones out', () => {
    expect(normal('a; b;;c ', 'list')).toEqual(['a', 'b', 'c']);
    expect(normal('a, b;c', 'list', { separator: ',' })).toEqual(['a', 'b;c']);
    expect(normal(' ; ', 'list')).toBeNull();
  });

  it('keeps a list as a list, an empty one too, and makes one of a single value', () => {
    expect(normal([' a ', null, '', 1, { b: 'c' }], 'list')).toEqual(['a', 1, { b: 'c' }]);
    expect(normal([], 'list')).toEqual([]);
    expect(normal(5, 'list')).toEqual([5]);
    expect(normal({ a: 1 }, 'list')).toMatch(/^FAULT/);
  });
});

it('Metadata keeps its JSON type where nothing else is asked; email, birthdate, phone and postal code have their own normaliser; the rest is text.', () => {
  expect(
    ['email', 'birthdate', 'phone', 'address.postal_code', 'address.city', 'metadata.x'].map(
      defaultNormaliser,
    ),
  ).toEqual(['email', 'date', 'written phone', 'postal code', 'text', 'json']);
  expect(normal({ a: [1, true, ' x\0 '] }, 'json')).toEqual({ a: [1, true, ' x '] });
  expect(normal(' x ', 'json')).toBe('x');
});

it('A postal code that a spreadsheet took for a number loses its decimals, and is refused where digits are in doubt.', () => {
  expect(normal('90210.0', 'postal code')).toBe('90210');
  for (const kept of ['08901', '00-950', 'SW1A 1AA', '12.345-678', '1010 AB'])
    expect(normal(kept, 'postal code')).toBe(kept);
  for (const damaged of ['8,901', '1’001', '9.02E+04'])
    expect(normal(damaged, 'postal code')).toMatch(/^FAULT/);
});
