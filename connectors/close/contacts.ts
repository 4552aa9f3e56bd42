// The stream of contacts: read with the leads that they belong to, which hold their addresses, and which change whenever one of
// their contacts does. https://developer.close.com/resources/advanced-filtering
import {
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
import { pullDeletions } from './deletions.ts';
import type { Settings } from './settings.ts';

/** The bucket of searches, which have quotas of their own. */
export const searches = 'search';
const pageSize = 200;
const leadFields = 'id name description status_label addresses contacts date_created date_updated'.split(' ');

/** A contact, with the time of the lead beside it: an edited address moves that only. */
const recordOf = rowReader({
  changedAt({ date_updated, lead }) {
    const times = [date_updated, objectOf(lead)['date_updated']].map((time) => momentOf(time));
    return times.includes(undefined) ? undefined : Math.max(...(times as number[]));
  },
  bodyOf({ lead, ...contact }) {
    const { date_updated: _, ...fields } = objectOf(lead);
    return { ...contact, lead: fields };
  },
});

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
      pageOf(context, request, 'date_updated', new Date(Math.max(0, from - 60_000)).toISOString()),
  }),
  read: readsById<Settings>({
    maxIds: 10,
    lagSeconds: 2,
    isId: (id) => /^cont_\w{1,80}$/.test(id),
    one: readOne,
    sample: (context) => pageOf(context, { page: undefined, limit: 3 }, 'date_created'),
  }),
  sweeps: true,
  tombstones: { everySeconds: 300, pull: pullDeletions },
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
  const field = { type: 'regular_field', object_type: 'lead', field_name: clock };
  const on_or_after = { type: 'fixed_utc', value: start ?? '' };
  const since = { type: 'field_condition', field, condition: { type: 'moment_range', on_or_after } };
  const queries = [{ type: 'object_type', object_type: 'lead' }, ...(start ? [since] : [])];
  const { json } = await api.request({
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
  });
  const { data, cursor: more } = objectOf(json);
  const leads = listOf(data).map(objectOf);
  const rows = contactsOf(leads);
  const organizations = rows.records.flatMap(({ body }) => wordOf(body['organization_id']) ?? []);
  requireAccount('organization', settings.organizationId, organizations);
  if (more === null) return { ...rows, next: undefined };
  const last = wordOf(leads.at(-1)?.[clock]);
  const isPast = last !== undefined && (momentOf(last) ?? 0) > (momentOf(start) ?? 0);
  const next = isPast ? last : `${start ?? ''} ${wordOf(more) ?? ''}`;
  return { ...rows, next: leads.length === 0 ? null : next };
}

/** An answer with leads that do not name their contacts would read as if they had none. */
function isLead(lead: Json): boolean {
  const { id, contacts } = objectOf(lead);
  return wordOf(id) !== undefined && Array.isArray(contacts);
}

/** Null: Close says that there is no such contact. The lead is read for the address. */
async function readOne({ api }: Context<Settings>, id: string): Promise<SourceRecord | null> {
  const contactIn = rowReader({ changedAt: 'date_updated' });
  const contact = await requestOne(api, {
    id,
    request: { path: `/contact/${id}/` },
    recordIn: (json) => (wordOf(valueAt(json, 'lead_id')) === undefined ? undefined : contactIn(json)),
    isMissing: (json) => valueAt(json, 'error') !== undefined,
  });
  if (contact === null) return null;
  const leadId = wordOf(contact.body['lead_id'])!;
  const { json } = await api.request({
    path: `/lead/${encodeURIComponent(leadId)}/`,
    query: { _fields: leadFields.join(',') },
    isAnswer: (json) => isLead(json ?? null) && valueAt(json, 'id') === leadId,
  });
  const record = contactsOf([objectOf(json)]).records.find(({ recordId }) => recordId === id);
  if (record) return record;
  // It has moved to another lead, or was deleted, between the calls.
  throw new TransientError('The lead of a contact does not name it any more', { status: 200 });
}

/** The contacts of leads, each with the lead's fields and its first address. */
function contactsOf(leads: readonly JsonObject[]): Rows {
  const rows = leads.flatMap(({ contacts, ...fields }) => {
    const told = Object.entries(fields).filter(([name]) => leadFields.includes(name));
    const lead = { ...Object.fromEntries(told), address: listOf(fields['addresses'])[0] ?? null };
    return listOf(contacts).map((contact) => ({ ...objectOf(contact), lead }));
  });
  return toRecords(rows, recordOf, { noun: 'contact' });
}
