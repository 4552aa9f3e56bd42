// What is taken off an e-mail address, and what is none.
import { describe, expect, it } from 'vitest';
import { emailOf } from '../../../src/customer/email.ts';

const read = (text: string) => {
  const email = emailOf(text);
  return 'value' in email ? email.value : `NO: ${email.fault}`;
};

describe('what surrounds an address', () => {
  it.each([
    ['ann@example.test;', 'ann@example.test'],
    ['ann@example.test,', 'ann@example.test'],
    ['ann@example.test.', 'ann@example.test'],
    [' ; ann@example.test ;. ', 'ann@example.test'],
    ['<ann@example.test>', 'ann@example.test'],
    ['<ann@example.test>;', 'ann@example.test'],
    ['Ann Lee <Ann@Example.test>', 'ann@example.test'],
    ['"Lee, Ann" <ann@example.test>', 'ann@example.test'],
    ['ann@example.test <ann@example.test>', 'ann@example.test'],
    ['"ann@example.test"', 'ann@example.test'],
    ["'ann@example.test'", 'ann@example.test'],
    ['“ann@example.test”', 'ann@example.test'],
    ['mailto:ann@example.test', 'ann@example.test'],
    ['MAILTO: ann@example.test', 'ann@example.test'],
    ['mailto:ann%40example.test?subject=a%20b&cc=x', 'ann@example.test'],
    ['<mailto:ann@example.test>', 'ann@example.test'],
    ['a\u200bnn@exam\u00adple.test\ufeff', 'ann@example.test'],
    ['\u2060ann@example.test\u200e', 'ann@example.test'],
    ['\u00a0ann@example.test\u202f', 'ann@example.test'],
  ])('is taken off %j', (text, address) => {
    expect(read(text)).toBe(address);
  });
});

describe('an address', () => {
  it.each([
    'ann+shop@example.test',
    "o'neil@example.test",
    'ann..lee.@docomo.example',
    '"ann lee"@example.test',
    '"a\\"b@c"@example.test',
    '!#$%&*/=?^_`{|}~-@example.test',
    'ann@bücher.example',
    '用户@例え.テスト',
    'ann@xn--bcher-kva.example',
    'ann@mail.my-shop.co.uk',
    'ann@my_host.example',
    'ann@[192.0.2.1]',
  ])('%s is kept', (text) => {
    expect(read(text)).toBe(text);
  });

  it.each([
    'ann@example..test',
    'ann@example,test',
    'ann@example;test',
    'ann@.example.test',
    'ann@-example.test',
    'ann@example-.test',
    'ann@example',
    'ann@',
    '@example.test',
    'ann',
    'ann lee@example.test',
    'ann@exam ple.test',
    'ann@example.test (home)',
    'ann@192.0.2.1',
    'ann@example.test\u0007',
    'a@b@example.test',
    'ann@example.test?subject=x',
    'ann@exa/mple.test',
    '<>',
    '',
    `ann@${'a'.repeat(64)}.test`,
  ])('%j is invalid', (text) => {
    expect(read(text)).toBe('NO: none');
  });

  it.each([
    'a@example.test; b@example.test',
    'a@example.test,b@example.test',
    'a@example.test b@example.test',
    'a@example.test/b@example.test',
    'a@example.test | b@example.test',
    'Ann <a@example.test>, Bo <b@example.test>',
    'b@example.test <a@example.test>',
    'mailto:a@example.test,b@example.test',
  ])('%j is several', (text) => {
    expect(read(text)).toBe('NO: several');
  });
});
