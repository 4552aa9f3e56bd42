// Acme webhooks: they name a person, who is then read. TODO: the address of the page about webhooks
import type { Change, Json } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import { signature } from '#connector/schemes';
import { ignored, touches } from '#connector/touches';
import type { Webhook } from '#connector/webhook';
import { isId } from './people.ts';
import type { Settings } from './settings.ts';

export function webhook({ webhookSecret }: Settings): Webhook<Change> {
  return {
    // TODO: what is signed, and how the signature is written. `credential` of the same file if nothing is signed.
    authentication: signature(webhookSecret, {
      message: ['timestamp', { literal: '.' }, 'body'],
      header: 'acme-signature',
      form: { pairs: 'v1' },
      encoding: 'hex',
      timestamp: { from: { pair: 't' }, unit: 'seconds', toleranceSeconds: 300 },
    }),
    missing: 'Set webhookSecret to the secret that Acme shows beside the webhook.',
    decoding: { form: 'json', items: ['events'] },
    // TODO: how long the vendor repeats a request.
    retryHorizonSeconds: 24 * 3600,
    key: (item) => wordOf(objectOf(item)['id']) ?? null,
    changes: (item, { receivedAt }) => changesOf(item, receivedAt),
    // TODO: what to choose on the vendor's screens.
    notes: ['Subscribe to the events person.created, person.updated and person.deleted.'],
    sample: '{"events": [{"id": "sample", "type": "sample"}]}',
  };
}

function changesOf(item: Json, receivedAt: number): Change[] {
  const { type, person_id, created_at } = objectOf(item);
  const event = wordOf(type) ?? '';
  if (!event.startsWith('person.')) return ignored('It is not about a person.');
  const changedAt = momentOf(created_at) ?? receivedAt;
  const gone = event === 'person.deleted' ? 'deleted' : undefined;
  return touches('people', person_id, { noun: 'person', changedAt, gone, isId });
}
