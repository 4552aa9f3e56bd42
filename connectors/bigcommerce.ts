// BigCommerce: the customers of a store. https://developer.bigcommerce.com/docs/rest-management
import { type Context, defineConnector, type Permission } from '#connector';
import { tried } from '#connector/checking';
import { objectOf, requestList, wordOf } from '#connector/reading';
import { describeApi } from './bigcommerce/api.ts';
import { customers, listRequest } from './bigcommerce/customers.ts';
import { type Settings, settings } from './bigcommerce/settings.ts';
import { webhook } from './bigcommerce/webhook.ts';

export const bigcommerce = defineConnector<Settings>({
  name: 'bigcommerce',
  evidence: 'recorded',
  settings,
  // Version 3 has no announced end.
  apiVersion: () => ({ name: 'v3', endsOn: null }),
  api: describeApi,
  source: {
    streams: [customers],
    mapping: {
      name: ['first_name', 'last_name'],
      email: 'email',
      phone: 'phone',
      'address.line_1': 'address.address1',
      'address.line_2': 'address.address2',
      'address.city': 'address.city',
      'address.state': 'address.state_or_province',
      'address.postal_code': 'address.postal_code',
      'address.country': 'address.country_code',
    },
    sourceId: 'id',
    needsFullReadings:
      'Deleted customers are not listed, and edited addresses, attributes and form fields may not count as a change of the customer. What webhooks do not report shows in full readings only.',
    webhook,
  },
  check,
});

async function check({ api, settings }: Context<Settings>): Promise<Permission[]> {
  const permissions = [
    await tried('list customers', 'Full readings, changes and single customers can be read.', () =>
      api.request(listRequest({ limit: 1 })),
    ),
  ];
  if (!settings.clientSecret && !settings.webhookHeader) return permissions;
  const active = await tried('receive webhooks', 'The webhooks for customers are active.', async () => {
    const { list } = await requestList(api, { path: '/v3/hooks', query: { limit: 250 } }, 'data');
    const hooks = list.map(objectOf).filter((hook) => wordOf(hook['scope'])?.startsWith('store/customer/'));
    if (hooks.length === 0) throw new Error('There is no webhook with the scope store/customer/*.');
    if (hooks.some((hook) => hook['is_active'] === false))
      throw new Error('A webhook for customers is deactivated: set is_active, and read what it missed.');
  });
  return [...permissions, active];
}
