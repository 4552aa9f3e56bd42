// The webhook journal: a log of events in files, kept for three days, that is read without a public address.
// https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/guide
import { z } from 'zod';
import {
  type Context,
  type Journal,
  type JournalPage,
  type Json,
  type JsonObject,
  RejectedError,
  type Touched,
} from '#connector';
import { writeCursor } from '#connector/cursor';
import { listOf, momentOf, objectOf, wordOf } from '#connector/reading';
import { journalAuth } from './api.ts';
import { contactTypeId, idsIn, mergedIn } from './event.ts';
import { journalPath, type Settings } from './settings.ts';

/** HubSpot keeps entries for three days. An hour less, as clocks differ and answers take time. */
const keptMs = 71 * 3_600_000;
/** 5 MB are documented. */
const maxBytes = 32 * 1024 * 1024;
/** A file that cannot be read for so long is passed over. */
const patienceMs = 3_600_000;

const actions: { readonly [action: string]: Touched['gone'] } = { DELETE: 'deleted', GDPR_DELETE: 'erased' };

const cursorShape = z.strictObject({
  /** Of the last entry read; null where none has been. */
  offset: z.string().nullable(),
  /** What was published before has been read, or a full reading shows it, epoch milliseconds. */
  until: z.int(),
  /** The entry whose file cannot be read, and since when. */
  unread: z.strictObject({ offset: z.string(), since: z.int() }).optional(),
});
type Cursor = z.infer<typeof cursorShape>;

interface Entry {
  url: string;
  offset: string;
}

export function journal({ journal }: Settings): Journal<Settings> | null {
  return journal ? { pull } : null;
}

/** One entry of the journal, which is a file of up to 10,000 events. */
async function pull(context: Context<Settings>, stored: Json | null): Promise<JournalPage> {
  const cursor = cursorShape.safeParse(stored).data ?? null;
  const { entry, lost = unreadableIn(stored, cursor) } = await entryAfter(context, cursor);
  // The contacts have just been read when the journal begins, and are read again where something was lost.
  const known = cursor === null || lost !== undefined ? { offset: null, until: context.now } : cursor;
  const gap = lost === undefined ? {} : { gap: lost };
  if (!entry) {
    const { offset } = known;
    return { touches: [], cursor: writeCursor({ offset, until: context.now }), done: true, ...gap };
  }
  const file = await fileOf(context, entry);
  if (file instanceof RejectedError) return { ...gap, ...withoutFile(context, known, { entry, file }) };
  const publishedAt = Math.min(momentOf(file['publishedAt']) ?? context.now, context.now);
  const until = Math.max(known.until, publishedAt);
  const { touches, unreadable } = touchesOf(context, file, publishedAt);
  const notes = unreadable > 0 ? [unreadableNote(unreadable)] : [];
  return { touches, notes, cursor: writeCursor({ offset: entry.offset, until }), done: false, ...gap };
}

function unreadableIn(stored: Json | null, cursor: Cursor | null): string | undefined {
  if (stored === null || cursor !== null) return undefined;
  return 'The stored position in the journal of HubSpot cannot be read.';
}

/**
 * The next entry, null at the end. An offset that is no longer kept is answered with 404: then the oldest entry is next, and
 * only an answer to that request shows that it was the journal that spoke. `lost`: why entries may be missing in between.
 */
async function entryAfter(
  context: Context<Settings>,
  cursor: Cursor | null,
): Promise<{ entry: Entry | null; lost: string | undefined }> {
  const isOld = cursor !== null && context.now - cursor.until > keptMs;
  const old = isOld
    ? `The journal of HubSpot keeps three days, and was last read to its end on ${new Date(cursor.until).toISOString()}.`
    : undefined;
  if (cursor?.offset != null) {
    const next = await ask(context, `/offset/${encodeURIComponent(cursor.offset)}/next`, [404]);
    if (next !== 'unknown') return { entry: next, lost: old };
    const lost = 'The journal of HubSpot no longer holds the entry that was read last.';
    return { entry: await earliest(context), lost };
  }
  return { entry: await earliest(context), lost: old };
}

