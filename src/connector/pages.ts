// Pages of rows as most vendors answer them. It knows no vendor: a connector says what is requested, and where things are in the
// answer.
import type { Api, ApiRequest, Query } from './api.ts';
import { type ReadAccount, requireAccount } from './checking.ts';
import type { Json, JsonObject } from './json.ts';
import type { ListedPage, PageRequest } from './listing.ts';
import type { TimeUnit } from './locale.ts';
import { momentOf, requestList, valueAt, wordOf } from './reading.ts';
import { type PropertyForm, propertyOf, type Rows, toRecords } from './rows.ts';
import type { Property, SourceRecord } from './source.ts';
import { nextTimedPage, type TimedPage, timedPage } from './timed-pages.ts';

/** Where the rows of an answer are, and what they are. */
export interface RowsForm {
  /** The path of the list; `''` is the whole answer. */
  at: string;
  /** What each row is: `contact`. */
  noun: string;
  recordOf(row: Json): SourceRecord | undefined;
  /** Where a row names its account: UnauthorizedError is thrown for one of another, see `requireAccount`. */
  account?: ReadAccount;
}

export type AnsweredRows = Rows & { list: Json[]; body: JsonObject };

/** The rows of one answer, which is owed a list. */
export async function requestRows(
  api: Api,
  request: ApiRequest,
  { at, noun, recordOf, account }: RowsForm,
): Promise<AnsweredRows> {
  const { list, body } = await requestList(api, request, at);
  if (account) requireOwnRows(list, account);
  return { list, body, ...toRecords(list, recordOf, { noun }) };
}

/** A row that does not say whose it is says nothing. */
function requireOwnRows(list: readonly Json[], { at, noun, id }: ReadAccount): void {
  requireAccount(
    noun,
    id,
    list.flatMap((row) => wordOf(valueAt(row, at)) ?? []),
  );
}

/**
 * A page of a vendor that names the page after it at the path `next`, and says null or an empty text on the last one. A full
 * page (of `limit` rows) that says nothing may be cut off: more may follow.
 */
export async function requestPage(
  api: Api,
  request: ApiRequest,
  form: RowsForm & { next: string; limit: number },
): Promise<ListedPage> {
  const { list, body, records, rejected } = await requestRows(api, request, form);
  const next = valueAt(body, form.next);
  const isCut = next === undefined && list.length >= form.limit;
  return { records, rejected, next: isCut ? null : wordOf(next) };
}

/** A page of a list in the order of the time at the path `clock`, of rows from a time on: see `timed-pages.ts`. */
export async function requestTimedPage(
  { page, limit }: Pick<PageRequest, 'page' | 'limit'>,
  { clock, unit, from = 0 }: { clock: string; unit?: TimeUnit; from?: number },
  request: (place: TimedPage & { limit: number }) => Promise<AnsweredRows>,
): Promise<ListedPage> {
  const place = timedPage(page, from);
  const { list, records, rejected } = await request({ ...place, limit });
  const times = list.map((row) => momentOf(valueAt(row, clock), unit));
  return { records, rejected, next: nextTimedPage(place, { times, limit }) };
}

/**
 * The page after a full one where each page begins after the last row of the one before: what that row has at these paths, joined by
 * blanks, such as its time and ID. Null where it has not.
 */
export function pageAfter(
  list: readonly Json[],
  limit: number,
  paths: readonly string[],
): string | null | undefined {
  if (list.length < limit) return undefined;
  const place = paths.map((path) => wordOf(valueAt(list.at(-1), path)));
  return place.includes(undefined) ? null : place.join(' ');
}

/** The properties that the vendor describes in one answer, in a list at the path `at`. */
export async function requestProperties(
  api: Api,
  path: string,
  { at, query, ...form }: PropertyForm & { at: string; query?: Query },
): Promise<Property[]> {
  const { list } = await requestList(api, { path, ...(query && { query }) }, at);
  return list.map((described) => propertyOf(described, form));
}
