// Close's webhooks: one event each, signed. The contact that one is about is read, because its address is the lead's; so are all
// contacts of a lead. https://developer.close.com/resources/webhook-subscriptions
import { type Change, type JsonObject, RejectedError } from '#connector';
import { listOf, momentOf, objectOf, wordOf } from '#connector/reading';
import type { Webhook } from '#connector/webhook';
import type { Settings } from './settings.ts';

const stream = 'contacts';

export function webhook({ signatureKey = [], organizationId }: Settings): Webhook<Change> {
  return {
    authentication: signatureKey.length
      ? [
          {
            kind: 'signature',
            algorithm: 'hmac-sha256',
            secrets: signatureKey,
            secretEncoding: 'hex',
            message: ['timestamp', 'body'],
            header: 'close-sig-hash',
            encoding: 'hex',
            // A repeat only has the contact read again.
            timestamp: { from: { header: 'close-sig-timestamp' }, unit: 'seconds', toleranceSeconds: null },
          },
        ]
      : [],
    ...(signatureKey.length === 0 && {
      missing: 'Set signatureKey to the signature_key of the webhook, which Close shows once.',
    }),
    decoding: { form: 'json', items: ['event'] },
    retryHorizonSeconds: 73 * 3600,
    // Close sends an event again, with the same ID, when more was added to it.
    key(item) {
      const { id, date_updated } = objectOf(item);
      return wordOf(id) === undefined ? null : `${wordOf(id)} ${wordOf(date_updated) ?? ''}`;
    },
    changes: (item, { receivedAt }) => changesOf(objectOf(item), { receivedAt, organizationId }),
    notes: [
      'Create it with POST /api/v1/webhook/ and the events created, updated and deleted of contact, and updated, merged and deleted of lead.',
      'Keep the signature_key of the answer: Close does not show it again.',
      'Set schedule and fullSchedule as well: Close pauses a webhook that has failed for three days.',
    ],
    sample: JSON.stringify({
      subscription_id: 'whsub_sample',
      event: {
        id: 'ev_sample',
        object_type: 'sample',
        action: 'sample',
        organization_id: organizationId ?? '',
      },
    }),
  };
}

function changesOf(
  event: JsonObject,
  { receivedAt, organizationId }: { receivedAt: number; organizationId: string | undefined },
): Change[] {
  const ignored = (reason: string): Change[] => [{ kind: 'ignored', reason }];
  if (organizationId !== undefined && event['organization_id'] !== organizationId)
    return ignored('It is about another organization than organizationId.');
  const [data, previous] = [objectOf(event['data']), objectOf(event['previous_data'])];
  // The event's own time is later than that of the state it shows.
  const changedAt = momentOf(data['date_updated']) ?? momentOf(event['date_updated']) ?? receivedAt;
  const isDeleted = event['action'] === 'deleted';
  const touch = (recordId: string): Change => ({
    kind: 'touch',
    stream,
    recordId,
    changedAt,
    ...(isDeleted && { gone: 'deleted' as const }),
  });
  if (event['object_type'] === 'contact') {
    const recordId = wordOf(event['object_id']);
    if (recordId === undefined) throw new RejectedError('The webhook names no contact.', { code: 'no_id' });
    return [touch(recordId)];
  }
  if (event['object_type'] !== 'lead') return ignored('It is not about a contact or a lead.');
  const ids = [data, previous].flatMap((lead) => listOf(lead['contact_ids']).map(wordOf));
  const known = [...new Set(ids)].filter((id) => id !== undefined);
  return known.length ? known.map(touch) : ignored('It is about a lead without contacts.');
}
