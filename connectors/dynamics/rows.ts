// Rows of contacts: pages, contacts by ID, and those that others were merged into.
// https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query/overview
import {
  type ApiRequest,
  type Context,
  type Json,
  type Query,
  type SourceRecord,
  TransientError,
} from '#connector';
import { withMasters } from '#connector/merges';
import { inParts, listOf, objectOf, requestList } from '#connector/reading';
import { toRecords } from '#connector/rows';
import { saysMissing } from './api.ts';
import { type Columns, mergeable, recordOf } from './contact.ts';
import { dataPath, type Settings } from './settings.ts';

/** They fit into an address. */
export const maxIds = 100;

/** The first page of a list, or a page that a link leads to. */
export function listRequest(
  settings: Settings,
  {
    select,
    limit,
    page,
    query = {},
    tracked = false,
  }: { select: string; limit: number; page?: string | undefined; query?: Query; tracked?: boolean },
): ApiRequest {
  const prefer = [tracked && 'odata.track-changes', `odata.maxpagesize=${limit}`].filter(Boolean).join(',');
  const first = { path: dataPath(settings, '/contacts'), query: { ...selected(select), ...query } };
  return { ...(page === undefined ? first : { path: page }), headers: { prefer } };
}

/**
 * The path and query of a link to a further page, for the host of the environment: links name a second host of it. Null where it
 * leads elsewhere; undefined where there is none.
 */
export function linkIn(json: Json | undefined, name: string, settings: Settings): string | null | undefined {
  const link = objectOf(json)[name];
  if (link === undefined || link === null) return undefined;
  const base = new URL(settings.baseUrl);
  const url = URL.parse(String(link));
  const hosts = [base.host, base.host.replace('.', '.api.')];
  const isOurs =
    url?.protocol === base.protocol &&
    hosts.includes(url.host) &&
    url.pathname === dataPath(settings, '/contacts') &&
    url.search !== '';
  return isOurs ? url.pathname + url.search : null;
}

/** A page of a list; every link in it leads to the same environment. */
export async function requestPage(
  { api, settings }: Context<Settings>,
  request: ApiRequest,
  isPage: (json: Json | undefined) => boolean = isList,
) {
  const linksIn = (json: Json | undefined) => ({
    next: linkIn(json, '@odata.nextLink', settings),
    delta: linkIn(json, '@odata.deltaLink', settings),
  });
  const { json, headers } = await api.request({
    ...request,
    isAnswer(json) {
      const { next, delta } = linksIn(json);
      return isPage(json) && next !== null && delta !== null && (next === undefined || delta === undefined);
    },
  });
  const { next, delta } = linksIn(json);
  if (next === request.path)
    throw new TransientError('A page was answered that names itself as the next one', { foreign: true });
  const rows = listOf(objectOf(json)['value']);
  return { rows, next: next ?? undefined, delta: delta ?? undefined, headers };
}

function isList(json: Json | undefined): boolean {
  const { value, '@odata.context': context } = objectOf(json);
  return Array.isArray(value) && /#contacts\b/.test(String(context));
}

/** Those of these contacts that the user sees. */
export async function someById(
  { api, settings }: Context<Settings>,
  ids: readonly string[],
  columns: Columns,
): Promise<SourceRecord[]> {
  const values = ids.map((id) => `'${id}'`).join(',');
  const $filter = `Microsoft.Dynamics.CRM.In(PropertyName='contactid',PropertyValues=[${values}])`;
  const query = { ...selected(columns.select), $filter };
  const { list } = await requestList(api, { path: dataPath(settings, '/contacts'), query }, 'value');
  return list.flatMap((row) => recordOf(row, columns) ?? []).filter(({ recordId }) => ids.includes(recordId));
}

/** One contact, or null where there is none. */
export async function oneById(
  { api, settings }: Context<Settings>,
  id: string,
  columns: Columns,
): Promise<SourceRecord | null> {
  const path = dataPath(settings, `/contacts(${id})`);
  const isAnswer = (json: Json | undefined) => recordOf(json, columns)?.recordId === id;
  try {
    const { json } = await api.request({ path, query: selected(columns.select), isAnswer });
    return recordOf(json, columns)!;
  } catch (error) {
    if (saysMissing(error)) return null;
    throw error;
  }
}

/** Merged contacts as deleted ones, and the contacts that took them over, which name them. */
export function mergedStates(
  context: Context<Settings>,
  records: readonly SourceRecord[],
  columns: Columns,
): ReturnType<typeof withMasters> {
  return withMasters(records.map(mergeable), async (ids) => {
    const parts = inParts(ids, maxIds).map((part) => someById(context, part, columns));
    return (await Promise.all(parts)).flat().map(mergeable);
  });
}

/** Rows without an ID or a time are rejected. */
export function rowsAsRecords(
  rows: readonly Json[],
  columns: Columns,
  deletionOf?: (row: Json) => SourceRecord | undefined,
) {
  const read = (row: Json) => deletionOf?.(row) ?? recordOf(row, columns);
  return toRecords(rows, read, { noun: 'contact', id: 'contactid' });
}

function selected(select: string): Query {
  return select === '' ? {} : { $select: select };
}
