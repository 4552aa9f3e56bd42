// The stream of rows: all of them again in each run, because a data extension does not say what changed, and single ones by their key.
// https://developer.salesforce.com/docs/marketing/marketing-cloud/guide/data-api.html
import type { ApiRequest, Context, Json, JsonObject, Property, SourceRecord, Stream } from '#connector';
import { readsById } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { readMoment } from '#connector/moment';
import { listOf, objectOf, wordOf } from '#connector/reading';
import { rowReader, toRecords } from '#connector/rows';
import type { Settings } from './settings.ts';

type Query = { [name: string]: string | number };

/** The clock of the servers, in winter and in summer. */
const serverZone = { dates: 'M/D/YYYY h:mm:ss A', timezone: 'Etc/GMT+6' };

export function rowsOf({ complete }: Pick<Settings, 'complete'>): Stream<Settings> {
  return {
    name: 'rows',
    clock: 'reading',
    exhaustive: [''],
    ...pullsOf<Settings>({ what: 'Marketing Cloud rows', pageSize: 2_500, all }),
    read: readsById<Settings>({ maxIds: 5, isId: () => true, one: readOne, proof: firstRow }),
    sweeps: complete,
    properties,
  };
}

/** `page`: how many rows were read, and the token of a result that no change moves. It expires, and reading begins again. */
async function all(context: Context<Settings>, { page, limit, start }: PageRequest): Promise<ListedPage> {
  const [done = 0, token] = page?.split(' ') ?? [];
  const number = Math.floor(Number(done) / limit) + 1;
  const { items, count, requestToken } = await rowset(context, { $page: number, $pagesize: limit }, token);
  const next = wordOf(token ?? requestToken);
  return {
    ...toRecords(items, recordOf(context, start), { noun: 'row' }),
    next: number * limit >= count ? undefined : next === undefined ? null : `${number * limit} ${next}`,
  };
}

/** Where there is no row, `items` is absent: that is only an answer where none is left. */
async function rowset(
  { api, settings }: Context<Settings>,
  query: Query,
  token?: string,
): Promise<{ items: Json[]; count: number; requestToken: Json | undefined }> {
  const key = settings.dataExtension;
  const place = token === undefined ? `key/${encodeURIComponent(key)}` : `token/${encodeURIComponent(token)}`;
  const before = (Number(query['$page'] ?? 1) - 1) * Number(query['$pagesize'] ?? 0);
  const request: ApiRequest = {
    path: `/data/v1/customobjectdata/${place}/rowset`,
    query,
    isAnswer(json) {
      const { items, count, customObjectKey } = objectOf(json);
      if (typeof count !== 'number' || wordOf(customObjectKey)?.toLowerCase() !== key.toLowerCase())
        return false;
      return Array.isArray(items)
        ? items.length > 0 || count <= before
        : items === undefined && count <= before;
    },
  };
  const { items, count, requestToken } = objectOf((await api.request(request)).json);
  return { items: listOf(items), count: Number(count), requestToken };
}

export async function firstRow(context: Context<Settings>): Promise<Json> {
  const { items } = await rowset(context, { $page: 1, $pagesize: 1 });
  return items[0] ?? {};
}

/** Null: the filter finds no row. A row of somebody else shows that the filter was not applied, and says nothing. */
async function readOne(context: Context<Settings>, id: string): Promise<SourceRecord | null | undefined> {
  const $filter = `${context.settings.keyColumn} eq '${id.replaceAll("'", "''")}'`;
  const { items } = await rowset(context, { $filter, $page: 1, $pagesize: 50 });
  const found = items.map(recordOf(context, context.now));
  return items.length === 0 ? null : found.findLast((record) => record?.recordId === id);
}

/** The columns of the primary key stand apart from the others, and all names are lower-case. */
function recordOf({ settings }: Context<Settings>, readAt: number): (row: Json) => SourceRecord | undefined {
  const read = rowReader({
    id: settings.keyColumn.toLowerCase(),
    changedAt: 'readAt',
    bodyOf: ({ readAt: _, ...body }) => body,
  });
  return (row) => {
    const columns = columnsOf(row);
    const record = read({ ...columns, readAt });
    return record && { ...record, body: { ...record.body, id: record.recordId } };
  };
}

function columnsOf(row: Json): JsonObject {
  const { keys, values } = objectOf(row);
  const columns = Object.entries({ ...objectOf(values), ...objectOf(keys) });
  return Object.fromEntries(columns.map(([name, value]) => [name.toLowerCase(), written(value)]));
}

/** Every value is text. A date has the time of midnight, whatever the zone. */
function written(value: Json): Json {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  const moment = /^\d{1,2}\/\d{1,2}\/\d{4} .*M$/.test(text) ? readMoment(text, serverZone) : undefined;
  if (!moment || !('date' in moment)) return text;
  return / 12:00:00 AM$/.test(text) ? moment.date : new Date(moment.epochMs).toISOString();
}

async function properties(context: Context<Settings>): Promise<Property[]> {
  const names = ['id', ...Object.keys(columnsOf(await firstRow(context)))];
  return names.map((name) => ({ name, label: name, type: 'text' }));
}
