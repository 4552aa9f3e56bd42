// What is taken off a telephone number, and what is none. The default region is PL.
import { describe, expect, it } from 'vitest';
import { phoneOf } from '../../../src/customer/phone.ts';

describe('a telephone number', () => {
  it.each([
    ['600100200.0', '+48600100200'],
    ['600100200.00', '+48600100200'],
    ['600100200,0', '+48600100200'],
    ['48600100200.0', '+48600100200'],
    ['+48600100200.0', '+48600100200'],
    ['+48.600100200', '+48600100200'],
    ['600.100.200', '+48600100200'],
    ['+33 1.23.45.67.00', '+33123456700'],
    ['600\u00a0100\u202f200', '+48600100200'],
    ['\u202a+48600100200\u202c', '+48600100200'],
    ['6\u200b00100200', '+48600100200'],
    ['６００１００２００', '+48600100200'],
    ['＋４８ ６００ １００ ２００', '+48600100200'],
    ['tel:+48-600-100-200', '+48600100200'],
    ['Tel.: 600 100 200', '+48600100200'],
    ['600 100 200 (home)', '+48600100200'],
    ['600 100 200 - mama', '+48600100200'],
    ['600 100 200 mobile', '+48600100200'],
    ['600100200 ext. 12', '+48600100200'],
    ['600100200x12', '+48600100200'],
    ['600100200#12', '+48600100200'],
  ])('is read out of %j', (text, number) => {
    expect(phoneOf(text, 'PL')).toBe(number);
    expect(phoneOf(number, 'PL')).toBe(number);
  });

  it.each([
    '4.86E+10',
    '4,86E+10',
    '6E8',
    '600100200.5',
    '600100200oo',
    '6001002oo',
    '600100200; 600100201',
    '600100200, 600100201',
    '600100200 / 600100201',
    '600 100 200 or 600 100 201',
    '600 100 200 (home 2)',
    '12',
    'ask reception',
  ])('is not in %j, by either rule', (text) => {
    expect(phoneOf(text, 'PL')).toBeUndefined();
    expect(phoneOf(text, 'PL', 'possible')).toBeUndefined();
  });

  it.each(['+48 111 111 111', '+44 7700 900123', '+1 555 123 4567'])(
    'that nobody can have is possible, but not valid: %s',
    (text) => {
      expect(phoneOf(text, undefined)).toBeUndefined();
      expect(phoneOf(text, undefined, 'possible')).toBe(text.replaceAll(' ', ''));
    },
  );
});
