// Changed contacts, by search. It works around three limits of HubSpot's search: at most 10,000 results by offset, rows
// that move during paging, and rows that are newer than the index that found them.
import {
  type Context,
  type Json,
  type JsonObject,
  type Page,
  type PullRequest,
  TransientError,
} from '#connector';
import { writeCursor } from '#connector/cursor';
import { objectOf, requestList, wordOf } from '#connector/reading';
import { searchBucket } from './api.ts';
import { companyProperties, withCompanies } from './companies.ts';
import { contactRecords, pageSize as listSize, propertyNames } from './contact.ts';
import type { SearchCursor, Window } from './cursor.ts';
import { contactsPath, type Settings } from './settings.ts';

/** HubSpot allows 200 since 2024; companies are read a hundred at a time. */
const pageSize = 200;

export function searchSize(properties: readonly string[]): number {
  return companyProperties(properties).length > 0 ? listSize : pageSize;
}

/** `after + limit` above it is refused. */
const maxResults = 10_000;
/** More contacts at one moment are given again rather than remembered. */
const maxSeen = 200;
/** A window that took longer to read has another after it at once, for what changed since it began. */
const longWindowMs = 60_000;

/**
 * One page of a window of changes, `from` to `until`, both included.
 *
 * Within the window rows are read in the order of their IDs, each page beginning after the last ID read. So no offset
 * grows towards the cap, ten thousand rows of one millisecond are like any others, and a contact that changes meanwhile
 * leaves the window without moving the rest. Only when the window has been read to its end does `from` move on: to the
 * newest change read, and never past `until`, for a row is shown as it is now, which may be later than the index knew.
 */
export async function pullChanges(
  context: Context<Settings>,
  cursor: SearchCursor,
  request: PullRequest,
): Promise<Page> {
  const { settings, api } = context;
  const window = cursor.window ?? newWindow(request.until);
  if (window.until < cursor.from) return { records: [], cursor: writeCursor(cursor), done: true };
  const asked = {
    method: 'POST' as const,
    path: contactsPath(settings, '/search'),
    bucket: searchBucket,
    json: query(cursor.from, window, request),
  };
  const { list: results, body } = await requestList(api, asked, 'results');
  const { paging, total } = body;
  const { records, rejected } = contactRecords(results);
  const read = readOn(window, results, records, typeof total === 'number' ? total : null);
  const next = wordOf(objectOf(objectOf(paging)['next'])['after']);
  if (next !== undefined) {
    // Rows that the index still has and the database no longer does are counted and not given.
    if (read.lastId === window.lastId) read.after = behindUngiven(next);
    else delete read.after;
  }
  const given = records.filter(
    ({ recordId, changedAt }) => changedAt !== cursor.from || !cursor.seen.includes(recordId),
  );
  return {
    records: await withCompanies(context, given, request.properties),
    ...(rejected.length && { rejected }),
    cursor: writeCursor(next !== undefined ? { ...cursor, window: read } : completed(cursor, read)),
    done: next === undefined && request.until - window.until < longWindowMs,
    ...(read.total !== null && { total: read.total }),
  };
}

function newWindow(until: number): Window {
  return { until, lastId: null, newest: null, edge: [], total: null };
}

function query(from: number, window: Window, { properties, maxRecords }: PullRequest): JsonObject {
  const changed = { propertyName: 'lastmodifieddate' };
  const filters: Json[] = [
    { ...changed, operator: 'GTE', value: String(from) },
    { ...changed, operator: 'LTE', value: String(window.until) },
  ];
  if (window.lastId !== null)
    filters.push({ propertyName: 'hs_object_id', operator: 'GT', value: window.lastId });
  return {
    filterGroups: [{ filters }],
    sorts: [{ propertyName: 'hs_object_id', direction: 'ASCENDING' }],
    properties: propertyNames(properties),
    limit: Math.min(searchSize(properties), maxRecords ?? pageSize),
    ...(window.after !== undefined && { after: window.after }),
  };
}

/** The window with one more page read. */
function readOn(
  window: Window,
  results: readonly Json[],
  records: Page['records'],
  total: number | null,
): Window {
  const read = { ...window, edge: [...window.edge], total: window.total ?? total };
  for (const row of results) {
    const id = wordOf(objectOf(row)['id']);
    if (id !== undefined && isGreater(id, read.lastId)) read.lastId = id;
  }
  for (const { recordId, changedAt } of records) {
    if (changedAt > window.until) continue;
    read.newest = Math.max(read.newest ?? 0, changedAt);
    if (changedAt === window.until && read.edge.length <= maxSeen) read.edge.push(recordId);
  }
  return read;
}

/** IDs are numbers longer than a double holds exactly. */
function isGreater(id: string, than: string | null): boolean {
  if (!/^\d+$/.test(id)) return false;
  return than === null || BigInt(id) > BigInt(than);
}

function behindUngiven(after: string): string {
  if (Number(after) + pageSize <= maxResults) return after;
  throw new TransientError("HubSpot's search index lags behind thousands of deletions", {
    retryAfterMs: 60_000,
  });
}

/**
 * Where the next window begins. The millisecond `until` may not have been over when it was read: it is read again, less
 * the contacts already given. Any earlier one is behind HubSpot's clock; what its index still hides of it, the
 * trailing reader finds.
 */
function completed(cursor: SearchCursor, { until, newest, edge }: Window): SearchCursor {
  if (newest === null || newest < cursor.from)
    return { phase: 'search', from: cursor.from, seen: cursor.seen };
  if (newest < until) return { phase: 'search', from: newest + 1, seen: [] };
  return { phase: 'search', from: until, seen: edge.length > maxSeen ? [] : edge };
}
