// The stream of customers: all of them by ID, then updated ones, and single customers by ID.
// https://shopify.dev/docs/api/admin-graphql/latest/queries/customers
import type { Context, Stream } from '#connector';
import { readsById } from '#connector/by-id';
import { requestConnection, requestField, requestNodes } from '#connector/graphql';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { isoSeconds, valueAt } from '#connector/reading';
import { toRecords } from '#connector/rows';
import { bulkExport } from './bulk.ts';
import { customerId, globalId, pageSize, recordReader, selectionOf } from './customer.ts';
import { endpoint, type Settings } from './settings.ts';

export const customers: Stream<Settings> = {
  name: 'customers',
  exhaustive: ['metafields'],
  clock: 'second',
  ...pullsOf<Settings>({
    what: 'Shopify customers',
    pageSize,
    // How far the index of changes may be behind, by experience (documented nowhere).
    settleLagSeconds: 300,
    oldestFirst: true,
    all: (context, request) => pageOf(context, request, { sortKey: 'ID' }),
    inventory: (context, request) => pageOf(context, { ...request, properties: ['id'] }, { sortKey: 'ID' }),
    // A customer who changes meanwhile moves to the end.
    changes: (context, request) =>
      pageOf(context, request, { sortKey: 'UPDATED_AT', query: updatedSince(request.from) }),
    async count({ api, settings }, from) {
      const { value } = await requestField(api, {
        path: endpoint(settings),
        field: 'customersCount',
        // Exact: without a limit of its own the count would stop at 10,000.
        arguments: {
          query: ['String', from === null ? null : updatedSince(from)],
          limit: ['Int', null],
        },
        select: 'count',
        isValue: (value) => Number.isSafeInteger(valueAt(value, 'count')),
      });
      return Number(valueAt(value, 'count'));
    },
  }),
  bulkExport,
  read: readsById({
    maxIds: pageSize,
    isId: (id) => customerId(globalId(id)) !== undefined,
    some({ api, settings }, ids, properties) {
      const select = selectionOf(settings, properties);
      const asked = { path: endpoint(settings), type: 'Customer', ids: ids.map(globalId), select };
      const recordOf = recordReader(settings);
      return requestNodes(api, asked, (node) => {
        const record = recordOf(node);
        return record && { id: globalId(record.recordId), read: record };
      });
    },
  }),
  sweeps: true,
};

/** Without the quotes the colons break the time, and the whole day comes. */
export function updatedSince(from: number): string {
  return `updated_at:>='${isoSeconds(from)}Z'`;
}

async function pageOf(
  context: Context<Settings>,
  { page, limit, properties }: PageRequest,
  order: { sortKey: string; query?: string },
): Promise<ListedPage> {
  const { nodes, next } = await requestCustomers(context, properties, {
    first: limit,
    after: page,
    ...order,
  });
  return { ...toRecords(nodes, recordReader(context.settings), { noun: 'customer' }), next };
}

interface ListArguments {
  first: number;
  after?: string | undefined;
  sortKey: string;
  query?: string;
}

export function requestCustomers(
  { api, settings }: Context<Settings>,
  properties: readonly string[],
  { first, after, sortKey, query }: ListArguments,
) {
  return requestConnection(api, {
    path: endpoint(settings),
    field: 'customers',
    arguments: {
      first: ['Int!', first],
      after: ['String', after ?? null],
      sortKey: ['CustomerSortKeys!', sortKey],
      query: ['String', query ?? null],
    },
    select: selectionOf(settings, properties),
  });
}
