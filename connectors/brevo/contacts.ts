// The stream of contacts: all of them and what changed, both in the order of creation, and single ones by ID or e-mail address.
import type { ApiRequest, Context, Json, Property, SourceRecord, Stream } from '#connector';
import { readsById, requestOne } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { momentOf, objectOf, requestList, wordOf } from '#connector/reading';
import { rowReader, toRecords } from '#connector/rows';
import { nextTimedPage, timedPage } from '#connector/timed-pages';
import type { Settings } from './settings.ts';

const pageSize = 1_000;
/** How late a change may appear, and how far the clocks may be apart; neither is documented. */
const settledMs = 120_000;
/** Brevo writes them as digits without a plus sign. */
const phoneAttributes = ['SMS', 'WHATSAPP', 'LANDLINE_NUMBER'];

type Query = NonNullable<ApiRequest['query']>;

export const attributesRequest: ApiRequest = { path: '/contacts/attributes' };

export const contacts = {
  name: 'contacts',
  // An attribute without a value is absent (recorded).
  exhaustive: ['attributes'],
  ...pullsOf<Settings>({
    what: 'Brevo contacts',
    pageSize,
    settledMs,
    oldestFirst: false,
    all: (context, request) => pageOf(context, request),
    changes: (context, { from, ...request }) =>
      pageOf(context, request, { modifiedSince: new Date(from).toISOString() }),
  }),
  read: {
    ...readsById<Settings>({
      maxIds: 10,
      isId: (id) => /^[1-9]\d{0,17}$/.test(id) || /^\S+@\S+$/.test(id),
      one: readOne,
      proof: ({ api }) => requestList(api, listRequest({ limit: 1 }), 'contacts'),
    }),
    lagSeconds: 5,
  },
  sweeps: true,
  properties,
} satisfies Stream<Settings>;

/**
 * Each page begins at the time of creation of the last contact before it, a millisecond earlier, because the bound may be exclusive:
 * by offset alone, a contact that is deleted meanwhile would pull another past the reader.
 */
async function pageOf(
  { api }: Context<Settings>,
  { page, limit }: PageRequest,
  filter: Query = {},
): Promise<ListedPage> {
  const place = timedPage(page, 0);
  const since = place.from > 0 && { createdSince: new Date(place.from - 1).toISOString() };
  const request = listRequest({ ...filter, ...since, offset: place.skip, limit });
  const { list, body } = await requestList(api, request, 'contacts');
  const times = list.map(createdAt);
  const total = page === undefined ? Number(body['count'] ?? Number.NaN) : undefined;
  return {
    ...toRecords(list, recordOf, { noun: 'contact' }),
    next: nextTimedPage(place, { times, limit }),
    ...(Number.isSafeInteger(total) && { total }),
  };
}

/** From the oldest: Brevo's usual order is the other one, in which each new contact moves all pages. */
export function listRequest(query: Query): ApiRequest {
  return { path: '/contacts', query: { ...query, sort: 'asc' } };
}

/** `id`: of the contact, or the e-mail address by which webhooks name one. */
function readOne({ api }: Context<Settings>, id: string): Promise<SourceRecord | null> {
  const isEmail = id.includes('@');
  return requestOne(api, {
    id,
    request: {
      path: `/contacts/${encodeURIComponent(id)}`,
      query: { identifierType: isEmail ? 'email_id' : 'contact_id' },
    },
    vendor: 'Brevo',
    recordIn: recordOf,
    isRequested: ({ recordId, body }) =>
      isEmail ? wordOf(body['email'])?.toLowerCase() === id.toLowerCase() : recordId === id,
    isMissing: (json) => objectOf(json)['code'] === 'document_not_found',
  });
}

const recordOf = rowReader({
  changedAt: 'modifiedAt',
  bodyOf: (contact) => ({ ...contact, ...attributesOf(contact['attributes']) }),
});

const createdAt = (row: Json) => momentOf(objectOf(row)['createdAt']);

function attributesOf(attributes: Json | undefined): { attributes?: Json } {
  if (attributes === undefined) return {};
  const written = Object.entries(objectOf(attributes)).map(([name, value]): [string, Json] => {
    const isNumber = phoneAttributes.includes(name) && /^\d{7,15}$/.test(String(value));
    return [name, isNumber ? `+${value}` : value];
  });
  return { attributes: Object.fromEntries(written) };
}

async function properties({ api }: Context<Settings>): Promise<Property[]> {
  const { list } = await requestList(api, attributesRequest, 'attributes');
  const own = list.map(objectOf).map(({ name, type, category }) => ({
    name: `attributes.${wordOf(name)}`,
    label: wordOf(name) ?? '',
    type: wordOf(type) ?? wordOf(category) ?? 'text',
  }));
  const fixed = ['id', 'ext_id', 'email', 'emailBlacklisted', 'smsBlacklisted', 'listIds', 'createdAt'];
  return [...fixed.map((name) => ({ name, label: name, type: 'text' })), ...own];
}
