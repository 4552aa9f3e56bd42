// The stream of profiles: all of them by ID, then what was updated, and single ones by ID. It knows no quotas.
// https://developers.klaviyo.com/en/reference/get_profiles
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
import { objectOf, requestList } from '#connector/reading';
import { readSince, type Since, since } from '#connector/since';
import { anonymous, profileRecords } from './profile.ts';
import type { Settings } from './settings.ts';

export const profilesPath = '/api/profiles';

const pageSize = 100;
/** How far Klaviyo's clock may be behind ours, and how late an update may appear. */
const settledMs = 300_000;

/** A reading begins again where Klaviyo no longer knows its page, at most so often without getting further. */
const maxRestarts = 5;
const restarts = z.int().min(1).optional();

/** Reading all there are. `start`: when it began, by our clock. */
const all = z.strictObject({
  phase: z.literal('all'),
  start: z.int().min(0),
  page: z.string().optional(),
  restarts,
});
const changes = since.extend({ phase: z.literal('changes'), restarts });
const cursors = z.discriminatedUnion('phase', [all, changes]);

export const profiles: Stream<Settings> = {
  name: 'profiles',
  exhaustive: ['properties'],
  clock: 'second',
  leftOut: anonymous,
  async pull(context, request) {
    const cursor = request.cursor === null ? null : readCursor(request.cursor);
    if (cursor?.phase === 'changes') return pullChanges(context, cursor, request);
    return pullAll(context, cursor ?? { start: context.now }, request.maxRecords);
  },
  read: { maxIds: pageSize, records: read },
  sweeps: true,
  rewind: (_settings, to) => changesFrom({ from: Math.max(0, to), given: [] }),
};

/** One page of all profiles, in the order of their IDs, which no update moves. Then what was updated since it began. */
async function pullAll(
  context: Context<Settings>,
  { start, page, restarts = 0 }: Omit<z.infer<typeof all>, 'phase'>,
  maxRecords: number | undefined,
): Promise<Page> {
  const answer = await pageOf(context, { sort: 'id', 'page[cursor]': page }, { restarts, maxRecords });
  if (answer === 'expired')
    return { records: [], cursor: { phase: 'all', start, restarts: restarts + 1 }, done: false };
  const { rows, next } = answer;
  const { records, rejected } = profileRecords(rows);
  return {
    records,
    ...(rejected.length && { rejected }),
    cursor:
      next === undefined
        ? changesFrom({ from: Math.max(0, start - settledMs), given: [] })
        : { phase: 'all', start, page: next, ...(restarts > 0 && { restarts }) },
    done: next === undefined,
  };
}

/**
 * One page of what was updated, the oldest first. The filter knows no "at or later", so it begins a millisecond earlier.
 * A profile that is updated meanwhile moves to the end and is met there. The vendor's page cursor lives as long as the
 * reading does: behind its last page only a time is kept. A time ahead of ours never becomes that time.
 */
async function pullChanges(
  context: Context<Settings>,
  { restarts = 0, ...cursor }: z.infer<typeof changes>,
  request: PullRequest,
): Promise<Page> {
  const after = new Date(Math.max(0, cursor.from - 1)).toISOString();
  const query = {
    filter: `greater-than(updated,${after})`,
    sort: 'updated',
    'page[cursor]': cursor.reading?.page,
  };
  const answer = await pageOf(context, query, { restarts, maxRecords: request.maxRecords });
  if (answer === 'expired') return { records: [], cursor: beginAgain(cursor, restarts), done: false };
  const { rows, next } = answer;
  const { records, rejected } = profileRecords(rows);
  const until = Math.min(request.until, context.now);
  const news = readSince(cursor, { records, next, until, settledMs });
  return {
    records: news.records,
    ...(rejected.length && { rejected }),
    cursor: changesFrom(news.cursor, next === undefined ? 0 : restarts),
    done: next === undefined,
  };
}

