// The stream of contacts: all of them, then changes by delta links, or by the time of last change where tracking is not granted.
// https://learn.microsoft.com/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems
import { z } from 'zod';
import { type Context, type Json, type Page, type PullRequest, RejectedError, type Stream } from '#connector';
import { readsById } from '#connector/by-id';
import { readCursor, writeCursor } from '#connector/cursor';
import { type ListedPage, type PageRequest, pullsOf } from '#connector/listing';
import { httpDate, isoSeconds, objectOf } from '#connector/reading';
import { columnsOf, deletionOf, guidOf, propertiesOf } from './contact.ts';
import {
  linkIn,
  listRequest,
  maxIds,
  mergedStates,
  oneById,
  requestPage,
  rowsAsRecords,
  someById,
} from './rows.ts';
import type { Settings } from './settings.ts';

const pageSize = 2_000;
/** How late a long transaction may commit. */
const settleLagSeconds = 300;
const dayMs = 86_400_000;

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
  /** Of the list: all contacts, then changes by time. The trailing reader stays with it. */
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

export const contacts: Stream<Settings> = {
  name: 'contacts',
  // Whole seconds, and some changes move no clock.
  clock: 'second',
  settleLagSeconds,
  async pull(context, request) {
    const cursor: Cursor =
      request.cursor === null ? { list: null } : readCursor(cursors, request.cursor, 'Dynamics 365 contacts');
    const trails = request.until < context.now;
    if (cursor.reconciles) {
      if (isListed(cursor.list)) return reconciled(cursor);
      if (request.resumes) return pullList(context, request, everything);
    }
    return cursor.delta && cursor.caughtUp && !trails
      ? pullDelta(context, request, { ...cursor, delta: cursor.delta })
      : pullList(context, request, cursor);
  },
  rewind: (settings, to) => writeCursor({ list: listOf({}).rewind(settings, to) }),
  read: {
    maxIds,
    idOf: (written) => guidOf(written) ?? written,
    async records(context, { recordIds, properties }) {
      const columns = await columnsOf(context, properties);
      const { records, missing } = await readsById<Settings>({
        maxIds,
        isId: (id) => guidOf(id) === id,
        some: (_, ids) => someById(context, ids, columns),
        one: (_, id) => oneById(context, id, columns),
      }).records(context, { recordIds, properties });
      const found = await mergedStates(context, records, columns);
      return { records: [...found.records, ...found.beside], missing };
    },
  },
  sweeps: true,
  leftOut: ({ activeOnly }, { statecode }) => (activeOnly && statecode === 1 ? 'It is inactive.' : null),
  cost: () => ({ full: { records: pageSize, calls: 2 } }),
  properties: propertiesOf,
};

/** `onDelta` is told the delta link at the end of all contacts. */
function listOf({
  tracked = false,
  onDelta = () => {},
}: {
  tracked?: boolean;
  onDelta?: (delta: Delta) => void;
}) {
  return pullsOf<Settings>({
    what: 'Dynamics 365 contacts',
    pageSize,
    settleLagSeconds,
    oldestFirst: true,
    async all(context, request) {
      const { page, delta } = await pageOf(context, request, { tracked });
      if (delta !== undefined) onDelta(delta);
      return page;
    },
    async changes(context, { from, until, ...request }) {
      const late = until < context.now ? ` and modifiedon le ${timeOf(until)}` : '';
      const $filter = `modifiedon ge ${timeOf(from)}${late}`;
      const query = { $filter, $orderby: 'modifiedon asc,contactid asc' };
      return (await pageOf(context, request, { query })).page;
    },
  });
}

async function pageOf(
  context: Context<Settings>,
  { page, limit, properties }: PageRequest,
  options: { query?: { [name: string]: string }; tracked?: boolean },
): Promise<{ page: ListedPage; delta: Delta | undefined }> {
  const columns = await columnsOf(context, properties);
  const { select } = columns;
  const answer = await requestPage(
    context,
    listRequest(context.settings, { select, limit, page, ...options }),
  );
  const { records, rejected } = rowsAsRecords(answer.rows, columns);
  const found = await mergedStates(context, records, columns);
  const { next, delta: link } = answer;
  return {
    page: { ...found, rejected, next },
    delta: link === undefined ? undefined : { link, select, limit, at: context.now },
  };
}

