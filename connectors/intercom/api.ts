// Access to Intercom's API: credentials and quotas.
// Source: developers.intercom.com, "Rate limiting".
import type { ApiDescription, ApiResponse, Quota, QuotaReading } from '#connector';
import { fingerprint } from '#connector/checking';
import { wholeHeader, windowQuotas } from '#connector/quotas';
import { objectOf, retryAfterMs } from '#connector/reading';
import type { Settings } from './settings.ts';

const headerSeconds = 10;
/** 10,000 a minute for a private app (unverified); a sixth of the minute's calls in each window of ten seconds (recorded). */
const usualWindows = [
  { requests: 1_666, seconds: 10 },
  { requests: 10_000, seconds: 60 },
];

export function describeApi(settings: Settings): ApiDescription {
  const quotas = windowQuotas(settings.quota ?? usualWindows, { 10: 'burst', 60: 'minute' });
  return {
    baseUrl: settings.baseUrl,
    headers: {
      authorization: `Bearer ${settings.accessToken}`,
      'intercom-version': settings.apiVersion,
    },
    account: `intercom:${fingerprint(settings.accessToken)}`,
    quotas,
    readQuotas: (response, _request, now) => readQuotas(response, quotas, now),
    isErrorBody: (json) => objectOf(json)['type'] === 'error.list',
    remedies: {
      403: 'Give the app the permission to read users, and for write-back the permission to write them.',
    },
  };
}

/** The headers speak of the present window of ten seconds (recorded: 167 of an app that has 1,000 a minute). */
function readQuotas(response: ApiResponse, quotas: readonly Quota[], now: number): QuotaReading[] {
  const quota = quotas.find(({ seconds }) => seconds === headerSeconds) ?? shortestOf(quotas);
  const limit = quota.seconds === headerSeconds ? wholeHeader(response, 'x-ratelimit-limit') : undefined;
  const remaining = wholeHeader(response, 'x-ratelimit-remaining');
  const waitMs = retryAfterMs(response.headers['x-ratelimit-reset'], now);
  const isEmpty = (response.status === 429 || remaining === 0) && waitMs !== undefined;
  if (limit === undefined && remaining === undefined && !isEmpty) return [];
  return [
    {
      quota: quota.name,
      ...(limit !== undefined && limit > 0 && { limit }),
      ...(remaining !== undefined && { remaining }),
      ...(isEmpty && { exhaustedUntil: now + waitMs }),
    },
  ];
}

/** Where no quota is as long as that, the shortest is never given more than there is. */
function shortestOf(quotas: readonly Quota[]): Quota {
  return quotas.toSorted((a, b) => a.seconds - b.seconds)[0]!;
}
