// How Intercom's API is reached: its credentials and its quotas. It does not know what is read.
// Source: developers.intercom.com, "Rate limiting".
import type { ApiDescription, ApiResponse, Quota, QuotaReading } from '#connector';
import { fingerprint } from '#connector/checking';
import { wholeHeader, windowQuotas } from '#connector/quotas';
import { retryAfterMs } from '#connector/reading';
import type { Settings } from './settings.ts';

/** 10,000 a minute for a private app, which are handed out in parts of ten seconds (unverified). */
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
  };
}

/**
 * Whether the headers speak of ten seconds or of a minute is not said. What remains is taken as of the shorter, which is
 * right for the one and never too little for the other; the limit is not taken at all.
 */
function readQuotas(response: ApiResponse, quotas: readonly Quota[], now: number): QuotaReading[] {
  const shortest = quotas.toSorted((a, b) => a.seconds - b.seconds)[0]!;
  const remaining = wholeHeader(response, 'x-ratelimit-remaining');
  const waitMs = retryAfterMs(response.headers['x-ratelimit-reset'], now);
  const isEmpty = (response.status === 429 || remaining === 0) && waitMs !== undefined;
  if (remaining === undefined && !isEmpty) return [];
  return [
    {
      quota: shortest.name,
      ...(remaining !== undefined && { remaining }),
      ...(isEmpty && { exhaustedUntil: now + waitMs }),
    },
  ];
}
