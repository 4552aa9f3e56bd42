// The settings of a Close source. They do not know what is read.
import { z } from 'zod';
import { baseUrl, quotaWindows, secrets, token } from '#connector/settings';

export const settings = z.strictObject({
  apiKey: token('api_…').describe('An API key of a user who sees all leads: best of an administrator.'),
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

export type Settings = z.infer<typeof settings>;
