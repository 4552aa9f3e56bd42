// One alarm as it goes out: its body in each format, and the signature of Standard Webhooks. Pure, but for the sending itself.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { createHmac } from 'node:crypto';
import type { AlarmTarget } from '../config/shape.ts';
import type { JsonObject } from '../connector.ts';

/** What is told: that something began, or that it is over. */
export interface AlarmChange {
  type: 'alarm.raised' | 'alarm.cleared';
  state: string;
  /** What it is about; null where there is one of the state at most. */
  subject: string | null;
  sentence: string;
  /** The command that shows more, or null. */
  next: string | null;
  /** Epoch milliseconds. */
  raisedAt: number;
  at: number;
}

const timeoutMs = 10_000;

/** The JSON body for a target of this format. */
export function bodyOf(change: AlarmChange, format: AlarmTarget['format']): JsonObject {
  const { type, state, subject, sentence, next, raisedAt, at } = change;
  if (format === 'slack') {
    const how = next === null ? '' : ` Next: \`${next}\``;
    return {
      text: type === 'alarm.raised' ? `Tributary: ${sentence}${how}` : `Tributary, over: ${sentence}`,
    };
  }
  const data = { state, subject, sentence, next, raisedAt: new Date(raisedAt).toISOString() };
  return { type, timestamp: new Date(at).toISOString(), data };
}

/** The headers of Standard Webhooks. `id` stays the same when a notice is sent again, so that a receiver can tell. */
export function headersOf(
  body: string,
  { id, now, secret }: { id: string; now: number; secret?: string | undefined },
) {
  const [messageId, timestamp] = [`msg_${id}`, String(Math.floor(now / 1000))];
  const signed = `${messageId}.${timestamp}.${body}`;
  const key = secret === undefined ? null : Buffer.from(secret.slice('whsec_'.length), 'base64');
  return {
    'content-type': 'application/json',
    'webhook-id': messageId,
    'webhook-timestamp': timestamp,
    ...(key && { 'webhook-signature': `v1,${createHmac('sha256', key).update(signed).digest('base64')}` }),
  };
}

/** Posts a notice. Null where it was accepted, else why not, without the address: it may hold a secret. */
export async function post(
  { url, secret }: AlarmTarget,
  notice: { id: string; body: JsonObject; now: number },
): Promise<string | null> {
  const body = JSON.stringify(notice.body);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: headersOf(body, { ...notice, secret }),
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    return response.ok ? null : `it answered ${response.status}`;
  } catch (error) {
    const { name, cause } = error as { name?: string; cause?: { code?: string } };
    return name === 'TimeoutError'
      ? 'it did not answer in time'
      : `it cannot be reached (${cause?.code ?? name})`;
  }
}
