// The stream of records: the whole list, then changes if the API can return them, and single records by ID.
import { z } from 'zod';
import {
  type Context,
  type Json,
  type Page,
  type PullRequest,
  RejectedError,
  type SourceRecord,
  type Stream,
  TransientError,
} from '#connector';
import { readsById, requestOne } from '#connector/by-id';
import { readCursor, writeCursor } from '#connector/cursor';
import { listOf, valueAt } from '#connector/reading';
import { readSince, since } from '#connector/since';
import { type Answer, type Asked, follow, type Place, place, requestOf, wholeList } from './paging.ts';
import { idOf, isRecord, isRejected, recordOf } from './record.ts';
import type { Settings } from './settings.ts';

/** So often a reading begins again because records moved or a cursor expired. */
const maxRestarts = 5;

const of = 'the records of this API';

const restarts = z.int().min(0).optional();
const cursors = z.discriminatedUnion('phase', [
  z.strictObject({
    phase: z.literal('list'),
    start: z.int(),
    at: place.optional(),
    given: z.int(),
    restarts,
  }),
  since.extend({ phase: z.literal('changes'), restarts }),
  /** The whole list was read, and is read again by the next run. */
  z.strictObject({ phase: z.literal('again') }),
]);

type ListCursor = Extract<z.infer<typeof cursors>, { phase: 'list' }>;
type ChangesCursor = Extract<z.infer<typeof cursors>, { phase: 'changes' }>;

/** The stream by what the settings say of the API. */
export function recordsOf({ record, changes, read, complete }: Settings): Stream<Settings> {
  return {
    name: 'records',
    // Many APIs show whole seconds, also in ISO 8601. Without a time, what was read later is the later state.
    clock: record.changedAt ? 'second' : 'reading',
    exhaustive: record.absentIsEmpty ? [''] : [],
    pull,
    ...(changes && changes.lagSeconds > 0 && { settleLagSeconds: changes.lagSeconds }),
    ...(changes && {
      rewind: (_settings, to) => ({ phase: 'changes', from: Math.max(0, to), given: [] }),
    }),
    ...(read && {
      read: read.parameter === undefined ? readsByPath(read) : readsByList(read),
    }),
    sweeps: complete,
  };
}

async function pull(context: Context<Settings>, request: PullRequest): Promise<Page> {
  const cursor = request.cursor === null ? null : readCursor(cursors, request.cursor, of);
  if (cursor?.phase === 'changes') return pullChanges(context, cursor, request);
  const begun = cursor?.phase === 'list' ? cursor : { phase: 'list' as const, start: context.now, given: 0 };
  return pullList(context, begun, request);
}

async function pullList(context: Context<Settings>, cursor: ListCursor, request: PullRequest): Promise<Page> {
  const { settings } = context;
  const { start, at } = cursor;
  const { changes, complete, read: reads } = settings;
  const page = await pageOf(context, wholeList(settings), at, request);
  if (page === 'again')
    return restarted(cursor.restarts, (restarts) => ({
      phase: 'list',
      start: context.now,
      given: 0,
      restarts,
    }));
  requireDistinct(page.items, settings);
  const { records, rejected } = recordsIn(page.items, settings, start);
  const given = cursor.given + page.items.length;
  const done = page.next === null;
  // Where single records can be read, what the list did not give is asked for before it is believed gone.
  const isWhole = complete && !reads && !(done && page.total !== undefined && given < page.total);
  const from = Math.max(0, start - (changes?.overlapSeconds ?? 0) * 1000);
  return {
    records,
    ...(rejected.length > 0 && { rejected }),
    ...(page.total !== undefined && { total: page.total }),
    ...(isWhole && { whole: { asOf: start, begins: at === undefined } }),
    cursor: !done
      ? writeCursor({ ...cursor, at: page.next, given })
      : changes
        ? { phase: 'changes', from, given: [] }
        : { phase: 'again' },
    done,
  };
}

async function pullChanges(
  context: Context<Settings>,
  { restarts, phase, ...cursor }: ChangesCursor,
  request: PullRequest,
): Promise<Page> {
  const { settings, now } = context;
  const { changes } = settings;
  if (!changes) return pullList(context, { phase: 'list', start: now, given: 0 }, request);
  const at = cursor.reading && readCursor(place, JSON.parse(cursor.reading.page), of);
  const page = await pageOf(context, changesSince(settings, changes, cursor.from), at, request);
  if (page === 'again') {
    const { reading: _, ...begun } = cursor;
    return restarted(restarts, (restarts) => ({ ...begun, phase, restarts }));
  }
  const { records, rejected } = recordsIn(page.items, settings, now);
  const next = page.next === null ? undefined : JSON.stringify(page.next);
  const until = Math.min(request.until, now);
  const news = readSince(cursor, { records, next, until, settledMs: changes.overlapSeconds * 1000 });
  return {
    records: news.records,
    ...(rejected.length > 0 && { rejected }),
    cursor: writeCursor({ ...news.cursor, phase, ...(next !== undefined && { restarts }) }),
    done: next === undefined,
  };
}

/** Throws where one ID stands for different records of a page: they would replace each other, and become one customer. */
function requireDistinct(items: readonly Json[], settings: Settings): void {
  const seen = new Map<string, string>();
  for (const item of items) {
    const id = idOf(item, settings);
    if (id === undefined) continue;
    const text = JSON.stringify(item);
    if ((seen.get(id) ?? text) !== text)
      throw new RejectedError(
        `Different records of one page have the same value at ${settings.record.id}: set record.id to a path whose value no other record has.`,
        { code: 'record_id' },
      );
    seen.set(id, text);
  }
}

