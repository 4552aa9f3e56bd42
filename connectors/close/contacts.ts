// The stream of contacts: read with the leads that they belong to, which hold their addresses, and which change whenever one of
// their contacts does. https://developer.close.com/resources/advanced-filtering
import {
  type Context,
  type Json,
  type JsonObject,
  type SourceRecord,
  type Stream,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { readsById } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { listOf, momentOf, objectOf, wordOf } from '#connector/reading';
import { type Rows, toRecords } from '#connector/rows';
import { searches } from './api.ts';
import { deletions } from './deletions.ts';
import type { Settings } from './settings.ts';

export const searchPath = '/data/search/';
const pageSize = 200;
/** Of the index of searches; no time is documented. */
const settleLagSeconds = 300;
const minuteMs = 60_000;
const leadFields = [
  'id',
  'name',
  'description',
  'status_label',
  'addresses',
  'contacts',
  'date_created',
  'date_updated',
];

type Clock = 'date_created' | 'date_updated';

export const contacts: Stream<Settings> = {
  name: 'contacts',
  // A custom field without a value is absent.
  exhaustive: ['', 'lead', 'lead.address'],
  settleLagSeconds,
  ...pullsOf<Settings>({
    what: 'Close contacts',
    pageSize,
    settledMs: settleLagSeconds * 1000,
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
  context: Context<Settings>,
  { page, limit }: Pick<PageRequest, 'page' | 'limit'>,
  clock: Clock,
  from?: string,
): Promise<ListedPage> {
  const [start = from, cursor] = page?.split(' ') ?? [];
  const { json } = await context.api.request(searchRequest({ clock, start, cursor, limit }));
  const { data, cursor: more } = objectOf(json);
  const leads = listOf(data).map(objectOf);
  requireOrganization(context.settings, leads);
  const found = leads.map(recordsOf);
  const rows: Rows = {
    records: found.flatMap(({ records }) => records),
    rejected: found.flatMap(({ rejected }) => rejected),
  };
  if (more === null) return { ...rows, next: undefined };
  const last = wordOf(leads.at(-1)?.[clock]);
  const isPast = last !== undefined && (momentOf(last) ?? 0) > (momentOf(start) ?? 0);
  const next = isPast ? last : `${start ?? ''} ${wordOf(more) ?? ''}`;
  if (next === page || leads.length === 0)
    throw new TransientError('Close answered a page after which reading cannot continue', { foreign: true });
  return { ...rows, next };
}

/** Throws UnauthorizedError where the contacts are those of another organization. */
function requireOrganization({ organizationId }: Settings, leads: readonly JsonObject[]): void {
  const organizations = leads
    .flatMap(({ contacts }) => listOf(contacts))
    .flatMap((contact) => wordOf(objectOf(contact)['organization_id']) ?? []);
  const other = organizations.find((id) => id !== organizationId);
  if (organizationId !== undefined && other !== undefined)
    throw new UnauthorizedError(`The API key is of the organization ${other}, not of organizationId.`);
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
}) {
  const field = { type: 'regular_field', object_type: 'lead', field_name: clock };
  const since = start
    ? [
        {
          type: 'field_condition',
          field,
          condition: { type: 'moment_range', on_or_after: { type: 'fixed_utc', value: start } },
        },
      ]
    : [];
  return {
    method: 'POST' as const,
    path: searchPath,
    bucket: searches,
    json: {
      query: { type: 'and', queries: [{ type: 'object_type', object_type: 'lead' }, ...since] },
      _fields: { lead: leadFields },
      _limit: limit,
      sort: [{ direction: 'asc', field }],
      ...(cursor && { cursor }),
    },
    isAnswer(json: Json | undefined) {
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
  const { status, json } = await api.request({
    path: `/contact/${id}/`,
    answers: [404],
    isAnswer: (json) => objectOf(json)['id'] === id && wordOf(objectOf(json)['lead_id']) !== undefined,
  });
  if (status === 404) {
    if (objectOf(json)['error'] !== undefined) return null;
    throw new TransientError('A 404 was answered that is not from Close', { status, foreign: true });
  }
  const leadId = wordOf(objectOf(json)['lead_id'])!;
  const lead = await api.request({
    path: `/lead/${encodeURIComponent(leadId)}/`,
    query: { _fields: leadFields.join(',') },
    isAnswer: (json) => isLead(json ?? null) && objectOf(json)['id'] === leadId,
  });
  const record = recordsOf(objectOf(lead.json)).records.find(({ recordId }) => recordId === id);
  if (record) return record;
  // It has moved to another lead, or was deleted, between the calls.
  throw new TransientError('The lead of a contact does not name it any more', { status });
}

/** The contacts of a lead, each with the lead's fields and its first address. */
function recordsOf({ contacts, date_updated, ...fields }: { [name: string]: Json }): Rows {
  const told = leadFields.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]!]);
  const lead = { ...Object.fromEntries(told), address: listOf(fields['addresses'])[0] ?? null };
  const leadChangedAt = momentOf(date_updated);
  return toRecords(
    listOf(contacts),
    (row) => {
      const contact = objectOf(row);
      const [recordId, changedAt] = [wordOf(contact['id']), momentOf(contact['date_updated'])];
      if (recordId === undefined || changedAt === undefined || leadChangedAt === undefined) return undefined;
      return {
        recordId,
        // An edited address moves the time of the lead only.
        changedAt: Math.max(changedAt, leadChangedAt),
        body: { ...contact, lead },
      };
    },
    { noun: 'contact' },
  );
}
