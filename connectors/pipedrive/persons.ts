// The stream of persons: all of them by ID, then what was updated, and single ones by ID. It knows no quotas.
// https://developers.pipedrive.com/docs/api/v1/Persons (v2)
import type { Api, Context, Query, Stream } from '#connector';
import { readsById, readsOne } from '#connector/by-id';
import { requestAccount } from '#connector/checking';
import { pullsOf } from '#connector/listing';
import { requestPage, requestProperties } from '#connector/pages';
import { isoSeconds, primaryValue } from '#connector/reading';
import { rowReader } from '#connector/rows';
import type { Settings } from './settings.ts';

export const mePath = '/api/v1/users/me';
const path = '/api/v2/persons';

/**
 * With the primary e-mail address and phone number beside the lists that hold them. Nobody's address comes as an entry of "" that is
 * primary (recorded), or as no entry.
 */
const recordOf = rowReader({
  changedAt: ['update_time', 'add_time'],
  // Pushes name milliseconds of the same state (recorded).
  wholeSeconds: true,
  isDeleted: (person) => person['is_deleted'] === true,
  bodyOf: (person) => ({
    ...person,
    email: primaryValue(person['emails']),
    phone: primaryValue(person['phones']),
  }),
});

const pageOf = (api: Api, query: Query & { limit: number }) =>
  requestPage(
    api,
    { path, query: { ...query, sort_direction: 'asc' } },
    { at: 'data', noun: 'person', recordOf, next: 'additional_data.next_cursor', limit: query.limit },
  );

/** Throws UnauthorizedError where the credentials are those of another company, whose persons have the same IDs. */
const requireCompany = ({ api, settings: { companyId: id } }: Context<Settings>) =>
  requestAccount(api, { path: mePath, at: 'data.company_id', noun: 'company', id });

export const persons: Stream<Settings> = {
  name: 'persons',
  exhaustive: ['', 'custom_fields'],
  clock: 'second',
  ...pullsOf<Settings>({
    what: 'Pipedrive persons',
    pageSize: 500,
    // No lag is documented: how far Pipedrive's clock may be behind ours, and how late an update may appear.
    settledMs: 120_000,
    oldestFirst: true,
    begins: requireCompany,
    all: ({ api }, { page, limit }) => pageOf(api, { sort_by: 'id', limit, cursor: page }),
    changes: ({ api }, { page, limit, from }) =>
      pageOf(api, { updated_since: `${isoSeconds(from)}Z`, sort_by: 'update_time', limit, cursor: page }),
  }),
  // Lists hide who is deleted, merged, or invisible to our user alike.
  read: readsById({
    maxIds: 100,
    isId: (id) => /^[1-9]\d{0,15}$/.test(id),
    some: async ({ api }, ids) => (await pageOf(api, { ids: ids.join(','), limit: ids.length })).records,
    // 410 is an answer, and was recorded with `success: true`.
    one: readsOne({ pathOf: (id) => `${path}/${id}`, at: 'data', recordOf, answers: [404, 410] }),
    proof: requireCompany,
  }),
  sweeps: true,
  properties: async ({ api }) => [
    ...(await requestProperties(api, '/api/v2/personFields', {
      at: 'data',
      query: { limit: 500 },
      name: ({ field_code, is_custom_field: isCustom }) => `${isCustom ? 'custom_fields.' : ''}${field_code}`,
      label: 'field_name',
      type: 'field_type',
    })),
    { name: 'email', label: 'Primary email', type: 'varchar' },
    { name: 'phone', label: 'Primary phone', type: 'varchar' },
  ],
};
