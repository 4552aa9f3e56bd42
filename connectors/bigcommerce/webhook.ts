// BigCommerce webhooks: they name a customer, which is then read. Signed as Standard Webhooks, or known by a header.
// https://developer.bigcommerce.com/docs/integrations/webhooks
import type { JsonObject } from '#connector';
import { objectOf, wordOf } from '#connector/reading';
import { ownHeader, standardSignature } from '#connector/schemes';
import { type Naming, thinWebhook } from '#connector/thin-webhook';
import { isId } from './customers.ts';
import type { Settings } from './settings.ts';

export function webhook({ clientSecret, webhookHeader, storeHash }: Settings) {
  const producer = `stores/${storeHash.toLowerCase()}`;
  return thinWebhook({
    // The key is the secret as it stands.
    authentication: [...standardSignature(clientSecret), ...ownHeader(webhookHeader)],
    missing: 'Set clientSecret to the client secret of the API account, or webhookHeader.',
    // Eleven times in 48 hours, the first delivery not counted.
    retryHorizonSeconds: 50 * 3600,
    // `created_at` may be the time when the webhook was created: what is read decides.
    stream: 'customers',
    noun: 'customer',
    isId,
    naming: (item) => named(item, producer),
    notes: [
      'Create webhooks (POST /v3/hooks) with the scopes store/customer/* and store/customer/address/*: the first does not cover the second.',
      'They are signed with the client secret of the API account that created them. With webhookHeader, create them with that header.',
      'Keep a schedule: BigCommerce deactivates a webhook that failed for two days, and does not send what it missed.',
    ],
    sample: `{"scope": "store/customer/updated", "data": {"type": "customer", "id": 0}, "producer": "${producer}"}`,
  });
}

function named({ scope, producer: from, data }: JsonObject, producer: string): Naming | string {
  if (wordOf(from)?.toLowerCase() !== producer) return 'It is about another store than `storeHash`.';
  const event = wordOf(scope) ?? '';
  if (!event.startsWith('store/customer/')) return 'It is not about a customer.';
  const recordId = customerId(event, objectOf(data));
  if (recordId === '0') return 'It is a sample: its customer does not exist.';
  return { ids: recordId, gone: event === 'store/customer/deleted' && 'deleted' };
}

/** The ID of an event about an address is the address's, though its type says customer. */
function customerId(event: string, data: JsonObject): string | undefined {
  if (event.startsWith('store/customer/address/')) return wordOf(objectOf(data['address'])['customer_id']);
  return wordOf(data['customer_id']) ?? (data['type'] === 'customer' ? wordOf(data['id']) : undefined);
}
