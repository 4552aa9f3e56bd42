// How Pipedrive's API is reached: its credentials, its quotas, and what its refusals mean. It does not know what is read.
// Source: pipedrive.readme.io, "OAuth authorization" and "Rate limiting".
import type { ApiDescription, Auth, QuotaReader } from '#connector';
import { fingerprint } from '#connector/checking';
import { identityOf, signedIn } from '#connector/oauth-client';
import { quotaReading, wholeHeader, windowQuotas } from '#connector/quotas';
import { wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

/** A list costs ten tokens of the day, and so is every call counted. */
const tokensPerCall = 10;
/** Of the next look, where the day is spent: it begins again at midnight of a time zone that no answer names. */
const hourMs = 3_600_000;

export function describeApi(settings: Settings): ApiDescription {
  const { apiToken, oauth, companyId, baseUrl, callsPerDay } = settings;
  const burst = settings.burst ?? { requests: oauth ? 80 : 20, seconds: 2 };
  const day = { requests: callsPerDay, seconds: 86_400 };
  const secret = oauth ? identityOf(oauth) : (apiToken ?? '');
  return {
    baseUrl,
    auth: authOf(settings),
    account: `pipedrive:${companyId ?? fingerprint(secret)}`,
    quotas: windowQuotas([burst, day], { [burst.seconds]: 'burst', [day.seconds]: 'daily' }),
    readQuotas,
    remedies: { 402: 'The plan of the company has ended or lacks the API.' },
  };
}

/** A refresh token ends after 60 idle days; the answer's is kept, whether it is another or not. */
function authOf({ apiToken, oauth }: Settings): Auth {
  if (!oauth) return { kind: 'header', name: 'x-api-token', value: apiToken ?? '' };
  const { baseUrl } = oauth;
  return {
    // The scopes are those of the app.
    ...signedIn(oauth, {
      tokenUrl: `${baseUrl}/oauth/token`,
      authorizeUrl: `${baseUrl}/oauth/authorize`,
      scopes: [],
      sentAs: 'basic',
    }),
    baseUrl: { field: 'api_domain', hosts: ['pipedrive.com'] },
    tenantOf: (answer) => wordOf(answer['api_domain']),
  };
}

/**
 * Some endpoints send none of the daily pair (recorded); `reset` is the length of the window, seconds. Burst and day are refused
 * alike, and without Retry-After.
 */
const readQuotas: QuotaReader = (response, _request, now) => {
  const number = (name: string) => wholeHeader(response, `x-${name}`);
  const calls = (tokens: number | undefined) => tokens && Math.floor(tokens / tokensPerCall);
  const left = number('daily-ratelimit-token-remaining');
  const daily = { limit: calls(number('daily-ratelimit-token-limit')), remaining: calls(left) };
  const isRefused = response.status === 429 && left !== 0;
  const burst = {
    limit: number('ratelimit-limit'),
    remaining: isRefused ? 0 : number('ratelimit-remaining'),
    waitMs: Math.max(number('ratelimit-reset') ?? 2, 1) * 1000,
  };
  return [
    ...quotaReading('daily', { ...daily, ...(left === 0 && { waitMs: hourMs }) }, now),
    ...quotaReading('burst', burst, now),
  ];
};
