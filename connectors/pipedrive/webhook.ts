// What Pipedrive pushes: webhooks v2, one event each, known by HTTP Basic. What they hold of a person may be in part, so the
// person is read. https://pipedrive.readme.io/docs/guide-for-webhooks-v2
import { type Change, type JsonObject, RejectedError } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import type { Webhook } from '#connector/webhook';
import type { Settings } from './settings.ts';

const stream = 'persons';

export function webhook({ webhookBasic = [], companyId }: Settings): Webhook<Change> {
  return {
    authentication: webhookBasic.length ? [{ kind: 'credential', at: 'basic', values: webhookBasic }] : [],
    ...(webhookBasic.length === 0 && {
      missing: 'Set webhookBasic to "user:password", the HTTP Auth user and password of the webhook.',
    }),
    decoding: { form: 'json' },
    // After 3, 30 and 150 seconds.
    retryHorizonSeconds: 600,
    key: (item) => wordOf(objectOf(objectOf(item)['meta'])['id']) ?? null,
    changes: (item, { receivedAt }) => changesOf(objectOf(objectOf(item)['meta']), { receivedAt, companyId }),
    notes: [
      'Create a webhook of version 2.0 with event action * and event object person, as a user who sees all persons: Tools and apps, Webhooks.',
      'Enter an HTTP Auth user and password, and set webhookBasic to them as "user:password". Pipedrive signs nothing.',
      'Set fullSchedule as well: webhooks are muted for 30 minutes after ten failures, and deletions of that time show in full readings only.',
    ],
    sample: JSON.stringify({
      meta: {
        version: '2.0',
        entity: 'person',
        entity_id: '1',
        action: 'create',
        company_id: companyId ?? '1',
      },
      data: null,
      previous: null,
    }),
  };
}

function changesOf(
  meta: JsonObject,
  { receivedAt, companyId }: { receivedAt: number; companyId: string | undefined },
): Change[] {
  const ignored = (reason: string): Change[] => [{ kind: 'ignored', reason }];
  if (wordOf(meta['version']) !== '2.0')
    throw new RejectedError('This is not a webhook of version 2.0: create one of that version.', {
      code: 'version',
    });
  if (companyId !== undefined && wordOf(meta['company_id']) !== companyId)
    return ignored('It is about another company than companyId.');
  if (meta['entity'] !== 'person') return ignored('It is not about a person.');
  const recordId = wordOf(meta['entity_id']);
  if (recordId === undefined) throw new RejectedError('The webhook names no person.', { code: 'no_id' });
  // REST names whole seconds of the same state.
  const changedAt = Math.floor((momentOf(meta['timestamp']) ?? receivedAt) / 1000) * 1000;
  const touch = (id: string): Change => ({ kind: 'touch', stream, recordId: id, changedAt });
  const merge = (into: string, from: string): Change[] => [
    {
      kind: 'record',
      stream,
      partial: true,
      record: { recordId: into, changedAt, body: {}, merged: [from] },
    },
    touch(into),
  ];
  const [into, from] = [wordOf(meta['merged_to_id']), wordOf(meta['merged_from_id'])];
  if (into !== undefined) return merge(into, recordId);
  if (from !== undefined) return merge(recordId, from);
  return meta['action'] === 'delete'
    ? [{ ...(touch(recordId) as object), gone: 'deleted' } as Change]
    : [touch(recordId)];
}
