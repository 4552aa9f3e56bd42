// Access to HubSpot's API: credentials, quotas, and the meaning of its errors.
// Source of the limits: developers.hubspot.com, "API usage guidelines and limits"; of the errors: "Handling errors".
import {
  type ApiDescription,
  type ApiRequest,
  type ApiResponse,
  type Auth,
  type JsonObject,
  type Quota,
  type QuotaReading,
  RejectedError,
  TransientError,
  UnauthorizedError,
  withAdvice,
} from '#connector';
import { fingerprint } from '#connector/checking';
import { identityOf, signedIn } from '#connector/oauth-client';
import { wholeHeader, windowQuotas } from '#connector/quotas';
import { listOf, objectOf, retryAfterMs, valueAt } from '#connector/reading';
import { datedVersion, type Settings } from './settings.ts';

/** What the smallest plan allows; the response headers tell of more. */
const defaultWindows = [
  { requests: 100, seconds: 10 },
  { requests: 250_000, seconds: 86_400 },
];
const daySeconds = 86_400;

const authorizeUrl = 'https://app.hubspot.com/oauth/authorize';
const scopes = ['crm.objects.contacts.read', 'crm.schemas.contacts.read'];

export const searchBucket = 'search';

/** The name of the credentials for the journal. */
export const journalAuth = 'journal';
const journalScopes = 'developer.webhooks_journal.read developer.webhooks_journal.subscriptions.read';

export function describeApi(settings: Settings): ApiDescription {
  const quotas = quotasOf(settings);
  return {
    baseUrl: settings.baseUrl,
    ...credentials(settings),
    ...(settings.journal && { otherAuths: { [journalAuth]: appAuth(settings, settings.journal) } }),
    quotas,
    // What answers of the journal say is of the app, not of the account.
    readQuotas: (response, { auth }) => (auth === undefined ? readQuotas(response, quotas) : []),
    // The reference calls all parts of an error optional; each of these was recorded, and gateways have none of them.
    isErrorBody: (json) =>
      valueAt(json, 'status') === 'error' ||
      ['category', 'correlationId'].some((name) => valueAt(json, name)),
    errorFor: (response, request, now) => errorFor(response, request, now, quotas),
  };
}

/** A private app's token is for good; a public app's runs out after half an hour (reference: OAuth, `expires_in` 1800). */
function credentials({ accessToken, oauth, portalId, baseUrl, extraScopes }: Settings) {
  const whose = (secret: string) => `hubspot:${portalId ?? fingerprint(secret)}`;
  if (!oauth)
    return { headers: { authorization: `Bearer ${accessToken}` }, account: whose(accessToken ?? '') };
  return {
    headers: {},
    account: whose(identityOf(oauth)),
    auth: {
      ...signedIn(oauth, {
        tokenUrl: `${baseUrl}/oauth/v3/token`,
        authorizeUrl,
        scopes: [...scopes, ...extraScopes],
      }),
      errors: { dead: ['BAD_REFRESH_TOKEN'], refused: ['BAD_CLIENT_ID', 'BAD_CLIENT_SECRET'] },
      tenantOf,
    },
  };
}

/** A token of the app itself, whichever accounts have installed it. */
function appAuth(settings: Settings, { clientId, clientSecret }: NonNullable<Settings['journal']>): Auth {
  return {
    kind: 'oauth',
    tokenUrl: `${settings.baseUrl}/oauth/${datedVersion(settings)}/token`,
    client: { id: clientId, secret: clientSecret },
    grant: { kind: 'client_credentials' },
    fields: { scope: journalScopes },
    errors: { refused: ['BAD_CLIENT_ID', 'BAD_CLIENT_SECRET'] },
  };
}

/** Newer versions of the answer name the account (reference: OAuth, `hub_id`). */
function tenantOf({ hub_id }: JsonObject): string | undefined {
  return typeof hub_id === 'number' || typeof hub_id === 'string' ? String(hub_id) : undefined;
}

function quotasOf({ quota, searchPerSecond }: Settings): Quota[] {
  const windows = windowQuotas(quota ?? defaultWindows, { 10: 'burst', [daySeconds]: 'daily' });
  return [...windows, { name: searchBucket, requests: searchPerSecond, seconds: 1, bucket: searchBucket }];
}

/** Search responses carry none of these headers, and OAuth apps get no daily ones. */
function readQuotas(response: ApiResponse, quotas: readonly Quota[]): QuotaReading[] {
  const number = (name: string) => wholeHeader(response, `x-hubspot-ratelimit-${name}`);
  const reading = (seconds: number | undefined, limit: number | undefined, remaining: number | undefined) => {
    const quota = quotas.find((one) => one.all && one.seconds === seconds);
    if (!quota || (limit === undefined && remaining === undefined)) return [];
    return [
      {
        quota: quota.name,
        ...(limit !== undefined && { limit }),
        ...(remaining !== undefined && { remaining }),
      },
    ];
  };
  const intervalMs = number('interval-milliseconds');
  return [
    ...reading(intervalMs === undefined ? undefined : intervalMs / 1000, number('max'), number('remaining')),
    ...reading(daySeconds, number('daily'), number('daily-remaining')),
  ];
}

