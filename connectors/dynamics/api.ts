// Access to the Web API of Dataverse: credentials, service protection limits, and the meaning of its errors.
// https://learn.microsoft.com/power-apps/developer/data-platform/api-limits
import {
  type ApiDescription,
  type ApiRequest,
  type ApiResponse,
  type Auth,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { fingerprint } from '#connector/checking';
import { answered } from '#connector/errors';
import { appOrPerson, identityOf } from '#connector/oauth-client';
import { codeIn } from '#connector/odata';
import { quotaReading, wholeHeader, windowQuotas } from '#connector/quotas';
import { retryAfterMs, valueAt, wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

const windowSeconds = 300;
const quota = 'window';
const remainingHeader = 'x-ms-ratelimit-burst-remaining-xrm-requests';
/** Of a refusal without `Retry-After`. */
const busyMs = 60_000;
/** Calls, execution time, and calls at once: all of them in five minutes. */
const protectionLimits = ['0x80072322', '0x80072321', '0x80072326'];
/** Of a record that does not exist. The second: as older servers write it. */
export const noRecord = ['0x80040217', '-2147220969'];

export function describeApi(settings: Settings): ApiDescription {
  const { baseUrl, app, oauth } = settings;
  const identity = oauth ? identityOf(oauth) : app?.clientId;
  return {
    baseUrl,
    headers: { 'odata-version': '4.0', 'odata-maxversion': '4.0' },
    auth: authOf(settings),
    // The limits are those of each user.
    account: `dynamics:${new URL(baseUrl).host}:${fingerprint(String(identity))}`,
    quotas: windowQuotas(settings.quota, { [windowSeconds]: quota }),
    // Of one of several servers: the lower number counts until the next answer.
    readQuotas: (response, _request, now) =>
      quotaReading(quota, { remaining: wholeHeader(response, remainingHeader) }, now),
    isOwn: ({ status, json }) => status === 401 || codeIn(json) !== undefined,
    errorFor,
  };
}

function authOf({ baseUrl, tenantId, loginUrl, app, oauth }: Settings): Auth {
  const entra = `${loginUrl}/${tenantId}/oauth2/v2.0`;
  // Refresh tokens rotate, and the one before stays good.
  return appOrPerson(
    { app, oauth },
    {
      tokenUrl: `${entra}/token`,
      authorizeUrl: `${entra}/authorize`,
      scopes: [`${baseUrl}/user_impersonation`, 'offline_access'],
      appScopes: [`${baseUrl}/.default`],
    },
  );
}

function errorFor(
  { status, headers, json }: ApiResponse,
  { path }: ApiRequest,
  now: number,
): TransientError | RejectedError | UnauthorizedError | undefined {
  const code = codeIn(json);
  if (code === undefined) return undefined;
  const said = answered('Dynamics 365', status, code, wordOf(valueAt(json, 'error.message')));
  if (status === 429 || protectionLimits.includes(code)) {
    const waitMs = retryAfterMs(headers['retry-after'], now) ?? busyMs;
    return new TransientError(said, { status, quota, retryAfterMs: waitMs });
  }
  // One record that the role does not show says nothing of the others.
  if (status === 403 && !path.includes('/contacts('))
    return new UnauthorizedError(`${said} Give the user a security role that reads contacts.`, { status });
  const isRejection = status >= 400 && status < 500 && status !== 401 && status !== 408;
  return isRejection ? new RejectedError(said, { status, code }) : undefined;
}
