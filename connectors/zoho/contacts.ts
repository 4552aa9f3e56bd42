// The stream of contacts: all of them by ID, then changes by time and ID, each page starting after the row before; deletions by
// their own list; contacts by ID. https://www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html
import {
  type Context,
  type Json,
  type JsonObject,
  type Query,
  RejectedError,
  type SourceRecord,
  type Stream,
  TransientError,
} from '#connector';
import { readsById } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { inParts, listOf, objectOf, valueAt, wordOf } from '#connector/reading';
import { toRecords } from '#connector/rows';
import { requireOrganization, root } from './api.ts';
import {
  contactsPath,
  deletionOf,
  fieldsFor,
  isId,
  knownFields,
  propertiesOf,
  recordOf,
  timeOf,
} from './contact.ts';
import type { Settings } from './settings.ts';

/** The most rows of a query. Changes are few, and 200 rows cost a third. */
const pageSize = 2_000;
const changesSize = 200;
const settleLagSeconds = 120;
const maxFields = 50;

export const contacts: Stream<Settings> = {
  name: 'contacts',
  clock: 'second',
  ...pullsOf<Settings>({
    what: 'Zoho CRM contacts',
    pageSize,
    settleLagSeconds,
    oldestFirst: true,
    begins: requireOrganization,
    all: allById,
    inventory: (context, request) => allById(context, { ...request, properties: ['id'] }),
    changes(context, { from, until, ...request }) {
      const where = (at: Place | undefined) => {
        const since = `Modified_Time >= '${timeOf(at?.time ?? from)}'`;
        const bounded = until < context.now ? `(${since} and Modified_Time <= '${timeOf(until)}')` : since;
        return at ? `(${bounded} and (Modified_Time > '${timeOf(at.time)}' or id > ${at.id}))` : bounded;
      };
      const limited = { ...request, limit: Math.min(request.limit, changesSize) };
      return queryPage(context, limited, { where, order: 'Modified_Time asc, id asc' });
    },
  }),
  // Nothing is 204, which says not who answered.
  read: readsById({
    maxIds: 100,
    isId,
    // One that is being merged is half-done, and left out.
    some: (context, ids, properties) =>
      readRows(context, properties, contactsPath, { ids: ids.join(','), per_page: ids.length }),
    one: readOne,
    proof: async (context) => [await requireOrganization(context), await knownFields(context)],
  }),
  tombstones: {
    everySeconds: 600,
    pull: pullsOf<Settings>({
      what: 'deleted contacts of Zoho CRM',
      pageSize: 200,
      settleLagSeconds,
      oldestFirst: false,
      all: deletedPage,
      changes: deletedPage,
    }).pull,
  },
  sweeps: true,
  cost: () => ({
    full: { records: pageSize, calls: 1 },
    changes: { records: changesSize, calls: 1 },
    tombstones: { records: 200, calls: 1 },
  }),
  properties: propertiesOf,
};

function allById(context: Context<Settings>, request: PageRequest): Promise<ListedPage> {
  return queryPage(context, request, { where: (at) => `id > ${at?.id ?? 0}`, order: 'id asc' });
}

interface Place {
  id: string;
  time: number;
}

/** `page`: the time and the ID of the last row. */
async function queryPage(
  context: Context<Settings>,
  { page, limit, properties }: PageRequest,
  query: { where(at: Place | undefined): string; order: string },
): Promise<ListedPage> {
  const [time, id = ''] = page?.split(' ') ?? [];
  const at = time === undefined ? undefined : { id, time: Number(time) };
  const rest = `from Contacts where ${query.where(at)} order by ${query.order} limit ${limit}`;
  const fields = await fieldsFor(context, properties);
  const { rows, hasMore } = await select(context, fields, rest).catch(async (error: unknown) => {
    // One field that does not exist fails the query.
    if (!(error instanceof RejectedError && error.code === 'INVALID_QUERY')) throw error;
    const known = await knownFields(context);
    const existing = fields.filter((name) => known.includes(name));
    return select(context, existing, rest);
  });
  const last = recordOf(rows.at(-1));
  const next = last ? `${last.changedAt} ${last.recordId}` : null;
  return { ...toRecords(rows, recordOf, { noun: 'contact' }), next: hasMore ? next : undefined };
}

