// The stream of contacts: the whole list, changes by search, single contacts by ID.
// https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts
import type { Api, ApiRequest, Context, Json, JsonObject, SourceRecord, Stream } from '#connector';
import { readsById } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { objectOf, requestList, wordOf } from '#connector/reading';
import { toRecords } from '#connector/rows';
import { contactRecord, isLead } from './contact.ts';
import type { Settings } from './settings.ts';

export const contactsPath = '/contacts';

/** The most that the list and a search give. */
const pageSize = 150;
/** One call each, side by side. */
const maxIds = 20;
const daySeconds = 86_400;
/** Which contacts were merged into one is told on request only, and of users only. */
const withMerges = { include_merge_history: true };

export const contacts: Stream<Settings> = {
  name: 'contacts',
  // The API and webhooks alike show every custom attribute that a contact has.
  exhaustive: ['custom_attributes'],
  clock: 'second',
  leftOut: ({ leads }, body) => (isLead(body) && !leads ? 'it is a lead, and leads is false' : null),
  // Only in what older versions stored: see contact.ts.
  isProvisional: (_settings, body) => isLead(body) && typeof body['external_id'] === 'string',
  settleLagSeconds: 300,
  ...pullsOf({
    what: 'Intercom contacts',
    pageSize,
    // A coarse clock: a second may not be over that has begun.
    settledMs: ({ settleLagSeconds }) => Math.max(2, settleLagSeconds) * 1000,
    oldestFirst: false,
    all: listPage,
    changes,
  }),
  read: readsById({
    maxIds,
    isId: (id) => /^[\w-]{1,64}$/.test(id),
    one: readOne,
    proof: (context) => listPage(context, { page: undefined, limit: 1 }),
  }),
  sweeps: true,
};

function listPage(
  { api }: Context<Settings>,
  { page, limit }: Pick<PageRequest, 'page' | 'limit'>,
): Promise<ListedPage> {
  const query = { per_page: limit, starting_after: page, ...withMerges };
  return pageOf(api, { path: contactsPath, query });
}

/**
 * One page of what changed, the newest first. Search knows days only, of the workspace's time zone, which is not told: it
 * is asked for the day before as well, and reading ends at the first contact that is older than what is wanted. So a
 * reading costs as many pages as there are changes, not as the days have. A contact that changes meanwhile comes to the
 * front, past the pages to be read, and is later than all of them: the next reading begins where this one saw its first.
 */
async function changes({ api }: Context<Settings>, { from, page, limit }: PageRequest & { from: number }) {
  const listed = await pageOf(api, {
    method: 'POST',
    path: `${contactsPath}/search`,
    query: withMerges,
    json: search(from, page, limit),
  });
  return isPast(listed.records, from) ? { ...listed, next: undefined } : listed;
}

/** `>` begins at the midnight after the value, somewhere between twelve hours before and fourteen after that of UTC. */
function search(from: number, page: string | undefined, limit: number): JsonObject {
  const day = Math.floor(from / 1000 / daySeconds) * daySeconds;
  const after = Math.max(0, day - daySeconds);
  return {
    query: { operator: 'AND', value: [{ field: 'updated_at', operator: '>', value: after }] },
    sort: { field: 'updated_at', order: 'descending' },
    pagination: {
      per_page: limit,
      ...(page !== undefined && { starting_after: page }),
    },
  };
}

/** True where nothing newer can follow: the page goes down, as it was asked to, and ends before `from`. */
function isPast(records: readonly SourceRecord[], from: number): boolean {
  const last = records.at(-1);
  if (last === undefined || last.changedAt >= from) return false;
  return records.every(({ changedAt }, index) => index === 0 || changedAt <= records[index - 1]!.changedAt);
}

/** Of a contact that was merged: the contact that it is now, which takes one more call. */
async function readOne(context: Context<Settings>, id: string): Promise<SourceRecord | null> {
  const { record, survivor } = await show(context, id);
  if (survivor === undefined) return record ?? null;
  const { record: kept } = await show(context, survivor);
  return kept ? { ...kept, merged: [...new Set([...(kept.merged ?? []), id])] } : null;
}

interface Shown {
  /** Absent: there is none of this ID. */
  record?: SourceRecord;
  /** The contact into which it was merged, where the answer says. */
  survivor?: string;
}

/**
 * A merged contact is answered with 410 and a link to the other, or with 404 as a deleted one is. Both are believed in
 * Intercom's own words only: a gateway's 404 must not delete anybody.
 */
async function show({ api }: Context<Settings>, id: string): Promise<Shown> {
  const { status, headers, json } = await api.request({
    path: `${contactsPath}/${encodeURIComponent(id)}`,
    query: withMerges,
    answers: [404, 410],
    isAnswer: (json) => isContact(json, id),
  });
  if (status === 404 || status === 410) {
    const survivor = /\/contacts\/([\w-]+)>/.exec(headers['link'] ?? '')?.[1];
    return status === 410 && survivor !== undefined && survivor !== id ? { survivor } : {};
  }
  // An archived contact is hidden from the list; whether it can be shown is not documented.
  if (objectOf(json)['archived'] === true) return {};
  return { record: contactRecord(json ?? null)! };
}

/** Whether it is the contact of this ID, or the one that has taken it over. */
function isContact(json: Json | undefined, id: string): boolean {
  const { id: shown, archived } = objectOf(json);
  if (shown === id && archived === true) return true;
  const record = contactRecord(json ?? null);
  return record !== undefined && (record.recordId === id || record.merged?.includes(id) === true);
}

async function pageOf(api: Api, request: ApiRequest): Promise<ListedPage> {
  const { list: rows, body } = await requestList(api, request, 'data');
  return {
    ...toRecords(rows, contactRecord, { noun: 'contact' }),
    next: wordOf(objectOf(objectOf(body['pages'])['next'])['starting_after']),
  };
}
