// The webhooks of Infobip People: each event names a person, who is then read.
// https://www.infobip.com/docs/cpaas-x/subscriptions-management
import type { Change } from '#connector';
import { momentOf, objectOf, wordOf } from '#connector/reading';
import { ignored, touches } from '#connector/touches';
import type { Webhook } from '#connector/webhook';
import { credentialSchemes } from '#connector/webhook-credentials';
import { isId } from './persons.ts';
import type { Settings } from './settings.ts';

export function webhook(settings: Settings): Webhook<Change> {
  return {
    authentication: credentialSchemes(settings),
    missing: 'Set webhookBasic, webhookHeader or urlToken to what the subscription sends.',
    // Several events of one request are a list, or a list inside an object.
    decoding: { form: 'json', items: ['results', ''] },
    // How long Infobip repeats a request is not documented.
    retryHorizonSeconds: 24 * 3600,
    maxBodyBytes: 16 * 1024 * 1024,
    changes(item, { receivedAt }): Change[] {
      const { type, timestamp, payload } = objectOf(item);
      const event = wordOf(type) ?? '';
      if (!event.startsWith('PERSON_')) return ignored('It is not about a person.');
      const { id } = objectOf(objectOf(payload)['person']);
      return touches('persons', id, {
        noun: 'person',
        changedAt: momentOf(timestamp) ?? receivedAt,
        gone: event === 'PERSON_DELETED' ? 'deleted' : undefined,
        isId,
      });
    },
    notes: [
      'Create the subscription in the portal (Developer Tools, Subscriptions Management) with all events of persons, and Basic authentication or a header of your own.',
      'Set schedule and fullSchedule as well: of two persons that were merged, Infobip names only the one that is left.',
    ],
    sample: JSON.stringify({ type: 'SAMPLE', payload: {} }),
  };
}
