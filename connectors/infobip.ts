// Infobip People: the persons of an account. Experimental: no recorded traffic was found. https://www.infobip.com/docs/api/customer-engagement/people
import { defineConnector } from '#connector';
import { fingerprint, tried } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { hasWordsAt, objectOf, wordOf } from '#connector/reading';
import { firstPerson, persons } from './infobip/persons.ts';
import { type Settings, settings } from './infobip/settings.ts';
import { webhook } from './infobip/webhook.ts';

export const infobip = defineConnector<Settings>({
  name: 'infobip',
  evidence: 'experimental',
  settings,
  apiVersion: () => ({ name: '2', endsOn: null }),
  api: ({ baseUrl, apiKey, quota }) => ({
    baseUrl,
    auth: { kind: 'header', name: 'authorization', value: `App ${apiKey}` },
    account: `infobip:${fingerprint(apiKey)}`,
    quotas: windowQuotas(quota),
    // Errors come in two envelopes; a code has six digits, of which the first three are the status.
    isErrorBody: (json) =>
      hasWordsAt('requestError.serviceException.messageId')(json) ||
      /^\d{6}$/.test(wordOf(objectOf(json)['code']) ?? ''),
  }),
  source: {
    streams: [persons],
    mapping: {
      name: ['firstName', 'middleName', 'lastName'],
      email: 'email',
      phone: 'phone',
      birthdate: 'birthDate',
      'address.line_1': 'address',
      'address.city': 'city',
      'address.country': 'country',
    },
    sourceId: 'externalId',
    needsFullReadings: 'Merged persons are not reported. Without webhooks deleted ones are not either.',
    webhook,
  },
  check: async (context) => [
    await tried('list persons', 'Full readings and changes can be read.', () => firstPerson(context)),
  ],
});