type ApiError = TransientError | RejectedError | UnauthorizedError;

function errorFor(
  response: ApiResponse,
  request: ApiRequest,
  now: number,
  quotas: readonly Quota[],
): ApiError | undefined {
  const { status } = response;
  const body = objectOf(response.json);
  const what = `HubSpot answered ${status} to ${request.method ?? 'GET'} ${request.path}`;
  const said = typeof body['message'] === 'string' ? `: ${body['message']}` : '';
  if (status === 401 || status === 530) {
    // 530 is no documented status of theirs: it is what a malformed token gets.
    const fault = said || ': the access token is not valid';
    return new UnauthorizedError(withAdvice(`${what}${fault}`, 'Give the source a valid token.'), { status });
  }
  if (status === 403) {
    const scopes = missingScopes(body);
    const advice = scopes.length
      ? `Add ${scopes.join(', ')} to the scopes of the app.`
      : `Check that the app has the scope ${scopeOf(request)}.`;
    return new UnauthorizedError(withAdvice(`${what}${said}`, advice), { status });
  }
  if (status === 429) return tooMany(what, body, request, now, quotas);
  const waitMs = retryAfterMs(response.headers['retry-after'], now);
  if (status === 423) {
    // Locked by a job of theirs, for at least two seconds.
    return new TransientError(`${what}${said}`, { status, retryAfterMs: Math.max(2000, waitMs ?? 0) });
  }
  if (status === 477) {
    // The account is moving to another data centre, for up to a day.
    const moveMs = retryAfterMs(response.headers['retry-after'], now, daySeconds * 1000);
    return new TransientError(`${what}${said}`, { status, retryAfterMs: moveMs ?? 3_600_000 });
  }
  if (status >= 400 && status < 500 && status !== 408) {
    const code = typeof body['category'] === 'string' ? body['category'] : `http_${status}`;
    return new RejectedError(`${what}${said}`, {
      status,
      code,
      ...(body['errors'] && { details: body['errors'] }),
    });
  }
  return undefined;
}

function scopeOf({ auth, path }: ApiRequest): string {
  if (auth !== undefined) return 'developer.webhooks_journal.read';
  const right = path.endsWith('/batch/update') ? 'write' : 'read';
  return `crm.objects.${path.includes('/companies') ? 'companies' : 'contacts'}.${right}`;
}

function tooMany(
  what: string,
  body: JsonObject,
  request: ApiRequest,
  now: number,
  quotas: readonly Quota[],
): TransientError {
  const policy = policyOf(body) ?? 'no policy named';
  const named = (name: string | undefined) => quotas.find((quota) => quota.name === name)?.name;
  const wait = (retryAfterMs: number, quota: string | undefined) =>
    new TransientError(`${what}: ${policy}`, { status: 429, retryAfterMs, ...(quota && { quota }) });
  // Their Retry-After is not dependable: the policy says how long.
  if (policy === 'DAILY') return wait(untilNextHour(now), named('daily'));
  if (policy === 'SECONDLY') return wait(1000, named(request.bucket));
  return wait(10_000, policy === 'TEN_SECONDLY_ROLLING' ? named('burst') : undefined);
}

/**
 * A refused search names no policy (recorded three times, 2021–22): its message does, `You have reached your secondly
 * limit.`, and HubSpot's own client goes by that message (`RetryDecorator.ts`).
 */
function policyOf({ policyName, message }: JsonObject): string | undefined {
  if (typeof policyName === 'string' && policyName !== '') return policyName;
  const said = typeof message === 'string' ? /\byour (\w+) limit\b/i.exec(message)?.[1] : undefined;
  return said?.toUpperCase();
}

/**
 * The daily quota begins again at midnight of the account's time zone, which no answer names. Midnights are at full hours
 * almost everywhere: one refused call an hour finds it, where UTC's midnight could be most of a day too late.
 */
function untilNextHour(now: number): number {
  return 3_600_000 - (now % 3_600_000);
}

/** `errors[].context` names them, as `requiredGranularScopes` or `requiredScopes`; so may the body's own `context`. */
function missingScopes(body: JsonObject): string[] {
  const contexts = [body, ...listOf(body['errors']).map(objectOf)].map((part) => objectOf(part['context']));
  const scopes = contexts.flatMap((context) =>
    Object.entries(context).flatMap(([key, value]) => (/scope/i.test(key) ? listOf(value) : [])),
  );
  return [...new Set(scopes.filter((scope): scope is string => typeof scope === 'string'))];
}
