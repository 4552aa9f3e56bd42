// Webhooks of Shopify: one event each, signed with the secret of the app. They contain only part of a customer, under
// the names of another API, so the customer is read.
// https://shopify.dev/docs/apps/build/webhooks
import type { Change, JsonObject } from '#connector';
import { momentOf, objectOf, wholeSecond, wordOf } from '#connector/reading';
import { signature } from '#connector/schemes';
import { type Naming, thinWebhook } from '#connector/thin-webhook';
import type { Received, Webhook } from '#connector/webhook';
import { customerId, globalId } from './customer.ts';
import type { Settings } from './settings.ts';

/** Of whom "Send test notification" tells: there is no such customer. */
const testId = '706405506930370084';

export function webhook({ shop, app, oauth, webhookSecret = [] }: Settings): Webhook<Change> {
  const given = [...webhookSecret, app?.clientSecret, oauth?.clientSecret];
  const secrets = given.filter((secret) => secret !== undefined);
  return thinWebhook({
    stream: 'customers',
    noun: 'customer',
    authentication: signature(secrets, { header: 'X-Shopify-Hmac-SHA256', encoding: 'base64' }),
    missing:
      'Set webhookSecret to the client secret of the app, or to the secret that the settings of the shop show.',
    // Eight times in four hours.
    retryHorizonSeconds: 5 * 3600,
    naming: (body, received) => named(body, received, shop),
    notes: [
      'Subscribe to CUSTOMERS_CREATE, CUSTOMERS_UPDATE, CUSTOMERS_DELETE, CUSTOMERS_ENABLE, CUSTOMERS_DISABLE and CUSTOMERS_MERGE, the last with the scope read_customer_merge; CUSTOMER_TAGS_ADDED, CUSTOMER_TAGS_REMOVED, CUSTOMERS_EMAIL_MARKETING_CONSENT_UPDATE and CUSTOMERS_MARKETING_CONSENT_UPDATE if the mapping uses tags or consent.',
      'An app that is published also enters this address for customers/redact, customers/data_request and shop/redact.',
      'Keep a schedule: after eight failures in a row Shopify removes a subscription that was created by API.',
    ],
    sample: { id: testId, admin_graphql_api_id: globalId(testId) },
  });
}

/** Topic, shop and time are headers, which nobody signs: by themselves they delete, merge and erase nobody. */
function named(body: JsonObject, { headers, receivedAt }: Received, shop: string): Naming | string {
  if (headers['x-shopify-shop-domain']?.toLowerCase() !== shop)
    return 'It is about a shop other than `shop`.';
  const topic = headers['x-shopify-topic'] ?? '';
  if (Object.hasOwn(notForUs, topic)) return notForUs[topic]!;
  const times = [body['updated_at'], body['occurredAt'], headers['x-shopify-triggered-at']];
  const at = times.map((time) => momentOf(time)).find((time) => time !== undefined);
  // Whole seconds, as the API names them.
  const changedAt = wholeSecond(Math.min(at ?? receivedAt, receivedAt));
  const kept = customerId(body['admin_graphql_api_customer_kept_id']);
  const lost = customerId(body['admin_graphql_api_customer_deleted_id']);
  if (kept !== undefined && lost !== undefined)
    // It is sent of merges that failed, too.
    return body['status'] === 'completed'
      ? { ids: kept, merged: lost, changedAt }
      : { ids: [kept, lost], changedAt };
  const ids = idIn(body);
  if (ids === undefined && !/^customers?[/.]/.test(topic)) return 'It is not about a customer.';
  return ids === testId
    ? 'It is a test notification: its customer does not exist.'
    : { ids, changedAt, gone: goneBy[topic] };
}

const goneBy: { readonly [topic: string]: 'deleted' | 'erased' } = {
  'customers/redact': 'erased',
  'customers/delete': 'deleted',
};

const notForUs: { readonly [topic: string]: string } = {
  'app/uninstalled': 'The app was removed from the shop, which can no longer be read.',
  'shop/redact':
    'The app was removed from the shop two days ago, and Shopify asks to erase what was read: you must do this yourself.',
  'customers/data_request': 'A customer asks for their data: `tributary customers explain` shows it.',
};

/** Three shapes: a global ID, camel case with a global ID, and a number, which of an order is the order's. */
function idIn(body: JsonObject): string | undefined {
  const given = [body['admin_graphql_api_id'], body['customerId']].find((gid) => gid !== undefined);
  if (given !== undefined) return customerId(given);
  const number = wordOf(body['customer_id'] ?? objectOf(body['customer'])['id']);
  return number === undefined ? undefined : customerId(globalId(number));
}
