// Cursors are stored as JSON between pulls, and checked when they come back. It knows no vendor.
import type { z } from 'zod';
import { RejectedError } from './errors.ts';
import type { Json } from './json.ts';

/** A cursor to be stored: what is undefined in it is left out. */
export function writeCursor(cursor: object): Json {
  return JSON.parse(JSON.stringify(cursor));
}

/** A cursor as `pull` returned it. Throws where its shape is unknown; `of` names what is read: `Acme people`. */
export function readCursor<T>(shape: z.ZodType<T>, cursor: Json, of: string): T {
  const { success, data, error } = shape.safeParse(cursor);
  if (success) return data;
  throw new RejectedError(`Unknown cursor for ${of}: start a full sync.`, {
    code: 'cursor',
    cause: error,
  });
}
