// Acme webhooks: they name a person, who is then read. TODO: the address of the page about webhooks
import { type Change, type Json, RejectedError } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import type { Scheme, Webhook } from '#connector/webhook';
import { isId } from './people.ts';
import type { Settings } from './settings.ts';

/** TODO: what is signed, and how the signature is written. */
const scheme = {
  kind: 'signature',
  algorithm: 'hmac-sha256',
  message: ['timestamp', { literal: '.' }, 'body'],
  header: 'acme-signature',
  form: { pairs: 'v1' },
  encoding: 'hex',
  timestamp: { from: { pair: 't' }, unit: 'seconds', toleranceSeconds: 300 },
} satisfies Partial<Scheme>;

export function webhook({ webhookSecret: secrets }: Settings): Webhook<Change> {
  return {
    authentication: secrets ? [{ ...scheme, secrets }] : [],
    missing: 'Set webhookSecret to the secret that Acme shows beside the webhook.',
    decoding: { form: 'json', items: ['events'] },
    // TODO: how long the vendor repeats a request.
    retryHorizonSeconds: 24 * 3600,
    key: (item) => wordOf(objectOf(item)['id']) ?? null,
    changes: (item, { receivedAt }) => [changeOf(item, receivedAt)],
    // TODO: what to choose on the vendor's screens.
    notes: ['Subscribe to the events person.created, person.updated and person.deleted.'],
    sample: JSON.stringify({ events: [{ id: 'sample', type: 'sample' }] }),
  };
}

function changeOf(item: Json, receivedAt: number): Change {
  const { type, person_id, created_at } = objectOf(item);
  const [event, recordId] = [wordOf(type) ?? '', wordOf(person_id)];
  if (!event.startsWith('person.')) return { kind: 'ignored', reason: 'It is not about a person.' };
  if (!recordId || !isId(recordId))
    throw new RejectedError('The webhook names no person.', { code: 'no_id' });
  const changedAt = momentOf(created_at) ?? receivedAt;
  const touch = { kind: 'touch', stream: 'people', recordId, changedAt } as const;
  return event === 'person.deleted' ? { ...touch, gone: 'deleted' } : touch;
}
