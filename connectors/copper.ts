// Copper: the people of an account. https://developer.copper.com
import {
  type ApiResponse,
  type Auth,
  type Context,
  defineConnector,
  type Permission,
  TransientError,
} from '#connector';
import { fingerprint, tried } from '#connector/checking';
import { identityOf, signedIn } from '#connector/oauth-client';
import { windowQuotas } from '#connector/quotas';
import { requestList } from '#connector/reading';
import { requireAccount } from './copper/account.ts';
import { people, searchRequest } from './copper/people.ts';
import { type Settings, settings } from './copper/settings.ts';
import { webhook } from './copper/webhook.ts';

const windowSeconds = 60;

export const copper = defineConnector<Settings>({
  name: 'copper',
  evidence: 'recorded',
  settings,
  // Version 1 has no announced end.
  apiVersion: () => ({ name: 'v1', endsOn: null }),
  api: ({ apiKey = '', userEmail = '', oauth, accountId, baseUrl, quota }) => ({
    baseUrl,
    // Copper wants a content type of requests without content too.
    headers: {
      'content-type': 'application/json',
      ...(!oauth && { 'x-pw-application': 'developer_api', 'x-pw-useremail': userEmail }),
    },
    auth: oauth ? authOf(oauth) : { kind: 'header', name: 'x-pw-accesstoken', value: apiKey },
    account: `copper:${accountId ?? fingerprint(oauth ? identityOf(oauth) : apiKey)}`,
    quotas: windowQuotas(quota ?? [{ requests: 180, seconds: windowSeconds }]),
    errorFor,
  }),
  source: {
    streams: [people],
    mapping: {
      name: 'name',
      email: 'emails[0].email',
      phone: 'phone_numbers[0].number',
      'address.line_1': 'address.street',
      'address.city': 'address.city',
      'address.state': 'address.state',
      'address.postal_code': 'address.postal_code',
      'address.country': 'address.country',
      description: 'details',
    },
    timeUnit: 'seconds',
    sourceId: 'id',
    needsFullReadings:
      'Deleted and merged people are not listed. Without webhooks only a full reading shows them.',
    webhook,
  },
  check,
});

/** Whether access ends, and whether a refresh token comes, is not documented: what an answer says is obeyed. */
function authOf(oauth: NonNullable<Settings['oauth']>): Auth {
  return {
    ...signedIn(oauth, {
      tokenUrl: `${oauth.baseUrl}/oauth/token`,
      authorizeUrl: `${oauth.baseUrl}/oauth/authorize`,
      scopes: ['developer/v1/all'],
      lasting: true,
    }),
    lifeSeconds: null,
  };
}

/** The window is rolling, and the refusal says nothing of it. */
function errorFor({ status }: ApiResponse): TransientError | undefined {
  if (status !== 429) return undefined;
  return new TransientError('Copper answered 429: the calls of this minute are spent', {
    status,
    retryAfterMs: windowSeconds * 1000,
  });
}

async function check(context: Context<Settings>): Promise<Permission[]> {
  return [
    await tried('search people', 'Full readings, changes and single people can be read.', () =>
      requestList(context.api, searchRequest(0, { skip: 0, limit: 1 }), ''),
    ),
    await tried('belong to the account', 'The credentials are of a user of the account.', () =>
      requireAccount(context),
    ),
  ];
}
