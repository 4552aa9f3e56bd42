// How a path reads a body.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/connector.ts';
import { pathProperty, pathReader } from '../../../src/customer/path.ts';

const read = (path: string, body: JsonObject) => pathReader(path)(body);

describe('a path', () => {
  it('goes through objects and lists', () => {
    const body = { address: { city: 'Kraków' }, phones: [{ value: '1' }, { value: '2' }], grid: [[1, 2]] };
    expect(read('address.city', body)).toBe('Kraków');
    expect(read('phones[1].value', body)).toBe('2');
    expect(read('grid[0][1]', body)).toBe(2);
  });

  it('is absent where a key is absent or something else stands in the way', () => {
    expect(read('address.city', {})).toBeUndefined();
    expect(read('address.city', { address: {} })).toBeUndefined();
    expect(read('address.city', { address: 'Kraków' })).toBeUndefined();
    expect(read('phones[0]', { phones: { 0: 'x' } })).toBeUndefined();
    expect(read('tags.length', { tags: [1] })).toBeUndefined();
  });

  it('is null where an object on the way is null, or a list that is there ends before it', () => {
    expect(read('address.city', { address: null })).toBeNull();
    expect(read('phones[0].value', { phones: [] })).toBeNull();
  });

  it('yields to a key that literally reads like it, at every level', () => {
    expect(read('address.city', { 'address.city': 'literal', address: { city: 'nested' } })).toBe('literal');
    expect(
      read('traits.address.city', { traits: { 'address.city': 'literal', address: { city: 'x' } } }),
    ).toBe('literal');
    expect(read('phones[0].value', { 'phones[0].value': null, phones: [{ value: '1' }] })).toBeNull();
  });

  it('never reads what an object inherits', () => {
    for (const path of ['constructor', 'a.constructor', '__proto__', 'a.__proto__']) {
      expect(read(path, { a: {} })).toBeUndefined();
    }
  });

  it('that is written like no path is one key as it stands', () => {
    const body = { 'No.': 7, 'Phone [mobile]': '1', 'a..b': 2 };
    expect(['No.', 'Phone [mobile]', 'a..b'].map((path) => read(path, body))).toEqual([7, '1', 2]);
    expect(['No.', 'Phone [mobile]', 'address.city', 'phones[0]', 'email'].map(pathProperty)).toEqual([
      'No.',
      'Phone [mobile]',
      'address',
      'phones',
      'email',
    ]);
  });
});
