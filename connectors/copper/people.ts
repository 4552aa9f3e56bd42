// The stream of people: all of them, and what changed, in the order of change, and single ones by ID. It knows no quotas.
// https://developer.copper.com/people/list-people-search.html
import type { Context, Json, Stream } from '#connector';
import { readsById, readsOne } from '#connector/by-id';
import { requireAccount } from '#connector/checking';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { momentOf, namedValues, objectOf, requestList, wordOf } from '#connector/reading';
import { rowReader, toRecords } from '#connector/rows';
import { nextTimedPage, timedPage } from '#connector/timed-pages';
import type { Settings } from './settings.ts';

const recordOf = rowReader({
  changedAt: 'date_modified',
  unit: 'seconds',
  // By the ID of their definition: they come in an order of their own in each answer.
  bodyOf: ({ custom_fields, ...person }) => ({
    ...person,
    custom_fields: namedValues(custom_fields, 'custom_field_definition_id', 'value'),
  }),
});

export const people: Stream<Settings> = {
  name: 'people',
  exhaustive: ['', 'address', 'custom_fields'],
  clock: 'second',
  leftOut({ contactTypes }, body) {
    const type = wordOf(body['contact_type_id']) ?? '';
    return contactTypes && !contactTypes.includes(type) ? 'its contact type is not in contactTypes' : null;
  },
  ...pullsOf<Settings>({
    what: 'Copper people',
    pageSize: 200,
    // How late a change may appear in searches; no time is documented.
    settleLagSeconds: 300,
    oldestFirst: true,
    async all(context, request) {
      const page = await pageOf(context, request, 0);
      // A bare list that is empty may come from anywhere: where Copper does not speak, it would end the reading.
      const begins = request.page === undefined && context.settings.accountId !== undefined;
      if (page.records.length === 0 || begins) await accountOf(context);
      return page;
    },
    changes: (context, { from, ...request }) => pageOf(context, request, from),
  }),
  read: {
    ...readsById({
      maxIds: 10,
      isId: (id) => /^[1-9]\d{0,18}$/.test(id),
      one: readsOne({
        pathOf: (id) => `/people/${id}`,
        at: '',
        recordOf,
        // Copper says it in one of two ways.
        isMissing(json) {
          const { success, status, error } = objectOf(json);
          return (success === false && status === 404) || error === 'not_found';
        },
      }),
      proof: accountOf,
    }),
    lagSeconds: 5,
  },
  sweeps: true,
};

/** A person who changes meanwhile moves to the end, where the reading comes by again. */
async function pageOf(
  { api }: Context<Settings>,
  { page, limit }: PageRequest,
  from: number,
): Promise<ListedPage> {
  const place = timedPage(page, from);
  const { list } = await requestList(api, searchRequest(place.from, { ...place, limit }), '');
  const times = list.map((row) => momentOf(objectOf(row)['date_modified'], 'seconds'));
  return { ...toRecords(list, recordOf, { noun: 'person' }), next: nextTimedPage(place, { times, limit }) };
}

/** A second earlier, because the bound may be exclusive. An attribute that Copper does not know is refused. */
export function searchRequest(from: number, { skip, limit }: { skip: number; limit: number }) {
  const since = Math.floor(from / 1000) - 1;
  return {
    method: 'POST' as const,
    path: '/people/search',
    json: {
      page_number: Math.floor(skip / limit) + 1,
      page_size: limit,
      sort_by: 'date_modified',
      sort_direction: 'asc',
      ...(since > 0 && { minimum_modified_date: since }),
    },
  };
}

/** Throws where Copper does not answer, and UnauthorizedError where the credentials are of another account. */
export async function accountOf({ api, settings }: Context<Settings>): Promise<void> {
  const idIn = (json: Json | undefined) => wordOf(objectOf(json)['id']);
  const { json } = await api.request({ path: '/account', isAnswer: (json) => idIn(json) !== undefined });
  requireAccount('account', settings.accountId, [idIn(json)]);
}
