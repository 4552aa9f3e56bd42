// Pipedrive: its persons. https://developers.pipedrive.com/docs/api/v1
import { defineConnector, type Json } from '#connector';
import { found, tried } from '#connector/checking';
import { valueAt } from '#connector/reading';
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
  check: async ({ api }) => {
    const isAnswer = (json: Json | undefined) => valueAt(json, 'success') === true;
    return [
      await tried('list persons', 'Full readings, changes and single persons can be read.', () =>
        api.request({ path: personsPath, query: { limit: 1 }, isAnswer }),
      ),
      await found('see all persons', async () => {
        const { json } = await api.request({ path: '/api/v1/users/me', isAnswer });
        if ([1, true].includes(valueAt(json, 'data.is_admin') as number | boolean))
          return { allowed: true, note: 'The user is an administrator.' };
        const note =
          'The user is not an administrator: persons that others keep private are not read, and count as deleted.';
        return { allowed: null, note };
      }),
    ];
  },
});
