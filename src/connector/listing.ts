// Reading a vendor that lists everything in pages, and then what changed since a time, or everything again where it does not say
// what changed. It knows no vendor: a connector says how one page is requested, and what its rows mean.
import { z } from 'zod';
import type { Context } from './api.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { RejectedError, TransientError } from './errors.ts';
import type { Inventory } from './inventory.ts';
import { readSince, type Since, since } from './since.ts';
import type { Page, PullRequest, RejectedRow, SourceRecord, Stream } from './source.ts';

/** How often a reading begins again without progress because the vendor no longer accepts its page. */
const maxRestarts = 5;
const restarts = z.int().min(1).optional();

const cursors = z.discriminatedUnion('phase', [
  /** `start`: when the full reading began, by our clock. */
  z.strictObject({
    phase: z.literal('all'),
    start: z.int().min(0),
    page: z.string().optional(),
    restarts,
  }),
  since.extend({ phase: z.literal('changes'), restarts }),
  /** Everything was read, and is read again by the next run. */
  z.strictObject({ phase: z.literal('again') }),
]);

type All = Extract<z.infer<typeof cursors>, { phase: 'all' }>;
type Changes = Extract<z.infer<typeof cursors>, { phase: 'changes' }>;

/** One page as a connector requests it. */
export interface PageRequest {
  /** `next` of the page before; undefined for the first. */
  page: string | undefined;
  /** The most records that the page may have. */
  limit: number;
  properties: readonly string[];
  /** When the reading began, by our clock, epoch milliseconds: the time of a record that has none of its own. */
  start: number;
}

export interface ListedPage {
  records: SourceRecord[];
  rejected?: RejectedRow[];
  /** The vendor's word for the page that follows; undefined after the last. Null: more follow, and the answer does not say where. */
  next: string | undefined | null;
  total?: number | undefined;
}

/** Without `changes`, each run reads everything, and the stream's `clock` is `reading`. */
export type Listing<Settings> = ListedPages<Settings> & (ListedChanges<Settings> | { changes?: undefined });

/**
 * How long after a moment the vendor may still show changes of that moment, its clock's difference from ours included: at least
 * a second. `settleLagSeconds` also makes the stream trail, as `Stream.settleLagSeconds` says; `settledMs` does not.
 */
type Settling<Settings> =
  | { settledMs: number | ((settings: Settings) => number); settleLagSeconds?: undefined }
  | { settleLagSeconds: number; settledMs?: undefined };

interface ListedPages<Settings> {
  /** What is listed, for the error of a cursor that is unknown: `Klaviyo profiles`. */
  what: string;
  /** The most records that the vendor puts on a page. */
  pageSize: number;
  /** Succeeds before the first page of a full reading is requested, such as `requestAccount`. */
  begins?(context: Context<Settings>): Promise<unknown>;
  /** A page of every record there is, in an order that no change moves. */
  all(context: Context<Settings>, request: PageRequest): Promise<ListedPage>;
  /** A page of the same list with IDs and clocks only, where that is cheaper. */
  inventory?(context: Context<Settings>, request: PageRequest): Promise<ListedPage>;
  /** How many records there are, or, with `from`, how many changed then or later. One cheap call, for forecasts. */
  count?(context: Context<Settings>, from: number | null): Promise<number>;
}

type ListedChanges<Settings> = Settling<Settings> & {
  /** A page of the records that changed at `from` or later, epoch milliseconds. Older ones among them are left out. */
  changes(
    context: Context<Settings>,
    request: PageRequest & { from: number; until: number },
  ): Promise<ListedPage>;
  /** Whether the pages of changes begin with the oldest, so that what was read need not be read again. */
  oldestFirst: boolean;
};

type Pulls<Settings, Declared extends 'pull' | 'rewind' | 'cost'> = Required<
  Pick<Stream<Settings>, Declared>
> &
  Pick<Stream<Settings>, 'rewind' | 'count' | 'settleLagSeconds' | 'inventory'>;

type Changing<Settings> = ListedPages<Settings> & ListedChanges<Settings>;

/** What a stream over such a list declares, one call for each page; if the vendor counts, `count` as well. */
export function pullsOf<Settings>(listing: Changing<Settings>): Pulls<Settings, 'pull' | 'rewind' | 'cost'>;
export function pullsOf<Settings>(listing: Listing<Settings>): Pulls<Settings, 'pull' | 'cost'>;
export function pullsOf<Settings>(listing: Listing<Settings>): Pulls<Settings, 'pull' | 'cost'> {
  const { count, pageSize, changes, inventory } = listing;
  return {
    ...(inventory && { inventory: inventoryOf(listing, inventory) }),
    ...(changes && {
      ...(listing.settleLagSeconds !== undefined && { settleLagSeconds: listing.settleLagSeconds }),
      rewind: (_settings, to) => writeCursor({ phase: 'changes', from: Math.max(0, to), given: [] }),
    }),
    cost: () => ({ full: { records: pageSize, calls: 1 } }),
    async pull(context, request) {
      const cursor = request.cursor === null ? null : readCursor(cursors, request.cursor, listing.what);
      if (cursor?.phase === 'changes' && listing.changes)
        return pullChanges(listing, context, request, cursor);
      const all = cursor?.phase === 'all' ? cursor : { phase: 'all' as const, start: context.now };
      return pullAll(listing, context, request, all);
    },
    ...(count && {
      count: async (context, { cursor: stored }) => {
        const cursor = stored === null ? null : readCursor(cursors, stored, listing.what);
        return count(context, cursor?.phase === 'changes' ? cursor.from : null);
      },
    }),
  };
}

