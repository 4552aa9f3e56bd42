// Windows of calls as a person gives them, into quotas; and the numbers that vendors' headers say of them. It knows no
// vendor.
import type { ApiResponse, Quota, QuotaReader, QuotaReading } from './api.ts';
import { retryAfterMs } from './reading.ts';

/** One window: at most `requests` calls in any `seconds`. `reserve`: the share left to others, 0 to 1. */
export interface Window {
  requests: number;
  seconds: number;
  reserve?: number | undefined;
}

/** Quotas that every call draws on, named by their length; `names` where the vendor has a word for one: `{ 60: 'minute' }`. */
export function windowQuotas(
  windows: readonly Window[],
  names: { readonly [seconds: number]: string } = {},
): Quota[] {
  return windows.map(({ requests, seconds, reserve }) => ({
    name: names[seconds] ?? `${seconds}-seconds`,
    requests,
    seconds,
    all: true,
    ...(reserve !== undefined && { reserve }),
  }));
}

/** Quotas that only calls of this bucket draw on, or, without one, only calls without one. Names begin with that of the bucket. */
export function bucketQuotas(windows: readonly Window[], bucket?: string): Quota[] {
  return windowQuotas(windows).map(({ all: _, ...quota }) => ({
    ...quota,
    ...(bucket !== undefined && { name: `${bucket}-${quota.name}`, bucket }),
  }));
}

/**
 * One number of a header such as `RateLimit: limit=100, remaining=50, reset=5` (draft-ietf-httpapi-ratelimit-headers-05 and later): as it
 * was written, or undefined.
 */
export function rateLimitPart(
  { headers }: Pick<ApiResponse, 'headers'>,
  name: 'limit' | 'remaining' | 'reset',
): string | undefined {
  return new RegExp(`(?:^|[\\s,;])${name}=([\\d.]+)`).exec(headers['ratelimit'] ?? '')?.[1];
}

/** Reads that nothing remains from such a header. It does not say of which window it is, so that all of the request's bucket wait. */
export function readsSpent(quotas: readonly Quota[]): QuotaReader {
  return (response, { bucket }, now) => {
    const remaining = rateLimitPart(response, 'remaining');
    const waitMs = retryAfterMs(rateLimitPart(response, 'reset'), now);
    if (remaining === undefined || Number(remaining) > 0 || waitMs === undefined) return [];
    const drawn = quotas.filter((quota) => quota.bucket === bucket);
    return drawn.flatMap(({ name }) => quotaReading(name, { remaining: 0, waitMs }, now));
  };
}

/**
 * What an answer says of a quota, as far as it says anything. `waitMs`: until the quota begins again; it counts where nothing
 * remains. No limit is 0.
 */
export function quotaReading(
  quota: string,
  {
    limit,
    remaining,
    waitMs,
  }: { limit?: number | undefined; remaining?: number | undefined; waitMs?: number | undefined },
  now: number,
): QuotaReading[] {
  const said = {
    ...(limit && { limit }),
    ...(remaining !== undefined && { remaining }),
    ...(remaining === 0 && waitMs !== undefined && { exhaustedUntil: now + waitMs }),
  };
  return Object.keys(said).length > 0 ? [{ quota, ...said }] : [];
}

/** A header that holds a whole number, or undefined. `name` in lower case. */
export function wholeHeader({ headers }: Pick<ApiResponse, 'headers'>, name: string): number | undefined {
  const text = headers[name]?.trim();
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** What a `RateLimit-Limit` header says: the window that the other headers speak of, and every window that it lists. */
export interface LimitHeader {
  limit: number;
  windows: { requests: number; seconds: number }[];
}

/**
 * Reads `75` and `75, 75;w=1, 750;w=60` (draft-ietf-httpapi-ratelimit-headers-03): a number, then each window with its
 * seconds. Undefined where the header is neither.
 */
export function limitHeader(
  { headers }: Pick<ApiResponse, 'headers'>,
  name: string,
): LimitHeader | undefined {
  const [first = '', ...listed] = (headers[name] ?? '').split(',').map((part) => part.trim());
  if (!/^\d{1,15}$/.test(first)) return undefined;
  const windows = listed.flatMap((part) => {
    const [, requests, seconds] = /^(\d{1,15})\s*;\s*w\s*=\s*"?(\d{1,9})"?/.exec(part) ?? [];
    return requests === undefined ? [] : [{ requests: Number(requests), seconds: Number(seconds) }];
  });
  return { limit: Number(first), windows };
}
