// Ortto (formerly Autopilot): the people of an account. https://help.ortto.com/developer/latest/api-reference
import { defineConnector, type Permission } from '#connector';
import { fingerprint, tried } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { hasWordsAt, objectOf, retryAfterMs, wordOf } from '#connector/reading';
import { firstPerson, people } from './ortto/people.ts';
import { type Settings, settings } from './ortto/settings.ts';
import { webhook } from './ortto/webhook.ts';

export const ortto = defineConnector<Settings>({
  name: 'ortto',
  evidence: 'recorded',
  settings,
  apiVersion: () => ({ name: 'v1', endsOn: null }),
  api: ({ baseUrl, apiKey, quota }) => ({
    baseUrl,
    auth: { kind: 'header', name: 'x-api-key', value: apiKey },
    account: `ortto:${fingerprint(apiKey)}`,
    quotas: windowQuotas(quota),
    isErrorBody: hasWordsAt('request_id', 'code'),
    busyMs: ({ json }, now) => retryAfterMs(wordOf(objectOf(json)['try-in-seconds']), now),
  }),
  source: {
    streams: [people],
    mapping: {
      name: ['str::first', 'str::last'],
      email: 'str::email',
      phone: 'phn::phone',
      birthdate: 'dtz::b',
      'address.city': 'geo::city.name',
      'address.state': 'geo::region.name',
      'address.postal_code': 'str::postal',
      'address.country': 'geo::country.name',
    },
    sourceId: 'str::ei',
    needsFullReadings: 'Ortto does not report archived and deleted people. Only a full reading shows them.',
    webhook,
  },
  check: async (context): Promise<Permission[]> => [
    await tried('list people', 'Full readings and single people can be read.', () => firstPerson(context)),
  ],
});
