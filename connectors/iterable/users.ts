// The stream of users, which Iterable's API returns one by one.
import {
  type Context,
  type Json,
  type JsonObject,
  type Property,
  RejectedError,
  type SourceRecord,
  type Stream,
} from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import { fieldsRequest, userRequest } from './requests.ts';
import type { Settings } from './settings.ts';

export const users: Stream<Settings> = {
  name: 'users',
  exhaustive: [''],
  // A profile that was merged or re-keyed may bear an older time: what was read later is the later state.
  clock: 'reading',
  // The API has no way to ask for several.
  // Writes show up late: the vendor advises to wait a minute before a read that depends on one (api-docs, users/update).
  read: { maxIds: 10, lagSeconds: 60, records: read },
  properties,
};

async function read(
  context: Context<Settings>,
  { recordIds, properties }: { recordIds: readonly string[]; properties: readonly string[] },
): Promise<{ records: SourceRecord[]; missing: string[] }> {
  if (context.settings.apiKey === undefined) {
    throw new RejectedError('Users of Iterable cannot be read without apiKey.', { code: 'no_api_key' });
  }
  const { api } = context;
  const ids = [...new Set(recordIds)];
  const found = await Promise.all(ids.map((id) => readUser(context, id, properties)));
  const records = new Map(found.flatMap((record) => (record ? [[record.recordId, record]] : [])));
  // That there is no such user is said by an empty object, which anybody may answer: so the API has to show that it is there.
  if (found.includes(undefined)) await api.request(fieldsRequest);
  // Of an ID in another letter case the record is given under its own.
  return {
    records: [...records.values()],
    missing: ids.filter((id, index) => found[index]?.recordId !== id),
  };
}

/**
 * A user that there is not is answered with 200 and an empty object, or with a `user` that is null. Any other object is
 * somebody else's answer, and so is a user of another ID: neither proves that a user is gone.
 */
async function readUser(
  { api, settings, now }: Context<Settings>,
  id: string,
  properties: readonly string[],
): Promise<SourceRecord | undefined> {
  // Iterable refuses an address that is none, and that is no user's.
  if (settings.key === 'email' && !/^[^\s@]+@[^\s@]+$/.test(id)) return undefined;
  const isAnswer = (json: Json | undefined) => isUserOrNone(json, settings.key, id);
  const { json } = await api.request({ ...userRequest(id, settings.key), isAnswer });
  const user = objectOf(objectOf(json)['user']);
  if (Object.keys(user).length === 0) return undefined;
  const body = bodyOf(user, properties);
  return {
    recordId: recordIdOf(id, settings.key),
    changedAt: momentOf(body['profileUpdatedAt']) ?? now,
    body,
  };
}

/** An address is one whatever its letter case. */
export function recordIdOf(id: string, key: Settings['key']): string {
  return key === 'email' ? id.toLowerCase() : id;
}

function isUserOrNone(json: Json | undefined, key: Settings['key'], id: string): boolean {
  if (objectOf(json) !== json) return false;
  const { user } = json;
  if (Object.keys(json).length === 0 || user === null) return true;
  if (user === undefined || objectOf(user) !== user) return false;
  const named = wordOf(user[key]) ?? id;
  return named.toLowerCase() === id.toLowerCase();
}

/** The profile is told whole: of what was asked for, what is not in it is empty. */
export function bodyOf(user: JsonObject, properties: readonly string[]): JsonObject {
  const { dataFields, ...top } = user;
  const body = withoutPlaceholder(readable({ ...objectOf(dataFields), ...top }));
  for (const name of properties) if (!Object.hasOwn(body, name)) body[name] = null;
  return body;
}

/** `2025-12-19T22:43:34.134105.000Z`: some times of Iterable have two fractions of a second, of which the first is one. */
const twoFractions = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+)\.\d+(?=Z$|[ +-])/;

/** The same with its times as others write them. */
export function readable<Value extends Json>(value: Value): Value;
export function readable(value: Json): Json {
  if (typeof value === 'string') return value.replace(twoFractions, '$1');
  if (Array.isArray(value)) return value.map((inner) => readable(inner));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, readable(inner)]));
}

/** Iterable gives users without an e-mail one of its own: they have none. */
export function withoutPlaceholder(body: JsonObject): JsonObject {
  return isPlaceholder(body['email']) ? { ...body, email: null } : body;
}

export function isPlaceholder(email: unknown): boolean {
  return typeof email === 'string' && /@placeholder\.email\s*$/i.test(email);
}

async function properties({ api, settings }: Context<Settings>): Promise<Property[]> {
  if (settings.apiKey === undefined) return [];
  const { json } = await api.request(fieldsRequest);
  const fields = { email: 'string', userId: 'string', ...objectOf(objectOf(json)['fields']) };
  return Object.entries(fields).map(([name, type]) => ({
    name,
    label: name,
    type: typeof type === 'string' ? type : 'unknown',
  }));
}
