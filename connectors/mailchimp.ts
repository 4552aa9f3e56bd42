// Mailchimp: the members of one audience. https://mailchimp.com/developer/marketing/api/list-members/
import { type Context, defineConnector, type Permission } from '#connector';
import { tried } from '#connector/checking';
import { describeApi } from './mailchimp/api.ts';
import { members } from './mailchimp/members.ts';
import { audiencePath, type Settings, settings } from './mailchimp/settings.ts';
import { webhook } from './mailchimp/webhook.ts';
import { writer } from './mailchimp/writer.ts';

export const mailchimp = defineConnector<Settings>({
  name: 'mailchimp',
  evidence: 'recorded',
  settings,
  // Mailchimp announces no end of it.
  apiVersion: () => ({ name: '3.0', endsOn: null }),
  api: describeApi,
  source: {
    streams: [members],
    mapping: {
      name: 'full_name',
      email: 'email_address',
      phone: 'merge_fields.PHONE',
      'address.line_1': 'merge_fields.ADDRESS.addr1',
      'address.line_2': 'merge_fields.ADDRESS.addr2',
      'address.city': 'merge_fields.ADDRESS.city',
      'address.state': 'merge_fields.ADDRESS.state',
      'address.postal_code': 'merge_fields.ADDRESS.zip',
      'address.country': 'merge_fields.ADDRESS.country',
    },
    sourceId: 'contact_id',
    needsFullReadings: 'Permanently deleted members are not listed. Only a full reading shows them.',
    // `web_id` at https://mailchimp.com/developer/marketing/api/list-members/get-member-info/
    recordPage: ['*.api.mailchimp.com', 'https://*.admin.mailchimp.com/lists/members/view?id={web_id}'],
    webhook,
  },
  writer,
  check,
});

async function check({ api, settings }: Context<Settings>): Promise<Permission[]> {
  return [
    await tried('read the audience', 'The API key can read the audience of listId.', () =>
      api.request({ path: audiencePath(settings), query: { fields: 'id,name' } }),
    ),
    await tried('list members', 'Full readings and changes are possible.', () =>
      api.request({
        path: audiencePath(settings, '/members'),
        query: { count: 1, fields: 'members.contact_id,total_items' },
      }),
    ),
    await tried('list merge fields', 'Names in the mapping can be checked.', () =>
      api.request({
        path: audiencePath(settings, '/merge-fields'),
        query: { count: 1, fields: 'merge_fields.tag' },
      }),
    ),
  ];
}
