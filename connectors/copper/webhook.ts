// Copper's webhooks: they name people, who are then read, and are known by a header of one's own, because Copper signs nothing.
// https://developer.copper.com/webhooks/overview.html
import { type Change, RejectedError } from '#connector';
import { listOf, objectOf, wordOf } from '#connector/reading';
import type { Webhook } from '#connector/webhook';
import type { Settings } from './settings.ts';

export function webhook({ webhookHeader }: Settings): Webhook<Change> {
  return {
    authentication: webhookHeader
      ? [{ kind: 'credential', at: { header: webhookHeader.name }, values: webhookHeader.value }]
      : [],
    ...(!webhookHeader && {
      missing: 'Set webhookHeader to the header that the webhooks were created with, {name, value}.',
    }),
    decoding: { form: 'json' },
    // Nothing is sent twice.
    retryHorizonSeconds: 3600,
    changes(item, { receivedAt }): Change[] {
      const { type, event, ids } = objectOf(item);
      if (type !== 'person') return [{ kind: 'ignored', reason: 'It is not about people.' }];
      const known = listOf(ids).map(wordOf);
      if (known.length === 0 || known.includes(undefined))
        throw new RejectedError('The webhook names no people.', { code: 'no_id' });
      // A deletion has no time, and one list of updated attributes is about all the people.
      return known.map((recordId) => ({
        kind: 'touch',
        stream: 'people',
        recordId: recordId!,
        changedAt: receivedAt,
        ...(event === 'delete' && { gone: 'deleted' as const }),
      }));
    },
    notes: [
      'Create three (POST /webhooks) with type person, the events new, update and delete, and your header in "headers". Copper signs nothing.',
      'They belong to the API key that created them: delete them before you change the key.',
      'Set schedule and fullSchedule as well: Copper sends nothing again, and drops what exceeds 600 in a minute.',
    ],
    sample: JSON.stringify({ ids: [1], type: 'sample', event: 'update', updated_attributes: {} }),
  };
}
