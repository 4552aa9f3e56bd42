// Finds the next page for each style of paging, and rejects pages that are inconsistent.
import { z } from 'zod';
import {
  type ApiRequest,
  type ApiResponse,
  type Json,
  type JsonObject,
  RejectedError,
  TransientError,
} from '#connector';
import { objectOf, valueAt, wordOf } from '#connector/reading';
import type { Paging, Settings } from './settings.ts';

/** Where a page begins. It is stored, so it holds no credentials. */
export const place = z.strictObject({
  /** A cursor or a value of the last record. In a body a number stays one. */
  after: z.union([z.string(), z.number()]).optional(),
  /** The path and query of a link, below the base URL. */
  link: z.string().optional(),
  /** Records before the page; of numbered pages without a size, pages. */
  position: z.int().min(0).optional(),
  /** The ID of the last record. */
  last: z.string().optional(),
  /** How many records the first page said there are. */
  total: z.int().min(0).optional(),
});

export type Place = z.infer<typeof place>;

/** A page as it was answered, with the IDs of its records; undefined for a record without one. */
export interface Answer {
  response: ApiResponse;
  ids: readonly (string | undefined)[];
  items: readonly Json[];
}

export type Query = { [name: string]: string | number | boolean };

/** A list as it is asked for, whatever the page. */
export interface Asked {
  path: string;
  query: Query;
  /** Present where it is asked for by POST. */
  body?: JsonObject;
  /** Go with the query, or into the body, where their names are paths. */
  parameters: Query;
}

/** The whole list. `parameters`: of the request besides those of the page. */
export function wholeList({ list }: Settings, parameters: Query = {}): Asked {
  const { path, query, method, body = {} } = list;
  return { path, query, parameters, ...(method === 'POST' && { body }) };
}

/** The request for the page at `from`; undefined: the first. */
export function requestOf(
  { list: { paging, size } }: Settings,
  { path, query, body, parameters }: Asked,
  from: Place | undefined,
  maxRecords: number | undefined,
): ApiRequest {
  const records = sizeOf(size?.records, maxRecords);
  if (from?.link !== undefined) return { path: from.link };
  const asked = { ...parameters };
  if (size && records !== undefined) asked[size.parameter] = records;
  if (paging.style === 'page')
    asked[paging.parameter] = paging.first + Math.floor((from?.position ?? 0) / (records ?? 1));
  // The last record is asked for again: where it is no longer there, records have moved.
  else if (paging.style === 'offset') asked[paging.parameter] = Math.max(0, (from?.position ?? 0) - 1);
  else if ('parameter' in paging && from?.after !== undefined) asked[paging.parameter] = from.after;
  if (!body) return { path, query: { ...query, ...asked } };
  const json = Object.entries(asked).reduce<Json>(
    (within, [at, value]) => withValue(within, at.split('.'), value),
    body,
  );
  return { method: 'POST', path, query, json };
}

/** The same with this value at a path. The settings have made sure that it fits. */
function withValue(json: Json | undefined, [key, ...rest]: readonly string[], value: Json): Json {
  if (key === undefined) return value;
  if (Array.isArray(json))
    return json.map((one, index) => (String(index) === key ? withValue(one, rest, value) : one));
  const given = objectOf(json);
  return { ...given, [key]: withValue(given[key], rest, value) };
}

/** Two at least, so that a page gets on although its first record was on the one before. */
function sizeOf(records: number | undefined, maxRecords: number | undefined): number | undefined {
  return records === undefined ? undefined : Math.max(2, Math.min(records, maxRecords ?? records));
}

/**
 * The items of a page that are news, and where the next one begins; null behind the last. `moved`: records have left the
 * list while it was read, so that some may have been skipped.
 */
