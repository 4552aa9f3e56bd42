// The stream of customers: all of them, then changes since a time, and single customers by ID.
// https://developer.bigcommerce.com/docs/rest-management/customers#get-all-customers
import type { Api, ApiRequest, Context, Json, Query, SourceRecord, Stream } from '#connector';
import { readsById } from '#connector/by-id';
import { type ListedPage, pullsOf } from '#connector/listing';
import { isoSeconds, listOf, namedValues, objectOf, requestList, valueAt, wordOf } from '#connector/reading';
import { rowReader, toRecords } from '#connector/rows';
import type { Settings } from './settings.ts';

export const isId = (id: string) => /^[1-9]\d{0,15}$/.test(id);

const recordOf = rowReader({
  changedAt: 'date_modified',
  isId,
  bodyOf: (customer) => ({
    ...customer,
    // 0 is no group.
    customer_group_id: customer['customer_group_id'] || null,
    address: firstAddress(customer['addresses']),
    attribute_values: namedValues(customer['attributes'], 'attribute_id', 'attribute_value'),
    form_field_values: namedValues(customer['form_fields'], 'name', 'value'),
  }),
});

export const customers: Stream<Settings> = {
  name: 'customers',
  exhaustive: ['', 'address', 'attribute_values', 'form_field_values'],
  // An edited address does not move the time of the customer: of two readings the later one counts.
  clock: 'second',
  ...pullsOf<Settings>({
    what: 'BigCommerce customers',
    pageSize: 250,
    // No lag is documented: how far the clocks may be apart, and how late an update may appear.
    settledMs: 120_000,
    // Pages follow the IDs, from the newest down, whatever the filter: a sort is not documented to go with their cursor.
    oldestFirst: false,
    all: ({ api }, { page, limit }) => pageOf(api, { limit, after: page }),
    changes: ({ api, settings }, { page, limit, from }) =>
      pageOf(api, { ...changedSince(from, settings), limit, after: page }),
    count,
  }),
  // An event may be ahead of the API.
  read: { ...readsById({ maxIds: 100, isId, some: readSome }), lagSeconds: 5 },
  sweeps: true,
};

/** In the documented form, without a zone. A second earlier, because the bound may be exclusive. */
function changedSince(from: number, { filterOverlapHours }: Settings): Query {
  return { 'date_modified:min': isoSeconds(Math.max(0, from - filterOverlapHours * 3_600_000 - 1000)) };
}

/** Of changes it counts those in the overlap as well. */
async function count({ api, settings }: Context<Settings>, from: number | null): Promise<number> {
  const query = { limit: 1, ...(from !== null && changedSince(from, settings)) };
  const { body } = await requestCustomers(api, query, (json) => Number.isSafeInteger(totalIn(json)));
  return Number(totalIn(body));
}

/** Nothing says that more follow. The last page names a cursor as well. */
async function pageOf(api: Api, query: Query): Promise<ListedPage> {
  const { list, body } = await requestCustomers(api, query);
  const end = wordOf(valueAt(body, 'meta.cursor_pagination.end_cursor')) ?? null;
  const isLast = list.length < Number(query['limit']);
  return { ...toRecords(list, recordOf, { noun: 'customer' }), next: isLast ? undefined : end };
}

/** All that exist: the answer holds customers of these IDs and no others, and says that it is whole. */
async function readSome({ api }: Context<Settings>, ids: readonly string[]): Promise<SourceRecord[]> {
  const isWhole = (json: Json | undefined) => {
    const found = listOf(valueAt(json, 'data')).map((row) => recordOf(row)?.recordId ?? '');
    return totalIn(json) === found.length && found.every((id) => ids.includes(id));
  };
  const { list } = await requestCustomers(api, { 'id:in': ids.join(','), limit: ids.length }, isWhole);
  return list.map((row) => recordOf(row)!);
}

const totalIn = (json: Json | undefined) => valueAt(json, 'meta.pagination.total');

/** Without `include` there are no addresses, attributes and form fields at all. A page that was made shorter would end a reading. */
export function requestCustomers(api: Api, query: Query, isWhole?: ApiRequest['isAnswer']) {
  const isAnswer = (json: Json | undefined) => {
    const { cursor_pagination: cursors, pagination } = objectOf(valueAt(json, 'meta'));
    const { per_page: size } = objectOf(cursors ?? pagination);
    const isAsked = size === undefined || size === query['limit'];
    return valueAt(json, 'meta') !== undefined && isAsked && (isWhole?.(json) ?? true);
  };
  const include = 'addresses,attributes,formfields';
  return requestList(api, { path: '/v3/customers', query: { include, ...query }, isAnswer }, 'data');
}

/** None is marked as the default: the one with the lowest ID. */
function firstAddress(addresses: Json | undefined): Json {
  const byId = listOf(addresses).toSorted((a, b) => Number(objectOf(a)['id']) - Number(objectOf(b)['id']));
  return byId[0] ?? null;
}
