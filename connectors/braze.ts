// Braze: profiles, as Canvas and campaign webhooks send them and as Currents names them. https://www.braze.com/docs/api
import { type Context, defineConnector, type Permission } from '#connector';
import { tried } from '#connector/checking';
import { describeApi } from './braze/api.ts';
import { exportRequest } from './braze/export.ts';
import { type Settings, settings } from './braze/settings.ts';
import { users } from './braze/users.ts';
import { webhook } from './braze/webhook.ts';

export const braze = defineConnector<Settings>({
  name: 'braze',
  evidence: 'recorded',
  settings,
  // Braze names paths, and no versions or ends of them.
  apiVersion: () => ({ name: null, endsOn: null }),
  api: describeApi,
  source: {
    streams: [users, { name: 'profiles' }],
    mapping: {
      name: ['first_name', 'last_name'],
      email: 'email',
      phone: 'phone',
      birthdate: 'dob',
      'address.city': 'home_city',
      'address.country': 'country',
    },
    sourceId: 'external_id',
    webhook,
  },
  check,
});

async function check({ api, settings }: Context<Settings>): Promise<Permission[]> {
  if (settings.apiKey === undefined) {
    const note =
      'No apiKey is set: profiles arrive only by webhooks of Canvas and campaigns, and events of Currents are ignored.';
    return [{ what: 'export users by ID', allowed: null, note }];
  }
  return [
    await tried('export users by ID', 'Users are read when an event of Currents names them.', () =>
      // Of this ID there is nobody, and that is an answer.
      api.request(exportRequest(['tributary-check'], ['external_id'])),
    ),
  ];
}
