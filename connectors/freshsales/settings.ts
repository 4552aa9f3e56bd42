// The settings of a Freshsales source. They do not know what is read.
import { z } from 'zod';
import { digits, quota, secret, token } from '#connector/settings';

export const settings = z.strictObject({
  baseUrl: z
    .url({
      protocol: /^https?$/,
      error: 'must be the URL of the API, such as https://acme.myfreshworks.com/crm/sales/api',
    })
    .transform((url) => url.replace(/\/+$/, ''))
    .describe(
      'The URL of the API: https://BUNDLE.myfreshworks.com/crm/sales/api, or https://DOMAIN.freshsales.io/api for older accounts.',
    ),
  apiKey: token('abc123…').describe('The API key of a user who sees all contacts: best of an administrator.'),
  viewId: digits.describe(
    'The ID of the view "All Contacts", as in the address of its page. What the view does not show is not read.',
  ),
  webhookToken: secret('The value of the header X-Tributary-Token that the workflow sends.'),
  quota: quota([{ requests: 1_000, seconds: 3600 }]),
});

export type Settings = z.infer<typeof settings>;
