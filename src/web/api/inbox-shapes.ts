// Requests of the inbox as the API answers with them.
import { z } from '@hono/zod-openapi';
import type { Queryable } from '../../db/database.ts';
import type { Replayed } from '../../sync/inbox/replay.ts';
import { faultsOf, type InboxFault } from '../../sync/views/inbox-faults.ts';
import type { ItemCounts, ListedRequest } from '../../tables/inbox.ts';
import { iso, orNull, text, time, timeOrNull } from './shapes.ts';

const count = z.int().min(0);

export const countNames = [
  'items',
  'duplicates',
  'ignored',
  'refused',
  'taken',
  'touched',
  'received',
  'changed',
  'unchanged',
  'superseded',
  'filtered',
  'rejected',
] as const;

export const itemCountsShape = z
  .strictObject({
    items: count.openapi({ description: 'The sum of the next four.' }),
    duplicates: count.openapi({ description: 'Items that had come before.' }),
    ignored: count.openapi({ description: 'Items with nothing for us.' }),
    refused: count.openapi({ description: 'Items that could not be read: dead letters.' }),
    taken: count,
    touched: count.openapi({ description: 'Records named by them, that are to be read.' }),
    received: count.openapi({ description: 'Records that they carried: the sum of the next five.' }),
    changed: count,
    unchanged: count,
    superseded: count,
    filtered: count,
    rejected: count,
  })
  .openapi('ItemCounts');

export type ItemCountsBody = z.infer<typeof itemCountsShape>;

export const state = z.enum(['waiting', 'opened', 'dead']).openapi({
  description: 'waiting: to be opened. opened: its items are counted. dead: nothing of it could be read.',
});

export const requestShape = z
  .strictObject({
    id: z.int(),
    source: z.string().openapi({ description: 'The source, or `destination` for its own webhooks.' }),
    state,
    receivedAt: time,
    openedAt: timeOrNull,
    method: z.string(),
    bytes: count.openapi({ description: 'Of the body; 0 where it was forgotten with a person it named.' }),
    attempts: count,
    counts: orNull(itemCountsShape),
    error: z.string().nullable().openapi({ description: 'The first of what is wrong with it.' }),
  })
  .openapi('InboxRequest');

export type RequestBody = z.infer<typeof requestShape>;

export const result = z.enum(['opened', 'faulty', 'dead', 'failed']).openapi({
  description:
    'opened: all of it was read. faulty: some of its items were refused. dead: nothing of it could be read. failed: it could not be opened and is as it was.',
});

export const replayedShape = z
  .strictObject({
    id: z.int(),
    source: z.string(),
    result,
    counts: orNull(itemCountsShape),
    error: z.string().nullable(),
  })
  .openapi('ReplayedRequest');

const instant = z.iso.datetime({ offset: true, error: 'a time such as 2026-03-01T12:00:00Z' });

/** Which requests, as a body or a query says it; `faulty` differs between the two. */
export const requestFilter = {
  source: text.min(1).optional(),
  state: state.optional(),
  from: instant.optional().openapi({ description: 'Received at this time or later.' }),
  to: instant.optional().openapi({ description: 'Received before this time.' }),
};

export const faultyText = 'Dead, or opened with items that were refused.';

export function epoch(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}

/** Each with the first of what is wrong with it. */
export async function requestBodies(
  database: Queryable,
  requests: readonly ListedRequest[],
): Promise<RequestBody[]> {
  const faulty = requests.filter(({ counts, error }) => error === null && (counts?.refused ?? 0) > 0);
  const faults = await faultsOf(database, faulty, 1);
  return requests.map((request) => requestBody(request, faults.get(request.id)));
}

export function requestBody(request: ListedRequest, faults: readonly InboxFault[] = []): RequestBody {
  const { id, source, state, receivedAt, openedAt, method, bytes, attempts, counts, error } = request;
  return {
    id,
    source,
    state,
    receivedAt: iso(receivedAt),
    openedAt: iso(openedAt),
    method,
    bytes,
    attempts,
    counts: countsBody(counts),
    error: error ?? faults[0]?.message ?? null,
  };
}

export function replayedBody({ counts, ...rest }: Replayed): z.infer<typeof replayedShape> {
  return { ...rest, counts: countsBody(counts) };
}

/** What no webhook says is left out. */
export function countsBody(counts: ItemCounts | null): ItemCountsBody | null {
  if (counts === null) return null;
  return Object.fromEntries(countNames.map((name) => [name, counts[name]])) as ItemCountsBody;
}
