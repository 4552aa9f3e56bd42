// The fields that are requested for the properties of a body, and the body that is made of them.
import { expect, test } from 'vitest';
import { bodyBy, columnsFor, fieldsIn } from '#connector/columns';

const described = ['Email', 'Mobile', 'Phone', 'City'];
const firstOf = { AnyPhone: ['Mobile', 'Phone'] };
const namesOf = (property: string) => [property, property.replace('Mailing', '')];

test('only fields that the vendor describes are requested, for the properties that are wanted and those that are always read', () => {
  const columns = columnsFor(['MailingCity', 'AnyPhone', 'Tier'], {
    described,
    firstOf,
    namesOf,
    always: ['Email', 'Id'],
  });
  expect(columns).toEqual({ Email: ['Email'], MailingCity: ['City'], AnyPhone: ['Mobile', 'Phone'] });
  expect(fieldsIn(columns, ['Id', 'Email'])).toEqual(['Id', 'Email', 'City', 'Mobile', 'Phone']);
});

test('without a wish all fields are requested, and what is made of several is among the properties', () => {
  expect(Object.keys(columnsFor([], { described, firstOf }))).toEqual([...described, 'AnyPhone']);
});

test('a property has the first filled field; null is empty, and what is absent says nothing', () => {
  const columns = columnsFor(['AnyPhone', 'Email', 'City'], { described, firstOf });
  expect(bodyBy(columns, { Mobile: null, Phone: '1', Email: null, Other: 2 })).toEqual({
    AnyPhone: '1',
    Email: null,
  });
  expect(bodyBy(columns, { Mobile: null, Phone: null })).toEqual({ AnyPhone: null });
});
