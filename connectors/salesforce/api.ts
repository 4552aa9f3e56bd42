// Access to Salesforce's API: credentials, the calls of the org, and the meaning of its errors.
// Source: developer.salesforce.com, "Authorization Through External Client Apps", "API Request Limits", "Status Codes".
import {
  type ApiDescription,
  type ApiResponse,
  type Auth,
  type JsonObject,
  type QuotaReading,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { fingerprint } from '#connector/checking';
import { answered } from '#connector/errors';
import { clientCredentials as ownCredentials, signedIn } from '#connector/oauth-client';
import { windowQuotas } from '#connector/quotas';
import { hasWordsAt, valueAt, wordOf } from '#connector/reading';
import { idOf } from './id.ts';
import type { Settings } from './settings.ts';

const daySeconds = 86_400;
/** The window slides, and no answer says when calls are allowed again. */
const spentMs = 900_000;
const busyMs = 60_000;
/** Errors that pass, whatever their status. */
const passing = ['UNABLE_TO_LOCK_ROW', 'SERVER_UNAVAILABLE', 'QUERY_TIMEOUT', 'API_CURRENTLY_DISABLED'];

export function describeApi(settings: Settings): ApiDescription {
  const { baseUrl, callsPerDay, reserve, clientCredentials, jwt, oauth } = settings;
  const identity = [(clientCredentials ?? jwt ?? oauth)?.clientId, jwt?.user, oauth?.refreshToken];
  return {
    baseUrl,
    headers: { 'sforce-query-options': 'batchSize=2000' },
    auth: authOf(settings),
    account: `salesforce:${new URL(baseUrl).host}:${fingerprint(identity.join(' '))}`,
    quotas: windowQuotas([{ requests: callsPerDay, seconds: daySeconds, reserve }], {
      [daySeconds]: 'daily',
    }),
    readQuotas: (response, _request, now) => readQuotas(response, reserve, now),
    isErrorBody: hasWordsAt('0.errorCode'),
    errorFor,
  };
}

/** No answer says how long an access token lives: the org decides. */
function authOf({ baseUrl, clientCredentials, jwt, oauth }: Settings): Auth {
  const tokenUrl = `${baseUrl}/services/oauth2/token`;
  const common = {
    lifeSeconds: null,
    baseUrl: { field: 'instance_url', hosts: ['salesforce.com'] },
    errors: { transient: ['unknown_error'] },
    tenantOf,
  };
  if (oauth) {
    const authorizeUrl = `${baseUrl}/services/oauth2/authorize`;
    const singleUse = oauth.rotating ? { singleUse: { graceSeconds: 0 } } : {};
    const scopes = ['api', 'refresh_token'];
    return { ...common, ...signedIn(oauth, { tokenUrl, authorizeUrl, scopes, ...singleUse }) };
  }
  if (jwt) {
    const { clientId, user: subject, privateKey } = jwt;
    const isSandbox = /\/\/test\.|--|\.(sandbox|scratch)\./.test(baseUrl);
    const audience = jwt.audience ?? `https://${isSandbox ? 'test' : 'login'}.salesforce.com`;
    const grant = { kind: 'jwt_bearer' as const, subject, audience, privateKey };
    return { ...common, kind: 'oauth', tokenUrl, client: { id: clientId }, grant };
  }
  return { ...common, ...ownCredentials(clientCredentials!, { tokenUrl }) };
}

/** The answer's `id` is `https://…/id/ORGANIZATION/USER`. */
function tenantOf({ id }: JsonObject): string | undefined {
  return idOf(/\/id\/(00D\w+)\//.exec(String(id))?.[1]);
}

/** `api-usage=896/15000` counts the calls of all users of the org. */
function readQuotas({ headers }: ApiResponse, reserve: number, now: number): QuotaReading[] {
  const [, spent, of] =
    /(?:^|[\s;,])api-usage=(\d{1,12})\/(\d{1,12})/.exec(headers['sforce-limit-info'] ?? '') ?? [];
  const [used, limit] = [Number(spent), Number(of)];
  if (!(limit > 0)) return [];
  const isSpent = used >= limit * (1 - reserve);
  const remaining = Math.max(limit - used, 0);
  return [{ quota: 'daily', limit, remaining, ...(isSpent && { exhaustedUntil: now + spentMs }) }];
}

/** A 403 may be about a quota, and a 400 about a permission. */
function errorFor({ status, json }: ApiResponse) {
  const [code, words = ''] = ['errorCode', 'message'].map((name) => wordOf(valueAt(json, `0.${name}`)));
  if (code === undefined) return undefined;
  const said = answered('Salesforce', status, code, words);
  if (code === 'REQUEST_LIMIT_EXCEEDED')
    return /concurrent/i.test(words)
      ? new TransientError(said, { status, retryAfterMs: busyMs })
      : new TransientError(said, { status, quota: 'daily', retryAfterMs: spentMs });
  if (passing.includes(code)) return new TransientError(said, { status, retryAfterMs: busyMs });
  if (code === 'INVALID_TYPE')
    return new UnauthorizedError(`${said} Grant the user of the app read access to the object.`, { status });
  const isRejection = status >= 400 && status < 500 && status !== 401 && status !== 403;
  return isRejection ? new RejectedError(said, { status, code }) : undefined;
}
