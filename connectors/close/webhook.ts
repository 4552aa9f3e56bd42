// Close's webhooks: one event each, signed. The contact that one is about is read, because its address is the lead's; so are all
// contacts of a lead. https://developer.close.com/resources/webhook-subscriptions
import type { Change, JsonObject } from '#connector';
import { listOf, momentOf, objectOf, wordOf } from '#connector/reading';
import { signature } from '#connector/schemes';
import { ignored, touches } from '#connector/touches';
import type { Webhook } from '#connector/webhook';
import type { Settings } from './settings.ts';

export function webhook({ signatureKey, organizationId }: Settings): Webhook<Change> {
  return {
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
    key(item) {
      const { id, date_updated } = objectOf(item);
      return wordOf(id) === undefined ? null : `${wordOf(id)} ${wordOf(date_updated) ?? ''}`;
    },
    changes: (item, { receivedAt }) => changesOf(objectOf(item), organizationId, receivedAt),
    notes: [
      'Create it with POST /api/v1/webhook/ and the events created, updated and deleted of contact, and updated, merged and deleted of lead.',
      'Keep the signature_key of the answer: Close does not show it again.',
      'Set schedule and fullSchedule as well: Close pauses a webhook that has failed for three days.',
    ],
    sample: `{"subscription_id": "whsub_sample", "event": {"id": "ev_sample", "object_type": "sample", "action": "sample", "organization_id": "${organizationId ?? ''}"}}`,
  };
}

function changesOf(event: JsonObject, organizationId: string | undefined, receivedAt: number): Change[] {
  if (organizationId !== undefined && event['organization_id'] !== organizationId)
    return ignored('It is about another organization than organizationId.');
  const { object_type, object_id, data, previous_data, date_updated, action } = event;
  // The event's own time is later than that of the state it shows.
  const changedAt = momentOf(objectOf(data)['date_updated']) ?? momentOf(date_updated) ?? receivedAt;
  const gone = action === 'deleted' ? 'deleted' : undefined;
  const about = { noun: 'contact', changedAt, gone } as const;
  if (object_type === 'contact') return touches('contacts', object_id, about);
  if (object_type !== 'lead') return ignored('It is not about a contact or a lead.');
  const ids = [data, previous_data].flatMap((lead) => listOf(objectOf(lead)['contact_ids']).map(wordOf));
  const known = [...new Set(ids)].filter((id) => id !== undefined);
  return known.length > 0
    ? touches('contacts', known, about)
    : ignored('It is about a lead without contacts.');
}
