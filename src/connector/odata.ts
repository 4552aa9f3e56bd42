// Pages of a list by OData 4, which name the page after them and, if changes are tracked, the delta link to what changes next. It
// knows no vendor. https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part1-protocol.html
import type { Api, Query } from './api.ts';
import { TransientError } from './errors.ts';
import type { Json } from './json.ts';
import { listOf, objectOf, valueAt, wordOf } from './reading.ts';

export interface ODataList {
  /** Of the entity set, below the base URL: `/api/data/v9.2/contacts`. Links of its pages lead to the same path. */
  path: string;
  query: Query;
  /** The most rows of a page. */
  limit: number;
  /** The link to a further page, as an answer before named it. */
  page?: string | undefined;
  /** Asks for a delta link behind the last page. */
  tracked?: boolean;
  /** `page` is a delta link, or a page behind one: without changes its answer may have no list. */
  isDelta?: boolean;
}

/** The hosts that links may name: they are called at the base URL. */
export interface ODataSite {
  baseUrl: string;
  hosts: readonly string[];
}

export interface ODataPage {
  rows: Json[];
  /** Paths and queries for `page`. */
  next: string | undefined;
  delta: string | undefined;
  /** Names in lower case. */
  headers: { [name: string]: string };
}

/** An answer is believed where it is of this entity set, and where every link in it leads there again. */
export async function requestODataPage(api: Api, site: ODataSite, list: ODataList): Promise<ODataPage> {
  const { path, query, limit, page, tracked, isDelta } = list;
  const linksIn = (json: Json | undefined) => ({
    next: linkIn(json, '@odata.nextLink', path, site),
    delta: linkIn(json, '@odata.deltaLink', path, site),
  });
  const prefer = [tracked && 'odata.track-changes', `odata.maxpagesize=${limit}`].filter(Boolean).join(',');
  const { json, headers } = await api.request({
    ...(page === undefined ? { path, query } : { path: page }),
    headers: { prefer },
    isAnswer(json) {
      const { next, delta } = linksIn(json);
      if (next === null || delta === null || (next !== undefined && delta !== undefined)) return false;
      const { value, '@odata.context': context } = objectOf(json);
      if (!isDelta) return Array.isArray(value) && isOf(context, path, '\\b');
      return Array.isArray(value)
        ? next !== undefined || delta !== undefined
        : value === undefined && delta !== undefined;
    },
  });
  const { next, delta } = linksIn(json);
  if (next === page && next !== undefined)
    throw new TransientError('A page was answered that names itself as the next one', { foreign: true });
  return {
    rows: listOf(objectOf(json)['value']),
    next: next ?? undefined,
    delta: delta ?? undefined,
    headers,
  };
}

/**
 * The path and query of a link to a further page, for the base URL: links may name another host of it. Null where it leads elsewhere;
 * undefined where there is none.
 */
function linkIn(
  json: Json | undefined,
  name: string,
  path: string,
  site: ODataSite,
): string | null | undefined {
  const link = objectOf(json)[name];
  if (link === undefined || link === null) return undefined;
  const base = new URL(site.baseUrl);
  const url = URL.parse(String(link));
  const isOurs =
    url?.protocol === base.protocol &&
    [base.host, ...site.hosts].includes(url.host) &&
    url.pathname === path &&
    url.search !== '';
  return isOurs ? url.pathname + url.search : null;
}

/** The ID of an entity that a row of a delta says to be deleted; undefined of any other row. */
export function deletedIn(row: Json, path: string): string | undefined {
  const { '@odata.context': context, id, reason } = objectOf(row);
  return reason === 'deleted' && isOf(context, path, '/\\$deletedEntity$') ? wordOf(id) : undefined;
}

/** The code of an OData error, in lower case. */
export function codeIn(json: Json | undefined): string | undefined {
  return wordOf(valueAt(json, 'error.code'))?.toLowerCase();
}

/** Whether a context URL is of the entity set at the end of this path, with this pattern after it. */
function isOf(context: Json | undefined, path: string, rest: string): boolean {
  return new RegExp(`#${path.split('/').at(-1)}${rest}`).test(String(context));
}
