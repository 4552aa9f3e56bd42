// The settings of a Close source. They do not know what is read.
import { z } from 'zod';
import { keyOrOAuth, oauthClient, oauthInsteadOf } from '#connector/oauth-client';
import { accountId, baseUrl, quota, secret, token } from '#connector/settings';

const shape = z.strictObject({
  apiKey: token('api_…')
    .optional()
    .describe('An API key of a user who sees all leads: best of an administrator.'),
  oauth: oauthInsteadOf('apiKey', { client: oauthClient, app: 'an OAuth app' }),
  organizationId: accountId(
    'organization',
    z.string().regex(/^orga_\w+$/, 'must be the ID of an organization, such as "orga_abc123"'),
    'Contacts of others are not read, and their webhooks are ignored.',
  ),
  signatureKey: secret(
    'The signature_key of the webhook, which Close shows once: in the answer that creates it.',
  ),
  baseUrl: baseUrl('https://api.close.com/api/v1'),
  searchQuota: quota([{ requests: 16, seconds: 8 }], '', 'searches'),
  quota: quota([{ requests: 160, seconds: 8 }], '', 'other calls'),
});

export const settings = shape.superRefine(keyOrOAuth('apiKey', 'an API key'));

export type Settings = z.infer<typeof settings>;
