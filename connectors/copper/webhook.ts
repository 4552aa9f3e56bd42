// Copper's webhooks: they name people, who are then read, and are known by a header of one's own, because Copper signs nothing.
// https://developer.copper.com/webhooks/overview.html
import type { Change } from '#connector';
import { objectOf } from '#connector/reading';
import { ownHeader } from '#connector/schemes';
import { ignored, touches } from '#connector/touches';
import type { Webhook } from '#connector/webhook';
import type { Settings } from './settings.ts';

export function webhook({ webhookHeader }: Settings): Webhook<Change> {
  return {
    authentication: ownHeader(webhookHeader),
    missing: 'Set webhookHeader to the header that the webhooks were created with, {name, value}.',
    decoding: { form: 'json' },
    // Nothing is sent twice.
    retryHorizonSeconds: 3600,
    changes(item, { receivedAt: changedAt }) {
      const { type, event, ids } = objectOf(item);
      if (type !== 'person') return ignored('It is not about people.');
      // A deletion has no time, and one list of updated attributes is about all the people.
      const gone = event === 'delete' ? 'deleted' : undefined;
      return touches('people', ids, { noun: 'people', changedAt, gone });
    },
    notes: [
      'Create three (POST /webhooks) with type person, the events new, update and delete, and your header in "headers". Copper signs nothing.',
      'They belong to the API key that created them: delete them before you change the key.',
      'Set schedule and fullSchedule as well: Copper sends nothing again, and drops what exceeds 600 in a minute.',
    ],
    sample: JSON.stringify({ ids: [1], type: 'sample', event: 'update', updated_attributes: {} }),
  };
}
