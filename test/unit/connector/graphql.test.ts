// Requests to a GraphQL API, and which of its answers are believed.
import { describe, expect, test } from 'vitest';
import type { Api, ApiRequest, Json } from '#connector';
import { errorsWith200, requestConnection, requestField, requestNodes } from '#connector/graphql';

/** Answers with this body, where the request takes it for an answer. */
function answering(json: Json) {
  const asked: ApiRequest[] = [];
  const api: Api = {
    async request(request) {
      asked.push(request);
      if (!request.isAnswer?.(json)) throw new Error('foreign');
      return { status: 200, headers: { from: 'here' }, json };
    },
  };
  return { api, asked };
}

const field = { path: '/graphql', field: 'people', select: 'name' };
const isValue = () => true;

describe('a field', () => {
  test('is requested with its arguments as variables', async () => {
    const { api, asked } = answering({ data: { people: 7 } });
    const given = { first: ['Int!', 5], after: ['String', null] } as const;
    const { value, headers } = await requestField(api, { ...field, arguments: given, isValue });
    expect([value, headers]).toEqual([7, { from: 'here' }]);
    expect(asked).toMatchObject([
      {
        method: 'POST',
        path: '/graphql',
        json: {
          query: 'query ($first: Int!, $after: String) { people(first: $first, after: $after) { name } }',
          variables: { first: 5, after: null },
        },
      },
    ]);
  });

  test('is not believed beside errors of any shape, or where it is another value', async () => {
    for (const errors of [[{ message: 'No' }], 'No', {}, null])
      await expect(
        requestField(answering({ data: { people: 7 }, errors }).api, { ...field, isValue }),
      ).rejects.toThrow('foreign');
    const other = { ...field, isValue: (value: Json | undefined) => value === 8 };
    await expect(requestField(answering({ data: { people: 7 } }).api, other)).rejects.toThrow('foreign');
    await expect(
      requestField(answering({ data: { people: 8 }, errors: [] }).api, other),
    ).resolves.toBeTruthy();
  });
});

describe('a connection', () => {
  const page = (pageInfo: Json, nodes: Json = [{ name: 'Anna' }]) =>
    requestConnection(answering({ data: { people: { nodes, pageInfo } } }).api, field);

  test('has nodes, and the cursor of the page that follows', async () => {
    const { nodes, next } = await page({ hasNextPage: true, endCursor: 'abc' });
    expect([nodes, next]).toEqual([[{ name: 'Anna' }], 'abc']);
    expect((await page({ hasNextPage: false, endCursor: 'abc' })).next).toBeUndefined();
  });

  test('is not believed without a list, or where it does not say whether more follow, or where', async () => {
    for (const pageInfo of [null, {}, { endCursor: 'abc' }, { hasNextPage: true, endCursor: null }])
      await expect(page(pageInfo)).rejects.toThrow('foreign');
    await expect(page({ hasNextPage: false }, null)).rejects.toThrow('foreign');
  });
});

test('objects are requested by their IDs: null is one that does not exist, and another object or order is not believed', async () => {
  const read = (node: Json) => ({ id: (node as { id: string }).id, read: (node as { id: string }).id });
  const asked = { path: '/graphql', type: 'Person', select: 'id', ids: ['a', 'b'] };
  const nodes = (list: Json) => requestNodes(answering({ data: { nodes: list } }).api, asked, read);
  expect(await nodes([{ id: 'a' }, { id: 'b' }])).toEqual(['a', 'b']);
  expect(await nodes([null, { id: 'b' }])).toEqual(['b']);
  for (const list of [null, [], [{ id: 'a' }], [{ id: 'b' }, { id: 'a' }]])
    await expect(nodes(list)).rejects.toThrow('foreign');
});

describe('an error with status 200', () => {
  const errorIn = errorsWith200({
    vendor: 'Acme',
    exhausted: { code: 'THROTTLED', quota: 'points', waitMs: () => undefined },
    refused: { DENIED: 'Give the app access.' },
    passing: ['TIMEOUT'],
  });
  const errorOf = (errors: Json, json: Json = { query: 'query { people }' }) =>
    errorIn({ status: 200, headers: {}, json: { data: {}, errors } }, { path: '/', json });
  const coded = (code: string) => [{ message: 'No', extensions: { code } }];

  test('means what its code means', () => {
    expect(errorOf([])).toBeUndefined();
    expect(errorOf(coded('THROTTLED'))).toMatchObject({
      name: 'TransientError',
      quota: 'points',
      retryAfterMs: 2_000,
    });
    expect(errorOf(coded('DENIED'))).toMatchObject({
      name: 'UnauthorizedError',
      message: 'Acme refused the query: No. Give the app access.',
    });
    expect(errorOf(coded('OTHER'))).toMatchObject({ name: 'TransientError' });
    expect(errorOf([{}])).toMatchObject({ message: 'Acme refused the query: it gives no reason' });
  });

  test('rejects a page for its cursor, and a mutation for what it asks, unless it is an outage', () => {
    for (const json of [{ query: 'query { a }', variables: { after: 'abc' } }, { query: 'mutation { a }' }]) {
      expect(errorOf(coded('OTHER'), json)).toMatchObject({
        name: 'RejectedError',
        code: 'OTHER',
        status: 400,
      });
      expect(errorOf(coded('TIMEOUT'), json)).toMatchObject({ name: 'TransientError' });
    }
  });
});
