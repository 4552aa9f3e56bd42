// Pages of the lists of commercetools: each starts after the last row of the previous page, because commercetools skips
// no more than 10,000 rows.
// https://docs.commercetools.com/api/general-concepts#paging and https://docs.commercetools.com/api/predicates/query
import { type Context, type Json, type SourceRecord, TransientError } from '#connector';
import type { ListedPage } from '#connector/listing';
import { listOf, momentOf, objectOf, wordOf } from '#connector/reading';
import { toRecords } from '#connector/rows';
import type { Settings } from './settings.ts';

export const pageSize = 500;
/** Queries are eventually consistent, and no time is documented. */
export const settleLagSeconds = 300;

export interface ListRequest {
  path: string;
  /** A predicate that all rows fulfil. */
  only?: string;
  /** The row before this page, as `next` of its page named it. */
  page: string | undefined;
  limit: number;
  recordOf: (row: Json) => SourceRecord | undefined;
}

/** Rows in the order of their IDs. */
export function pageById(context: Context<Settings>, request: ListRequest): Promise<ListedPage> {
  const { page, ...asked } = request;
  return pageOf(
    context,
    { ...asked, page },
    {
      sort: ['id asc'],
      where: page === undefined ? undefined : 'id > :last',
      variables: { last: page },
      nextOf: ({ id }) => wordOf(id),
    },
  );
}

/** Rows in the order of a time, `from` (epoch milliseconds) and later. */
export function pageSince(
  context: Context<Settings>,
  request: ListRequest & { field: string; from: number },
): Promise<ListedPage> {
  const { field, from, ...asked } = request;
  const [at = new Date(from).toISOString(), last] = asked.page?.split(' ') ?? [];
  return pageOf(context, asked, {
    sort: [`${field} asc`, 'id asc'],
    where: last === undefined ? `${field} >= :at` : `(${field} = :at and id > :last) or ${field} > :at`,
    variables: { at, last },
    nextOf(row) {
      const [time, id] = [momentOf(row[field]), wordOf(row['id'])];
      return time === undefined || id === undefined ? undefined : `${new Date(time).toISOString()} ${id}`;
    },
  });
}

/** A page that is full is followed by another. */
async function pageOf(
  { api, settings }: Context<Settings>,
  { path, only, page, limit, recordOf }: ListRequest,
  order: {
    sort: string[];
    where: string | undefined;
    variables: { [name: string]: string | undefined };
    nextOf(row: { [name: string]: Json }): string | undefined;
  },
): Promise<ListedPage> {
  const where = [only, order.where]
    .filter((predicate) => predicate !== undefined)
    .map((predicate) => `(${predicate})`)
    .join(' and ');
  const { json } = await api.request({
    path: `/${settings.projectKey}${path}`,
    query: {
      limit,
      withTotal: false,
      sort: order.sort,
      where: where || undefined,
      ...Object.fromEntries(Object.entries(order.variables).map(([name, value]) => [`var.${name}`, value])),
    },
    // A shorter page than was requested would end the reading.
    isAnswer(json) {
      const { results, count, limit: given } = objectOf(json);
      return Array.isArray(results) && count === results.length && given === limit;
    },
  });
  const rows = listOf(objectOf(json)['results']);
  const found = toRecords(rows, recordOf, { noun: `row of ${path}` });
  if (rows.length < limit) return { ...found, next: undefined };
  const next = order.nextOf(objectOf(rows.at(-1)));
  if (next === undefined || next === page)
    throw new TransientError('commercetools returned a page after which reading cannot continue', {
      foreign: true,
    });
  return { ...found, next };
}
