// What each route of HubSpot's contacts API answers (reference/crm/hubspot.md §2–§4). It does not know tokens, quotas or
// faults: whoever calls a handler has seen to them.

import type { Context } from 'hono';
import type { Companies } from './companies.ts';
import { type Contacts, toId, type Values } from './contacts.ts';
import { type ErrorBody, HubSpotError, invalid, notFound } from './errors.ts';
import { parseJson, readNames, readSearch, wholeNumber } from './filters.ts';
import { defaultProperties, type Properties } from './properties.ts';
import type { SearchIndex } from './search-index.ts';
import type { Version } from './version.ts';

export type Account = {
  contacts: Contacts;
  companies: Companies;
  properties: Properties;
  index: SearchIndex;
  now: () => number;
  portalId: number;
  /** What a read by the ID of a merged contact gives (unverified): its survivor, or 404. */
  readMerged: 'survivor' | 'notFound';
};

export type Handler = (c: Context, account: Account) => Response | Promise<Response>;

export type Route = {
  name: string;
  method: 'get' | 'post' | 'patch' | 'delete';
  paths: string[];
  handler: Handler;
};

const dated = ':version{20[0-9]{2}-[0-9]{2}}';

/** A path under both version schemes, and both names of the object type. */
const under = (legacy: string, current: string, rest = '', types = ['contacts', '0-1']) =>
  types.flatMap((type) => [`${legacy}/${type}${rest}`, `${current}/${type}${rest}`]);

const objects = (rest: string, types?: string[]) =>
  under('/crm/v3/objects', `/crm/objects/${dated}`, rest, types);

const companyTypes = ['companies', '0-2'];

const maxListLimit = 100;

const maxBatch = 100;

/** The first that fits is taken: a fixed path stands before one with an ID. */
export const routes: Route[] = [
  { name: 'search', method: 'post', paths: objects('/search'), handler: search },
  { name: 'batchRead', method: 'post', paths: objects('/batch/read'), handler: batchRead },
  { name: 'batchUpdate', method: 'post', paths: objects('/batch/update'), handler: batchUpdate },
  { name: 'merge', method: 'post', paths: objects('/merge'), handler: merge },
  { name: 'gdprDelete', method: 'post', paths: objects('/gdpr-delete'), handler: gdprDelete },
  { name: 'list', method: 'get', paths: objects(''), handler: list },
  { name: 'create', method: 'post', paths: objects(''), handler: create },
  { name: 'read', method: 'get', paths: objects('/:id'), handler: read },
  { name: 'update', method: 'patch', paths: objects('/:id'), handler: update },
  { name: 'archive', method: 'delete', paths: objects('/:id'), handler: archive },
  {
    name: 'properties',
    method: 'get',
    paths: under('/crm/v3/properties', `/crm/properties/${dated}`),
    handler: listProperties,
  },
  {
    name: 'companyBatchRead',
    method: 'post',
    paths: objects('/batch/read', companyTypes),
    handler: (c, { companies }) => companies.batchRead(c),
  },
  {
    name: 'companyProperties',
    method: 'get',
    paths: under('/crm/v3/properties', `/crm/properties/${dated}`, '', companyTypes),
    handler: (c, { companies }) => companies.listProperties(c),
  },
  {
    name: 'account',
    method: 'get',
    paths: ['/account-info/v3/details', `/account-info/${dated}/details`],
    handler: accountDetails,
  },
];

// -- reading --------------------------------------------------------------------------------------------------------

function list(c: Context, { contacts, portalId }: Account): Response {
  const limit = wholeNumber(c.req.query('limit') || 10, 'limit');
  if (limit < 1 || limit > maxListLimit) throw invalid(`limit must be between 1 and ${maxListLimit}`);
  const names = queryNames(c) ?? defaultProperties;
  // The cursor is the last ID given: rows that come or go behind it shift nothing.
  const afterId = c.req.query('after') ? wholeNumber(c.req.query('after'), 'after') : -1;
  const versions = contacts.page(afterId, limit + 1, flag(c, 'archived'));
  const page = versions.slice(0, limit);
  const last = page.at(-1);
  return c.json({
    // Rows of the list carry an address besides (recorded 2026).
    results: page.map((version) => ({
      ...contacts.show(version, names),
      url: `https://app.hubspot.com/contacts/${portalId}/record/0-1/${version.id}`,
    })),
    ...(versions.length > limit && last && { paging: next(c, String(last.id)) }),
  });
}

