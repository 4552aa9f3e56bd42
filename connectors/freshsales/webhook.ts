// What a workflow of Freshsales sends: a body that a person writes, with the ID of a contact, who is then read.
import { type Change, RejectedError } from '#connector';
import { objectOf, wordOf } from '#connector/reading';
import { credential } from '#connector/schemes';
import { ignored } from '#connector/touches';
import type { Webhook } from '#connector/webhook';
import type { Settings } from './settings.ts';

export function webhook({ webhookToken }: Settings): Webhook<Change> {
  return {
    authentication: credential({ header: 'x-tributary-token' }, webhookToken),
    missing: 'Set webhookToken to the value of the header X-Tributary-Token that the workflow sends.',
    decoding: { form: 'json' },
    // Whether Freshsales repeats a request is not documented.
    retryHorizonSeconds: 24 * 3600,
    changes(item, { receivedAt: changedAt }) {
      const recordId = wordOf(objectOf(item)['id']);
      if (recordId === 'sample') return ignored('It is a sample.');
      if (recordId === undefined || !/^\d+$/.test(recordId))
        throw new RejectedError('The webhook has no `id`: use the body of the recipe.', { code: 'no_id' });
      return [{ kind: 'touch', stream: 'contacts', recordId, changedAt }];
    },
    recipe: {
      where: 'Admin settings → Workflows → a workflow for contacts, on creation and update → Trigger webhook',
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"id": "{{contact.id}}"}',
    },
    notes: [
      'Freshsales has no other webhooks, and signs nothing: add the header X-Tributary-Token to the workflow.',
      'Set schedule and fullSchedule as well: a workflow does not report deletions, and a request may be lost.',
    ],
    sample: '{"id": "sample"}',
  };
}
