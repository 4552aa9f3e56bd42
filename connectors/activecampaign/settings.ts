// The settings of an ActiveCampaign source. They do not know what is read.
import { z } from 'zod';
import { quotaWindows, siteUrl, token, urlToken } from '#connector/settings';

export const settings = z.strictObject({
  baseUrl: siteUrl(
    'the API URL of the account as Settings → Developer shows it, such as https://acme.api-us1.com',
  ).describe('The API URL of the account: Settings → Developer. It cannot be made from the account name.'),
  apiKey: token('0123abc…').describe('The API key of a user who sees all contacts: Settings → Developer.'),
  urlToken,
  quota: quotaWindows
    .optional()
    .describe('The quota of calls, a window or a list of windows. Default: 5 calls per second.'),
});

export type Settings = z.infer<typeof settings>;
