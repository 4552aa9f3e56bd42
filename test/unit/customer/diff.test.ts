// What is written of a customer, given what the destination acknowledged.
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../../src/connector.ts';
import { acknowledge, changes, type DiffOptions, unknownValue } from '../../../src/customer/diff.ts';

const usual: DiffOptions = { uncertain: false, partialWrites: 'merge', withdrawn: 'keep' };

function diff(
  fields: Fields,
  acknowledged: Fields | null,
  options: Partial<DiffOptions> = {},
  dropped: string[] = [],
) {
  return changes({ fields, dropped }, acknowledged, { ...usual, ...options });
}

describe('a write', () => {
  it('holds only what differs, sorted by name', () => {
    expect(diff({ phone: '2', name: 'Anna', email: 'e' }, { phone: '1', email: 'e' })).toEqual({
      name: 'Anna',
      phone: '2',
    });
    expect(Object.keys(diff({ phone: '2', name: 'Anna' }, {})!)).toEqual(['name', 'phone']);
  });

  it('is none where nothing differs, by value and not by identity', () => {
    expect(diff({ 'metadata.a': { x: [1], y: 2 } }, { 'metadata.a': { y: 2, x: [1] } })).toBeNull();
  });

  it('of a list in another order is a write', () => {
    expect(diff({ 'metadata.a': [2, 1] }, { 'metadata.a': [1, 2] })).toEqual({ 'metadata.a': [2, 1] });
  });

  it('creates a customer that has no fields, once', () => {
    expect(diff({}, null)).toEqual({});
    expect(diff({ name: null }, null)).toEqual({});
    expect(diff({}, {})).toBeNull();
  });
});

describe('a null', () => {
  it('is sent for a field that was acknowledged with a value', () => {
    expect(diff({ name: null }, { name: 'Anna' })).toEqual({ name: null });
  });

  it('never blanks what we have not written, and is not sent twice', () => {
    expect(diff({ name: null }, {})).toBeNull();
    expect(diff({ name: null }, { name: null })).toBeNull();
  });
});

describe('a field that no source gives any more', () => {
  it('is left alone by default', () => {
    expect(diff({}, { name: 'Anna' }, {}, ['name'])).toBeNull();
  });

  it('is cleared where that is asked for, once', () => {
    expect(diff({}, { name: 'Anna' }, { withdrawn: 'clear' }, ['name'])).toEqual({ name: null });
    expect(diff({}, { name: null }, { withdrawn: 'clear' }, ['name'])).toBeNull();
    expect(diff({}, {}, { withdrawn: 'clear' }, ['name'])).toBeNull();
  });
});

describe('after an uncertain attempt', () => {
  it('all that we own is sent, the cleared fields too', () => {
    expect(diff({ name: 'Anna', phone: null }, { name: 'Anna' }, { uncertain: true })).toEqual({
      name: 'Anna',
      phone: null,
    });
  });

  it('a dropped field is cleared where that is asked for, though it was never acknowledged', () => {
    expect(diff({}, {}, { uncertain: true, withdrawn: 'clear' }, ['name'])).toEqual({ name: null });
    expect(diff({}, {}, { uncertain: true, withdrawn: 'keep' }, ['name'])).toBeNull();
  });

  it('what the write did not hold has become unknown, and whatever it is to be next is sent', () => {
    const before = { name: 'Anna', phone: '1' };
    const after = acknowledge(before, { name: 'Eva' }, { uncertain: true, dropped: ['phone', 'email'] });
    expect(after).toEqual({ name: 'Eva', phone: unknownValue, email: unknownValue });
    expect(diff({ name: 'Eva' }, after, {}, ['phone', 'email'])).toBeNull();
    expect(diff({ name: 'Eva', phone: '1', email: null }, after)).toEqual({ phone: '1', email: null });
    expect(diff({ name: 'Eva' }, after, { withdrawn: 'clear' })).toEqual({ phone: null, email: null });
  });
});

it('An accepted write is added to what was acknowledged.', () => {
  const certain = { uncertain: false, dropped: ['phone'] };
  expect(acknowledge({ name: 'Anna', phone: '1' }, { name: null }, certain)).toEqual({
    name: null,
    phone: '1',
  });
  expect(acknowledge(null, {}, certain)).toEqual({});
});

describe('where the vendor replaces an object whole', () => {
  const replace = { partialWrites: 'replace' } as const;
  const acknowledged = {
    'address.city': 'Kraków',
    'address.country': 'PL',
    'metadata.a': 1,
    'metadata.b': null,
  };

  it('a change within it takes the rest of it along, without the nulls', () => {
    const fields = { ...acknowledged, 'address.city': 'Łódź', 'address.state': null };
    expect(diff(fields, acknowledged, replace)).toEqual({ 'address.city': 'Łódź', 'address.country': 'PL' });
    expect(diff({ ...acknowledged, 'metadata.c': 3 }, acknowledged, replace)).toEqual({
      'metadata.a': 1,
      'metadata.c': 3,
    });
  });

  it('a change outside of it, or where the vendor merges, takes nothing along', () => {
    expect(diff({ ...acknowledged, name: 'Anna' }, acknowledged, replace)).toEqual({ name: 'Anna' });
    expect(diff({ ...acknowledged, 'metadata.c': 3 }, acknowledged)).toEqual({ 'metadata.c': 3 });
  });

  it('a field that no source gives any more but is to be kept is taken along as it was acknowledged', () => {
    const fields = { 'metadata.c': 3 };
    expect(diff(fields, acknowledged, replace, ['metadata.a'])).toEqual({ 'metadata.a': 1, 'metadata.c': 3 });
    expect(
      diff({ 'metadata.c': 3 }, { 'metadata.a': 1 }, { ...replace, withdrawn: 'clear' }, ['metadata.a']),
    ).toEqual({
      'metadata.a': null,
      'metadata.c': 3,
    });
  });

  it('and an attempt is uncertain, a kept field is written again, since the attempt may have lost it', () => {
    expect(
      diff({}, { 'metadata.a': 1, name: 'Anna' }, { ...replace, uncertain: true }, ['metadata.a', 'name']),
    ).toEqual({
      'metadata.a': 1,
    });
  });

  it('what is unknown cannot be taken along', () => {
    const known = { 'metadata.a': unknownValue, 'metadata.b': 2 };
    expect(diff({ 'metadata.c': 3 }, known, replace, ['metadata.a', 'metadata.b'])).toEqual({
      'metadata.b': 2,
      'metadata.c': 3,
    });
    expect(
      diff({}, { 'metadata.a': unknownValue }, { ...replace, uncertain: true }, ['metadata.a']),
    ).toBeNull();
  });
});
