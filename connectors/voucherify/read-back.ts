// Reads back all customers of a Voucherify project: by an export, or page by page.
// Endpoints: https://docs.voucherify.io/api-reference/exports/create-export and /customers/list-customers.
import {
  type Context,
  type Json,
  type JsonObject,
  type ReadBack,
  RejectedError,
  type ShownCustomer,
  TransientError,
} from '#connector';
import { exportedFields, shownCustomers } from './export-file.ts';
import { exportsOrderedSince, orderExport, pollExport, removeExport } from './export-requests.ts';
import { flatten, isObject } from './payload.ts';
import type { Settings } from './settings.ts';

/** `GET /v1/customers` gives no more at once. */
export const pageCustomers = 100;
/** And no page beyond this one. */
const lastPage = 99;

const ofCustomers = { object: 'customer', order: 'created_at', fields: exportedFields };

export const readBack: ReadBack<Settings> = {
  export: {
    begin: async (context) => ({ exportId: await orderExport(context, ofCustomers) }),

    poll: (context, exportId) => pollExport(context, exportId, 'customer'),

    parse: shownCustomers,

    omits: 'an export shows only the metadata keys that the metadata schema defines',

    remove: removeExport,

    orderedSince: (context, since) => exportsOrderedSince(context, since, [ofCustomers]),
  },

  list: { page },

  changes: { page: changedPage },
};

/** What a walk goes along, and the time from which on it lists at all. */
interface Walk {
  by: 'created_at' | 'updated_at';
  /** Listed are those later than this. */
  since?: string;
}

/**
 * Where a walk from old to new stands. `after`: the time from which on it reads; `done`: all of that very time is read.
 * `tie`: a millisecond that holds more customers than a page, and the next page of it.
 */
type Cursor = { after: string; done?: boolean; tie?: { at: string; page: number } };

const beginning: Cursor = { after: '1970-01-01T00:00:00.000Z' };

/**
 * The cursor is a time, and it is not documented whether customers of that very time are listed again or left out. So
 * each page begins a millisecond before the last one ended, and a millisecond that fills a page is read by itself.
 */
async function page(context: Context<Settings>, cursor: Json | null) {
  return shownPage(await listedPage(context, cursor));
}

/** The same with the customers as Voucherify lists them. */
export function listedPage(context: Context<Settings>, cursor: Json | null): Promise<ListedPage> {
  return walkOn(context, { by: 'created_at' }, cursor);
}

interface ListedPage {
  listed: JsonObject[];
  cursor: Cursor;
  done: boolean;
  total?: number;
}

function shownPage({ listed, ...page }: ListedPage) {
  return { customers: listed.map(shown), ...page };
}

/** A customer that was never updated has no `updated_at`: a reader of changes must ask for created customers too. */
async function changedPage(
  context: Context<Settings>,
  { by, since }: { by: 'created' | 'updated'; since: number },
  cursor: Json | null,
) {
  const walk: Walk = { by: `${by}_at`, since: new Date(since).toISOString() };
  return shownPage(await walkOn(context, walk, cursor));
}

async function walkOn(context: Context<Settings>, walk: Walk, cursor: Json | null): Promise<ListedPage> {
  const at = cursor === null ? { ...beginning, after: walk.since ?? beginning.after } : cursorOf(cursor);
  return at.tie ? tiedPage(context, walk, at.tie) : nextPage(context, walk, at);
}

async function nextPage({ api }: Context<Settings>, { by, since }: Walk, { after, done }: Cursor) {
  const { json } = await api.request({
    path: '/v1/customers',
    query: {
      limit: pageCustomers,
      order: by,
      starting_after: after,
      ...(since !== undefined && { [`${by}[after]`]: since }),
    },
    isAnswer: isCustomerList,
  });
  const listed = listedOf(json);
  const total = isObject(json) && typeof json['total'] === 'number' ? { total: json['total'] } : {};
  const last = stampOf(listed.at(-1), by);
  if (last === null && !isLast(json, listed))
    throw new TransientError('An empty page of customers was listed, and more are said to follow', {
      foreign: true,
    });
  const isDone = last === null || isLast(json, listed);
  const cursor = isDone ? { after } : following(after, last, done === true);
  return { listed, cursor, done: isDone, ...total };
}

/** After a full page that ends at `last`. */
function following(after: string, last: string, done: boolean): Cursor {
  const next = moved(last, -1);
  if (next > after) return { after: next };
  // Customers of the time itself are listed again, and fill the page: then a millisecond later none is left out.
  if (last === after && done) return { after: moved(after, 1) };
  return { after, tie: { at: last, page: 1 } };
}

async function tiedPage(
  { api }: Context<Settings>,
  { by }: Walk,
  { at, page }: { at: string; page: number },
) {
  const { json } = await api.request({
    path: '/v1/customers',
    query: {
      limit: pageCustomers,
      page,
      order: 'source_id',
      [`${by}[after]`]: moved(at, -1),
      [`${by}[before]`]: moved(at, 1),
    },
    isAnswer: isCustomerList,
  });
  const listed = listedOf(json);
  const ends = isLast(json, listed);
  if (!ends && page === lastPage)
    throw new RejectedError(
      `More than ${pageCustomers * lastPage} customers were ${by === 'created_at' ? 'created' : 'updated'} in one millisecond.`,
      {
        code: 'too_many_at_once',
      },
    );
  // From here on customers of this time are behind us, listed again or not.
  const cursor: Cursor = ends ? { after: at, done: true } : { after: at, tie: { at, page: page + 1 } };
  return { listed, cursor, done: false };
}

/** Whether this is a page of the list of customers, an empty one included. */
export function isCustomerList(json: Json | undefined): boolean {
  const customers = isObject(json) ? json['customers'] : undefined;
  return Array.isArray(customers) && customers.every(isObject);
}

function listedOf(json: Json | undefined): JsonObject[] {
  const customers = isObject(json) ? json['customers'] : undefined;
  return Array.isArray(customers) ? customers.filter(isObject) : [];
}

function isLast(json: Json | undefined, listed: readonly JsonObject[]): boolean {
  const { has_more } = isObject(json) ? json : {};
  return typeof has_more === 'boolean' ? !has_more : listed.length < pageCustomers;
}

function shown(customer: JsonObject): ShownCustomer {
  const sourceId = customer['source_id'];
  return {
    sourceId: typeof sourceId === 'string' && sourceId !== '' ? sourceId : null,
    id: typeof customer['id'] === 'string' ? customer['id'] : '',
    fields: flatten(customer),
  };
}

/** When the last of a page was created or updated: the one that was never updated, as projects may list it, when created. */
function stampOf(customer: JsonObject | undefined, by: Walk['by']): string | null {
  const time = customer?.[by] ?? customer?.['created_at'];
  if (customer === undefined) return null;
  if (typeof time === 'string' && Number.isFinite(Date.parse(time)))
    return new Date(Date.parse(time)).toISOString();
  throw new TransientError('A customer was listed without its creation time.');
}

function moved(time: string, milliseconds: number): string {
  return new Date(Date.parse(time) + milliseconds).toISOString();
}

function cursorOf(cursor: Json): Cursor {
  if (isObject(cursor) && typeof cursor['after'] === 'string') return cursor as unknown as Cursor;
  throw new RejectedError('Unknown cursor for the list of customers.', { code: 'cursor' });
}
