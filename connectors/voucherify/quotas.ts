// The quotas of a Voucherify project, and what the headers of a response say about them.
// Headers: https://docs.voucherify.io/guides/limits. None of them says whether a minute or an hour is meant.
import type { ApiRequest, ApiResponse, Quota, QuotaReading } from '#connector';
import { retryAfterMs } from '#connector/reading';
import type { QuotaWindow, Settings } from './settings.ts';

/** Bulk calls draw on a bucket of their own, and neither on the ordinary windows nor on the billing cycle. */
export const bulkBucket = 'bulk';
const cycleName = 'cycle';

/** Shortest windows first. */
export function quotasOf(settings: Settings): Quota[] {
  const quotas: Quota[] = windows(settings.quota).map((window) => quota(spanName(window.seconds), window));
  if (settings.bulk !== false) {
    for (const window of windows(settings.bulkQuota))
      quotas.push({ ...quota(`${bulkBucket}-${spanName(window.seconds)}`, window), bucket: bulkBucket });
  }
  if (settings.cycleQuota) quotas.push({ name: cycleName, ...settings.cycleQuota });
  return quotas;
}

/**
 * What the response says, first of the quota it speaks of. On a 429 a quota that the refused call draws on is always among
 * the readings: else the call would be made again at once.
 */
export function readQuotas(
  quotas: readonly Quota[],
  response: ApiResponse,
  request: ApiRequest,
  now: number,
): QuotaReading[] {
  const { headers, status } = response;
  const type = headers['x-rate-limit-type'];
  const limit = wholeNumber(headers['x-rate-limit-limit']);
  const remaining = status === 429 ? 0 : wholeNumber(headers['x-rate-limit-remaining']);
  const until = remaining === 0 ? retryAt(response, now) : undefined;
  const exhausted = remaining === 0 && { remaining, ...(until !== undefined && { exhaustedUntil: until }) };

  const readings: QuotaReading[] = [];
  const meant = described(quotas, type, request, limit);
  if (meant && isCertain(meant, type, request)) {
    const figures = { ...(limit !== undefined && { limit }), ...(remaining !== undefined && { remaining }) };
    if (Object.keys(figures).length > 0) readings.push({ quota: meant.name, ...figures, ...exhausted });
  } else if (meant && exhausted) readings.push({ quota: meant.name, ...exhausted });

  const drawnOn = meant !== undefined && meant.bucket === request.bucket;
  const own = windowOf(quotas, request.bucket, limit);
  if (status === 429 && own && !drawnOn) readings.push({ quota: own.name, ...exhausted });
  return readings;
}

/** A used-up billing cycle is waited for longer than an hour, but asked about once a day. */
const maxCycleWaitMs = 86_400_000;

/**
 * When the vendor wants the next call, epoch milliseconds. `Retry-After` first: as seconds it needs no common clock.
 * `X-Rate-Limit-Retry` is a moment, so one that has passed, or that is no moment, says nothing.
 */
export function retryAt({ headers }: ApiResponse, now: number): number | undefined {
  const most = headers['x-rate-limit-type'] === 'api_calls_cycle' ? maxCycleWaitMs : undefined;
  const waitMs = retryAfterMs(headers['retry-after'], now, most);
  if (waitMs !== undefined) return now + waitMs;
  const moment = wholeNumber(headers['x-rate-limit-retry']);
  const isPast = moment === undefined || (moment < 1e11 ? moment * 1000 : moment) <= now;
  const untilMs = isPast ? undefined : retryAfterMs(headers['x-rate-limit-retry'], now, most);
  return untilMs === undefined ? undefined : now + untilMs;
}

/**
 * The quota that the type names; where none is sent, one that the call draws on; for another type none. The first window
 * stands in for a billing cycle that the settings do not name.
 */
function described(
  quotas: readonly Quota[],
  type: string | undefined,
  request: ApiRequest,
  limit: number | undefined,
): Quota | undefined {
  if (type === 'api_calls') return windowOf(quotas, undefined, limit);
  if (type === 'bulk_api_calls') return windowOf(quotas, bulkBucket, limit);
  if (type === 'api_calls_cycle')
    return quotas.find(({ name }) => name === cycleName) ?? windowOf(quotas, undefined, undefined);
  return type === undefined ? windowOf(quotas, request.bucket, limit) : undefined;
}

/** Whether limit and remaining are surely this quota's. Unverified: that without a type a bulk call tells of bulk. */
function isCertain(meant: Quota, type: string | undefined, request: ApiRequest): boolean {
  if (type === 'api_calls_cycle') return meant.name === cycleName;
  return type !== undefined || request.bucket === undefined;
}

/** The window whose limit is the one read; where none or several have it, the shortest. */
function windowOf(
  quotas: readonly Quota[],
  bucket: string | undefined,
  limit: number | undefined,
): Quota | undefined {
  const candidates = quotas.filter((quota) => quota.bucket === bucket && quota.name !== cycleName);
  return candidates.find(({ requests }) => requests === limit) ?? candidates[0];
}

function windows(given: QuotaWindow | QuotaWindow[]): QuotaWindow[] {
  return [given].flat().sort((a, b) => a.seconds - b.seconds);
}

function quota(name: string, { requests, seconds, reserve }: QuotaWindow): Quota {
  return { name, requests, seconds, ...(reserve !== undefined && { reserve }) };
}

function spanName(seconds: number): string {
  const names: { [seconds: number]: string } = { 1: 'second', 60: 'minute', 3600: 'hour', 86400: 'day' };
  return names[seconds] ?? `${seconds}-seconds`;
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d+\s*$/.test(text) ? Number(text) : undefined;
}
