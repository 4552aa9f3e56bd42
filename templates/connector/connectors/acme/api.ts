// The Acme API: credentials, quota and refusals. It does not know what is read. TODO: the address of the page about limits
import { type ApiDescription, type ApiResponse, type QuotaReading, UnauthorizedError } from '#connector';
import { fingerprint } from '#connector/checking';
import { wholeHeader, windowQuotas } from '#connector/quotas';
import { objectOf, retryAfterMs, wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

/** TODO: the vendor's limits. */
const defaultWindows = [{ requests: 100, seconds: 10 }];

export function describeApi({ apiToken, baseUrl, quota }: Settings): ApiDescription {
  return {
    baseUrl,
    headers: {},
    // TODO: for tokens that expire, `oauth` of src/connector/auth.ts.
    auth: { kind: 'bearer', token: apiToken },
    account: `acme:${fingerprint(apiToken)}`,
    quotas: windowQuotas(quota ?? defaultWindows, { 10: 'window' }),
    readQuotas: (response, _request, now) => readQuotas(response, now),
    // A gateway's page has no code: its 404 must not delete anybody, and its 401 must not pause the source.
    isOwn: ({ json }) => wordOf(objectOf(objectOf(json)['error'])['code']) !== undefined,
    // TODO: what statuses mean that mislead. The engine knows 401, 403, 404, 429 and 5xx.
    errorFor: ({ status }) =>
      status === 403 ? new UnauthorizedError('Acme answered 403: the user may not read people.') : undefined,
  };
}

/** TODO: what answers say of the quota. */
function readQuotas({ status, headers }: ApiResponse, now: number): QuotaReading[] {
  const remaining = wholeHeader({ headers }, 'x-ratelimit-remaining');
  if (remaining === undefined) return [];
  const waitMs = status === 429 ? retryAfterMs(headers['retry-after'], now) : undefined;
  return [{ quota: 'window', remaining, ...(waitMs !== undefined && { exhaustedUntil: now + waitMs }) }];
}
