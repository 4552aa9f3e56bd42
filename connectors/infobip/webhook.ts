// The webhooks of Infobip People: each event names a person, who is then read.
// https://www.infobip.com/docs/cpaas-x/subscriptions-management
import { momentOf, valueAt, wordOf } from '#connector/reading';
import { thinWebhook } from '#connector/thin-webhook';
import { credentialSchemes } from '#connector/webhook-credentials';
import { isId } from './persons.ts';
import type { Settings } from './settings.ts';

export const webhook = (settings: Settings) =>
  thinWebhook({
    authentication: credentialSchemes(settings),
    missing: 'Set webhookBasic, webhookHeader or urlToken to what the subscription sends.',
    // Several events of one request are a list, or a list inside an object.
    decoding: { form: 'json', items: ['results', ''] },
    // How long Infobip repeats a request is not documented.
    retryHorizonSeconds: 24 * 3600,
    maxBodyBytes: 16 * 1024 * 1024,
    stream: 'persons',
    noun: 'person',
    isId,
    naming({ type, timestamp, payload }) {
      const event = wordOf(type) ?? '';
      if (!event.startsWith('PERSON_')) return 'It is not about a person.';
      const gone = event === 'PERSON_DELETED' && 'deleted';
      return { ids: valueAt(payload, 'person.id'), changedAt: momentOf(timestamp), gone };
    },
    notes: [
      'Create the subscription in the portal (Developer Tools, Subscriptions Management) with all events of persons, and Basic authentication or a header of your own.',
      'Set schedule and fullSchedule as well: of two persons that were merged, Infobip names only the one that is left.',
    ],
    sample: { type: 'SAMPLE', payload: {} },
  });
