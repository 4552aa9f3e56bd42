// BigCommerce: the customers of a store. https://developer.bigcommerce.com/docs/rest-management
import { type Api, defineConnector, type QuotaReader } from '#connector';
import { tried } from '#connector/checking';
import { quotaReading, wholeHeader, windowQuotas } from '#connector/quotas';
import { hasWordsAt, objectOf, requestList, wordOf } from '#connector/reading';
import { customers, requestCustomers } from './bigcommerce/customers.ts';
import { type Settings, settings } from './bigcommerce/settings.ts';
import { webhook } from './bigcommerce/webhook.ts';

export const bigcommerce = defineConnector<Settings>({
  name: 'bigcommerce',
  evidence: 'recorded',
  settings,
  // Version 3 has no announced end.
  apiVersion: () => ({ name: 'v3', endsOn: null }),
  api: ({ storeHash, accessToken, baseUrl, quota }) => ({
    baseUrl: `${baseUrl}/stores/${storeHash}`,
    auth: { kind: 'header', name: 'x-auth-token', value: accessToken },
    // Every app of the store draws on its quota.
    account: `bigcommerce:${storeHash}`,
    quotas: windowQuotas(quota, { 30: 'window' }),
    readQuotas,
    isErrorBody: hasWordsAt('status', 'title'),
    remedies: {
      403: 'Give the API account read-only access to customers.',
      404: 'There is no such store, or it is closed: check `storeHash`.',
    },
    // After a 429 that is about no quota: the platform is overloaded.
    busyMs: 10_000,
  }),
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
  check: async ({ api, settings: { clientSecret, webhookHeader } }) => [
    await tried('list customers', 'Customers can be read.', () => requestCustomers(api, { limit: 1 })),
    ...(clientSecret || webhookHeader ? [await hooks(api)] : []),
  ],
});

/** https://developer.bigcommerce.com/docs/start/best-practices/api-rate-limits */
const readQuotas: QuotaReader = (response, _request, now) => {
  const header = (name: string) => wholeHeader(response, `x-rate-limit-${name}`);
  if (header('time-window-ms') !== 30_000) return [];
  const remaining = response.status === 429 ? 0 : header('requests-left');
  const said = { limit: header('requests-quota'), remaining, waitMs: header('time-reset-ms') };
  return quotaReading('window', said, now);
};

const hooks = (api: Api) =>
  tried('receive webhooks', 'The webhooks for customers are active.', async () => {
    const { list } = await requestList(api, { path: '/v3/hooks', query: { limit: 250 } }, 'data');
    const ours = list.map(objectOf).filter((hook) => wordOf(hook['scope'])?.startsWith('store/customer/'));
    if (ours.length === 0) throw new Error('There is no webhook with the scope store/customer/*.');
    if (ours.some((hook) => hook['is_active'] === false))
      throw new Error('A webhook for customers is deactivated: set is_active, and read what it missed.');
  });
