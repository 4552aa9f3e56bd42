// The stream of persons: all of them by ID, then what was updated, and single ones by ID. It knows no quotas.
// https://developers.pipedrive.com/docs/api/v1/Persons (v2)
import type { Api, Context, Json, Query, Stream } from '#connector';
import { readsById, readsOne } from '#connector/by-id';
import { requireAccount } from '#connector/checking';
import { type ListedPage, pullsOf } from '#connector/listing';
import { isoSeconds, listOf, objectOf, requestList, valueAt, wordOf } from '#connector/reading';
import { propertyOf, rowReader, toRecords } from '#connector/rows';
import { wholeSecond } from '#connector/touches';
import type { Settings } from './settings.ts';

export const personsPath = '/api/v2/persons';
const pageSize = 500;
const byId = { sort_by: 'id', sort_direction: 'asc' };
const byTime = { sort_by: 'update_time', sort_direction: 'asc' };

/** With the primary e-mail address and phone number beside the lists that hold them; null where there is none. */
const readRow = rowReader({
  changedAt: ['update_time', 'add_time'],
  isDeleted: (person) => person['is_deleted'] === true,
  bodyOf: (person) => ({
    ...person,
    email: primaryOf(person['emails']),
    phone: primaryOf(person['phones']),
  }),
});

/** Pushes name milliseconds of the same state (recorded). */
function recordOf(row: Json | undefined) {
  const record = readRow(row);
  return record && { ...record, changedAt: wholeSecond(record.changedAt) };
}

export const persons: Stream<Settings> = {
  name: 'persons',
  exhaustive: ['', 'custom_fields'],
  clock: 'second',
  ...pullsOf<Settings>({
    what: 'Pipedrive persons',
    pageSize,
    // No lag is documented: how far Pipedrive's clock may be behind ours, and how late an update may appear.
    settledMs: 120_000,
    oldestFirst: true,
    async all(context, { page, limit }) {
      if (page === undefined) await requireCompany(context);
      return pageOf(context.api, { ...byId, limit, cursor: page });
    },
    changes: ({ api }, { page, limit, from }) =>
      pageOf(api, { updated_since: `${isoSeconds(from)}Z`, ...byTime, limit, cursor: page }),
  }),
  // Lists hide who is deleted, merged, or invisible to our user alike.
  read: readsById({
    maxIds: 100,
    isId: (id) => /^[1-9]\d{0,15}$/.test(id),
    some: async ({ api }, ids) => (await pageOf(api, { ids: ids.join(','), limit: ids.length })).records,
    // 410 is an answer, and was recorded with `success: true`.
    one: readsOne({
      pathOf: (id) => `${personsPath}/${id}`,
      at: 'data',
      recordOf,
      answers: [404, 410],
      isMissing: (json) => typeof objectOf(json)['success'] === 'boolean',
    }),
    proof: requireCompany,
  }),
  sweeps: true,
  async properties({ api }) {
    const { list } = await requestData(api, '/api/v2/personFields', { limit: pageSize });
    const fields = list.map((field) => {
      const property = propertyOf(field, { name: 'field_code', label: 'field_name', type: 'field_type' });
      const isCustom = objectOf(field)['is_custom_field'] === true;
      return isCustom ? { ...property, name: `custom_fields.${property.name}` } : property;
    });
    const primary = (name: string) => ({ name, label: `Primary ${name}`, type: 'varchar' });
    return [...fields, primary('email'), primary('phone')];
  },
};

/** Throws UnauthorizedError where the credentials are those of another company, whose persons have the same IDs. */
async function requireCompany({ api, settings: { companyId } }: Context<Settings>): Promise<void> {
  if (companyId === undefined) return;
  const idIn = (json: Json | undefined) => wordOf(valueAt(json, 'data.company_id'));
  const isAnswer = (json: Json | undefined) => idIn(json) !== undefined;
  const { json } = await api.request({ path: '/api/v1/users/me', isAnswer });
  requireAccount('company', companyId, [idIn(json)]);
}

/** The last page says null. A full one that says nothing may be cut short. */
async function pageOf(api: Api, query: Query): Promise<ListedPage> {
  const { list, body } = await requestData(api, personsPath, query);
  const next = valueAt(body, 'additional_data.next_cursor');
  const isCut = next === undefined && list.length >= Number(query['limit']) && query['ids'] === undefined;
  return { ...toRecords(list, recordOf, { noun: 'person' }), next: isCut ? null : wordOf(next) };
}

/** `success: false` may come with status 200 and an empty list. */
function requestData(api: Api, path: string, query: Query) {
  const isAnswer = (json: Json | undefined) => objectOf(json)['success'] === true;
  return requestList(api, { path, query, isAnswer }, 'data');
}

/** Nobody's address comes as an entry of "" that is primary (recorded), or as no entry. */
function primaryOf(entries: Json | undefined): string | null {
  const filled = listOf(entries)
    .map(objectOf)
    .filter(({ value }) => wordOf(value) !== undefined);
  const first = filled.find(({ primary }) => primary === true) ?? filled[0];
  return wordOf(first?.['value']) ?? null;
}
