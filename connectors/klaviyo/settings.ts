// What a person says of a Klaviyo account. It does not know what is read.
import { z } from 'zod';
import { authoredBody } from '#connector/authored';
import { baseUrl, quotaWindows, secrets, token } from '#connector/settings';

export const settings = z.strictObject({
  apiKey: token('pk_…').describe('A private API key with the scope profiles:read.'),
  webhookSecret: secrets
    .optional()
    .describe(
      'The secret key of system webhooks, which sign with it. A list while one takes over from another.',
    ),
  urlToken: secrets
    .optional()
    .describe('A secret as the last part of the address that webhooks of flows call. Or a list of them.'),
  headerToken: secrets
    .optional()
    .describe(
      'A secret that webhooks of flows send in the header named by webhookHeader. Or a list of them.',
    ),
  webhookHeader: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header: letters, digits and hyphens')
    .default('X-Webhook-Token')
    .describe('The header that holds headerToken.'),
  authored: authoredBody,
  additionalFields: z
    .array(z.enum(['subscriptions', 'predictive_analytics']))
    .transform((names) => [...new Set(names)].sort())
    .default([])
    .describe(
      'What else to read of each profile: "subscriptions", or "predictive_analytics", which is slow.',
    ),
  anonymous: z
    .boolean()
    .default(false)
    .describe(
      'Whether profiles with neither external_id, email nor phone_number are taken too: visitors whom Klaviyo knows by a cookie. Their only ID is "id".',
    ),
  revision: z
    .string()
    .regex(/^20\d\d-\d\d-\d\d(\.[a-z0-9-]+)?$/, 'must be a revision such as "2026-07-15"')
    .default('2026-07-15')
    .describe('The revision of the API that is spoken.'),
  accountId: z
    .string()
    .regex(/^\w+$/, 'must be letters and digits')
    .optional()
    .describe("The account's public API key (6 characters): sources of one account then share its quotas."),
  baseUrl: baseUrl('https://a.klaviyo.com'),
  quota: quotaWindows
    .optional()
    .describe('Windows that every call draws on, in place of 75 in a second and 700 in a minute.'),
});

export type Settings = z.infer<typeof settings>;
