// Which source ID a record names, and which it keeps.
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/connector.ts';
import { assignedSourceId, sourceIdOf } from '../../../src/customer/identity.ts';

const of = (id: Json, options = {}) => sourceIdOf({ id }, 'id', options);

describe('a source ID', () => {
  it('is trimmed, and a number becomes its digits', () => {
    expect(of('  Ab 1 ')).toEqual({ value: 'Ab 1' });
    expect(of(123)).toEqual({ value: '123' });
    expect(of(0)).toEqual({ value: '0' });
  });

  it('is null where it is absent or empty', () => {
    for (const id of [null, '', '  ']) expect(of(id)).toEqual({ value: null });
    expect(sourceIdOf({}, 'properties.id')).toEqual({ value: null });
  });

  it('is in lower case where it is an e-mail address or that is asked for, and only there', () => {
    const body = {
      Email: 'A@B.C',
      emails: [{ value: 'A@B.C' }],
      person: { 'E-Mail Address': 'A@B.C' },
      email: { id: 'X' },
    };
    expect(sourceIdOf(body, 'Email')).toEqual({ value: 'a@b.c' });
    expect(sourceIdOf(body, 'person.E-Mail Address')).toEqual({ value: 'a@b.c' });
    expect(sourceIdOf(body, 'Email', { lowerCase: false })).toEqual({ value: 'A@B.C' });
    expect(sourceIdOf(body, 'emails[0].value', { lowerCase: true })).toEqual({ value: 'a@b.c' });
    expect(sourceIdOf(body, 'email.id')).toEqual({ value: 'X' });
  });

  it.each<[Json, RegExp]>([
    ['x'.repeat(256), /has 256 characters, where at most 255 are allowed/],
    ['a\nb', /control character/],
    ['a\0b', /control character/],
    ['a\ud800b', /invalid Unicode/],
    ['..', /cannot be ".."/],
    [2 ** 53, /not an exact integer/],
    [1.5, /not an exact integer/],
    [true, /a text or a whole number is allowed/],
    [['a'], /a text or a whole number is allowed/],
  ])('is a fault for %j', (id, sentence) => {
    expect(of(id)).toEqual({ fault: expect.stringMatching(sentence) });
  });

  it('loses what surrounds it where it was copied, and nothing of its own', () => {
    for (const id of [
      '\ufeffa1',
      '\u200ba1\u200d',
      '\u00a0a1\u00a0',
      '"a1"',
      " ' a1 ' ",
      '“a1”',
      '«a1»',
      '"\'a1\'"',
    ])
      expect(of(id)).toEqual({ value: 'a1' });
    expect(of("'7210440001122")).toEqual({ value: '7210440001122' });
    for (const id of ["'t Hooft", '7E10', "O'Hara", '5"', 'a"b"c']) expect(of(id), id).toEqual({ value: id });
  });

  it.each(['7.00E+10', '1.2e+11'])('is a fault where a spreadsheet has rounded it: %s', (id) => {
    expect(of(id)).toEqual({ fault: expect.stringMatching(/rounded by a spreadsheet/) });
  });

  it('may have 255 characters', () => {
    expect(of('x'.repeat(255))).toEqual({ value: 'x'.repeat(255) });
  });
});

it('A sticky source ID stays the first one given; one that follows is the one found now.', () => {
  expect(assignedSourceId('a', 'b', 'sticky')).toBe('a');
  expect(assignedSourceId('a', null, 'sticky')).toBe('a');
  expect(assignedSourceId(null, 'b', 'sticky')).toBe('b');
  expect(assignedSourceId('a', 'b', 'follow')).toBe('b');
  expect(assignedSourceId('a', null, 'follow')).toBeNull();
});
