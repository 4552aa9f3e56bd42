// Bloomreach Engagement (formerly Exponea): customers, all of them and by ID. https://documentation.bloomreach.com/engagement/reference
import { defineConnector } from '#connector';
import { tried } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { objectOf } from '#connector/reading';
import { customers, readOne } from './bloomreach/customers.ts';
import { type Settings, settings } from './bloomreach/settings.ts';
import { webhook } from './bloomreach/webhook.ts';
import { writer } from './bloomreach/writer.ts';

export const bloomreach = defineConnector<Settings>({
  name: 'bloomreach',
  evidence: 'documented',
  settings,
  // Bloomreach announces no end of it.
  apiVersion: () => ({ name: 'v2', endsOn: null }),
  api: ({ baseUrl, projectToken, apiKeyId, apiSecret, quota }) => ({
    baseUrl,
    headers: {},
    auth: { kind: 'basic', user: apiKeyId, password: apiSecret },
    account: `bloomreach:${projectToken}`,
    quotas: windowQuotas(quota, { 1: 'second' }),
    isErrorBody: (json) => objectOf(json)['success'] === false,
    remedies: {
      403: 'Give the private API key the rights "Export customers" and to get customer properties.',
    },
  }),
  source: {
    streams: [customers],
    streamsFor: ({ lagSeconds }) => [{ ...customers, read: { ...customers.read, lagSeconds } }],
    mapping: {
      name: ['first_name', 'last_name'],
      email: 'email',
      phone: 'phone',
      birthdate: 'birth_date',
      'address.line_1': 'address',
      'address.city': 'city',
      'address.state': 'state',
      'address.postal_code': 'zip',
      'address.country': 'country',
    },
    timeUnit: 'seconds',
    sourceId: 'registered',
    sourceIdFor: ({ hardId }) => hardId,
    needsFullReadings:
      'Changes arrive by webhooks only. Deleted, merged and anonymized customers are only found by a full reading.',
    webhook,
  },
  writer,
  check: async (context) => [
    // There is no such customer, and that is an answer.
    await tried('read customers by ID', 'Customers are read when a webhook names them.', () =>
      readOne(context, 'tributary-check', ['email']),
    ),
  ],
});
