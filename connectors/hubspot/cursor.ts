// The cursors of the stream of contacts: the whole list, then windows of changes.
import { z } from 'zod';
import type { Json } from '#connector';
import { readCursor as read } from '#connector/cursor';

const of = 'HubSpot contacts';

const time = z.int().min(0);

/** Reading all there are, by the list. `start`: when it began, from which on changes are searched for later. */
const list = z.strictObject({ phase: z.literal('list'), start: time, after: z.string().optional() });

/**
 * Reading what changed at `from` or later. `seen`: contacts already given that changed at exactly `from`. `window`: the
 * search under way, read in the order of IDs, which no change moves.
 */
const search = z.strictObject({
  phase: z.literal('search'),
  from: time,
  seen: z.array(z.string()),
  window: z
    .strictObject({
      until: time,
      /** The greatest ID read; null before the first. */
      lastId: z.string().nullable(),
      /** Offset behind `lastId`: only where HubSpot counted rows there that it did not give. */
      after: z.string().optional(),
      /** The newest change read that is not after `until`. */
      newest: time.nullable(),
      /** Contacts read that changed at exactly `until`. */
      edge: z.array(z.string()),
      /** Contacts in the whole window, as HubSpot said first. */
      total: z.int().min(0).nullable(),
    })
    .optional(),
});

const tombstones = z.strictObject({
  /** Contacts archived after it are given. */
  mark: time,
  /** The reading under way. */
  reading: z.strictObject({ start: time, after: z.string(), newest: time }).optional(),
});

export type ListCursor = z.infer<typeof list>;
export type SearchCursor = z.infer<typeof search>;
export type Window = NonNullable<SearchCursor['window']>;
type TombstoneCursor = z.infer<typeof tombstones>;

export function readCursor(cursor: Json): ListCursor | SearchCursor {
  return read(z.discriminatedUnion('phase', [list, search]), cursor, of);
}

export function readTombstoneCursor(cursor: Json): TombstoneCursor {
  return read(tombstones, cursor, of);
}
