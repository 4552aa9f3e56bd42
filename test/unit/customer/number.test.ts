// Numbers as texts write them, with and without a declared decimal sign.
import { describe, expect, it } from 'vitest';
import { readNumber } from '../../../src/customer/number.ts';

const read = (text: string, decimal?: '.' | ',' | 'unknown') => {
  const number = readNumber(text, { decimal });
  return 'value' in number ? number.value : number.fault;
};

describe('a number with a decimal comma', () => {
  it.each([
    ['1.200', 1200],
    ['1.200,50', 1200.5],
    ['1 200,50', 1200.5],
    ['1\u00a0200,50', 1200.5],
    ['1\u202f234\u202f567,8', 1234567.8],
    ["1'200,5", 1200.5],
    ['1’200,5', 1200.5],
    ['12,5', 12.5],
    [',5', 0.5],
    ['-1.200,5', -1200.5],
    ['\u22121,5', -1.5],
    ['1200', 1200],
    ['1,5e3', 1500],
    ['0,0', 0],
  ])('%j is %d', (text, value) => {
    expect(read(text, ',')).toBe(value);
  });

  it.each([
    '1.20,5',
    '1.2000',
    '12.34',
    '1,200,50',
    '1.200 300',
    '1..200',
    '1.200.',
    '.200',
    '1,5 zł',
    ',',
    '',
    '1.5',
  ])('is not %j', (text) => {
    expect(read(text, ',')).toBe('none');
  });
});

describe('a number with a decimal point', () => {
  it('has groups where the point is declared', () => {
    expect(['1,200.50', '1 200.5', "1'200", '1.200', '1,200'].map((text) => read(text, '.'))).toEqual([
      1200.5, 1200.5, 1200, 1.2, 1200,
    ]);
    expect(read('1,20', '.')).toBe('none');
  });

  it('is never half read where nothing is declared, and says so', () => {
    expect(['1.200', '1e3', '.5', '-7'].map((text) => read(text))).toEqual([1.2, 1000, 0.5, -7]);
    expect(['1,200', '1.200,50', '12,5', '1 200', "1'200"].map((text) => read(text))).toEqual(
      Array(5).fill('undeclared'),
    );
    expect(['12 PLN', '0x10', 'Infinity'].map((text) => read(text))).toEqual(Array(3).fill('none'));
  });
});

it('What may count thousands is refused where the sign is not known, as in files.', () => {
  expect(['1.200', '-12.345', '999.000'].map((text) => read(text, 'unknown'))).toEqual(
    Array(3).fill('ambiguous'),
  );
  expect(['1.2', '0.125', '1234.567', '1.2000', '1200', '12.5'].map((text) => read(text, 'unknown'))).toEqual(
    [1.2, 0.125, 1234.567, 1.2, 1200, 12.5],
  );
  expect(read('12,5', 'unknown')).toBe('undeclared');
});

it('A whole number beyond 2^53 is not rounded, however it is written.', () => {
  for (const text of [
    '9007199254740993',
    '-9007199254740993',
    '9007199254740993.0',
    '9007199254740991.5',
    '1e30',
    '1e999',
  ])
    expect(read(text)).toBe('inexact');
  expect(read('9.007.199.254.740.993', ',')).toBe('inexact');
  expect(read('9007199254740991')).toBe(9007199254740991);
});
