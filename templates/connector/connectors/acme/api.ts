// The Acme API: credentials, quota and refusals. It does not know what is read. TODO: the address of the page about limits
import type { ApiDescription, QuotaReader } from '#connector';
import { access } from '#connector/oauth-client';
import { quotaReading, wholeHeader, windowQuotas } from '#connector/quotas';
import { retryAfterMs, valueAt, wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

export function describeApi({ apiToken, baseUrl, quota }: Settings): ApiDescription {
  return {
    baseUrl,
    // TODO: the ID of the account, if it is a setting; for tokens that expire, `signedIn` or `clientCredentials` of the same file.
    ...access('acme', undefined, { kind: 'bearer', token: apiToken }),
    quotas: windowQuotas(quota, { 10: 'window' }),
    readQuotas,
    // A gateway's page has no code: its 404 must not delete anybody, and its 401 must not pause the source.
    isOwn: ({ json }) => wordOf(valueAt(json, 'error.code')) !== undefined,
    // TODO: what to do about a status that refuses the credentials; `errorFor` where a status alone misleads.
    remedies: { 403: 'Give the user of the token access to people.' },
  };
}

/** TODO: what answers say of the quota. */
const readQuotas: QuotaReader = (response, _request, now) => {
  const waitMs = response.status === 429 ? retryAfterMs(response.headers['retry-after'], now) : undefined;
  return quotaReading('window', { remaining: wholeHeader(response, 'x-ratelimit-remaining'), waitMs }, now);
};
