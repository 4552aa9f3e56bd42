// The cost of reading contacts, for forecasts: page sizes, and HubSpot's own count.
import type { Context, JsonObject, PullRequest, ReadingCost } from '#connector';
import { objectOf } from '#connector/reading';
import { searchBucket } from './api.ts';
import { searchSize } from './changes.ts';
import { companyProperties } from './companies.ts';
import { fitsInQuery, pageSize as listSize, propertyNames } from './contact.ts';
import { readCursor } from './cursor.ts';
import { contactsPath, type Settings } from './settings.ts';

/** Where the properties do not fit into a URL, each page of the list is read once more by ID; companies are read by ID. */
export function cost(_settings: Settings, properties: readonly string[]): ReadingCost {
  const companies = companyProperties(properties).length > 0 ? 1 : 0;
  return {
    full: { records: listSize, calls: (fitsInQuery(propertyNames(properties)) ? 1 : 2) + companies },
    changes: { records: searchSize(properties), calls: 1 + companies, bucket: searchBucket },
    tombstones: { records: listSize, calls: 1 },
  };
}

/** The `total` of a search for one contact: past 10,000 too, where only paging ends. It lags as the index does. */
export async function count({ settings, api }: Context<Settings>, request: PullRequest): Promise<number> {
  const { json } = await api.request({
    method: 'POST',
    path: contactsPath(settings, '/search'),
    bucket: searchBucket,
    json: { filterGroups: filterGroups(request), properties: ['lastmodifieddate'], limit: 1 },
    isAnswer: (json) => typeof objectOf(json)['total'] === 'number',
  });
  return Number(objectOf(json)['total']);
}

function filterGroups({ cursor, until }: PullRequest): JsonObject[] {
  const filters = filtersOf(cursor, until);
  return filters.length > 0 ? [{ filters }] : [];
}

function filtersOf(cursor: PullRequest['cursor'], until: number): JsonObject[] {
  const at = cursor === null ? null : readCursor(cursor);
  const after = (id: string) => ({ propertyName: 'hs_object_id', operator: 'GT', value: id });
  if (at === null) return [];
  // The list goes on after an ID.
  if (at.phase === 'list') return at.after !== undefined && /^\d+$/.test(at.after) ? [after(at.after)] : [];
  const changed = { propertyName: 'lastmodifieddate' };
  return [
    { ...changed, operator: 'GTE', value: String(at.from) },
    { ...changed, operator: 'LTE', value: String(at.window?.until ?? until) },
    ...(at.window?.lastId ? [after(at.window.lastId)] : []),
  ];
}
