// The cursor of the stream of members: windows of changes, of which the first starts at the beginning of time.
import { z } from 'zod';
import type { Json } from '#connector';
import { readCursor as read } from '#connector/cursor';

const time = z.int().min(0);
const digests = z.array(z.string());

const cursor = z.strictObject({
  /** Members that changed at it or later are read, epoch milliseconds. */
  from: time,
  /** Digests of rows given already that changed at `from` or later. */
  seen: digests,
  /** The window under way. */
  window: z
    .strictObject({
      /** Its end. Those that change later leave the window. */
      until: time,
      /** Part of a full reading: another window follows at once. */
      full: z.boolean(),
      /** All before it are read. */
      at: time,
      /** How many of those that changed at `at` or later are read. */
      offset: z.int().min(0),
      /** How many those were when `offset` was counted; null before that. */
      listed: z.int().min(0).nullable(),
      /** Members in the whole window, as Mailchimp said first. */
      total: z.int().min(0).nullable(),
      /** Digests of rows that the next window would give again. */
      seen: digests,
    })
    .optional(),
});

export type Cursor = z.infer<typeof cursor>;
export type Window = NonNullable<Cursor['window']>;

export function readCursor(given: Json): Cursor {
  return read(cursor, given, 'Mailchimp members');
}
