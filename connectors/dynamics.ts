// Microsoft Dynamics 365: the contacts of a Dataverse environment. https://learn.microsoft.com/power-apps/developer/data-platform/webapi/
import { type Context, defineConnector, type Permission } from '#connector';
import { requestAccount, tried } from '#connector/checking';
import { describeApi } from './dynamics/api.ts';
import { columnsOf, guidOf } from './dynamics/contact.ts';
import { contacts, requestContacts } from './dynamics/contacts.ts';
import { dataPath, type Settings, settings } from './dynamics/settings.ts';
import { webhook } from './dynamics/webhook.ts';

export const dynamics = defineConnector<Settings>({
  name: 'dynamics',
  settings,
  evidence: 'documented',
  // No end of 9.2 is announced.
  apiVersion: ({ apiVersion }) => ({ name: apiVersion, endsOn: null }),
  api: describeApi,
  source: {
    streams: [contacts],
    mapping: {
      name: ['firstname', 'lastname'],
      email: 'emailaddress1',
      phone: 'mobilephone_or_telephone1',
      'address.line_1': 'address1_line1',
      'address.line_2': 'address1_line2',
      'address.city': 'address1_city',
      'address.state': 'address1_stateorprovince',
      'address.postal_code': 'address1_postalcode',
      'address.country': 'address1_country',
      birthdate: 'birthdate',
      description: 'description',
    },
    sourceId: 'contactid',
    needsFullReadings: ({ changeTracking }) =>
      changeTracking
        ? 'Calculated and rollup columns, and names behind lookups, change without the contact being tracked. Only a full reading shows them.'
        : 'Without change tracking, deleted contacts are not listed. Without webhooks, only a full reading shows them.',
    // https://learn.microsoft.com/power-apps/developer/model-driven-apps/open-forms-views-dialogs-reports-url
    recordPage: ({ baseUrl }, { recordId }) =>
      `${baseUrl}/main.aspx?pagetype=entityrecord&etn=contact&id=${encodeURIComponent(recordId)}`,
    webhook,
  },
  check,
});

async function check(context: Context<Settings>): Promise<Permission[]> {
  const { api, settings } = context;
  const whose = {
    noun: 'organization',
    id: settings.organizationId,
    path: dataPath(settings, '/WhoAmI'),
    at: 'OrganizationId',
    idOf: guidOf,
  };
  return [
    await tried('list contacts', 'All contacts and single contacts can be read.', () => firstPage(context)),
    await tracking(context),
    ...(settings.organizationId === undefined
      ? []
      : [
          await tried('read the environment of organizationId', 'It is this environment.', () =>
            requestAccount(api, whose),
          ),
        ]),
  ];
}

async function firstPage(context: Context<Settings>, options: { tracked?: boolean } = {}) {
  const columns = await columnsOf(context, ['contactid']);
  return requestContacts(context, { columns, limit: 1, ...options });
}

/** It is granted only to users who may read the contacts of the whole organization. */
async function tracking(context: Context<Settings>): Promise<Permission> {
  const what = 'track changes and deletions';
  if (!context.settings.changeTracking)
    return { what, allowed: null, note: 'changeTracking is false: deletions are found by full readings.' };
  try {
    const { headers } = await firstPage(context, { tracked: true });
    if (/odata\.track-changes/.test(headers['preference-applied'] ?? ''))
      return { what, allowed: true, note: 'Changes and deletions are read by change tracking.' };
  } catch (error) {
    return { what, allowed: null, note: `It is not granted: ${(error as Error).message}` };
  }
  const note =
    'It is not granted: enable "Track changes" of the table, and give the user organization-level read of contacts. Contacts that the role hides are not read, and count as deleted.';
  return { what, allowed: null, note };
}
