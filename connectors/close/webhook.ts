// Close's webhooks: one event each, signed. The contact that one is about is read, because its address is the lead's; so are all
// contacts of a lead. https://developer.close.com/resources/webhook-subscriptions
import { listOf, momentOf, objectOf, wordOf } from '#connector/reading';
import { signature } from '#connector/schemes';
import { thinWebhook } from '#connector/thin-webhook';
import type { Settings } from './settings.ts';

export const webhook = ({ signatureKey, organizationId }: Settings) =>
  thinWebhook({
    authentication: signature(signatureKey, {
      secretEncoding: 'hex',
      message: ['timestamp', 'body'],
      header: 'close-sig-hash',
      encoding: 'hex',
      // A repeat only has the contact read again.
      timestamp: { from: { header: 'close-sig-timestamp' }, unit: 'seconds', toleranceSeconds: null },
    }),
    missing: 'Set signatureKey to the signature_key of the webhook, which Close shows once.',
    decoding: { form: 'json', items: ['event'] },
    retryHorizonSeconds: 73 * 3600,
    // Close sends an event again, with the same ID, when more was added to it.
    key: ({ id, date_updated }) =>
      wordOf(id) === undefined ? null : `${wordOf(id)} ${wordOf(date_updated) ?? ''}`,
    stream: 'contacts',
    noun: 'contact',
    account: { at: 'organization_id', noun: 'organization', id: organizationId },
    naming({ object_type: type, object_id, data, previous_data, date_updated, action }) {
      // The event's own time is later than that of the state it shows.
      const changedAt = momentOf(objectOf(data)['date_updated']) ?? momentOf(date_updated);
      const gone = action === 'deleted' && 'deleted';
      if (type === 'contact') return { ids: object_id, changedAt, gone };
      if (type !== 'lead') return 'It is not about a contact or a lead.';
      const ids = [data, previous_data].flatMap((lead) => listOf(objectOf(lead)['contact_ids']));
      if (ids.length === 0) return 'It is about a lead without contacts.';
      return { ids: [...new Set(ids)], changedAt, gone };
    },
    notes: [
      'Create it with POST /api/v1/webhook/ and the events created, updated and deleted of contact, and updated, merged and deleted of lead.',
      'Keep the signature_key of the answer: Close does not show it again.',
      'Set schedule and fullSchedule as well: Close pauses a webhook that has failed for three days.',
    ],
    sample: `{"subscription_id": "whsub_sample", "event": {"id": "ev_sample", "object_type": "sample", "action": "sample", "organization_id": "${organizationId ?? ''}"}}`,
  });
