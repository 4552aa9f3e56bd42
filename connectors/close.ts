// Close: the contacts of its leads. https://developer.close.com
import { type Context, defineConnector, type Permission } from '#connector';
import { tried } from '#connector/checking';
import { objectOf, requestList } from '#connector/reading';
import { describeApi } from './close/api.ts';
import { contacts, searchRequest } from './close/contacts.ts';
import { type Settings, settings } from './close/settings.ts';
import { webhook } from './close/webhook.ts';

export const close = defineConnector<Settings>({
  name: 'close',
  evidence: 'documented',
  settings,
  // Version 1 has no announced end.
  apiVersion: () => ({ name: 'v1', endsOn: null }),
  api: describeApi,
  source: {
    streams: [contacts],
    mapping: {
      // Not display_name, which may be the e-mail address.
      name: 'name',
      email: 'emails[0].email',
      phone: 'phones[0].phone',
      'address.line_1': 'lead.address.address_1',
      'address.line_2': 'lead.address.address_2',
      'address.city': 'lead.address.city',
      'address.state': 'lead.address.state',
      'address.postal_code': 'lead.address.zipcode',
      'address.country': 'lead.address.country',
    },
    sourceId: 'id',
    needsFullReadings:
      'The event log keeps deletions for 30 days only. What was deleted while nothing was read for longer shows in full readings.',
    webhook,
  },
  check,
});

async function check({ api, settings: { organizationId } }: Context<Settings>): Promise<Permission[]> {
  return [
    await tried('search leads', 'Full readings and changes can be read.', () =>
      api.request(searchRequest({ clock: 'date_created', limit: 1 })),
    ),
    await tried('read the event log', 'Deletions can be read.', () =>
      requestList(
        api,
        { path: '/event/', query: { object_type: 'contact', action: 'deleted', _limit: 1 } },
        'data',
      ),
    ),
    await tried('belong to the organization', 'The key is of a user of the organization.', async () => {
      const { list } = await requestList(api, { path: '/me/' }, 'organizations');
      if (organizationId !== undefined && !list.some((one) => objectOf(one)['id'] === organizationId))
        throw new Error('The API key is of another organization than organizationId.');
    }),
  ];
}
