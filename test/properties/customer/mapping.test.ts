// What holds of every body: it can be mapped, and what comes out can be stored.

import { expect, it } from 'vitest';
import type { Json, JsonObject, Mapping, MetadataDefinition } from '../../../src/connector.ts';
import { fieldFault } from '../../../src/customer/fields.ts';
import { canonicalJson, cleanJson } from '../../../src/customer/json.ts';
import { compileMapping } from '../../../src/customer/mapping.ts';
import { fc, times } from '../../support/properties.ts';
import { anyBody, anyText } from './arbitraries.ts';

const define = (type: MetadataDefinition['type'], array = false): MetadataDefinition => ({
  type,
  array,
  required: false,
});

const mapping: Mapping = {
  name: ['a', 'a.b', 'b'],
  email: 'b',
  phone: { from: 'c', as: 'phone', region: 'PL' },
  birthdate: { from: ['a[0].b'], onNull: 'ignore' },
  description: (body) => (body['a'] as JsonObject)['b'] as Json,
  'address.city': 'a.b.b',
  'address.line_1': 'phones[0].value',
  'metadata.any': 'a',
  'metadata.list': { from: ['a', 'b'], as: 'list', separator: ',' },
  'metadata.number': 'b',
  'metadata.texts': 'c',
  'metadata.object': 'a',
  'metadata.given': (body) => body as unknown as Json,
};
const schema = {
  definedOnly: false,
  definitions: { number: define('number'), texts: define('string', true), object: define('object', true) },
};

it('No body makes a contribution throw; every field comes out as a value or a fault, never both, all fit to be stored.', () => {
  const compiled = compileMapping(mapping, { schema });
  fc.assert(
    fc.property(anyBody, (body) => {
      const { fields, faults } = compiled.contribute(body);
      expect(cleanJson(fields)).toBe(fields);
      expect(cleanJson(faults)).toBe(faults);
      const names = [...Object.keys(fields), ...faults.map((fault) => fault.field)];
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect(Object.keys(mapping)).toContain(name);
    }),
    { numRuns: times(1_000) },
  );
});

it('Mapping the same body again gives the same, and leaves the body as it was.', () => {
  const compiled = compileMapping(mapping, { schema });
  const shallow = anyBody.filter((body) => cleanJson(body) !== undefined);
  fc.assert(
    fc.property(shallow, (body) => {
      const before = canonicalJson(body);
      const first = compiled.contribute(body);
      expect(compiled.contribute(body)).toEqual(first);
      expect(canonicalJson(body)).toBe(before);
    }),
    { numRuns: times(400) },
  );
});

it('Every property that a mapping of paths reads is named: a body without the others contributes the same.', () => {
  const { 'metadata.given': _given, description: _description, ...paths } = mapping;
  const compiled = compileMapping(paths);
  fc.assert(
    fc.property(anyBody, (body) => {
      // A key with dots is a property of its own; only vendors without a list of properties send such.
      const plain = Object.entries(body).filter(([key]) => !/[.[]/.test(key));
      const named = plain.filter(([key]) => compiled.properties.includes(key));
      expect(compiled.contribute(Object.fromEntries(named))).toEqual(
        compiled.contribute(Object.fromEntries(plain)),
      );
    }),
    { numRuns: times(400) },
  );
});

it('Any text can be asked whether it names a field, and the name suggested for it is one.', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        anyText,
        anyText.map((text) => `metadata.${text}`),
      ),
      (name) => {
        const suggested = /did you mean "([^"]+)"/.exec(fieldFault(name) ?? '')?.[1];
        if (suggested && !suggested.startsWith('metadata.')) expect(fieldFault(suggested)).toBeNull();
        if (fieldFault(name) === null) expect(() => compileMapping({ [name]: 'a' })).not.toThrow();
        else expect(() => compileMapping({ [name]: 'a' })).toThrow();
      },
    ),
    { numRuns: times(400) },
  );
});
