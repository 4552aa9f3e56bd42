// Pages by a query language in the manner of SQL: all rows in the order of their IDs, then changes in the order of their time and ID,
// each page behind the last row of the one before, so that no row moves another out of sight. It knows no vendor.
import { z } from 'zod';
import type { Context } from './api.ts';
import type { Columns } from './columns.ts';
import { readCursor } from './cursor.ts';
import { type ListedPage, type PageRequest, pullsOf } from './listing.ts';
import type { SourceRecord, Stream } from './source.ts';

/** The end of a page, and the columns that were read: they are not asked for with each page. */
const place = z.strictObject({
  id: z.string(),
  stamp: z.int().min(0),
  columns: z.record(z.string(), z.array(z.string())),
});
type Place = z.infer<typeof place>;

export interface KeysetQuery {
  /** True: deleted rows as well. */
  changes: boolean;
  /** Conditions that all hold. */
  where: readonly string[];
  /** Fields, joined by commas. */
  order: string;
  limit: number;
  columns: Columns;
}

export interface Keyset<Settings> {
  /** What is read, for the error of a cursor that is unknown: `Acme people`. */
  what: string;
  /** The most rows of a page. */
  pageSize: number;
  /** As that of a stream. */
  settleLagSeconds: number;
  /** The fields with the ID, which quotes surround, and with the time of change. */
  id: string;
  time: string;
  /** What an ID looks like: it becomes part of a query. */
  isId(id: string): boolean;
  /** A time as the query language writes it. */
  timeOf(epochMs: number): string;
  columns(context: Context<Settings>, properties: readonly string[]): Promise<Columns>;
  /** Whether a query was refused for a column that there is no longer: the columns are then looked up again. */
  isColumnRefused(error: unknown): boolean;
  /** `last`: the last row, where more may follow. */
  read(
    context: Context<Settings>,
    query: KeysetQuery,
  ): Promise<{ records: SourceRecord[]; last: SourceRecord | undefined }>;
  count(context: Context<Settings>, query: Pick<KeysetQuery, 'changes' | 'where'>): Promise<number>;
}

/** What a stream over such rows declares. */
export function pullsByKeyset<Settings>(
  keyset: Keyset<Settings>,
): Required<Pick<Stream<Settings>, 'pull' | 'rewind'>> &
  Pick<Stream<Settings>, 'count' | 'settleLagSeconds' | 'inventory'> {
  const { what, pageSize, settleLagSeconds, id, time, timeOf } = keyset;
  return pullsOf<Settings>({
    what,
    pageSize,
    settleLagSeconds,
    oldestFirst: true,
    count: (context, from) =>
      keyset.count(context, {
        changes: from !== null,
        where: from === null ? [] : [`${time} >= ${timeOf(from)}`],
      }),
    all: (context, request) => allById(keyset, context, request),
    inventory: (context, request) => allById(keyset, context, { ...request, properties: [id] }),
    changes: (context, { from, until, ...request }) =>
      pageOf(keyset, context, request, {
        changes: true,
        order: `${time},${id}`,
        whereOf: (at) => [
          at ? behind(keyset, at) : `${time} >= ${timeOf(from)}`,
          // A trailing reader stays behind.
          ...(until < context.now ? [`${time} <= ${timeOf(until)}`] : []),
        ],
      }),
  });
}

function allById<Settings>(
  keyset: Keyset<Settings>,
  context: Context<Settings>,
  request: PageRequest,
): Promise<ListedPage> {
  const { id } = keyset;
  const whereOf = (at: Place | null) => (at ? [`${id} > '${at.id}'`] : []);
  return pageOf(keyset, context, request, { changes: false, order: id, whereOf });
}

function behind<Settings>({ id, time, timeOf }: Keyset<Settings>, at: Place): string {
  return `((${time} = ${timeOf(at.stamp)} AND ${id} > '${at.id}') OR ${time} > ${timeOf(at.stamp)})`;
}

async function pageOf<Settings>(
  { what, columns: columnsOf, isId, isColumnRefused, read }: Keyset<Settings>,
  context: Context<Settings>,
  { page, limit, properties }: PageRequest,
  {
    whereOf,
    ...query
  }: Pick<KeysetQuery, 'changes' | 'order'> & { whereOf(at: Place | null): readonly string[] },
): Promise<ListedPage> {
  const places = place.refine(({ id }) => isId(id));
  const at = page === undefined ? null : readCursor(places, JSON.parse(page), what);
  const readBy = async (columns: Columns): Promise<ListedPage> => {
    const { records, last } = await read(context, { ...query, where: whereOf(at), limit, columns });
    const next = last && JSON.stringify({ id: last.recordId, stamp: last.changedAt, columns });
    return { records, next };
  };
  const readAnew = async () => readBy(await columnsOf(context, properties));
  if (!at) return readAnew();
  return readBy(at.columns).catch((error: unknown) => {
    if (!isColumnRefused(error)) throw error;
    return readAnew();
  });
}
