// Webhooks of commercetools: its Subscriptions write to a queue of Google, Amazon or Microsoft, which calls the
// address. The secret in the address is the only shared one. A notification only causes a customer to be read.
// https://docs.commercetools.com/api/projects/subscriptions
import { type Change, type Json, type JsonObject, RejectedError } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import type { Webhook } from '#connector/webhook';
import { isId } from './customer.ts';
import type { Settings } from './settings.ts';

const stream = 'customers';

export function webhook({ projectKey, urlToken = [] }: Settings): Webhook<Change> {
  return {
    authentication: urlToken.length > 0 ? [{ kind: 'credential', at: 'path', values: urlToken }] : [],
    ...(urlToken.length === 0 && { missing: 'Set urlToken, a secret at the end of the address.' }),
    handshake: { cloudEvents: true },
    // The message of SNS is a text.
    decoding: { form: 'json', stringified: ['Message'] },
    // Pub/Sub keeps what was not acknowledged for a week.
    retryHorizonSeconds: 8 * 86_400,
    // Messages of passwords and addresses hold tokens that open the account of a customer.
    neverKept: (item) => /password|token/i.test(wordOf(notificationIn(item)['type']) ?? ''),
    key: (item) => keyOf(notificationIn(item)),
    changes: (item, { receivedAt }) => changesOf(item, { receivedAt, projectKey }),
    notes: [
      'Create a Subscription with changes: [{"resourceTypeId": "customer"}] and a destination that calls addresses: Google Cloud Pub/Sub (a push subscription), Amazon SNS (HTTPS) or Azure Event Grid.',
      'Subscribe to no messages: they say nothing that changes do not, and some hold tokens, which are not stored.',
      'Amazon SNS first sends a SubscriptionConfirmation: find it with `tributary inbox`, and open its SubscribeURL.',
      'Keep a schedule: what a Subscription cannot deliver is lost.',
    ],
    sample: JSON.stringify({
      notificationType: 'ResourceCreated',
      projectKey,
      resource: { typeId: 'subscription', id: '00000000-0000-4000-8000-000000000000' },
    }),
  };
}

/** Out of the envelopes of Pub/Sub (base64), SNS and CloudEvents (Event Grid), which may be in one of the others; or bare. */
function notificationIn(item: Json): JsonObject {
  const body = objectOf(item);
  if (body['notificationType'] !== undefined) return body;
  const packed = objectOf(body['message'])['data'];
  if (typeof packed === 'string') return notificationIn(parsed(packed));
  const inner = body['specversion'] === undefined ? body['Message'] : body['data'];
  return inner === undefined ? {} : notificationIn(inner);
}

function parsed(base64: string): JsonObject {
  try {
    return objectOf(JSON.parse(Buffer.from(base64, 'base64').toString()));
  } catch {
    return {};
  }
}

/** A message has an ID. A change is named by its customer, the version and what happened. */
function keyOf(notification: JsonObject): string | null {
  const { notificationType, id, version, resource } = notification;
  if (notificationType === 'Message') return wordOf(id) ?? null;
  const parts = [objectOf(resource)['id'], version, notificationType].map(wordOf);
  return parts.every((part) => part !== undefined) ? parts.join(' ') : null;
}

function changesOf(
  item: Json,
  { receivedAt, projectKey }: { receivedAt: number; projectKey: string },
): Change[] {
  const ignored = (reason: string): Change[] => [{ kind: 'ignored', reason }];
  if (/Confirmation$/.test(wordOf(objectOf(item)['Type']) ?? ''))
    return ignored('It asks to confirm a subscription of SNS: open its SubscribeURL.');
  const notification = notificationIn(item);
  const { notificationType, type, resource } = notification;
  const { typeId, id } = objectOf(resource);
  if (notification['projectKey'] !== projectKey)
    return ignored('It is about a project other than `projectKey`.');
  if (typeId !== 'customer') return ignored('It is not about a customer.');
  const recordId = wordOf(id);
  if (recordId === undefined || !isId(recordId))
    throw new RejectedError('The notification names no customer.', { code: 'no_id' });
  const changedAt = momentOf(notification['modifiedAt'] ?? notification['createdAt']) ?? receivedAt;
  const touch = { kind: 'touch', stream, recordId, changedAt } as const;
  if (notificationType === 'ResourceDeleted')
    return [{ ...touch, gone: notification['dataErasure'] === true ? 'erased' : 'deleted' }];
  return [type === 'CustomerDeleted' ? { ...touch, gone: 'deleted' } : touch];
}
