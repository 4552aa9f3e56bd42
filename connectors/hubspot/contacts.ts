// The stream of contacts: the whole list, changes by search, single contacts by ID, archived contacts as tombstones.
import {
  type Context,
  type InventoryPage,
  type Json,
  type Page,
  type Property,
  type PullRequest,
  type SourceRecord,
  type Stream,
  TransientError,
} from '#connector';
import { listOf, objectOf, requestList, wordOf } from '#connector/reading';
import type { Rows } from '#connector/rows';
import { batchRead, saidMissing } from './batch.ts';
import { pullChanges } from './changes.ts';
import { companyProperties, withCompanies } from './companies.ts';
import { contactRecords, fitsInQuery, pageSize, propertyNames, tombstone } from './contact.ts';
import { cost, count } from './cost.ts';
import { type ListCursor, readCursor, readTombstoneCursor } from './cursor.ts';
import { contactsPath, type ObjectType, propertiesPath, type Settings } from './settings.ts';

export const contacts: Stream<Settings> = {
  name: 'contacts',
  settleLagSeconds: 120,
  async pull(context, request) {
    const cursor = request.cursor === null ? null : readCursor(request.cursor);
    if (cursor?.phase === 'search') return pullChanges(context, cursor, request);
    return pullList(context, cursor ?? { phase: 'list', start: context.now }, request);
  },
  read: { maxIds: pageSize, records: read },
  tombstones: { everySeconds: 3600, pull: pullTombstones },
  sweeps: true,
  inventory: { pageSize, merges: true, page: pullInventory },
  rewind: (_settings, to) => ({ phase: 'search', from: Math.max(0, to), seen: [] }),
  properties,
  cost,
  count,
};

/**
 * One page of all contacts, in the order of their IDs. After the last the reading rests, at the moment it began less the
 * lag of the search index: what changed meanwhile is the first that the next pull finds, and a trailing reader that
 * begins as a copy of that cursor misses nothing.
 */
async function pullList(context: Context<Settings>, cursor: ListCursor, request: PullRequest): Promise<Page> {
  const names = propertyNames(request.properties);
  const fits = fitsInQuery(names);
  const { results, after } = await listPage(
    context,
    { after: cursor.after, limit: Math.min(pageSize, request.maxRecords ?? pageSize) },
    fits ? names : ['lastmodifieddate'],
  );
  const rows = fits ? contactRecords(results) : await withProperties(context, results, names);
  const records = await withCompanies(context, rows.records, request.properties);
  const { rejected } = rows;
  const from = Math.max(0, cursor.start - context.settings.settleLagSeconds * 1000);
  return {
    records,
    ...(rejected.length && { rejected }),
    cursor: after === undefined ? { phase: 'search', from, seen: [] } : { ...cursor, after },
    done: after === undefined,
  };
}

/** The list in the order of IDs, with no property but the clock and the IDs that each contact has taken over. */
async function pullInventory(context: Context<Settings>, cursor: Json | null): Promise<InventoryPage> {
  const at = typeof cursor === 'string' ? cursor : undefined;
  const { results, after } = await listPage(context, { after: at, limit: pageSize }, propertyNames(['id']));
  const { records, rejected } = contactRecords(results);
  return { rows: records, rejected: rejected.length, cursor: after ?? null, done: after === undefined };
}

async function listPage(
  { api, settings }: Context<Settings>,
  { after, limit }: { after: string | undefined; limit: number },
  names: readonly string[],
  archived?: true,
): Promise<{ results: Json[]; after: string | undefined }> {
  const query = { limit, properties: names.join(','), archived, after };
  const { list, body } = await requestList(api, { path: contactsPath(settings), query }, 'results');
  return { results: list, after: wordOf(objectOf(objectOf(body['paging'])['next'])['after']) };
}

