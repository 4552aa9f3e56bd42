// How a connector finds out whose credentials it has, and what they allow.
import { expect, test } from 'vitest';
import { found, requireAccount } from '#connector/checking';

test('records of another account are refused, and all are taken where none is named', () => {
  requireAccount('company', undefined, ['1', undefined]);
  requireAccount('company', '1', []);
  requireAccount('company', '1', ['1', '1']);
  expect(() => requireAccount('company', '1', ['1', '2'])).toThrow(
    'The credentials are of the company 2, not of companyId.',
  );
  expect(() => requireAccount('company', '1', [undefined])).toThrow(/not of companyId/);
});

test('what cannot be found out is refused, or unknown, with the reason', async () => {
  const fails = async () => {
    throw new Error('It was refused.');
  };
  expect(await found('see all', async () => ({ allowed: null, note: 'Perhaps.' }))).toEqual({
    what: 'see all',
    allowed: null,
    note: 'Perhaps.',
  });
  expect(await found('see all', fails)).toMatchObject({ allowed: false, note: 'It was refused.' });
  expect(await found('see all', fails, null)).toMatchObject({
    allowed: null,
    note: 'This could not be determined: It was refused.',
  });
});
