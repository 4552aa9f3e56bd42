// The stream of users, which Insider's Unified Customer Database reads one by one, by an identifier and with named attributes.
import { type Context, type Json, type SourceRecord, type Stream, TransientError } from '#connector';
import { readsById } from '#connector/by-id';
import { nested } from '#connector/paths';
import { objectOf, says } from '#connector/reading';
import type { Settings } from './settings.ts';

/** Always requested. There is no way to request all attributes. */
const standardAttributes = [
  'name',
  'surname',
  'email',
  'phone_number',
  'birthday',
  'city',
  'country',
  'language',
];

export const users = {
  name: 'users',
  exhaustive: ({ absentIsEmpty }) => (absentIsEmpty ? [''] : []),
  // A user has no time of change: what was read later is the later state.
  clock: 'reading',
  read: readsById<Settings>({ maxIds: 10, isId: () => true, one: readOne }),
} satisfies Stream<Settings>;

/** Null: Insider says that there is no such user. */
export async function readOne(
  { api, settings, now }: Context<Settings>,
  id: string,
  properties: readonly string[],
): Promise<SourceRecord | null> {
  const { identifier, unknownUser } = settings;
  const attributesIn = (json: Json | undefined) => objectOf(json)['attributes'];
  const { status, json } = await api.request({
    method: 'POST',
    path: '/api/user/v1/profile',
    json: {
      identifiers: nested(identifier, id),
      attributes: [...new Set([...standardAttributes, ...properties.filter((name) => name !== identifier)])],
    },
    answers: [404],
    isAnswer: (json) =>
      attributesIn(json) !== undefined && objectOf(attributesIn(json)) === attributesIn(json),
  });
  if (status !== 404) {
    const { custom, ...attributes } = objectOf(attributesIn(json));
    // Own attributes under the names by which they are requested.
    const own = Object.entries(objectOf(custom)).map(([name, value]) => [`c_${name}`, value]);
    return {
      recordId: id,
      changedAt: now,
      body: { ...attributes, ...Object.fromEntries(own), [identifier]: id },
    };
  }
  if (says(objectOf(json)['error'], unknownUser)) return null;
  throw new TransientError('A 404 was answered that is not about a user', { status, foreign: true });
}
