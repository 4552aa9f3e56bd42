// Access to the API of Zoho CRM: credentials that belong to one data centre, credits of the organization, and errors, which may
// come with status 200. https://www.zoho.com/crm/developer/docs/api/v8/
import {
  type ApiDescription,
  type ApiResponse,
  type JsonObject,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { fingerprint } from '#connector/checking';
import { identityOf, signedIn } from '#connector/oauth-client';
import { wholeHeader } from '#connector/quotas';
import { listOf, objectOf, wordOf } from '#connector/reading';
import { accountsUrlOf, type Settings } from './settings.ts';

export const root = '/crm/v8';
const daySeconds = 86_400;
/** A query for more than 1,000 rows costs so many credits, and so is every call counted. */
const creditsPerCall = 3;
/** Too many at once: nothing says how long. */
const busyMs = 10_000;
/** The 24 hours slide, and no answer says when credits are there again. */
const spentMs = 900_000;

const scopes = [
  'ZohoCRM.modules.contacts.READ',
  'ZohoCRM.settings.fields.READ',
  'ZohoCRM.coql.READ',
  'ZohoCRM.notifications.READ',
  'ZohoCRM.users.READ',
  'ZohoCRM.org.READ',
];

export function describeApi(settings: Settings): ApiDescription {
  const { dataCentre, oauth, baseUrl, organizationId, creditsPerDay, reserve } = settings;
  const accounts = accountsUrlOf(settings);
  return {
    baseUrl: baseUrl ?? `https://www.zohoapis.${dataCentre}`,
    headers: {},
    auth: {
      ...signedIn(oauth, {
        tokenUrl: `${accounts}/oauth/v2/token`,
        authorizeUrl: `${accounts}/oauth/v2/auth`,
        scopes,
        separator: ',',
        // Else no refresh token is given.
        parameters: { access_type: 'offline', prompt: 'consent' },
      }),
      scheme: 'Zoho-oauthtoken',
      // A token is good in its own data centre only.
      baseUrl: { field: 'api_domain', hosts: [`zohoapis.${dataCentre}`] },
      errors: { dead: ['invalid_code'], transient: ['access_denied'] },
    },
    account: `zoho:${dataCentre}:${organizationId ?? fingerprint(identityOf(oauth))}`,
    quotas: [
      {
        name: 'daily',
        requests: Math.floor(creditsPerDay / creditsPerCall),
        seconds: daySeconds,
        all: true,
        reserve,
      },
    ],
    // Sent once half of the credits are used.
    readQuotas(response, _request, now) {
      const left = wholeHeader(response, 'x-api-credits-remaining');
      if (left === undefined) return [];
      const isSpent = left <= creditsPerDay * reserve;
      return [
        {
          quota: 'daily',
          remaining: Math.floor(left / creditsPerCall),
          ...(isSpent && { exhaustedUntil: now + spentMs }),
        },
      ];
    },
    isOwn: ({ status, json }) => status === 304 || status === 401 || errorIn(json) !== undefined,
    errorFor: errorOf,
    errorInSuccess: errorOf,
  };
}

/** An error of the whole answer, or that of its only record. */
function errorIn(json: ApiResponse['json']): JsonObject | undefined {
  const data = listOf(objectOf(json)['data']);
  const all = [objectOf(json), ...(data.length === 1 ? [objectOf(data[0])] : [])];
  return all.find(({ code, status }) => wordOf(code) !== undefined && status === 'error');
}

function errorOf(response: ApiResponse): TransientError | RejectedError | UnauthorizedError | undefined {
  const { status, json } = response;
  const error = errorIn(json);
  if (!error) return undefined;
  const [code, words] = [wordOf(error['code']) ?? '', wordOf(error['message']) ?? ''];
  const said = `Zoho CRM answered ${status}, ${code}: ${words.replaceAll(/\s+/g, ' ').slice(0, 300)}`;
  if (status === 429 || code === 'TOO_MANY_REQUESTS')
    return wholeHeader(response, 'x-api-credits-remaining') === 0
      ? new TransientError(said, { status, quota: 'daily', retryAfterMs: spentMs })
      : new TransientError(said, { status, retryAfterMs: busyMs });
  if (status >= 500 || code === 'INTERNAL_ERROR')
    return new TransientError(said, { status, retryAfterMs: busyMs });
  if (status === 401 || status === 403 || code === 'NO_PERMISSION' || code === 'OAUTH_SCOPE_MISMATCH')
    return new UnauthorizedError(said, { status });
  return new RejectedError(said, { status, code });
}
