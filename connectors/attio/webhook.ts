// Attio's webhooks: events that name a person, who is then read. https://docs.attio.com/rest-api/guides/webhooks
import { mergeId } from '#connector/merges';
import { objectOf, wordOf } from '#connector/reading';
import { signature } from '#connector/schemes';
import { thinWebhook } from '#connector/thin-webhook';
import type { Settings } from './settings.ts';

export const webhook = ({ webhookSecret, objectId, workspaceId }: Settings) =>
  thinWebhook({
    // The secret looks like hex, and is the key as it stands.
    authentication: objectId ? signature(webhookSecret, { header: 'attio-signature', encoding: 'hex' }) : [],
    missing: 'Set webhookSecret to the secret of the webhook, and objectId, which `tributary check` prints.',
    decoding: { form: 'json', items: ['events'] },
    retryHorizonSeconds: 4 * 86_400,
    stream: 'people',
    noun: 'person',
    account: { at: 'id.workspace_id', noun: 'workspace', id: workspaceId },
    naming({ event_type: type, id, duplicate_record_id }) {
      const { object_id, record_id: ids } = objectOf(id);
      if (!String(type).startsWith('record.') || object_id !== objectId)
        return 'It is not about a record of objectId.';
      const [into, from] = [wordOf(ids), wordOf(duplicate_record_id)];
      if (type === 'record.merged' && into && from && into !== from)
        return { ids: mergeId(into, from), gone: 'deleted' };
      return { ids, gone: type === 'record.deleted' && 'deleted' };
    },
    notes: [
      'Create it with POST /v2/webhooks and the event types record.created, record.updated, record.deleted and record.merged, each with the filter id.object_id equals objectId.',
      'Keep the secret of the answer: Attio does not show it again.',
      'Set schedule and fullSchedule as well: a removed value shows in webhooks and full readings only.',
    ],
    sample: { webhook_id: 'sample', events: [] },
  });
