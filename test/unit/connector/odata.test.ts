// Pages of an OData list, and which of their links are followed.
import { describe, expect, test } from 'vitest';
import type { Api, ApiRequest, JsonObject } from '#connector';
import { codeIn, deletedIn, type ODataList, requestODataPage } from '#connector/odata';

const site = { baseUrl: 'https://acme.example.com', hosts: ['acme.api.example.com'] };
const people = 'https://acme.api.example.com/data/people';
const context = 'https://acme.example.com/data/$metadata#people(name)';

async function page(json: JsonObject, asked: Partial<ODataList> = {}) {
  const requests: ApiRequest[] = [];
  const api: Api = {
    async request(request) {
      requests.push(request);
      if (!request.isAnswer?.(json)) throw new Error('foreign');
      return { status: 200, headers: {}, json };
    },
  };
  const list = { path: '/data/people', query: { $select: 'name' }, limit: 5, ...asked };
  return { ...(await requestODataPage(api, site, list)), requests };
}

describe('a page of a list', () => {
  test('is requested by its path, or by the link to it, with the size of pages and the wish for tracking', async () => {
    const first = await page({ '@odata.context': context, value: [] }, { tracked: true });
    expect(first.requests).toMatchObject([
      {
        path: '/data/people',
        query: { $select: 'name' },
        headers: { prefer: 'odata.track-changes,odata.maxpagesize=5' },
      },
    ]);
    const further = await page({ '@odata.context': context, value: [] }, { page: '/data/people?$skip=1' });
    expect(further.requests[0]).toEqual({
      path: '/data/people?$skip=1',
      headers: { prefer: 'odata.maxpagesize=5' },
      isAnswer: expect.any(Function),
    });
  });

  test('leads to the next one, or to what changes, by links at the hosts of the site, which are called at the base URL', async () => {
    const rows = [{ name: 'Anna' }];
    expect(
      await page({ '@odata.context': context, value: rows, '@odata.nextLink': `${people}?$skip=1` }),
    ).toMatchObject({ rows, next: '/data/people?$skip=1', delta: undefined });
    expect(
      await page({ '@odata.context': context, value: rows, '@odata.deltaLink': `${people}?$delta=1` }),
    ).toMatchObject({ next: undefined, delta: '/data/people?$delta=1' });
  });

  test('is not believed where it is of another list, or where a link leads elsewhere', async () => {
    for (const json of [
      { value: [] },
      { '@odata.context': context.replace('people', 'peoples'), value: [] },
      { '@odata.context': context },
      ...[
        'https://evil.example.com/data/people?$skip=1',
        'http://acme.api.example.com/data/people?$skip=1',
        'https://acme.api.example.com/data/orders?$skip=1',
        people,
        'no link',
      ].map((link) => ({ '@odata.context': context, value: [], '@odata.nextLink': link })),
      {
        '@odata.context': context,
        value: [],
        '@odata.nextLink': `${people}?$skip=1`,
        '@odata.deltaLink': `${people}?$delta=1`,
      },
    ])
      await expect(page(json), JSON.stringify(json)).rejects.toThrow('foreign');
  });

  test('that names itself as the next one ends the reading', async () => {
    const json = { '@odata.context': context, value: [], '@odata.nextLink': `${people}?$skip=1` };
    await expect(page(json, { page: '/data/people?$skip=1' })).rejects.toMatchObject({ foreign: true });
  });

  test('of a delta may have no list where nothing changed, and always has a link', async () => {
    const delta = { page: '/data/people?$delta=1', isDelta: true };
    const link = { '@odata.deltaLink': `${people}?$delta=2` };
    expect(await page(link, delta)).toMatchObject({ rows: [], delta: '/data/people?$delta=2' });
    for (const json of [{}, { value: [] }, { value: {}, ...link }])
      await expect(page(json, delta)).rejects.toThrow('foreign');
  });
});

test('a row of a delta may say that an entity was deleted', () => {
  const row = {
    '@odata.context': 'https://acme/$metadata#people/$deletedEntity',
    id: 'a',
    reason: 'deleted',
  };
  expect(deletedIn(row, '/data/people')).toBe('a');
  expect(deletedIn({ ...row, reason: 'changed' }, '/data/people')).toBeUndefined();
  expect(deletedIn({ ...row, '@odata.context': context }, '/data/people')).toBeUndefined();
  expect(deletedIn(row, '/data/orders')).toBeUndefined();
});

test('an error has a code', () => {
  expect(codeIn({ error: { code: '0xABC', message: 'No' } })).toBe('0xabc');
  expect(codeIn({ message: 'No' })).toBeUndefined();
});
