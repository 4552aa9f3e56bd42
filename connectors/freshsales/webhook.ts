// What a workflow of Freshsales sends: a body that a person writes, with the ID of a contact, who is then read.
import { RejectedError } from '#connector';
import { wordOf } from '#connector/reading';
import { credential } from '#connector/schemes';
import { thinWebhook } from '#connector/thin-webhook';
import type { Settings } from './settings.ts';

export const webhook = ({ webhookToken }: Settings) =>
  thinWebhook({
    authentication: credential({ header: 'x-tributary-token' }, webhookToken),
    missing: 'Set webhookToken to the value of the header X-Tributary-Token that the workflow sends.',
    // Whether Freshsales repeats a request is not documented.
    retryHorizonSeconds: 24 * 3600,
    stream: 'contacts',
    noun: 'contact',
    naming({ id }) {
      if (id === 'sample') return 'It is a sample.';
      if (/^\d+$/.test(wordOf(id) ?? '')) return { ids: id };
      throw new RejectedError('The webhook has no `id`: use the body of the recipe.', { code: 'no_id' });
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
    sample: { id: 'sample' },
  });
