// MoEngage: users, read by ID when Streams or a connector names them. https://www.moengage.com/docs/api
import { type Context, defineConnector, type Permission } from '#connector';
import { tried } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { hasWordsAt, wordOf } from '#connector/reading';
import { type Settings, settings } from './moengage/settings.ts';
import { exportUsers, users } from './moengage/users.ts';
import { webhook } from './moengage/webhook.ts';
import { writer, writes } from './moengage/writer.ts';

export const moengage = defineConnector<Settings>({
  name: 'moengage',
  evidence: 'documented',
  settings,
  // MoEngage announces no end of it.
  apiVersion: () => ({ name: 'v1', endsOn: null }),
  api: ({ workspaceId, dataApiKey, dataCentre, baseUrl, quota }) => ({
    baseUrl: baseUrl ?? `https://api-${dataCentre}.moengage.com`,
    headers: {},
    auth: { kind: 'basic', user: workspaceId, password: dataApiKey },
    account: `moengage:${workspaceId}`,
    quotas: [
      // Of reads only.
      ...windowQuotas(quota, { 60: 'minute' }).map(({ all: _, ...window }) => window),
      // 60,000 users, twenty in a call.
      { name: 'writes', requests: 3_000, seconds: 60, bucket: writes },
    ],
    isErrorBody: hasWordsAt('error.type'),
  }),
  source: {
    streams: [users],
    streamsFor: ({ lagSeconds }) => [{ ...users, read: { ...users.read, lagSeconds } }],
    mapping: {
      name: 'name',
      email: 'email',
      // With the country code, but without the sign of one.
      phone: ({ mobile }) => (/^\d+$/.test(wordOf(mobile) ?? '') ? `+${mobile}` : mobile),
      birthdate: 'birthday',
    },
    sourceId: 'customer_id',
    webhook,
  },
  writer,
  check,
});

async function check(context: Context<Settings>): Promise<Permission[]> {
  return [
    await tried('read users by ID', 'Users are read when a webhook or a person names them.', () =>
      // There is no such user, and that is an answer.
      exportUsers(context, ['tributary-check'], []),
    ),
  ];
}
