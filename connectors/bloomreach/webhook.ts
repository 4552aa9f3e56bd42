// What the action node Webhook of a scenario sends: a body that a person writes, for one customer or for up to 1,000, who are then read.
import type { Change } from '#connector';
import { authoredTouch, sampleId } from '#connector/authored';
import type { Webhook } from '#connector/webhook';
import { credentialSchemes } from '#connector/webhook-credentials';
import type { Settings } from './settings.ts';

export function webhook(settings: Settings): Webhook<Change> {
  const { hardId } = settings;
  return {
    authentication: credentialSchemes(settings),
    missing:
      'Set webhookBasic, webhookHeader or urlToken to the credentials that you enter in the webhook node.',
    // In a batch each customer is a text with what the template made of them.
    decoding: { form: 'json', items: ['customers', ''], stringified: [''] },
    // How often Bloomreach repeats is not documented.
    retryHorizonSeconds: 24 * 3600,
    // 400, 404, 410, 412, 413 and 418 stop every further request of the customers who entered together; 500 is tried again.
    refuseWith: 500,
    maxBodyBytes: 8 * 1024 * 1024,
    changes: (item, received) => [authoredTouch(item, received, { id: hardId, stream: 'customers' })],
    recipe: {
      where: 'Scenarios → a scenario that starts when a property changes → action node Webhook',
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: `{"${hardId}": {{ customer_ids.${hardId} | tojson }}}`,
    },
    notes: [
      'Use HTTP Basic or a header of your own in the webhook node: Bloomreach signs nothing. Requests with wrong credentials are answered 500, because Bloomreach stops the whole send after other statuses.',
      'In a batch webhook, use this body as the template of a customer. If your project does not support the filter tojson, put the tag in quotes without it.',
      'A wrong address is answered 404 and stops the whole send: test the node before you start the scenario.',
    ],
    sample: JSON.stringify({ [hardId]: sampleId }),
  };
}
