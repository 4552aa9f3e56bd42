// ActiveCampaign: the contacts of an account, through version 3 of its API. https://developers.activecampaign.com/reference/overview
import { type ApiResponse, type Context, defineConnector, type Permission, TransientError } from '#connector';
import { fingerprint, tried } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { eitherOf, hasWordsAt, requestList } from '#connector/reading';
import { contacts, listRequest } from './activecampaign/contacts.ts';
import { type Settings, settings } from './activecampaign/settings.ts';
import { webhook } from './activecampaign/webhook.ts';
import { writer } from './activecampaign/writer.ts';

export const activecampaign = defineConnector<Settings>({
  name: 'activecampaign',
  evidence: 'recorded',
  settings,
  apiVersion: () => ({ name: '3', endsOn: null }),
  api: ({ baseUrl, apiKey, quota }) => ({
    baseUrl: `${baseUrl}/api/3`,
    auth: { kind: 'header', name: 'api-token', value: apiKey },
    // All keys of an account share its quota.
    account: `activecampaign:${fingerprint(baseUrl)}`,
    quotas: windowQuotas(quota),
    // A list of titles, or a sentence (recorded), of which gateways have others.
    isErrorBody: eitherOf(hasWordsAt('errors.0.title'), (json) =>
      /"(No Result found|You do not have)/i.test(JSON.stringify(json)),
    ),
    errorFor,
  }),
  source: {
    streams: [contacts],
    mapping: { name: ['firstName', 'lastName'], email: 'email', phone: 'phone' },
    sourceId: 'id',
    needsFullReadings: 'ActiveCampaign does not report deleted contacts. Only a full reading shows them.',
    webhook,
  },
  writer,
  check,
});

/** A 403 comes now and then with a key that is valid (recorded by others), so it must not pause the source. */
function errorFor({ status }: ApiResponse): TransientError | undefined {
  if (status !== 403) return undefined;
  return new TransientError(
    'ActiveCampaign answered 403. Unless this passes by itself, check the API key and the permissions of its user.',
    { status },
  );
}

async function check({ api }: Context<Settings>): Promise<Permission[]> {
  const page = listRequest({ limit: 1 });
  return [
    await tried('list contacts', 'Full readings, changes and single contacts can be read.', () =>
      requestList(api, page, 'contacts'),
    ),
    await tried('list custom fields', 'Contacts are listed with their custom fields.', () =>
      requestList(api, page, 'fieldValues'),
    ),
  ];
}
