// The stream of customers: all of them by ID, then updated ones, and single customers by ID.
// https://shopify.dev/docs/api/admin-graphql/latest/queries/customers
import type { ApiRequest, Context, Json, SourceRecord, Stream } from '#connector';
import { readsById } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { isoSeconds, listOf, objectOf, valueAt, wordOf } from '#connector/reading';
import { toRecords } from '#connector/rows';
import { bulkExport } from './bulk.ts';
import { customerId, customersQuery, globalId, recordOf } from './customer.ts';
import { graphQl, hasNoErrors } from './requests.ts';
import type { Settings } from './settings.ts';

/** With every object of a customer counted in full, a page costs 902 points of the 1,000 that a query may cost. */
export const pageSize = 100;
/** How far the index of changes may be behind, by experience seconds (documented nowhere). */
const settleLagSeconds = 300;

const listParameters = '$first: Int!, $after: String, $sortKey: CustomerSortKeys!, $query: String';
const listBody =
  'customers(first: $first, after: $after, sortKey: $sortKey, query: $query) { nodes { ...Fields } pageInfo { hasNextPage endCursor } }';

export const customers: Stream<Settings> = {
  name: 'customers',
  exhaustive: ['metafields'],
  clock: 'second',
  ...pullsOf({
    what: 'Shopify customers',
    pageSize,
    settleLagSeconds,
    oldestFirst: true,
    all: (context, request) => pageOf(context, request, { sortKey: 'ID' }),
    // A customer who changes meanwhile moves to the end.
    changes: (context, request) =>
      pageOf(context, request, { sortKey: 'UPDATED_AT', query: updatedSince(request.from) }),
    count,
  }),
  bulkExport,
  read: readsById({
    maxIds: pageSize,
    isId: (id) => customerId(globalId(id)) !== undefined,
    some: readSome,
  }),
  sweeps: true,
};

/** Without the quotes the colons break the time, and the whole day comes. */
export function updatedSince(from: number): string {
  return `updated_at:>='${isoSeconds(from)}Z'`;
}

async function pageOf(
  { api, settings }: Context<Settings>,
  { page, limit, properties }: PageRequest,
  order: { sortKey: string; query?: string },
): Promise<ListedPage> {
  const request = listRequest(settings, { first: limit, after: page ?? null, ...order }, properties);
  const { json } = await api.request(request);
  const nodes = listOf(valueAt(json, 'data.customers.nodes'));
  const pageInfo = objectOf(valueAt(json, 'data.customers.pageInfo'));
  const next = pageInfo['hasNextPage'] === true ? wordOf(pageInfo['endCursor']) : undefined;
  return { ...toRecords(nodes, (node) => recordOf(node, settings.metafields), { noun: 'customer' }), next };
}

/** What is listed, for `variables` of the list. An answer must say whether more follow, and where. */
export function listRequest(
  settings: Settings,
  variables: { [name: string]: Json },
  properties: readonly string[],
): ApiRequest {
  const asked = customersQuery(listParameters, listBody, { properties, metafields: settings.metafields });
  return {
    ...graphQl(settings, { ...asked, variables: { ...asked.variables, ...variables } }),
    isAnswer(json) {
      const nodes = valueAt(json, 'data.customers.nodes');
      const { hasNextPage, endCursor } = objectOf(valueAt(json, 'data.customers.pageInfo'));
      const isWhole = hasNextPage === false || (hasNextPage === true && wordOf(endCursor) !== undefined);
      return hasNoErrors(json) && Array.isArray(nodes) && isWhole;
    },
  };
}

/** Exact: without a limit of its own the count would stop at 10,000. */
async function count({ api, settings }: Context<Settings>, from: number | null): Promise<number> {
  const query = 'query Count($query: String) { customersCount(query: $query, limit: null) { count } }';
  const variables = { query: from === null ? null : updatedSince(from) };
  const isAnswer = (json: Json | undefined) =>
    hasNoErrors(json) && Number.isSafeInteger(valueAt(json, 'data.customersCount.count'));
  const { json } = await api.request({ ...graphQl(settings, { query, variables }), isAnswer });
  return Number(valueAt(json, 'data.customersCount.count'));
}

/** In the order of the IDs. Null is one that does not exist: where it is only denied, the answer has errors. */
async function readSome(
  { api, settings }: Context<Settings>,
  ids: readonly string[],
  properties: readonly string[],
): Promise<SourceRecord[]> {
  const asked = customersQuery('$ids: [ID!]!', 'nodes(ids: $ids) { ...Fields }', {
    properties,
    metafields: settings.metafields,
  });
  const recordsIn = (json: Json | undefined) =>
    listOf(valueAt(json, 'data.nodes')).map((node) =>
      node === null ? null : recordOf(node, settings.metafields),
    );
  const { json } = await api.request({
    ...graphQl(settings, { ...asked, variables: { ...asked.variables, ids: ids.map(globalId) } }),
    isAnswer(json) {
      const records = recordsIn(json);
      const isOfThese = records.every((record, at) => record === null || record?.recordId === ids[at]);
      return hasNoErrors(json) && records.length === ids.length && isOfThese;
    },
  });
  return recordsIn(json).filter((record) => record != null);
}
