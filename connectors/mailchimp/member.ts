// Converts a member of an audience to a record, and lists the fields to request.
import type { Json, JsonObject, SourceRecord } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import { type Rows, toRecords } from '#connector/rows';

/** Every record has these: its IDs, that of its page among them, its clock, and whether it is archived. */
const always = ['contact_id', 'id', 'unique_email_id', 'web_id', 'status', 'last_changed'];

/** What a mapping may name, with Mailchimp's types; merge fields stand in `merge_fields` by their tags. */
export const memberProperties = {
  contact_id: 'string',
  id: 'string',
  unique_email_id: 'string',
  web_id: 'integer',
  email_address: 'string',
  email_type: 'string',
  full_name: 'string',
  status: 'string',
  unsubscribe_reason: 'string',
  consents_to_one_to_one_messaging: 'boolean',
  sms_phone_number: 'string',
  sms_subscription_status: 'string',
  sms_subscription_last_updated: 'datetime',
  merge_fields: 'object',
  interests: 'object',
  stats: 'object',
  ip_signup: 'string',
  timestamp_signup: 'datetime',
  ip_opt: 'string',
  timestamp_opt: 'datetime',
  member_rating: 'integer',
  last_changed: 'datetime',
  language: 'string',
  vip: 'boolean',
  email_client: 'string',
  location: 'object',
  marketing_permissions: 'array',
  last_note: 'object',
  source: 'string',
  tags_count: 'integer',
  tags: 'array',
  list_id: 'string',
};

/** The query that selects fields. `of`: what stands before a field's name in a list of members. */
export function selection(
  properties: readonly string[],
  of: '' | 'members.',
): { fields: string } | { exclude_fields: string } {
  if (properties.length === 0) return { exclude_fields: of ? '_links,members._links' : '_links' };
  // The names are those of top-level fields: a merge field comes with all the others.
  const names = [...new Set([...always, ...properties])].map((name) => of + name);
  return { fields: [...names, ...(of ? ['total_items'] : [])].join(',') };
}

export function changeTimeOf(row: Json): number | undefined {
  return momentOf(objectOf(row)['last_changed']);
}

export function memberRecords(rows: readonly Json[]): Rows {
  return toRecords(rows, (row) => recordOf(objectOf(row)), { noun: 'member', id: 'contact_id' });
}

/** The body is the row, its tags by their names alone. One that is archived is gone, and comes back when it is added again. */
function recordOf(row: JsonObject): SourceRecord | undefined {
  const recordId = wordOf(row['contact_id']);
  const changedAt = changeTimeOf(row);
  if (recordId === undefined || changedAt === undefined) return undefined;
  const { _links, ...body } = row;
  if (Array.isArray(body['tags'])) body['tags'] = body['tags'].map(tagName);
  if (body['merge_fields'] !== undefined) body['merge_fields'] = mergeFieldsIn(body['merge_fields']);
  return row['status'] === 'archived'
    ? { recordId, changedAt, deleted: true, body }
    : { recordId, changedAt, body };
}

/** An address that is the account's default stands whole in its first part, with line breaks (recorded in 2026): one line. */
function mergeFieldsIn(fields: Json): Json {
  const inOneLine = Object.entries(objectOf(fields)).map(([tag, value]): [string, Json] => {
    const { addr1 } = objectOf(value);
    if (typeof addr1 !== 'string') return [tag, value];
    const lines = addr1.split(/[\r\n]+/).map((line) => line.trim());
    return [tag, { ...objectOf(value), addr1: lines.filter(Boolean).join(', ') }];
  });
  return Object.fromEntries(inOneLine);
}

function tagName(tag: Json): Json {
  return objectOf(tag)['name'] ?? tag;
}

/** The merge fields of an audience, as names and labels. */
export function mergeFieldsOf(fields: readonly Json[]): { name: string; label: string; type: string }[] {
  return fields.map(objectOf).flatMap(({ tag, name, type }) => {
    const known = wordOf(tag);
    if (known === undefined) return [];
    return [{ name: `merge_fields.${known}`, label: wordOf(name) ?? known, type: wordOf(type) ?? 'text' }];
  });
}
