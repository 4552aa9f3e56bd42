// Long values that make a careless search try every place against every other: what reads them takes time in proportion to
// their length, so that one value holds up nobody else.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { normalise, normalisers } from '../../src/customer/normalise.ts';
import { cleanText } from '../../src/engine/log/log.ts';
import { masked } from '../../src/web/masking.ts';

const length = 200_000;
const of = (piece: string) => piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

const long: { [what: string]: string } = {
  letters: of('a'),
  'signs of addresses': of('@'),
  'halves of addresses': of('a@'),
  'a domain without an end': `a@a${of('.a')}`,
  quotes: of('"'),
  'opening quotes': of('“'),
  brackets: of('<'),
  'blanks before a letter': `2020-01-01T${of(' ')}x`,
  'digits and brackets': `600 100 200${of(' (')}1`,
  'digits and letters': `6 ${of('a ')}1`,
  'plus signs': of('+1 '),
  'groups of digits': `${of("1'000")}x`,
  'extensions of numbers': `+48600100200${of(' x')}`,
  'letters that grow when composed': of('\ufdfa'),
  'invisible characters': `${of('\u200b')}x`,
  'escapes of terminals': of('\u001b['),
  credentials: of('Bearer '),
};

/** Each of them takes seconds to hours where it takes the square of the length. */
const maxMs = 2_000;

describe.each(Object.entries(long))('a value of 200,000 characters of %s', (_what, text) => {
  it.each(Object.keys(normalisers) as (keyof typeof normalisers)[])('is read as %s at once', (as) => {
    const begun = performance.now();
    normalise(text, as, { region: 'PL', locale: { decimal: ',', dates: ['DD/MM/YYYY'] } });
    expect(performance.now() - begun).toBeLessThan(maxMs);
  });

  it('is masked and logged at once', () => {
    const begun = performance.now();
    masked(z.string(), text);
    cleanText(text);
    expect(performance.now() - begun).toBeLessThan(maxMs);
  });
});

it('A text for somebody who may only look names nobody, however it quotes', () => {
  const shown = (text: string) => masked(z.string(), text);
  expect(shown('write to anna@example.org, or (bob@example.org)')).toBe('write to •••, or (•••)');
  expect(shown('Found "Anna", where “Bo“b” is +48 600 100 200')).toBe('Found •••, where ••• is •••');
  expect(shown('found “Anna Nowak and no end')).toBe('found •••');
  expect(shown('field @type of 3 @ 4')).toBe('field @type of 3 @ 4');
});
