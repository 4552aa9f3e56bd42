// Zoho CRM: the contacts of an organization. https://www.zoho.com/crm/developer/docs/api/v8/
import { type Context, defineConnector, type Permission } from '#connector';
import { tried } from '#connector/checking';
import { momentOf, objectOf, requestList, valueAt, wordOf } from '#connector/reading';
import { describeApi, root } from './zoho/api.ts';
import { contacts } from './zoho/contacts.ts';
import { requireOrganization } from './zoho/organization.ts';
import { type Settings, settings } from './zoho/settings.ts';
import { webhook } from './zoho/webhook.ts';

export const zoho = defineConnector<Settings>({
  name: 'zoho',
  evidence: 'recorded',
  settings,
  // No end of version 8 is announced.
  apiVersion: () => ({ name: 'v8', endsOn: null }),
  api: describeApi,
  source: {
    streams: [contacts],
    mapping: {
      name: ['First_Name', 'Last_Name'],
      email: 'Email',
      phone: 'Mobile_or_Phone',
      'address.line_1': 'Mailing_Street',
      'address.city': 'Mailing_City',
      'address.state': 'Mailing_State',
      'address.postal_code': 'Mailing_Zip',
      'address.country': 'Mailing_Country',
      birthdate: 'Date_of_Birth',
      description: 'Description',
    },
    sourceId: 'id',
    needsFullReadings:
      'Formula and roll-up fields change without the contact being marked as modified, and deletions are listed for about 60 days. Only a full reading shows both.',
    webhook,
  },
  check,
});

async function check(context: Context<Settings>): Promise<Permission[]> {
  const { settings, now } = context;
  const request = { cursor: null, until: now, properties: ['id'], maxRecords: 1 };
  const all = [
    await tried('list contacts', 'All contacts and changes can be read.', async () =>
      contacts.pull!(context, request),
    ),
    await tried('list deleted contacts', 'Deletions are found between full readings.', async () =>
      contacts.tombstones!.pull(context, request),
    ),
    await sight(context),
  ];
  if (settings.organizationId !== undefined) all.push(await whose(context));
  if (settings.webhookToken) all.push(await channel(context));
  return all;
}

async function sight({ api }: Context<Settings>): Promise<Permission> {
  const what = 'see all contacts';
  try {
    const { list } = await requestList(
      api,
      { path: `${root}/users`, query: { type: 'CurrentUser' } },
      'users',
    );
    const profile = wordOf(valueAt(list, '0.profile.name'));
    if (profile === 'Administrator') return { what, allowed: true, note: 'The user is an administrator.' };
    const note = `The user has the profile ${profile}: contacts that roles and sharing hide from this user are not read, and count as deleted.`;
    return { what, allowed: null, note };
  } catch (error) {
    return { what, allowed: null, note: `This could not be determined: ${(error as Error).message}` };
  }
}

function whose(context: Context<Settings>): Promise<Permission> {
  return tried('read the organization of organizationId', 'It is this organization.', () =>
    requireOrganization(context),
  );
}

async function channel({ api, now }: Context<Settings>): Promise<Permission> {
  const what = 'receive notifications';
  const remedy = 'Enable notifications as `tributary webhook` says.';
  try {
    const { json } = await api.request({
      path: `${root}/actions/watch`,
      query: { module: 'Contacts' },
      isAnswer: (json) => json === undefined || Array.isArray(objectOf(json)['watch']),
    });
    const expiries = [valueAt(json, 'watch')].flat().map((one) => momentOf(objectOf(one)['channel_expiry']));
    const last = Math.max(0, ...expiries.filter((expiry) => expiry !== undefined));
    if (last <= now) return { what, allowed: false, note: `No channel for contacts is open. ${remedy}` };
    const until = new Date(last).toISOString();
    return {
      what,
      allowed: true,
      note: `The channel expires at ${until}: renew it before, for up to seven days.`,
    };
  } catch (error) {
    return { what, allowed: null, note: `This could not be determined: ${(error as Error).message}` };
  }
}
