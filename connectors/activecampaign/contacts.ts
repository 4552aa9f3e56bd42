// The stream of contacts: all of them and what changed, both by ascending ID, and single ones by ID. It knows no quotas.
// https://developers.activecampaign.com/reference/list-all-contacts
import type { ApiRequest, Context, Json, JsonObject, SourceRecord, Stream } from '#connector';
import { readsById, requestOne } from '#connector/by-id';
import { type ListedPage, pullsOf } from '#connector/listing';
import { listOf, objectOf, requestList, wordOf } from '#connector/reading';
import { rowReader, toRecords } from '#connector/rows';
import type { Settings } from './settings.ts';

const pageSize = 100;
/** A flood of touches still leaves calls of the second to others. */
export const readAtOnce = 20;
/** How late a change may appear, and how far the clocks may be apart; neither is documented. */
const settledMs = 120_000;

type Query = NonNullable<ApiRequest['query']>;

export const contacts: Stream<Settings> = {
  name: 'contacts',
  clock: 'second',
  ...pullsOf<Settings>({
    what: 'ActiveCampaign contacts',
    pageSize,
    settledMs,
    // No order by the time of change is offered. By ID, no change moves a contact to another page.
    oldestFirst: false,
    all: (context, { page, limit }) => pageOf(context, { id_greater: page, limit }),
    // Whether the bound itself is included is not documented.
    changes: (context, { page, limit, from }) =>
      pageOf(context, { id_greater: page, limit, 'filters[updated_after]': secondsBefore(from) }),
  }),
  read: {
    ...readsById<Settings>({
      maxIds: readAtOnce,
      isId,
      some: readSome,
      one: readOne,
      proof: ({ api }) => requestList(api, listRequest({ limit: 1 }), 'contacts'),
    }),
    lagSeconds: 5,
  },
  sweeps: true,
};

/** The end is an empty page: a short one may have been shortened by ActiveCampaign. */
async function pageOf({ api }: Context<Settings>, query: Query): Promise<ListedPage> {
  const { json } = await api.request(listRequest(query));
  const rows = rowsOf(json);
  const last = rows.at(-1);
  return {
    ...toRecords(rows, (row) => recordOf(row, json), { noun: 'contact' }),
    next: wordOf(objectOf(last)['id']),
  };
}

/** Rows that do not ascend from the requested ID would lead past contacts, or round in a circle. */
export function listRequest(query: Query): ApiRequest {
  const after = Number(query['id_greater'] ?? 0);
  const isAnswer = (json: Json | undefined) => {
    if (!Array.isArray(objectOf(json)['contacts'])) return false;
    const ids = rowsOf(json).map((row) => Number(wordOf(objectOf(row)['id'])));
    return ids.every((id, at) => id > (ids[at - 1] ?? after));
  };
  return {
    path: '/contacts',
    query: { ...query, 'orders[id]': 'ASC', status: -1, include: 'fieldValues' },
    isAnswer,
  };
}

async function readSome({ api }: Context<Settings>, ids: readonly string[]): Promise<SourceRecord[]> {
  const { json } = await api.request(listRequest({ 'ids[]': ids, limit: ids.length }));
  return toRecords(rowsOf(json), (row) => recordOf(row, json), { noun: 'contact' }).records;
}

function readOne({ api }: Context<Settings>, id: string): Promise<SourceRecord | null> {
  return requestOne(api, {
    id,
    request: { path: `/contacts/${id}`, query: { include: 'fieldValues' } },
    vendor: 'ActiveCampaign',
    recordIn: (json) => recordOf(objectOf(json)['contact'] ?? null, json),
    isMissing,
  });
}

/** Whether the body of a 404 is ActiveCampaign's own word that there is no such record. */
export function isMissing(json: Json | undefined): boolean {
  return /^No Result found/i.test(wordOf(objectOf(json)['message']) ?? '');
}

export function isId(id: string): boolean {
  return /^[1-9]\d{0,14}$/.test(id);
}

const rowsOf = (json: Json | undefined) => listOf(objectOf(json)['contacts']);

const secondsBefore = (from: number) => new Date(Math.max(0, from - 1_000)).toISOString();

/**
 * The clock is `udate` with its offset; `updated_utc_timestamp` is the wall time of the account, not UTC. `answer` has the
 * values of custom fields beside the rows. A contact that was anonymised has nothing left to sync.
 */
function recordOf(row: Json, answer: Json | undefined): SourceRecord | undefined {
  return rowReader({
    changedAt: 'udate',
    isId,
    isDeleted: ({ deleted, anonymized }) => [deleted, anonymized].some((flag) => wordOf(flag) === '1'),
    bodyOf: (contact, id) => ({ ...plainValuesOf(contact), id, ...customFieldsOf(id, answer) }),
  })(row);
}

/** Without links and references, which single reads have more of than lists. A date of zeros is none. */
function plainValuesOf(contact: JsonObject): JsonObject {
  const plain = Object.entries(contact)
    .filter(([, value]) => value === null || typeof value !== 'object')
    .map(([name, value]): [string, Json] => [name, /^0000-00-00/.test(String(value)) ? null : value]);
  return Object.fromEntries(plain);
}

/** By the ID of the field. An answer without values says nothing of them. */
function customFieldsOf(contactId: string, answer: Json | undefined): JsonObject {
  const { fieldValues } = objectOf(answer);
  if (!Array.isArray(fieldValues)) return {};
  const own = fieldValues.map(objectOf).filter(({ contact }) => wordOf(contact) === contactId);
  const fields = own.map(({ field, value }) => [wordOf(field) ?? '', choicesOf(value ?? null)]);
  return { fields: Object.fromEntries(fields) };
}

/** The choices of a field are written `||red||blue||`; a single one has the bars too. */
function choicesOf(value: Json): Json {
  if (typeof value !== 'string' || !/^\|\|.*\|\|$/s.test(value)) return value;
  return value.split('||').filter((choice) => choice !== '');
}
