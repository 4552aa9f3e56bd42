// What holds of every value: normalising and checking twice is the same as once, and what passes can be stored.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetadataDefinition, Normaliser } from '../../../src/connector.ts';
import { sourceIdOf } from '../../../src/customer/identity.ts';
import { canonicalJson, cleanJson, cleanText, sameJson } from '../../../src/customer/json.ts';
import { checkMetadata } from '../../../src/customer/metadata.ts';
import { normalise } from '../../../src/customer/normalise.ts';
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

describe.each(normalisers)('the normaliser %s', (as) => {
  it('is idempotent, and gives a value fit to be stored or a sentence fit to be stored', () => {
    fc.assert(
      fc.property(
        anyValue,
        fc.record({
          region: fc.constantFrom(undefined, 'PL', 'US'),
          separator: fc.constantFrom(undefined, ',', ' '),
        }),
        (value, options) => {
          const once = normalise(value, as, options);
          expect(cleanJson(once)).toBe(once);
          if ('value' in once) expect(normalise(once.value, as, options)).toEqual(once);
        },
      ),
      { numRuns: 3000 },
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
    fc.property(anyValue, anyDefinition, (value, definition) => {
      const once = checkMetadata(value, definition);
      expect(cleanJson(once)).toBe(once);
      if ('fault' in once) return;
      expect(checkMetadata(once.value, definition)).toEqual(once);
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
    { numRuns: 8000 },
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
    { numRuns: 5000 },
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
    { numRuns: 5000 },
  );
});

it('A source ID that was found is found again unchanged, whatever the value.', () => {
  fc.assert(
    fc.property(anyValue, fc.boolean(), (id, lowerCase) => {
      const once = sourceIdOf({ id }, 'id', { lowerCase });
      if ('value' in once) expect(sourceIdOf({ id: once.value }, 'id', { lowerCase })).toEqual(once);
    }),
    { numRuns: 5000 },
  );
});
