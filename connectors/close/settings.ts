// The settings of a Close source. They do not know what is read.
import { z } from 'zod';
import { oauthClient } from '#connector/oauth-client';
import { baseUrl, exactlyOne, quotaWindows, secrets, token } from '#connector/settings';

const shape = z.strictObject({
  apiKey: token('api_…')
    .optional()
    .describe('An API key of a user who sees all leads: best of an administrator.'),
  oauth: oauthClient
    .optional()
    .describe(
      'Instead of apiKey: {clientId, clientSecret, refreshToken?} of an OAuth app. Sign in with `tributary connect`.',
    ),
  organizationId: z
    .string()
    .regex(/^orga_\w+$/, 'must be the ID of an organization, such as "orga_abc123"')
    .optional()
    .describe(
      'The ID of the organization. Contacts of others are not read, and their webhooks are ignored. Sources with the same ID share its quotas.',
    ),
  signatureKey: secrets
    .optional()
    .describe(
      'The signature_key of the webhook, which Close shows once: in the answer that creates it. A list while one replaces another.',
    ),
  baseUrl: baseUrl('https://api.close.com/api/v1'),
  searchQuota: quotaWindows
    .optional()
    .describe('The quota of searches, a window or a list of windows. Default: 16 calls in 8 seconds.'),
  quota: quotaWindows
    .optional()
    .describe('The quota of other calls, a window or a list of windows. Default: 160 calls in 8 seconds.'),
});

export const settings = shape.superRefine(
  exactlyOne(['apiKey', 'oauth'], 'either an API key, or oauth: {clientId, clientSecret, refreshToken?}'),
);

export type Settings = z.infer<typeof settings>;
