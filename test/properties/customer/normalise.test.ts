// What holds of every value: normalising and checking twice is the same as once, and what passes can be stored.

import { describe, expect, it } from 'vitest';
import type { Locale, MetadataDefinition, Normaliser } from '../../../src/connector.ts';
import { sourceIdOf } from '../../../src/customer/identity.ts';
import { canonicalJson, cleanJson, cleanText, sameJson } from '../../../src/customer/json.ts';
import { checkMetadata } from '../../../src/customer/metadata.ts';
import { normalise } from '../../../src/customer/normalise.ts';
import { fc, times } from '../../support/properties.ts';
import { anyJson, anyText, deepJson } from './arbitraries.ts';

const anyValue = fc.oneof({ weight: 30, arbitrary: anyJson }, { weight: 1, arbitrary: deepJson });
const normalisers: (Normaliser | 'json')[] = [
  'text',
  'email',
  'phone',
  'date',
  'datetime',
  'number',
  'boolean',
  'list',
  'json',
];

const anyLocale = fc.record({
  unit: fc.constantFrom(undefined, 'seconds', 'milliseconds', 'microseconds', 'excel'),
  decimal: fc.constantFrom(undefined, '.', ',', 'unknown'),
  dates: fc.constantFrom(undefined, 'DD.MM.YYYY', ['MMDDYYYY', 'D/M/YY HH:mm']),
  timezone: fc.constantFrom(undefined, 'Europe/Warsaw', 'America/New_York'),
  true: fc.constantFrom(undefined, ['Ja', '0']),
  false: fc.constantFrom(undefined, ['nein']),
}) as fc.Arbitrary<Locale>;

describe.each(normalisers)('the normaliser %s', (as) => {
  it('is idempotent, and gives a value fit to be stored or a sentence fit to be stored', () => {
    fc.assert(
      fc.property(
        anyValue,
        fc.record({
          region: fc.constantFrom(undefined, 'PL', 'US'),
          separator: fc.constantFrom(undefined, ',', ' '),
          phones: fc.constantFrom(undefined, 'valid', 'possible'),
          locale: anyLocale,
        }),
        (value, options) => {
          const once = normalise(value, as, options);
          expect(cleanJson(once)).toBe(once);
          if ('value' in once) expect(normalise(once.value, as, options)).toEqual(once);
        },
      ),
      { numRuns: times(600) },
    );
  });
});

const bound = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
const leaf = fc.record(
  {
    type: fc.constantFrom(
      'string',
      'number',
      'boolean',
      'date',
      'datetime',
      'image_url',
      'geopoint',
      'object',
    ),
    array: fc.boolean(),
    required: fc.boolean(),
    oneOf: fc.array(fc.constantFrom('a', 'b', 42, '1990-05-01'), { maxLength: 3 }),
    atLeast: fc.integer({ min: -5, max: 5 }),
    lessThan: fc.integer({ min: 0, max: 100 }),
    notEqual: fc.constant(42),
    minLength: fc.nat(3),
    maxLength: fc.nat(9),
  },
  { requiredKeys: ['type', 'array', 'required'], noNullPrototype: true },
) as fc.Arbitrary<MetadataDefinition>;
const anyDefinition = fc
  .tuple(leaf, bound(fc.dictionary(fc.constantFrom('a', 'b'), leaf, { noNullPrototype: true })))
  .map(([definition, properties]) => (properties ? { ...definition, properties } : definition));

it('A metadata value that passed its definition passes it again unchanged, and keeps to its constraints.', () => {
  fc.assert(
    fc.property(anyValue, anyDefinition, anyLocale, (value, definition, locale) => {
      const once = checkMetadata(value, definition, locale);
      expect(cleanJson(once)).toBe(once);
      if ('fault' in once) return;
      expect(checkMetadata(once.value, definition, locale)).toEqual(once);
      if (once.value === null) expect(definition.required).toBe(false);
      if (once.value === null) return;
      expect(Array.isArray(once.value)).toBe(definition.array);
      for (const one of definition.array ? (once.value as []) : [once.value]) {
        const type =
          { number: 'number', boolean: 'boolean', object: 'object' }[definition.type as string] ?? 'string';
        expect(typeof one).toBe(type);
        if (definition.type === 'object') continue;
        if (definition.oneOf?.length) expect(definition.oneOf).toContainEqual(one);
        if (typeof one === 'string')
          expect((one as string).length).toBeLessThanOrEqual(definition.maxLength ?? 1e9);
        if (typeof one === 'number')
          expect(one as number).toBeLessThan(definition.lessThan ?? Number.POSITIVE_INFINITY);
      }
    }),
    { numRuns: times(1_600) },
  );
});

