// One webhook request through the door: judged, decoded and read by a connector, as the engine does, with nothing kept.
import type { Change, Connector, Json } from '#connector';
import type { Received, Webhook } from '#connector/webhook';
import { Authenticator, type Verdict, type WebhookRequest } from '../../src/engine/webhook/authenticity.ts';
import { decode } from '../../src/engine/webhook/decoding.ts';

export interface Heard {
  verdict: Verdict;
  /** Only of an authentic request. */
  items: Json[];
  /** What names each item, or null. */
  keys: (string | null)[];
  /** What all items say, in their order. */
  changes: Change[];
}

/** Settings as a person writes them. Throws what `changes` throws, and UndecodableError. `now`: epoch milliseconds. */
export function heard(connector: Connector, settings: unknown, request: WebhookRequest, now: number): Heard {
  const webhook = webhookOf(connector, settings);
  const verdict = new Authenticator(webhook).judge(request, now);
  const items = verdict.authentic ? decode(webhook.decoding, request.body) : [];
  const received: Received = {
    method: request.method,
    headers: request.headers,
    query: request.query,
    receivedAt: now,
  };
  return {
    verdict,
    items,
    keys: items.map((item) => webhook.key?.(item) ?? null),
    changes: items.flatMap((item) => webhook.changes(item, received)),
  };
}

export function webhookOf(connector: Connector, settings: unknown): Webhook<Change> {
  const webhook = connector.source?.webhook?.(connector.settings.parse(settings));
  if (!webhook) throw new Error(`The connector ${connector.name} takes no webhooks.`);
  return webhook;
}

/** A request as the engine hands it on. The body: bytes, a text as it is, or anything else as JSON. */
export function requestOf(given: {
  method?: string;
  url?: string;
  headers?: { [name: string]: string };
  body?: Uint8Array | Json;
}): WebhookRequest {
  const {
    method = 'POST',
    url = 'https://sync.example.com/webhooks/source',
    headers = {},
    body = '',
  } = given;
  const { pathname, searchParams } = new URL(url);
  const segments = pathname.split('/');
  const token = segments[segments.indexOf('webhooks') + 2];
  return {
    method,
    url,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    query: Object.fromEntries(searchParams),
    pathToken: segments.includes('webhooks') && token ? decodeURIComponent(token) : null,
    body: bytesOf(body),
  };
}

function bytesOf(body: Uint8Array | Json): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
