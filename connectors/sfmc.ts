// Salesforce Marketing Cloud Engagement (formerly ExactTarget): the rows of a data extension. Contacts themselves are not listed.
// https://developer.salesforce.com/docs/marketing/marketing-cloud/guide/apis-overview.html
import { type ApiDescription, defineConnector } from '#connector';
import { tried } from '#connector/checking';
import { clientCredentials } from '#connector/oauth-client';
import { windowQuotas } from '#connector/quotas';
import { hasWordsAt } from '#connector/reading';
import { firstRow, rowsOf } from './sfmc/rows.ts';
import { type Settings, settings } from './sfmc/settings.ts';

export const sfmc = defineConnector<Settings>({
  name: 'sfmc',
  evidence: 'recorded',
  settings,
  apiVersion: () => ({ name: null, endsOn: null }),
  api: describeApi,
  source: {
    streams: [rowsOf({ complete: true })],
    streamsFor: (settings) => [rowsOf(settings)],
    // Customary names: the columns are named by the person who made the data extension.
    mapping: {
      name: ['firstname', 'lastname'],
      email: 'emailaddress',
      phone: 'mobile',
      birthdate: 'birthdate',
      'address.line_1': 'street',
      'address.city': 'city',
      'address.state': 'state',
      'address.postal_code': 'postalcode',
      'address.country': 'country',
    },
    sourceId: 'id',
    needsFullReadings: ({ complete }) =>
      complete ? 'Deleted rows are not reported. Only a full reading shows them.' : null,
  },
  check: async (context) => [
    await tried('read the data extension', 'Full readings and single rows can be read.', () =>
      firstRow(context),
    ),
  ],
});

function describeApi(settings: Settings): ApiDescription {
  const { subdomain, accountId, baseUrl, authUrl, quota } = settings;
  const hostOf = (api: string) => `https://${subdomain}.${api}.marketingcloudapis.com`;
  const tokenUrl = `${authUrl ?? baseUrl ?? hostOf('auth')}/v2/token`;
  return {
    baseUrl: baseUrl ?? hostOf('rest'),
    // Without the business unit the token is one of the parent's.
    auth: {
      ...clientCredentials(settings, { tokenUrl, sentAs: 'json' }),
      fields: { account_id: accountId },
    },
    account: `sfmc:${subdomain}:${accountId}`,
    quotas: windowQuotas(quota),
    isErrorBody: hasWordsAt('errorcode'),
    remedies: { 403: 'Give the installed package the permission to read data extensions.' },
    busyMs: 10_000,
  };
}
