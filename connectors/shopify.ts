// Shopify: customers of a shop. https://shopify.dev/docs/api/admin-graphql
import { type Context, defineConnector, type Permission } from '#connector';
import { monthsAfter } from '#connector/api-version';
import { tried } from '#connector/checking';
import { describeApi } from './shopify/api.ts';
import { customers, requestCustomers, updatedSince } from './shopify/customers.ts';
import { type Settings, settings } from './shopify/settings.ts';
import { webhook } from './shopify/webhook.ts';

const dayMs = 86_400_000;

export const shopify = defineConnector<Settings>({
  name: 'shopify',
  evidence: 'recorded',
  settings,
  // Each version is supported for a year: https://shopify.dev/docs/api/usage/versioning
  apiVersion: ({ apiVersion }) => ({ name: apiVersion, endsOn: monthsAfter(apiVersion, 12) }),
  api: describeApi,
  source: {
    streams: [customers],
    mapping: {
      name: ['firstName', 'lastName'],
      email: 'defaultEmailAddress.emailAddress',
      phone: 'defaultPhoneNumber.phoneNumber',
      'address.line_1': 'defaultAddress.address1',
      'address.line_2': 'defaultAddress.address2',
      'address.city': 'defaultAddress.city',
      'address.state': 'defaultAddress.province',
      'address.postal_code': 'defaultAddress.zip',
      'address.country': 'defaultAddress.countryCodeV2',
      description: 'note',
    },
    sourceId: 'id',
    needsFullReadings: 'Deleted customers are not listed. Without webhooks, only a full reading shows them.',
    // https://help.shopify.com/manual/shopify-admin: each shop has its own address there.
    recordPage: ({ shop, baseUrl }, { recordId }) =>
      baseUrl === undefined
        ? `https://admin.shopify.com/store/${shop.replace('.myshopify.com', '')}/customers/${encodeURIComponent(recordId)}`
        : null,
    webhook,
  },
  check,
});

async function check(context: Context<Settings>): Promise<Permission[]> {
  const { settings, now } = context;
  const list = (properties: readonly string[], query?: string) =>
    requestCustomers(context, properties, { first: 1, sortKey: 'UPDATED_AT', ...(query && { query }) });
  return [
    await tried('list customers', 'Full readings, changes and single customers can be read.', () =>
      list(['id']),
    ),
    await tried(
      'read names, addresses and metafields',
      'The app has access to protected customer data. If access is withdrawn, runs stop and nothing is cleared.',
      () => list([]),
    ),
    await tried('find changes', 'Only changed customers are listed.', async () => {
      // Of tomorrow there are none.
      const { nodes } = await list(['id'], updatedSince(now + dayMs));
      if (nodes.length > 0)
        throw new Error('Shopify ignores the filter for changes: each run reads all customers.');
    }),
    await tried(
      'use the version of the API',
      `Shopify answers with version ${settings.apiVersion}.`,
      async () => {
        const { headers } = await list(['id']);
        const version = headers['x-shopify-api-version'] ?? settings.apiVersion;
        if (version !== settings.apiVersion)
          throw new Error(
            `Shopify answers with version ${version} instead of ${settings.apiVersion}: set apiVersion.`,
          );
      },
    ),
  ];
}