/** Every restart is counted in the cursor, so that a list that never stands still ends with a sentence. */
function restarted(before = 0, cursor: (restarts: number) => object): Page {
  if (before >= maxRestarts)
    throw new RejectedError(
      `Records left the list, or its cursor expired, in each of ${maxRestarts + 1} attempts to read it. Read it at a quieter time, or with less time between pages.`,
      { code: 'unstable_pages' },
    );
  return { records: [], cursor: writeCursor(cursor(before + 1)), done: false };
}

async function pageOf(
  context: Context<Settings>,
  asked: Asked,
  at: Place | undefined,
  { maxRecords }: Pick<PullRequest, 'maxRecords'>,
): Promise<{ items: readonly Json[]; next: Place | null; total: number | undefined } | 'again'> {
  const { api, settings } = context;
  const { records, total: totalAt } = settings.list;
  try {
    const response = await api.request({
      ...requestOf(settings, asked, at, maxRecords),
      isAnswer: (json) => Array.isArray(valueAt(json, records)),
    });
    const items = listOf(valueAt(response.json, records));
    const answer: Answer = { response, items, ids: items.map((item) => idOf(item, settings)) };
    const followed = follow(settings, answer, at, maxRecords);
    if (followed === 'moved') return 'again';
    const total = totalAt === undefined ? undefined : valueAt(response.json, totalAt);
    return { ...followed, total: typeof total === 'number' && total >= 0 ? total : undefined };
  } catch (error) {
    const isPlace = error instanceof RejectedError && (at?.link ?? at?.after) !== undefined;
    if (!isPlace || ![400, 404, 410, 422].includes(error.status ?? 0)) throw error;
    // Where the first page is refused too, it is not this place in the list that is.
    await pageOf(context, asked, undefined, { maxRecords: 1 });
    return 'again';
  }
}

/** Single records by their path. That one is gone is believed of an API that can be read. */
function readsByPath({ path, record }: NonNullable<Settings['read']>) {
  return readsById<Settings>({
    maxIds: 1,
    one: ({ api, settings, now }, id) =>
      requestOne(api, {
        id,
        request: { path: path.replaceAll('{id}', encodeURIComponent(id)) },
        recordIn(json) {
          const item = valueAt(json, record) ?? null;
          return idOf(item, settings) === id ? readable([item], settings, now)[0] : undefined;
        },
        answers: [404, 410],
      }),
    sample,
  });
}

/** Several records by a parameter. An ID with a comma cannot be asked for, so nothing is said of it. */
function readsByList({ path, record, parameter, maxIds }: NonNullable<Settings['read']>) {
  const byId = readsById<Settings>({
    maxIds,
    async some({ api, settings, now }, ids) {
      const { json } = await api.request({
        path,
        query: { [parameter!]: ids.join(',') },
        isAnswer: (json) => Array.isArray(valueAt(json, record)),
      });
      const items = listOf(valueAt(json, record));
      const ignored = `The API returned records that were not requested: it ignores the parameter ${parameter}.`;
      if (items.some((item) => !ids.includes(idOf(item, settings) ?? '')))
        throw new RejectedError(ignored, { code: 'read' });
      return readable(items, settings, now);
    },
    sample,
  });
  const isAskable = (id: string) => !id.includes(',');
  const records: typeof byId.records = (context, request) =>
    byId.records(context, { ...request, recordIds: request.recordIds.filter(isAskable) });
  return { ...byId, records };
}

/** A page as it begins a full reading. */
const sample = (context: Context<Settings>) =>
  pull(context, { cursor: null, until: context.now, properties: [], maxRecords: 3 });

function readable(items: readonly Json[], settings: Settings, now: number): SourceRecord[] {
  const { records, rejected } = recordsIn(items, settings, now);
  if (rejected[0]) throw new RejectedError(rejected[0].reason, { code: 'record' });
  return records;
}

function recordsIn(items: readonly Json[], settings: Settings, readAt: number) {
  const read = items.map((item) => recordOf(item, settings, readAt));
  return { records: read.filter(isRecord), rejected: read.filter(isRejected) };
}

/** What changed since this time, epoch milliseconds. */
export function changesSince(
  settings: Settings,
  changes: NonNullable<Settings['changes']>,
  epochMs: number,
): Asked {
  const list = wholeList(settings, { [changes.parameter]: timeOf(epochMs, changes.format) });
  return {
    ...list,
    path: changes.path ?? list.path,
    query: { ...list.query, ...changes.query },
    ...(list.body && { body: changes.body ?? list.body }),
  };
}

function timeOf(epochMs: number, format: 'iso' | 'seconds' | 'milliseconds'): string | number {
  if (format === 'milliseconds') return epochMs;
  return format === 'seconds' ? Math.floor(epochMs / 1000) : new Date(epochMs).toISOString();
}

/** The first page, as the check asks for it. */
export async function tryList(
  context: Context<Settings>,
  asked: Asked = wholeList(context.settings),
): Promise<readonly Json[]> {
  const page = await pageOf(context, asked, undefined, {});
  if (page === 'again') throw new TransientError('The first page cannot be read');
  requireDistinct(page.items, context.settings);
  return page.items;
}
