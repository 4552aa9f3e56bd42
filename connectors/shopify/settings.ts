// The settings of a Shopify shop.
import { z } from 'zod';
import { bulkExportSetting } from '#connector/bulk-export';
import { appClient, oauthClient } from '#connector/oauth-client';
import { apiVersion, exactlyOne, otherUrl, secret, token, wholeNumber } from '#connector/settings';

/** Each costs a point per customer, and a query may cost 1,000. */
const maxMetafields = 4;

/** So many customers are worth a bulk operation: pages of them take minutes, for the points that they cost. */
export const usualMinRecords = 5_000;

const shape = z.strictObject({
  shop: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9-]*(\.myshopify\.com)?$/i,
      'must be the name of the shop at myshopify.com, such as "acme" or "acme.myshopify.com"',
    )
    .transform((name) => `${name.toLowerCase().replace('.myshopify.com', '')}.myshopify.com`)
    .describe('The name of the shop at myshopify.com: "acme" or "acme.myshopify.com".'),
  app: appClient
    .optional()
    .describe(
      'The app of your own organisation: {clientId, clientSecret}. Its tokens last a day and are requested as needed.',
    ),
  accessToken: token('shpat_…')
    .optional()
    .describe('Instead of app: the permanent access token of an older custom app.'),
  oauth: oauthClient
    .optional()
    .describe(
      'Instead of app, for shops of other organisations: {clientId, clientSecret, refreshToken?}. Sign in with `tributary sources connect`.',
    ),
  webhookSecret: secret(
    'The secret of webhooks that were created in the settings of the shop, or with accessToken the client secret of the app. The secrets of app and oauth are used automatically.',
  ),
  metafields: z
    .array(z.string().regex(/^[\w-]+\.[\w-]+$/, 'must be a namespace and a key, such as "facts.birth_date"'))
    .max(maxMetafields)
    .default([])
    .describe(
      'Metafields of customers, as "namespace.key": up to four. Their values are at metafields.namespace.key. Default: none.',
    ),
  bulkExport: bulkExportSetting(usualMinRecords),
  apiVersion: apiVersion('2026-10', /^20\d\d-(01|04|07|10)$/),
  pointsPerSecond: wholeNumber(
    { usual: 100, min: 10 },
    'The cost points that the plan of the shop restores per second: 100 (standard), 200 (Advanced), 1000 (Plus), 2000 (Enterprise).',
  ),
  baseUrl: otherUrl(
    'https://acme.myshopify.com',
    'The URL of the API, for a sandbox. Default: https:// and the name of the shop.',
  ),
});

export const settings = shape.superRefine(
  exactlyOne(
    ['app', 'accessToken', 'oauth'],
    'exactly one of app: {clientId, clientSecret}, accessToken and oauth: {clientId, clientSecret, refreshToken?}',
  ),
);

export type Settings = z.infer<typeof settings>;

export function endpoint({ apiVersion }: Settings): string {
  return `/admin/api/${apiVersion}/graphql.json`;
}
