// The stream of contacts: those of a view by numbered pages, those that changed from the newest down, and single ones by ID.
// https://developers.freshworks.com/crm/api/#list_all_contacts
import type { Context, Json, SourceRecord, Stream } from '#connector';
import { readsById, requestOne } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { listOf, momentOf, objectOf, valueAt, wordOf } from '#connector/reading';
import { type Rows, toRecords } from '#connector/rows';
import type { Settings } from './settings.ts';

const pageSize = 100;
const settleLagSeconds = 300;
/** Single reads have them and lists have not (recorded): they would come and go. */
const singleOnly = ['phone_numbers', 'has_duplicates', 'partial'];

export const contacts: Stream<Settings> = {
  name: 'contacts',
  clock: 'second',
  // While changes are paged, a contact that is deleted pulls another over the edge of a page: the trailing reading finds that one.
  settleLagSeconds,
  ...pullsOf<Settings>({
    what: 'Freshsales contacts',
    pageSize,
    settledMs: settleLagSeconds * 1000,
    oldestFirst: false,
    all,
    changes,
  }),
  read: {
    ...readsById({
      maxIds: 10,
      isId: (id) => /^[1-9]\d{0,19}$/.test(id),
      one: readOne,
      proof: (context) => viewPage(context, { page: 1, per_page: 1, sort: 'created_at', sort_type: 'asc' }),
    }),
    lagSeconds: 5,
  },
  sweeps: true,
  cost: () => ({ full: { records: pageSize, calls: 1 } }),
};

/**
 * The first page, then from the last page back to the first again: a contact that is deleted pulls those behind it forward, to
 * pages that are still to be read. `page`: how many contacts these hold.
 */
async function all(context: Context<Settings>, { page, limit }: PageRequest): Promise<ListedPage> {
  const order = { sort: 'created_at', sort_type: 'asc' };
  if (page === undefined) {
    const { total, ...rows } = await viewPage(context, { ...order, page: 1, per_page: limit });
    return { ...rows, total, next: total > limit ? String(total) : undefined };
  }
  const number = Math.ceil(Number(page) / limit);
  const rest = (number - 1) * limit;
  const { total: _, ...rows } = await viewPage(context, { ...order, page: number, per_page: limit });
  return { ...rows, next: rest > 0 ? String(rest) : undefined };
}

/** From the newest down to what is known. `page`: how many contacts were read. Who changes meanwhile moves to the front. */
async function changes(
  context: Context<Settings>,
  { page, limit, from }: PageRequest & { from: number },
): Promise<ListedPage> {
  const number = Math.floor(Number(page ?? 0) / limit) + 1;
  const order = { sort: 'updated_at', sort_type: 'desc' };
  const { total, ...rows } = await viewPage(context, { ...order, page: number, per_page: limit });
  const isLast = isPast(rows.records, from) || number * limit >= total;
  return { ...rows, next: isLast ? undefined : String(number * limit) };
}

/** True where nothing newer can follow: the page goes down, as it was requested to, and ends before `from`. */
function isPast(records: readonly SourceRecord[], from: number): boolean {
  const times = records.map(({ changedAt }) => changedAt);
  return (times.at(-1) ?? from) < from && times.every((time, at) => at === 0 || time <= times[at - 1]!);
}

/** Pages that are shorter than requested, or empty, while the view has more would leave contacts out. */
export async function viewPage(
  { api, settings }: Context<Settings>,
  query: { page: number; per_page: number; sort: string; sort_type: string },
): Promise<Rows & { total: number }> {
  const totalIn = (json: Json | undefined) => Number(valueAt(json, 'meta.total') ?? Number.NaN);
  const { json } = await api.request({
    path: `/contacts/view/${settings.viewId}`,
    query,
    isAnswer(json) {
      const { contacts, meta } = objectOf(json);
      const [total, pages] = [totalIn(json), Number(objectOf(meta)['total_pages'] ?? Number.NaN)];
      if (!Array.isArray(contacts) || !Number.isSafeInteger(total) || !Number.isSafeInteger(pages))
        return false;
      const isWhole = contacts.length >= query.per_page || query.page >= pages;
      return isWhole && (contacts.length > 0 || total <= (query.page - 1) * query.per_page);
    },
  });
  const rows = listOf(objectOf(json)['contacts']);
  return { ...toRecords(rows, recordOf, { noun: 'contact' }), total: totalIn(json) };
}

/** One in the bin says that it is deleted. */
function readOne({ api }: Context<Settings>, id: string): Promise<SourceRecord | null> {
  return requestOne(api, {
    id,
    request: { path: `/contacts/${id}` },
    vendor: 'Freshsales',
    recordIn: (json) => recordOf(objectOf(json)['contact'] ?? null),
    isMissing: (json) => valueAt(json, 'errors.code') === 404,
  });
}

function recordOf(row: Json): SourceRecord | undefined {
  const body = objectOf(row);
  const [recordId, changedAt] = [wordOf(body['id']), momentOf(body['updated_at'])];
  if (recordId === undefined || changedAt === undefined) return undefined;
  const shown = Object.entries(body).filter(([name]) => !singleOnly.includes(name));
  const phone = wordOf(body['mobile_number']) ?? wordOf(body['work_number']) ?? null;
  return {
    recordId,
    changedAt,
    body: { ...Object.fromEntries(shown), ...(body['mobile_number'] !== undefined && { phone }) },
    ...(body['is_deleted'] === true && { deleted: true as const }),
  };
}