async function select({ api }: Context<Settings>, fields: readonly string[], rest: string) {
  const names = [...new Set(['Modified_Time', ...fields])].join(', ');
  const json = { select_query: `select ${names} ${rest}` };
  const answer = await api.request({ method: 'POST', path: `${root}/coql`, json, isAnswer: isList });
  return rowsIn(answer);
}

/** Nothing is 204, without a body. */
function isList(json: Json | undefined): boolean {
  if (json === undefined) return true;
  const { data, info } = objectOf(json);
  const { more_records: hasMore, count } = objectOf(info);
  const isCounted = count === undefined || count === listOf(data).length;
  return Array.isArray(data) && isCounted && (hasMore === false || (hasMore === true && data.length > 0));
}

function rowsIn({ status, json }: { status: number; json: Json | undefined }) {
  if (json === undefined && status !== 204 && status !== 304)
    throw new TransientError(`Zoho CRM answered ${status} with nothing`, { status, foreign: true });
  return { rows: listOf(valueAt(json, 'data')), hasMore: valueAt(json, 'info.more_records') === true };
}

/** Deletions, the newest ones if `from` is there. They are forgotten after 60 to 120 days. */
async function deletedPage(
  { api }: Context<Settings>,
  { page = '1', limit, from }: PageRequest & { from?: number },
): Promise<ListedPage> {
  const answer = await api.request({
    path: `${contactsPath}/deleted`,
    query: { type: 'all', page, per_page: limit },
    ...(from !== undefined && { headers: { 'if-modified-since': timeOf(from) } }),
    answers: [304],
    isAnswer: isList,
  });
  const { rows, hasMore } = rowsIn(answer);
  const next = hasMore ? String(Number(page) + 1) : undefined;
  return { ...toRecords(rows, deletionOf, { noun: 'deleted contact' }), next };
}

/** Null where Zoho says that there is no such contact: by 204, or by an error about the ID. */
async function readOne(
  context: Context<Settings>,
  id: string,
  properties: readonly string[],
): Promise<SourceRecord | null | undefined> {
  const path = `${contactsPath}/${id}`;
  const isIt = (json: Json | undefined) => json === undefined || wordOf(valueAt(json, 'data.0.id')) === id;
  try {
    const answer = await context.api.request({ path, query: { fields: 'Modified_Time' }, isAnswer: isIt });
    if (rowsIn(answer).rows.length === 0) return null;
  } catch (error) {
    const isAboutId = error instanceof RejectedError && error.code === 'INVALID_DATA';
    if (isAboutId && /\bid\b/i.test(error.message)) return null;
    throw error;
  }
  return (await readRows(context, properties, path, {})).find(({ recordId }) => recordId === id);
}

/** In as many requests as the fields need. A row that changed in between is a mixture, and left out. */
async function readRows(
  context: Context<Settings>,
  properties: readonly string[],
  path: string,
  query: Query,
): Promise<SourceRecord[]> {
  const fields = (await fieldsFor(context, properties)).filter((name) => name !== 'Modified_Time');
  const isAnswer = (json: Json | undefined) => json === undefined || Array.isArray(valueAt(json, 'data'));
  const read = async (part: readonly string[]): Promise<JsonObject[]> => {
    const names = ['Modified_Time', ...part].join(',');
    const answer = await context.api.request({ path, query: { ...query, fields: names }, isAnswer });
    return rowsIn(answer).rows.map(objectOf);
  };
  const [first = [], ...others] = await Promise.all(inParts(fields, maxFields - 1).map(read));
  return first.flatMap((row) => {
    const rest = others.map((rows) => rows.find(({ id }) => id === row['id']));
    const isOneState = rest.every((other) => other?.['Modified_Time'] === row['Modified_Time']);
    if (!isOneState || row['$in_merge'] === true) return [];
    return recordOf(Object.assign({}, row, ...rest)) ?? [];
  });
}