/** The same contacts with all their properties; one that vanished since the list was made is left out. */
async function withProperties(
  context: Context<Settings>,
  results: readonly Json[],
  names: readonly string[],
): Promise<Rows> {
  const ids = results.map((row) => wordOf(objectOf(row)['id'])).filter((id) => id !== undefined);
  if (ids.length === 0) return { records: [], rejected: [] };
  const body = await batchRead(context, 'contacts', ids, names);
  const found = contactRecords(listOf(body['results']));
  const given = new Set(listOf(body['results']).map((row) => wordOf(objectOf(row)['id'])));
  const isMissing = saidMissing(listOf(body['errors']));
  if (ids.some((id) => !given.has(id) && !isMissing(id)))
    throw new TransientError(
      'HubSpot left some contacts out of a batch read and did not report them as missing',
    );
  return found;
}

async function read(
  context: Context<Settings>,
  { recordIds, properties }: { recordIds: readonly string[]; properties: readonly string[] },
): Promise<{ records: SourceRecord[]; missing: string[] }> {
  // An ID of another shape is nobody's, and could have the whole batch refused.
  const asked = [...new Set(recordIds)].filter((id) => /^\d+$/.test(id));
  const missing = recordIds.filter((id) => !/^\d+$/.test(id));
  if (asked.length === 0) return { records: [], missing };
  const body = await batchRead(context, 'contacts', asked, propertyNames(properties));
  // A contact that was not asked for is the one that an ID asked for was merged into, or somebody else's answer.
  const records = contactRecords(listOf(body['results'])).records.filter(
    ({ recordId, merged = [] }) => asked.includes(recordId) || merged.some((id) => asked.includes(id)),
  );
  const found = new Set(records.map(({ recordId }) => recordId));
  const merged = new Set(records.flatMap((record) => record.merged ?? []));
  const isMissing = saidMissing(listOf(body['errors']));
  const gone = asked.filter((id) => !found.has(id) && (merged.has(id) || isMissing(id)));
  return {
    records: await withCompanies(context, records, properties),
    missing: [...missing, ...gone],
  };
}

/**
 * One page of the archived contacts, of which HubSpot lists all of the last 90 days in the order of their IDs, with no
 * "since": those archived after the mark are given. The mark never comes closer to the reading's start than the
 * settle lag, since a contact may be archived behind the page being read.
 */
async function pullTombstones(context: Context<Settings>, request: PullRequest): Promise<Page> {
  const cursor = request.cursor === null ? { mark: 0 } : readTombstoneCursor(request.cursor);
  const start = cursor.reading?.start ?? context.now;
  const { results, after } = await listPage(
    context,
    { after: cursor.reading?.after, limit: Math.min(pageSize, request.maxRecords ?? pageSize) },
    ['lastmodifieddate'],
    true,
  );
  const records = results
    .flatMap((row) => tombstone(row) ?? [])
    .filter(({ changedAt }) => changedAt > cursor.mark);
  const newest = records.reduce(
    (time, { changedAt }) => Math.max(time, changedAt),
    cursor.reading?.newest ?? cursor.mark,
  );
  if (after !== undefined) {
    return { records, cursor: { mark: cursor.mark, reading: { start, after, newest } }, done: false };
  }
  const settled = start - context.settings.settleLagSeconds * 1000;
  return { records, cursor: { mark: Math.max(cursor.mark, Math.min(newest, settled)) }, done: true };
}

async function properties(context: Context<Settings>, used: readonly string[] = []): Promise<Property[]> {
  const contacts = await propertiesOf(context, 'contacts');
  // Which takes a scope of its own.
  if (companyProperties(used).length === 0) return contacts;
  const companies = await propertiesOf(context, 'companies');
  return [...contacts, ...companies.map((one) => ({ ...one, name: `company:${one.name}` }))];
}

async function propertiesOf({ api, settings }: Context<Settings>, type: ObjectType): Promise<Property[]> {
  const { list } = await requestList(api, { path: propertiesPath(settings, type) }, 'results');
  return list.map(objectOf).flatMap(({ name, label, type, archived }) => {
    if (typeof name !== 'string' || archived === true) return [];
    return [
      {
        name,
        label: typeof label === 'string' ? label : name,
        type: typeof type === 'string' ? type : 'string',
      },
    ];
  });
}
