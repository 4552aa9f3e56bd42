// What a person says of a Customer.io workspace. It does not know what is read or pushed.
import { z } from 'zod';
import { authoredBody } from '#connector/authored';
import { baseUrl, quotaWindows, secrets, token } from '#connector/settings';

const hosts = { us: 'https://api.customer.io', eu: 'https://api-eu.customer.io' };

/**
 * Seven days and an hour. Customer.io repeats a call for seven days and sends nothing else before it is taken; whether
 * a repeat is stamped and signed anew is not told. With a short tolerance an outage of ours could so end in seven days
 * of refusals. What an old request may do is little: `event_id` lets each through once.
 */
const patientSeconds = 7 * 86_400 + 3600;

export const settings = z.strictObject({
  webhookSecret: secrets
    .optional()
    .describe(
      'Signing keys of webhooks: that of the reporting webhook and that of the workspace\'s "Send and receive data" actions, as a list.',
    ),
  appKey: token('an App API key')
    .optional()
    .describe(
      'An App API key: with it people are read when an event names them. Without it only events count.',
    ),
  region: z.enum(['us', 'eu']).default('us').describe('Where the workspace is kept: "us" or "eu".'),
  baseUrl: baseUrl(hosts.us)
    .removeDefault()
    .optional()
    .describe('Where the App API is, in place of the one of the region.'),
  readBy: z
    .enum(['batch', 'single'])
    .default('batch')
    .describe('How people are read: "batch", a hundred in one call, or "single", one in each.'),
  journeys: authoredBody,
  toleranceSeconds: z
    .int()
    .min(60)
    .max(30 * 86_400)
    .default(patientSeconds)
    .describe(
      'How far the time of a signature may be from our clock, seconds: by default as long as Customer.io repeats.',
    ),
  quota: quotaWindows
    .default([{ requests: 10, seconds: 1 }])
    .describe('Windows that every call draws on; Customer.io allows ten a second for each workspace.'),
});

export type Settings = z.infer<typeof settings>;

export function apiUrl({ baseUrl, region }: Settings): string {
  return baseUrl ?? hosts[region];
}
