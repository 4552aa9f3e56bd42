// Batch: profiles of a project, by an export. Experimental: no exported file was ever seen. https://doc.batch.com/developer/api/cep
import { defineConnector } from '#connector';
import { tried } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { hasWordsAt } from '#connector/reading';
import { listExports, profilesOf } from './batch/profiles.ts';
import { type Settings, settings } from './batch/settings.ts';

export const batch = defineConnector<Settings>({
  name: 'batch',
  evidence: 'experimental',
  settings,
  // Batch announces no end of it.
  apiVersion: ({ apiVersion }) => ({ name: apiVersion, endsOn: null }),
  api: ({ baseUrl, apiKey, projectKey, quota }) => ({
    baseUrl,
    headers: { 'x-batch-project': projectKey },
    auth: { kind: 'bearer', token: apiKey },
    account: `batch:${projectKey}`,
    quotas: windowQuotas(quota, { 1: 'second' }),
    isErrorBody: hasWordsAt('error_code'),
    // It asks to wait a few seconds.
    busyMs: 10_000,
  }),
  source: {
    streams: [profilesOf({ rows: 'list', maxWaitHours: 6 })],
    streamsFor: (settings) => [profilesOf(settings)],
    mapping: {
      name: ['first_name', 'last_name'],
      email: '$email_address',
      phone: '$phone_number',
      birthdate: 'date(birthdate)',
    },
    sourceId: 'custom_id',
    needsFullReadings: 'Batch reports no changes: each full reading is an export of all profiles.',
  },
  check: async (context) => [
    await tried(
      'list exports',
      'Profiles can be exported, if the plan of the project includes exports.',
      () => listExports(context),
    ),
  ],
});
