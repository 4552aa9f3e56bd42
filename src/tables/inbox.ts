// The inbox: authentic webhook requests, raw, committed before they are answered. Whatever comes while one insert runs
// is the next one. It knows rows and bytes, and not what they say.

import { type SQL, sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { InboxState, InboxRequest as ListedRequest } from '../contract/inbox.ts';
import { inboxStates } from '../contract/inbox.ts';
import { bytea, isOneOf, time } from '../db/column-types.ts';
import { jsonList, type Preparing, type Queryable, toTimestamp } from '../db/database.ts';
import { notify } from '../db/notifications.ts';
import { activeTrace } from '../engine/trace/trace.ts';
import type { Counts } from './counts.ts';

/**
 * Authentic webhook requests, raw, from before they are answered until their time is over. `dead`: nothing of it could be
 * taken in; it lies there to be replayed.
 */
export const inbox = pgTable(
  'inbox',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    /** The source, or `destination` for its own webhooks. */
    source: text().notNull(),
    state: text({ enum: inboxStates }).notNull().default('waiting'),
    receivedAt: time('received_at').notNull(),
    method: text().notNull(),
    /** By name; what held credentials is masked. */
    query: jsonb().$type<{ readonly [name: string]: string }>().notNull(),
    headers: jsonb().$type<{ readonly [name: string]: string }>().notNull(),
    body: bytea().notNull(),
    dueAt: time('due_at'),
    openedAt: time('opened_at'),
    attempts: integer().notNull().default(0),
    /** What became of its items. */
    counts: jsonb().$type<ItemCounts>(),
    error: text(),
    /** A person it names was erased: the body goes as soon as it is opened. */
    erase: boolean().notNull().default(false),
    /** The span that kept it, where it was traced. */
    traceparent: text(),
  },
  (t) => [
    index('inbox_due').on(t.source, t.id).where(sql`${t.state} = 'waiting'`),
    index('inbox_dead').on(t.source, t.id).where(sql`${t.state} = 'dead'`),
    index('inbox_over').on(t.openedAt).where(sql`${t.state} = 'opened'`),
    check('inbox_state', isOneOf(t.state, inboxStates)),
    check('inbox_due_at', sql`(${t.state} = 'waiting') = (${t.dueAt} is not null)`),
    check('inbox_opened_at', sql`(${t.state} = 'opened') = (${t.openedAt} is not null)`),
    check(
      'inbox_balance',
      sql`${t.state} <> 'opened' or (${t.counts} ->> 'items')::int = (${t.counts} ->> 'duplicates')::int + (${t.counts} ->> 'ignored')::int + (${t.counts} ->> 'unreadable')::int + (${t.counts} ->> 'taken')::int`,
    ),
    check(
      'inbox_record_balance',
      sql`${t.state} <> 'opened' or (${t.counts} ->> 'received')::int = (${t.counts} ->> 'changed')::int + (${t.counts} ->> 'unchanged')::int + (${t.counts} ->> 'superseded')::int + (${t.counts} ->> 'filtered')::int + (${t.counts} ->> 'rejected')::int`,
    ),
  ],
);

/** A request as it is to be kept; what held credentials is masked already. */
export type NewRequest = Pick<
  typeof inbox.$inferSelect,
  'source' | 'receivedAt' | 'method' | 'query' | 'headers' | 'body'
>;

export type KeptRequest = Omit<NewRequest, 'source'> &
  Pick<typeof inbox.$inferSelect, 'id' | 'attempts' | 'erase' | 'traceparent'>;

/**
 * What became of one request: `items` is the sum of the next four, `received` (records) of the five of `Counts`. One
 * item taken may be several records and touches.
 */
export interface ItemCounts extends Counts {
  items: number;
  /** Had come before. */
  duplicates: number;
  /** Nothing for us. */
  ignored: number;
  /** Kept as dead letters. */
  unreadable: number;
  taken: number;
  /** Records that are to be read. */
  touched: number;
}

/** More wait for the database than it takes: the vendor is to come again. */
export class InboxFullError extends Error {
  override name = 'InboxFullError';
}

const maxRows = 500;

/** A second insert beside the one that runs, once so many wait: the database has another core, and commits share a flush. */
const maxWriters = 2;

