// HubSpot: contacts. https://developers.hubspot.com/docs/api-reference/crm-contacts-v3
import { type Context, defineConnector, type Permission } from '#connector';
import { monthsAfter } from '#connector/api-version';
import { tried } from '#connector/checking';
import { describeApi, searchBucket } from './hubspot/api.ts';
import { contacts } from './hubspot/contacts.ts';
import { journal } from './hubspot/journal.ts';
import { contactsPath, propertiesPath, type Settings, settings } from './hubspot/settings.ts';
import { checkJournal } from './hubspot/subscriptions.ts';
import { webhook } from './hubspot/webhook.ts';
import { writer } from './hubspot/writer.ts';

export const hubspot = defineConnector<Settings>({
  name: 'hubspot',
  evidence: 'recorded',
  settings,
  api: describeApi,
  // Numbered versions are unsupported from September 2027; a dated one is supported for at least 18 months
  // (HubSpot's policy since 2026-03-30).
  apiVersion: ({ apiVersion }) => ({
    name: apiVersion,
    endsOn: apiVersion === 'v3' ? '2027-09-01' : monthsAfter(`${apiVersion}-01`, 18),
  }),
  source: {
    streams: [contacts],
    mapping: {
      name: ['firstname', 'lastname'],
      email: 'email',
      phone: 'phone',
      'address.line_1': 'address',
      'address.city': 'city',
      'address.state': 'state',
      'address.postal_code': 'zip',
      'address.country': 'country',
    },
    // Of older versions of the API, for dates and datetimes alike.
    timeUnit: 'milliseconds',
    sourceId: 'id',
    associations: ['company'],
    additionalEmails: 'hs_additional_emails',
    needsFullReadings:
      'Calculated properties and those of companies may change without the contact being marked as modified, and permanently deleted contacts are not listed. Only a full reading shows them.',
    // https://developers.hubspot.com/docs/api-reference/crm-contacts-v3: 0-1 is the type of contacts.
    recordPage: ({ baseUrl, portalId }, { recordId }) =>
      portalId === undefined || new URL(baseUrl).host !== 'api.hubapi.com'
        ? null
        : `https://app.hubspot.com/contacts/${portalId}/record/0-1/${encodeURIComponent(recordId)}`,
    webhook,
    journal,
  },
  writer,
  check,
});

async function check(context: Context<Settings>): Promise<Permission[]> {
  const { api, settings } = context;
  return [
    await tried('list contacts', 'Full readings and deletions are possible.', () =>
      api.request({ path: contactsPath(settings), query: { limit: 1 } }),
    ),
    await tried('search contacts', 'Changes can be found.', () =>
      api.request({
        method: 'POST',
        path: contactsPath(settings, '/search'),
        bucket: searchBucket,
        json: { limit: 1 },
      }),
    ),
    await tried('read property definitions', 'Names in the mapping can be checked.', () =>
      api.request({ path: propertiesPath(settings) }),
    ),
    ...(settings.journal ? await checkJournal(context) : []),
  ];
}
