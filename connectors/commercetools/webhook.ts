// Webhooks of commercetools: its Subscriptions write to a queue of Google, Amazon or Microsoft, which calls the
// address. The secret in the address is the only shared one. A notification only causes a customer to be read.
// https://docs.commercetools.com/api/projects/subscriptions
import { queuedWebhook } from '#connector/queue-envelopes';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import { credential } from '#connector/schemes';
import { isId } from './customers.ts';
import type { Settings } from './settings.ts';

export const webhook = ({ projectKey, urlToken }: Settings) =>
  queuedWebhook({
    authentication: credential('path', urlToken),
    missing: 'Set urlToken, a secret at the end of the address.',
    // Pub/Sub keeps what was not acknowledged for a week.
    retryHorizonSeconds: 8 * 86_400,
    isMessage: ({ notificationType }) => notificationType !== undefined,
    // Messages of passwords and addresses hold tokens that open the account of a customer.
    neverKept: ({ type }) => /password|token/i.test(wordOf(type) ?? ''),
    // A message has an ID. A change is named by its customer, the version and what happened.
    key({ notificationType, id, version, resource }) {
      if (notificationType === 'Message') return wordOf(id) ?? null;
      const parts = [objectOf(resource)['id'], version, notificationType].map(wordOf);
      return parts.includes(undefined) ? null : parts.join(' ');
    },
    stream: 'customers',
    noun: 'customer',
    isId,
    naming({ notificationType, type, resource, dataErasure, ...rest }) {
      const { typeId, id: ids } = objectOf(resource);
      if (rest['projectKey'] !== projectKey) return 'It is about a project other than `projectKey`.';
      if (typeId !== 'customer') return 'It is not about a customer.';
      const changedAt = momentOf(rest['modifiedAt'] ?? rest['createdAt']);
      const isGone = notificationType === 'ResourceDeleted' || type === 'CustomerDeleted';
      return { ids, changedAt, gone: isGone && (dataErasure === true ? 'erased' : 'deleted') };
    },
    notes: [
      'Create a Subscription with changes: [{"resourceTypeId": "customer"}] and a destination that calls addresses: Google Cloud Pub/Sub (a push subscription), Amazon SNS (HTTPS) or Azure Event Grid.',
      'Subscribe to no messages: they say nothing that changes do not, and some hold tokens, which are not stored.',
      'Keep a schedule: what a Subscription cannot deliver is lost.',
    ],
    sample: `{"notificationType": "ResourceCreated", "projectKey": "${projectKey}", "resource": {"typeId": "subscription", "id": "00000000-0000-4000-8000-000000000000"}}`,
  });
