// Webhooks whose body a person writes in the vendor's screens: one record each, whole, by the names that the person gave.
// It knows no vendor.
import { z } from 'zod';
import { RejectedError } from './errors.ts';
import type { Json } from './json.ts';
import { isTag } from './leftovers.ts';
import { momentOf, objectOf, valueAt, wordOf } from './reading.ts';
import type { Change } from './source.ts';
import type { Received } from './webhook.ts';

const path = z.string().min(1);

/** Where things stand in such a body: paths of keys joined by dots. */
export const authoredBody = z
  .strictObject({
    id: path
      .default('id')
      .describe('The path of the record ID, the same in every request of one person. Default: id.'),
    changedAt: path
      .default('changed_at')
      .describe(
        'The path of the time of change: ISO 8601, or a number in `unit`. If absent, the time of receipt counts. Default: changed_at.',
      ),
    eventId: path
      .default('event_id')
      .describe('The path of the event ID. If absent, the content identifies the event. Default: event_id.'),
    unit: z
      .enum(['seconds', 'milliseconds', 'microseconds'])
      .default('seconds')
      .describe('The unit of a numeric changedAt, counted since 1970. Default: seconds.'),
    deleted: path
      .default('deleted')
      .describe('The path of a value that is true if the person was deleted. Default: deleted.'),
  })
  .prefault({})
  .describe('The paths of the parts of a body that you write: {id?, changedAt?, unit?, eventId?, deleted?}.');

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
    throw new RejectedError(`The body has no ID at ${at.id}: add one to the template.`, {
      code: 'no_id',
    });
  if (isTag(recordId))
    throw new RejectedError(`The body has no ID at ${at.id}: the template was not filled in.`, {
      code: 'no_id',
    });
  const said = valueAt(body, at.changedAt);
  const changedAt = said == null || said === '' ? received.receivedAt : momentOf(said, at.unit);
  if (changedAt === undefined)
    throw new RejectedError(notATime(at.changedAt, at.unit, '"unit" beside it in the settings'), {
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

/** The ID in the sample of a thin body. */
export const sampleId = 'tributary-sample';

/**
 * The record that a thin body names at `id`: it is then read. Throws RejectedError where the template was not filled in, or has no
 * ID. An empty one is that of an anonymous profile.
 */
export function authoredTouch(
  item: Json,
  { receivedAt }: Received,
  { id, stream }: { id: string; stream: string },
): Change {
  const said = valueAt(objectOf(item), id);
  const recordId = wordOf(said);
  if (said === null || (typeof said === 'string' && recordId === undefined))
    return { kind: 'ignored', reason: 'The profile has no ID: it is anonymous.' };
  if (recordId === undefined || isTag(recordId))
    throw new RejectedError(`The body has no ID at ${id}: add one to the template.`, { code: 'no_id' });
  if (recordId === sampleId) return { kind: 'ignored', reason: 'It is a sample.' };
  return { kind: 'touch', stream, recordId, changedAt: receivedAt };
}

/** What names the sending, or null. */
export function authoredKey(item: Json, at: AuthoredBody): string | null {
  return wordOf(valueAt(item, at.eventId)) ?? null;
}

/** `setting`: where a person says another unit. */
export function notATime(path: string, unit: string, setting: string): string {
  return `The value at ${path} is not a time: use ISO 8601, or a number of ${unit} since 1970. For another unit, set ${setting} and replay the request.`;
}