const worthAnother = 16;

const maxBytes = 8 * 1024 * 1024;

const maxWaitingBytes = 64 * 1024 * 1024;

interface Waiting {
  request: NewRequest & { traceparent: string | undefined };
  kept: () => void;
  failed: (error: unknown) => void;
}

/**
 * Many requests share one insert, without a timer: the first goes at once, and what arrives meanwhile forms the next
 * (measured: 3.6 times one insert a request at 50 connections, and no slower at one).
 */
export class InboxWriter {
  readonly #db: Preparing;
  readonly #onKept: () => void;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #writers = 0;

  /** `onKept`: there is something to open. */
  constructor(db: Preparing, onKept: () => void) {
    this.#db = db;
    this.#onKept = onKept;
  }

  /** Resolves once the request is committed. Throws InboxFullError, and DatabaseError where it could not be. */
  keep(request: NewRequest): Promise<void> {
    if (this.#bytes > maxWaitingBytes) return Promise.reject(new InboxFullError('The inbox is full.'));
    this.#bytes += request.body.length;
    return new Promise((kept, failed) => {
      this.#waiting.push({ request: { ...request, traceparent: activeTrace() }, kept, failed });
      const isWorthIt = this.#writers === 0 || this.#waiting.length >= worthAnother;
      if (this.#writers < maxWriters && isWorthIt) void this.#write();
    });
  }

  async #write(): Promise<void> {
    this.#writers += 1;
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      try {
        await insertRequests(
          this.#db,
          group.map(({ request }) => request),
        );
        for (const { kept } of group) kept();
        this.#onKept();
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
    this.#writers -= 1;
  }

  #nextGroup(): Waiting[] {
    let bytes = 0;
    let rows = 0;
    for (const { request } of this.#waiting) {
      if (rows > 0 && (rows >= maxRows || bytes + request.body.length > maxBytes)) break;
      bytes += request.body.length;
      rows += 1;
    }
    this.#bytes -= bytes;
    return this.#waiting.splice(0, rows);
  }
}

/** The bodies go as one value, of which each row takes its part: the server reads no JSON of them (measured: 0.75 times). */
async function insertRequests(db: Preparing, requests: readonly Waiting['request'][]): Promise<void> {
  let from = 1;
  const rows = requests.map(({ body, ...rest }) => {
    const row = { ...rest, from, bytes: body.length };
    from += body.length;
    return row;
  });
  const bodies = Buffer.concat(requests.map(({ body }) => body)).toString('base64');
  await db.prepared(sql`
    with kept as (insert into inbox (source, received_at, method, query, headers, body, due_at, traceparent)
    select source, to_timestamp("receivedAt" / 1000), method, query, headers, substring(bodies from "from" for bytes), to_timestamp("receivedAt" / 1000), traceparent
    from json_to_recordset(${jsonList(rows)}) as row
      (source text, "receivedAt" float8, method text, query jsonb, headers jsonb, "from" int, bytes int, traceparent text),
      (select decode(${bodies}::text, 'base64') as bodies offset 0) as all_of_them)
    select ${notify('open')}`);
}

// ── Opening ─────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Requests of one source that wait, the oldest first, locked until the transaction ends: other workers pass over them.
 * The narrow row is locked first and only then its body read, as many as fit in `maxBytes` (one at least).
 */
export async function lockWaiting(
  db: Queryable,
  { source, now, most }: { source: string; now: number; most: number },
): Promise<KeptRequest[]> {
  const locked = await db.rows<{ id: number; bytes: number }>(sql`
    select id, octet_length(body) as bytes from inbox
    where source = ${source} and state = 'waiting' and due_at <= ${toTimestamp(now)}
    order by id limit ${most} for update skip locked`);
  let bytes = 0;
  const ids: number[] = [];
  for (const row of locked) {
    bytes += row.bytes;
    if (ids.length > 0 && bytes > maxBytes) break;
    ids.push(row.id);
  }
  return ids.length > 0 ? readRequests(db, ids) : [];
}

/** These requests for opening again, locked, whatever became of them. */
export async function lockRequests(db: Queryable, ids: readonly number[]): Promise<KeptRequest[]> {
  await db.rows(sql`select 1 from inbox where ${among(ids)} order by id for update`);
  return readRequests(db, ids);
}

async function readRequests(db: Queryable, ids: readonly number[]): Promise<KeptRequest[]> {
  const rows = await db.rows<Omit<KeptRequest, 'body'> & { body: string }>(sql`
    select id, received_at, method, query, headers, encode(body, 'base64') as body,
           attempts, erase, traceparent
    from inbox where ${among(ids)} order by id`);
  return rows.map((row) => ({ ...row, body: Buffer.from(row.body, 'base64') }));
}

const among = (ids: readonly number[]): SQL =>
  sql`id in (select value::bigint from json_array_elements_text(${jsonList(ids)}))`;

/** Settles requests whose items are all accounted for; the table refuses counts that do not balance. */
export async function markOpened(
  db: Queryable,
  opened: readonly { id: number; counts: ItemCounts }[],
  now: number,
): Promise<void> {
  if (opened.length === 0) return;
  await db.rows(sql`
    update inbox set state = 'opened', opened_at = ${toTimestamp(now)}, due_at = null, error = null, counts = row.counts,
      body = case when erase then ''::bytea else body end
    from json_to_recordset(${jsonList(opened)}) as row (id bigint, counts jsonb) where inbox.id = row.id`);
}

export async function markDead(db: Queryable, dead: readonly { id: number; error: string }[]): Promise<void> {
  if (dead.length === 0) return;
  await db.rows(sql`
    update inbox set state = 'dead', due_at = null, opened_at = null, counts = null, error = row.error
    from json_to_recordset(${jsonList(dead)}) as row (id bigint, error text) where inbox.id = row.id`);
}

/** A request that could not be opened for a reason that may pass. */
export async function putOffRequest(
  db: Queryable,
  { id, dueAt, error }: { id: number; dueAt: number; error: string },
): Promise<void> {
  await db.rows(sql`
    update inbox set due_at = ${toTimestamp(dueAt)}, attempts = attempts + 1, error = ${error}
    where id = ${id}::bigint and state = 'waiting'`);
}

/** Those of these sources of which requests wait that are due. */
export async function sourcesWaiting(
  db: Queryable,
  sources: readonly string[],
  now: number,
): Promise<string[]> {
  const rows = await db.rows<{ source: string }>(sql`
    select name as source from json_array_elements_text(${jsonList(sources)}) as name
    where exists (select 1 from inbox where source = name and state = 'waiting' and due_at <= ${toTimestamp(now)})`);
  return rows.map((row) => row.source);
}

/** When the next waiting request of these sources falls due. */
export const requestDueAt = (sources: readonly string[]): SQL => sql`
  select min(due_at) from inbox
  where state = 'waiting' and source in (select json_array_elements_text(${jsonList(sources)}))`;

// ── Looking at it ───────────────────────────────────────────────────────────────────────────────────────────────

/** Which requests; what is left out does not matter. Times are epoch milliseconds. */
export interface InboxFilter {
  ids?: readonly number[] | undefined;
  source?: string | undefined;
  state?: InboxState | undefined;
  /** Opened, with unreadable items; or dead. */
  rejected?: boolean | undefined;
  from?: number | undefined;
  to?: number | undefined;
}

const listed = sql`id, source, state, received_at, opened_at,
  method, octet_length(body) as bytes, attempts, counts, error`;

const fits = ({ ids, source, state, rejected, from, to }: InboxFilter): SQL => sql`
  ${ids === undefined ? sql`true` : among(ids)}
  and ${source === undefined ? sql`true` : sql`source = ${source}`}
  and ${state === undefined ? sql`true` : sql`state = ${state}`}
  and ${rejected ? sql`(state = 'dead' or (counts ->> 'unreadable')::int > 0)` : sql`true`}
  and ${from === undefined ? sql`true` : sql`received_at >= ${toTimestamp(from)}`}
  and ${to === undefined ? sql`true` : sql`received_at < ${toTimestamp(to)}`}`;

/** The newest first, those before the ID `before` where given. */
export async function listRequests(
  db: Queryable,
  filter: InboxFilter,
  page: { before?: number | undefined; limit: number },
): Promise<ListedRequest[]> {
  return db.rows(sql`
    select ${listed} from inbox
    where ${fits(filter)} and ${page.before === undefined ? sql`true` : sql`id < ${page.before}::bigint`}
    order by id desc limit ${page.limit}`);
}

/** IDs and sources of those that fit, the oldest first, after the ID `after`. Requests of which only the row is left are none. */
export async function requestsAfter(
  db: Queryable,
  filter: InboxFilter,
  page: { after: number; limit: number },
): Promise<{ id: number; source: string }[]> {
  return db.rows(sql`
    select id, source from inbox
    where ${fits(filter)} and id > ${page.after}::bigint and octet_length(body) > 0
    order by id limit ${page.limit}`);
}

/** One request whole, or null. */
export async function requestById(
  db: Queryable,
  id: number,
): Promise<(ListedRequest & Pick<KeptRequest, 'query' | 'headers' | 'body'>) | null> {
  const [row] = await db.rows<ListedRequest & Pick<KeptRequest, 'query' | 'headers'> & { body: string }>(
    sql`select ${listed}, query, headers, encode(body, 'base64') as body from inbox where id = ${id}::bigint`,
  );
  return row ? { ...row, body: Buffer.from(row.body, 'base64') } : null;
}

/** By source: how many wait to be opened, since when, and how many are dead. */
export async function countRequests(
  db: Queryable,
): Promise<{ source: string; waiting: number; oldestAt: number | null; dead: number }[]> {
  // Two looks, so that each has its own partial index.
  return db.rows(sql`
    select source, sum(waiting)::int as waiting, min(oldest_at) as oldest_at, sum(dead)::int as dead from (
      select source, count(*) as waiting, min(received_at) as oldest_at, 0 as dead
      from inbox where state = 'waiting' group by source
      union all
      select source, 0, null, count(*) from inbox where state = 'dead' group by source) as counts
    group by source order by source`);
}

// ── Forgetting ──────────────────────────────────────────────────────────────────────────────────────────────────

/** Deletes opened requests whose time is over, a thousand a call. Returns how many. */
export async function forgetOpened(
  db: Queryable,
  { source, before }: { source: string; before: number },
): Promise<number> {
  const rows = await db.rows(sql`
    delete from inbox where id in (
      select id from inbox where state = 'opened' and opened_at < ${toTimestamp(before)} and source = ${source} limit 1000)
    returning id`);
  return rows.length;
}

/**
 * Forgets the bodies that hold one of these texts, of a person who is erased: at once where the request is settled,
 * once it is opened where it waits. A body may name others too; they have been taken in by then. Returns how many.
 */
export async function forgetInInbox(db: Queryable, needles: readonly string[]): Promise<number> {
  const spellings = needles.flatMap(spellingsOf).map((bytes) => bytes.toString('base64'));
  const rows = await db.rows(sql`
    update inbox set erase = true, body = case when state = 'waiting' then body else ''::bytea end,
      query = case when state = 'waiting' then query else '{}' end
    where octet_length(body) > 0 and exists (
      select 1 from json_array_elements_text(${jsonList([...new Set(spellings)])}) as needle
      where strpos(lower(encode(body, 'escape')), lower(encode(decode(needle, 'base64'), 'escape'))) > 0)
    returning id`);
  return rows.length;
}

/** As JSON writes a text, with its characters as they are or escaped, and as a form does; in the charsets of bodies. */
function spellingsOf(needle: string): Buffer[] {
  const small = needle.toLowerCase();
  const quoted = JSON.stringify(small).slice(1, -1);
  const ascii = quoted.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const texts = [needle, small, quoted, ascii, encodeURIComponent(small)];
  const isLatin1 = /^[\0-\xff]*$/.test(small);
  const latin1Form = small.replace(/[^\w.-]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
  return [
    ...texts.map((text) => Buffer.from(text)),
    ...(isLatin1 ? [Buffer.from(small, 'latin1'), Buffer.from(latin1Form)] : []),
    Buffer.from(quoted, 'utf16le'),
    Buffer.from(quoted, 'utf16le').swap16(),
  ];
}

/** The source has a new name. */
export async function renameSourceInInbox(db: Queryable, from: string, to: string): Promise<void> {
  await db.rows(sql`update inbox set source = ${to} where source = ${from}`);
}
