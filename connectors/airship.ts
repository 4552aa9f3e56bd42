// Airship: the named users of a project. Experimental: no recorded traffic was found. https://docs.airship.com/api/ua
import { defineConnector } from '#connector';
import { tried } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { objectOf } from '#connector/reading';
import { namedUsers, pageRequest } from './airship/named-users.ts';
import { type Settings, settings } from './airship/settings.ts';

export const airship = defineConnector<Settings>({
  name: 'airship',
  evidence: 'experimental',
  settings,
  apiVersion: () => ({ name: '3', endsOn: null }),
  api: ({ baseUrl, appKey, masterSecret, token, quota }) => ({
    baseUrl,
    headers: { accept: 'application/vnd.urbanairship+json; version=3', 'x-ua-appkey': appKey },
    auth:
      token === undefined
        ? { kind: 'basic', user: appKey, password: masterSecret! }
        : { kind: 'bearer', token },
    account: `airship:${appKey}`,
    quotas: windowQuotas(quota),
    isErrorBody: (json) => objectOf(json)['ok'] === false,
  }),
  source: {
    streams: [namedUsers],
    mapping: {
      name: ['attributes.first_name', 'attributes.last_name'],
      email: 'email',
      phone: 'phone',
    },
    sourceId: 'named_user_id',
    needsFullReadings: 'Airship does not report removed named users. Only a full reading shows them.',
  },
  check: async ({ api }) => [
    await tried('list named users', 'Full readings and single named users can be read.', () =>
      api.request(pageRequest()),
    ),
  ],
});
