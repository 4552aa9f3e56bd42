// The settings of a Zoho CRM organization.
import { z } from 'zod';
import { oauthClient } from '#connector/oauth-client';
import { accountId, digits, flag, otherUrl, reserve, secrets, wholeNumber } from '#connector/settings';

/** Where people sign in and tokens are requested, by the domain of the data centre's API. */
const accounts = {
  com: 'https://accounts.zoho.com',
  eu: 'https://accounts.zoho.eu',
  in: 'https://accounts.zoho.in',
  'com.au': 'https://accounts.zoho.com.au',
  'com.cn': 'https://accounts.zoho.com.cn',
  jp: 'https://accounts.zoho.jp',
  sa: 'https://accounts.zoho.sa',
  uk: 'https://accounts.zoho.uk',
  ca: 'https://accounts.zohocloud.ca',
} as const;

const dataCentres = Object.keys(accounts) as (keyof typeof accounts)[];

export const settings = z.strictObject({
  dataCentre: z
    .enum(dataCentres)
    .default('com')
    .describe(
      'The data centre of the organization, as the end of its address at www.zohoapis: com, eu, in, com.au, com.cn, jp, sa, uk or ca. Default: com.',
    ),
  oauth: oauthClient.describe(
    'The client of the API console: {clientId, clientSecret, refreshToken?}. Sign in with `tributary sources connect`, or set the refresh token of a self client.',
  ),
  accountsUrl: otherUrl(
    'https://accounts.zoho.com',
    'Where people sign in and tokens are requested. Default: that of the data centre.',
  ),
  baseUrl: otherUrl(
    'https://www.zohoapis.com',
    'The URL of the API until a token names it. Default: that of the data centre.',
  ),
  organizationId: accountId('organization (zgid)', digits, 'Contacts of others are not read.'),
  webhookToken: secrets
    .refine((tokens) => tokens.every((token) => token.length <= 50), 'must not exceed 50 characters')
    .optional()
    .describe(
      'The token of the notification channel, up to 50 characters, which Zoho sends back. A list while one replaces another.',
    ),
  renewChannel: flag(
    true,
    'Whether Tributary opens the notification channel and renews it, if webhookToken and publicUrl are set. False: you do.',
  ),
  creditsPerDay: wholeNumber(
    { usual: 5_000, min: 3 },
    'The API credits of the organization in 24 hours. The free edition has 5,000; paid editions have 50,000 and more.',
  ),
  reserve: reserve(0.2, 'the credits'),
});

export type Settings = z.infer<typeof settings>;

export function accountsUrlOf({ accountsUrl, dataCentre }: Settings): string {
  return accountsUrl ?? accounts[dataCentre];
}
