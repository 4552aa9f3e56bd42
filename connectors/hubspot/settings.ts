// The settings of a HubSpot account, and the paths that follow from them.
import { z } from 'zod';
import { oauthClient } from '#connector/oauth-client';
import { baseUrl, digits, exactlyOne, quotaWindows, secrets, token, wholeNumber } from '#connector/settings';

const shape = z.strictObject({
  accessToken: token('pat-eu1-…')
    .optional()
    .describe('The token of a private app or a service key with the scope crm.objects.contacts.read.'),
  oauth: oauthClient
    .optional()
    .describe(
      'Instead of accessToken: {clientId, clientSecret, refreshToken?} of a public app, whose tokens expire. Sign in with `tributary sources connect`.',
    ),
  clientSecret: secrets
    .optional()
    .describe('The client secret of the app, which signs webhooks. A list while one replaces another.'),
  baseUrl: baseUrl('https://api.hubapi.com'),
  apiVersion: z
    .string()
    .regex(/^(v3|20\d\d-(0[1-9]|1[0-2]))$/, 'must be "v3" or a dated version such as "2026-03"')
    .default('v3')
    .describe(
      'The version of the API: "v3" (default, supported until September 2027) or a dated version such as "2026-03".',
    ),
  extraScopes: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Scopes that the sign-in asks for besides those of contacts, such as crm.objects.companies.read. Default: none.',
    ),
  portalId: digits
    .optional()
    .describe(
      'The ID of the account (Hub ID). Sources with the same ID share its quotas, and the page of a customer links to their contacts.',
    ),
  journal: z
    .strictObject({
      clientId: z.string().min(1).describe('The client ID of the app.'),
      clientSecret: z.string().min(1).describe('The client secret of the app.'),
    })
    .optional()
    .describe(
      'Reads the webhook journal of an app that is installed in the account; portalId must be set. Default: it is not read.',
    ),
  quota: quotaWindows
    .optional()
    .describe(
      'The quota of calls, a window or a list of windows. Default: 100 calls per 10 seconds and 250,000 per day.',
    ),
  searchPerSecond: wholeNumber(
    { usual: 5, min: 1, max: 50 },
    'The number of searches per second, for the whole account.',
  ),
  settleLagSeconds: wholeNumber(
    { usual: 120, min: 0, max: 86_400 },
    'How long a change may be missing from the search index, seconds.',
  ),
});

export const settings = shape
  .superRefine(
    exactlyOne(
      ['accessToken', 'oauth'],
      'either the token of a private app, or oauth: {clientId, clientSecret, refreshToken?}',
    ),
  )
  .refine(({ journal, portalId }) => journal === undefined || portalId !== undefined, {
    path: ['portalId'],
    message: 'the ID of the account (Hub ID): a journal may hold events of other accounts',
  });

export type Settings = z.infer<typeof settings>;

export type ObjectType = 'contacts' | 'companies';

/** Dated versions stand after `objects` (developers.hubspot.com, legacy migration guide). */
export function objectsPath({ apiVersion }: Settings, type: ObjectType, rest = ''): string {
  return apiVersion === 'v3' ? `/crm/v3/objects/${type}${rest}` : `/crm/objects/${apiVersion}/${type}${rest}`;
}

export function contactsPath(settings: Settings, rest = ''): string {
  return objectsPath(settings, 'contacts', rest);
}

/** There is no numbered version of the journal, nor of the tokens of an app. */
export function datedVersion({ apiVersion }: Settings): string {
  return apiVersion === 'v3' ? '2026-03' : apiVersion;
}

/** `journal-local` is the journal of one account. */
export function journalPath(settings: Settings, rest: string): string {
  return `/webhooks-journal/journal-local/${datedVersion(settings)}${rest}`;
}

export function subscriptionsPath(settings: Settings): string {
  return `/webhooks-journal/subscriptions/${datedVersion(settings)}`;
}

export function propertiesPath({ apiVersion }: Settings, type: ObjectType = 'contacts'): string {
  return apiVersion === 'v3' ? `/crm/v3/properties/${type}` : `/crm/properties/${apiVersion}/${type}`;
}
