// Copper's webhooks: they name people, who are then read, and are known by a header of one's own, because Copper signs nothing.
// https://developer.copper.com/webhooks/overview.html
import { ownHeader } from '#connector/schemes';
import { thinWebhook } from '#connector/thin-webhook';
import type { Settings } from './settings.ts';

export const webhook = ({ webhookHeader }: Settings) =>
  thinWebhook({
    authentication: ownHeader(webhookHeader),
    missing: 'Set webhookHeader to the header that the webhooks were created with, {name, value}.',
    // Nothing is sent twice.
    retryHorizonSeconds: 3600,
    stream: 'people',
    noun: 'people',
    // A deletion has no time, and one list of updated attributes is about all the people.
    naming: ({ type, event, ids }) =>
      type === 'person' ? { ids, gone: event === 'delete' && 'deleted' } : 'It is not about people.',
    notes: [
      'Create three (POST /webhooks) with type person, the events new, update and delete, and your header in "headers". Copper signs nothing.',
      'They belong to the API key that created them: delete them before you change the key.',
      'Set schedule and fullSchedule as well: Copper sends nothing again, and drops what exceeds 600 in a minute.',
    ],
    sample: { ids: [1], type: 'sample', event: 'update', updated_attributes: {} },
  });