function inventoryOf<Settings>(
  listing: Listing<Settings>,
  list: NonNullable<Listing<Settings>['inventory']>,
): Inventory<Settings> {
  const { what, pageSize } = listing;
  return {
    pageSize,
    async page(context, cursor) {
      const page = cursor === null ? undefined : readCursor(z.string(), cursor, what);
      if (page === undefined) await listing.begins?.(context);
      const request = { page, limit: pageSize, properties: [], start: context.now };
      const answer = await list(context, request);
      const next = nextOf(listing, answer, page);
      const rows = answer.records.map(({ recordId, changedAt, merged }) => ({
        recordId,
        changedAt,
        ...(merged && { merged }),
      }));
      const rejected = answer.rejected?.length ?? 0;
      return { rows, ...(rejected > 0 && { rejected }), cursor: next ?? null, done: next === undefined };
    },
  };
}

/** Everything by its list; then what changed since that reading began, or everything again. */
async function pullAll<Settings>(
  listing: Listing<Settings>,
  context: Context<Settings>,
  request: PullRequest,
  { start, page, restarts }: All,
): Promise<Page> {
  if (page === undefined) await listing.begins?.(context);
  const answer = await unlessExpired(page, restarts, () =>
    listing.all(context, { ...pageRequest(listing, request, page), start }),
  );
  if ('restarts' in answer) return pullAll(listing, context, request, { phase: 'all', start, ...answer });
  const next = nextOf(listing, answer, page);
  return {
    ...contentOf(answer),
    cursor: writeCursor(
      next === undefined ? afterAll(listing, context, start) : { phase: 'all', start, page: next, restarts },
    ),
    done: next === undefined,
  };
}

function afterAll<Settings>(listing: Listing<Settings>, context: Context<Settings>, start: number): object {
  if (!listing.changes) return { phase: 'again' };
  return { phase: 'changes', from: Math.max(0, start - settledMsOf(listing, context)), given: [] };
}

async function pullChanges<Settings>(
  listing: Changing<Settings>,
  context: Context<Settings>,
  request: PullRequest,
  { phase, restarts, ...cursor }: Changes,
): Promise<Page> {
  const page = cursor.reading?.page;
  const until = Math.min(request.until, context.now);
  const asked = { ...pageRequest(listing, request, page), start: until, from: cursor.from, until };
  const answer = await unlessExpired(page, restarts, () => listing.changes(context, asked));
  if ('restarts' in answer)
    return pullChanges(listing, context, request, { phase, ...restarted(listing, cursor, answer.restarts) });
  const next = nextOf(listing, answer, page);
  const settledMs = settledMsOf(listing, context);
  const news = readSince(cursor, { records: answer.records, next, until, settledMs });
  return {
    ...contentOf(answer),
    records: news.records,
    cursor: writeCursor({ ...news.cursor, phase, ...(next !== undefined && { restarts }) }),
    done: next === undefined,
  };
}

/** Throws where reading would never end, or would end too soon: the answer is not the vendor's, or is cut off. */
function nextOf<Settings>(
  { what }: Listing<Settings>,
  { next }: ListedPage,
  page: string | undefined,
): string | undefined {
  if (next === null || (next !== undefined && next === page))
    throw new TransientError(`A page of ${what} was answered after which reading cannot continue`, {
      foreign: true,
    });
  return next;
}

/** Where the oldest come first, a restart goes on at the newest change that was read, which is progress. */
function restarted<Settings>(
  { oldestFirst }: Changing<Settings>,
  cursor: Since,
  restarts: number,
): Omit<Changes, 'phase'> {
  const { from, given, reading } = cursor;
  const newest = oldestFirst ? (reading?.newest ?? from) : from;
  return newest > from ? { from: newest, given: reading?.given ?? [] } : { from, given, restarts };
}

/**
 * The page, or how many times the reading has restarted, this time included, because the vendor no longer accepts the page. It restarts
 * in the same pull: where the first page is refused as well, the reading has not lost its place.
 */
async function unlessExpired(
  page: string | undefined,
  restarts = 0,
  read: () => Promise<ListedPage>,
): Promise<ListedPage | { restarts: number }> {
  try {
    return await read();
  } catch (error) {
    const isExpired =
      error instanceof RejectedError &&
      page !== undefined &&
      [400, 404, 410, 422].includes(error.status ?? 0);
    if (!isExpired || restarts >= maxRestarts) throw error;
    return { restarts: restarts + 1 };
  }
}

function pageRequest<Settings>(
  { pageSize }: Listing<Settings>,
  { maxRecords = pageSize, properties }: PullRequest,
  page: string | undefined,
): Omit<PageRequest, 'start'> {
  return { page, limit: Math.min(pageSize, maxRecords), properties };
}

function settledMsOf<Settings>(listing: Changing<Settings>, { settings }: Context<Settings>): number {
  if (listing.settleLagSeconds !== undefined) return listing.settleLagSeconds * 1000;
  const { settledMs } = listing;
  return typeof settledMs === 'number' ? settledMs : settledMs(settings);
}

function contentOf(answer: ListedPage): Pick<Page, 'records' | 'rejected' | 'total'> {
  const { records, rejected, total } = answer;
  return {
    records,
    ...(rejected?.length && { rejected }),
    ...(total !== undefined && { total }),
  };
}
