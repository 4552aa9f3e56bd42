// Freshsales (Freshworks CRM): the contacts of a view. Experimental: its lists were never seen in recorded traffic of a bundle.
// https://developers.freshworks.com/crm/api
import { type ApiResponse, type Context, defineConnector, type Permission, TransientError } from '#connector';
import { fingerprint, tried } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { eitherOf, hasWordsAt, objectOf, requestList, wordOf } from '#connector/reading';
import { contacts, firstContact } from './freshsales/contacts.ts';
import { type Settings, settings } from './freshsales/settings.ts';
import { webhook } from './freshsales/webhook.ts';

export const freshsales = defineConnector<Settings>({
  name: 'freshsales',
  evidence: 'experimental',
  settings,
  apiVersion: () => ({ name: null, endsOn: null }),
  api: ({ baseUrl, apiKey, quota }) => ({
    baseUrl,
    headers: {},
    auth: { kind: 'header', name: 'authorization', value: `Token token=${apiKey}` },
    // All keys of an account share its quota.
    account: `freshsales:${fingerprint(baseUrl)}`,
    quotas: windowQuotas(quota, { 3600: 'hour' }),
    // A list of objects is a gateway's.
    isErrorBody: eitherOf(...['code', 'message', 'message.0', '0'].map((at) => hasWordsAt(`errors.${at}`))),
    errorFor,
  }),
  source: {
    streams: [contacts],
    mapping: {
      // Not display_name, which may be the e-mail address, nor emails, which was seen empty beside an e-mail.
      name: ['first_name', 'last_name'],
      email: 'email',
      phone: 'phone',
      'address.line_1': 'address',
      'address.city': 'city',
      'address.state': 'state',
      'address.postal_code': 'zipcode',
      'address.country': 'country',
    },
    sourceId: 'id',
    needsFullReadings: 'Deleted and merged contacts are not reported. Only a full reading shows them.',
    webhook,
  },
  check,
});

/** Too many calls were also answered with 400, and a code inside. */
function errorFor({ status, json }: ApiResponse): TransientError | undefined {
  if (status !== 400 || !/response_code\W+429/.test(JSON.stringify(json ?? ''))) return undefined;
  return new TransientError('Freshsales answered 400 for a 429: the calls are spent', {
    status,
    retryAfterMs: 60_000,
  });
}

async function check(context: Context<Settings>): Promise<Permission[]> {
  const { api, settings } = context;
  return [
    await tried('find the view', 'The view exists. Make sure that it shows all contacts.', async () => {
      const { list } = await requestList(api, { path: '/contacts/filters' }, 'filters');
      const views = list.map(objectOf).map(({ id, name }) => ({ id: wordOf(id), name: wordOf(name) }));
      if (views.some(({ id }) => id === settings.viewId)) return;
      const known = views.slice(0, 20).map(({ id, name }) => `${id} (${name})`);
      throw new Error(`There is no view ${settings.viewId}. The views are ${known.join(', ')}.`);
    }),
    await tried('list contacts', 'Full readings, changes and single contacts can be read.', () =>
      firstContact(context),
    ),
  ];
}
