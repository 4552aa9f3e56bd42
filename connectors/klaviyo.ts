// Klaviyo: profiles. https://developers.klaviyo.com/en/reference/api_overview

import { type Context, defineConnector, type Permission } from '#connector';
import { monthsAfter } from '#connector/api-version';
import { tried } from '#connector/checking';
import { describeApi } from './klaviyo/api.ts';
import { anonymous } from './klaviyo/profile.ts';
import { additional, profiles, profilesPath } from './klaviyo/profiles.ts';
import { type Settings, settings } from './klaviyo/settings.ts';
import { webhook } from './klaviyo/webhook.ts';
import { writer } from './klaviyo/writer.ts';

export const klaviyo = defineConnector<Settings>({
  name: 'klaviyo',
  evidence: 'recorded',
  settings,
  // A stable revision is served for two years: https://developers.klaviyo.com/en/docs/api_versioning_and_deprecation_policy
  apiVersion: ({ revision }) => ({
    name: revision,
    endsOn: /^[\d-]+$/.test(revision) ? monthsAfter(revision, 24) : null,
  }),
  api: describeApi,
  source: {
    // What flows push changes apart from what is read, and may hold less of it.
    streams: [profiles, { name: 'flows', leftOut: anonymous }],
    mapping: {
      name: ['first_name', 'last_name'],
      email: 'email',
      phone: 'phone_number',
      'address.line_1': 'location.address1',
      'address.line_2': 'location.address2',
      'address.city': 'location.city',
      'address.state': 'location.region',
      'address.postal_code': 'location.zip',
      'address.country': 'location.country',
    },
    sourceId: 'external_id',
    needsFullReadings: 'Klaviyo does not list deleted profiles. Only a full reading shows them.',
    // https://help.klaviyo.com/hc/en-us/articles/115005247088: the address of a profile ends with its ID.
    recordPage: ['a.klaviyo.com', 'https://www.klaviyo.com/profile/{recordId}'],
    webhook,
  },
  writer,
  check,
});

async function check({ api, settings }: Context<Settings>): Promise<Permission[]> {
  return [
    await tried('list profiles', 'Full readings, changes and single profiles can be read.', () =>
      api.request({ path: profilesPath, query: { 'page[size]': 1, ...additional(settings) } }),
    ),
  ];
}
