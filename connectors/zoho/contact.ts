// The fields that are read, and rows as records. Two ways of reading write a lookup differently, so of lookups the ID is kept.
import type { Context, Json, JsonObject, Property } from '#connector';
import { firstOfProperty, partsOf, withFirstOf } from '#connector/first-of';
import { isoSeconds, listOf, momentOf, objectOf, wordOf } from '#connector/reading';
import { deletionReader, rowReader } from '#connector/rows';
import { root } from './api.ts';
import type { Settings } from './settings.ts';

export const contactsPath = `${root}/Contacts`;
const phone = { name: 'Mobile_or_Phone', of: ['Mobile', 'Phone'], type: 'phone' };
/** Of these there are no values in a query. */
const notQueried = 'subform multiselectlookup multiuserlookup fileupload imageupload profileimage'.split(' ');

export const isId = (id: string) => /^[1-9]\d{0,19}$/.test(id);

export const recordOf = rowReader({ changedAt: 'Modified_Time', isId, bodyOf });
export const deletionOf = deletionReader({ changedAt: 'deleted_time', isId });

/** The fields that the properties are made of. `properties`: if empty, all. */
export async function fieldsFor(
  context: Context<Settings>,
  properties: readonly string[],
): Promise<string[]> {
  const named =
    properties.length > 0
      ? partsOf(properties, phone).map((name) => name.split('.')[0]!)
      : await knownFields(context);
  return [...new Set(named)].filter((name) => name !== 'id' && /^\w+$/.test(name));
}

/** All fields that a query may name. */
export async function knownFields(context: Context<Settings>): Promise<string[]> {
  const fields = await propertiesOf(context);
  return fields
    .filter(({ name, type }) => name !== phone.name && !notQueried.includes(type))
    .map(({ name }) => name);
}

/** The names that a mapping may use. */
export async function propertiesOf({ api }: Context<Settings>): Promise<Property[]> {
  const fieldsIn = (json: Json | undefined) =>
    listOf(objectOf(json)['fields']).flatMap((field) => {
      const { api_name, field_label, data_type } = objectOf(field);
      const name = wordOf(api_name);
      return name === undefined
        ? []
        : [{ name, label: wordOf(field_label) ?? name, type: String(data_type) }];
    });
  const { json } = await api.request({
    path: `${root}/settings/fields`,
    query: { module: 'Contacts' },
    isAnswer: (json) => fieldsIn(json).length > 0,
  });
  return [...fieldsIn(json), firstOfProperty(phone)];
}

function bodyOf(contact: JsonObject, id: string): JsonObject {
  const told = Object.entries(contact)
    .filter(([name]) => !name.startsWith('$'))
    .map(([name, value]): [string, Json] => [name, plainOf(value)]);
  // Written in the zone of the user who is signed in.
  const Modified_Time = timeOf(momentOf(contact['Modified_Time'])!);
  return withFirstOf({ ...Object.fromEntries(told), Modified_Time, id }, phone);
}

/** Of a lookup the ID, as text. */
function plainOf(value: Json): Json {
  const id = wordOf(objectOf(value)['id']);
  return id === undefined ? value : { id };
}

/** Whole seconds, in UTC. */
export function timeOf(epochMs: number): string {
  return `${isoSeconds(epochMs)}+00:00`;
}
