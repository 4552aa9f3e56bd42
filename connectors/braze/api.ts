// Access to Braze's API: credentials, quota, and the meaning of its errors.
// Source of the limits: braze.com/docs/api/api_limits.
import {
  type ApiDescription,
  type ApiRequest,
  type ApiResponse,
  type QuotaReading,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { fingerprint } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { objectOf, retryAfterMs, wordOf } from '#connector/reading';
import { segmentPath } from './export.ts';
import { noBaseUrl, type Settings } from './settings.ts';
import { trackBucket, trackPath, trackQuota } from './writer.ts';

/** What `/users/export/ids` allows to those who came to Braze since August 2024; others have ten times as many. */
const defaultWindows = [{ requests: 250, seconds: 60 }];

/** The permission that a route asks of a key; any other is the export by ID. */
const needs: Record<string, string> = { [segmentPath]: 'users.export.segment', [trackPath]: 'users.track' };

export function describeApi({ apiKey, baseUrl, quota }: Settings): ApiDescription {
  const quotas = windowQuotas(quota ?? defaultWindows).map(({ all: _, ...exports }) => exports);
  return {
    baseUrl: baseUrl ?? noBaseUrl,
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    account: `braze:${apiKey === undefined ? 'no key' : fingerprint(apiKey)}`,
    quotas: [...quotas, trackQuota],
    readQuotas: (response, { bucket }, now) =>
      readQuotas(response, (bucket === trackBucket ? trackQuota : quotas[0])?.name, now),
    errorFor,
    errorInSuccess: queued,
  };
}

/** How long maintenance takes is not told: so often it is asked whether it has ended. */
const maintenanceMs = 900_000;

/**
 * During maintenance Braze answers writes with 202 and carries them out when it has ended (braze-docs, `post_user_track.md`, "Queued
 * Responses"). Until then reading back would find nobody as they were sent, and make dead letters of them.
 */
function queued({ status, json }: ApiResponse, { path }: ApiRequest): TransientError | undefined {
  if (status !== 202 || objectOf(json)['message'] !== 'queued') return undefined;
  const said = `Braze queued the request to ${path}: it is under maintenance`;
  return new TransientError(said, { status, retryAfterMs: maintenanceMs, uncertain: true });
}

/** The headers do not tell the window that they count in: that nothing is left of it is all that is sure. */
function readQuotas({ headers }: ApiResponse, quota: string | undefined, now: number): QuotaReading[] {
  const waitMs = resetMs(headers, now);
  if (quota === undefined || headers['x-ratelimit-remaining'] !== '0' || waitMs === undefined) return [];
  return [{ quota, remaining: 0, exhaustedUntil: now + waitMs }];
}

/** From now on, milliseconds; the header is documented to tell epoch seconds. */
function resetMs(headers: ApiResponse['headers'], now: number): number | undefined {
  return retryAfterMs(headers['x-ratelimit-reset'], now);
}

/** How long a second export of a segment waits for the first one. */
const busyMs = 300_000;

function errorFor(
  { status, headers, json }: ApiResponse,
  { path }: ApiRequest,
  now: number,
): TransientError | UnauthorizedError | undefined {
  const what = `Braze answered ${status} to ${path}`;
  if (status === 401)
    return new UnauthorizedError(
      `${what}: the key does not belong to this instance. Check apiKey and baseUrl.`,
      { status },
    );
  if (status === 403)
    return new UnauthorizedError(
      `${what}: give the key the permission ${needs[path] ?? 'users.export.ids'}.`,
      { status },
    );
  const message = wordOf(objectOf(json)['message']) ?? '';
  // In no documented words: what is not recognised ends the run.
  if (status === 400 && path === segmentPath && /already|progress|running|concurrent/i.test(message))
    return new TransientError(`${what}: ${message}`, { status, retryAfterMs: busyMs });
  if (status !== 429) return undefined;
  const waitMs = retryAfterMs(headers['retry-after'], now) ?? resetMs(headers, now);
  return new TransientError(`${what}: too many requests`, {
    status,
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
  });
}
