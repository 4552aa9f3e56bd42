// What a definition makes of a value, and the sentence in which it refuses one.
import { describe, expect, it } from 'vitest';
import type { Json, MetadataDefinition } from '../../../src/connector.ts';
import { checkMetadata } from '../../../src/customer/metadata.ts';

const check = (
  value: Json,
  definition: Partial<MetadataDefinition> & { type: MetadataDefinition['type'] },
) => {
  const checked = checkMetadata(value, { array: false, required: false, ...definition });
  return 'value' in checked ? checked.value : `FAULT ${checked.fault}`;
};

const booleans = 'true or false, or a word that the "locale" of the source declares as "true" or "false",';

describe('a single value', () => {
  it.each<[Json, MetadataDefinition['type'], Json]>([
    [' gold ', 'string', 'gold'],
    [42, 'string', '42'],
    ['42', 'number', 42],
    ['-1.5', 'number', -1.5],
    [' TRUE ', 'boolean', true],
    ['false', 'boolean', false],
    ['641520000000', 'date', '1990-05-01'],
    ['2026-01-02T03:04:05+01:00', 'datetime', '2026-01-02T02:04:05.000Z'],
    [' https://example.com/a.png ', 'image_url', 'https://example.com/a.png'],
    ['50.06,19.94', 'geopoint', '50.06, 19.94'],
    ['-90, 180', 'geopoint', '-90, 180'],
    [{ a: [1] }, 'object', { a: [1] }],
    ['{"a":1}', 'object', { a: 1 }],
    ['', 'number', null],
    [null, 'object', null],
  ])('%j as %s is %j', (value, type, result) => {
    expect(check(value, { type })).toEqual(result);
  });

  it.each<[Json, MetadataDefinition['type'], string]>([
    [['a'], 'string', 'Found ["a"], where a text is allowed.'],
    ['many', 'number', 'Found "many", where a number is allowed.'],
    ['yes', 'boolean', `Found "yes", where ${booleans} is allowed.`],
    [1, 'boolean', `Found 1, where ${booleans} is allowed.`],
    [
      '01/02/2026',
      'date',
      'Found "01/02/2026", where a date (YYYY-MM-DD, ISO 8601, milliseconds since 1970 or a format declared in "dates") is allowed.',
    ],
    ['soon', 'datetime', 'Found "soon", where a time (ISO 8601) is allowed.'],
    [
      'ftp://x/a.png',
      'image_url',
      'Found "ftp://x/a.png", where an http or https address of an image is allowed.',
    ],
    ['https://', 'image_url', 'Found "https://", where an http or https address of an image is allowed.'],
    ['91, 0', 'geopoint', 'Found "91, 0", where a geopoint ("latitude, longitude") is allowed.'],
    ['0, 181', 'geopoint', 'Found "0, 181", where a geopoint ("latitude, longitude") is allowed.'],
    ['text', 'object', 'Found "text", where an object is allowed.'],
    ['[1]', 'object', 'Found "[1]", where an object is allowed.'],
  ])('%j as %s is refused', (value, type, sentence) => {
    expect(check(value, { type })).toBe(`FAULT ${sentence}`);
  });

  it('is refused where it is empty but required', () => {
    for (const value of [null, ' ']) {
      expect(check(value, { type: 'string', required: true })).toBe(
        'FAULT Found no value, where a text is required.',
      );
    }
    expect(check(0, { type: 'number', required: true })).toBe(0);
    expect(check(false, { type: 'boolean', required: true })).toBe(false);
  });
});

