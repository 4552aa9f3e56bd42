// Webhooks of commercetools: its Subscriptions write to a queue of Google, Amazon or Microsoft, which calls the
// address. The secret in the address is the only shared one. A notification only causes a customer to be read.
// https://docs.commercetools.com/api/projects/subscriptions
import type { Change, Json, JsonObject } from '#connector';
import { isSnsConfirmation, messageIn, queueDecoding } from '#connector/queue-envelopes';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import { credential } from '#connector/schemes';
import { ignored, touches } from '#connector/touches';
import type { Webhook } from '#connector/webhook';
import { isId } from './customers.ts';
import type { Settings } from './settings.ts';

export function webhook({ projectKey, urlToken }: Settings): Webhook<Change> {
  return {
    authentication: credential('path', urlToken),
    missing: 'Set urlToken, a secret at the end of the address.',
    handshake: { cloudEvents: true },
    decoding: queueDecoding,
    // Pub/Sub keeps what was not acknowledged for a week.
    retryHorizonSeconds: 8 * 86_400,
    // Messages of passwords and addresses hold tokens that open the account of a customer.
    neverKept: (item) => /password|token/i.test(wordOf(notificationIn(item)['type']) ?? ''),
    key: (item) => keyOf(notificationIn(item)),
    changes: (item, { receivedAt }) =>
      isSnsConfirmation(item)
        ? ignored('It asks to confirm a subscription of SNS: open its SubscribeURL.')
        : changesOf(notificationIn(item), projectKey, receivedAt),
    notes: [
      'Create a Subscription with changes: [{"resourceTypeId": "customer"}] and a destination that calls addresses: Google Cloud Pub/Sub (a push subscription), Amazon SNS (HTTPS) or Azure Event Grid.',
      'Subscribe to no messages: they say nothing that changes do not, and some hold tokens, which are not stored.',
      'Amazon SNS first sends a SubscriptionConfirmation: find it with `tributary inbox`, and open its SubscribeURL.',
      'Keep a schedule: what a Subscription cannot deliver is lost.',
    ],
    sample: `{"notificationType": "ResourceCreated", "projectKey": "${projectKey}", "resource": {"typeId": "subscription", "id": "00000000-0000-4000-8000-000000000000"}}`,
  };
}

function notificationIn(item: Json): JsonObject {
  return messageIn(item, ({ notificationType }) => notificationType !== undefined);
}

/** A message has an ID. A change is named by its customer, the version and what happened. */
function keyOf({ notificationType, id, version, resource }: JsonObject): string | null {
  if (notificationType === 'Message') return wordOf(id) ?? null;
  const parts = [objectOf(resource)['id'], version, notificationType].map(wordOf);
  return parts.includes(undefined) ? null : parts.join(' ');
}

function changesOf(notification: JsonObject, projectKey: string, receivedAt: number): Change[] {
  const { notificationType, type, resource, dataErasure, modifiedAt, createdAt } = notification;
  const { typeId, id } = objectOf(resource);
  if (notification['projectKey'] !== projectKey)
    return ignored('It is about a project other than `projectKey`.');
  if (typeId !== 'customer') return ignored('It is not about a customer.');
  const isDeleted = notificationType === 'ResourceDeleted' || type === 'CustomerDeleted';
  const isErased = notificationType === 'ResourceDeleted' && dataErasure === true;
  return touches('customers', id, {
    noun: 'customer',
    isId,
    changedAt: momentOf(modifiedAt ?? createdAt) ?? receivedAt,
    gone: isErased ? 'erased' : isDeleted ? 'deleted' : undefined,
  });
}
