// A property that is made of several of the vendor's own.
import { expect, test } from 'vitest';
import { firstOfProperty, partsOf, withFirstOf } from '#connector/first-of';
import { inParts, namedValues } from '#connector/reading';

const phone = { name: 'phone', of: ['mobile', 'work'], type: 'text' };

test('it is read as its parts, and is the first of them that is filled', () => {
  expect(partsOf(['name', 'phone'], phone)).toEqual(['name', 'mobile', 'work']);
  expect(withFirstOf({ mobile: '', work: '7' }, phone)).toEqual({ mobile: '', work: '7', phone: '7' });
  expect(withFirstOf({ mobile: null, work: null }, phone)).toMatchObject({ phone: null });
  expect(firstOfProperty(phone)).toEqual({ name: 'phone', label: 'mobile, else work', type: 'text' });
});

test('nothing is said of it where a part that is absent may be filled', () => {
  expect(withFirstOf({ mobile: null }, phone)).not.toHaveProperty('phone');
});

test('a list of names and values is one object, and a list is cut into parts', () => {
  const entries = [{ field: { id: 7 }, value: 'a' }, { field: { id: 8 } }, { value: 'lost' }, null];
  expect(namedValues(entries, 'field.id', 'value')).toEqual({ 7: 'a', 8: null });
  expect(inParts([1, 2, 3], 2)).toEqual([[1, 2], [3]]);
  expect(inParts([], 2)).toEqual([[]]);
});
