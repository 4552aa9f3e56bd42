// The stream of users: profiles as the Profile API resolves them by ID, and what profiles and batches have in common.
// https://docs.mparticle.com/developers/profile-api
import {
  type Context,
  type Json,
  type JsonObject,
  RejectedError,
  type SourceRecord,
  type Stream,
} from '#connector';
import { readsById } from '#connector/by-id';
import { listOf, objectOf, says, wordOf } from '#connector/reading';
import { rowReader } from '#connector/rows';
import type { Settings } from './settings.ts';

export const users: Stream<Settings> = {
  name: 'users',
  // A batch may come soon after what it tells of has been stored.
  read: { ...readsById<Settings>({ maxIds: 10, isId: () => true, one: readOne }), lagSeconds: 60 },
};

/** Null: mParticle says in its own words that there is no such profile. */
export async function readOne(
  { api, settings }: Context<Settings>,
  id: string,
): Promise<SourceRecord | null> {
  const { profiles, environment, identityType, unknownProfile } = settings;
  if (!profiles) throw new RejectedError('Users are not read without `profiles`.', { code: 'no_profiles' });
  const { status, json } = await api.request({
    method: 'POST',
    path: `/userprofile/v1/resolve/${profiles.orgId}/${profiles.accountId}/${profiles.workspaceId}`,
    query: { fields: 'user_identities,user_attributes' },
    json: { environment_type: environment, identity: { type: identityType, value: id } },
    answers: [400],
    isAnswer: (json) => recordOf(json, settings)?.recordId === id,
  });
  if (status !== 400) return recordOf(json, settings)!;
  if (says(json, unknownProfile)) return null;
  throw new RejectedError(
    'mParticle refused to resolve a profile: make the identity type immutable in the identity strategy, and check the IDs in `profiles`.',
    { code: 'not_resolved' },
  );
}

function recordOf(json: Json | undefined, settings: Settings): SourceRecord | undefined {
  const body = bodyOf(objectOf(json));
  const read = rowReader({
    id: identityKey(settings),
    changedAt: 'last_stored_timestamp_ms',
    bodyOf: () => body,
  });
  return read({ ...objectOf(json), ...body });
}

/** The key of the source ID in a body. */
export function identityKey({ identityType }: Settings): string {
  return `identity_${identityType}`;
}

/** Flat: attributes under their names, identities behind `identity_`, and mParticle's own ID with all of its digits. */
export function bodyOf({ mpid, user_attributes, user_identities }: JsonObject): JsonObject {
  const attributes = Object.entries(objectOf(user_attributes)).map(([name, value]) => [keyOf(name), value]);
  return { ...Object.fromEntries(attributes), ...identitiesOf(user_identities), mpid: wordOf(mpid) ?? null };
}

/** SDKs write reserved attributes in several letter cases. */
export function keyOf(attribute: string): string {
  return attribute.startsWith('$') ? attribute.toLowerCase() : attribute;
}

/** Profiles and batches name the parts of an identity differently. A hash of an identity is none. */
function identitiesOf(given: Json | undefined): JsonObject {
  const identities = listOf(given).map(objectOf);
  const plain = identities.filter(({ encoding }) => ['raw', 'none', ''].includes(wordOf(encoding) ?? ''));
  return Object.fromEntries(
    plain.map((one) => [
      `identity_${wordOf(one['identity_type'] ?? one['type']) ?? 'unknown'}`,
      one['identity'] ?? one['value'] ?? null,
    ]),
  );
}
