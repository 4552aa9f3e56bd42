// The settings of an Acme source.
import { z } from 'zod';
import { baseUrl, quotaWindows, secrets, token } from '#connector/settings';

export const settings = z.strictObject({
  // TODO: how a token begins, and the permissions that it needs.
  apiToken: token('acme_…').describe('The API token of a user who can read people.'),
  webhookSecret: secrets.optional().describe('The secret that signs webhooks, or a list of secrets.'),
  baseUrl: baseUrl('https://api.acme.example'),
  quota: quotaWindows
    .optional()
    .describe('The quota of calls, a window or a list of windows. Default: 100 calls in 10 seconds.'),
});

export type Settings = z.infer<typeof settings>;
