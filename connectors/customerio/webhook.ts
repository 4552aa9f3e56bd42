// Webhooks of Customer.io: events of the reporting webhook, and bodies that a person writes in a "Send and receive
// data" action. Both are signed in the same way, with different keys.
// Source: docs.customer.io, "Reporting webhooks" and "Send and receive data with webhooks", on securely verifying
// requests.
import type { Change, Json } from '#connector';
import { authoredKey, authoredRecord } from '#connector/authored';
import { isTag } from '#connector/leftovers';
import { objectOf, valueAt, wordOf } from '#connector/reading';
import type { Received, Recipe, Webhook } from '#connector/webhook';
import { isReporting, reportingChanges } from './reporting.ts';
import type { Settings } from './settings.ts';

/** Seven days, and a day of slack. */
const retryHorizonSeconds = 8 * 86_400;

export function webhook(settings: Settings): Webhook<Change> {
  const { webhookSecret, toleranceSeconds } = settings;
  return {
    authentication: webhookSecret
      ? [
          {
            kind: 'signature',
            algorithm: 'hmac-sha256',
            secrets: webhookSecret,
            message: [{ literal: 'v0:' }, 'timestamp', { literal: ':' }, 'body'],
            header: 'x-cio-signature',
            encoding: 'hex',
            timestamp: { from: { header: 'x-cio-timestamp' }, unit: 'seconds', toleranceSeconds },
          },
        ]
      : [],
    ...(!webhookSecret && {
      missing:
        'Set webhookSecret to the signing key of the reporting webhook, or to a list of this key and the key of webhook actions.',
    }),
    // What is no JSON in it, the content of a message, stays a text.
    decoding: { form: 'json', stringified: ['data.content'] },
    retryHorizonSeconds,
    key: (item) => keyOf(item, settings),
    changes: (item, received) => changesOf(item, received, settings),
    recipe,
    notes: [
      'In the reporting webhook choose the customer events Subscribed, Unsubscribed and Subscription preferences changed, and include body content: it holds the preferences.',
      'Customer.io sends no webhook for a changed attribute: have a campaign send changes with the recipe, and use one body for all campaigns.',
      'Put into the body every attribute that the mapping uses; where a value may hold quotation marks, write it with the filter to_json and without quotation marks of your own.',
      'Customer.io retries a call for seven days and sends nothing else until it is accepted: a wrong key here blocks all of its calls.',
      'Deletions are not reported.',
    ],
    sample: JSON.stringify({
      event_id: '01E4C4CT6YDC7Y5M7FE1GWWPQJ',
      object_type: 'customer',
      metric: 'drafted',
      timestamp: 1_767_225_600,
      data: { customer_id: '', identifiers: { id: null } },
    }),
  };
}

const recipe: Recipe = {
  where: 'Campaign → Workflow → Send and receive data → Add request',
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: `{
  "id": "{{customer.id}}",
  "cio_id": "{{customer.cio_id}}",
  "event_id": "{{delivery_id}}",
  "changed_at": "{{'now' | date: '%s'}}",
  "email": "{{customer.email}}",
  "first_name": "{{customer.first_name}}",
  "last_name": "{{customer.last_name}}",
  "phone": "{{customer.phone}}"
}`,
};

function keyOf(item: Json, { journeys }: Settings): string | null {
  if (!isReporting(item)) {
    const key = authoredKey(item, journeys);
    return key === null || isTag(key) ? null : `journey ${key}`;
  }
  const eventId = wordOf(objectOf(item)['event_id']);
  return eventId === undefined ? null : `event ${eventId}`;
}

function changesOf(item: Json, received: Received, { appKey, journeys }: Settings): Change[] {
  if (isReporting(item)) return reportingChanges(item, { readsPeople: appKey !== undefined });
  // The editor's test sends the template as it is written.
  const id = wordOf(valueAt(item, journeys.id));
  if (id !== undefined && isTag(id))
    return [{ kind: 'ignored', reason: 'It is a test: the template was not filled in.' }];
  // Of a person without an ID the template writes none: known by Customer.io's, they are filtered for want of a source ID.
  const isNameless = id === undefined && wordOf(objectOf(item)['cio_id']) !== undefined;
  const at = isNameless ? { ...journeys, id: 'cio_id' } : journeys;
  return [authoredRecord(item, received, { at, stream: 'journeys' })];
}
