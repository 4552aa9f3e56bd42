// What Pipedrive pushes: webhooks v2, one event each, known by HTTP Basic. What they hold of a person may be in part, so the
// person is read. https://pipedrive.readme.io/docs/guide-for-webhooks-v2
import { RejectedError } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import { credential } from '#connector/schemes';
import { thinWebhook } from '#connector/thin-webhook';
import type { Settings } from './settings.ts';

export const webhook = ({ webhookBasic, companyId }: Settings) =>
  thinWebhook({
    authentication: credential('basic', webhookBasic),
    missing: 'Set webhookBasic to "user:password", the HTTP Auth user and password of the webhook.',
    // After 3, 30 and 150 seconds.
    retryHorizonSeconds: 600,
    key: 'meta.id',
    stream: 'persons',
    noun: 'person',
    // REST names whole seconds of the same state.
    wholeSeconds: true,
    naming({ meta }) {
      const { version, company_id, entity, action, timestamp, ...ids } = objectOf(meta);
      if (wordOf(version) !== '2.0')
        throw new RejectedError('This is not a webhook of version 2.0: create one.', { code: 'version' });
      if (companyId !== undefined && wordOf(company_id) !== companyId)
        return 'It is about another company than companyId.';
      if (entity !== 'person') return 'It is not about a person.';
      const [id, into, from] = [ids['entity_id'], ids['merged_to_id'], ids['merged_from_id']].map(wordOf);
      const merged = into === undefined ? from : id;
      const gone = merged === undefined && action === 'delete' && 'deleted';
      return { ids: into ?? id, changedAt: momentOf(timestamp), merged, gone };
    },
    notes: [
      'Create a webhook of version 2.0 with event action * and event object person, as a user who sees all persons: Tools and apps, Webhooks.',
      'Enter an HTTP Auth user and password, and set webhookBasic to them as "user:password". Pipedrive signs nothing.',
      'Set fullSchedule as well: webhooks are muted for 30 minutes after ten failures, and deletions of that time show in full readings only.',
    ],
    sample: `{"meta": {"version": "2.0", "entity": "person", "entity_id": "1", "action": "create", "company_id": "${companyId ?? '1'}"}, "data": null, "previous": null}`,
  });
