// Converts a profile of Klaviyo to a record: its attributes and its ID, side by side.
import type { Json, JsonObject, SourceRecord } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

/** `updated` is the clock. It moves with events too, so a profile comes more often than a person edits it. */
export function profileRecord(resource: Json): SourceRecord | undefined {
  const { id, attributes } = objectOf(resource);
  const recordId = wordOf(id);
  const changedAt = momentOf(objectOf(attributes)['updated']);
  if (recordId === undefined || changedAt === undefined) return undefined;
  return { recordId, changedAt, body: { ...objectOf(attributes), id: recordId } };
}

/** By any of these a person is known; a profile without all of them is a visitor who left a cookie. */
const identifiers = ['external_id', 'email', 'phone_number'];

/** Why a profile is no customer, or null. A body that does not name all of its identifiers says nothing of that. */
export function anonymous({ anonymous: taken }: Settings, body: JsonObject): string | null {
  if (taken || !identifiers.every((name) => Object.hasOwn(body, name))) return null;
  const isKnown = [...identifiers, 'whatsapp_bsuid'].some((name) => wordOf(body[name]) !== undefined);
  return isKnown
    ? null
    : 'it is an anonymous profile: it has no external_id, email or phone_number, and anonymous is false';
}
