// Zoho CRM: the contacts of an organization. https://www.zoho.com/crm/developer/docs/api/v8/
import { type Context, defineConnector } from '#connector';
import { found, foundSight, tried, triedPull } from '#connector/checking';
import { requestWord } from '#connector/reading';
import { describeApi, requireOrganization, root } from './zoho/api.ts';
import { channelExpiry, subscription } from './zoho/channel.ts';
import { contacts } from './zoho/contacts.ts';
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
    subscription,
  },
  check: async (context) => [
    await triedPull(context, contacts, 'All contacts and changes can be read.'),
    await triedPull(context, deletions, 'Deletions are found between full readings.'),
    await foundSight('contacts', 'contacts that roles and sharing hide from this user', async () => {
      const profile = await requestWord(context.api, user, 'users.0.profile.name');
      return profile === 'Administrator';
    }),
    ...(context.settings.organizationId === undefined ? [] : [await whose(context)]),
    ...(context.settings.webhookToken
      ? [await found('receive notifications', () => channel(context), null)]
      : []),
  ],
});

const user = { path: `${root}/users`, query: { type: 'CurrentUser' } };
const deletions = { name: 'deleted contacts', pull: contacts.tombstones!.pull };

const whose = (context: Context<Settings>) =>
  tried('read the organization of organizationId', 'It is this organization.', () =>
    requireOrganization(context),
  );

async function channel(context: Context<Settings>) {
  const expiry = await channelExpiry(context);
  const { renewChannel } = context.settings;
  const renewal = renewChannel ? 'Tributary renews it.' : 'Renew it before, for up to seven days.';
  const remedy = renewChannel
    ? 'A server opens it if publicUrl is set.'
    : 'Enable notifications as `tributary webhooks setup` says.';
  return expiry > context.now
    ? { allowed: true, note: `The channel expires at ${new Date(expiry).toISOString()}. ${renewal}` }
    : { allowed: false, note: `No channel for contacts is open. ${remedy}` };
}
