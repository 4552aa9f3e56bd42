// Messages that a vendor puts into a queue of Google, Amazon or Microsoft, which calls the address of a webhook with an envelope of
// its own around them. It knows no vendor of messages.
import type { Json, JsonObject } from './json.ts';
import { objectOf, wordOf } from './reading.ts';

/**
 * How they are decoded, which may be in one another: a push of Google Pub/Sub (base64), a notification of Amazon SNS (a text) and a
 * CloudEvent of Azure Event Grid.
 */
export const queueDecoding = { form: 'json', stringified: ['Message'] } as const;

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