async function search(c: Context, { contacts, properties, index, now }: Account): Promise<Response> {
  const request = readSearch(await body(c), contacts, properties);
  const { total, page } = index.search(request, now());
  const live = page
    .flatMap((version) => contacts.find(version.id) ?? [])
    .filter((version) => version.archivedAtMs === 0);
  const after = request.offset + request.limit;
  return c.json({
    total,
    results: live.map((version) => contacts.show(version, request.properties ?? defaultProperties)),
    ...(after < total && { paging: next(c, String(after)) }),
  });
}

async function batchRead(c: Context, account: Account): Promise<Response> {
  const request = await body(c);
  const inputs = request['inputs'];
  if (!Array.isArray(inputs) || inputs.length === 0) throw invalid('inputs must be a list that is not empty');
  if (inputs.length > maxBatch) throw invalid(`a batch has at most ${maxBatch} inputs`);
  const names = readNames(request['properties']) ?? defaultProperties;
  const idProperty = request['idProperty'];
  const found = new Map<number, Version>();
  const missing: string[] = [];
  for (const input of inputs as ({ id?: unknown } | null)[]) {
    const id = String(input?.id ?? '');
    const version = locate(account, id, typeof idProperty === 'string' ? idProperty : undefined);
    if (version && version.archivedAtMs > 0 === flag(c, 'archived')) found.set(version.id, version);
    else missing.push(id);
  }
  // In no promised order (unverified): by ID, downwards, so that nobody pairs results with inputs by place.
  const versions = [...found.values()].sort((a, b) => b.id - a.id);
  const at = new Date(account.now()).toISOString();
  const result = {
    status: 'COMPLETE',
    results: versions.map((version) => account.contacts.show(version, names)),
    startedAt: at,
    completedAt: at,
  };
  if (missing.length === 0) return c.json(result);
  const error: Omit<ErrorBody, 'correlationId'> = {
    status: 'error',
    category: 'OBJECT_NOT_FOUND',
    message: 'Could not get some CONTACT objects, they may be deleted or not exist.',
    context: { ids: missing },
    errors: [],
  };
  return c.json({ ...result, numErrors: 1, errors: [{ ...error, links: {} }] }, 207);
}

function read(c: Context, account: Account): Response {
  const version = locate(
    account,
    c.req.param('id')!,
    c.req.query('idProperty') || undefined,
    account.readMerged,
  );
  if (!version || version.archivedAtMs > 0 !== flag(c, 'archived')) throw notFound();
  return c.json(account.contacts.show(version, queryNames(c) ?? defaultProperties));
}

function listProperties(c: Context, { properties }: Account): Response {
  const archived = flag(c, 'archived');
  return c.json({ results: properties.list().filter((definition) => definition.archived === archived) });
}

function accountDetails(c: Context, { portalId }: Account): Response {
  return c.json({
    portalId,
    accountType: 'STANDARD',
    timeZone: 'UTC',
    companyCurrency: 'EUR',
    additionalCurrencies: [],
    utcOffset: '+00:00',
    utcOffsetMilliseconds: 0,
    uiDomain: 'app.hubspot.com',
    dataHostingLocation: 'na1',
  });
}

// -- writing --------------------------------------------------------------------------------------------------------

async function create(c: Context, { contacts, properties }: Account): Promise<Response> {
  const values = readValues(await body(c), properties);
  const version = contacts.create(values);
  return c.json(contacts.show(version, [...new Set([...defaultProperties, ...Object.keys(values)])]), 201);
}

async function update(c: Context, account: Account): Promise<Response> {
  const values = readValues(await body(c), account.properties);
  const version = locate(account, c.req.param('id')!, c.req.query('idProperty') || undefined);
  if (!version) throw notFound();
  const updated = account.contacts.update(version.id, values);
  return c.json(account.contacts.show(updated, [...new Set([...defaultProperties, ...Object.keys(values)])]));
}

