import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { csvCell, csvRow } from '../../src/web/csv.ts';

describe('a cell of a CSV file', () => {
  it.each(['=1+1', '+48600100200', '-5', '@SUM(A1)', '\tx', '\rx'])(
    'that a spreadsheet would calculate gets an apostrophe: %j',
    (value) => {
      expect(parse(csvRow([value]), { trim: false })).toEqual([[`'${value}`]]);
      expect(parse(csvRow([value], true))).toEqual([[value]]);
    },
  );

  it('is quoted where it holds a comma, a quote, a line end or outer blanks, and only there', () => {
    expect(csvCell('a,b')).toBe('"a,b"');
    expect(csvCell('say "hi"')).toBe('"say ""hi"""');
    expect(csvCell('two\nlines')).toBe('"two\nlines"');
    expect(csvCell(' x')).toBe('" x"');
    expect(csvCell('plain; text')).toBe('plain; text');
    expect(csvCell('')).toBe('');
  });

  it('comes back as it was from any reader of RFC 4180', () => {
    const values = ['Zoë', '', 'a"b,c\r\nd', "it's", '花子', 'x=1'];
    expect(parse(csvRow(values))).toEqual([values]);
  });
});
