// The stream of users as Braze exports them by ID. It knows no webhooks.
import {
  type Context,
  type Json,
  type JsonObject,
  RejectedError,
  type SourceRecord,
  type Stream,
} from '#connector';
import { listOf, objectOf, requestList, wordOf } from '#connector/reading';
import { exportRequest, fieldsFor, standardFields } from './export.ts';
import type { Settings } from './settings.ts';

export const users: Stream<Settings> = {
  name: 'users',
  // An export leaves out what is empty: what is absent from one has no value.
  exhaustive: [''],
  read: { maxIds: 50, records: read },
};

async function read(
  { api, settings, now }: Context<Settings>,
  { recordIds, properties }: { recordIds: readonly string[]; properties: readonly string[] },
): Promise<{ records: SourceRecord[]; missing: string[] }> {
  if (settings.apiKey === undefined) {
    throw new RejectedError('Users of Braze cannot be read without apiKey.', { code: 'no_api_key' });
  }
  const asked = [...new Set(recordIds)];
  const fields = fieldsFor(properties);
  const { list: found, body } = await requestList(api, exportRequest(asked, fields), 'users');
  const { invalid_user_ids: invalid } = body;
  const only = asked.length === 1 && found.length === 1 ? asked[0] : undefined;
  const records = found.flatMap((user): SourceRecord[] => {
    // An export may leave the ID out even where it was asked for (braze-client#22).
    const recordId = wordOf(objectOf(user)['external_id']) ?? only;
    // A profile has no time of change: what is read now is how it is now.
    return recordId === undefined
      ? []
      : [{ recordId, changedAt: now, body: bodyOf(user, recordId, fields, properties) }];
  });
  const unknown = new Set(listOf(invalid).map(wordOf));
  return { records, missing: asked.filter((id) => unknown.has(id)) };
}

/**
 * Flat: custom attributes stand beside the fields, which win where two have one name. An export leaves out what is null,
 * false or empty, so a field that was asked for and is not there is null.
 */
function bodyOf(
  user: Json,
  recordId: string,
  fields: readonly string[],
  properties: readonly string[],
): JsonObject {
  const { custom_attributes: custom, ...told } = objectOf(user);
  const body: JsonObject = { ...objectOf(custom), ...told };
  for (const name of fields) if (name !== 'custom_attributes') body[name] = told[name] ?? null;
  if (properties.includes('custom_attributes')) body['custom_attributes'] = custom ?? null;
  body['external_id'] = recordId;
  if (properties.length === 0) return body;
  const wanted = new Set(['external_id', ...properties]);
  return Object.fromEntries(
    Object.entries(body).filter(([name]) => wanted.has(name) || standardFields.has(name)),
  );
}
