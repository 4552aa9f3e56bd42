// Pages of rows as most vendors answer them.
import { expect, test } from 'vitest';
import type { Api, ApiRequest, Json } from '#connector';
import { pageAfter, requestPage, requestProperties, requestRows, requestTimedPage } from '#connector/pages';
import { rowReader } from '#connector/rows';

/** Answers everything with this body, unless it is no answer. */
function api(json: Json): Api {
  return {
    async request({ isAnswer }: ApiRequest) {
      if (isAnswer && !isAnswer(json)) throw new Error('foreign');
      return { status: 200, headers: {}, json };
    },
  };
}

const rows = { at: 'data.people', noun: 'person', recordOf: rowReader({ changedAt: 'at' }) };
const person = (id: number, at = id) => ({ id, at });
const pageOf = (body: Json, limit = 2) =>
  requestPage(api(body), { path: '/people' }, { ...rows, next: 'data.next', limit });

test('rows are read at their path, those without an ID or a time are rejected, and an answer without the list is none', async () => {
  const body = { data: { people: [person(1), { id: 2 }] } };
  const { list, records, rejected } = await requestRows(api(body), { path: '/people' }, rows);
  expect(list).toHaveLength(2);
  expect(records.map(({ recordId }) => recordId)).toEqual(['1']);
  expect(rejected).toMatchObject([{ position: 'person 2' }]);
  await expect(requestRows(api({ data: [] }), { path: '/people' }, rows)).rejects.toThrow('foreign');
});

test('the page after this one is what the vendor calls it', async () => {
  const people = [person(1), person(2)];
  expect(await pageOf({ data: { people, next: 'b' } })).toMatchObject({ next: 'b' });
  for (const next of [null, '']) expect((await pageOf({ data: { people, next } })).next).toBeUndefined();
});

test('a full page that does not say whether more follow is not the last one', async () => {
  const people = [person(1), person(2)];
  expect((await pageOf({ data: { people } })).next).toBeNull();
  expect((await pageOf({ data: { people } }, 3)).next).toBeUndefined();
});

test('a page in the order of a time is followed by one from the time of its last row', async () => {
  const asked: unknown[] = [];
  const read = (page: string | undefined) =>
    requestTimedPage({ page, limit: 2 }, { clock: 'at', from: 1_000 }, async (place) => {
      asked.push(place);
      return requestRows(api({ data: { people: [person(5_000), person(6_000)] } }), { path: '/' }, rows);
    });
  const first = await read(undefined);
  expect(first.records).toHaveLength(2);
  expect((await read(first.next!)).next).toBe('6000 1');
  expect(asked).toEqual([
    { from: 1_000, skip: 0, limit: 2 },
    { from: 6_000, skip: 0, limit: 2 },
  ]);
});

test('a page with a row of another account is refused, and a row that names none says nothing', async () => {
  const account = { at: 'of', noun: 'company', id: '7' };
  const read = (...people: Json[]) =>
    requestRows(api({ data: { people } }), { path: '/people' }, { ...rows, account });
  expect((await read({ ...person(1), of: 7 }, person(2))).records).toHaveLength(2);
  await expect(read({ ...person(1), of: 7 }, { ...person(2), of: 8 })).rejects.toThrow(/company 8, not of/);
});

test('properties have the names that their description has for them', async () => {
  const fields = [{ name: 'a', label: 'A', kind: 'text' }, { name: 'b' }];
  const asked = { at: 'fields', name: ({ name }: { name?: Json }) => `own.${name}`, type: 'kind' };
  expect(await requestProperties(api({ fields }), '/fields', asked)).toEqual([
    { name: 'own.a', label: 'A', type: 'text' },
    { name: 'own.b', label: '', type: '' },
  ]);
});

test('the page after a full one begins after its last row, and is not guessed where that says nothing', () => {
  const list = [person(1), person(2, 7)];
  expect(pageAfter(list, 2, ['at', 'id'])).toBe('7 2');
  expect(pageAfter(list, 3, ['id'])).toBeUndefined();
  expect(pageAfter(list, 2, ['id', 'other'])).toBeNull();
});
