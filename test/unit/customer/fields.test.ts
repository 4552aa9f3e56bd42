// What is a field's name, and what is suggested where it is none.
import { describe, expect, it } from 'vitest';
import { fieldFault, groupOf, metadataKey, standardFields } from '../../../src/customer/fields.ts';

describe('a name of a field', () => {
  it('is one of the standard attributes or a metadata key', () => {
    for (const field of [...standardFields, 'metadata.plan', 'metadata.a.b', 'metadata.ünï cödé']) {
      expect(fieldFault(field)).toBeNull();
    }
  });

  it.each([
    ['emial', 'email'],
    ['e-mail', 'email'],
    ['Phone', 'phone'],
    ['city', 'address.city'],
    ['adress.city', 'address.city'],
    ['address.zip', 'address.postal_code'],
    ['zip', 'address.postal_code'],
    ['firstname', 'name'],
    ['date_of_birth', 'birthdate'],
    ['address', 'address.line_1'],
    ['plan', 'metadata.plan'],
    ['constructor', 'metadata.constructor'],
  ])('that is misspelt (%s) is answered with the nearest (%s)', (name, meant) => {
    expect(fieldFault(name)).toBe(`"${name}" is not a field of a customer: did you mean "${meant}"?`);
  });

  it('is never the source ID, which the source names', () => {
    expect(fieldFault('source_id')).toMatch(/the source's "sourceId" names/);
  });

  it.each(['metadata.', 'metadata. plan', 'metadata.a\u0000b', 'metadata.a\ud800', 'metadata.__proto__'])(
    'cannot be %j',
    (name) => {
      expect(fieldFault(name)).toMatch(/is not a field/);
    },
  );
});

it('A field belongs to the object of a customer that it is sent in, or to none.', () => {
  expect(['address.city', 'metadata.plan', 'name'].map(groupOf)).toEqual(['address', 'metadata', null]);
  expect(metadataKey('metadata.a.b')).toBe('a.b');
  expect(metadataKey('address.city')).toBeNull();
});
