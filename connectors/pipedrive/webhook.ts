// What Pipedrive pushes: webhooks v2, one event each, known by HTTP Basic. What they hold of a person may be in part, so the
// person is read. https://pipedrive.readme.io/docs/guide-for-webhooks-v2
import { type Change, type JsonObject, RejectedError } from '#connector';
import { momentOf, objectOf, valueAt, wordOf } from '#connector/reading';
import { credential } from '#connector/schemes';
import { ignored, touches, wholeSecond } from '#connector/touches';
import type { Webhook } from '#connector/webhook';
import type { Settings } from './settings.ts';

const stream = 'persons';

export function webhook({ webhookBasic, companyId }: Settings): Webhook<Change> {
  return {
    authentication: credential('basic', webhookBasic),
    missing: 'Set webhookBasic to "user:password", the HTTP Auth user and password of the webhook.',
    decoding: { form: 'json' },
    // After 3, 30 and 150 seconds.
    retryHorizonSeconds: 600,
    key: (item) => wordOf(valueAt(item, 'meta.id')) ?? null,
    changes: (item, { receivedAt }) => changesOf(objectOf(valueAt(item, 'meta')), companyId, receivedAt),
    notes: [
      'Create a webhook of version 2.0 with event action * and event object person, as a user who sees all persons: Tools and apps, Webhooks.',
      'Enter an HTTP Auth user and password, and set webhookBasic to them as "user:password". Pipedrive signs nothing.',
      'Set fullSchedule as well: webhooks are muted for 30 minutes after ten failures, and deletions of that time show in full readings only.',
    ],
    sample: `{"meta": {"version": "2.0", "entity": "person", "entity_id": "1", "action": "create", "company_id": "${companyId ?? '1'}"}, "data": null, "previous": null}`,
  };
}

function changesOf(meta: JsonObject, companyId: string | undefined, receivedAt: number): Change[] {
  if (wordOf(meta['version']) !== '2.0')
    throw new RejectedError('This is not a webhook of version 2.0: create one of that version.', {
      code: 'version',
    });
  if (companyId !== undefined && wordOf(meta['company_id']) !== companyId)
    return ignored('It is about another company than companyId.');
  if (meta['entity'] !== 'person') return ignored('It is not about a person.');
  // REST names whole seconds of the same state.
  const changedAt = wholeSecond(momentOf(meta['timestamp']) ?? receivedAt);
  const [id, into, from] = [meta['entity_id'], meta['merged_to_id'], meta['merged_from_id']].map(wordOf);
  const isDeletion = meta['action'] === 'delete' && into === undefined && from === undefined;
  const gone = isDeletion ? 'deleted' : undefined;
  const touched = touches(stream, into ?? id, { noun: 'person', changedAt, gone });
  const [survivor, merged] = into === undefined ? [id!, from] : [into, id!];
  if (merged === undefined) return touched;
  const record = { recordId: survivor, changedAt, body: {}, merged: [merged] };
  return [{ kind: 'record', stream, partial: true, record }, ...touched];
}
