// Access to Klaviyo's API: credentials and quotas.
// Source: developers.klaviyo.com, "Rate limits, status codes, and errors" and the reference of `GET /api/profiles`.
import type { ApiDescription, ApiResponse, Quota, QuotaReading } from '#connector';
import { fingerprint } from '#connector/checking';
import { limitHeader, wholeHeader, windowQuotas } from '#connector/quotas';
import { eitherOf, hasWordsAt, retryAfterMs, says, valueAt } from '#connector/reading';
import type { Settings } from './settings.ts';

/** The profiles endpoint is said to allow 750 a minute, the table of limits 700: the less. */
const usualWindows = [
  { requests: 75, seconds: 1 },
  { requests: 700, seconds: 60 },
];
/** With `predictive_analytics` among the additional fields. */
const slowWindows = [
  { requests: 10, seconds: 1 },
  { requests: 150, seconds: 60 },
];

/** The routes of import jobs allow fewer calls. */
export const jobBucket = 'jobs';
const jobQuotas: Quota[] = [
  { name: 'jobs burst', requests: 10, seconds: 1, bucket: jobBucket },
  { name: 'jobs steady', requests: 150, seconds: 60, bucket: jobBucket },
];

export function describeApi(settings: Settings): ApiDescription {
  const slow = settings.additionalFields.includes('predictive_analytics');
  const windows = settings.quota ?? (slow ? slowWindows : usualWindows);
  const quotas = windowQuotas(windows, { 1: 'burst', 60: 'steady' });
  return {
    baseUrl: settings.baseUrl,
    headers: {
      authorization: `Klaviyo-API-Key ${settings.apiKey}`,
      revision: settings.revision,
      accept: 'application/vnd.api+json',
    },
    account: `klaviyo:${settings.accountId ?? fingerprint(settings.apiKey)}`,
    quotas: [...quotas, ...jobQuotas],
    // What was retired is answered with 410 and a message alone (recorded in 2024, timlrx/pliny#174).
    isErrorBody: eitherOf(hasWordsAt('errors.0.status'), (json) => says(valueAt(json, 'message'), 'retired')),
    remedies: { 410: 'Set revision to one that Klaviyo still serves.' },
    readQuotas: (response, request, now) =>
      readQuotas(response, request.bucket === jobBucket ? jobQuotas : quotas, now),
  };
}

/**
 * The `RateLimit-*` headers list the limit of each window; what remains is of the window named first, which is the burst
 * (recorded in 2026: `75, 75;w=1, 750;w=60`, remaining 74, reset 0). They are not on a 429. There `Retry-After` says how
 * long; which window it is of is not told, but no burst lasts longer than a second.
 */
function readQuotas(response: ApiResponse, quotas: readonly Quota[], now: number): QuotaReading[] {
  if (response.status === 429) {
    const waitMs = retryAfterMs(response.headers['retry-after'], now);
    const name = waitMs !== undefined && waitMs <= 1_000 ? 'burst' : 'steady';
    const quota = quotas.find((one) => one.name.endsWith(name))?.name;
    return quota && waitMs !== undefined ? [{ quota, exhaustedUntil: now + waitMs }] : [];
  }
  const stated = limitHeader(response, 'ratelimit-limit');
  const remaining = wholeHeader(response, 'ratelimit-remaining');
  if (!stated) return [];
  // Older answers name one number only; which window it is of shows in its size.
  const meant =
    stated.windows.find(({ requests }) => requests === stated.limit)?.seconds ??
    quotas.find(({ requests }) => requests >= stated.limit)?.seconds;
  const resetMs = retryAfterMs(response.headers['ratelimit-reset'], now);
  return quotas.flatMap(({ name, seconds }) => {
    const isMeant = seconds === meant;
    const limit = stated.windows.find((window) => window.seconds === seconds)?.requests;
    const known = limit ?? (isMeant ? stated.limit : undefined);
    if (known === undefined) return [];
    return [
      {
        quota: name,
        limit: known,
        ...(isMeant && remaining !== undefined && { remaining }),
        ...(isMeant && remaining === 0 && resetMs !== undefined && { exhaustedUntil: now + resetMs }),
      },
    ];
  });
}
