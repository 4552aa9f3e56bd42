// Access to Shopify's API: credentials, the quota of cost points, and errors, which have status 200.
// https://shopify.dev/docs/api/usage/limits
import {
  type ApiDescription,
  type ApiRequest,
  type ApiResponse,
  type Auth,
  type Json,
  type QuotaReading,
  RejectedError,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { clientCredentials, signedIn } from '#connector/oauth-client';
import { quotaReading } from '#connector/quotas';
import { listOf, maxRetryMs, minRetryMs, objectOf, valueAt, wordOf } from '#connector/reading';
import { pageSize } from './customers.ts';
import type { Settings } from './settings.ts';

const points = 'points';
/** The bucket of points holds what is restored in this time. */
const bucketSeconds = 20;
/** No page costs less. What one really costs, every answer says. */
const minPageCost = 25;
const header = 'x-shopify-access-token';

export function describeApi(settings: Settings): ApiDescription {
  const { shop, pointsPerSecond } = settings;
  return {
    baseUrl: baseUrlOf(settings),
    auth: authOf(settings),
    // Each app has its own points in each shop.
    account: `shopify:${shop}:${settings.app?.clientId ?? settings.oauth?.clientId ?? 'custom app'}`,
    quotas: [
      {
        name: points,
        requests: Math.ceil((pointsPerSecond * bucketSeconds) / minPageCost),
        seconds: bucketSeconds,
        all: true,
      },
    ],
    readQuotas,
    remedies: {
      402: 'The shop is frozen: its owner must pay Shopify.',
      404: 'There is no such shop or version: check `shop` and `apiVersion`.',
      423: 'The shop is locked: its owner must contact Shopify.',
    },
    errorFor,
    errorInSuccess,
  };
}

function baseUrlOf({ baseUrl, shop }: Settings): string {
  return baseUrl ?? `https://${shop}`;
}

function authOf(settings: Settings): Auth {
  const { app, oauth, accessToken } = settings;
  const tokenUrl = `${baseUrlOf(settings)}/admin/oauth/access_token`;
  const errors = { refused: ['shop_not_permitted', 'app_not_installed'] };
  if (app) return { ...clientCredentials(app, { tokenUrl }), header, errors };
  if (oauth)
    return {
      // A refresh token lasts 90 days, and is replaced with each access token.
      ...signedIn(oauth, {
        tokenUrl,
        authorizeUrl: `${baseUrlOf(settings)}/admin/oauth/authorize`,
        scopes: ['read_customers', 'read_customer_merge'],
        separator: ',',
        singleUse: { graceSeconds: 0 },
      }),
      // Else the token would last for ever, which Shopify refuses to new apps.
      fields: { expiring: '1' },
      header,
      errors,
    };
  return { kind: 'header', name: header, value: accessToken ?? '' };
}

interface Cost {
  requested: number;
  maximum: number;
  available: number;
  perSecond: number;
}

function costIn({ json }: ApiResponse): Cost | undefined {
  const cost = objectOf(valueAt(json, 'extensions.cost'));
  const status = objectOf(cost['throttleStatus']);
  const number = (value: Json | undefined) =>
    typeof value === 'number' && Number.isFinite(value) ? value : 0;
  const found = {
    requested: number(cost['requestedQueryCost']),
    maximum: number(status['maximumAvailable']),
    available: number(status['currentlyAvailable']),
    perSecond: number(status['restoreRate']),
  };
  return found.requested > 0 && found.maximum > 0 && found.perSecond > 0 ? found : undefined;
}

/** How long until the bucket holds what such a query costs, milliseconds. */
function refillMs({ requested, available, perSecond }: Cost): number {
  const ms = Math.ceil(((requested - available) / perSecond) * 1000);
  return Math.min(Math.max(ms, minRetryMs), maxRetryMs);
}

/** In whole pages, which cost most: the answers to smaller queries say nothing of them. */
function readQuotas(response: ApiResponse, request: ApiRequest, now: number): QuotaReading[] {
  const cost = costIn(response);
  if (!cost || valueAt(request.json, 'variables.first') !== pageSize) return [];
  const remaining = Math.max(Math.floor(cost.available / cost.requested), 0);
  const limit = Math.max(Math.floor(cost.maximum / cost.requested), 1);
  return quotaReading(points, { limit, remaining, waitMs: refillMs(cost) }, now);
}

/** A security refusal, which passes. */
function errorFor({ status }: ApiResponse): TransientError | undefined {
  return status === 430 ? new TransientError('Shopify answered 430 to a request', { status }) : undefined;
}

/** An answer with errors may hold data as well, in which what was denied is null. None of it is believed. */
function errorInSuccess(
  response: ApiResponse,
  request: ApiRequest,
): TransientError | RejectedError | UnauthorizedError | undefined {
  const errors = listOf(objectOf(response.json)['errors']).map(objectOf);
  const [first] = errors;
  if (!first) return undefined;
  const codes = errors.map((error) => wordOf(valueAt(error, 'extensions.code')) ?? '');
  const said = `Shopify refused the query: ${wordOf(first['message']) ?? codes[0] ?? 'it gives no reason'}`;
  if (codes.includes('THROTTLED')) {
    const cost = costIn(response);
    return new TransientError('Shopify refused the query: its cost points are used up', {
      quota: points,
      retryAfterMs: cost ? refillMs(cost) : 2 * minRetryMs,
    });
  }
  if (codes.includes('ACCESS_DENIED'))
    return new UnauthorizedError(
      `${said}. Give the app the scope read_customers and access to protected customer data, for each field that the mapping uses.`,
    );
  if (codes.includes('SHOP_INACTIVE')) return new UnauthorizedError(`${said}. The shop is not active.`);
  // As a page that is refused elsewhere: its cursor may be to blame, and the reading begins again. Without a bulk operation there
  // are still pages.
  const isPage = ['variables.after', 'variables.bulkQuery'].some((path) =>
    wordOf(valueAt(request.json, path)),
  );
  const isOutage = codes.some((code) => ['INTERNAL_SERVER_ERROR', 'TIMEOUT'].includes(code));
  return isPage && !isOutage
    ? new RejectedError(said, { code: codes[0] || 'query', status: 400 })
    : new TransientError(said);
}
