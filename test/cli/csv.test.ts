import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { guarded, unguarded } from '../../src/connector/csv-guard.ts';
import { csvCell, csvRow } from '../../src/web/csv.ts';
import { fc } from '../support/properties.ts';

describe('a cell of a CSV file', () => {
  it.each([
    ...['=1+1', '+48600100200', '-5', '@SUM(A1)', '\tx', '\rx', '\nx'],
    ...['\n=1+1', ' =1', '\u00a0+1', '\ufeff=1', '\u200b-1', '＝1+1', '＋1', '－1', '＠SUM(A1)', '\r\n＝1'],
  ])('that a spreadsheet would calculate gets an apostrophe: %j', (value) => {
    expect(parse(csvRow([value]), { trim: false })).toEqual([[`'${value}`]]);
    expect(parse(csvRow([value], true))).toEqual([[value]]);
  });

  it('is quoted where it holds a comma, a quote, a line end or outer blanks, and only there', () => {
    expect(csvCell('a,b')).toBe('"a,b"');
    expect(csvCell('say "hi"')).toBe('"say ""hi"""');
    expect(csvCell('two\nlines')).toBe('"two\nlines"');
    expect(csvCell(' x')).toBe('" x"');
    expect(csvCell('plain; text')).toBe('plain; text');
    expect(csvCell('')).toBe('');
  });

  it('comes back as it was from an import, whatever apostrophes it begins with', () => {
    for (const value of [
      "'t Hooft",
      "'90s",
      "'08901",
      "''1",
      "'=1",
      "''=1",
      '08901',
      '=1',
      "'",
      "'+48 600",
      "'68 Special",
      '\n=1',
      "'\n=1",
      '＝1',
      "''＋1",
      ' -x',
      '\t',
    ])
      expect(unguarded(guarded(value)), value).toBe(value);
    expect(unguarded("'08901")).toBe('08901');
    expect(unguarded("'3511 AB")).toBe('3511 AB');
    for (const word of ["'t Hooft", "'90s", "'68 Special"]) expect(unguarded(word)).toBe(word);
  });

  it('comes back as it was from an import, whatever text it is', () => {
    const sign = fc.constantFrom(
      "'",
      '=',
      '+',
      '-',
      '@',
      '＝',
      '＠',
      '\t',
      '\r',
      '\n',
      ' ',
      '\ufeff',
      '7',
      'a',
      'A',
      's',
    );
    const texts = fc.array(sign, { maxLength: 6 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        expect(unguarded(guarded(text))).toBe(text);
      }),
    );
    const isFormula = /^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]/u;
    fc.assert(
      fc.property(texts, (text) => {
        expect(guarded(text)).not.toMatch(isFormula);
      }),
    );
  });

  it('comes back as it was from any reader of RFC 4180', () => {
    const values = ['Zoë', '', 'a"b,c\r\nd', "it's", '花子', 'x=1'];
    expect(parse(csvRow(values))).toEqual([values]);
  });
});
