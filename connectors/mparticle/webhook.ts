// Batches of the event output "Webhook": the attributes and identities of one user that mParticle knew when it sent them. Filters
// may hold some back, so only what a batch calls deleted is removed. https://docs.mparticle.com/integrations/webhook/event
import { type Change, type Json, type JsonObject, RejectedError } from '#connector';
import { listOf, momentOf, objectOf, wordOf } from '#connector/reading';
import { credential } from '#connector/schemes';
import { ignored, touches } from '#connector/touches';
import type { Webhook } from '#connector/webhook';
import type { Settings } from './settings.ts';
import { bodyOf, identityKey, keyOf } from './users.ts';

export function webhook(settings: Settings): Webhook<Change> {
  const { webhookToken, urlToken } = settings;
  return {
    authentication: [
      ...credential({ header: 'authorization' }, webhookToken),
      ...credential('path', urlToken),
    ],
    missing: 'Set webhookToken to the value of Authorization in the event output, or set urlToken.',
    decoding: { form: 'json' },
    // Timeouts and errors that are not fatal are repeated, for a limited time that is not documented.
    retryHorizonSeconds: 24 * 3600,
    // A 4xx could be fatal, and the batch lost.
    refuseWith: 503,
    key: (item) => wordOf(objectOf(item)['batch_id']) ?? null,
    changes: (item, { receivedAt }) => changesOf(objectOf(item), receivedAt, settings),
    notes: [
      'Add the event output Webhook with the method POST and the header Authorization. Switch on Include User Attribute Change Events, Include Identity Change Events and Send Batches without Events.',
      'Only attributes and identities are used, of users with a customer ID, of one environment: filter out the rest in the connection. An attribute that a filter holds back keeps its last value.',
    ],
    sample: JSON.stringify({ mpid: 0, environment: settings.environment, user_identities: [] }),
  };
}

function changesOf(batch: JsonObject, receivedAt: number, settings: Settings): Change[] {
  if (!Array.isArray(batch['user_identities']) && wordOf(batch['mpid']) === undefined)
    throw new RejectedError('This is not a batch: it has no mpid and no identities.', { code: 'no_batch' });
  if (batch['environment'] !== settings.environment) return ignored('It is of another environment.');
  const body = bodyOf(batch);
  const recordId = wordOf(body[identityKey(settings)]);
  if (recordId === undefined) return ignored('The user has no customer ID: it is anonymous.');
  const changedAt = momentOf(batch['timestamp_unixtime_ms']) ?? receivedAt;
  // That a profile is gone is proven by reading it.
  if (settings.profiles && dataOf(batch, 'profile').some((data) => data['profile_event_type'] === 'delete'))
    return touches('users', recordId, { noun: 'user', changedAt, gone: 'deleted' });
  const record = { recordId, changedAt, body: { ...removedBy(batch), ...body } };
  return [{ kind: 'record', stream: 'users', record, partial: true }];
}

/** Attributes that the batch says are removed. One that it also holds was set again. */
function removedBy(batch: JsonObject): JsonObject {
  const gone = dataOf(batch, 'user_attribute_change').filter(({ deleted }) => deleted === true);
  const names = [
    ...listOf(batch['deleted_user_attributes']),
    ...gone.map((one) => one['user_attribute_name']),
  ];
  return Object.fromEntries(names.map((name) => [keyOf(String(name as Json)), null]));
}

/** The data of the events of this type. */
function dataOf(batch: JsonObject, type: string): JsonObject[] {
  const events = listOf(batch['events']).map(objectOf);
  return events.filter(({ event_type }) => event_type === type).map(({ data }) => objectOf(data));
}
