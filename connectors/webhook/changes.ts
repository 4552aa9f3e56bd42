// Interprets an item of a webhook: it is a record, or ignored.
import { type Change, type Json, type JsonObject, RejectedError, type SourceRecord } from '#connector';
import { notATime } from '#connector/authored';
import { below } from '#connector/paths';
import { momentOf, valueAt, wordOf } from '#connector/reading';
import type { Received } from '#connector/webhook';
import type { Settings } from './settings.ts';
import type { Template } from './templates.ts';

export const stream = 'records';

export function changesOf(item: Json, received: Received, settings: Settings, template: Template): Change[] {
  const tidy = template.tidied?.(item) ?? item;
  const unwanted = Object.keys(settings.only).find(
    (path) => !isOneOf(valueAt(tidy, path), settings.only[path] ?? []),
  );
  if (unwanted !== undefined) return [ignored(`The value at ${unwanted} is not among the values in "only".`)];
  const recordId = wordOf(valueAt(tidy, template.id));
  if (recordId === undefined) {
    if (template.withoutId === 'ignore') return [ignored(`It has no ID at ${template.id}.`)];
    throw new RejectedError(`There is no ID at ${template.id}: a text or an integer is expected there.`, {
      code: 'no_id',
    });
  }
  const changedAt = clockOf(tidy, received, settings, template);
  if (isDeleted(tidy, settings)) {
    return [{ kind: 'record', stream, record: { recordId, changedAt, deleted: true, body: {} } }];
  }
  const record: SourceRecord = { recordId, changedAt, body: bodyOf(tidy, recordId, settings, template) };
  return [{ kind: 'record', stream, record, ...(settings.record.partial && { partial: true as const }) }];
}

/** What names the sending, or null where a part of it is missing. */
export function keyOf(item: Json, { eventId, tidied }: Template): string | null {
  const tidy = tidied?.(item) ?? item;
  const parts = eventId.map((path) => wordOf(valueAt(tidy, path)));
  return parts.length > 0 && parts.every((part) => part !== undefined) ? parts.join(' ') : null;
}

/** The path of the record's ID in its body. */
export function idInBody({ id, fields }: Template): string {
  return below(fields, id) ?? 'id';
}

function clockOf(item: Json, received: Received, { record }: Settings, { changedAt }: Template): number {
  const at = changedAt.find((path) => (valueAt(item, path) ?? '') !== '');
  if (at === undefined) return received.receivedAt;
  const time = momentOf(valueAt(item, at), record.unit);
  if (time !== undefined) return time;
  throw new RejectedError(notATime(at, record.unit, 'record.unit of the source'), { code: 'no_time' });
}

function isDeleted(item: Json, { record: { deleted } }: Settings): boolean {
  return deleted !== undefined && isOneOf(valueAt(item, deleted.path), deleted.equals);
}

/** A body that is form or SOAP has texts where the settings may say true or 1. */
function isOneOf(found: Json | undefined, values: readonly (string | number | boolean | null)[]): boolean {
  return values.some((value) => found === value || (value !== null && found === String(value)));
}

function bodyOf(item: Json, recordId: string, { record }: Settings, template: Template): JsonObject {
  const fields = valueAt(item, template.fields);
  if (fields === null || typeof fields !== 'object' || Array.isArray(fields)) {
    const where = template.fields === '' ? 'The item' : `The value at ${template.fields}`;
    throw new RejectedError(`${where} is not an object: the fields of one record are expected there.`, {
      code: 'no_object',
    });
  }
  const body = { ...fields };
  if (below(template.fields, template.id) === undefined) body['id'] ??= recordId;
  for (const name of record.absentIsEmpty ?? []) body[name] ??= null;
  return body;
}

function ignored(reason: string): Change {
  return { kind: 'ignored', reason };
}
