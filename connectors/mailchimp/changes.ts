// Changed members of an audience, window by window, in the order of their changes. It works around four properties of
// Mailchimp's list: times are whole seconds, it is undocumented whether a bound includes itself, rows are paged by
// offset, and a member that changes meanwhile leaves the window, so that those after it move up.
import { createHash } from 'node:crypto';
import { type Context, type Json, type Page, type PullRequest, TransientError } from '#connector';
import { writeCursor } from '#connector/cursor';
import { requestList } from '#connector/reading';
import { timeoutSeconds } from './api.ts';
import { type Cursor, readCursor, type Window } from './cursor.ts';
import { changeTimeOf, memberRecords, selection } from './member.ts';
import { audiencePath, type Settings } from './settings.ts';

/** The most that Mailchimp gives; without it, it gives ten. */
const pageSize = 1000;
const secondMs = 1000;
/** Rows remembered so that an overlap does not give them again; of more, those of the oldest changes come again. */
const maxSeen = 500;

/**
 * One page. A full reading ends `overlapSeconds` before it began, where nothing enters the window any more; what
 * changed since is a second window of the same run. A later window begins as much before the end of the one before:
 * so a clock that differs from ours, and a change that shows late, lose nothing.
 */
export async function pullMembers(
  context: Context<Settings>,
  request: PullRequest,
  status?: 'archived',
): Promise<Page> {
  const overlapMs = context.settings.overlapSeconds * secondMs;
  const cursor = request.cursor === null ? firstCursor(context.now - overlapMs) : readCursor(request.cursor);
  const window = cursor.window ?? newWindow(cursor.from, request.until);
  if (window.until < cursor.from) return { records: [], cursor: writeCursor(cursor), done: true };
  const { rows, total } = await listPage(context, window, request, status);
  const fresh = rows.filter((row) => isFresh(row, window, cursor));
  const { records, rejected } = memberRecords(fresh);
  const read: Window = {
    ...window,
    total: window.total ?? total,
    seen: window.full ? [] : remember(window.seen, rows, window.until - overlapMs),
  };
  const next = stepOf(read, rows, { total, asked: sizeOf(request) });
  return {
    records: status ? records.filter(({ deleted }) => deleted) : records,
    ...(rejected.length && { rejected }),
    ...(read.total !== null && { total: read.total }),
    ...(next
      ? { cursor: writeCursor({ ...cursor, window: next }), done: false }
      : { cursor: writeCursor(afterWindow(cursor, read, overlapMs)), done: !read.full }),
  };
}

function firstCursor(until: number): Cursor {
  return { from: 0, seen: [], window: { ...newWindow(0, until), full: true } };
}

function newWindow(from: number, until: number): Window {
  return { until: wholeSecond(until), full: false, at: from, offset: 0, listed: null, total: null, seen: [] };
}

function afterWindow({ from }: Cursor, { full, until, seen }: Window, overlapMs: number): Cursor {
  return full ? { from: until, seen: [] } : { from: Math.max(from, until - overlapMs), seen };
}

/** Both bounds are asked for a second wider, since it is not told whether they count themselves. */
async function listPage(
  { api, settings }: Context<Settings>,
  { at, until, offset }: Window,
  request: PullRequest,
  status: string | undefined,
): Promise<{ rows: Json[]; total: number | null }> {
  const asked = {
    path: audiencePath(settings, '/members'),
    query: {
      count: sizeOf(request),
      offset,
      sort_field: 'last_changed',
      sort_dir: 'ASC',
      since_last_changed: at > 0 ? timeText(at - secondMs) : undefined,
      before_last_changed: timeText(until + secondMs),
      status,
      ...selection(request.properties, 'members.'),
    },
    timeoutSeconds,
  };
  const { list, body } = await requestList(api, asked, 'members');
  const { total_items } = body;
  return { rows: list, total: typeof total_items === 'number' ? total_items : null };
}

function sizeOf({ maxRecords = pageSize }: PullRequest): number {
  return Math.min(pageSize, maxRecords);
}

/**
 * Where the window goes on, or null at its end.
 *
 * Rows come in the order of their changes, so a page is followed by those that changed no earlier than its last row:
 * no offset grows, and none that leaves moves them. Only where one second holds more rows than a page, or the order is
 * not kept, an offset counts on; it goes back by as many rows as have left since it was counted.
 */
function stepOf(
  window: Window,
  rows: readonly Json[],
  { total, asked }: { total: number | null; asked: number },
): Window | null {
  const { at, offset, listed } = window;
  const left = listed !== null && total !== null ? Math.max(0, listed - total) : 0;
  if (left > 0 && offset > 0) return { ...window, offset: Math.max(0, offset - left), listed: total };
  const isEnd = total === null ? rows.length < asked : offset + rows.length >= total;
  if (isEnd) return null;
  if (rows.length === 0)
    throw new TransientError(`Mailchimp returned an empty page, although it reports ${total} members`);
  const times = rows.map((row) => changeTimeOf(row) ?? Number.NaN);
  const last = times.at(-1) ?? at;
  const inOrder = times.every((time, index) => time >= (times[index - 1] ?? Math.max(0, at - secondMs)));
  if (inOrder && last > at) return { ...window, at: last, offset: 0, listed: null };
  return { ...window, offset: offset + rows.length, listed: total };
}

/** Not one of a second that is read, and not one that the window before gave as it still is. */
function isFresh(row: Json, window: Window, cursor: Cursor): boolean {
  const time = changeTimeOf(row);
  if (time !== undefined && time < window.at) return false;
  return cursor.seen.length === 0 || !cursor.seen.includes(digestOf(row));
}

function remember(seen: readonly string[], rows: readonly Json[], since: number): string[] {
  const overlapping = rows.filter((row) => (changeTimeOf(row) ?? since) >= since).map(digestOf);
  return [...new Set([...seen, ...overlapping])].slice(-maxSeen);
}

function digestOf(row: Json): string {
  return createHash('sha256').update(JSON.stringify(row)).digest('base64url').slice(0, 16);
}

export function wholeSecond(time: number): number {
  return Math.max(0, Math.floor(time / secondMs) * secondMs);
}

/** With its offset written out: Mailchimp takes no notice of a time that it cannot read, and gives everyone. */
function timeText(time: number): string {
  return `${new Date(Math.max(0, time)).toISOString().slice(0, 19)}+00:00`;
}
