// The settings of a BigCommerce source. They do not know what is read.
import { z } from 'zod';
import { baseUrl, quota, secret, secretHeader, token } from '#connector/settings';

export const settings = z.strictObject({
  storeHash: z
    .string()
    .regex(/^[a-z0-9]+$/i, 'must be the hash of a store, such as "abc123"')
    .describe('The hash of the store, as in https://api.bigcommerce.com/stores/HASH/.'),
  accessToken: token('abc123…').describe(
    'The access token of a store-level API account with read-only access to customers.',
  ),
  clientSecret: secret('The client secret of the API account, which signs webhooks.'),
  webhookHeader: secretHeader
    .optional()
    .describe(
      'Instead of clientSecret, for webhooks without a signature: the header of your own that the webhook was created with, {name, value}.',
    ),
  filterOverlapHours: z
    .number()
    .min(0)
    .max(24)
    .default(12)
    .describe(
      'How many hours before the last change the filter for changes begins, because the time zone of its times is not documented. 0 if they are UTC. Default: 12.',
    ),
  baseUrl: baseUrl('https://api.bigcommerce.com'),
  // Of the plans Standard and Plus.
  quota: quota([{ requests: 150, seconds: 30 }], 'The plan Pro has 450.'),
});

export type Settings = z.infer<typeof settings>;
