// The settings of an Emarsys source. They do not know what is read.
import { z } from 'zod';
import { digits, flag, otherUrl, quota, token } from '#connector/settings';

export const settings = z.strictObject({
  clientId: token('abc123…').describe(
    'The client ID of OpenID Connect API credentials: Management → Security Settings → API Credentials.',
  ),
  clientSecret: token('xyz789…').describe('Their client secret.'),
  listField: digits
    .default('3')
    .describe('The number of the field by which contacts are listed. Default: 3, the e-mail address.'),
  excludeEmpty: flag(false, 'Whether contacts without a value in listField are left out.'),
  baseUrl: otherUrl(
    'https://api.emarsys.net',
    'The URL of the API, for a simulator. Default: https://api.emarsys.net.',
  ),
  authUrl: otherUrl(
    'https://auth.emarsys.net',
    'The URL where tokens are requested, for a simulator. Default: baseUrl, or else https://auth.emarsys.net.',
  ),
  quota: quota([{ requests: 1_000, seconds: 60 }]),
});

export type Settings = z.infer<typeof settings>;
