// Pipedrive: its persons. https://developers.pipedrive.com/docs/api/v1
import { type Context, defineConnector, type Permission } from '#connector';
import { tried } from '#connector/checking';
import { objectOf } from '#connector/reading';
import { describeApi } from './pipedrive/api.ts';
import { persons, personsPath } from './pipedrive/persons.ts';
import { type Settings, settings } from './pipedrive/settings.ts';
import { webhook } from './pipedrive/webhook.ts';

export const pipedrive = defineConnector<Settings>({
  name: 'pipedrive',
  evidence: 'recorded',
  settings,
  // Version 2 has no announced end.
  apiVersion: () => ({ name: 'v2', endsOn: null }),
  api: describeApi,
  source: {
    streams: [persons],
    mapping: {
      // Pipedrive splits first_name and last_name from it at the first blank.
      name: 'name',
      email: 'email',
      phone: 'phone',
      // With contact sync only.
      'address.line_1': 'postal_address.value',
      'address.city': 'postal_address.locality',
      'address.state': 'postal_address.admin_area_level_1',
      'address.postal_code': 'postal_address.postal_code',
      'address.country': 'postal_address.country',
      birthdate: 'birthday',
      description: 'notes',
    },
    sourceId: 'id',
    needsFullReadings: 'Deleted persons are not listed. Without webhooks only a full reading shows them.',
    webhook,
  },
  check,
});

async function check({ api }: Context<Settings>): Promise<Permission[]> {
  const isAnswer = (json: Parameters<typeof objectOf>[0]) => objectOf(json)['success'] === true;
  const sight = { what: 'see all persons' };
  return [
    await tried('list persons', 'Full readings, changes and single persons can be read.', () =>
      api.request({ path: personsPath, query: { limit: 1 }, isAnswer }),
    ),
    await api.request({ path: '/api/v1/users/me', isAnswer }).then(
      ({ json }) =>
        [1, true].includes(objectOf(objectOf(json)['data'])['is_admin'] as number | boolean)
          ? { ...sight, allowed: true, note: 'The user is an administrator.' }
          : {
              ...sight,
              allowed: null,
              note: 'The user is not an administrator: persons that others keep private are not read, and count as deleted.',
            },
      (error: Error) => ({ ...sight, allowed: false, note: error.message }),
    ),
  ];
}
