// The stream of users, which MoEngage reads by ID. https://www.moengage.com/docs/api/data
import type { Context, Json, JsonObject, SourceRecord, Stream } from '#connector';
import { listOf, objectOf, requestList, valueAt, wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

/** Always requested. There is no way to request all attributes. */
const standardFields = ['name', 'first_name', 'last_name', 'email', 'mobile', 'birthday', 'gender'];

export const users: Stream<Settings> & Required<Pick<Stream<Settings>, 'read'>> = {
  name: 'users',
  exhaustive: ({ absentIsEmpty }) => (absentIsEmpty ? [''] : []),
  // A user has no time of change: what was read later is the later state.
  clock: 'reading',
  read: { maxIds: 20, records: read },
};

async function read(
  context: Context<Settings>,
  { recordIds, properties }: { recordIds: readonly string[]; properties: readonly string[] },
): Promise<{ records: SourceRecord[]; missing: string[] }> {
  const { list, body } = await exportUsers(context, recordIds, properties);
  // In any order, and with nothing but their attributes to tell them apart.
  const records = list.flatMap((user): SourceRecord[] => {
    const attributes = objectOf(objectOf(user)['user_attributes']);
    const recordId = recordIds.find((id) => isId(id, attributes['customer_id']));
    return recordId === undefined
      ? []
      : [{ recordId, changedAt: context.now, body: bodyOf(recordId, attributes) }];
  });
  const unknown = listOf(valueAt(body, 'data.users_not_found')).map((one) => objectOf(one)['identifier']);
  return { records, missing: recordIds.filter((id) => unknown.some((one) => isId(id, one ?? null))) };
}

export function exportUsers(
  { api, settings }: Context<Settings>,
  ids: readonly string[],
  properties: readonly string[],
): ReturnType<typeof requestList> {
  const data = {
    identifiers: ids.map((identifier) => ({ identifier_type: 'customer_id', identifier })),
    user_fields_to_export: [...new Set(['customer_id', ...standardFields, ...properties])],
  };
  const query = { app_id: settings.workspaceId };
  return requestList(
    api,
    { method: 'POST', path: '/v1/customers/export', query, json: { data } },
    'data.users',
  );
}

/** The parts of a name stand in for the whole. */
function bodyOf(customer_id: string, attributes: JsonObject): JsonObject {
  const { name, first_name, last_name } = attributes;
  const whole = wordOf(name) ?? [first_name, last_name].flatMap((part) => wordOf(part) ?? []).join(' ');
  return { ...attributes, ...(whole !== '' && { name: whole }), customer_id };
}

/** A whole number may be written with a point, also as a text. */
function isId(id: string, said: Json | undefined): boolean {
  const word = wordOf(said);
  return word === id || word?.replace(/^(\d+)\.0+$/, '$1') === id;
}
