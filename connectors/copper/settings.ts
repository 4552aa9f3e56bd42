// The settings of a Copper source. They do not know what is read.
import { z } from 'zod';
import { keyOrOAuth, oauthClientAt, oauthInsteadOf } from '#connector/oauth-client';
import { accountId, baseUrl, digits, quota, secretHeader, token } from '#connector/settings';

const shape = z.strictObject({
  apiKey: token('0123abc…')
    .optional()
    .describe('An API key of a user who sees all people: best of an administrator.'),
  userEmail: z
    .email()
    .optional()
    .describe('The e-mail address of the user whose API key it is. Required with apiKey.'),
  oauth: oauthInsteadOf('apiKey and userEmail', {
    client: oauthClientAt('https://app.copper.com'),
    app: 'an OAuth app',
  }),
  accountId: accountId('account', digits, 'People of others are not read.'),
  contactTypes: z
    .array(digits)
    .min(1)
    .optional()
    .describe('The IDs of the contact types whose people are customers. Default: all people.'),
  webhookHeader: secretHeader
    .optional()
    .describe('The header of your own that the webhooks were created with, {name, value}.'),
  baseUrl: baseUrl('https://api.copper.com/developer_api/v1'),
  quota: quota([{ requests: 180, seconds: 60 }]),
});

export const settings = shape
  .superRefine(keyOrOAuth('apiKey', 'an API key'))
  .refine(({ apiKey, userEmail }) => apiKey === undefined || userEmail !== undefined, {
    path: ['userEmail'],
    message: 'the e-mail address of the user whose API key it is',
  });

export type Settings = z.infer<typeof settings>;
