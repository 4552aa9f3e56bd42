// Access to Customer.io's App API: key, quota, and the meaning of its errors.
// Source: docs.customer.io, "App API". Its headers do not state the limits, so we pace our calls.
import {
  type ApiDescription,
  type ApiRequest,
  type ApiResponse,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { fingerprint } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { eitherOf, hasWordsAt } from '#connector/reading';
import { apiUrl, type Settings, trackUrl } from './settings.ts';
import { track as trackName, trackQuota } from './writer.ts';

export function describeApi(settings: Settings): ApiDescription {
  const { appKey, quota, track } = settings;
  const quotas = windowQuotas(quota).map(({ all: _, ...reads }) => reads);
  return {
    baseUrl: apiUrl(settings),
    headers: appKey === undefined ? {} : { authorization: `Bearer ${appKey}` },
    account: appKey === undefined ? 'customerio' : `customerio:${fingerprint(appKey)}`,
    ...(track && {
      otherAuths: { [trackName]: { kind: 'basic', user: track.siteId, password: track.apiKey } },
      otherBaseUrls: { [trackName]: trackUrl(settings) },
    }),
    quotas: track ? [...quotas, trackQuota] : quotas,
    // The App API tells the status, and the Track API the reason.
    isErrorBody: eitherOf(hasWordsAt('errors.0.status'), hasWordsAt('errors.0.reason')),
    errorFor,
  };
}

function errorFor(
  { status }: ApiResponse,
  request: ApiRequest,
): TransientError | RejectedError | UnauthorizedError | undefined {
  // Its own words may quote who was asked for, and the path does: neither is told.
  const path = request.path.replace(/^(\/v1\/customers\/)(?!attributes$)[^/]+/, '$1…');
  const what = `Customer.io answered ${status} to ${request.method ?? 'GET'} ${path}`;
  if (status === 401) {
    const keys = request.auth === trackName ? 'track holds a site ID and its' : 'appKey is an App';
    return new UnauthorizedError(
      `${what}. Check that ${keys} API key of this workspace, and that region is the region of the workspace.`,
      { status },
    );
  }
  if (status === 403)
    return new UnauthorizedError(`${what}. Give the App API key a scope that can read people.`, { status });
  if (status === 429)
    return new TransientError(`${what}: too many calls per second.`, { status, retryAfterMs: 1000 });
  if (status >= 400 && status < 500 && status !== 408)
    return new RejectedError(`${what}.`, { status, code: `http_${status}` });
  return undefined;
}
