// JSON from outside keeps the digits that were written.
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/connector/json.ts';

describe('JSON from outside', () => {
  it('is read as JSON.parse reads it where no number is too long', () => {
    const text = '{"a":[1,-2.5,true,null,"1234567890123456789"],"b":{"c":1772359200123}}';
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['{"id":9007199254740993}', { id: '9007199254740993' }],
    ['[-706405506930370084]', ['-706405506930370084']],
    ['{"a" :  12345678901234567890}', { a: '12345678901234567890' }],
    ['9007199254740993', '9007199254740993'],
    ['{"a":1e400}', { a: '1e400' }],
    ['{"a":9007199254740991,"b":9007199254740992}', { a: 9007199254740991, b: '9007199254740992' }],
    ['{"a":12.5e3,"b":0.1234567890123456789}', { a: 12500, b: 0.12345678901234568 }],
  ])('keeps the digits of %s', (text, expected) => {
    expect(parseJson(text)).toEqual(expected);
  });

  it('keeps the digits of a long number wherever in a text it stands', () => {
    const digits = '1234567890123456789';
    for (let before = 0; before < 40; before += 1)
      for (let length = 17; length <= digits.length; length += 1) {
        const [pad, id] = ['x'.repeat(before), digits.slice(0, length)];
        expect(parseJson(`{"pad":"${pad}","id":${id}}`)).toEqual({ pad, id });
        expect(parseJson(`{"pad":"${pad}","id":-${id}.5e3}`)).toEqual({ pad, id: `-${id}.5e3` });
      }
  });

  it('still refuses what is not JSON', () => {
    expect(() => parseJson('{"id":9007199254740993')).toThrow(SyntaxError);
  });
});
