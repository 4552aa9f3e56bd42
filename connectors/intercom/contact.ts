// Converts a contact of Intercom to a record, so that pull, reads by ID and webhooks give the same result.
import type { Json, JsonObject, SourceRecord } from '#connector';
import { listOf, momentOf, objectOf, unescapeHtml, wordOf } from '#connector/reading';

/** No values of the contact: the first ten of lists that have addresses of their own, and what only some answers hold. */
const leftOut = new Set(['type', 'tags', 'notes', 'companies', 'merge_history', 'enabled_push_messaging']);

/**
 * Intercom escapes identity attributes for HTML when it answers, "like name" (an engineer of Intercom in intercom-java#113;
 * names with `&amp;` recorded in 2026). Custom attributes were not seen escaped.
 */
const escaped = new Set(['name', 'email', 'phone', 'external_id']);

/** `updated_at` is the clock: whole seconds where the API gives it, milliseconds in webhooks (the stream's `clock` knows). */
export function contactRecord(row: Json): SourceRecord | undefined {
  const contact = objectOf(row);
  const recordId = wordOf(contact['id']);
  const changedAt = momentOf(contact['updated_at'], 'seconds');
  if (recordId === undefined || changedAt === undefined) return undefined;
  const merged = mergedInto(contact).filter((other) => other !== recordId);
  return {
    recordId,
    changedAt,
    body: { ...valuesOf(contact), id: recordId },
    ...(merged.length && { merged }),
  };
}

/**
 * The values as the API means them, whichever way they came. The `external_id` of a lead is a UUID that Intercom makes up
 * and replaces when the lead becomes a user: it is kept as `lead_id`, so that it is nobody's source ID.
 */
function valuesOf(contact: JsonObject): JsonObject {
  const values: JsonObject = {};
  for (const [name, value] of Object.entries(contact)) {
    if (leftOut.has(name)) continue;
    const key = name === 'external_id' && isLead(contact) ? 'lead_id' : name;
    values[key] = plain(name, value);
  }
  return values;
}

export function isLead(contact: JsonObject): boolean {
  return contact['role'] === 'lead';
}

/** Times are seconds in the API and ISO texts in webhooks. */
function plain(name: string, value: Json): Json {
  if (typeof value !== 'string') return value;
  if (escaped.has(name)) return unescapeHtml(value);
  return name.endsWith('_at') ? (secondsOf(value) ?? value) : value;
}

/** Whole seconds since 1970. */
function secondsOf(value: Json | undefined): number | undefined {
  const moment = momentOf(value, 'seconds');
  return moment === undefined ? undefined : Math.floor(moment / 1000);
}

/** The IDs of the contacts that were merged into this one, where the answer tells (`include_merge_history`). */
function mergedInto(contact: JsonObject): string[] {
  const told = listOf(contact['merge_history']).map((item) => wordOf(objectOf(item)['source_contact_id']));
  return [...new Set(told.filter((id) => id !== undefined))];
}
