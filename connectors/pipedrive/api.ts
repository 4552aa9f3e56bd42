// How Pipedrive's API is reached: its credentials, its quotas, and what its refusals mean. It does not know what is read.
// Source: pipedrive.readme.io, "OAuth authorization" and "Rate limiting".
import {
  type ApiDescription,
  type ApiResponse,
  type Auth,
  type QuotaReading,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { fingerprint } from '#connector/checking';
import { identityOf, signedIn } from '#connector/oauth-client';
import { wholeHeader, windowQuotas } from '#connector/quotas';
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
    headers: {},
    auth: authOf(settings),
    account: `pipedrive:${companyId ?? fingerprint(secret)}`,
    quotas: windowQuotas([burst, day], { [burst.seconds]: 'burst', [day.seconds]: 'daily' }),
    readQuotas: (response, _request, now) => readQuotas(response, now),
    errorFor,
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

/** Some endpoints send none of the daily pair (recorded); `reset` is the length of the window, seconds. */
function readQuotas(response: ApiResponse, now: number): QuotaReading[] {
  const number = (name: string) => wholeHeader(response, `x-${name}`);
  const [limit, remaining] = [number('ratelimit-limit'), number('ratelimit-remaining')];
  const [tokens, left] = [number('daily-ratelimit-token-limit'), number('daily-ratelimit-token-remaining')];
  const calls = (count: number) => Math.floor(count / tokensPerCall);
  return [
    { quota: 'burst', ...(limit && { limit }), ...(remaining !== undefined && { remaining }) },
    {
      quota: 'daily',
      ...(tokens && { limit: calls(tokens) }),
      ...(left !== undefined && { remaining: calls(left) }),
      ...(left === 0 && { exhaustedUntil: now + hourMs }),
    },
  ];
}

/** Burst and day are refused alike, and without Retry-After. */
function errorFor(response: ApiResponse): TransientError | UnauthorizedError | undefined {
  const { status } = response;
  if (status === 402)
    return new UnauthorizedError(
      'Pipedrive answered 402: the plan of the company has ended or lacks the API.',
    );
  if (status !== 429) return undefined;
  const isDay = wholeHeader(response, 'x-daily-ratelimit-token-remaining') === 0;
  const seconds = wholeHeader(response, 'x-ratelimit-reset') ?? 2;
  return new TransientError(
    `Pipedrive answered 429: the calls of the ${isDay ? 'day' : 'moment'} are spent`,
    {
      status,
      quota: isDay ? 'daily' : 'burst',
      retryAfterMs: isDay ? hourMs : Math.max(seconds, 1) * 1000,
    },
  );
}
