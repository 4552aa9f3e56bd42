// The stream of people: all of them by ID, then what changed, and single ones by ID. It knows no quotas.
import { z } from 'zod';
import {
  type Context,
  type Json,
  type Page,
  RejectedError,
  type SourceRecord,
  type Stream,
} from '#connector';
import { momentOf, objectOf, requestList, wordOf } from '#connector/reading';
import { readSince, since } from '#connector/since';
import type { Settings } from './settings.ts';

export const peoplePath = '/v1/people';
const pageSize = 100;
const settledMs = 60_000;

const cursors = z.discriminatedUnion('phase', [
  z.strictObject({ phase: z.literal('all'), start: z.int(), after: z.string().optional() }),
  since.extend({ phase: z.literal('changes') }),
]);

export const people: Stream<Settings> = {
  name: 'people',
  exhaustive: [''],
  async pull(context, request) {
    const cursor =
      request.cursor === null ? { phase: 'all' as const, start: context.now } : readCursor(request.cursor);
    const limit = Math.min(pageSize, request.maxRecords ?? pageSize);
    if (cursor.phase === 'all') return pullAll(context, cursor, limit);
    const { rows, next } = await pageOf(context, {
      changed_since: new Date(cursor.from).toISOString(),
      after: cursor.reading?.page,
      limit,
    });
    const until = Math.min(request.until, context.now);
    const news = readSince(cursor, { records: rows.map(recordOf), next, until, settledMs });
    return {
      records: news.records,
      // Stored as JSON: what is absent stays absent.
      cursor: JSON.parse(JSON.stringify({ phase: 'changes', ...news.cursor })) as Json,
      done: next === undefined,
    };
  },
  read: { maxIds: 50, records: read },
  sweeps: true,
  rewind: (_settings, to) => ({ phase: 'changes', from: Math.max(0, to), given: [] }),
};

async function pullAll(
  context: Context<Settings>,
  { start, after }: { start: number; after?: string | undefined },
  limit: number,
): Promise<Page> {
  const { rows, next } = await pageOf(context, { after, limit });
  return {
    records: rows.map(recordOf),
    cursor:
      next === undefined
        ? { phase: 'changes', from: Math.max(0, start - settledMs), given: [] }
        : { phase: 'all', start, after: next },
    done: next === undefined,
  };
}

async function read(
  context: Context<Settings>,
  { recordIds }: { recordIds: readonly string[] },
): Promise<{ records: SourceRecord[]; missing: string[] }> {
  const ids = [...new Set(recordIds)];
  const { rows } = await pageOf(context, { ids: ids.join(','), limit: ids.length });
  const records = rows.map(recordOf);
  const given = new Set(records.map(({ recordId }) => recordId));
  return { records, missing: ids.filter((id) => !given.has(id)) };
}

async function pageOf(
  { api }: Context<Settings>,
  query: { [name: string]: string | number | undefined },
): Promise<{ rows: Json[]; next: string | undefined }> {
  const { list: rows, body } = await requestList(api, { path: peoplePath, query }, 'people');
  return { rows, next: wordOf(body['next']) };
}

function recordOf(row: Json): SourceRecord {
  const body = objectOf(row);
  const recordId = wordOf(body['id']);
  const changedAt = momentOf(body['changed_at']);
  if (recordId === undefined || changedAt === undefined)
    throw new RejectedError('Acme answered with a person without an ID or a time of change', { code: 'row' });
  return { recordId, changedAt, body };
}

function readCursor(cursor: Json): z.infer<typeof cursors> {
  const { success, data } = cursors.safeParse(cursor);
  if (success) return data;
  throw new RejectedError('The stored cursor of Acme is unknown: start a full reading.', { code: 'cursor' });
}
