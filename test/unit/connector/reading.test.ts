// How a vendor's word about waiting is read, in every form that was seen.

import { describe, expect, it } from 'vitest';
import { unlessTrue } from '../../../src/connector/errors.ts';
import {
  eachValue,
  maxRetryMs,
  minRetryMs,
  primaryValue,
  retryAfterMs,
  says,
  unescapeHtml,
} from '../../../src/connector/reading.ts';
import { fc } from '../../support/properties.ts';

const now = Date.parse('2026-11-29T12:00:00Z');

describe('The wait that a vendor names', () => {
  it.each([
    ['120', 120_000],
    ['1.5', 1_500],
    ['20s', 20_000],
    ['1500ms', 1_500],
    ['Sun, 29 Nov 2026 12:00:40 GMT', 40_000],
    ['Sunday, 29-Nov-26 12:00:40 GMT', 40_000],
    ['Sun Nov 29 12:00:40 2026', 40_000],
    ['2026-11-29T12:00:40Z', 40_000],
    ['5, 10', 10_000],
    ['5, Sun, 29 Nov 2026 12:00:40 GMT', 40_000],
    ['Sun, 29 Nov 2026 12:00:40 GMT, 5', 40_000],
    ['Sun, 29 Nov 2026 12:00:10 GMT, Sunday, 29-Nov-26 12:00:40 GMT', 40_000],
    ['Sun, 29 Nov 2026 12:00:60 GMT', 59_000],
  ])('is read from %j', (value, wait) => {
    expect(retryAfterMs(value, now)).toBe(wait);
  });

  it.each([
    ['epoch seconds', now / 1000 + 2, 2_000],
    ['epoch milliseconds', now + 2_500, 2_500],
    ['epoch microseconds', (now + 2_500) * 1000, 2_500],
  ])('is a moment where the number is above a billion: %s', (_unit, value, wait) => {
    expect(retryAfterMs(String(value), now)).toBe(wait);
  });

  it.each([
    ['0', minRetryMs],
    ['-5', minRetryMs],
    ['Sun, 29 Nov 2026 11:00:00 GMT', minRetryMs],
    [String(now / 1000 - 500), minRetryMs],
    ['999999999', maxRetryMs],
    ['4102444800', maxRetryMs],
    ['99999999999999999999', maxRetryMs],
  ])('has a floor and a ceiling: %j', (value, wait) => {
    expect(retryAfterMs(value, now)).toBe(wait);
  });

  it('has a higher ceiling where the quota of a day is meant', () => {
    expect(retryAfterMs('50000', now, 86_400_000)).toBe(50_000_000);
  });

  it.each([undefined, '', '  ', 'soon', 'foo 12', '1e3', 'Infinity', 'Mon', '<html>'])(
    'is unknown where the header says nothing: %j',
    (value) => {
      expect(retryAfterMs(value, now)).toBeUndefined();
    },
  );

  it('lies between floor and ceiling for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String), fc.bigInt().map(String)), (value) => {
        const wait = retryAfterMs(value, now);
        if (wait === undefined) return;
        expect(wait).toBeGreaterThanOrEqual(minRetryMs);
        expect(wait).toBeLessThanOrEqual(maxRetryMs);
      }),
    );
  });
});

describe('unescapeHtml', () => {
  const escapes: [RegExp, string][] = [
    [/&/g, '&amp;'],
    [/</g, '&lt;'],
    [/>/g, '&gt;'],
    [/"/g, '&quot;'],
    [/'/g, '&#39;'],
  ];
  const escapeHtml = (text: string) => escapes.reduce((all, [from, to]) => all.replaceAll(from, to), text);

  it('gives back any text that was escaped once', () => {
    const text = fc.string({
      unit: fc.constantFrom('&', 'amp;', '#39;', 'lt;', '<', '>', '"', "'", 'é', 'x'),
    });
    fc.assert(fc.property(text, (given) => unescapeHtml(escapeHtml(given)) === given));
  });

  it.each([
    ['Ona O&#39;Neil &amp; Sons', "Ona O'Neil & Sons"],
    ['O&#x27;Neil &#x2F; &#0039;', "O'Neil / '"],
    ['&AMP; &apos;', "& '"],
    ['&amp;lt;', '&lt;'],
    ['&amp;amp;', '&amp;'],
    // No escapes of HTML's five characters, or none at all.
    ['AT&T; &eacute; &copy &amp', 'AT&T; &eacute; &copy &amp'],
    ['&#0; &#xD800; &#9999999;', '&#0; &#xD800; &#9999999;'],
  ])('makes %j into %j', (escaped, plain) => {
    expect(unescapeHtml(escaped)).toBe(plain);
  });
});

describe('What an error says', () => {
  it('is found in any letter case, wherever it stands, and nowhere in nothing', () => {
    expect(says({ errors: [{ message: 'The profile is Invalid' }] }, 'profile is invalid')).toBe(true);
    for (const other of [undefined, null, {}, 'profile', { errors: [] }])
      expect(says(other, 'profile is invalid')).toBe(false);
  });
});

describe('A list of entries of which one may be primary', () => {
  it.each([
    [[{ value: 'a' }, { value: 'b', primary: true }], 'b'],
    [[{ value: '', primary: true }, { value: 'b' }], 'b'],
    [[{ value: ' ', primary: true }], null],
    [[], null],
    [undefined, null],
  ])('%j has the value %s', (entries, value) => {
    expect(primaryValue(entries)).toBe(value);
  });
});

describe('An object', () => {
  it('is made into another by its values', () => {
    expect(eachValue({ a: 1, b: 2 }, (value, key) => `${key}${value}`)).toEqual({ a: 'a1', b: 'b2' });
  });
});

describe('A success of a vendor that says of each one that it is one', () => {
  const errorIn = unlessTrue('Acme', 'success');

  it('holds an error where it says otherwise, or nothing', () => {
    expect(errorIn({ status: 200, json: { success: true } })).toBeUndefined();
    for (const json of [{ success: false }, { data: [] }, [], null])
      expect(errorIn({ status: 200, json })).toMatchObject({ status: 200, foreign: true });
  });
});
