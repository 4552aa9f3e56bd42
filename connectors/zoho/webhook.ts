// Notifications: one operation on any number of contacts, known by the token of the channel, which Zoho sends back in the body. The
// contacts are read. https://www.zoho.com/crm/developer/docs/api/v8/notifications/overview.html
import { type Change, type JsonObject, RejectedError } from '#connector';
import { listOf, momentOf, objectOf, wordOf } from '#connector/reading';
import { credential } from '#connector/schemes';
import { ignored, touches, wholeSecond } from '#connector/touches';
import type { Webhook } from '#connector/webhook';
import { isId } from './contact.ts';
import type { Settings } from './settings.ts';

export function webhook({ webhookToken, renewChannel }: Settings): Webhook<Change> {
  return {
    authentication: credential({ field: 'token' }, webhookToken),
    missing: 'Set webhookToken to the token of the notification channel: Zoho signs nothing.',
    decoding: { form: 'json' },
    // No retry is documented.
    retryHorizonSeconds: 86_400,
    key: (item) => keyOf(objectOf(item)),
    changes: (item, { receivedAt }) => changesOf(objectOf(item), receivedAt),
    notes: [
      renewChannel
        ? 'Tributary opens the channel and renews it, if publicUrl is set. The sign-in must have the scope ZohoCRM.notifications.ALL.'
        : 'Enable notifications with POST /crm/v8/actions/watch: events ["Contacts.all"], the address above as notify_url, webhookToken as token, a channel_id of your own, and channel_expiry without milliseconds, at most seven days ahead. Set a later channel_expiry with PATCH before it expires.',
      'Keep a schedule: a notification that fails may not come again.',
    ],
    sample: JSON.stringify({ module: 'Contacts', operation: 'update', ids: ['1'], token: webhookToken?.[0] }),
  };
}

function keyOf({ channel_id, server_time, operation, ids }: JsonObject): string | null {
  const named = [channel_id, server_time, operation, ...listOf(ids)].map(wordOf);
  return named.includes(undefined) || named.length < 4 ? null : named.join(' ');
}

function changesOf(body: JsonObject, receivedAt: number): Change[] {
  const ids = listOf(body['ids']);
  if (wordOf(body['module']) === undefined || ids.length === 0)
    throw new RejectedError('This is not a notification of Zoho CRM: it has no module or no IDs.', {
      code: 'no_ids',
    });
  if (body['module'] !== 'Contacts') return ignored('It is not about contacts.');
  // One time for all of them, in milliseconds. The API returns whole seconds for the same state.
  const changedAt = wholeSecond(Math.min(momentOf(body['server_time']) ?? receivedAt, receivedAt));
  const gone = body['operation'] === 'delete' ? 'deleted' : undefined;
  return ids.flatMap((id) =>
    isId(wordOf(id) ?? '')
      ? touches('contacts', id, { noun: 'contact', changedAt, gone })
      : ignored('Its ID is invalid.'),
  );
}
