// How Close's API is reached: its credentials, its quotas, and what its refusals mean. It does not know what is read.
// Source: developer.close.com, "Rate Limits".
import {
  type ApiDescription,
  type ApiRequest,
  type ApiResponse,
  type QuotaReading,
  TransientError,
} from '#connector';
import { fingerprint } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { objectOf, retryAfterMs } from '#connector/reading';
import type { Settings } from './settings.ts';

export const searches = 'search';
const windowSeconds = 8;

export function describeApi({ apiKey, organizationId, baseUrl, ...quotas }: Settings): ApiDescription {
  const searchQuota = quotas.searchQuota ?? [{ requests: 16, seconds: windowSeconds }];
  const quota = quotas.quota ?? [{ requests: 160, seconds: windowSeconds }];
  return {
    baseUrl,
    headers: {},
    auth: { kind: 'basic', user: apiKey, password: '' },
    account: `close:${organizationId ?? fingerprint(apiKey)}`,
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
