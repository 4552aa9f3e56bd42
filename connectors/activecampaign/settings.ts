// The settings of an ActiveCampaign source. They do not know what is read.
import { z } from 'zod';
import { quota, siteUrl, token, urlToken } from '#connector/settings';

export const settings = z.strictObject({
  baseUrl: siteUrl(
    'the API URL of the account as Settings → Developer shows it, such as https://acme.api-us1.com',
  ).describe('The API URL of the account: Settings → Developer. It cannot be made from the account name.'),
  apiKey: token('0123abc…').describe('The API key of a user who sees all contacts: Settings → Developer.'),
  urlToken,
  quota: quota([{ requests: 5, seconds: 1 }]),
});

export type Settings = z.infer<typeof settings>;
