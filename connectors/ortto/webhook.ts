// Ortto's webhooks of journeys, playbooks and activities: they name a person, who is then read, because they hold only the fields
// that were ticked, by other names than the API's.
import type { Change } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import { ignored, touches } from '#connector/touches';
import type { Webhook } from '#connector/webhook';
import { credentialSchemes } from '#connector/webhook-credentials';
import { isId } from './people.ts';
import type { Settings } from './settings.ts';

const sampleId = 'sample';

export function webhook(settings: Settings): Webhook<Change> {
  return {
    authentication: credentialSchemes(settings),
    missing: 'Set webhookToken, webhookBasic, webhookHeader or urlToken to what the webhook sends.',
    decoding: { form: 'json' },
    // Twelve tries, the last ones a day apart. It does not try again after 401.
    retryHorizonSeconds: 7 * 24 * 3600,
    refuseWith: 503,
    key: (item) => wordOf(objectOf(item)['id']) ?? null,
    changes(item, { receivedAt }): Change[] {
      const { contact, contact_id, time, id } = objectOf(item);
      if (id === sampleId) return ignored('It is a sample.');
      const changedAt = momentOf(time) ?? receivedAt;
      // Older webhooks have the ID beside the rest.
      return touches('people', objectOf(contact)['contact_id'] ?? contact_id, {
        noun: 'person',
        changedAt,
        isId,
      });
    },
    notes: [
      'Add a webhook action to a journey or playbook with POST and the header Authorization: Bearer, followed by webhookToken.',
      'Set schedule and fullSchedule as well: Ortto reports neither archived nor deleted people.',
    ],
    sample: JSON.stringify({ id: sampleId, contact: { contact_id: sampleId } }),
  };
}
