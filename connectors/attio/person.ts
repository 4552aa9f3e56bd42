// A person of Attio as a record: every attribute is a list of values there. It knows no requests.
// https://docs.attio.com/docs/attribute-types
import type { Json, JsonObject, SourceRecord } from '#connector';
import { listOf, momentOf, objectOf, valueAt, wordOf } from '#connector/reading';

/** Where a value of an attribute's type stands. Otherwise: at `value`. */
const places: { readonly [type: string]: string } = {
  'personal-name': 'full_name',
  'email-address': 'email_address',
  'phone-number': 'phone_number',
  location: '',
  select: 'option.title',
  status: 'status.title',
  currency: 'currency_value',
  domain: 'domain',
  interaction: 'interacted_at',
  'record-reference': 'target_record_id',
  'actor-reference': 'referenced_actor_id',
};

export function isId(id: string): boolean {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(id);
}

/** What a touch names where `from` was merged into `into`: only the webhook tells it, and only a read shows the new person. */
export function mergeId(into: string, from: string): string {
  return `${into}+${from}`;
}

/** The first value of each attribute by its slug, null where there is none, and all of them in `values`. */
export function recordOf(row: Json | undefined): SourceRecord | undefined {
  const { id, created_at, values: attributes } = objectOf(row);
  const recordId = wordOf(objectOf(id)['record_id']);
  const createdAt = momentOf(created_at);
  if (recordId === undefined || !isId(recordId) || createdAt === undefined) return undefined;
  const values = Object.entries(objectOf(attributes)).map(([slug, list]): [string, JsonObject[]] => [
    slug,
    // A value with an end belongs to the history.
    listOf(list)
      .map(objectOf)
      .filter((value) => value['active_until'] == null),
  ]);
  const firsts = values.map(([slug, [first]]) => [slug, first === undefined ? null : simple(first)]);
  const times = values.flatMap(([, list]) => list.map((value) => momentOf(value['active_from']) ?? 0));
  return {
    recordId,
    // Nothing says when a person changed. A removed value takes its time with it.
    changedAt: times.reduce((newest, time) => Math.max(newest, time), createdAt),
    body: { ...Object.fromEntries(firsts), id: recordId, values: Object.fromEntries(values) },
  };
}

function simple(value: JsonObject): Json {
  const place = places[wordOf(value['attribute_type']) ?? ''] ?? 'value';
  return valueAt(value, place) ?? null;
}

/** What kind of actor created the person. */
export function creatorOf(body: JsonObject): string | undefined {
  return wordOf(valueAt(body, 'values.created_by.0.referenced_actor_type'));
}
