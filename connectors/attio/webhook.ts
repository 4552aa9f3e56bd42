// Attio's webhooks: events that name a person, who is then read. https://docs.attio.com/rest-api/guides/webhooks
import type { Change, Json } from '#connector';
import { objectOf, wordOf } from '#connector/reading';
import { signature } from '#connector/schemes';
import { ignored, touches } from '#connector/touches';
import type { Webhook } from '#connector/webhook';
import { mergeId } from './person.ts';
import type { Settings } from './settings.ts';

export function webhook({ webhookSecret, objectId, workspaceId }: Settings): Webhook<Change> {
  return {
    // The secret looks like hex, and is the key as it stands.
    authentication: objectId ? signature(webhookSecret, { header: 'attio-signature', encoding: 'hex' }) : [],
    missing: 'Set webhookSecret to the secret of the webhook, and objectId, which `tributary check` prints.',
    decoding: { form: 'json', items: ['events'] },
    retryHorizonSeconds: 4 * 86_400,
    changes(item, { receivedAt: changedAt }) {
      const { event_type: type, id, duplicate_record_id } = objectOf(item);
      const { workspace_id, object_id, record_id } = objectOf(id);
      if (workspaceId !== undefined && workspace_id !== workspaceId)
        return ignored('It is about another workspace than workspaceId.');
      if (!String(type).startsWith('record.') || object_id !== objectId)
        return ignored('It is not about a record of objectId.');
      const touched = (id: Json | undefined, gone?: 'deleted') =>
        touches('people', id, { noun: 'person', changedAt, gone });
      if (type === 'record.deleted') return touched(record_id, 'deleted');
      const [into, from] = [wordOf(record_id), wordOf(duplicate_record_id)];
      if (type !== 'record.merged' || !into || !from || into === from) return touched(record_id);
      // The new record, which may not be readable yet, takes over what the old one was when it is read.
      return touched(mergeId(into, from), 'deleted');
    },
    notes: [
      'Create it with POST /v2/webhooks and the event types record.created, record.updated, record.deleted and record.merged, each with the filter id.object_id equals objectId.',
      'Keep the secret of the answer: Attio does not show it again.',
      'Set schedule and fullSchedule as well: a removed value shows in webhooks and full readings only.',
    ],
    sample: '{"webhook_id": "sample", "events": []}',
  };
}
