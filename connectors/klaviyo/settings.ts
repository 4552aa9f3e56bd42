// The settings of a Klaviyo account.
import { z } from 'zod';
import { authoredBody } from '#connector/authored';
import { baseUrl, flag, quotaWindows, secrets, token } from '#connector/settings';

export const settings = z.strictObject({
  apiKey: token('pk_…').describe('A private API key with the scope profiles:read.'),
  webhookSecret: secrets
    .optional()
    .describe('The secret key with which system webhooks are signed. A list while one replaces another.'),
  urlToken: secrets
    .optional()
    .describe(
      'A secret as the last segment of the address that webhooks of flows call, or a list of secrets.',
    ),
  headerToken: secrets
    .optional()
    .describe(
      'A secret that webhooks of flows send in the header named by webhookHeader, or a list of secrets.',
    ),
  webhookHeader: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, 'must be a header name: letters, digits and hyphens')
    .default('X-Webhook-Token')
    .describe('The header that holds headerToken. Default: X-Webhook-Token.'),
  authored: authoredBody,
  additionalFields: z
    .array(z.enum(['subscriptions', 'predictive_analytics']))
    .transform((names) => [...new Set(names)].sort())
    .default([])
    .describe(
      'Additional fields of each profile: "subscriptions", and "predictive_analytics", which is slow. Default: none.',
    ),
  anonymous: flag(
    false,
    'Whether profiles without external_id, email and phone_number are included: visitors whom Klaviyo knows by a cookie. Their only ID is "id".',
  ),
  revision: z
    .string()
    .regex(/^20\d\d-\d\d-\d\d(\.[a-z0-9-]+)?$/, 'must be a revision such as "2026-07-15"')
    .default('2026-07-15')
    .describe('The revision of the API. Default: 2026-07-15.'),
  accountId: z
    .string()
    .regex(/^\w+$/, 'must be letters and digits')
    .optional()
    .describe(
      'The public API key of the account (6 characters). Sources with the same key share its quotas.',
    ),
  baseUrl: baseUrl('https://a.klaviyo.com'),
  quota: quotaWindows
    .optional()
    .describe(
      'The quota of calls, a window or a list of windows. Default: 75 calls per second and 700 per minute.',
    ),
});

export type Settings = z.infer<typeof settings>;
