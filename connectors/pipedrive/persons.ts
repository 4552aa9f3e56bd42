// The stream of persons: all of them by ID, then what was updated, and single ones by ID. It knows no quotas.
// https://developers.pipedrive.com/docs/api/v1/Persons (v2)
import {
  type Context,
  type Json,
  RejectedError,
  type SourceRecord,
  type Stream,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { readsById } from '#connector/by-id';
import { type ListedPage, pullsOf } from '#connector/listing';
import { listOf, momentOf, objectOf, wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

export const personsPath = '/api/v2/persons';
const fieldsPath = '/api/v2/personFields';
const pageSize = 500;
/** No lag is documented: how far Pipedrive's clock may be behind ours, and how late an update may appear. */
const settledMs = 120_000;

type Query = { [name: string]: string | number | undefined };

export const persons: Stream<Settings> = {
  name: 'persons',
  exhaustive: ['', 'custom_fields'],
  clock: 'second',
  ...pullsOf({
    what: 'Pipedrive persons',
    pageSize,
    settledMs,
    oldestFirst: true,
    async all(context, { page, limit }) {
      if (page === undefined) await requireCompany(context);
      return recordsOf(context, { sort_by: 'id', sort_direction: 'asc', limit, cursor: page });
    },
    changes: (context, { page, limit, from }) =>
      recordsOf(context, {
        updated_since: `${new Date(from).toISOString().slice(0, 19)}Z`,
        sort_by: 'update_time',
        sort_direction: 'asc',
        limit,
        cursor: page,
      }),
  }),
  // Lists hide who is deleted, merged, or invisible to our user alike.
  read: readsById({
    maxIds: 100,
    isId: (id) => /^[1-9]\d{0,15}$/.test(id),
    some: async (context, ids) =>
      (await recordsOf(context, { ids: ids.join(','), limit: ids.length })).records,
    one: readOne,
    proof: requireCompany,
  }),
  sweeps: true,
  cost: () => ({ full: { records: pageSize, calls: 1 } }),
  async properties(context) {
    const { rows } = await list(context, { limit: pageSize }, fieldsPath);
    const fields = rows.map(objectOf).map((field) => ({
      name: `${field['is_custom_field'] === true ? 'custom_fields.' : ''}${wordOf(field['field_code']) ?? ''}`,
      label: wordOf(field['field_name']) ?? '',
      type: wordOf(field['field_type']) ?? '',
    }));
    return [
      ...fields,
      ...['email', 'phone'].map((name) => ({ name, label: `Primary ${name}`, type: 'varchar' })),
    ];
  },
};

/** Throws UnauthorizedError where the credentials are those of another company, whose persons have the same IDs. */
async function requireCompany({ api, settings: { companyId } }: Context<Settings>): Promise<void> {
  if (companyId === undefined) return;
  const idIn = (json: Json | undefined) => wordOf(objectOf(objectOf(json)['data'])['company_id']);
  const { json } = await api.request({
    path: '/api/v1/users/me',
    isAnswer: (json) => idIn(json) !== undefined,
  });
  if (idIn(json) !== companyId)
    throw new UnauthorizedError(`The credentials are of the company ${idIn(json)}, not of companyId.`);
}

/** Null: there is no such person. 410 is an answer, and was recorded with `success: true`. */
async function readOne({ api }: Context<Settings>, id: string): Promise<SourceRecord | null> {
  const { status, json } = await api.request({
    path: `${personsPath}/${id}`,
    answers: [404, 410],
    isAnswer: (json) => wordOf(objectOf(objectOf(json)['data'])['id']) === id,
  });
  if (status === 200) return recordOf(objectOf(json)['data']);
  if (typeof objectOf(json)['success'] === 'boolean') return null;
  throw new TransientError(`The ${status} is not from Pipedrive`, { status, foreign: true });
}

async function recordsOf(context: Context<Settings>, query: Query): Promise<ListedPage> {
  const { rows, next } = await list(context, query);
  return { records: rows.map(recordOf), next };
}

/** `success: false` may come with status 200 and an empty list. */
async function list(
  { api }: Context<Settings>,
  query: Query,
  path = personsPath,
): Promise<{ rows: Json[]; next: string | undefined }> {
  const isAnswer = (json: Json | undefined) =>
    objectOf(json)['success'] === true && Array.isArray(objectOf(json)['data']);
  const body = objectOf((await api.request({ path, query, isAnswer })).json);
  const rows = listOf(body['data']);
  const next = objectOf(body['additional_data'])['next_cursor'];
  // The last page says null. A full one that says nothing may be cut short.
  if (next === undefined && rows.length >= Number(query['limit']) && query['ids'] === undefined)
    throw new TransientError('Pipedrive answered a full page that does not say whether more follow', {
      foreign: true,
    });
  return { rows, next: wordOf(next) };
}

/** The body with the primary e-mail address and phone number beside the lists that hold them; null where there is none. */
export function recordOf(row: Json | undefined): SourceRecord {
  const body = objectOf(row);
  const recordId = wordOf(body['id']);
  const changedAt = momentOf(body['update_time']) ?? momentOf(body['add_time']);
  if (recordId === undefined || changedAt === undefined)
    throw new RejectedError('Pipedrive answered with a person without an ID or a time of change', {
      code: 'row',
    });
  return {
    recordId,
    // Pushes name milliseconds of the same state (recorded).
    changedAt: Math.floor(changedAt / 1000) * 1000,
    body: { ...body, email: primaryOf(body['emails']), phone: primaryOf(body['phones']) },
    ...(body['is_deleted'] === true && { deleted: true as const }),
  };
}

/** Nobody's address comes as an entry of "" that is primary (recorded), or as no entry. */
function primaryOf(entries: Json | undefined): string | null {
  const filled = listOf(entries)
    .map(objectOf)
    .filter(({ value }) => wordOf(value) !== undefined);
  const first = filled.find(({ primary }) => primary === true) ?? filled[0];
  return wordOf(first?.['value']) ?? null;
}
