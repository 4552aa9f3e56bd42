// Messages that a vendor puts into a queue of Google, Amazon or Microsoft, which calls the address of a webhook with an envelope of
// its own around them. It knows no vendor of messages.
import type { Json, JsonObject } from './json.ts';
import { objectOf, wordOf } from './reading.ts';
import type { Change } from './source.ts';
import { type ThinWebhook, thinWebhook } from './thin-webhook.ts';
import { ignored } from './touches.ts';
import type { Webhook } from './webhook.ts';

/**
 * How they are decoded, which may be in one another: a push of Google Pub/Sub (base64), a notification of Amazon SNS (a text) and a
 * CloudEvent of Azure Event Grid.
 */
export const queueDecoding = { form: 'json', stringified: ['Message'] } as const;

/**
 * A thin webhook whose items are such messages. `isMessage`: what one looks like. `naming`, `key` and `neverKept` are given the message out
 * of its envelopes.
 */
export function queuedWebhook({
  isMessage,
  key,
  neverKept,
  naming,
  notes = [],
  ...thin
}: Omit<ThinWebhook, 'decoding' | 'handshake' | 'key' | 'neverKept'> & {
  isMessage(body: JsonObject): boolean;
  key(message: JsonObject): string | null;
  neverKept?(message: JsonObject): boolean;
}): Webhook<Change> {
  const { changes, ...webhook } = thinWebhook({
    ...thin,
    decoding: queueDecoding,
    handshake: { cloudEvents: true },
    key: (item) => key(messageIn(item, isMessage)),
    naming: (item, received) => naming(messageIn(item, isMessage), received),
    notes: [
      ...notes,
      'Amazon SNS first sends a SubscriptionConfirmation: find it with `tributary webhooks inbox`, and open its SubscribeURL.',
    ],
  });
  return {
    ...webhook,
    ...(neverKept && { neverKept: (item) => neverKept(messageIn(item, isMessage)) }),
    changes: (item, received) =>
      isSnsConfirmation(item)
        ? ignored('It asks to confirm a subscription of SNS: open its SubscribeURL.')
        : changes(item, received),
  };
}

/** Out of its envelopes. `isMessage`: what a message looks like; without an envelope it is let through as well. Else empty. */
export function messageIn(item: Json, isMessage: (body: JsonObject) => boolean): JsonObject {
  const body = objectOf(item);
  if (isMessage(body)) return body;
  const packed = objectOf(body['message'])['data'];
  if (typeof packed === 'string') return messageIn(parsed(packed), isMessage);
  const inner = body['specversion'] === undefined ? body['Message'] : body['data'];
  return inner === undefined ? {} : messageIn(inner, isMessage);
}

/** Whether SNS asks to confirm a subscription, or the end of one: a person opens the `SubscribeURL` in it. */
export function isSnsConfirmation(item: Json): boolean {
  return /Confirmation$/.test(wordOf(objectOf(item)['Type']) ?? '');
}

function parsed(base64: string): Json {
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString()) as Json;
  } catch {
    return null;
  }
}
