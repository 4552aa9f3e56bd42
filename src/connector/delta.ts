// Reading a vendor that tracks changes: the last page of all records leads to a link to what changed since, which is good for some
// days. Where tracking is not granted, or the link leaves something out, changes are read by their time. It knows no vendor.
import { z } from 'zod';
import type { Context } from './api.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { RejectedError } from './errors.ts';
import type { Json } from './json.ts';
import { type ListedPage, type PageRequest, pullsOf } from './listing.ts';
import { objectOf } from './reading.ts';
import type { Page, PullRequest, Stream } from './source.ts';

const delta = z.strictObject({
  link: z.string(),
  /** What its link selects and how long its pages are: it cannot be asked for other columns. */
  select: z.string(),
  limit: z.int().min(1),
  /** When the link was given. */
  at: z.int().min(0),
});
type Delta = z.infer<typeof delta>;

const cursors = z.strictObject({
  /** Of the list: all records, then changes by time. The trailing reader stays with it. */
  list: z.json(),
  delta: delta.optional(),
  /** Changes during the first reading, which the link may leave out, were read by time. */
  caughtUp: z.literal(true).optional(),
  /** The list was refused with tracking: all of its pages are requested without. */
  untracked: z.literal(true).optional(),
  /** Changes were lost, so that what this reading of everything does not give may be deleted. */
  reconciles: z.literal(true).optional(),
});
type Cursor = z.infer<typeof cursors>;

const everything: Cursor = { list: null, reconciles: true };
/** By which a link is refused that has ended, or that the vendor does not know. */
const endedStatuses = [400, 404, 410, 412];

export interface TrackedPage extends ListedPage {
  /** The link to what changed since: of all records, behind the last page; of changes, behind the last of them. */
  delta?: string | undefined;
}

/** `Columns`: what is read of each record; `select` tells it from what another mapping would read. */
export interface TrackedListing<Settings, Columns extends { select: string }> {
  /** What is listed, for the error of a cursor that is unknown: `Acme people`. */
  what: string;
  pageSize: number;
  /** As that of a stream. */
  settleLagSeconds: number;
  /** Whether changes are tracked, where the vendor grants it. */
  isTracked(settings: Settings): boolean;
  /** How long a link is good, milliseconds: an older one may be answered with all records and no deletions. */
  lastsMs(settings: Settings): number;
  /** Asked once for each page. */
  columns(context: Context<Settings>, properties: readonly string[]): Promise<Columns>;
  /** A page of all records. `tracked`: the last one has a link, if the vendor grants it. Throws RejectedError where it refuses. */
  all(context: Context<Settings>, request: Asked<Columns> & { tracked: boolean }): Promise<TrackedPage>;
  /** A page of what changed from then until then, epoch milliseconds, the oldest first. */
  changes(
    context: Context<Settings>,
    request: Asked<Columns> & { from: number; until: number },
  ): Promise<ListedPage>;
  /** A page of what changed or was deleted since a link was given; `page` is the link. */
  since(context: Context<Settings>, request: Asked<Columns> & { page: string }): Promise<TrackedPage>;
}

type Asked<Columns> = Pick<PageRequest, 'page' | 'limit'> & { columns: Columns };

/** What a stream over such a list declares. */
export function pullsByDelta<Settings, Columns extends { select: string }>(
  listing: TrackedListing<Settings, Columns>,
): Required<Pick<Stream<Settings>, 'pull' | 'rewind' | 'settleLagSeconds'>> {
  return {
    settleLagSeconds: listing.settleLagSeconds,
    async pull(context, request) {
      const cursor: Cursor =
        request.cursor === null ? { list: null } : readCursor(cursors, request.cursor, listing.what);
      const trails = request.until < context.now;
      if (cursor.reconciles) {
        if (isListed(cursor.list)) return reconciled(cursor);
        if (request.resumes) return pullList(listing, context, request, everything);
      }
      return cursor.delta && cursor.caughtUp && !trails
        ? pullDelta(listing, context, request, { ...cursor, delta: cursor.delta })
        : pullList(listing, context, request, cursor);
    },
    rewind: (settings, to) => writeCursor({ list: listOf(listing, false, () => {}).rewind(settings, to) }),
  };
}