async function earliest(context: Context<Settings>): Promise<Entry | null> {
  const entry = await ask(context, '/earliest', []);
  return entry === 'unknown' ? null : entry;
}

async function ask(
  { api, settings }: Context<Settings>,
  path: string,
  answers: readonly number[],
): Promise<Entry | null | 'unknown'> {
  const { status, json } = await api.request({
    path: journalPath(settings, path),
    query: { installPortalId: settings.portalId },
    auth: journalAuth,
    answers,
    // Without a body (204) where nothing is there.
    isAnswer: (json) => json === undefined || entryIn(json) !== null,
  });
  return answers.includes(status) ? 'unknown' : entryIn(json);
}

function entryIn(json: Json | undefined): Entry | null {
  const { url, currentOffset } = objectOf(json);
  const offset = wordOf(currentOffset);
  return typeof url === 'string' && offset !== undefined ? { url, offset } : null;
}

/** The file, or why it cannot be read although HubSpot has just named it. */
async function fileOf({ api }: Context<Settings>, { url }: Entry): Promise<JsonObject | RejectedError> {
  try {
    const { json } = await api.request({ path: url, link: { maxBytes } });
    if (Array.isArray(objectOf(json)['journalEvents'])) return objectOf(json);
    return new RejectedError('it holds no list of events', { code: 'no_events' });
  } catch (error) {
    if (error instanceof RejectedError) return error;
    throw error;
  }
}

/** Waits for the file, for no longer than an hour: one that never can be read must not hide those after it. */
function withoutFile(
  { now }: Context<Settings>,
  known: Cursor,
  { entry: { offset }, file }: { entry: Entry; file: RejectedError },
): JournalPage {
  const since = known.unread?.offset === offset ? known.unread.since : now;
  const why = `A file of the journal of HubSpot cannot be read: ${file.message}.`;
  if (now - since >= patienceMs)
    return { touches: [], cursor: writeCursor({ offset, until: now }), done: false, gap: why };
  const notes = [{ code: 'journal_file', message: `${why} It is tried again for an hour.`, count: 1 }];
  return { touches: [], notes, cursor: writeCursor({ ...known, unread: { offset, since } }), done: true };
}

function touchesOf(
  { settings }: Context<Settings>,
  file: JsonObject,
  publishedAt: number,
): { touches: Touched[]; unreadable: number } {
  const events = listOf(file['journalEvents'])
    .map(objectOf)
    .filter((event) => wordOf(event['portalId']) === settings.portalId && isOfContact(event));
  let unreadable = 0;
  const touches = events.flatMap((event) => {
    const action = wordOf(event['action']) ?? '';
    const named = action === 'MERGE' ? mergedIn(event) : idsIn(event).slice(0, 1);
    const ids = named.filter((id) => /^\d+$/.test(id));
    if (ids.length === 0) unreadable += 1;
    const changedAt = momentOf(event['occurredAt']) ?? publishedAt;
    const gone = actions[action];
    return ids.map(
      (recordId): Touched => ({
        kind: 'touch',
        stream: 'contacts',
        recordId,
        changedAt,
        ...(gone && { gone }),
      }),
    );
  });
  return { touches, unreadable };
}

/** Only contacts are deleted for privacy's sake: such an event need not name the kind of object. */
function isOfContact({ objectTypeId, fromObjectTypeId, action }: JsonObject): boolean {
  const type = objectTypeId ?? fromObjectTypeId;
  return type === contactTypeId || (type === undefined && action === 'GDPR_DELETE');
}

function unreadableNote(count: number) {
  return {
    code: 'journal_unreadable',
    message: 'Events of the journal of HubSpot name no contact.',
    count,
  };
}
