// The stream of contacts: those of a view by numbered pages, those that changed from the newest down, and single ones by ID.
// https://developers.freshworks.com/crm/api/#list_all_contacts
import type { Context, Json, JsonObject, SourceRecord, Stream } from '#connector';
import { readsById, readsOne } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { objectOf, requestList, valueAt, wordOf } from '#connector/reading';
import { type Rows, rowReader, toRecords } from '#connector/rows';
import type { Settings } from './settings.ts';

const byCreation = { sort: 'created_at', sort_type: 'asc' };
const byChange = { sort: 'updated_at', sort_type: 'desc' };
/** Single reads have them and lists have not (recorded): they would come and go. */
const singleOnly = ['phone_numbers', 'has_duplicates', 'partial'];

const recordOf = rowReader({
  changedAt: 'updated_at',
  isDeleted: (contact) => contact['is_deleted'] === true,
  bodyOf,
});

/** A request that succeeds only where contacts can be read. */
export const firstContact = (context: Context<Settings>) =>
  viewPage(context, { page: 1, per_page: 1, ...byCreation });

export const contacts: Stream<Settings> = {
  name: 'contacts',
  clock: 'second',
  ...pullsOf<Settings>({
    what: 'Freshsales contacts',
    pageSize: 100,
    // While changes are paged, a contact that is deleted pulls another over the edge of a page: the trailing reading finds that one.
    settleLagSeconds: 300,
    oldestFirst: false,
    all,
    changes,
  }),
  read: {
    ...readsById({
      maxIds: 10,
      isId: (id) => /^[1-9]\d{0,19}$/.test(id),
      // One in the bin says that it is deleted.
      one: readsOne({
        pathOf: (id) => `/contacts/${id}`,
        at: 'contact',
        recordOf,
        // What else stands in it was never seen: that contacts can be read is proven beside it.
        isMissing: (json) => valueAt(json, 'errors') !== undefined,
      }),
      proof: firstContact,
    }),
    lagSeconds: 5,
  },
  sweeps: true,
};

/**
 * The first page, then from the last page back to the first again: a contact that is deleted pulls those behind it forward, to
 * pages that are still to be read. `page`: how many contacts these hold.
 */
async function all(context: Context<Settings>, { page, limit }: PageRequest): Promise<ListedPage> {
  if (page === undefined) {
    const found = await viewPage(context, { ...byCreation, page: 1, per_page: limit });
    return { ...found, next: found.total > limit ? String(found.total) : undefined };
  }
  const number = Math.ceil(Number(page) / limit);
  const { total: _, ...rows } = await viewPage(context, { ...byCreation, page: number, per_page: limit });
  return { ...rows, next: number > 1 ? String((number - 1) * limit) : undefined };
}

/** From the newest down to what is known. `page`: how many contacts were read. Who changes meanwhile moves to the front. */
async function changes(
  context: Context<Settings>,
  { page, limit, from }: PageRequest & { from: number },
): Promise<ListedPage> {
  const number = Math.floor(Number(page ?? 0) / limit) + 1;
  const { total, ...rows } = await viewPage(context, { ...byChange, page: number, per_page: limit });
  const isLast = isPast(rows.records, from) || number * limit >= total;
  return { ...rows, next: isLast ? undefined : String(number * limit) };
}

/** True where nothing newer can follow: the page goes down, as it was requested to, and ends before `from`. */
function isPast(records: readonly SourceRecord[], from: number): boolean {
  const times = records.map(({ changedAt }) => changedAt);
  return (times.at(-1) ?? from) < from && times.every((time, at) => at === 0 || time <= times[at - 1]!);
}

/** Pages that are shorter than requested, or empty, while the view has more would leave contacts out. */
async function viewPage(
  { api, settings }: Context<Settings>,
  query: { page: number; per_page: number; sort: string; sort_type: string },
): Promise<Rows & { total: number }> {
  const isAnswer = (json: Json | undefined) => {
    const { contacts, meta } = objectOf(json);
    const { total, total_pages: pages } = objectOf(meta);
    if (!Array.isArray(contacts) || !isCount(total) || !isCount(pages)) return false;
    const isWhole = contacts.length >= query.per_page || query.page >= pages;
    return isWhole && (contacts.length > 0 || total <= (query.page - 1) * query.per_page);
  };
  const path = `/contacts/view/${settings.viewId}`;
  const { list, body } = await requestList(api, { path, query, isAnswer }, 'contacts');
  return { ...toRecords(list, recordOf, { noun: 'contact' }), total: Number(valueAt(body, 'meta.total')) };
}

function isCount(value: Json | undefined): value is number {
  return Number.isSafeInteger(value);
}

function bodyOf(contact: JsonObject): JsonObject {
  const shown = Object.entries(contact).filter(([name]) => !singleOnly.includes(name));
  const phone = wordOf(contact['mobile_number']) ?? wordOf(contact['work_number']) ?? null;
  return { ...Object.fromEntries(shown), ...(contact['mobile_number'] !== undefined && { phone }) };
}
