// BigCommerce webhooks: they name a customer, which is then read. Signed as Standard Webhooks, or known by a header.
// https://developer.bigcommerce.com/docs/integrations/webhooks
import { type Change, type JsonObject, RejectedError } from '#connector';
import { objectOf, wordOf } from '#connector/reading';
import type { Scheme, Webhook } from '#connector/webhook';
import { isId } from './customer.ts';
import type { Settings } from './settings.ts';

const stream = 'customers';

export function webhook(settings: Settings): Webhook<Change> {
  const authentication = schemesOf(settings);
  const producer = `stores/${settings.storeHash.toLowerCase()}`;
  return {
    authentication,
    ...(authentication.length === 0 && {
      missing: 'Set clientSecret to the client secret of the API account, or webhookHeader.',
    }),
    decoding: { form: 'json' },
    // Eleven times in 48 hours, the first delivery not counted.
    retryHorizonSeconds: 50 * 3600,
    changes: (item, { receivedAt }) => changesOf(objectOf(item), { receivedAt, producer }),
    notes: [
      'Create webhooks (POST /v3/hooks) with the scopes store/customer/* and store/customer/address/*: the first does not cover the second.',
      'They are signed with the client secret of the API account that created them. With webhookHeader, create them with that header.',
      'Keep a schedule: BigCommerce deactivates a webhook that failed for two days, and does not send what it missed.',
    ],
    sample: JSON.stringify({
      scope: 'store/customer/updated',
      store_id: '1',
      data: { type: 'customer', id: 0 },
      hash: 'sample',
      created_at: 0,
      producer,
    }),
  };
}

/** The key is the secret as it stands. When it was signed is not looked at: a repeat only has the customer read again. */
function schemesOf({ clientSecret, webhookHeader }: Settings): Scheme[] {
  return [
    ...(clientSecret
      ? [
          {
            kind: 'signature',
            algorithm: 'hmac-sha256',
            secrets: clientSecret,
            message: [{ header: 'webhook-id' }, { literal: '.' }, 'timestamp', { literal: '.' }, 'body'],
            header: 'webhook-signature',
            form: { tagged: 'v1' },
            encoding: 'base64',
            timestamp: { from: { header: 'webhook-timestamp' }, unit: 'seconds', toleranceSeconds: null },
          } as const,
        ]
      : []),
    ...(webhookHeader
      ? [{ kind: 'credential', at: { header: webhookHeader.name }, values: webhookHeader.value } as const]
      : []),
  ];
}

function changesOf(
  { scope, producer: from, data }: JsonObject,
  { receivedAt, producer }: { receivedAt: number; producer: string },
): Change[] {
  const ignored = (reason: string): Change[] => [{ kind: 'ignored', reason }];
  if (wordOf(from)?.toLowerCase() !== producer) return ignored('It is about another store than `storeHash`.');
  const event = wordOf(scope) ?? '';
  if (!event.startsWith('store/customer/')) return ignored('It is not about a customer.');
  const recordId = customerId(event, objectOf(data));
  if (recordId === '0') return ignored('It is a sample: its customer does not exist.');
  if (recordId === undefined || !isId(recordId))
    throw new RejectedError('The webhook names no customer.', { code: 'no_id' });
  // `created_at` may be the time when the webhook was created: what is read decides.
  const touch = { kind: 'touch', stream, recordId, changedAt: receivedAt } as const;
  return [event === 'store/customer/deleted' ? { ...touch, gone: 'deleted' } : touch];
}

/** The ID of an event about an address is the address's, though its type says customer. */
function customerId(event: string, data: JsonObject): string | undefined {
  if (event.startsWith('store/customer/address/')) return wordOf(objectOf(data['address'])['customer_id']);
  return wordOf(data['customer_id']) ?? (data['type'] === 'customer' ? wordOf(data['id']) : undefined);
}
