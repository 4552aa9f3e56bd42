// Values that vendors send and values that nobody should: the raw material of the properties.

import type { Json, JsonObject } from '../../../src/connector.ts';
import { fc } from '../../support/properties.ts';

const character = fc.constantFrom(
  ...'aZ09 .,;@+-:/"\\[]{}',
  '\0',
  '\n',
  '\ud83d',
  '\ude00',
  '😀',
  'İ',
  'ß',
  '\u00a0',
);

/** Texts with NUL characters, lone surrogates and blanks, and texts that look like dates, numbers and phones. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.array(character, { maxLength: 12 }).map((characters) => characters.join('')),
  fc.constantFrom(
    '',
    ' ',
    '42',
    '-1.5',
    'TRUE',
    'no',
    'a;b',
    'a, b',
    '[1,"2"]',
    '{"a":1}',
    '1990-05-01',
    '50.1, 19.9',
  ),
  fc.constantFrom(
    '2026-01-02T03:04:05+02:00',
    '641520000000',
    '19900501',
    ' A@B.C ',
    '+48 600 100 200',
    '0048600100200',
  ),
  fc.constantFrom('600 100 200', 'https://a.b/c.png', '__proto__', '12345678901234567890', '9'.repeat(30)),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.integer().map(String),
);

const anyNumber = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constant(-0),
);

export const anyJson: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyText,
    anyNumber,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(anyText, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

/** A value so deep that a careless recursion overflows the stack. */
export const deepJson: fc.Arbitrary<Json> = fc
  .tuple(fc.constantFrom(20, 40, 50_000), fc.boolean(), anyText)
  .map(([levels, isList, core]) => {
    let value: Json = core;
    for (let level = 0; level < levels; level++) value = isList ? [value] : { b: value };
    return value;
  });

/** Bodies whose keys the mappings of the properties read. */
export const anyBody: fc.Arbitrary<JsonObject> = fc.dictionary(
  fc.oneof(fc.constantFrom('a', 'b', 'c', 'a.b', 'a[0].b', 'phones'), anyText),
  fc.oneof({ weight: 9, arbitrary: anyJson }, { weight: 1, arbitrary: deepJson }),
  { maxKeys: 6, noNullPrototype: true },
);
