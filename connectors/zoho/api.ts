// Access to the API of Zoho CRM: credentials that belong to one data centre, credits of the organization, and errors, which may
// come with status 200. https://www.zoho.com/crm/developer/docs/api/v8/
import {
  type ApiDescription,
  type ApiResponse,
  type Context,
  type JsonObject,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { requestAccount } from '#connector/checking';
import { answered } from '#connector/errors';
import { access, signedIn } from '#connector/oauth-client';
import { wholeHeader, windowQuotas } from '#connector/quotas';
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

const readScopes = ['modules.contacts', 'settings.fields', 'coql', 'users', 'org'];

export function describeApi(settings: Settings): ApiDescription {
  const { dataCentre, oauth, baseUrl, organizationId, creditsPerDay, reserve } = settings;
  const accounts = accountsUrlOf(settings);
  const auth = signedIn(oauth, {
    tokenUrl: `${accounts}/oauth/v2/token`,
    authorizeUrl: `${accounts}/oauth/v2/auth`,
    scopes: [
      ...readScopes.map((scope) => `ZohoCRM.${scope}.READ`),
      `ZohoCRM.notifications.${settings.renewChannel ? 'ALL' : 'READ'}`,
    ],
    separator: ',',
    // Else no refresh token is given.
    parameters: { access_type: 'offline', prompt: 'consent' },
    scheme: 'Zoho-oauthtoken',
    // A token is good in its own data centre only.
    baseUrl: { field: 'api_domain', hosts: [`zohoapis.${dataCentre}`] },
    errors: { dead: ['invalid_code'], transient: ['access_denied'] },
  });
  const day = { requests: Math.floor(creditsPerDay / creditsPerCall), seconds: daySeconds, reserve };
  return {
    baseUrl: baseUrl ?? `https://www.zohoapis.${dataCentre}`,
    ...access(`zoho:${dataCentre}`, organizationId, auth),
    quotas: windowQuotas([day], { [daySeconds]: 'daily' }),
    readQuotas(response, _request, now) {
      // Sent once half of the credits are used.
      const left = wholeHeader(response, 'x-api-credits-remaining');
      if (left === undefined) return [];
      const isSpent = left <= creditsPerDay * reserve;
      const remaining = Math.floor(left / creditsPerCall);
      return [{ quota: 'daily', remaining, ...(isSpent && { exhaustedUntil: now + spentMs }) }];
    },
    isOwn: ({ status, json }) => status === 304 || status === 401 || errorIn(json) !== undefined,
    errorFor: errorOf,
    errorInSuccess: errorOf,
  };
}

/** An error of the whole answer, or that of its only record or channel. */
function errorIn(json: ApiResponse['json']): JsonObject | undefined {
  const { data, watch } = objectOf(json);
  const parts = [data, watch].map(listOf).filter(({ length }) => length === 1);
  const all = [json, ...parts.flat()].map(objectOf);
  return all.find(({ code, status }) => wordOf(code) !== undefined && status === 'error');
}

function errorOf(response: ApiResponse): TransientError | RejectedError | UnauthorizedError | undefined {
  const { status, json } = response;
  const error = errorIn(json);
  if (!error) return undefined;
  const code = wordOf(error['code']) ?? '';
  const said = answered('Zoho CRM', status, code, wordOf(error['message']));
  if (status === 429 || code === 'TOO_MANY_REQUESTS')
    return wholeHeader(response, 'x-api-credits-remaining') === 0
      ? new TransientError(said, { status, quota: 'daily', retryAfterMs: spentMs })
      : new TransientError(said, { status, retryAfterMs: busyMs });
  if (status >= 500 || code === 'INTERNAL_ERROR')
    return new TransientError(said, { status, retryAfterMs: busyMs });
  if ([401, 403].includes(status) || ['NO_PERMISSION', 'OAUTH_SCOPE_MISMATCH'].includes(code))
    return new UnauthorizedError(said, { status });
  return new RejectedError(said, { status, code });
}

/** Throws UnauthorizedError where the credentials are those of another organization. */
export function requireOrganization({ api, settings: { organizationId: id } }: Context<Settings>) {
  return requestAccount(api, { path: `${root}/org`, at: 'org.0.zgid', noun: 'organization', id });
}
