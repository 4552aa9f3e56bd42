// The settings of a Bloomreach Engagement project. They do not know what is read.
import { z } from 'zod';
import { baseUrl, quota, token, unknownWords, urlToken, wholeNumber } from '#connector/settings';
import { webhookBasic, webhookHeader } from '#connector/webhook-credentials';

export const settings = z.strictObject({
  projectToken: token('12345678-aaaa-…').describe('The project token (Project settings, API).'),
  apiKeyId: token('a1b2c3…').describe('The ID of a private API key.'),
  apiSecret: token('a1b2c3…').describe('The secret of the private API key.'),
  baseUrl: baseUrl('https://api.exponea.com'),
  hardId: z
    .string()
    .min(1)
    .default('registered')
    .describe('The hard ID that identifies customers. Default: registered.'),
  lagSeconds: wholeNumber(
    { usual: 60, min: 0, max: 3600 },
    'How long after a write Bloomreach may still show the state before it, seconds.',
  ),
  unknownCustomer: unknownWords('not exist'),
  webhookBasic,
  webhookHeader,
  urlToken,
  quota: quota([{ requests: 10, seconds: 1 }], 'Bloomreach publishes none.'),
});

export type Settings = z.infer<typeof settings>;
