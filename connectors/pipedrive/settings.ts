// What a person says of a Pipedrive company. It does not know what is read.
import { z } from 'zod';
import { keyOrOAuth, oauthClientAt, oauthInsteadOf } from '#connector/oauth-client';
import { accountId, baseUrl, digits, quotaWindow, secret, token, wholeNumber } from '#connector/settings';

const shape = z.strictObject({
  apiToken: token('0123456789abcdef…')
    .optional()
    .describe('The API token of a user who sees all persons: best of an administrator.'),
  oauth: oauthInsteadOf('apiToken', { client: oauthClientAt('https://oauth.pipedrive.com'), app: 'an app' }),
  companyId: accountId('company', digits, 'Persons of others are not read, and their webhooks are ignored.'),
  webhookBasic: secret('The HTTP Auth user and password of the webhook, as "user:password".'),
  baseUrl: baseUrl('https://api.pipedrive.com').describe(
    'The URL of the API. With oauth the one that comes with the token is used. Default: https://api.pipedrive.com.',
  ),
  burst: quotaWindow
    .optional()
    .describe('The calls in a window of two seconds: {requests, seconds}. Default: 20, with oauth 80.'),
  callsPerDay: wholeNumber(
    { usual: 3_000, min: 1 },
    'The calls per day, at ten API tokens each. The smallest plan with one seat has 3,000; answers tell of more.',
  ),
});

export const settings = shape.superRefine(keyOrOAuth('apiToken', 'an API token'));

export type Settings = z.infer<typeof settings>;
