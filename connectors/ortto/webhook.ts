// Ortto's webhooks of journeys, playbooks and activities: they name a person, who is then read, because they hold only the fields
// that were ticked, by other names than the API's.
import { momentOf, objectOf } from '#connector/reading';
import { thinWebhook } from '#connector/thin-webhook';
import { credentialSchemes } from '#connector/webhook-credentials';
import { isId } from './people.ts';
import type { Settings } from './settings.ts';

const sampleId = 'sample';

export const webhook = (settings: Settings) =>
  thinWebhook({
    authentication: credentialSchemes(settings),
    missing: 'Set webhookToken, webhookBasic, webhookHeader or urlToken to what the webhook sends.',
    // Twelve tries, the last ones a day apart. It does not try again after 401.
    retryHorizonSeconds: 7 * 24 * 3600,
    refuseWith: 503,
    key: 'id',
    stream: 'people',
    noun: 'person',
    isId,
    naming({ contact, contact_id, time, id }) {
      if (id === sampleId) return 'It is a sample.';
      // Older webhooks have the ID beside the rest.
      return { ids: objectOf(contact)['contact_id'] ?? contact_id, changedAt: momentOf(time) };
    },
    notes: [
      'Add a webhook action to a journey or playbook with POST and the header Authorization: Bearer, followed by webhookToken.',
      'Set schedule and fullSchedule as well: Ortto reports neither archived nor deleted people.',
    ],
    sample: { id: sampleId, contact: { contact_id: sampleId } },
  });
