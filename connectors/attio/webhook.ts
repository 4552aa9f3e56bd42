// Attio's webhooks: events that name a person, who is then read. https://docs.attio.com/rest-api/guides/webhooks
import { type Change, type JsonObject, RejectedError } from '#connector';
import { objectOf, wordOf } from '#connector/reading';
import type { Webhook } from '#connector/webhook';
import { mergeId } from './person.ts';
import type { Settings } from './settings.ts';

const stream = 'people';

export function webhook({ webhookSecret, objectId, workspaceId }: Settings): Webhook<Change> {
  const isReady = webhookSecret !== undefined && objectId !== undefined;
  return {
    authentication: isReady
      ? [
          {
            kind: 'signature',
            algorithm: 'hmac-sha256',
            // It looks like hex, and is the key as it stands.
            secrets: webhookSecret,
            message: ['body'],
            header: 'attio-signature',
            encoding: 'hex',
          },
        ]
      : [],
    ...(!isReady && {
      missing:
        'Set webhookSecret to the secret of the webhook, and objectId, which `tributary check` prints.',
    }),
    decoding: { form: 'json', items: ['events'] },
    retryHorizonSeconds: 4 * 86_400,
    changes: (item, { receivedAt }) => changesOf(objectOf(item), { receivedAt, objectId, workspaceId }),
    notes: [
      'Create it with POST /v2/webhooks and the event types record.created, record.updated, record.deleted and record.merged, each with the filter id.object_id equals objectId.',
      'Keep the secret of the answer: Attio does not show it again.',
      'Set schedule and fullSchedule as well: a removed value shows in webhooks and full readings only.',
    ],
    sample: JSON.stringify({ webhook_id: 'sample', events: [] }),
  };
}

function changesOf(
  event: JsonObject,
  {
    receivedAt,
    objectId,
    workspaceId,
  }: { receivedAt: number; objectId: string | undefined; workspaceId: string | undefined },
): Change[] {
  const ignored = (reason: string): Change[] => [{ kind: 'ignored', reason }];
  const [type, id] = [wordOf(event['event_type']), objectOf(event['id'])];
  if (workspaceId !== undefined && id['workspace_id'] !== workspaceId)
    return ignored('It is about another workspace than workspaceId.');
  if (!type?.startsWith('record.') || id['object_id'] !== objectId)
    return ignored('It is not about a record of objectId.');
  const recordId = wordOf(id['record_id']);
  if (recordId === undefined) throw new RejectedError('The webhook names no person.', { code: 'no_id' });
  const touch: Change = { kind: 'touch', stream, recordId, changedAt: receivedAt };
  if (type === 'record.deleted') return [{ ...touch, gone: 'deleted' }];
  const merged = wordOf(event['duplicate_record_id']);
  if (type !== 'record.merged' || merged === undefined || merged === recordId) return [touch];
  // The new record, which may not be readable yet, takes over what the old one was when it is read.
  return [{ ...touch, recordId: mergeId(recordId, merged), gone: 'deleted' }];
}
