// The settings of a data extension of Salesforce Marketing Cloud. They do not know what is read.
import { z } from 'zod';
import { digits, flag, otherUrl, quota, token } from '#connector/settings';

export const settings = z.strictObject({
  subdomain: z
    .string()
    .regex(
      /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
      'must be the subdomain alone, such as "mc563885gzs27c5t9-63k636ttgm"',
    )
    .describe(
      'The subdomain of the tenant: the part of the REST base URI before .rest.marketingcloudapis.com.',
    ),
  clientId: token('abc123…').describe(
    'The client ID of a server-to-server component of an installed package.',
  ),
  clientSecret: token('xyz789…').describe("The component's client secret."),
  accountId: digits.describe('The MID of the business unit.'),
  dataExtension: z
    .string()
    .min(1)
    .describe('The external key of the data extension, not its name: Properties → External Key.'),
  keyColumn: z
    .string()
    .min(1)
    .default('SubscriberKey')
    .describe('The column with the ID of a person. Default: SubscriberKey.'),
  complete: flag(
    true,
    'Whether the data extension has a row for every customer, so that one without a row is deleted. Set it to false for one with only changed rows.',
  ),
  baseUrl: otherUrl(
    'https://mc0123.rest.marketingcloudapis.com',
    'The URL of the REST API, for a simulator. Default: that of the subdomain.',
  ),
  authUrl: otherUrl(
    'https://mc0123.auth.marketingcloudapis.com',
    'The URL where tokens are requested, for a simulator. Default: baseUrl, or else that of the subdomain.',
  ),
  quota: quota([{ requests: 5, seconds: 1 }]),
});

export type Settings = z.infer<typeof settings>;