/** `onDelta` is told the link at the end of all records. */
function listOf<Settings, Columns extends { select: string }>(
  { what, pageSize, settleLagSeconds, columns: columnsOf, ...listing }: TrackedListing<Settings, Columns>,
  tracked: boolean,
  onDelta: (delta: Delta) => void,
) {
  return pullsOf<Settings>({
    what,
    pageSize,
    settleLagSeconds,
    oldestFirst: true,
    async all(context, { page, limit, properties }) {
      const columns = await columnsOf(context, properties);
      const answer = await listing.all(context, { page, limit, columns, tracked });
      const { delta: link } = answer;
      if (link !== undefined) onDelta({ link, select: columns.select, limit, at: context.now });
      return answer;
    },
    async changes(context, { page, limit, properties, from, until }) {
      const columns = await columnsOf(context, properties);
      return listing.changes(context, { page, limit, columns, from, until });
    },
  });
}

/** A page of the list. Whether changes are tracked is settled with its first page. */
async function pullList<Settings, Columns extends { select: string }>(
  listing: TrackedListing<Settings, Columns>,
  context: Context<Settings>,
  request: PullRequest,
  cursor: Cursor,
): Promise<Page> {
  const { list, delta: known, reconciles } = cursor;
  let found: Delta | undefined;
  let { untracked } = cursor;
  const pull = () => {
    const tracked = listing.isTracked(context.settings) && !untracked;
    const pulls = listOf(listing, tracked, (delta) => {
      found = delta;
    });
    return pulls.pull(context, { ...request, cursor: list });
  };
  const page = await pull().catch((error: unknown) => {
    if (list !== null || untracked || !(error instanceof RejectedError)) throw error;
    untracked = true;
    return pull();
  });
  const catchesUp = known !== undefined && !cursor.caughtUp && request.until === context.now && page.done;
  return {
    ...page,
    // The link follows at once, and so does what ends a reading that reconciles.
    done: page.done && !catchesUp && !reconciles,
    cursor: writeCursor({
      list: page.cursor,
      delta: found ?? known,
      untracked: isListed(page.cursor) ? undefined : untracked,
      caughtUp: cursor.caughtUp ?? (catchesUp || undefined),
      reconciles,
    }),
    ...(reconciles && { whole: { begins: objectOf(list)['page'] === undefined } }),
  };
}

/** A page of what changed since the link. Where it has ended, everything is read again. */
async function pullDelta<Settings, Columns extends { select: string }>(
  listing: TrackedListing<Settings, Columns>,
  context: Context<Settings>,
  { properties, maxRecords = listing.pageSize }: PullRequest,
  cursor: Cursor & { delta: Delta },
): Promise<Page> {
  const { settings, now } = context;
  const { link, select, limit, at } = cursor.delta;
  const columns = await listing.columns(context, properties);
  if (now - at >= listing.lastsMs(settings) || columns.select !== select) return everythingAgain();
  const asked = { page: link, limit: Math.min(limit, maxRecords), columns };
  const answer = await listing.since(context, asked).catch((error: unknown) => {
    if (error instanceof RejectedError && endedStatuses.includes(error.status ?? 0)) return null;
    throw error;
  });
  if (answer === null) return everythingAgain();
  const { records, rejected, next, delta: renewed } = answer;
  return {
    records,
    ...(rejected?.length && { rejected }),
    cursor: writeCursor({
      ...cursor,
      delta: { ...cursor.delta, link: renewed ?? next, ...(renewed !== undefined && { at: now }) },
    }),
    done: renewed !== undefined,
  };
}

function everythingAgain(): Page {
  return { records: [], cursor: writeCursor(everything), done: false };
}

/** The last page of a reading that reconciles: it has no records, so that it is stored when the deletions are. */
function reconciled({ reconciles: _, ...cursor }: Cursor): Page {
  return { records: [], cursor: writeCursor(cursor), done: true, whole: { begins: false } };
}

/** Whether all records have been given. */
function isListed(list: Json): boolean {
  return objectOf(list)['phase'] === 'changes';
}