describe('a constraint', () => {
  it.each<[Partial<MetadataDefinition>, Json, Json, string]>([
    [{ type: 'number', atLeast: 1 }, '1', 0.5, 'a number of at least 1'],
    [{ type: 'number', moreThan: 1 }, 2, 1, 'a number of more than 1'],
    [{ type: 'number', atMost: 1 }, 1, 2, 'a number of at most 1'],
    [{ type: 'number', lessThan: 1 }, 0, 1, 'a number of less than 1'],
    [{ type: 'number', notEqual: 0 }, 1, 0, 'a number of other than 0'],
    [{ type: 'number', oneOf: [1, 2] }, '2', 3, 'a number out of 1, 2'],
    [{ type: 'number', noneOf: [1, 2] }, '3', 2, 'a number but 1, 2'],
    [{ type: 'string', noneOf: ['n/a'] }, 'gold', 'n/a', 'a text but "n/a"'],
    [{ type: 'string', minLength: 2 }, 'ab', 'a', 'a text of at least 2 characters'],
    [{ type: 'string', maxLength: 2 }, 'ab', 'abc', 'a text of at most 2 characters'],
    [{ type: 'string', exactLength: 2 }, 'ab', 'a', 'a text of exactly 2 characters'],
    [{ type: 'string', oneOf: ['gold', 'tin'] }, 'gold', 'Gold', 'a text out of "gold", "tin"'],
    [{ type: 'number', atLeast: 1, lessThan: 9 }, 5, 9, 'a number of at least 1 and less than 9'],
    [{ type: 'string', oneOf: [] }, 'anything', [], 'a text'],
  ])('%j lets one value pass and refuses the other', (definition, good, bad, allowed) => {
    const whole = { array: false, required: false, ...definition } as MetadataDefinition;
    expect(checkMetadata(good, whole)).toHaveProperty('value');
    expect(checkMetadata(bad, whole)).toEqual({
      fault: `Found ${JSON.stringify(bad)}, where ${allowed} is allowed.`,
    });
  });
});

describe('a list', () => {
  it.each<[Json, MetadataDefinition['type'], Json]>([
    ['a;b, c', 'string', ['a', 'b, c']],
    ['a, b', 'string', ['a', 'b']],
    ['["a,b", 1]', 'string', ['a,b', '1']],
    ['[draft], final', 'string', ['[draft]', 'final']],
    ['1;2;', 'number', [1, 2]],
    [5, 'number', [5]],
    [['1', 2, null, ''], 'number', [1, 2]],
    ['true,false', 'boolean', [true, false]],
    ['50,19;51, 20', 'geopoint', ['50, 19', '51, 20']],
    ['https://a/x;y,z.png,https://b/c.png', 'image_url', ['https://a/x;y,z.png', 'https://b/c.png']],
    [[{ a: 1 }], 'object', [{ a: 1 }]],
    [{ a: 1 }, 'object', [{ a: 1 }]],
    [[], 'string', []],
    ['', 'string', null],
  ])('of %j as %s is %j', (value, type, result) => {
    expect(check(value, { type, array: true })).toEqual(result);
  });

  it('is refused by the first element that fails', () => {
    expect(check('1;x', { type: 'number', array: true })).toBe(
      'FAULT Element 2 of the list: Found "x", where a number is allowed.',
    );
    expect(check([['a']], { type: 'string', array: true })).toMatch(/^FAULT Element 1/);
  });
});

describe('an object with definitions', () => {
  const size: MetadataDefinition = { type: 'number', array: false, required: true };
  const inner: MetadataDefinition = { type: 'object', array: false, required: false };
  const definition = { type: 'object' as const, properties: { size, inner } };

  it('has its own keys coerced and the others kept', () => {
    expect(check({ size: '5', colour: 'red' }, definition)).toEqual({ size: 5, colour: 'red' });
  });

  it('is refused for a key that fails, lacks or nests a level too deep', () => {
    expect(check({ size: 'big' }, definition)).toBe(
      'FAULT In "size": Found "big", where a number is allowed.',
    );
    expect(check({}, definition)).toBe('FAULT In "size": Found no value, where a number is required.');
    expect(check({ size: null }, definition)).toBe(
      'FAULT In "size": Found no value, where a number is required.',
    );
    expect(check({ size: 1, inner: {} }, definition)).toBe(
      'FAULT In "inner": an object within an object is not allowed.',
    );
  });
});
