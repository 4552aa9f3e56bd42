// Webhooks whose body a person writes in the vendor's screens: one record each, whole, by the names that the person gave.
// It knows no vendor.
import { z } from 'zod';
import { type Change, RejectedError } from '../connector.ts';
import type { Json } from './json.ts';
import { momentOf, objectOf, valueAt, wordOf } from './reading.ts';
import type { Received } from './webhook.ts';

const path = z.string().min(1);

/** Where things stand in such a body: paths of keys joined by dots. */
export const authoredBody = z
  .strictObject({
    id: path.default('id').describe('The ID of the record: the same in every request of one person.'),
    changedAt: path
      .default('changed_at')
      .describe(
        'When it changed: ISO 8601, or Unix seconds or milliseconds. Where it is absent: when it came.',
      ),
    eventId: path
      .default('event_id')
      .describe('What names this sending; where it is absent, the content does.'),
    deleted: path.default('deleted').describe('True where the person is gone.'),
  })
  .prefault({})
  .describe('Where the parts of the body that you write stand: {id?, changedAt?, eventId?, deleted?}.');

export type AuthoredBody = z.infer<typeof authoredBody>;

/** The record that such a body is. Throws RejectedError where it has no ID, or a time that is none. */
export function authoredRecord(
  item: Json,
  received: Received,
  { at, stream, partial }: { at: AuthoredBody; stream: string; partial?: boolean },
): Change {
  const body = objectOf(item);
  const recordId = wordOf(valueAt(body, at.id));
  if (recordId === undefined)
    throw new RejectedError(`The body has no ID at ${at.id}: let the template write one there.`, {
      code: 'no_id',
    });
  const said = valueAt(body, at.changedAt);
  const changedAt = said == null || said === '' ? received.receivedAt : anyMoment(said);
  if (changedAt === undefined)
    throw new RejectedError(`What stands at ${at.changedAt} is no time: ISO 8601 or Unix time is.`, {
      code: 'no_time',
    });
  const gone = valueAt(body, at.deleted);
  const deleted = gone === true || gone === 'true' || gone === 1;
  return {
    kind: 'record',
    stream,
    record: deleted ? { recordId, changedAt, deleted, body: {} } : { recordId, changedAt, body },
    ...(partial && !deleted && { partial: true as const }),
  };
}

/** What names the sending, or null. */
export function authoredKey(item: Json, at: AuthoredBody): string | null {
  return wordOf(valueAt(item, at.eventId)) ?? null;
}

/** Unix time below the year 5138 in seconds is above the year 1973 in milliseconds. */
function anyMoment(value: Json): number | undefined {
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
  return momentOf(value, typeof number === 'number' && number < 100_000_000_000 ? 'seconds' : 'milliseconds');
}
