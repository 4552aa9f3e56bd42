// The stream of customers: all of them by ID, then modified ones, single customers by ID, and deletions by messages.
// https://docs.commercetools.com/api/general-concepts#paging and https://docs.commercetools.com/api/predicates/query
import type { Context, Json, SourceRecord, Stream } from '#connector';
import { readsById, readsOne } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { pageAfter, requestRows } from '#connector/pages';
import { listOf, objectOf, valueAt } from '#connector/reading';
import { deletionReader, rowReader } from '#connector/rows';
import { bodyOf } from './customer.ts';
import type { Settings } from './settings.ts';

export const isId = (id: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);

interface List {
  path: string;
  clock: string;
  /** A predicate that all rows fulfil. */
  only?: string;
  recordOf: (row: Json | undefined) => SourceRecord | undefined;
}

const customersList: List = {
  path: '/customers',
  clock: 'lastModifiedAt',
  recordOf: rowReader({ changedAt: 'lastModifiedAt', isId, bodyOf }),
};

const deletionsList: List = {
  path: '/messages',
  clock: 'createdAt',
  only: 'type = "CustomerDeleted"',
  recordOf: deletionReader({
    id: 'resource.id',
    changedAt: 'createdAt',
    isOne: ({ type, resource }) => type === 'CustomerDeleted' && objectOf(resource)['typeId'] === 'customer',
  }),
};

const pullsFrom = (what: string, list: List) =>
  pullsOf<Settings>({
    what,
    pageSize: 500,
    // Queries are eventually consistent, and no time is documented.
    settleLagSeconds: 300,
    oldestFirst: true,
    all: (context, request) => pageOf(context, list, request),
    changes: (context, request) => pageOf(context, list, request),
  });

export const customers: Stream<Settings> = {
  name: 'customers',
  // What is empty is absent, never null.
  exhaustive: ['', 'custom', 'custom.fields'],
  ...pullsFrom('customers of commercetools', customersList),
  // Only single reads are strongly consistent.
  read: readsById({
    maxIds: 10,
    isId,
    one: readsOne({
      pathOf: (id, { projectKey }) => `/${projectKey}/customers/${id}`,
      at: '',
      recordOf: customersList.recordOf,
      isMissing: (json) => valueAt(json, 'errors.0.code') === 'ResourceNotFound',
    }),
    proof: (context) => pageOf(context, customersList, { page: undefined, limit: 1 }),
  }),
  sweeps: true,
};

/** Of a project that keeps messages. They are kept for 15 days unless the project says otherwise. */
export const { pull: pullDeletions } = pullsFrom('messages of commercetools', deletionsList);

/**
 * Rows by ID, or with `from` by time and ID. Each page starts after the last row of the one before, because commercetools skips no
 * more than 10,000 rows. `page`: the ID of that row, after its time if there is `from`.
 */
async function pageOf(
  { api, settings }: Context<Settings>,
  { path, clock, only, recordOf }: List,
  { page, limit, from }: Pick<PageRequest, 'page' | 'limit'> & { from?: number },
): Promise<ListedPage> {
  const start = from === undefined ? undefined : new Date(from).toISOString();
  const [last, at = start] = page?.split(' ').toReversed() ?? [];
  const query = {
    limit,
    withTotal: false,
    sort: at === undefined ? 'id asc' : [`${clock} asc`, 'id asc'],
    where: [only, behind(clock, at, last)].filter((predicate) => predicate !== undefined),
    'var.at': at,
    'var.last': last,
  };
  // A shorter page than was requested would end the reading.
  const isAnswer = (json: Json | undefined) => {
    const { results, count, limit: given } = objectOf(json);
    return count === listOf(results).length && given === limit;
  };
  const request = { path: `/${settings.projectKey}${path}`, query, isAnswer };
  const rows = await requestRows(api, request, { at: 'results', noun: `row of ${path}`, recordOf });
  return { ...rows, next: pageAfter(rows.list, limit, at === undefined ? ['id'] : [clock, 'id']) };
}

function behind(clock: string, at: string | undefined, last: string | undefined): string | undefined {
  if (at === undefined) return last === undefined ? undefined : 'id > :last';
  return last === undefined ? `${clock} >= :at` : `(${clock} = :at and id > :last) or ${clock} > :at`;
}
