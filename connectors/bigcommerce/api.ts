// The BigCommerce API: credentials, a quota that every app of the store draws on, and refusals. It does not know what is read.
// https://developer.bigcommerce.com/docs/start/best-practices/api-rate-limits
import {
  type ApiDescription,
  type ApiResponse,
  type QuotaReading,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { wholeHeader, windowQuotas } from '#connector/quotas';
import { maxRetryMs, minRetryMs, objectOf, wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

const windowSeconds = 30;
const defaultWindows = [{ requests: 150, seconds: windowSeconds }];
/** After a 429 that is about no quota: the platform is overloaded. */
const overloadMs = 10_000;

export function describeApi({ storeHash, accessToken, baseUrl, quota }: Settings): ApiDescription {
  return {
    baseUrl: `${baseUrl}/stores/${storeHash}`,
    headers: {},
    auth: { kind: 'header', name: 'x-auth-token', value: accessToken },
    account: `bigcommerce:${storeHash}`,
    quotas: windowQuotas(quota ?? defaultWindows, { [windowSeconds]: 'window' }),
    readQuotas: (response, _request, now) => readQuotas(response, now),
    errorFor,
  };
}

function readQuotas(response: ApiResponse, now: number): QuotaReading[] {
  const limit = wholeHeader(response, 'x-rate-limit-requests-quota');
  const remaining = wholeHeader(response, 'x-rate-limit-requests-left');
  const resetMs = wholeHeader(response, 'x-rate-limit-time-reset-ms');
  if (wholeHeader(response, 'x-rate-limit-time-window-ms') !== windowSeconds * 1000) return [];
  return [
    {
      quota: 'window',
      ...(limit && { limit }),
      ...(remaining !== undefined && { remaining }),
      ...(remaining === 0 && resetMs !== undefined && { exhaustedUntil: now + resetMs }),
    },
  ];
}

function errorFor(response: ApiResponse): TransientError | UnauthorizedError | undefined {
  const { status, json } = response;
  const title = wordOf(objectOf(json)['title']);
  const what = `BigCommerce answered ${status}${title ? `: ${title}` : ''}`;
  if (status === 403)
    return new UnauthorizedError(`${what}. Give the API account read-only access to customers.`, { status });
  if (status === 404)
    return new UnauthorizedError(`${what}. There is no such store, or it is closed: check \`storeHash\`.`, {
      status,
    });
  if (status !== 429) return undefined;
  const resetMs = wholeHeader(response, 'x-rate-limit-time-reset-ms');
  return resetMs === undefined
    ? new TransientError(`${what}. The platform is overloaded.`, { status, retryAfterMs: overloadMs })
    : new TransientError(`${what}. The calls of this window are spent.`, {
        status,
        quota: 'window',
        retryAfterMs: Math.min(Math.max(resetMs, minRetryMs), maxRetryMs),
      });
}
