// The settings of a MoEngage workspace. They do not know what is read.
import { z } from 'zod';
import { absentIsEmpty, otherUrl, quota, token, urlToken, wholeNumber } from '#connector/settings';
import { webhookBasic, webhookHeader } from '#connector/webhook-credentials';

export const settings = z.strictObject({
  workspaceId: token('ABC123…').describe('The workspace ID (Settings, Account, APIs).'),
  dataApiKey: token('a1b2c3…').describe('The API key of the Data tile (Settings, Account, APIs).'),
  dataCentre: z
    .string()
    .regex(/^\d{2,3}$/, 'must be the number of the data centre, such as "01"')
    .default('01')
    .describe('The number of the data centre, as in dashboard-01.moengage.com. Default: 01.'),
  baseUrl: otherUrl('https://api-01.moengage.com', 'The URL of the API. Default: that of the data centre.'),
  absentIsEmpty,
  lagSeconds: wholeNumber(
    { usual: 60, min: 0, max: 3600 },
    'How long after a write MoEngage may still show the state before it, seconds.',
  ),
  clearing: z
    .enum(['unset_attributes', 'null'])
    .default('unset_attributes')
    .describe(
      'How write-back clears an attribute: by unset_attributes, or as null. Default: unset_attributes.',
    ),
  idPath: z
    .string()
    .min(1)
    .default('customer_id')
    .describe('The path of the user ID in a body that you write. Default: customer_id.'),
  webhookBasic,
  webhookHeader,
  urlToken,
  quota: quota([{ requests: 50, seconds: 60 }], 'MoEngage counts 1,000 users in a minute, 20 in a call.'),
});

export type Settings = z.infer<typeof settings>;
