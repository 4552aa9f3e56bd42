// Values made fit to store, compared and shown.
import { describe, expect, it } from 'vitest';
import {
  brief,
  canonicalJson,
  cleanJson,
  cleanText,
  maxDepth,
  sameJson,
  shown,
} from '../../../src/customer/json.ts';

function nested(levels: number): unknown {
  let value: unknown = 'core';
  for (let level = 0; level < levels; level++) value = level % 2 ? { inner: value } : [value];
  return value;
}

describe('a clean value', () => {
  it('is the same object where nothing is to be cleaned', () => {
    const value = { a: [1, 'x', { b: null }] };
    expect(cleanJson(value)).toBe(value);
  });

  it('has neither NUL characters nor lone surrogates, in keys as in values', () => {
    expect(cleanText('a\0b\ud800c\udc00d😀')).toBe('abcd😀');
    expect(cleanJson({ 'k\0': ['\udc00x'] })).toEqual({ k: ['x'] });
    expect(cleanJson({ 'k\0': 1, '\ud800': 2 })).toEqual({ k: 1, '': 2 });
  });

  it('keeps a key named __proto__ as a key', () => {
    const value = JSON.parse('{"__proto__": {"a": "\\u0000b"}}');
    expect(JSON.stringify(cleanJson(value))).toBe('{"__proto__":{"a":"b"}}');
  });

  it('leaves out keys without a value and knows no negative zero', () => {
    expect(Object.is(cleanJson(-0), 0)).toBe(true);
    expect(JSON.stringify(cleanJson({ a: undefined, b: -0 }))).toBe('{"b":0}');
  });

  it.each([
    [new Date(0)],
    [new Map()],
    [Promise.resolve(1)],
    [Number.NaN],
    [10n],
    [() => 1],
    [[undefined]],
    [{ a: Symbol('s') }],
  ])('cannot be made of %s', (value) => {
    expect(cleanJson(value)).toBeUndefined();
  });

  it('cannot be nested deeper than the stack of its readers bears, nor in a circle', () => {
    expect(cleanJson(nested(maxDepth))).toEqual(nested(maxDepth));
    expect(cleanJson(nested(maxDepth + 1))).toBeUndefined();
    expect(cleanJson(nested(100_000))).toBeUndefined();
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(cleanJson(circle)).toBeUndefined();
  });
});

it('Equal values are equal whatever the order of their keys, and have one canonical text.', () => {
  expect(sameJson({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true);
  expect(sameJson({ a: 1 }, { b: 1 })).toBe(false);
  expect(sameJson([1, 2], [2, 1])).toBe(false);
  expect(sameJson([], {})).toBe(false);
  expect(sameJson('1', 1)).toBe(false);
  expect(canonicalJson({ b: [1, { d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[1,{"c":2,"d":1}]}');
});

it('A long value is shown and kept by its beginning, cut between characters.', () => {
  expect(shown('x'.repeat(500))).toHaveLength(62);
  expect((brief('😀'.repeat(500)) as string).isWellFormed()).toBe(true);
  expect(brief({ short: true })).toEqual({ short: true });
  expect(brief(nested(100_000))).toBe('(no JSON, or nested too deeply)');
  expect((brief(Array.from({ length: 500 }, () => 'x')) as string).length).toBe(200);
});
