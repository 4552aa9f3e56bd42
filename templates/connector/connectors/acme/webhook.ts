// Acme webhooks: they name a person, who is then read. TODO: the address of the page about webhooks
import { momentOf, wordOf } from '#connector/reading';
import { signature } from '#connector/schemes';
import { thinWebhook } from '#connector/thin-webhook';
import { isId } from './people.ts';
import type { Settings } from './settings.ts';

export const webhook = ({ webhookSecret }: Settings) =>
  thinWebhook({
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
    key: 'id',
    stream: 'people',
    noun: 'person',
    isId,
    // TODO: what an item names; if it contains the record, write a `Webhook<Change>` with `changes` instead.
    naming({ type, person_id: ids, created_at }) {
      const event = wordOf(type) ?? '';
      if (!event.startsWith('person.')) return 'It is not about a person.';
      return { ids, changedAt: momentOf(created_at), gone: event === 'person.deleted' && 'deleted' };
    },
    // TODO: what to choose on the vendor's screens.
    notes: ['Subscribe to the events person.created, person.updated and person.deleted.'],
    sample: { events: [{ id: 'sample', type: 'sample' }] },
  });
