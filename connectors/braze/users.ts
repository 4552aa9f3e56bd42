// The stream of users, which Braze exports by ID.
import {
  type Api,
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
  // A profile has no time of change: what was read later is the later state.
  clock: 'reading',
  // What was just written shows up to 31 seconds later (recorded); until then a new profile is said not to be there.
  read: { maxIds: 50, lagSeconds: 60, records: read },
};

async function read(
  { api, settings, now }: Context<Settings>,
  { recordIds, properties }: { recordIds: readonly string[]; properties: readonly string[] },
): Promise<{ records: SourceRecord[]; missing: string[] }> {
  if (settings.apiKey === undefined) {
    throw new RejectedError('Users of Braze cannot be read without apiKey.', { code: 'no_api_key' });
  }
  const fields = fieldsFor(properties);
  const answers = await exported(api, [...new Set(recordIds)], fields);
  const records = answers.found.map(([recordId, user]) => ({
    recordId,
    changedAt: now,
    body: bodyOf(user, recordId, fields, properties),
  }));
  return { records, missing: answers.missing };
}

interface Exported {
  /** Profiles by the external ID that was asked for. */
  found: [externalId: string, user: Json][];
  missing: string[];
}

/**
 * Profiles of these external IDs. An export may leave the ID out even where it was asked for (braze-client#22): then those
 * that it does not account for are asked for one by one.
 */
export async function exported(
  api: Api,
  asked: readonly string[],
  fields: readonly string[],
): Promise<Exported> {
  const { list: users, body } = await requestList(api, exportRequest(asked, fields), 'users');
  const { invalid_user_ids: invalid } = body;
  const only = asked.length === 1 && users.length === 1 ? asked[0] : undefined;
  const named = users.map((user) => [wordOf(objectOf(user)['external_id']) ?? only, user] as const);
  // Somebody whom nobody asked for is in another's answer.
  const found = named.flatMap(([id, user]): Exported['found'] =>
    id !== undefined && asked.includes(id) ? [[id, user]] : [],
  );
  const unknown = new Set(listOf(invalid).map(wordOf));
  const missing = asked.filter((id) => unknown.has(id));
  if (asked.length === 1 || named.every(([id]) => id !== undefined)) return { found, missing };
  const answered = new Set([...missing, ...found.map(([id]) => id)]);
  for (const id of asked.filter((one) => !answered.has(one))) {
    const one = await exported(api, [id], fields);
    found.push(...one.found);
    missing.push(...one.missing);
  }
  return { found, missing };
}

/**
 * Flat: custom attributes stand beside the fields, which win where two have one name. An export leaves out what is null,
 * false or empty, so a field that was asked for and is not there is null.
 */
export function bodyOf(
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