export function follow(
  settings: Settings,
  answer: Answer,
  from: Place | undefined,
  maxRecords: number | undefined,
): { items: readonly Json[]; next: Place | null } | 'moved' {
  const { paging, size, total: totalAt } = settings.list;
  const body = answer.response.json;
  const said = totalAt === undefined ? undefined : valueAt(body, totalAt);
  const total = typeof said === 'number' && Number.isSafeInteger(said) && said >= 0 ? said : undefined;
  const counts = paging.style === 'page' || paging.style === 'offset';
  if (counts && from?.total !== undefined && total !== undefined && total < from.total) return 'moved';
  const isOverlapping = paging.style === 'offset' && (from?.position ?? 0) > 0;
  if (isOverlapping && answer.ids[0] !== from?.last) return 'moved';
  const items = isOverlapping ? answer.items.slice(1) : answer.items;
  const place = placeBehind(settings, { ...answer, items }, from, sizeOf(size?.records, maxRecords));
  if (place === null) return { items, next: null };
  const known = from?.total ?? total;
  const last = answer.ids.at(-1);
  const checks = counts
    ? { ...(last !== undefined && { last }), ...(known !== undefined && { total: known }) }
    : {};
  return { items, next: { ...place, ...checks } };
}

function placeBehind(
  settings: Settings,
  { response, items, ids }: Answer,
  from: Place | undefined,
  size: number | undefined,
): Place | null {
  const { paging } = settings.list;
  const body = response.json;
  if (paging.style === 'none') return null;
  if (paging.style === 'link') return linkPlace(settings, valueAt(body, paging.next));
  if (paging.style === 'link-header') return linkPlace(settings, nextLink(response.headers['link']));
  const follows = paging.more === undefined ? undefined : moreOf(body, paging.more);
  if (follows === false) return null;
  if (paging.style === 'cursor') {
    const after = afterOf(settings, valueAt(body, paging.next));
    if (after !== undefined) return { after };
    if (follows) throw new TransientError('The API says that more records follow, but returned no cursor');
    return null;
  }
  if (items.length === 0) {
    if (follows) throw new TransientError('The API says that more records follow, but returned none');
    return null;
  }
  const position = from?.position ?? 0;
  if (paging.style === 'page')
    return { position: Math.floor(position / (size ?? 1)) * (size ?? 1) + (size ?? 1) };
  if (paging.style === 'offset') return { position: position + items.length };
  const after = afterOf(settings, valueAt(items.at(-1), paging.from ?? settings.record.id)) ?? ids.at(-1);
  if (after === undefined || after === from?.after)
    throw new RejectedError(
      `The page after ${paging.parameter} ends where it began: the API ignores the parameter, or sorts by something else.`,
      { code: 'endless_pages' },
    );
  return { after };
}

/** A body tells numbers from texts, and may have to have what the answer had. */
function afterOf({ list }: Settings, value: Json | undefined): string | number | undefined {
  if (list.method === 'POST' && typeof value === 'number') return value;
  return wordOf(value);
}

function moreOf(body: Json | undefined, at: string): boolean {
  const follows = valueAt(body, at);
  if (typeof follows === 'boolean') return follows;
  throw new TransientError(`The API did not say at ${at} whether more records follow`);
}

/**
 * Only the path and the query of a link are used, and only of our own host: no answer sends our credentials elsewhere. Those
 * that the answer has put into the link are left out: they are sent with every request, and not stored.
 */
function linkPlace({ baseUrl, auth }: Settings, link: Json | undefined): Place | null {
  if (link === undefined || link === null || link === '' || link === false) return null;
  const base = new URL(baseUrl);
  const url = typeof link === 'string' ? URL.parse(link, `${baseUrl}/`) : null;
  const below = base.pathname.replace(/\/+$/, '');
  if (url === null || url.host !== base.host || !url.pathname.startsWith(`${below}/`))
    throw new RejectedError(
      `The link to the next page does not lead to ${base.host}${below}/, so it is not followed: the credentials are for that address.`,
      { code: 'foreign_link' },
    );
  if (auth !== 'none' && auth.type === 'query') url.searchParams.delete(auth.name);
  return { link: `${url.pathname.slice(below.length)}${url.search}` };
}

function nextLink(header: string | undefined): string | undefined {
  const links = [...(header ?? '').matchAll(/<([^>]*)>((?:\s*;\s*[\w*!-]+\s*=\s*(?:"[^"]*"|[^\s,;"]*))*)/g)];
  return links.find(([, , parameters = '']) =>
    /;\s*rel\s*=\s*"?([^";]*\s)?next[\s";]?/i.test(`${parameters};`),
  )?.[1];
}

export type { Paging };
