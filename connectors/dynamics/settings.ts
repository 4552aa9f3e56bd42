// The settings of a Dynamics 365 environment.
import { z } from 'zod';
import { appClient, oauthClient } from '#connector/oauth-client';
import {
  apiVersion,
  baseUrl,
  exactlyOne,
  flag,
  quota,
  secret,
  secretHeader,
  siteUrl,
  wholeNumber,
} from '#connector/settings';

const shape = z.strictObject({
  baseUrl: siteUrl('the URL of the environment, such as https://acme.crm4.dynamics.com')
    // The second host of an environment, which its developer resources show.
    .transform((url) => url.replace(/\.api\.(?=crm)/, '.'))
    .describe('The URL of the environment: https://acme.crm4.dynamics.com.'),
  tenantId: z
    .string()
    .regex(/^[\w.-]+$/, 'must be the ID or a domain of the Entra tenant')
    .describe('The Entra tenant of the app: its ID, or a domain such as acme.onmicrosoft.com.'),
  app: appClient
    .optional()
    .describe(
      'The Entra app that is an application user of the environment: {clientId, clientSecret}, the secret by its value.',
    ),
  oauth: oauthClient
    .optional()
    .describe(
      'Instead of app: {clientId, clientSecret, refreshToken?} of an Entra app in which a person signs in with `tributary sources connect`.',
    ),
  loginUrl: baseUrl('https://login.microsoftonline.com').describe(
    'Where tokens are requested; a different one in national clouds. Default: https://login.microsoftonline.com.',
  ),
  organizationId: z
    .string()
    .regex(
      /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i,
      'must be the ID of the organization, as WhoAmI returns it',
    )
    .transform((id) => id.toLowerCase())
    .optional()
    .describe(
      'The ID of the organization. Webhooks of others are refused, and `tributary check` compares it with the environment that is read.',
    ),
  activeOnly: flag(false, 'Whether contacts that are deactivated are left out.'),
  changeTracking: flag(
    true,
    'Whether changes are read by change tracking where it is granted. False: by the time of last change, which shows no deletions.',
  ),
  changeTrackingDays: wholeNumber(
    { usual: 7, min: 1, max: 90 },
    'For how many days the environment keeps changes (ExpireChangeTrackingInDays). After a longer pause, everything is read again.',
  ),
  webhookKey: secret('The value of a webhook that is registered with the authentication WebhookKey.'),
  webhookHeader: secretHeader
    .optional()
    .describe(
      'Instead of webhookKey, for the authentication HttpHeader: the header of your own, {name, value}.',
    ),
  quota: quota([{ requests: 6_000, seconds: 300 }], 'Each user has their own.'),
  apiVersion: apiVersion('v9.2', /^v9\.\d$/, 'Web API'),
});

export const settings = shape.superRefine(
  exactlyOne(
    ['app', 'oauth'],
    'either app: {clientId, clientSecret}, or oauth: {clientId, clientSecret, refreshToken?}',
  ),
);

export type Settings = z.infer<typeof settings>;

/** A path of the Web API. */
export function dataPath({ apiVersion }: Settings, rest: string): string {
  return `/api/data/${apiVersion}${rest}`;
}