it('Cleaning a text is idempotent and leaves it whole where it was.', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const clean = cleanText(text);
      expect(clean.isWellFormed() && !clean.includes('\0')).toBe(true);
      expect(cleanText(clean)).toBe(clean);
      if (text.isWellFormed()) expect(clean).toBe(text.replaceAll('\0', ''));
    }),
    { numRuns: times(1_000) },
  );
});

it('Two values are the same exactly where their canonical texts are.', () => {
  fc.assert(
    fc.property(anyJson, anyJson, (a, b) => {
      const [one, other] = [cleanJson(a), cleanJson(b)];
      if (one === undefined || other === undefined) return;
      expect(sameJson(one, other)).toBe(canonicalJson(one) === canonicalJson(other));
      expect(sameJson(one, JSON.parse(canonicalJson(one)))).toBe(true);
    }),
    { numRuns: times(1_000) },
  );
});

it('A source ID that was found is found again unchanged, whatever the value.', () => {
  fc.assert(
    fc.property(anyValue, fc.boolean(), (id, lowerCase) => {
      const once = sourceIdOf({ id }, 'id', { lowerCase });
      if ('value' in once) expect(sourceIdOf({ id: once.value }, 'id', { lowerCase })).toEqual(once);
    }),
    { numRuns: times(1_000) },
  );
});

describe('what a locale writes', () => {
  it.each(['de-DE', 'fr-FR', 'de-CH', 'en-US', 'pl-PL'])('is read back: numbers of %s', (language) => {
    const format = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });
    const decimal = format.formatToParts(1.5).find(({ type }) => type === 'decimal')!.value as '.' | ',';
    const thousandths = fc.integer({ min: -(10 ** 14), max: 10 ** 14 });
    fc.assert(
      fc.property(thousandths, (value) => {
        const number = value / 1000;
        expect(normalise(format.format(number), 'number', { locale: { decimal } })).toEqual({
          value: number + 0,
        });
      }),
      { numRuns: times(400) },
    );
  });

  it.each(['DD.MM.YYYY', 'MM/DD/YYYY', 'YYYYMMDD', 'DDMMYYYY', 'YYYY.MM.DD'])(
    'is read back: dates as %s',
    (dates) => {
      const days = fc.date({
        min: new Date('1900-01-01'),
        max: new Date('2199-12-31'),
        noInvalidDate: true,
      });
      fc.assert(
        fc.property(days, (date) => {
          const written = date.toISOString().slice(0, 10);
          const [year, month, day] = written.split('-') as [string, string, string];
          const text = dates.replace('YYYY', year).replace('MM', month).replace('DD', day);
          expect(normalise(text, 'date', { locale: { dates } })).toEqual({ value: written });
          expect(checkMetadata(text, { type: 'date', array: false, required: true }, { dates })).toEqual({
            value: written,
          });
        }),
        { numRuns: times(400) },
      );
    },
  );

  it.each(['Europe/Warsaw', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'])(
    'is read back: times of %s, save those that clocks show twice',
    (timezone) => {
      const format = new Intl.DateTimeFormat('sv-SE', {
        timeZone: timezone,
        dateStyle: 'short',
        timeStyle: 'medium',
      });
      const seconds = fc.integer({ min: 0, max: 4_000_000_000 });
      fc.assert(
        fc.property(seconds, (second) => {
          const text = format.format(second * 1000);
          const read = normalise(text, 'datetime', { locale: { timezone } }) as { value: string };
          expect(format.format(Date.parse(read.value))).toBe(text);
        }),
        { numRuns: times(400) },
      );
    },
  );

  it.each(['seconds', 'milliseconds', 'microseconds'] as const)('is read back: moments in %s', (unit) => {
    const perSecond = { seconds: 1, milliseconds: 1e3, microseconds: 1e6 }[unit];
    fc.assert(
      fc.property(fc.integer({ min: -2_208_988_800, max: 7_258_118_399 }), fc.boolean(), (second, asText) => {
        const value = second * perSecond;
        fc.pre(!asText || !/^(19|20)\d\d(\d{4})?$/.test(String(value)));
        fc.pre(!/^(19|20)\d\d$/.test(String(value)));
        const read = normalise(asText ? String(value) : value, 'datetime', { locale: { unit } });
        expect(read).toEqual({ value: new Date(second * 1000).toISOString() });
      }),
      { numRuns: times(400) },
    );
  });
});

it('An e-mail address that was read is read again unchanged, whatever surrounds it.', () => {
  const dirt = fc.array(
    fc.constantFrom(' ', ';', ',', '.', '\u200b', '\ufeff', '<', '>', '"', 'mailto:', '\u00a0'),
    {
      maxLength: 4,
    },
  );
  fc.assert(
    fc.property(dirt, dirt, fc.emailAddress(), (before, after, address) => {
      const email = normalise(`${before.join('')}${address}${after.join('')}`, 'email');
      if ('value' in email && email.value !== null) expect(normalise(email.value, 'email')).toEqual(email);
    }),
    { numRuns: times(600) },
  );
});
