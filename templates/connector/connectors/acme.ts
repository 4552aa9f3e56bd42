// Acme: the people of an account. TODO: the address of the API's reference
import { defineConnector } from '#connector';
import { triedPull } from '#connector/checking';
import { describeApi } from './acme/api.ts';
import { people } from './acme/people.ts';
import { type Settings, settings } from './acme/settings.ts';
import { webhook } from './acme/webhook.ts';

export const acme = defineConnector<Settings>({
  name: 'acme',
  // TODO: `documented` once each fact has been looked up, `recorded` once answers of the vendor confirm it.
  evidence: 'experimental',
  settings,
  // TODO: the day on which the version ends, with a reference. Null: the vendor announces none.
  apiVersion: () => ({ name: 'v1', endsOn: null }),
  api: describeApi,
  source: {
    streams: [people],
    // TODO: the vendor's standard fields. Other properties are mapped in the configuration.
    mapping: { name: ['first_name', 'last_name'], email: 'email', phone: 'phone' },
    sourceId: 'id',
    // TODO: what only a full reading shows; leave it out if nothing.
    needsFullReadings: 'Acme does not list deleted people. Only a full reading shows them.',
    webhook,
  },
  // TODO: `tried` for each further permission.
  check: async (context) => [await triedPull(context, people)],
});