/** A page of the list. Whether changes are tracked is settled with its first page. */
async function pullList(context: Context<Settings>, request: PullRequest, cursor: Cursor): Promise<Page> {
  const { list, delta: known, reconciles } = cursor;
  let found: Delta | undefined;
  let { untracked } = cursor;
  const pull = () =>
    listOf({
      tracked: context.settings.changeTracking && !untracked,
      onDelta(delta) {
        found = delta;
      },
    }).pull(context, { ...request, cursor: list });
  const page = await pull().catch((error: unknown) => {
    if (list !== null || untracked || !(error instanceof RejectedError)) throw error;
    untracked = true;
    return pull();
  });
  const ended = isListed(page.cursor);
  const catchesUp = known !== undefined && !cursor.caughtUp && request.until === context.now && page.done;
  return {
    ...page,
    // The link follows at once, and so does what ends a reading that reconciles.
    done: page.done && !catchesUp && !reconciles,
    cursor: writeCursor({
      list: page.cursor,
      delta: found ?? known,
      untracked: ended ? undefined : untracked,
      caughtUp: cursor.caughtUp ?? (catchesUp || undefined),
      reconciles,
    }),
    ...(reconciles && { whole: { begins: objectOf(list)['page'] === undefined } }),
  };
}

/** A page of what changed since the link. Where it has ended, everything is read again. */
async function pullDelta(
  context: Context<Settings>,
  { properties, maxRecords = pageSize }: PullRequest,
  cursor: Cursor & { delta: Delta },
): Promise<Page> {
  const { settings, now } = context;
  const { link, select, limit, at } = cursor.delta;
  const columns = await columnsOf(context, properties);
  // Older servers answer a link that has ended with all rows and no deletions.
  const isOver = now - at >= settings.changeTrackingDays * dayMs;
  if (isOver || columns.select !== select) return everythingAgain();
  const asked = listRequest(settings, {
    select,
    limit: Math.min(limit, maxRecords),
    page: link,
    tracked: true,
  });
  const answer = await requestPage(context, asked, (json) => isDelta(json, settings)).catch(
    (error: unknown) => {
      if (error instanceof RejectedError && [400, 404, 410, 412].includes(error.status ?? 0)) return null;
      throw error;
    },
  );
  if (answer === null) return everythingAgain();
  const { rows, next, delta: renewed } = answer;
  const deletedAt = httpDate(answer.headers['date'] ?? '') ?? now;
  const { records, rejected } = rowsAsRecords(rows, columns, (row) => deletionOf(row, deletedAt));
  const found = await mergedStates(context, records, columns);
  return {
    records: [...found.records, ...found.beside],
    ...(rejected.length > 0 && { rejected }),
    cursor: writeCursor({
      ...cursor,
      delta: { ...cursor.delta, link: renewed ?? next!, ...(renewed !== undefined && { at: now }) },
    }),
    done: renewed !== undefined,
  };
}

/** Without changes it may have no list. */
function isDelta(json: Parameters<typeof objectOf>[0], settings: Settings): boolean {
  const { value } = objectOf(json);
  const links = ['@odata.nextLink', '@odata.deltaLink'].map((name) => linkIn(json, name, settings));
  return (
    links.some((link) => link != null) && (Array.isArray(value) || (value === undefined && links[1] != null))
  );
}

function everythingAgain(): Page {
  return { records: [], cursor: writeCursor(everything), done: false };
}

/** The last page of a reading that reconciles: it has no records, so that it is stored when the deletions are. */
function reconciled({ reconciles: _, ...cursor }: Cursor): Page {
  return { records: [], cursor: writeCursor(cursor), done: true, whole: { begins: false } };
}

/** Whether all contacts have been given. */
function isListed(list: Cursor['list']): boolean {
  return objectOf(list as Json)['phase'] === 'changes';
}

/** Whole seconds. */
function timeOf(epochMs: number): string {
  return `${isoSeconds(epochMs)}Z`;
}
