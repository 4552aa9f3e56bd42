// How a connector finds out whose credentials it has, and what they allow.
import { expect, test } from 'vitest';
import type { Api, Context } from '#connector';
import { found, foundSight, requestAccount, requireAccount, triedPull } from '#connector/checking';

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

test('whose the credentials are is requested, and an answer that does not say it is none', async () => {
  const api = (json: object): Api => ({
    async request({ isAnswer }) {
      if (!isAnswer!(json as never)) throw new Error('foreign');
      return { status: 200, headers: {}, json: json as never };
    },
  });
  const of = { noun: 'company', id: '1', path: '/me', at: 'data.company' };
  await requestAccount(api({ data: { company: 1 } }), of);
  await expect(requestAccount(api({ data: { company: 2 } }), of)).rejects.toThrow(/company 2, not of/);
  await requestAccount(api({}), { ...of, id: undefined });
  await expect(requestAccount(api({}), { ...of, id: undefined, always: true })).rejects.toThrow('foreign');
});

test('one record is pulled to see whether a stream can be read', async () => {
  const context = { now: 7 } as Context<unknown>;
  const asked: unknown[] = [];
  const pull = async (_context: unknown, request: object) => {
    asked.push(request);
    return { records: [], cursor: null, done: true };
  };
  expect(await triedPull(context, { name: 'people', pull })).toEqual({
    what: 'list people',
    allowed: true,
    note: 'Full readings, changes and single people can be read.',
  });
  expect(asked).toEqual([{ cursor: null, until: 7, properties: ['id'], maxRecords: 1 }]);
  const fails = async () => Promise.reject(new Error('It was refused.'));
  expect(await triedPull(context, { name: 'people', pull: fails })).toMatchObject({ allowed: false });
});

test('an administrator sees all records, and of anybody else it is said what is hidden', async () => {
  const sight = (is: () => Promise<boolean>) => foundSight('persons', 'persons that others hide', is);
  expect(await sight(async () => true)).toMatchObject({ what: 'see all persons', allowed: true });
  expect(await sight(async () => false)).toMatchObject({
    allowed: null,
    note: 'The user is not an administrator: persons that others hide are not read, and count as deleted.',
  });
  expect(await sight(async () => Promise.reject(new Error('It was refused.')))).toMatchObject({
    allowed: null,
    note: 'This could not be determined: It was refused.',
  });
});
