// Iterable: users, as journeys send them and as system webhooks name them. https://api.iterable.com/api/docs
import { type ApiDescription, type Context, defineConnector, type Permission, type Stream } from '#connector';
import { fingerprint, tried } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { hasWordsAt } from '#connector/reading';
import { bulkExport } from './iterable/bulk.ts';
import { exportsBucket, fieldsRequest, jobsRequest } from './iterable/requests.ts';
import { type Settings, settings } from './iterable/settings.ts';
import { users } from './iterable/users.ts';
import { webhook } from './iterable/webhook.ts';
import { bulkQuota, writer } from './iterable/writer.ts';

const exportedUsers: Stream<Settings> = { ...users, bulkExport, sweeps: true };
const journeys: Stream<Settings> = { name: 'journeys' };

export const iterable = defineConnector<Settings>({
  name: 'iterable',
  evidence: 'recorded',
  settings,
  // Iterable names paths, and no versions or ends of them.
  apiVersion: () => ({ name: null, endsOn: null }),
  api: describeApi,
  source: {
    streams: [exportedUsers, journeys],
    // Without a key nothing can be asked for.
    streamsFor: ({ apiKey }) => [apiKey === undefined ? users : exportedUsers, journeys],
    mapping: { name: ['firstName', 'lastName'], email: 'email', phone: 'phoneNumber' },
    sourceId: 'userId',
    sourceIdFor: ({ key }) => key,
    needsFullReadings: ({ apiKey }) =>
      apiKey === undefined
        ? null
        : 'Users that were deleted, forgotten or merged are only missing from an export of all users: only a full reading shows them.',
    webhook,
  },
  writer,
  check,
});

/** What the documentation allows a project: 100 reads of users a second, 3 of the fields. No header tells of more. */
function describeApi({ apiKey, baseUrl, quota }: Settings): ApiDescription {
  const quotas = windowQuotas(quota ?? [{ requests: 100, seconds: 1 }]);
  return {
    baseUrl,
    headers: apiKey === undefined ? {} : { 'api-key': apiKey },
    account: `iterable:${apiKey === undefined ? 'no key' : fingerprint(apiKey)}`,
    quotas: [
      ...quotas,
      { name: 'fields', requests: 3, seconds: 1, bucket: 'fields' },
      { name: 'exports', requests: 1, seconds: 1, bucket: exportsBucket },
      bulkQuota,
    ],
    isErrorBody: hasWordsAt('code', 'msg'),
    remedies: { 403: 'Use a server-side API key: keys of other types may not do this.' },
  };
}

async function check({ api, settings }: Context<Settings>): Promise<Permission[]> {
  if (settings.apiKey === undefined) {
    const note = 'No apiKey is set: users arrive only by journeys, and system webhooks are ignored.';
    return [{ what: 'read users', allowed: null, note }];
  }
  return [
    await tried(
      'export users',
      'All users, and those that changed, are exported where a schedule is set.',
      () => api.request(jobsRequest),
    ),
    await tried(
      'read user fields',
      'The key is a server-side key; users are read when a webhook names them.',
      () => api.request(fieldsRequest),
    ),
  ];
}
