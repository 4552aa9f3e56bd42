// The fields that are read, and rows as records. Two ways of reading write a lookup differently, so of lookups the ID is kept.
import type { Context, Json, JsonObject, Property, SourceRecord } from '#connector';
import { firstFilled, listOf, momentOf, objectOf, wordOf } from '#connector/reading';
import { root } from './api.ts';
import type { Settings } from './settings.ts';

export const contactsPath = `${root}/Contacts`;
/** A property beyond the fields: the first of these that is filled. */
const phone = { name: 'Mobile_or_Phone', fields: ['Mobile', 'Phone'] };
/** Of these there are no values in a query. */
const notQueried = [
  'subform',
  'multiselectlookup',
  'multiuserlookup',
  'fileupload',
  'imageupload',
  'profileimage',
];

export function isId(id: string): boolean {
  return /^[1-9]\d{0,19}$/.test(id);
}

/** The fields that the properties are made of. `properties`: if empty, all. */
export async function fieldsFor(
  context: Context<Settings>,
  properties: readonly string[],
): Promise<string[]> {
  const named =
    properties.length > 0
      ? properties.flatMap((name) => (name === phone.name ? phone.fields : name.split('.')[0]!))
      : await knownFields(context);
  return [...new Set(named)].filter((name) => name !== 'id' && /^\w+$/.test(name));
}

/** All fields that a query may name. */
export async function knownFields(context: Context<Settings>): Promise<string[]> {
  return (await describedFields(context))
    .filter(({ data_type }) => !notQueried.includes(String(data_type)))
    .map(({ api_name }) => String(api_name));
}

/** The names that a mapping may use. */
export async function propertiesOf(context: Context<Settings>): Promise<Property[]> {
  const fields = (await describedFields(context)).map((field) => ({
    name: String(field['api_name']),
    label: wordOf(field['field_label']) ?? String(field['api_name']),
    type: wordOf(field['data_type']) ?? '',
  }));
  return [...fields, { name: phone.name, label: phone.fields.join(', else '), type: 'phone' }];
}

async function describedFields({ api }: Context<Settings>): Promise<JsonObject[]> {
  const { json } = await api.request({
    path: `${root}/settings/fields`,
    query: { module: 'Contacts' },
    isAnswer: (json) => namedRows(json).length > 0,
  });
  return namedRows(json);
}

function namedRows(json: Json | undefined): JsonObject[] {
  return listOf(objectOf(json)['fields'])
    .map(objectOf)
    .filter(({ api_name }) => wordOf(api_name) !== undefined);
}

/** Undefined where it has no ID or no time of change. */
export function recordOf(row: Json): SourceRecord | undefined {
  const json = objectOf(row);
  const recordId = wordOf(json['id']);
  const changedAt = momentOf(json['Modified_Time']);
  if (recordId === undefined || !isId(recordId) || changedAt === undefined) return undefined;
  const told = Object.entries(json)
    .filter(([name]) => !name.startsWith('$'))
    .map(([name, value]): [string, Json] => [name, plainOf(value)]);
  const body: JsonObject = Object.fromEntries(told);
  const number = firstFilled(body, phone.fields);
  return {
    recordId,
    changedAt,
    // Written in the zone of the user who is signed in.
    body: {
      ...body,
      Modified_Time: timeOf(changedAt),
      id: recordId,
      ...(number !== undefined && { [phone.name]: number }),
    },
  };
}

/** Of a lookup the ID, as text. */
function plainOf(value: Json): Json {
  const id = wordOf(objectOf(value)['id']);
  return id === undefined ? value : { id };
}

export function deletionOf(row: Json): SourceRecord | undefined {
  const { id, deleted_time } = objectOf(row);
  const recordId = wordOf(id);
  const changedAt = momentOf(deleted_time);
  if (recordId === undefined || !isId(recordId) || changedAt === undefined) return undefined;
  return { recordId, changedAt, deleted: true, body: {} };
}

/** Whole seconds, in UTC. */
export function timeOf(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}+00:00`;
}
