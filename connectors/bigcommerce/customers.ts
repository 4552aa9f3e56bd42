// The stream of customers: all of them, then changes since a time, and single customers by ID.
// https://developer.bigcommerce.com/docs/rest-management/customers#get-all-customers
import {
  type ApiRequest,
  type Context,
  type Json,
  type SourceRecord,
  type Stream,
  TransientError,
} from '#connector';
import { readsById } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { listOf, objectOf, valueAt, wordOf } from '#connector/reading';
import { toRecords } from '#connector/rows';
import { isId, recordOf } from './customer.ts';
import type { Settings } from './settings.ts';

export const customersPath = '/v3/customers';
const pageSize = 250;
/** No lag is documented: how far the clocks may be apart, and how late an update may appear. */
const settledMs = 120_000;
const hourMs = 3_600_000;
/** Of an event that is ahead of the API. */
const lagSeconds = 5;

type Query = { [name: string]: string | number | undefined };

export const customers: Stream<Settings> = {
  name: 'customers',
  exhaustive: ['', 'address', 'attribute_values', 'form_field_values'],
  // An edited address does not move the time of the customer: of two readings the later one counts.
  clock: 'second',
  ...pullsOf<Settings>({
    what: 'BigCommerce customers',
    pageSize,
    settledMs,
    // Pages follow the IDs, from the newest down, whatever the filter: a sort is not documented to go with their cursor.
    oldestFirst: false,
    all: (context, request) => pageOf(context, request, {}),
    changes: (context, request) => pageOf(context, request, changedSince(request.from, context.settings)),
    count,
  }),
  read: { ...readsById({ maxIds: 100, isId, some: readSome }), lagSeconds },
  sweeps: true,
  cost: () => ({ full: { records: pageSize, calls: 1 } }),
};

/** In the documented form, without a zone. A second earlier, because the bound may be exclusive. */
function changedSince(from: number, { filterOverlapHours }: Settings): Query {
  const earliest = Math.max(0, from - filterOverlapHours * hourMs - 1000);
  return { 'date_modified:min': new Date(earliest).toISOString().slice(0, 19) };
}

/** Of changes it counts those in the overlap as well. */
async function count({ api, settings }: Context<Settings>, from: number | null): Promise<number> {
  const request = listRequest({ limit: 1, ...(from !== null && changedSince(from, settings)) });
  const totalIn = (json: Json | undefined) => valueAt(json, 'meta.pagination.total');
  const isAnswer = (json: Json | undefined) => request.isAnswer!(json) && Number.isSafeInteger(totalIn(json));
  return Number(totalIn((await api.request({ ...request, isAnswer })).json));
}

async function pageOf(
  context: Context<Settings>,
  { page, limit }: PageRequest,
  filter: Query,
): Promise<ListedPage> {
  const { rows, endCursor } = await list(context, { ...filter, limit, after: page });
  const found = toRecords(rows, recordOf, { noun: 'customer' });
  // Nothing says that more follow. The last page names a cursor as well.
  if (rows.length < limit) return { ...found, next: undefined };
  if (endCursor === undefined || endCursor === page)
    throw new TransientError('BigCommerce answered a full page that does not say where the next one begins', {
      foreign: true,
    });
  return { ...found, next: endCursor };
}

/** All that exist: the answer holds customers of these IDs and no others, and says that it is whole. */
async function readSome(context: Context<Settings>, ids: readonly string[]): Promise<SourceRecord[]> {
  const { rows } = await list(context, { 'id:in': ids.join(','), limit: ids.length }, (body) => {
    const { total } = objectOf(valueAt(body, 'meta.pagination'));
    const rows = listOf(objectOf(body)['data']).map((row) => recordOf(row)?.recordId ?? '');
    return total === rows.length && rows.every((id) => ids.includes(id));
  });
  return rows.map((row) => recordOf(row)!);
}

async function list(
  { api }: Context<Settings>,
  query: Query,
  isWhole: (json: Json | undefined) => boolean = () => true,
): Promise<{ rows: Json[]; endCursor: string | undefined }> {
  const request = listRequest(query);
  const isAnswer = (json: Json | undefined) => request.isAnswer!(json) && isWhole(json);
  const { json } = await api.request({ ...request, isAnswer });
  return {
    rows: listOf(objectOf(json)['data']),
    endCursor: wordOf(valueAt(json, 'meta.cursor_pagination.end_cursor')),
  };
}

/** Without `include` there are no addresses, attributes and form fields at all. A page that was made shorter would end a reading. */
export function listRequest(query: Query): ApiRequest {
  return {
    path: customersPath,
    query: { include: 'addresses,attributes,formfields', ...query },
    isAnswer(json) {
      const { data, meta } = objectOf(json);
      const { cursor_pagination: cursors, pagination } = objectOf(meta);
      const { per_page: size } = objectOf(cursors ?? pagination);
      return Array.isArray(data) && (size === undefined || size === query['limit']) && meta !== undefined;
    },
  };
}