/** One invalid value refuses the whole; whom it does not have is told of beside the others (reference §11). */
async function batchUpdate(c: Context, { contacts, properties, now }: Account): Promise<Response> {
  const { inputs } = await body(c);
  if (!Array.isArray(inputs) || inputs.length === 0) throw invalid('inputs must be a list that is not empty');
  if (inputs.length > maxBatch) throw invalid(`a batch has at most ${maxBatch} inputs`);
  const rows = (inputs as Record<string, unknown>[]).map((input) => ({
    id: String(input['id'] ?? ''),
    values: readValues(input, properties),
  }));
  if (new Set(rows.map(({ id }) => id)).size < rows.length)
    throw invalid('Duplicate IDs found in batch input');
  const at = new Date(now()).toISOString();
  const found = rows.flatMap(({ id, values }) => {
    const version = contacts.find(toId(id));
    return version && version.archivedAtMs === 0 ? [{ version, values }] : [];
  });
  const known = new Set(found.map(({ version }) => String(version.id)));
  const missing = rows.map(({ id }) => id).filter((id) => !known.has(id));
  const results = found.map(({ version, values }) => {
    const updated = contacts.update(version.id, values);
    const shown = contacts.show(updated, [...new Set([...defaultProperties, ...Object.keys(values)])]);
    // A property that was cleared is answered as an empty text (recorded 2026-03).
    for (const [name, value] of Object.entries(values)) if (value === '') shown.properties[name] = '';
    return shown;
  });
  // In no promised order.
  const result = { status: 'COMPLETE', results: results.reverse(), startedAt: at, completedAt: at };
  if (missing.length === 0) return c.json(result);
  const error: Omit<ErrorBody, 'correlationId'> = {
    status: 'error',
    category: 'OBJECT_NOT_FOUND',
    message: 'Could not update some CONTACT objects, they may be deleted or not exist.',
    context: { ids: missing },
    errors: [],
  };
  return c.json({ ...result, numErrors: 1, errors: [{ ...error, links: {} }] }, 207);
}

function archive(c: Context, { contacts }: Account): Response {
  const version = contacts.find(toId(c.req.param('id')!));
  if (!version) throw notFound();
  if (version.archivedAtMs === 0) contacts.archive(version.id);
  return c.body(null, 204);
}

async function merge(c: Context, { contacts }: Account): Promise<Response> {
  const { primaryObjectId, objectIdToMerge } = await body(c);
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  if (!text(primaryObjectId) || !text(objectIdToMerge)) {
    throw invalid('primaryObjectId and objectIdToMerge must be given as text');
  }
  const survivor = contacts.merge(toId(text(primaryObjectId)), toId(text(objectIdToMerge)));
  return c.json(
    contacts.show(survivor, [...defaultProperties, 'hs_merged_object_ids', 'hs_calculated_merged_vids']),
  );
}

async function gdprDelete(c: Context, account: Account): Promise<Response> {
  const { objectId, idProperty } = await body(c);
  if (typeof objectId !== 'string') throw invalid('objectId must be given as text');
  const version = locate(account, objectId, typeof idProperty === 'string' ? idProperty : undefined);
  if (!version) throw notFound();
  account.contacts.erase(version.id);
  return c.body(null, 204);
}

// -- parts of a request ---------------------------------------------------------------------------------------------

function locate(
  account: Account,
  value: string,
  idProperty?: string,
  merged = 'notFound',
): Version | undefined {
  if (idProperty !== undefined) return account.contacts.findBy(idProperty, value);
  const id = toId(value);
  const survivor = merged === 'survivor' ? account.contacts.survivorOf(id) : undefined;
  return account.contacts.find(survivor ?? id);
}

async function body(c: Context): Promise<Record<string, unknown>> {
  const json = parseJson(await c.req.text());
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid('Invalid input JSON');
  return json as Record<string, unknown>;
}

function readValues(request: Record<string, unknown>, properties: Properties): Values {
  const given = request['properties'];
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalid('properties must be an object');
  const values: Values = {};
  for (const [name, value] of Object.entries(given)) values[name] = value === null ? '' : String(value);
  const errors = Object.entries(values).flatMap(
    ([name, value]) => properties.problem(name, String(value)) ?? [],
  );
  if (errors.length > 0) throw invalid('Property values were not valid', errors);
  return values;
}

/** `properties=a,b`, or repeated. */
function queryNames(c: Context): string[] | undefined {
  if (c.req.query('propertiesWithHistory')) {
    throw new HubSpotError(501, 'this simulator keeps no history of properties', { category: 'UNSUPPORTED' });
  }
  const names =
    c.req
      .queries('properties')
      ?.flatMap((part) => part.split(','))
      .filter(Boolean) ?? [];
  return names.length > 0 ? names : undefined;
}

function flag(c: Context, name: string): boolean {
  return c.req.query(name) === 'true';
}

function next(c: Context, after: string): { next: { after: string; link?: string } } {
  if (c.req.method !== 'GET') return { next: { after } };
  const url = new URL(c.req.url);
  url.searchParams.set('after', after);
  return { next: { after, link: url.href } };
}
