// The settings of an Ortto source. They do not know what is read.
import { z } from 'zod';
import { baseUrl, quota, secret, token, urlToken } from '#connector/settings';
import { webhookBasic, webhookHeader } from '#connector/webhook-credentials';

export const settings = z.strictObject({
  apiKey: token('PRIVATE-…').describe('The API key of a custom API data source: CDP → Data sources.'),
  decimals: z
    .array(z.string().regex(/^int:cm:/, 'must be the ID of a custom field, such as "int:cm:lifetime-value"'))
    .default([])
    .describe(
      'The IDs of fields that are decimals or currencies: Ortto sends them multiplied by 1,000. Default: none.',
    ),
  webhookToken: secret('The value of the header "Authorization: Bearer …" that webhooks send.'),
  webhookBasic,
  webhookHeader,
  urlToken,
  baseUrl: baseUrl('https://api.ap3api.com/v1'),
  quota: quota([{ requests: 10, seconds: 1 }]),
});

export type Settings = z.infer<typeof settings>;
