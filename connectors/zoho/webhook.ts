// Notifications: one operation on any number of contacts, known by the token of the channel, which Zoho sends back in the body. The
// contacts are read. https://www.zoho.com/crm/developer/docs/api/v8/notifications/overview.html
import { RejectedError } from '#connector';
import { listOf, momentOf, wordOf } from '#connector/reading';
import { credential } from '#connector/schemes';
import { thinWebhook } from '#connector/thin-webhook';
import { isId } from './contact.ts';
import type { Settings } from './settings.ts';

export const webhook = ({ webhookToken, renewChannel }: Settings) =>
  thinWebhook({
    authentication: credential({ field: 'token' }, webhookToken),
    missing: 'Set webhookToken to the token of the notification channel: Zoho signs nothing.',
    // No retry is documented.
    retryHorizonSeconds: 86_400,
    key({ channel_id, server_time, operation, ids }) {
      const named = [channel_id, server_time, operation, ...listOf(ids)].map(wordOf);
      return named.includes(undefined) || named.length < 4 ? null : named.join(' ');
    },
    stream: 'contacts',
    noun: 'contact',
    // The API returns whole seconds for the same state.
    wholeSeconds: true,
    naming({ module, ids, operation, server_time }, { receivedAt }) {
      if (wordOf(module) === undefined || listOf(ids).length === 0)
        throw new RejectedError('This is not a notification of Zoho CRM: it has no module or no IDs.', {
          code: 'no_ids',
        });
      if (module !== 'Contacts') return 'It is not about contacts.';
      const known = listOf(ids).filter((id) => isId(wordOf(id) ?? ''));
      if (known.length === 0) return 'Its IDs are invalid.';
      // One time for all of them, in milliseconds.
      const changedAt = Math.min(momentOf(server_time) ?? receivedAt, receivedAt);
      return { ids: known, changedAt, gone: operation === 'delete' && 'deleted' };
    },
    notes: [
      renewChannel
        ? 'Tributary opens the channel and renews it, if publicUrl is set. The sign-in must have the scope ZohoCRM.notifications.ALL.'
        : 'Enable notifications with POST /crm/v8/actions/watch: events ["Contacts.all"], the address above as notify_url, webhookToken as token, a channel_id of your own, and channel_expiry without milliseconds, at most seven days ahead. Set a later channel_expiry with PATCH before it expires.',
      'Keep a schedule: a notification that fails may not come again.',
    ],
    sample: JSON.stringify({ module: 'Contacts', operation: 'update', ids: ['1'], token: webhookToken?.[0] }),
  });
