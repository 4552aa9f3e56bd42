// The stream of contacts: all of them by ID and changes by time, both by COQL after the last row of the page before; deletions by
// their own list; contacts by ID. https://www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html
import {
  type Context,
  type Json,
  RejectedError,
  type SourceRecord,
  type Stream,
  TransientError,
} from '#connector';
import { readsById } from '#connector/by-id';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { listOf, objectOf, wordOf } from '#connector/reading';
import { toRecords } from '#connector/rows';
import { root } from './api.ts';
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
import { requireOrganization } from './organization.ts';
import type { Settings } from './settings.ts';

/** The most rows of a query. Changes are few, and 200 rows cost a third. */
const pageSize = 2_000;
const changesSize = 200;
const settleLagSeconds = 120;
const listed = { settledMs: settleLagSeconds * 1000 };
const maxFields = 50;

export const contacts: Stream<Settings> = {
  name: 'contacts',
  clock: 'second',
  settleLagSeconds,
  ...pullsOf<Settings>({
    ...listed,
    what: 'Zoho CRM contacts',
    pageSize,
    oldestFirst: true,
    async all(context, request) {
      if (request.page === undefined) await requireOrganization(context);
      return queryPage(context, request, {
        where: (at) => `id > ${at?.id ?? 0}`,
        order: 'id asc',
        limit: request.limit,
      });
    },
    changes: (context, { from, until, ...request }) =>
      queryPage(context, request, {
        where(at) {
          const since = `Modified_Time >= '${timeOf(at?.time ?? from)}'`;
          const bounded = until < context.now ? `(${since} and Modified_Time <= '${timeOf(until)}')` : since;
          return at ? `(${bounded} and (Modified_Time > '${timeOf(at.time)}' or id > ${at.id}))` : bounded;
        },
        order: 'Modified_Time asc, id asc',
        limit: Math.min(request.limit, changesSize),
      }),
  }),
  // Nothing is 204, which says not who answered.
  read: readsById({ maxIds: 100, isId, some: readSome, one: readOne, proof }),
  tombstones: {
    everySeconds: 600,
    pull: pullsOf<Settings>({
      ...listed,
      what: 'deleted contacts of Zoho CRM',
      pageSize: 200,
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

async function proof(context: Context<Settings>): Promise<void> {
  await requireOrganization(context);
  await knownFields(context);
}

interface Place {
  id: string;
  time: number;
}

async function queryPage(
  context: Context<Settings>,
  { page, properties }: PageRequest,
  query: { where(at: Place | undefined): string; order: string; limit: number },
): Promise<ListedPage> {
  const [time, id = ''] = page?.split(' ') ?? [];
  const at = time === undefined ? undefined : { id, time: Number(time) };
  const rest = `from Contacts where ${query.where(at)} order by ${query.order} limit ${query.limit}`;
  const fields = await fieldsFor(context, properties);
  const { rows, hasMore } = await select(context, fields, rest).catch(async (error: unknown) => {
    // One field that does not exist fails the query.
    if (!(error instanceof RejectedError && error.code === 'INVALID_QUERY')) throw error;
    const known = await knownFields(context);
    return select(
      context,
      fields.filter((name) => known.includes(name)),
      rest,
    );
  });
  const found = toRecords(rows, recordOf, { noun: 'contact' });
  if (!hasMore) return { ...found, next: undefined };
  const last = recordOf(rows.at(-1)!);
  const next = last && `${last.changedAt} ${last.recordId}`;
  if (next === undefined || next === page)
    throw new TransientError('Zoho CRM answered with a page after which none can follow', { foreign: true });
  return { ...found, next };
}

async function select(
  { api }: Context<Settings>,
  fields: readonly string[],
  rest: string,
): Promise<{ rows: Json[]; hasMore: boolean }> {
  const names = [...new Set(['Modified_Time', ...fields])].join(', ');
  const { status, json } = await api.request({
    method: 'POST',
    path: `${root}/coql`,
    json: { select_query: `select ${names} ${rest}` },
    isAnswer,
  });
  return rowsIn(status, json);
}

/** Nothing is 204, without a body. */
function isAnswer(json: Json | undefined): boolean {
  if (json === undefined) return true;
  const { data, info } = objectOf(json);
  const { more_records: hasMore, count } = objectOf(info);
  const isCounted = count === undefined || count === listOf(data).length;
  return Array.isArray(data) && isCounted && (hasMore === false || (hasMore === true && data.length > 0));
}

function rowsIn(status: number, json: Json | undefined): { rows: Json[]; hasMore: boolean } {
  if (json === undefined && status !== 204 && status !== 304)
    throw new TransientError(`Zoho CRM answered ${status} with nothing`, { status, foreign: true });
  const { data, info } = objectOf(json);
  return { rows: listOf(data), hasMore: objectOf(info)['more_records'] === true };
}

/** Deletions, the newest ones if `from` is there. They are forgotten after 60 to 120 days. */
async function deletedPage(
  { api }: Context<Settings>,
  { page = '1', limit, from }: PageRequest & { from?: number },
): Promise<ListedPage> {
  const { status, json } = await api.request({
    path: `${contactsPath}/deleted`,
    query: { type: 'all', page, per_page: limit },
    ...(from !== undefined && { headers: { 'if-modified-since': timeOf(from) } }),
    answers: [304],
    isAnswer,
  });
  const { rows, hasMore } = rowsIn(status, json);
  const found = toRecords(rows, deletionOf, { noun: 'deleted contact' });
  return { ...found, next: hasMore ? String(Number(page) + 1) : undefined };
}

/** Contacts by ID. One that is being merged is half-done, and left out. */
async function readSome(
  context: Context<Settings>,
  ids: readonly string[],
  properties: readonly string[],
): Promise<SourceRecord[]> {
  return readRows(context, properties, {
    path: contactsPath,
    query: { ids: ids.join(','), per_page: ids.length },
  });
}

/** Null where Zoho says that there is no such contact: by 204, or by an error about the ID. */
async function readOne(
  context: Context<Settings>,
  id: string,
  properties: readonly string[],
): Promise<SourceRecord | null | undefined> {
  const request = { path: `${contactsPath}/${id}`, query: {} };
  try {
    const { status, json } = await context.api.request({
      ...request,
      query: { fields: 'Modified_Time' },
      isAnswer: (json) =>
        json === undefined || wordOf(objectOf(listOf(objectOf(json)['data'])[0])['id']) === id,
    });
    if (json === undefined && rowsIn(status, json).rows.length === 0) return null;
  } catch (error) {
    const isAboutId = error instanceof RejectedError && error.code === 'INVALID_DATA';
    if (isAboutId && /\bid\b/i.test(error.message)) return null;
    throw error;
  }
  return (await readRows(context, properties, request)).find(({ recordId }) => recordId === id);
}

/** In as many requests as the fields need. A row that changed in between is a mixture, and left out. */
async function readRows(
  context: Context<Settings>,
  properties: readonly string[],
  { path, query }: { path: string; query: { [name: string]: string | number } },
): Promise<SourceRecord[]> {
  const fields = (await fieldsFor(context, properties)).filter((name) => name !== 'Modified_Time');
  const size = maxFields - 1;
  const parts = Array.from({ length: Math.max(1, Math.ceil(fields.length / size)) }, (_, at) =>
    fields.slice(at * size, (at + 1) * size),
  );
  const answers = await Promise.all(
    parts.map(async (part) => {
      const { status, json } = await context.api.request({
        path,
        query: { ...query, fields: ['Modified_Time', ...part].join(',') },
        isAnswer: (json) => json === undefined || Array.isArray(objectOf(json)['data']),
      });
      return rowsIn(status, json).rows.map(objectOf);
    }),
  );
  const [first = [], ...others] = answers;
  return first.flatMap((row) => {
    const rest = others.map((rows) => rows.find(({ id }) => id === row['id']));
    const isOneState = rest.every((other) => other?.['Modified_Time'] === row['Modified_Time']);
    if (!isOneState || row['$in_merge'] === true) return [];
    return recordOf(Object.assign({}, row, ...rest)) ?? [];
  });
}
