// Access to Shopify's API: credentials, the quota of cost points, and errors, which have status 200.
// https://shopify.dev/docs/api/usage/limits
import { type ApiDescription, type ApiResponse, type Auth, TransientError } from '#connector';
import { errorsWith200 } from '#connector/graphql';
import { appOrPerson } from '#connector/oauth-client';
import { pointQuota, refillMs } from '#connector/points';
import { valueAt } from '#connector/reading';
import { pageSize } from './customer.ts';
import type { Settings } from './settings.ts';

const header = 'x-shopify-access-token';
const status = 'extensions.cost.throttleStatus';
const cost = {
  cost: 'extensions.cost.requestedQueryCost',
  maximum: `${status}.maximumAvailable`,
  available: `${status}.currentlyAvailable`,
  perSecond: `${status}.restoreRate`,
};

export function describeApi(settings: Settings): ApiDescription {
  const { shop, app, oauth, pointsPerSecond } = settings;
  return {
    baseUrl: siteOf(settings),
    auth: authOf(settings),
    // Each app has its own points in each shop.
    account: `shopify:${shop}:${app?.clientId ?? oauth?.clientId ?? 'custom app'}`,
    ...pointQuota({
      name: 'points',
      perSecond: pointsPerSecond,
      seconds: 20,
      minCost: 25,
      at: cost,
      isPage: ({ json }) => valueAt(json, 'variables.first') === pageSize,
    }),
    remedies: {
      402: 'The shop is frozen: its owner must pay Shopify.',
      404: 'There is no such shop or version: check `shop` and `apiVersion`.',
      423: 'The shop is locked: its owner must contact Shopify.',
    },
    // A text, or an object; a list of errors comes with status 200 only.
    isErrorBody: (json) => !Array.isArray(valueAt(json, 'errors') ?? []),
    errorFor: securityRefusal,
    errorInSuccess: errorsWith200({
      vendor: 'Shopify',
      exhausted: { code: 'THROTTLED', quota: 'points', waitMs: (response) => refillMs(response, cost) },
      refused: {
        ACCESS_DENIED:
          'Give the app the scope read_customers and access to protected customer data, for each field that the mapping uses.',
        SHOP_INACTIVE: 'The shop is not active.',
      },
      passing: ['INTERNAL_SERVER_ERROR', 'TIMEOUT'],
    }),
  };
}

/** It passes. */
function securityRefusal({ status }: ApiResponse): TransientError | undefined {
  return status === 430 ? new TransientError('Shopify answered 430 to a request', { status }) : undefined;
}

function siteOf({ baseUrl, shop }: Settings): string {
  return baseUrl ?? `https://${shop}`;
}

function authOf(settings: Settings): Auth {
  const { app, oauth, accessToken = '' } = settings;
  if (!app && !oauth) return { kind: 'header', name: header, value: accessToken };
  const site = `${siteOf(settings)}/admin/oauth`;
  const signIn = {
    tokenUrl: `${site}/access_token`,
    authorizeUrl: `${site}/authorize`,
    scopes: ['read_customers', 'read_customer_merge'],
    separator: ',',
    // A refresh token lasts 90 days, and is replaced with each access token.
    singleUse: { graceSeconds: 0 },
    // Else the token would last for ever, which Shopify refuses to new apps.
    fields: { expiring: '1' },
  };
  const errors = { refused: ['shop_not_permitted', 'app_not_installed'] };
  return { ...appOrPerson({ app, oauth }, signIn), header, errors };
}
