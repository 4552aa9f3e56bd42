// How Close's API is reached: its credentials, its quotas, and what its refusals mean. It does not know what is read.
// Source: developer.close.com, "Rate Limits".
import {
  type ApiDescription,
  type ApiRequest,
  type ApiResponse,
  type Auth,
  type QuotaReading,
  TransientError,
} from '#connector';
import { fingerprint } from '#connector/checking';
import { identityOf, signedIn } from '#connector/oauth-client';
import { windowQuotas } from '#connector/quotas';
import { objectOf, retryAfterMs, wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

export const searches = 'search';
const windowSeconds = 8;

export function describeApi(settings: Settings): ApiDescription {
  const { apiKey, oauth, organizationId, baseUrl } = settings;
  const searchQuota = settings.searchQuota ?? [{ requests: 16, seconds: windowSeconds }];
  const quota = settings.quota ?? [{ requests: 160, seconds: windowSeconds }];
  const secret = oauth ? identityOf(oauth) : (apiKey ?? '');
  return {
    baseUrl,
    headers: {},
    auth: authOf(settings),
    account: `close:${organizationId ?? fingerprint(secret)}`,
    quotas: [
      ...windowQuotas(searchQuota).map(({ all: _, ...one }) => ({
        ...one,
        name: `search-${one.name}`,
        bucket: searches,
      })),
      ...windowQuotas(quota).map(({ all: _, ...one }) => one),
    ],
    readQuotas: (response, request, now) => readQuotas(response, request, now, { searchQuota, quota }),
    errorFor,
  };
}

/** Access ends after an hour; the refresh token of each answer is kept, whether it is another or not. */
function authOf({ apiKey = '', oauth, baseUrl }: Settings): Auth {
  if (!oauth) return { kind: 'basic', user: apiKey, password: '' };
  return {
    ...signedIn(oauth, {
      tokenUrl: `${new URL(baseUrl).origin}/oauth2/token/`,
      authorizeUrl: 'https://app.close.com/oauth2/authorize',
      scopes: ['all.full_access', 'offline_access'],
    }),
    tenantOf: (answer) => wordOf(answer['organization_id']),
  };
}

/** `RateLimit: limit=100, remaining=50, reset=5` is about the endpoint and the key. The window may be any of ours. */
function readQuotas(
  response: ApiResponse,
  { bucket }: ApiRequest,
  now: number,
  { searchQuota, quota }: Required<Pick<Settings, 'searchQuota' | 'quota'>>,
): QuotaReading[] {
  const remaining = inHeader(response, 'remaining');
  const resetMs = retryAfterMs(inHeader(response, 'reset'), now);
  if (remaining === undefined || Number(remaining) > 0 || resetMs === undefined) return [];
  const quotas = windowQuotas((bucket === searches ? searchQuota : quota) ?? []);
  return quotas.map(({ name }) => ({
    quota: bucket === searches ? `search-${name}` : name,
    remaining: 0,
    exhaustedUntil: now + resetMs,
  }));
}

function inHeader({ headers }: ApiResponse, name: string): string | undefined {
  return new RegExp(`(?:^|[\\s,])${name}=([\\d.]+)`).exec(headers['ratelimit'] ?? '')?.[1];
}

function errorFor(response: ApiResponse, _request: ApiRequest, now: number): TransientError | undefined {
  const { status, headers, json } = response;
  if (status !== 429) return undefined;
  const { rate_reset: reset } = objectOf(objectOf(json)['error']);
  const waits = [
    typeof reset === 'number' ? String(reset) : undefined,
    inHeader(response, 'reset'),
    headers['retry-after'],
  ];
  const waitMs = waits.map((wait) => retryAfterMs(wait, now)).find((wait) => wait !== undefined);
  return new TransientError('Close answered 429: the calls of this window are spent', {
    status,
    retryAfterMs: waitMs ?? windowSeconds * 1000,
  });
}
