// The stream of people: all of them by time of creation, each time, because Attio does not say who changed; and single people by ID.
// https://docs.attio.com/rest-api/endpoint-reference/records/list-records
import { type Context, type JsonObject, type Stream, TransientError } from '#connector';
import { readsOne } from '#connector/by-id';
import { type PageRequest, pullsOf } from '#connector/listing';
import { readsMerges } from '#connector/merges';
import { requestProperties, requestRows, requestTimedPage } from '#connector/pages';
import { eachValue, listOf, objectOf, valueAt, wordOf } from '#connector/reading';
import { latestOf, leftOutUnless, rowReader } from '#connector/rows';
import type { Settings } from './settings.ts';

export const objectPath = '/objects/people';

const isId = (id: string) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(id);

/** The first value of each attribute by its slug, null where there is none, and all of them in `values`. */
const recordOf = rowReader({
  id: 'id.record_id',
  isId,
  // Nothing says when a person changed. A removed value takes its time with it.
  changedAt(row) {
    const values = Object.values(valuesOf(row)).flat();
    return latestOf([row['created_at'], ...values.map((value) => value['active_from'])]);
  },
  bodyOf(row, id) {
    const values = valuesOf(row);
    return { ...eachValue(values, ([first = {}]) => plain(first)), id, values };
  },
});

export const people: Stream<Settings> = {
  name: 'people',
  exhaustive: ['', 'values', 'primary_location'],
  clock: 'reading',
  leftOut: leftOutUnless('createdBy', 'creator', 'values.created_by.0.referenced_actor_type'),
  ...pullsOf<Settings>({
    what: 'Attio people',
    pageSize: 500,
    // How far the clocks may be apart, and how late a value may appear.
    settledMs: 300_000,
    oldestFirst: false,
    all: pageOf,
    changes: pageOf,
  }),
  read: readsMerges<Settings>({
    maxIds: 100,
    // Attio adds to a person seconds after it was created.
    lagSeconds: 5,
    isId,
    some: async (context, ids) =>
      (await query(context, { filter: { record_id: { $in: [...ids] } }, limit: ids.length })).records,
    one: readsOne({
      pathOf: (id) => `${objectPath}/records/${id}`,
      at: 'data',
      recordOf,
      isMissing(json) {
        const code = objectOf(json)['code'];
        if (code !== 'merge_in_progress') return code === 'not_found';
        throw new TransientError('Attio is still merging this person', { status: 404 });
      },
    }),
    proof: (context) => query(context, { limit: 1 }),
  }),
  sweeps: true,
  properties: ({ api }) =>
    requestProperties(api, `${objectPath}/attributes`, { at: 'data', name: 'api_slug', label: 'title' }),
};

/** Attio pages by offset only, and people who are deleted meanwhile would pull others over the edge of a page. */
function pageOf(context: Context<Settings>, request: PageRequest) {
  return requestTimedPage(request, { clock: 'created_at' }, ({ from, skip: offset, limit }) => {
    const filter = { created_at: { $gte: new Date(from).toISOString() } };
    const sorts = [{ direction: 'asc', attribute: 'created_at' }];
    return query(context, { ...(from > 0 && { filter }), sorts, limit, offset });
  });
}

/** Throws UnauthorizedError where the people are those of another workspace. */
function query({ api, settings: { workspaceId: id } }: Context<Settings>, json: JsonObject) {
  const request = { method: 'POST', path: `${objectPath}/records/query`, json } as const;
  const account = { at: 'id.workspace_id', noun: 'workspace', id };
  return requestRows(api, request, { at: 'data', noun: 'person', recordOf, account });
}

/** Values by the slug of their attribute. One with an end belongs to the history. */
function valuesOf(row: JsonObject): { [slug: string]: JsonObject[] } {
  const isPresent = (value: JsonObject) => value['active_until'] == null;
  return eachValue(objectOf(row['values']), (list) => listOf(list).map(objectOf).filter(isPresent));
}

/** Where a value of an attribute's type stands. Otherwise: at `value`. https://docs.attio.com/docs/attribute-types */
const places: { readonly [type: string]: string } = {
  'personal-name': 'full_name',
  'email-address': 'email_address',
  'phone-number': 'phone_number',
  location: '',
  select: 'option.title',
  status: 'status.title',
  currency: 'currency_value',
  domain: 'domain',
  interaction: 'interacted_at',
  'record-reference': 'target_record_id',
  'actor-reference': 'referenced_actor_id',
};

const plain = (value: JsonObject) =>
  valueAt(value, places[wordOf(value['attribute_type']) ?? ''] ?? 'value') ?? null;
