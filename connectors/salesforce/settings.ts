// The settings of a Salesforce org.
import { z } from 'zod';
import { bulkExportSetting } from '#connector/bulk-export';
import { appClient, oauthClient } from '#connector/oauth-client';
import { apiVersion, exactlyOne, flag, reserve, secret, siteUrl, wholeNumber } from '#connector/settings';

const oauth = oauthClient.extend({
  rotating: flag(
    true,
    'Whether the app rotates refresh tokens. True is safe for both kinds of app: a refresh token is then sent only once.',
  ),
});

const jwt = appClient.pick({ clientId: true }).extend({
  user: z
    .string()
    .min(1)
    .describe('The name of the user for whom the app acts. The app must be authorised for this user.'),
  privateKey: z
    .string()
    .min(1)
    .transform((text) => text.replaceAll('\\n', '\n'))
    .describe(
      'The private key of the certificate in the app, in PEM (PKCS #8). Line breaks may be written as \\n.',
    ),
  audience: z
    .url()
    .optional()
    .describe(
      'The audience of the assertion. Default: https://test.salesforce.com for a sandbox, else https://login.salesforce.com.',
    ),
});

/** So many records are worth a query job. */
export const usualMinRecords = 50_000;

const objects = ['contacts', 'leads', 'personAccounts'] as const;

const shape = z.strictObject({
  baseUrl: siteUrl('the My Domain URL, such as https://acme.my.salesforce.com')
    .refine(
      (url) => !/\.(lightning\.force|salesforce-setup)\.com\b/.test(url),
      'must be the My Domain URL, such as https://acme.my.salesforce.com, not that of the user interface',
    )
    .describe('The My Domain URL of the org: https://acme.my.salesforce.com.'),
  clientCredentials: appClient
    .optional()
    .describe('{clientId, clientSecret} of an app that runs as one user by the client credentials flow.'),
  jwt: jwt
    .optional()
    .describe('Instead of clientCredentials: {clientId, user, privateKey} of an app with a certificate.'),
  oauth: oauth
    .optional()
    .describe(
      'Instead of clientCredentials: {clientId, clientSecret, refreshToken?} of an app in which a person signs in with `tributary sources connect`.',
    ),
  objects: z
    .array(z.enum(objects))
    .min(1)
    .default(['contacts'])
    .describe('The objects to read, a list of "contacts", "leads" and "personAccounts". Default: contacts.'),
  organizationId: z
    .string()
    .regex(/^00D[0-9A-Za-z]{12}([0-9A-Za-z]{3})?$/, 'must be an organization ID, such as 00D5g000004XyZ1')
    .optional()
    .describe(
      'The organization ID. Outbound messages of other orgs are refused, and `tributary check` compares it with the org that is read.',
    ),
  webhookToken: secret('The secret at the end of the webhook address.'),
  webhookBody: z
    .enum(['outbound-messages', 'change-events'])
    .default('outbound-messages')
    .describe(
      'What is sent to the webhook address: "outbound-messages" (SOAP, default), or "change-events" (JSON, from your own relay).',
    ),
  lateCommitSeconds: wholeNumber(
    { usual: 600, min: 300, max: 86_400 },
    'How long a transaction may take, seconds: its records appear when it ends, with an earlier time.',
  ),
  callsPerDay: wholeNumber(
    { usual: 100_000, min: 1 },
    'The calls per day that Tributary may make. If the org allows fewer, its answers say so.',
  ),
  reserve: reserve(0.2, 'the calls of the org'),
  bulkExport: bulkExportSetting(usualMinRecords),
  apiVersion: apiVersion('v68.0', /^v\d{2,3}\.0$/),
});

export const settings = shape
  .superRefine(
    exactlyOne(
      ['clientCredentials', 'jwt', 'oauth'],
      'one of clientCredentials, jwt and oauth: how the source signs in',
    ),
  )
  .refine(({ clientCredentials, baseUrl }) => !clientCredentials || !/\/\/(login|test)\./.test(baseUrl), {
    path: ['baseUrl'],
    error: 'must be the My Domain URL: login.salesforce.com has no client credentials flow',
  });

export type Settings = z.infer<typeof settings>;
export type ObjectName = Settings['objects'][number];

/** A path of the data API. */
export function dataPath({ apiVersion }: Settings, rest: string): string {
  return `/services/data/${apiVersion}${rest}`;
}
