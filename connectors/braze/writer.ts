// Writes custom attributes of users by their external ID, many at a time. Braze answers before it processes them and leaves
// strangers out without a word, so everybody who was written is read back.
// https://www.braze.com/docs/api/endpoints/user_data/post_user_track
import type { Context, JsonObject, Permission, PersonWrite, Quota, WriteOutcome, Writer } from '#connector';
import { triedWrite } from '#connector/checking';
import { listOf, objectOf, wordOf } from '#connector/reading';
import { standardFields } from './export.ts';
import type { Settings } from './settings.ts';
import { exported } from './users.ts';

export const trackPath = '/users/track';
export const trackBucket = 'track';
/** 50,000 a minute, of newer contracts 3,000 in three seconds: the less of both at any time. */
export const trackQuota: Quota = { name: 'track', requests: 2_500, seconds: 3, bucket: trackBucket };

/** One request takes 75; one export reads 50 back, so that each of them is judged by what Braze holds. */
const maxInRequest = 50;

/** Fields that are written and not exported: https://www.braze.com/docs/api/objects_filters/user_attributes_object */
const writtenFields: ReadonlySet<string> = new Set([
  ...['alias_label', 'alias_name', 'current_location', 'date_of_first_session', 'date_of_last_session'],
  ...['email_click_tracking_disabled', 'email_open_tracking_disabled', 'email_unsubscribe', 'facebook'],
  ...['image_url', 'marked_email_as_spam_at', 'push_token_import', 'push_unsubscribe', 'subscription_groups'],
  ...['twitter', 'user_alias', 'user_id'],
]);

export const writer: Writer<Settings> = {
  stream: 'users',
  traits: () => ({
    // Of 4 MB, or 2 MB where a workspace was moved to the route for bulk.
    bulk: { maxRecords: maxInRequest, maxBytes: 1_900_000, bucket: trackBucket },
    singlesAtOnce: 1,
    answers: 'none',
  }),
  bodyPath: (attribute) => [attribute],
  movedByWrites: [],
  attributeFault: (attribute) =>
    /^[_$]/.test(attribute) || standardFields.has(attribute) || writtenFields.has(attribute)
      ? 'the name of a custom attribute: this one belongs to Braze'
      : null,
  payload: (writes) => ({
    attributes: writes.map(
      ({ recordId, attributes }): JsonObject => ({
        ...(attributes as JsonObject),
        external_id: recordId,
        _update_existing_only: true,
      }),
    ),
  }),
  write,
  read: {
    maxIds: maxInRequest,
    // 31 seconds were recorded.
    lagSeconds: 60,
    async people({ api }, { recordIds, attributes }) {
      const { found } = await exported(api, recordIds, ['external_id', 'custom_attributes']);
      return found.map(([recordId, user]) => {
        const custom = objectOf(objectOf(user)['custom_attributes']);
        const values = attributes.map((name) => [name, custom[name] ?? null]);
        return { recordId, attributes: Object.fromEntries(values) };
      });
    },
  },
  check,
};

/**
 * The errors of a success name those who were left out by their place (recorded). How many were taken is an optional part of the
 * documented answer, which is shown without it where there are errors.
 */
async function write(
  { api, settings }: Context<Settings>,
  writes: readonly PersonWrite[],
): Promise<WriteOutcome[]> {
  const { json } = await api.request({
    method: 'POST',
    path: trackPath,
    bucket: trackBucket,
    json: writer.payload(writes, settings),
    isAnswer: (json) => objectOf(json)['message'] === 'success',
  });
  const errors = listOf(objectOf(json)['errors']).map(objectOf);
  return writes.map(({ sourceId }, index): WriteOutcome => {
    const error = errors.find((one) => one['index'] === index && one['input_array'] === 'attributes');
    if (!error) return { sourceId, result: 'accepted' };
    const message = wordOf(error['type']) ?? 'Braze gave no reason';
    return { sourceId, result: 'rejected', code: 'invalid_attributes', message, details: error };
  });
}

async function check({ api, settings }: Context<Settings>): Promise<Permission[]> {
  const what = 'write users';
  if (settings.apiKey === undefined)
    return [{ what, allowed: false, note: 'No apiKey is set: give one with the permission users.track.' }];
  const write = await triedWrite(what, 'Custom attributes of users can be written.', () =>
    api.request({ method: 'POST', path: trackPath, bucket: trackBucket, json: { attributes: [] } }),
  );
  if (settings.segmentId !== undefined) return [write];
  const note =
    'Without segmentId only users that Currents has named are written, because a user must have been read before. Set segmentId.';
  return [write, { what: 'find the users to write', allowed: null, note }];
}
