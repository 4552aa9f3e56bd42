// The stream of people: all of them, and what changed, in the order of change, and single ones by ID. It knows no quotas.
// https://developer.copper.com/people/list-people-search.html
import type { Context, Stream } from '#connector';
import { readsById, readsOne } from '#connector/by-id';
import { requestAccount } from '#connector/checking';
import { type PageRequest, pullsOf } from '#connector/listing';
import { requestRows, requestTimedPage } from '#connector/pages';
import { namedValues, objectOf } from '#connector/reading';
import { leftOutUnless, rowReader } from '#connector/rows';
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
  leftOut: leftOutUnless('contactTypes', 'contact type', 'contact_type_id'),
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
      if (page.records.length === 0 || begins) await requireOwn(context);
      return page;
    },
    changes: (context, { from, ...request }) => pageOf(context, request, from),
  }),
  read: readsById({
    maxIds: 10,
    lagSeconds: 5,
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
    proof: requireOwn,
  }),
  sweeps: true,
};

/** A person who changes meanwhile moves to the end, where the reading comes by again. */
function pageOf({ api }: Context<Settings>, request: PageRequest, from: number) {
  return requestTimedPage(
    request,
    { clock: 'date_modified', unit: 'seconds', from },
    ({ from, skip, limit }) => {
      // A second earlier, because the bound may be exclusive. An attribute that Copper does not know is refused.
      const since = Math.floor(from / 1000) - 1;
      const json = {
        page_number: Math.floor(skip / limit) + 1,
        page_size: limit,
        sort_by: 'date_modified',
        sort_direction: 'asc',
        ...(since > 0 && { minimum_modified_date: since }),
      };
      return requestRows(
        api,
        { method: 'POST', path: '/people/search', json },
        { at: '', noun: 'person', recordOf },
      );
    },
  );
}

/** Throws where Copper does not answer, and UnauthorizedError where the credentials are of another account. */
export function requireOwn({ api, settings: { accountId: id } }: Context<Settings>): Promise<void> {
  return requestAccount(api, { path: '/account', at: 'id', noun: 'account', id, always: true });
}
