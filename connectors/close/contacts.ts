// The stream of contacts: read with the leads that they belong to, which hold their addresses, and which change whenever one of
// their contacts does. https://developer.close.com/resources/advanced-filtering
import {
  type ApiRequest,
  type Context,
  type Json,
  type JsonObject,
  type SourceRecord,
  type Stream,
  TransientError,
} from '#connector';
import { readsById, requestOne } from '#connector/by-id';
import { requireAccount } from '#connector/checking';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { listOf, momentOf, objectOf, valueAt, wordOf } from '#connector/reading';
import { type Rows, rowReader, toRecords } from '#connector/rows';
import { searches } from './api.ts';
import { deletions } from './deletions.ts';
import type { Settings } from './settings.ts';

const pageSize = 200;
const minuteMs = 60_000;
const leadFields = 'id name description status_label addresses contacts date_created date_updated'.split(' ');

const contactOf = rowReader({ changedAt: 'date_updated' });

type Clock = 'date_created' | 'date_updated';

export const contacts: Stream<Settings> = {
  name: 'contacts',
  // A custom field without a value is absent.
  exhaustive: ['', 'lead', 'lead.address'],
  ...pullsOf<Settings>({
    what: 'Close contacts',
    pageSize,
    // Of the index of searches; no time is documented.
    settleLagSeconds: 300,
    oldestFirst: true,
    all: (context, request) => pageOf(context, request, 'date_created'),
    // Filters may be exact to the minute only.
    changes: (context, { from, ...request }) =>
      pageOf(context, request, 'date_updated', new Date(Math.max(0, from - minuteMs)).toISOString()),
  }),
  read: {
    ...readsById({
      maxIds: 10,
      isId: (id) => /^cont_\w{1,80}$/.test(id),
      one: readOne,
      proof: (context) => pageOf(context, { page: undefined, limit: 1 }, 'date_created'),
    }),
    lagSeconds: 2,
  },
  sweeps: true,
  tombstones: deletions,
  cost: () => ({ full: { records: pageSize, calls: 1, bucket: searches } }),
};

/**
 * Each page begins at the time of the last lead before it, because a cursor lives for 30 seconds and a search ends after
 * 10,000 leads. A cursor is used only where one time has more leads than a page.
 */
async function pageOf(
  { api, settings }: Context<Settings>,
  { page, limit }: Pick<PageRequest, 'page' | 'limit'>,
  clock: Clock,
  from?: string,
): Promise<ListedPage> {
  const [start = from, cursor] = page?.split(' ') ?? [];
  const { json } = await api.request(searchRequest({ clock, start, cursor, limit }));
  const { data, cursor: more } = objectOf(json);
  const leads = listOf(data).map(objectOf);
  const contacts = leads.flatMap((lead) => listOf(lead['contacts']));
  const organizations = contacts.flatMap((contact) => wordOf(objectOf(contact)['organization_id']) ?? []);
  requireAccount('organization', settings.organizationId, organizations);
  const rows = recordsOf(leads);
  if (more === null) return { ...rows, next: undefined };
  const last = wordOf(leads.at(-1)?.[clock]);
  const isPast = last !== undefined && (momentOf(last) ?? 0) > (momentOf(start) ?? 0);
  const next = isPast ? last : `${start ?? ''} ${wordOf(more) ?? ''}`;
  return { ...rows, next: leads.length === 0 ? null : next };
}

/** An answer with leads that do not name their contacts would read as if they had none. */
export function searchRequest({
  clock,
  start,
  cursor,
  limit,
}: {
  clock: Clock;
  start?: string | undefined;
  cursor?: string | undefined;
  limit: number;
}): ApiRequest {
  const field = { type: 'regular_field', object_type: 'lead', field_name: clock };
  const on_or_after = { type: 'fixed_utc', value: start ?? '' };
  const since = { type: 'field_condition', field, condition: { type: 'moment_range', on_or_after } };
  const queries = [{ type: 'object_type', object_type: 'lead' }, ...(start ? [since] : [])];
  return {
    method: 'POST',
    path: '/data/search/',
    bucket: searches,
    json: {
      query: { type: 'and', queries },
      _fields: { lead: leadFields },
      _limit: limit,
      sort: [{ direction: 'asc', field }],
      ...(cursor && { cursor }),
    },
    isAnswer(json) {
      const { data, cursor } = objectOf(json);
      return Array.isArray(data) && cursor !== undefined && data.every(isLead);
    },
  };
}

function isLead(lead: Json): boolean {
  const { id, contacts } = objectOf(lead);
  return wordOf(id) !== undefined && Array.isArray(contacts);
}

/** Null: Close says that there is no such contact. The lead is read for the address. */
async function readOne({ api }: Context<Settings>, id: string): Promise<SourceRecord | null> {
  const leadIdIn = (json: Json | undefined) => wordOf(valueAt(json, 'lead_id'));
  const contact = await requestOne(api, {
    id,
    request: { path: `/contact/${id}/` },
    recordIn: (json) => (leadIdIn(json) === undefined ? undefined : contactOf(json)),
    isMissing: (json) => valueAt(json, 'error') !== undefined,
  });
  if (contact === null) return null;
  const leadId = leadIdIn(contact.body)!;
  const lead = await api.request({
    path: `/lead/${encodeURIComponent(leadId)}/`,
    query: { _fields: leadFields.join(',') },
    isAnswer: (json) => isLead(json ?? null) && valueAt(json, 'id') === leadId,
  });
  const record = recordsOf([objectOf(lead.json)]).records.find(({ recordId }) => recordId === id);
  if (record) return record;
  // It has moved to another lead, or was deleted, between the calls.
  throw new TransientError('The lead of a contact does not name it any more', { status: 200 });
}

/** The contacts of leads, each with the lead's fields and its first address. */
function recordsOf(leads: readonly JsonObject[]): Rows {
  const found = leads.map(({ contacts, date_updated, ...fields }) => {
    const told = leadFields.filter((name) => fields[name] !== undefined);
    const lead: JsonObject = Object.fromEntries(told.map((name) => [name, fields[name]!]));
    const address = listOf(fields['addresses'])[0] ?? null;
    const leadChangedAt = momentOf(date_updated);
    // An edited address moves the time of the lead only.
    const recordOf = (row: Json) => {
      const contact = contactOf(row);
      if (contact === undefined || leadChangedAt === undefined) return undefined;
      const changedAt = Math.max(contact.changedAt, leadChangedAt);
      return { ...contact, changedAt, body: { ...contact.body, lead: { ...lead, address } } };
    };
    return toRecords(listOf(contacts), recordOf, { noun: 'contact' });
  });
  return {
    records: found.flatMap(({ records }) => records),
    rejected: found.flatMap(({ rejected }) => rejected),
  };
}
