// What a person says of a Pipedrive company. It does not know what is read.
import { z } from 'zod';
import { oauthClientAt } from '#connector/oauth-client';
import { baseUrl, digits, exactlyOne, quotaWindow, secrets, token } from '#connector/settings';

const shape = z.strictObject({
  apiToken: token('0123456789abcdef…')
    .optional()
    .describe('The API token of a user who sees all persons: best of an administrator.'),
  oauth: oauthClientAt('https://oauth.pipedrive.com')
    .optional()
    .describe(
      'Instead of apiToken: {clientId, clientSecret, refreshToken?} of an app. Sign in with `tributary connect`.',
    ),
  companyId: digits
    .optional()
    .describe(
      'The ID of the company. Persons of others are not read, and their webhooks are ignored. Sources with the same ID share its quotas.',
    ),
  webhookBasic: secrets
    .optional()
    .describe(
      'What webhooks show as HTTP Basic, "user:password": the HTTP Auth user and password of the webhook. A list while one replaces another.',
    ),
  baseUrl: baseUrl('https://api.pipedrive.com').describe(
    'The URL of the API. With oauth the one that comes with the token is used. Default: https://api.pipedrive.com.',
  ),
  burst: quotaWindow
    .optional()
    .describe(
      'The calls in a window of two seconds: {requests, seconds}. Default: 20 with apiToken, 80 with oauth.',
    ),
  callsPerDay: z
    .int()
    .min(1)
    .default(3_000)
    .describe(
      'The calls per day, at ten API tokens each. Default: 3,000, of the smallest plan with one seat; answers tell of more.',
    ),
});

export const settings = shape.superRefine(
  exactlyOne(['apiToken', 'oauth'], 'either an API token, or oauth: {clientId, clientSecret, refreshToken?}'),
);

export type Settings = z.infer<typeof settings>;