/** A profile that was merged into another or erased is not found any more. */
async function read(
  context: Context<Settings>,
  { recordIds }: { recordIds: readonly string[] },
): Promise<{ records: SourceRecord[]; missing: string[] }> {
  const ids = [...new Set(recordIds)];
  // An ID of another shape is nobody's, and could have the whole request refused.
  const asked = ids.filter((id) => /^\w{1,64}$/.test(id));
  const strange = ids.filter((id) => !asked.includes(id));
  if (asked.length === 0) return { records: [], missing: strange };
  const filter = `any(id,${JSON.stringify(asked)})`;
  const { rows, next } = await list(context, { filter, sort: 'id' });
  const { records, rejected } = profileRecords(rows);
  const given = new Set(records.map(({ recordId }) => recordId));
  // Where the answer is not whole, or is to another question, what is not in it proves nothing.
  const whole = next === undefined && rejected.length === 0 && [...given].every((id) => asked.includes(id));
  return { records, missing: [...strange, ...(whole ? asked.filter((id) => !given.has(id)) : [])] };
}

/** The oldest come first, so what was read of the reading is behind it. */
function beginAgain({ from, given, reading }: Since, restarts: number): Json {
  const newest = reading?.newest ?? from;
  if (newest <= from) return changesFrom({ from, given }, restarts + 1);
  return changesFrom({ from: newest, given: reading?.given ?? [] });
}

type Query = { filter?: string; sort?: string; 'page[cursor]'?: string | undefined };

async function pageOf(
  context: Context<Settings>,
  query: Query,
  { restarts, maxRecords }: { restarts: number; maxRecords: number | undefined },
): Promise<{ rows: Json[]; next: string | undefined } | 'expired'> {
  try {
    return await list(context, query, maxRecords);
  } catch (error) {
    const isExpired =
      error instanceof RejectedError &&
      query['page[cursor]'] !== undefined &&
      [400, 404, 410, 422].includes(error.status ?? 0);
    if (!isExpired || restarts >= maxRestarts) throw error;
    return 'expired';
  }
}

async function list(
  { api, settings }: Context<Settings>,
  query: Query,
  maxRecords = pageSize,
): Promise<{ rows: Json[]; next: string | undefined }> {
  const size = Math.min(pageSize, maxRecords);
  const asked = { ...query, 'page[size]': size, ...additional(settings) };
  const { list: rows, body } = await requestList(api, { path: profilesPath, query: asked }, 'data');
  const { next } = objectOf(body['links']);
  // The last page says null. A full one that says nothing may be cut short.
  if (next === undefined && rows.length >= size)
    throw new TransientError(
      'Klaviyo answered a full page of profiles that does not say whether more follow',
    );
  return { rows, next: nextPage(next) };
}

export function additional({ additionalFields }: Settings): { [name: string]: string } {
  return additionalFields.length ? { 'additional-fields[profile]': additionalFields.join(',') } : {};
}

/** `links.next` is a whole URL; of it only the cursor is used, so that no answer sends our key elsewhere. */
function nextPage(link: Json | undefined): string | undefined {
  if (link == null) return undefined;
  const url = typeof link === 'string' ? URL.parse(link, 'https://a.klaviyo.com') : null;
  const page = url?.searchParams.get('page[cursor]');
  if (!page) throw new TransientError('Klaviyo answered with a link to a next page that names no cursor');
  return page;
}

/** A cursor to be stored: what is absent in it stays absent. */
function changesFrom(cursor: Since, restarts = 0): Json {
  return JSON.parse(JSON.stringify({ ...cursor, phase: 'changes', ...(restarts > 0 && { restarts }) }));
}

function readCursor(cursor: Json): z.infer<typeof cursors> {
  const { success, data, error } = cursors.safeParse(cursor);
  if (success) return data;
  throw new RejectedError('Unknown cursor for Klaviyo profiles: start a full reading.', {
    code: 'cursor',
    cause: error,
  });
}
